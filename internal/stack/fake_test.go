package stack

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"testing"
	"time"
)

var errCrash = errors.New("the process was killed")

// thing is the fake cloud's only kind of object.
type thing struct {
	ID, Name, Parent string
	Fixed, Loose     string
	Extra            string
	Phase            Phase
	Ready            int
	Seal             bool
	Tokens           string
}

type wantThing struct {
	Parent, Fixed, Loose, Extra string
}

// cloud keeps things, refuses what a cloud refuses, and can die at a call.
type cloud struct {
	mu       sync.Mutex
	things   map[string]*thing
	next     int
	created  map[string]int
	mutating int
	// dieAt is the mutating call at which the process dies; lost says that the
	// call is still carried out.
	dieAt int
	lost  bool
	dead  bool
	// slow is how many looks an object stays pending for.
	slow int
	// fail makes creates of a name fail.
	fail map[string]error
}

func newCloud() *cloud {
	return &cloud{things: map[string]*thing{}, created: map[string]int{}, fail: map[string]error{}}
}

// mutate counts a mutating call and carries it out, unless the process dies.
func (c *cloud) mutate(do func() error) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.dead {
		return errCrash
	}
	c.mutating++
	if c.dieAt == c.mutating {
		c.dead = true
		if c.lost {
			_ = do()
		}
		return errCrash
	}
	return do()
}

func (c *cloud) revive() {
	c.dead, c.dieAt, c.mutating = false, 0, 0
}

// kind is the cloud's things under one name; replaceable ones may be replaced.
type kind struct {
	c *cloud
	// inside names the object whose live id a thing lives in; it is looked up
	// there, as a listener is on its load balancer.
	inside *Object[wantThing, thing]
}

type replaceable struct{ kind }

func (replaceable) Replaceable() {}

func (k kind) Find(ctx context.Context, name string) ([]*thing, error) {
	parent := ""
	if k.inside != nil {
		p, err := k.inside.Found(ctx)
		if p == nil || err != nil {
			return nil, err
		}
		parent = p.ID
	}
	k.c.mu.Lock()
	defer k.c.mu.Unlock()
	if k.c.dead {
		return nil, errCrash
	}
	var out []*thing
	for _, id := range slices.Sorted(maps.Keys(k.c.things)) {
		t := k.c.things[id]
		if t.Name != name || parent != "" && t.Parent != parent {
			continue
		}
		copied := *t
		out = append(out, &copied)
		if t.Ready > 0 {
			t.Ready--
			continue
		}
		switch t.Phase {
		case Pending:
			t.Phase = Ready
		case Deleting:
			delete(k.c.things, id)
		}
	}
	return out, nil
}

func (k kind) ID(t *thing) string   { return t.ID }
func (k kind) State(t *thing) State { return State{Phase: t.Phase} }
func (k kind) Sealed(t *thing) bool { return t.Seal }
func (k kind) Seal(_ context.Context, t *thing) error {
	return k.c.mutate(func() error { k.c.things[t.ID].Seal = true; return nil })
}

func (k kind) Diff(_ string, w wantThing, t *thing) []Difference {
	var out []Difference
	cmp := func(field, got, want string, immutable bool) {
		if got != want {
			out = append(out, Difference{Field: field, Got: got, Want: want, Immutable: immutable})
		}
	}
	cmp("parent", t.Parent, w.Parent, true)
	cmp("fixed", t.Fixed, w.Fixed, true)
	cmp("loose", t.Loose, w.Loose, false)
	cmp("extra", t.Extra, w.Extra, false)
	return out
}

func (k kind) Create(_ context.Context, name string, w wantThing, token string) error {
	return k.c.mutate(func() error {
		if err := k.c.fail[name]; err != nil {
			return err
		}
		if p := k.c.things[w.Parent]; w.Parent != "" && (p == nil || p.Phase != Ready) {
			return fmt.Errorf("parent %s of %s is not usable", w.Parent, name)
		}
		k.c.next++
		id := fmt.Sprintf("id-%03d", k.c.next)
		// Extra takes a call of its own, as attributes do.
		k.c.things[id] = &thing{ID: id, Name: name, Parent: w.Parent, Fixed: w.Fixed, Loose: w.Loose, Phase: Pending, Ready: k.c.slow, Tokens: token}
		k.c.created[name]++
		return nil
	})
}

func (k kind) Update(_ context.Context, _ string, w wantThing, t *thing, diffs []Difference) error {
	for _, d := range diffs {
		err := k.c.mutate(func() error {
			live := k.c.things[t.ID]
			switch d.Field {
			case "loose":
				live.Loose = w.Loose
			case "extra":
				live.Extra = w.Extra
			default:
				return fmt.Errorf("%s is immutable", d.Field)
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func (k kind) Delete(_ context.Context, t *thing) error {
	return k.c.mutate(func() error {
		live := k.c.things[t.ID]
		if live == nil || live.Phase == Deleting {
			return nil
		}
		for id, other := range k.c.things {
			switch {
			case other.Parent != t.ID:
			case other.Name == "curtain":
				// A curtain goes with its window, as a listener with its load balancer.
				delete(k.c.things, id)
			default:
				return &BlockedError{By: other.ID, Err: errors.New("in use")}
			}
		}
		live.Phase, live.Ready = Deleting, k.c.slow
		return nil
	})
}

// house is a small stack with every shape: a root, a chain, siblings, an object
// inside another, a replaceable one, and optionally a tombstone.
type house struct {
	c     *cloud
	fixed string
	loose string
	shed  bool
}

func (h house) stack() *Stack {
	s := &Stack{Name: "house/test", Poll: Poll{Min: time.Microsecond, Max: 10 * time.Microsecond}}
	k := kind{c: h.c}
	simple := func(loose string) func() wantThing {
		return func() wantThing { return wantThing{Loose: loose, Extra: "x"} }
	}
	ground := Add(s, "ground", k, simple("a"))
	walls := Add(s, "walls", k, func() wantThing { return wantThing{Parent: ground.ID(), Loose: h.loose, Extra: "x"} }, ground)
	window := Add(s, "window", replaceable{k}, func() wantThing { return wantThing{Parent: walls.ID(), Fixed: h.fixed, Extra: "x"} }, walls)
	Add(s, "curtain", kind{c: h.c, inside: window}, func() wantThing { return wantThing{Parent: window.ID(), Loose: h.loose} }, window)
	for i := range 4 {
		Add(s, fmt.Sprintf("tree/%d", i), k, func() wantThing { return wantThing{Parent: ground.ID()} }, ground)
	}
	if h.shed {
		Add(s, "shed", k, func() wantThing { return wantThing{Parent: ground.ID()} }, ground)
	} else {
		Absent(s, "shed", k, ground)
	}
	Root(s, walls)
	return s
}

// check asserts that exactly the wanted things exist and nothing differs.
func (h house) check(t *testing.T) {
	t.Helper()
	r, err := h.stack().Observe(t.Context())
	if err != nil || len(r.Drift) != 0 || r.Gone {
		t.Fatalf("observe after ensure: err %v, gone %v, drift %v", err, r.Gone, r.Drift)
	}
	want := 8
	if h.shed {
		want++
	}
	if len(h.c.things) != want || len(r.Objects) != want {
		t.Fatalf("%d things in the cloud, %d reported, want %d: %v", len(h.c.things), len(r.Objects), want, slices.Sorted(maps.Keys(r.Objects)))
	}
}

func contextWithTimeout(t *testing.T, d time.Duration) (context.Context, context.CancelFunc) {
	t.Helper()
	return context.WithTimeout(t.Context(), d)
}
