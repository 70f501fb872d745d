package stack

import "context"

// Drain is a gate of the way back: before the older ones of what it comes after
// are removed, it waits until nobody uses them any more. On the way forward, and
// when everything is destroyed, there is nothing to wait for.
type Drain struct {
	Gate
	wait func(context.Context) error
}

// AddDrain puts a drain into the graph. Wait returns at once when nothing has
// been replaced. Killed while it waits, the next run begins the wait anew: when
// it began is known to nobody. What comes after the drain is removed before it.
func AddDrain(s *Stack, name string, wait func(context.Context) error, after ...Node) *Drain {
	d := &Drain{Gate: Gate{name: name, deps: after}, wait: wait}
	s.add(d)
	return d
}

func (d *Drain) graph() node                  { return d }
func (d *Drain) observe(context.Context)      {}
func (d *Drain) ensure(context.Context) error { return nil }

func (d *Drain) retire(ctx context.Context) error {
	if err := d.wait(ctx); err != nil {
		return d.fail("wait for", err)
	}
	return nil
}
