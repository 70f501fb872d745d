package stack

import (
	"context"
	"math/rand/v2"
	"time"
)

// Poll paces waiting for the cloud. The pause grows with the time already
// waited, so that a wait overshoots by about a twentieth and a long one costs
// few calls.
type Poll struct {
	// Min and Max bound one pause; zero means 100 ms and 10 s.
	Min, Max time.Duration
}

// pause is how long to wait before the next look.
func (p Poll) pause(elapsed time.Duration) time.Duration {
	lo, hi := p.Min, p.Max
	if lo == 0 {
		lo = 100 * time.Millisecond
	}
	if hi == 0 {
		hi = 10 * time.Second
	}
	d := min(max(elapsed/20, min(elapsed, time.Second/2), lo), hi)
	// Jitter keeps many waits of one process from asking in step.
	return d - time.Duration(rand.Int64N(int64(d)/5+1))
}

// Until calls look until it reports done, fails, or ctx ends. The first look is
// immediate.
func (p Poll) Until(ctx context.Context, look func(elapsed time.Duration) (done bool, err error)) error {
	start := time.Now()
	for {
		elapsed := time.Since(start)
		done, err := look(elapsed)
		if err != nil || done {
			return err
		}
		timer := time.NewTimer(p.pause(elapsed))
		select {
		case <-ctx.Done():
			timer.Stop()
			return context.Cause(ctx)
		case <-timer.C:
		}
	}
}
