package control

import "sync"

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
	// Later lets the call be answered and the operation that it starts end with Code, in clouds that have operations.
	Later bool `json:"later,omitempty"`
	// DropAnswer applies the call and closes the connection without an answer.
	DropAnswer bool `json:"drop_answer,omitempty"`

	seen int
}

// matches counts the call and reports whether it is to be spoilt.
func (f *Fault) matches(service, action string, mutating bool) bool {
	if f.Service != "" && f.Service != "*" && f.Service != service ||
		f.Action != "" && f.Action != "*" && f.Action != action ||
		f.Mutating && !mutating {
		return false
	}
	f.seen++
	return f.Nth == 0 || f.seen == f.Nth || f.Onward && f.seen > f.Nth
}

// Faults are the rules in force. The zero value has none.
type Faults struct {
	mu    sync.Mutex
	rules []*Fault
}

// Add puts a rule in force, its count at zero.
func (b *Faults) Add(f Fault) {
	f.seen = 0
	b.mu.Lock()
	defer b.mu.Unlock()
	b.rules = append(b.rules, &f)
}

// List returns the rules in force.
func (b *Faults) List() []Fault {
	b.mu.Lock()
	defer b.mu.Unlock()
	rules := make([]Fault, 0, len(b.rules))
	for _, f := range b.rules {
		rules = append(rules, *f)
	}
	return rules
}

// Clear removes every rule.
func (b *Faults) Clear() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.rules = nil
}

// Spoil counts the call against every rule and merges those that hit: the first code wins, latencies add up.
func (b *Faults) Spoil(service, action string, mutating bool) Fault {
	b.mu.Lock()
	defer b.mu.Unlock()
	var hit Fault
	for _, f := range b.rules {
		if !f.matches(service, action, mutating) {
			continue
		}
		hit.Latency += f.Latency
		hit.Hang = hit.Hang || f.Hang
		hit.DropAnswer = hit.DropAnswer || f.DropAnswer
		if hit.Code == "" {
			hit.Code, hit.Status, hit.Message, hit.Later = f.Code, f.Status, f.Message, f.Later
		}
	}
	return hit
}
