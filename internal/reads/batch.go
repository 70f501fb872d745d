// Package reads merges the reads of one process: concurrent ones of a kind into
// calls for many keys, and later ones into those that have been made a moment
// ago. It knows no cloud.
package reads

import (
	"context"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

const (
	// window is how long the first of a batch waits for others. It is short
	// against one call and long against the start of a graph's finds.
	window = 4 * time.Millisecond
	// several is how many keys of one kind, never asked for in one go, say that
	// this plan is large. Batches then wait for wideWindow, and read everything of
	// a kind at once where the API can.
	several    = 2
	wideWindow = 5 * window
	// freshness is for how long a read answers for later ones of the same process,
	// so that one plan is one snapshot: about what a large one takes. Any write
	// ends it.
	freshness = 30 * time.Second
	// readTimeout bounds a shared read, which no single caller's deadline does.
	readTimeout = 2 * time.Minute
)

// Epoch counts the writes of a process: what was read before one is stale.
type Epoch struct{ atomic.Int64 }

// Batch merges concurrent reads of one kind into calls for many keys.
type Batch[V any] struct {
	// size is the most keys of one call.
	size  int
	epoch *Epoch
	// fetch reads many keys; a key without a value is absent in the result.
	fetch func(ctx context.Context, keys []string) (map[string]V, error)
	// all reads whatever of the kind may be asked for, and reports whether a key
	// that is not in the result has no value. It is nil where there is no such call.
	all func(ctx context.Context) (values map[string]V, complete bool, err error)

	mu     sync.Mutex
	next   *round[V]
	rounds map[string]*round[V]
	// everything is the last round of all.
	everything *round[V]
}

// round is one call for several keys, waiting or under way or done.
type round[V any] struct {
	keys   []string
	epoch  int64
	at     time.Time
	done   chan struct{}
	values map[string]V
	err    error
	// partial says that other keys than those in values may have a value too.
	partial bool
}

// New makes a batch of at most size keys per call.
func New[V any](e *Epoch, size int, fetch func(context.Context, []string) (map[string]V, error)) *Batch[V] {
	return &Batch[V]{size: size, epoch: e, fetch: fetch, rounds: map[string]*round[V]{}}
}

// OrAll adds a read of everything.
func (b *Batch[V]) OrAll(all func(context.Context) (map[string]V, bool, error)) *Batch[V] {
	b.all = all
	return b
}

// ByID starts a key that is an object's id instead of a name that its kind is
// listed by: a read of everything does not have it.
const ByID = "id:"

// One adapts a read of one key.
func One[V any](read func(context.Context, string) (V, error)) func(context.Context, []string) (map[string]V, error) {
	return func(ctx context.Context, keys []string) (map[string]V, error) {
		v, err := read(ctx, keys[0])
		return map[string]V{keys[0]: v}, err
	}
}

type liveReads struct{}

// WithLive makes reads see the cloud as it is now instead of this plan's
// snapshot: for verbs that change things and wait for them.
func WithLive(ctx context.Context) context.Context {
	return context.WithValue(ctx, liveReads{}, true)
}

// Live reports whether reads see the cloud as it is now.
func Live(ctx context.Context) bool { return ctx.Value(liveReads{}) != nil }

// Get reads one key, with the zero value when there is nothing. The company are
// keys that are about to be asked for as well: they come with the same call.
func (b *Batch[V]) Get(ctx context.Context, key string, company ...string) (V, error) {
	if r := b.joinAll(ctx, key); r != nil {
		v, err := r.answer(ctx, key)
		// An error, as a permission that is missing, is for the smaller read to tell.
		if err == nil && (!r.partial || r.has(key)) || ctx.Err() != nil {
			return v, err
		}
	}
	return b.join(ctx, key, company).answer(ctx, key)
}

// answer waits for the round.
func (r *round[V]) answer(ctx context.Context, key string) (V, error) {
	var zero V
	select {
	case <-r.done:
	case <-ctx.Done():
	}
	if ctx.Err() != nil {
		return zero, context.Cause(ctx)
	}
	if r.err != nil {
		return zero, r.err
	}
	return r.values[key], nil
}

func (r *round[V]) has(key string) bool { _, ok := r.values[key]; return ok }

// current reports whether a round may answer a read: no write has come between,
// and it is neither old nor failed.
func (b *Batch[V]) current(ctx context.Context, r *round[V]) bool {
	if r == nil || r.epoch != b.epoch.Load() || Live(ctx) {
		return false
	}
	return (r.at.IsZero() || time.Since(r.at) < freshness) && !r.failed()
}

// joinAll finds or starts a round of everything, when that is possible and
// cheaper: a read by key is not there yet, and several have been necessary.
func (b *Batch[V]) joinAll(ctx context.Context, key string) *round[V] {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.all == nil || Live(ctx) || strings.HasPrefix(key, ByID) || b.current(ctx, b.rounds[key]) {
		return nil
	}
	if b.current(ctx, b.everything) {
		return b.everything
	}
	if len(b.rounds) < several || b.next != nil && b.next.epoch == b.epoch.Load() {
		return nil
	}
	if b.everything != nil && b.everything.failed() {
		return nil
	}
	r := &round[V]{epoch: b.epoch.Load(), at: time.Now(), done: make(chan struct{})}
	b.everything = r
	go b.perform(context.WithoutCancel(ctx), r, func(ctx context.Context) (map[string]V, bool, error) { return b.all(ctx) })
	return r
}

// join finds the round that answers a key, or starts one.
func (b *Batch[V]) join(ctx context.Context, key string, company []string) *round[V] {
	b.mu.Lock()
	defer b.mu.Unlock()
	if r := b.rounds[key]; b.current(ctx, r) {
		return r
	}
	r := b.next
	if now := b.epoch.Load(); r == nil || r.epoch != now {
		r = &round[V]{epoch: now, done: make(chan struct{})}
		b.next = r
		wait := window
		if len(b.rounds) >= several {
			wait = wideWindow
		}
		if b.size == 1 {
			wait = 0
		}
		time.AfterFunc(wait, func() { b.run(context.WithoutCancel(ctx), r) })
	}
	for i, k := range append([]string{key}, company...) {
		if i > 0 && (len(r.keys) == b.size || b.current(ctx, b.rounds[k])) {
			continue
		}
		if !slices.Contains(r.keys, k) {
			r.keys = append(r.keys, k)
		}
		b.rounds[k] = r
	}
	if len(r.keys) == b.size {
		b.next = nil
	}
	return r
}

func (b *Batch[V]) run(ctx context.Context, r *round[V]) {
	b.mu.Lock()
	if b.next == r {
		b.next = nil
	}
	r.at = time.Now()
	b.mu.Unlock()
	b.perform(ctx, r, func(ctx context.Context) (map[string]V, bool, error) {
		values, err := b.fetch(ctx, r.keys)
		return values, true, err
	})
}

func (b *Batch[V]) perform(ctx context.Context, r *round[V], read func(context.Context) (map[string]V, bool, error)) {
	ctx, cancel := context.WithTimeout(ctx, readTimeout)
	defer cancel()
	values, complete, err := read(ctx)
	r.values, r.partial, r.err = values, !complete, err
	close(r.done)
}

// failed reports whether the round is over and has no answer.
func (r *round[V]) failed() bool {
	select {
	case <-r.done:
		return r.err != nil
	default:
		return false
	}
}
