package aws

import (
	"strings"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// Fault is a rule that spoils calls.
type Fault struct {
	// Service and Action pick calls; empty or "*" is any.
	Service string `json:"service,omitempty"`
	Action  string `json:"action,omitempty"`
	// Mutating counts and picks only calls that change something.
	Mutating bool `json:"mutating,omitempty"`
	// Nth is the matching call that is spoilt, counted from 1 from now on. Zero spoils every one.
	Nth int `json:"nth,omitempty"`
	// Onward spoils every matching call after the Nth too.
	Onward bool `json:"onward,omitempty"`
	// Code answers that error, with Status and Message, without applying the call.
	Code    string `json:"code,omitempty"`
	Status  int    `json:"status,omitempty"`
	Message string `json:"message,omitempty"`
	// Latency delays the call.
	Latency Duration `json:"latency,omitempty"`
	// Hang never answers and does not apply the call.
	Hang bool `json:"hang,omitempty"`
	// DropAnswer applies the call and closes the connection without an answer.
	DropAnswer bool `json:"drop_answer,omitempty"`

	seen int
}

// matches counts the call and reports whether it is to be spoilt.
func (f *Fault) matches(service, action string) bool {
	if f.Service != "" && f.Service != "*" && f.Service != service ||
		f.Action != "" && f.Action != "*" && f.Action != action ||
		f.Mutating && !mutating(action) {
		return false
	}
	f.seen++
	return f.Nth == 0 || f.seen == f.Nth || f.Onward && f.seen > f.Nth
}

type faultBox struct {
	mu       sync.Mutex
	rules    []*Fault
	limiters map[string]*rate.Limiter
}

// AddFault puts a rule in force, its count at zero.
func (c *Cloud) AddFault(f Fault) {
	f.seen = 0
	c.faults.mu.Lock()
	defer c.faults.mu.Unlock()
	c.faults.rules = append(c.faults.rules, &f)
}

// Faults returns the rules in force.
func (c *Cloud) Faults() []Fault {
	c.faults.mu.Lock()
	defer c.faults.mu.Unlock()
	rules := make([]Fault, 0, len(c.faults.rules))
	for _, f := range c.faults.rules {
		rules = append(rules, *f)
	}
	return rules
}

// ClearFaults removes every rule.
func (c *Cloud) ClearFaults() {
	c.faults.mu.Lock()
	defer c.faults.mu.Unlock()
	c.faults.rules = nil
}

// spoil counts the call against every rule and merges those that hit: the first code wins, latencies add up.
func (b *faultBox) spoil(service, action string) Fault {
	b.mu.Lock()
	defer b.mu.Unlock()
	var hit Fault
	for _, f := range b.rules {
		if !f.matches(service, action) {
			continue
		}
		hit.Latency += f.Latency
		hit.Hang = hit.Hang || f.Hang
		hit.DropAnswer = hit.DropAnswer || f.DropAnswer
		if hit.Code == "" {
			hit.Code, hit.Status, hit.Message = f.Code, f.Status, f.Message
		}
	}
	return hit
}

// throttled reports whether a call exceeds the configured rate; each account, region and action has a bucket of its own.
func (c *Cloud) throttled(service, action, account, region string, now time.Time) bool {
	c.mu.Lock()
	limits := c.config.Throttle
	c.mu.Unlock()
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
	c.faults.mu.Lock()
	defer c.faults.mu.Unlock()
	if c.faults.limiters == nil {
		c.faults.limiters = map[string]*rate.Limiter{}
	}
	key := strings.Join([]string{account, region, service, action}, "/")
	limiter := c.faults.limiters[key]
	if limiter == nil || limiter.Limit() != rate.Limit(limit) {
		limiter = rate.NewLimiter(rate.Limit(limit), max(1, int(limit)))
		c.faults.limiters[key] = limiter
	}
	return !limiter.AllowN(now, 1)
}

// throttleError is how a service says that it was called too often.
func throttleError(service string) error {
	switch service {
	case "ec2":
		return &Error{Code: "RequestLimitExceeded", Message: "Request limit exceeded.", Status: 503}
	case "eks":
		return &Error{Code: "ThrottlingException", Message: "Rate exceeded", Status: 429}
	case "acm":
		return &Error{Code: "ThrottlingException", Message: "Rate exceeded", Status: 400}
	default:
		return &Error{Code: "Throttling", Message: "Rate exceeded", Status: 400}
	}
}
