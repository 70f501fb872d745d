package stack

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"sync"
	"time"
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

// ensure makes the object exist, usable and as wanted.
func (o *Object[W, L]) ensure(ctx context.Context) error {
	if o.want == nil {
		return o.failure()
	}
	before := o.ID()
	stale := o.failure() != nil
	for _, d := range o.deps {
		stale = stale || d.graph().moved()
	}
	if stale {
		if err := o.find(ctx); err != nil {
			return err
		}
	}
	want := o.want()
	if err := o.converge(ctx, want); err != nil {
		return err
	}
	o.mu.Lock()
	o.changed = before != o.kind.ID(o.live)
	o.mu.Unlock()
	return nil
}

func (o *Object[W, L]) converge(ctx context.Context, want W) error {
	if err := o.settle(want); err != nil {
		return o.fail("update", err)
	}
	if live := o.Live(); live != nil && o.kind.State(live).Phase == Failed {
		// A creation that failed in the cloud never becomes usable: start again.
		o.stack.log(ctx, "removing what failed to be created", o.name, map[string]any{"id": o.kind.ID(live), "reason": o.kind.State(live).Reason})
		if err := o.delete(ctx, live); err != nil {
			return err
		}
	}
	if o.Live() == nil {
		if err := o.create(ctx, want); err != nil {
			return err
		}
	}
	if err := o.await(ctx, want); err != nil {
		return err
	}
	// A create call that cannot set everything, and an update that the cloud shows
	// late, take another round. Three rounds without progress are a failure.
	for round, fewest := 0, math.MaxInt; ; round++ {
		diffs := o.kind.Diff(o.name, want, o.Live())
		if len(diffs) == 0 {
			return nil
		}
		if len(diffs) < fewest {
			round, fewest = 0, len(diffs)
		}
		if round == 3 {
			return o.fail("update", fmt.Errorf("the cloud accepted the change and still shows: %s", reasons(diffs)))
		}
		o.stack.log(ctx, "updating", o.name, map[string]any{"reasons": reasons(diffs)})
		var lost *LostError
		if err := o.kind.Update(ctx, o.name, want, o.Live(), diffs); err != nil && !errors.As(err, &lost) {
			return o.fail("update", err)
		}
		if err := o.awaitChange(ctx, want, diffs); err != nil {
			return err
		}
	}
}

func (o *Object[W, L]) create(ctx context.Context, want W) error {
	if err := o.awaitGone(ctx, nil); err != nil {
		return err
	}
	token, err := o.stack.token(o.name, want)
	if err != nil {
		return o.fail("create", err)
	}
	for round := 0; ; round++ {
		o.stack.log(ctx, "creating", o.name, nil)
		err := o.kind.Create(ctx, o.name, want, token)
		if err == nil {
			return nil
		}
		// Whether the answer was lost or another call was first: what counts is what
		// is there.
		var lost *LostError
		unknown := errors.As(err, &lost)
		if there, findErr := o.appears(ctx, want, unknown); there || findErr != nil {
			return findErr
		}
		if !unknown || round == 2 {
			return o.fail("create", err)
		}
	}
}

// appearance is how long an object may stay invisible after a create whose
// answer was lost, before it is made again.
const appearance = 10 * time.Second

// appears reports whether the object is there in spite of a failed create. When
// the answer was lost it waits for the object to become visible.
func (o *Object[W, L]) appears(ctx context.Context, want W, wait bool) (bool, error) {
	there := false
	err := o.stack.Poll.Until(ctx, func(elapsed time.Duration) (bool, error) {
		// Where nobody can look, the create's own error is the better one.
		if !o.looks(ctx) {
			return true, nil
		}
		if err := o.settle(want); err != nil {
			return false, o.fail("create", err)
		}
		there = o.exists()
		return there || !wait || elapsed > appearance, nil
	})
	return there, err
}

// await waits until the object that fits the spec can be seen and is usable.
// An object that was just created may be invisible for a while.
func (o *Object[W, L]) await(ctx context.Context, want W) error {
	first := o.exists()
	return o.until(ctx, func() (bool, error) {
		if !first {
			if err := o.find(ctx); err != nil {
				return false, err
			}
			if err := o.settle(want); err != nil {
				return false, o.fail("wait for", err)
			}
		}
		first = false
		return o.usable()
	})
}

// awaitChange waits until the cloud shows what an update did. It gives up
// after a while without an error: the caller compares again.
func (o *Object[W, L]) awaitChange(ctx context.Context, want W, diffs []Difference) error {
	start := time.Now()
	return o.until(ctx, func() (bool, error) {
		if err := o.find(ctx); err != nil {
			return false, err
		}
		if err := o.settle(want); err != nil {
			return false, o.fail("wait for", err)
		}
		done, err := o.usable()
		if err != nil || !done {
			return done, err
		}
		now := o.kind.Diff(o.name, want, o.Live())
		return len(now) < len(diffs) || time.Since(start) > 5*time.Second, nil
	})
}

