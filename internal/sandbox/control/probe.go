package control

import (
	"context"
	"sync"
	"time"
)

// A finding of a health check holds for FreshFor. A request does not wait for a new one while the last is younger than
// UsableFor: that would let one slow target slow down all of them.
const (
	FreshFor  = time.Second
	UsableFor = 5 * time.Second
)

// Probe is the last finding about a target, and at most one check that is under way.
type Probe[H any] struct {
	mu      sync.Mutex
	at      time.Time
	health  H
	running chan struct{}
}

// Last is the last finding, unless it is older than UsableFor.
func (p *Probe[H]) Last() (health H, usable bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.health, time.Since(p.at) < UsableFor
}

// Get is the last finding. When it is older than FreshFor a check is started, and waited for when it is older than age. It is
// false when ctx ended before the check.
func (p *Probe[H]) Get(ctx context.Context, age time.Duration, check func() H) (health H, found bool) {
	p.mu.Lock()
	old := time.Since(p.at)
	last := p.health
	if old < FreshFor {
		p.mu.Unlock()
		return last, true
	}
	running := p.running
	if running == nil {
		running = make(chan struct{})
		p.running = running
		go func() {
			health := check()
			p.mu.Lock()
			p.at, p.health, p.running = time.Now(), health, nil
			p.mu.Unlock()
			close(running)
		}()
	}
	p.mu.Unlock()
	if old < age {
		return last, true
	}
	select {
	case <-running:
	case <-ctx.Done():
		return last, false
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.health, true
}
