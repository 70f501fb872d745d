package stack

import (
	"context"
	"errors"
	"strings"
)

// Report is what Observe saw.
type Report struct {
	// Objects maps the names of the objects that exist to their cloud ids.
	Objects map[string]string
	// Drift lists per object name what is not as wanted.
	Drift map[string][]Difference
	// Gone says that the root object does not exist.
	Gone bool
}

func newReport() *Report {
	return &Report{Objects: map[string]string{}, Drift: map[string][]Difference{}}
}

// Observe finds every object and says what differs and why. It changes nothing.
func (s *Stack) Observe(ctx context.Context) (*Report, error) {
	s.observeAll(ctx)
	var errs []error
	for _, n := range s.nodes {
		errs = append(errs, n.failure())
	}
	return s.Report(), errors.Join(errs...)
}

// Report says what the last verb left or saw, without another look.
func (s *Stack) Report() *Report {
	r := newReport()
	for _, n := range s.nodes {
		if n.failure() == nil {
			n.report(r)
		}
	}
	if s.root != nil {
		r.Gone = s.root.failure() == nil && !s.root.exists()
		if s.root.exists() && !s.root.sealed() {
			r.add(s.root.Name(), Difference{Field: "an interrupted apply has not been completed"})
		}
	}
	return r
}

func (r *Report) add(object string, diffs ...Difference) {
	if len(diffs) > 0 {
		r.Drift[object] = append(r.Drift[object], diffs...)
	}
}

// report adds what is known of the object. Nodes are reported in the order in
// which they were added, so what the spec reads is settled already.
func (o *Object[W, L]) report(r *Report) {
	if o.want == nil {
		o.mu.Lock()
		defer o.mu.Unlock()
		if o.live != nil {
			r.Objects[o.name] = o.kind.ID(o.live)
			r.add(o.name, Difference{Field: "exists and should not"})
		}
		return
	}
	for _, d := range o.deps {
		if d.graph().wanted() && !d.graph().exists() {
			if live := o.Live(); live != nil {
				r.Objects[o.name] = o.kind.ID(live)
			} else {
				r.add(o.name, Difference{Field: "does not exist"})
			}
			return
		}
	}
	want := o.want()
	if err := o.settle(want); err != nil {
		r.add(o.name, Difference{Field: err.Error()})
	}
	live := o.Live()
	if live == nil {
		r.add(o.name, Difference{Field: "does not exist"})
	} else {
		r.Objects[o.name] = o.kind.ID(live)
		r.add(o.name, o.kind.Diff(o.name, want, live)...)
		if state := o.kind.State(live); state.Phase == Failed {
			r.add(o.name, Difference{Field: "failed: " + state.Reason})
		}
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, old := range o.superseded {
		r.add(o.name, Difference{Field: "an earlier one still exists: " + o.kind.ID(old)})
	}
}

// Mode says what Ensure may find already there.
type Mode int

const (
	// Update converges a stack that is in somebody's state.
	Update Mode = iota
	// Create makes a new stack or resumes a crashed create; a stack that has
	// already converged once is an *ExistsError.
	Create
)

// Ensure converges: it creates and updates what is wanted, then removes what is
// not, then seals the root. After a failure it may be called again on a stack
// built anew, in this process or another.
func (s *Stack) Ensure(ctx context.Context, mode Mode) error {
	s.observeAll(ctx)
	if s.root != nil && mode == Create && s.root.exists() && s.root.sealed() {
		return &ExistsError{Stack: s.Name, Root: s.id(s.root)}
	}
	failed := walk(ctx, s.nodes, forward, func(ctx context.Context, n node) error { return n.ensure(ctx) })
	if err := s.joined(ctx, failed); err != nil {
		return err
	}
	failed = walk(ctx, s.nodes, s.backward(), func(ctx context.Context, n node) error { return n.retire(ctx) })
	if err := s.joined(ctx, failed); err != nil {
		return err
	}
	if s.root != nil && !s.root.sealed() {
		return s.root.seal(ctx)
	}
	return nil
}

// Destroy removes every object, those that are no longer wanted included. It
// may be repeated until it succeeds.
func (s *Stack) Destroy(ctx context.Context) error {
	s.observeAll(ctx)
	failed := walk(ctx, s.nodes, s.backward(), func(ctx context.Context, n node) error { return n.remove(ctx) })
	return s.joined(ctx, failed)
}

func (s *Stack) id(n node) string {
	r := newReport()
	n.report(r)
	return r.Objects[n.Name()]
}

func immutable(diffs []Difference) []Difference {
	var out []Difference
	for _, d := range diffs {
		if d.Immutable {
			out = append(out, d)
		}
	}
	return out
}

func reasons(diffs []Difference) string {
	lines := make([]string, len(diffs))
	for i, d := range diffs {
		lines[i] = d.String()
	}
	return strings.Join(lines, "; ")
}
