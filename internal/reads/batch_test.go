package reads

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// recorder is an API that answers every key with itself in capitals.
type recorder struct {
	mu    sync.Mutex
	calls [][]string
	alls  int
	// fail is what the next calls answer; hold keeps them until it is closed.
	fail error
	hold chan struct{}
	// missing is absent from the answer of all, which says so or does not.
	missing  string
	complete bool
}

func (r *recorder) fetch(ctx context.Context, keys []string) (map[string]string, error) {
	r.mu.Lock()
	r.calls = append(r.calls, slices.Sorted(slices.Values(keys)))
	fail, hold := r.fail, r.hold
	r.mu.Unlock()
	if hold != nil {
		<-hold
	}
	if fail != nil {
		return nil, fail
	}
	out := map[string]string{}
	for _, key := range keys {
		out[key] = strings.ToUpper(key)
	}
	return out, ctx.Err()
}

func (r *recorder) all(context.Context) (map[string]string, bool, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.alls++
	out := map[string]string{}
	for i := range 100 {
		key := fmt.Sprintf("key-%02d", i)
		if key != r.missing {
			out[key] = strings.ToUpper(key)
		}
	}
	return out, r.complete, r.fail
}

func (r *recorder) counts() (calls, alls int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.calls), r.alls
}

// await waits until there have been so many calls.
func (r *recorder) await(calls int) {
	for got := 0; got < calls; got, _ = r.counts() {
		time.Sleep(time.Millisecond)
	}
}

// want asserts how many calls there have been.
func (r *recorder) want(t *testing.T, calls, alls int) {
	t.Helper()
	if gotCalls, gotAlls := r.counts(); gotCalls != calls || gotAlls != alls {
		t.Errorf("%d calls by key %v and %d of everything, want %d and %d", gotCalls, r.calls, gotAlls, calls, alls)
	}
}

// read asserts that keys are answered, all asked for at once.
func read(t *testing.T, ctx context.Context, b *Batch[string], keys ...string) {
	t.Helper()
	var wg sync.WaitGroup
	for _, key := range keys {
		wg.Go(func() {
			if got, err := b.Get(ctx, key); err != nil || got != strings.ToUpper(key) {
				t.Errorf("get %s: %q, %v", key, got, err)
			}
		})
	}
	wg.Wait()
}

