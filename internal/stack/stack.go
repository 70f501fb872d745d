// Package stack is the engine: the desired graph of cloud objects behind one
// Terraform resource, and the three verbs on it.
//
//   - Observe finds everything and says what differs and why.
//   - Ensure converges, as parallel as the graph allows, and then removes what
//     is no longer wanted.
//   - Destroy removes everything, in the graph's reverse order.
//
// The engine remembers nothing between runs. Objects are found in the cloud by
// their mark of ownership, so a run that was killed at any call is resumed by
// the next one. It knows no cloud: a Kind says how one kind of object is found,
// compared, made, changed and removed.
package stack

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"sync"
)

// Kind says how one kind of cloud object is handled. W is the wanted spec: plain
// data, JSON-serialisable, without secrets that a log must not see. L is the
// live object as the cloud describes it.
type Kind[W, L any] interface {
	// Find returns the live objects that carry this stack's mark for the named
	// object: none, one, or, while a replacement is under way, several. Objects
	// that are being deleted are included; objects that are gone are not. An
	// object of the same name without the mark is a *ForeignError.
	Find(ctx context.Context, name string) ([]*L, error)
	// ID is the cloud's identifier of a live object, unique within the kind.
	ID(live *L) string
	// State says whether a live object is usable. Pure.
	State(live *L) State
	// Diff lists what differs. Pure. Nothing differs when it is empty.
	Diff(name string, want W, live *L) []Difference
	// Create makes the object, with the mark of ownership in the same call. The
	// token is the same for the same stack, object and spec. What one call cannot
	// set may be left to Update.
	Create(ctx context.Context, name string, want W, token string) error
	// Update removes the given differences, none of which is immutable.
	Update(ctx context.Context, name string, want W, live *L, diffs []Difference) error
	// Delete starts the removal. Removing what is gone is no error. A *BlockedError
	// is tried again until the deadline.
	Delete(ctx context.Context, live *L) error
}

// Replacer is a Kind whose objects may be replaced: where a difference is
// immutable, a new object is made beside the old one, which is removed when
// everything else has converged.
type Replacer interface {
	// Replaceable is a marker.
	Replaceable()
}

// Sealer is the Kind of a root object. Its seal says that the whole stack has
// once converged and belongs to a resource in somebody's state.
type Sealer[L any] interface {
	Sealed(live *L) bool
	Seal(ctx context.Context, live *L) error
}

// Phase is where a live object stands in its life.
type Phase int

// The phases of a live object.
const (
	Ready Phase = iota
	Pending
	Deleting
	Failed
)

// State is a phase and what the cloud said about it.
type State struct {
	Phase  Phase
	Reason string
}

// LogFunc takes progress; it has the shape of tflog.Info.
type LogFunc func(ctx context.Context, msg string, fields ...map[string]any)

// Stack is a graph of objects. It is built anew for every operation and used
// for one verb.
type Stack struct {
	// Name is the mark of ownership, as in "cluster/prod".
	Name string
	// Log takes progress; nil is silent.
	Log LogFunc
	// Poll paces waiting; the zero value is right for a cloud.
	Poll Poll

	nodes []node
	root  node
}

// Node is a place in the graph, given to later objects as what they come after.
type Node interface {
	// Name is the object's name in its stack, as in "subnet/private-us-west-2a".
	Name() string
	graph() node
}

// node is what the engine asks of every object.
type node interface {
	Node
	after() []Node
	wanted() bool
	observe(ctx context.Context)
	report(r *Report)
	ensure(ctx context.Context) error
	retire(ctx context.Context) error
	remove(ctx context.Context) error
	exists() bool
	sealed() bool
	seal(ctx context.Context) error
	failure() error
	moved() bool
}

// Add puts a wanted object into the graph. The spec is asked for only when all
// that it comes after is live, so it may read their Live values.
func Add[W, L any](s *Stack, name string, kind Kind[W, L], want func() W, after ...Node) *Object[W, L] {
	o := &Object[W, L]{stack: s, name: name, kind: kind, want: want, deps: after, observed: make(chan struct{})}
	s.add(o)
	return o
}

// Absent puts a tombstone into the graph: an object that may be there from
// before and is not wanted any more.
func Absent[W, L any](s *Stack, name string, kind Kind[W, L], after ...Node) *Object[W, L] {
	return Add(s, name, kind, nil, after...)
}

// Root names the object that carries the seal. Its kind must be a Sealer.
func Root[W, L any](s *Stack, o *Object[W, L]) {
	sealer, ok := o.kind.(Sealer[L])
	if !ok {
		panic(fmt.Sprintf("stack: the kind of root %s has no seal", o.name))
	}
	o.sealer, s.root = sealer, o
}

func (s *Stack) add(n node) {
	for _, other := range s.nodes {
		if other.Name() == n.Name() {
			panic("stack: two objects are named " + n.Name())
		}
	}
	s.nodes = append(s.nodes, n)
}

func (s *Stack) log(ctx context.Context, msg, object string, fields map[string]any) {
	if s.Log == nil {
		return
	}
	all := map[string]any{"stack": s.Name, "object": object}
	for k, v := range fields {
		all[k] = v
	}
	s.Log(ctx, msg, all)
}

// token derives the client request token of a create call. It is never random,
// so that a repeated call after a crash is the same call.
func (s *Stack) token(object string, want any) (string, error) {
	spec, err := json.Marshal(want)
	if err != nil {
		return "", fmt.Errorf("spec of %s: %w", object, err)
	}
	sum := sha256.Sum256([]byte(s.Name + "\x00" + object + "\x00" + string(spec)))
	return hex.EncodeToString(sum[:])[:40], nil
}

// observeAll finds every object at once. A kind whose objects live inside
// another's waits for that one by itself, through Found.
func (s *Stack) observeAll(ctx context.Context) {
	var wg sync.WaitGroup
	for _, n := range s.nodes {
		wg.Go(func() { n.observe(ctx) })
	}
	wg.Wait()
}