func (o *Object[W, L]) usable() (bool, error) {
	live := o.Live()
	if live == nil {
		return false, nil
	}
	switch state := o.kind.State(live); state.Phase {
	case Ready:
		return true, nil
	case Failed:
		return false, o.fail("wait for", fmt.Errorf("%s failed: %s", o.kind.ID(live), state.Reason))
	default:
		return false, nil
	}
}

// until polls and logs, and names the object when time runs out.
func (o *Object[W, L]) until(ctx context.Context, look func() (bool, error)) error {
	told := time.Duration(0)
	err := o.stack.Poll.Until(ctx, func(elapsed time.Duration) (bool, error) {
		if elapsed-told >= 10*time.Second {
			told = elapsed
			o.stack.log(ctx, "still waiting", o.name, map[string]any{"elapsed": elapsed.Round(time.Second).String()})
		}
		return look()
	})
	var already *ObjectError
	if err != nil && !errors.As(err, &already) {
		state := "not visible yet"
		if live := o.Live(); live != nil {
			state = o.kind.ID(live) + " is not usable yet"
			if reason := o.kind.State(live).Reason; reason != "" {
				state += ": " + reason
			}
		}
		return o.fail("wait for", fmt.Errorf("%s: %w", state, err))
	}
	return err
}

// retire removes what is no longer wanted: the superseded of a wanted object,
// everything of a tombstone.
func (o *Object[W, L]) retire(ctx context.Context) error {
	if o.want == nil {
		return o.remove(ctx)
	}
	o.mu.Lock()
	old := o.superseded
	o.mu.Unlock()
	for _, l := range old {
		if err := o.delete(ctx, l); err != nil {
			return err
		}
	}
	return o.awaitGone(ctx, nil)
}

// remove deletes every live object of the name and waits until all are gone.
func (o *Object[W, L]) remove(ctx context.Context) error {
	if err := o.failure(); err != nil {
		return err
	}
	o.mu.Lock()
	all := o.superseded
	if o.live != nil {
		all = append([]*L{o.live}, all...)
	}
	o.mu.Unlock()
	for _, l := range all {
		if err := o.delete(ctx, l); err != nil {
			return err
		}
	}
	return o.awaitGone(ctx, nil)
}

// delete removes one object and waits until it is gone. What blocks it is
// tried again until time runs out, and then named.
func (o *Object[W, L]) delete(ctx context.Context, live *L) error {
	o.stack.log(ctx, "deleting", o.name, map[string]any{"id": o.kind.ID(live)})
	var blocked error
	err := o.stack.Poll.Until(ctx, func(time.Duration) (bool, error) {
		err := o.kind.Delete(ctx, live)
		var b *BlockedError
		if errors.As(err, &b) {
			blocked = err
			return false, nil
		}
		return err == nil, err
	})
	if err != nil {
		if blocked != nil {
			err = errors.Join(blocked, err)
		}
		return o.fail("delete", err)
	}
	return o.awaitGone(ctx, live)
}

// awaitGone waits until the given object, or with nil everything that is being
// deleted, is gone.
func (o *Object[W, L]) awaitGone(ctx context.Context, live *L) error {
	if live == nil {
		o.mu.Lock()
		none := len(o.deleting) == 0
		o.mu.Unlock()
		if none {
			return nil
		}
	}
	return o.until(ctx, func() (bool, error) {
		found, err := o.kind.Find(ctx, o.name)
		if err != nil {
			return false, o.fail("wait for the removal of", err)
		}
		for _, l := range found {
			if live != nil && o.kind.ID(l) == o.kind.ID(live) {
				if now := o.kind.State(l); now.Phase == Failed && now != o.kind.State(live) {
					return false, o.fail("delete", fmt.Errorf("%s: %s", o.kind.ID(l), now.Reason))
				}
			}
			if live == nil && o.kind.State(l).Phase == Deleting || live != nil && o.kind.ID(l) == o.kind.ID(live) {
				return false, nil
			}
		}
		o.forget(live)
		return true, nil
	})
}

// forget drops a removed object, or with nil all that were being deleted.
func (o *Object[W, L]) forget(gone *L) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if gone == nil {
		o.deleting = nil
		return
	}
	id := o.kind.ID(gone)
	if o.live != nil && o.kind.ID(o.live) == id {
		o.live = nil
	}
	o.superseded = slices.DeleteFunc(slices.Clone(o.superseded), func(l *L) bool { return o.kind.ID(l) == id })
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
