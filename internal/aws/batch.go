package aws

import (
	"context"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	awsmiddleware "github.com/aws/aws-sdk-go-v2/aws/middleware"
	"github.com/aws/smithy-go/middleware"
)

const (
	// window is how long the first of a batch waits for others. It is short
	// against one call and long against the start of a graph's finds.
	window = 4 * time.Millisecond
	// fresh is for how long a read answers for later ones of the same process, so
	// that one plan is one snapshot. Any write ends it.
	freshness = 5 * time.Second
	// readTimeout bounds a shared read, which no single caller's deadline does.
	readTimeout = 2 * time.Minute
)

// epoch counts the writes of a process: what was read before one is stale.
type epoch struct{ atomic.Int64 }

// count is an SDK middleware that starts a new epoch after every call that may
// have changed something, whoever makes it.
func (e *epoch) count(s *middleware.Stack) error {
	return s.Initialize.Add(middleware.InitializeMiddlewareFunc("serving:epoch", func(ctx context.Context, in middleware.InitializeInput, next middleware.InitializeHandler) (middleware.InitializeOutput, middleware.Metadata, error) {
		out, meta, err := next.HandleInitialize(ctx, in)
		if !isRead(awsmiddleware.GetOperationName(ctx)) {
			e.Add(1)
		}
		return out, meta, err
	}), middleware.After)
}

// isRead reports whether an operation changes nothing, by AWS's own naming.
func isRead(operation string) bool {
	return strings.HasPrefix(operation, "Describe") || strings.HasPrefix(operation, "Get") || strings.HasPrefix(operation, "List")
}

// batch merges concurrent reads of one kind into calls for many keys.
type batch[V any] struct {
	// size is the most keys of one call.
	size  int
	epoch *epoch
	// fetch reads many keys; a key without a value is absent in the result.
	fetch func(ctx context.Context, keys []string) (map[string]V, error)

	mu     sync.Mutex
	next   *round[V]
	rounds map[string]*round[V]
}

// round is one call for several keys, waiting or under way or done.
type round[V any] struct {
	keys   []string
	epoch  int64
	at     time.Time
	done   chan struct{}
	values map[string]V
	err    error
}

func newBatch[V any](e *epoch, size int, fetch func(context.Context, []string) (map[string]V, error)) *batch[V] {
	return &batch[V]{size: size, epoch: e, fetch: fetch, rounds: map[string]*round[V]{}}
}

type liveReads struct{}

// withLiveReads makes reads see the cloud as it is now instead of this plan's
// snapshot: for verbs that change things and wait for them.
func withLiveReads(ctx context.Context) context.Context {
	return context.WithValue(ctx, liveReads{}, true)
}

// get reads one key, with the zero value when there is nothing.
func (b *batch[V]) get(ctx context.Context, key string) (V, error) {
	r := b.join(ctx, key)
	select {
	case <-r.done:
		return r.values[key], r.err
	case <-ctx.Done():
		var zero V
		return zero, context.Cause(ctx)
	}
}

// join finds the round that answers a key, or starts one.
func (b *batch[V]) join(ctx context.Context, key string) *round[V] {
	b.mu.Lock()
	defer b.mu.Unlock()
	now := b.epoch.Load()
	if r := b.rounds[key]; r != nil && r.epoch == now && ctx.Value(liveReads{}) == nil && (r.at.IsZero() || time.Since(r.at) < freshness) && !r.failed() {
		return r
	}
	r := b.next
	if r == nil || r.epoch != now {
		r = &round[V]{epoch: now, done: make(chan struct{})}
		b.next = r
		time.AfterFunc(window, func() { b.run(context.WithoutCancel(ctx), r) })
	}
	for _, k := range r.keys {
		if k == key {
			return r
		}
	}
	r.keys = append(r.keys, key)
	b.rounds[key] = r
	if len(r.keys) == b.size {
		b.next = nil
	}
	return r
}

func (b *batch[V]) run(ctx context.Context, r *round[V]) {
	b.mu.Lock()
	if b.next == r {
		b.next = nil
	}
	r.at = time.Now()
	b.mu.Unlock()
	ctx, cancel := context.WithTimeout(ctx, readTimeout)
	defer cancel()
	r.values, r.err = b.fetch(ctx, r.keys)
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
