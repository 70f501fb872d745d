package stack

import (
	"context"
	"errors"
	"sync"
)

// Lookup is something that a stack needs and does not own, such as an existing
// VPC. It is read once per verb and never changed.
type Lookup[L any] struct {
	name string
	look func(context.Context) (*L, error)
	deps []Node

	once sync.Once
	live *L
	err  error
}

// Look puts a lookup into the graph. The function returns an error that says
// what is missing; it may wait for other objects through Found.
func Look[L any](s *Stack, name string, look func(context.Context) (*L, error), after ...Node) *Lookup[L] {
	l := &Lookup[L]{name: name, look: look, deps: after}
	s.add(l)
	return l
}

// Name is the lookup's name in its stack.
func (l *Lookup[L]) Name() string { return l.name }

// Live is what was found; nil when it was not.
func (l *Lookup[L]) Live() *L { return l.live }

// Found reads the thing on first use.
func (l *Lookup[L]) Found(ctx context.Context) (*L, error) {
	l.once.Do(func() {
		if l.live, l.err = l.look(ctx); l.err != nil {
			l.err = &ObjectError{Verb: "look up", Object: l.name, Err: l.err}
		}
	})
	return l.live, l.err
}

func (l *Lookup[L]) graph() node                      { return l }
func (l *Lookup[L]) after() []Node                    { return l.deps }
func (l *Lookup[L]) wanted() bool                     { return true }
func (l *Lookup[L]) observe(ctx context.Context)      { _, _ = l.Found(ctx) }
func (l *Lookup[L]) ensure(ctx context.Context) error { _, err := l.Found(ctx); return err }
func (l *Lookup[L]) retire(context.Context) error     { return nil }
func (l *Lookup[L]) exists() bool                     { return l.live != nil }
func (l *Lookup[L]) moved() bool                      { return false }
func (l *Lookup[L]) sealed() bool                     { return false }
func (l *Lookup[L]) seal(context.Context) error       { return nil }

// remove leaves the thing alone, and a missing one does not stop a destroy.
func (l *Lookup[L]) remove(context.Context) error { return nil }

// failure is why the thing could not be read. That it is not there is no
// failure but drift.
func (l *Lookup[L]) failure() error {
	var missing *MissingError
	if errors.As(l.err, &missing) {
		return nil
	}
	return l.err
}

func (l *Lookup[L]) report(r *Report) {
	if l.err != nil {
		r.add(l.name, Difference{Field: l.err.Error()})
	}
}
