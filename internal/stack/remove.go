package stack

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"
)

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
