package stack

import (
	"context"
	"errors"
	"fmt"
	"math"
	"time"
)

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

// Renew makes an object that is there as it is wanted by now: for a drain that
// comes when what the object is about has gone.
func (o *Object[W, L]) Renew(ctx context.Context) error { return o.ensure(ctx) }

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
	var lost *LostError
	for round, fewest := 0, math.MaxInt; ; round++ {
		diffs := o.kind.Diff(o.name, want, o.Live())
		if len(diffs) == 0 {
			return nil
		}
		if len(diffs) < fewest {
			round, fewest = 0, len(diffs)
		}
		if round == 3 && lost != nil {
			return o.fail("update", lost)
		}
		if round == 3 {
			return o.fail("update", fmt.Errorf("the cloud accepted the change and still shows: %s", reasons(diffs)))
		}
		o.stack.log(ctx, "updating", o.name, map[string]any{"reasons": reasons(diffs)})
		lost = nil
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