func TestBatch(t *testing.T) {
	t.Parallel()
	broken := errors.New("broken")
	for name, test := range map[string]struct {
		size        int
		do          func(t *testing.T, ctx context.Context, b *Batch[string], r *recorder)
		calls, alls int
	}{
		"what is asked for at once is one call": {size: 10, calls: 1, do: func(t *testing.T, ctx context.Context, b *Batch[string], r *recorder) {
			read(t, ctx, b, "a", "b", "c", "a")
			if want := []string{"a", "b", "c"}; !slices.Equal(r.calls[0], want) {
				t.Errorf("asked for %v, want %v", r.calls[0], want)
			}
		}},
		"no call has more keys than the API takes": {size: 2, calls: 3, do: func(t *testing.T, ctx context.Context, b *Batch[string], r *recorder) {
			read(t, ctx, b, "a", "b", "c", "d", "e")
			for _, keys := range r.calls {
				if len(keys) > 2 {
					t.Errorf("one call asked for %v", keys)
				}
			}
		}},
		"company comes with the same call": {size: 10, calls: 1, do: func(t *testing.T, ctx context.Context, b *Batch[string], _ *recorder) {
			if got, err := b.Get(ctx, "a", "a", "b"); got != "A" || err != nil {
				t.Errorf("get a: %q, %v", got, err)
			}
			read(t, ctx, b, "b")
		}},
		"an answer serves later reads": {size: 10, calls: 1, do: func(t *testing.T, ctx context.Context, b *Batch[string], _ *recorder) {
			read(t, ctx, b, "a", "b")
			read(t, ctx, b, "b")
		}},
		"a write ends that": {size: 10, calls: 2, do: func(t *testing.T, ctx context.Context, b *Batch[string], _ *recorder) {
			read(t, ctx, b, "a")
			b.epoch.Add(1)
			read(t, ctx, b, "a")
		}},
		"a write while a read is under way ends that": {size: 1, calls: 2, do: func(t *testing.T, ctx context.Context, b *Batch[string], r *recorder) {
			hold := make(chan struct{})
			r.hold = hold
			var wg sync.WaitGroup
			wg.Go(func() { read(t, ctx, b, "a") })
			r.await(1)
			b.epoch.Add(1)
			wg.Go(func() { read(t, ctx, b, "a") })
			r.await(2)
			close(hold)
			wg.Wait()
		}},
		"a live read asks again": {size: 10, calls: 2, do: func(t *testing.T, ctx context.Context, b *Batch[string], _ *recorder) {
			read(t, ctx, b, "a")
			read(t, WithLive(ctx), b, "a")
			read(t, ctx, b, "a")
		}},
		"a failure is told to all who asked and not kept": {size: 10, calls: 2, do: func(t *testing.T, ctx context.Context, b *Batch[string], r *recorder) {
			r.fail = broken
			var wg sync.WaitGroup
			for _, key := range []string{"a", "b"} {
				wg.Go(func() {
					if _, err := b.Get(ctx, key); !errors.Is(err, broken) {
						t.Errorf("get %s: %v, want %v", key, err, broken)
					}
				})
			}
			wg.Wait()
			r.fail = nil
			read(t, ctx, b, "a", "b")
		}},
		"one who gives up does not spoil it for the others": {size: 10, calls: 1, do: func(t *testing.T, ctx context.Context, b *Batch[string], r *recorder) {
			hold := make(chan struct{})
			r.hold = hold
			first, cancel := context.WithCancelCause(ctx)
			var wg sync.WaitGroup
			wg.Go(func() {
				if _, err := b.Get(first, "a"); !errors.Is(err, broken) {
					t.Errorf("the one who gave up: %v, want the cause %v", err, broken)
				}
			})
			r.await(1)
			cancel(broken)
			wg.Go(func() { read(t, ctx, b, "a") })
			close(hold)
			wg.Wait()
		}},
		"several keys make it read everything": {size: 10, calls: 1, alls: 1, do: func(t *testing.T, ctx context.Context, b *Batch[string], r *recorder) {
			b.OrAll(r.all)
			r.complete, r.missing = true, "key-50"
			read(t, ctx, b, "key-01", "key-02", "key-03")
			read(t, ctx, b, "key-04", "key-05")
			if got, err := b.Get(ctx, "key-50"); got != "" || err != nil {
				t.Errorf("a key without a value: %q, %v", got, err)
			}
		}},
		"everything is read again after a write": {size: 10, calls: 1, alls: 2, do: func(t *testing.T, ctx context.Context, b *Batch[string], r *recorder) {
			b.OrAll(r.all)
			r.complete = true
			read(t, ctx, b, "key-01", "key-02", "key-03")
			read(t, ctx, b, "key-04")
			b.epoch.Add(1)
			read(t, ctx, b, "key-04", "key-05")
		}},
		"a live read is by key": {size: 10, calls: 2, alls: 1, do: func(t *testing.T, ctx context.Context, b *Batch[string], r *recorder) {
			b.OrAll(r.all)
			r.complete = true
			read(t, ctx, b, "key-01", "key-02", "key-03")
			read(t, ctx, b, "key-04")
			read(t, WithLive(ctx), b, "key-04")
		}},
		"an id is asked for by itself": {size: 10, calls: 2, do: func(t *testing.T, ctx context.Context, b *Batch[string], r *recorder) {
			b.OrAll(r.all)
			r.complete = true
			read(t, ctx, b, "key-01", "key-02", "key-03")
			read(t, ctx, b, ByID+"4")
		}},
		"what an incomplete answer lacks is asked for": {size: 10, calls: 2, alls: 1, do: func(t *testing.T, ctx context.Context, b *Batch[string], r *recorder) {
			b.OrAll(r.all)
			r.missing = "key-50"
			read(t, ctx, b, "key-01", "key-02", "key-03")
			read(t, ctx, b, "key-04", "key-50")
		}},
		"a read of everything that fails is not tried again": {size: 10, calls: 3, alls: 1, do: func(t *testing.T, ctx context.Context, b *Batch[string], r *recorder) {
			b.OrAll(func(ctx context.Context) (map[string]string, bool, error) {
				_, _, _ = r.all(ctx)
				return nil, false, broken
			})
			read(t, ctx, b, "key-01", "key-02", "key-03")
			read(t, ctx, b, "key-04")
			read(t, ctx, b, "key-05")
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := &recorder{}
			b := New(&Epoch{}, test.size, r.fetch)
			test.do(t, t.Context(), b, r)
			r.want(t, test.calls, test.alls)
		})
	}
}
