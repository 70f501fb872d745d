package control

import (
	"strings"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// Throttle counts calls against the rates of a Behaviour. The zero value has counted none.
type Throttle struct {
	mu       sync.Mutex
	limiters map[string]*rate.Limiter
}

// Exceeded counts a call and reports whether it comes too soon; each account, region and action has a bucket of its own.
func (t *Throttle) Exceeded(limits map[string]float64, service, action, account, region string, now time.Time) bool {
	limit := 0.0
	for _, key := range []string{service + "." + action, service + ".*", "*"} {
		if l, ok := limits[key]; ok {
			limit = l
			break
		}
	}
	if limit <= 0 {
		return false
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.limiters == nil {
		t.limiters = map[string]*rate.Limiter{}
	}
	key := strings.Join([]string{account, region, service, action}, "/")
	limiter := t.limiters[key]
	if limiter == nil || limiter.Limit() != rate.Limit(limit) {
		limiter = rate.NewLimiter(rate.Limit(limit), max(1, int(limit)))
		t.limiters[key] = limiter
	}
	return !limiter.AllowN(now, 1)
}
