package control

import (
	"sync"
	"time"
)

// LoggedCall is one API call as a cloud saw it.
type LoggedCall struct {
	Seq     int       `json:"seq"`
	Time    time.Time `json:"time"`
	Cloud   string    `json:"cloud"`
	Service string    `json:"service"`
	Action  string    `json:"action"`
	Region  string    `json:"region"`
	// Account is the account, or the project, that the call is about.
	Account  string `json:"account"`
	Mutating bool   `json:"mutating"`
	// Code is the error code answered; empty means success.
	Code     string   `json:"code,omitempty"`
	Message  string   `json:"message,omitempty"`
	Duration Duration `json:"duration"`
	// Agent is the client's user agent.
	Agent string `json:"agent,omitempty"`
}

// CallLog keeps calls. The zero value is empty.
type CallLog struct {
	mu    sync.Mutex
	seq   int
	calls []LoggedCall
}

// Add appends a call and gives it its number.
func (l *CallLog) Add(entry LoggedCall) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.seq++
	entry.Seq = l.seq
	l.calls = append(l.calls, entry)
}

// List returns the log, oldest first.
func (l *CallLog) List() []LoggedCall {
	l.mu.Lock()
	defer l.mu.Unlock()
	return append([]LoggedCall{}, l.calls...)
}

// Reset empties the log and starts its numbers anew.
func (l *CallLog) Reset() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.seq, l.calls = 0, nil
}
