package stack

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
)

// Object is one cloud object of a stack: what is wanted of it, and what was
// found.
type Object[W, L any] struct {
	stack *Stack
	name  string
	kind  Kind[W, L]
	want  func() W
	deps  []Node
	// sealer is the root's kind, and nil for every other object.
	sealer Sealer[L]

	observed chan struct{}

	mu sync.Mutex
	// err is why the object could not be found.
	err error
	// live is the object that stands for the name; superseded are older ones that
	// a replacement left; deleting are on their way out.
	live       *L
	superseded []*L
	deleting   []*L
	// changed says that live is another object than at the start of the verb.
	changed bool
}

// Name is the object's name in its stack.
func (o *Object[W, L]) Name() string { return o.name }

func (o *Object[W, L]) graph() node { return o }

func (o *Object[W, L]) after() []Node { return o.deps }

func (o *Object[W, L]) wanted() bool { return o.want != nil }

// Live is the object as last seen. It is nil while the object does not exist;
// the spec of a later object may count on it.
func (o *Object[W, L]) Live() *L {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.live
}

// All are the live object and older ones that still exist beside it.
func (o *Object[W, L]) All() []*L {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.live == nil {
		return slices.Clone(o.superseded)
	}
	return append([]*L{o.live}, o.superseded...)
}

// ID is the cloud's identifier of the live object, empty while there is none.
func (o *Object[W, L]) ID() string {
	if live := o.Live(); live != nil {
		return o.kind.ID(live)
	}
	return ""
}

// Found waits until the object has been looked for and returns it, or nil. It
// is for the Find of kinds that live inside another object.
func (o *Object[W, L]) Found(ctx context.Context) (*L, error) {
	select {
	case <-o.observed:
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.live, o.err
}

func (o *Object[W, L]) exists() bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.live != nil
}

func (o *Object[W, L]) moved() bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.changed
}

func (o *Object[W, L]) failure() error {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.err
}

func (o *Object[W, L]) fail(verb string, err error) error {
	var already *ObjectError
	if errors.As(err, &already) {
		return err
	}
	return &ObjectError{Verb: verb, Object: o.name, Err: err}
}

// observe looks for the object once per verb.
func (o *Object[W, L]) observe(ctx context.Context) {
	defer close(o.observed)
	_ = o.find(ctx)
}

// find looks for the object and sorts what is there into live and deleting.
func (o *Object[W, L]) find(ctx context.Context) error {
	found, err := o.kind.Find(ctx, o.name)
	if err != nil {
		err = o.fail("find", err)
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	o.err = err
	if err != nil {
		return err
	}
	o.live, o.superseded, o.deleting = nil, nil, nil
	for _, l := range found {
		switch {
		case o.kind.State(l).Phase == Deleting:
			o.deleting = append(o.deleting, l)
		case o.live == nil:
			o.live = l
		default:
			o.superseded = append(o.superseded, l)
		}
	}
	return nil
}

// looks reports whether the object could be looked for.
func (o *Object[W, L]) looks(ctx context.Context) bool { return o.find(ctx) == nil }

// settle decides which of several live objects stands for the name: the one
// that differs in nothing immutable. It is an error when that is not decided.
func (o *Object[W, L]) settle(want W) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.live == nil {
		return nil
	}
	var fit, unfit []*L
	for _, l := range append([]*L{o.live}, o.superseded...) {
		if len(immutable(o.kind.Diff(o.name, want, l))) > 0 {
			unfit = append(unfit, l)
		} else {
			fit = append(fit, l)
		}
	}
	if _, ok := o.kind.(Replacer); !ok && len(unfit) > 0 && len(fit)+len(unfit) == 1 {
		return fmt.Errorf("cannot be changed on a living object: %s; restore the earlier value and apply, or destroy first", reasons(immutable(o.kind.Diff(o.name, want, unfit[0]))))
	}
	if len(fit) > 1 {
		return fmt.Errorf("%s and %s both carry the mark %s of %s; remove the one that is not in use", o.kind.ID(fit[0]), o.kind.ID(fit[1]), o.name, o.stack.Name)
	}
	o.live, o.superseded = nil, unfit
	if len(fit) == 1 {
		o.live = fit[0]
	}
	return nil
}

func (o *Object[W, L]) sealed() bool {
	live := o.Live()
	return o.sealer != nil && live != nil && o.sealer.Sealed(live)
}

func (o *Object[W, L]) seal(ctx context.Context) error {
	err := o.sealer.Seal(ctx, o.Live())
	// A seal whose answer was lost is as good as any.
	if findErr := o.find(ctx); findErr != nil {
		return findErr
	}
	if err != nil && !o.sealed() {
		return o.fail("seal", err)
	}
	return nil
}
