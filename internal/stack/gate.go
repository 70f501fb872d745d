package stack

import (
	"context"
	"errors"
)

// Gate is a condition of objects that are there already, such as a rollout that
// must be complete: what comes after it waits. There is nothing to make and
// nothing to remove.
type Gate struct {
	name  string
	look  func(context.Context) ([]Difference, error)
	pass  func(context.Context) error
	deps  []Node
	diffs []Difference
	err   error
}

// AddGate puts a gate into the graph. Look says what the condition lacks; an
// object that it is about may be missing, which is that object's difference and
// not the gate's. Pass waits until the condition holds, or fails when it never
// will.
func AddGate(s *Stack, name string, look func(context.Context) ([]Difference, error), pass func(context.Context) error, after ...Node) *Gate {
	g := &Gate{name: name, look: look, pass: pass, deps: after}
	s.add(g)
	return g
}

// Name is the gate's name in its stack.
func (g *Gate) Name() string { return g.name }

func (g *Gate) graph() node                  { return g }
func (g *Gate) after() []Node                { return g.deps }
func (g *Gate) wanted() bool                 { return true }
func (g *Gate) retire(context.Context) error { return nil }
func (g *Gate) remove(context.Context) error { return nil }
func (g *Gate) exists() bool                 { return true }
func (g *Gate) moved() bool                  { return false }
func (g *Gate) sealed() bool                 { return false }
func (g *Gate) seal(context.Context) error   { return nil }
func (g *Gate) failure() error               { return g.err }

func (g *Gate) observe(ctx context.Context) {
	if g.diffs, g.err = g.look(ctx); g.err != nil {
		g.err = g.fail("find", g.err)
	}
}

func (g *Gate) ensure(ctx context.Context) error {
	if err := g.pass(ctx); err != nil {
		return g.fail("wait for", err)
	}
	g.diffs, g.err = nil, nil
	return nil
}

func (g *Gate) fail(verb string, err error) error {
	var already *ObjectError
	if errors.As(err, &already) {
		return err
	}
	return &ObjectError{Verb: verb, Object: g.name, Err: err}
}

func (g *Gate) report(r *Report) { r.add(g.name, g.diffs...) }
