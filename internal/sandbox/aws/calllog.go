package aws

import (
	"sync"
	"time"
)

// LoggedCall is one API call as the cloud saw it.
type LoggedCall struct {
	Seq      int       `json:"seq"`
	Time     time.Time `json:"time"`
	Service  string    `json:"service"`
	Action   string    `json:"action"`
	Region   string    `json:"region"`
	Account  string    `json:"account"`
	Mutating bool      `json:"mutating"`
	// Code is the error code answered; empty means success.
	Code     string   `json:"code,omitempty"`
	Message  string   `json:"message,omitempty"`
	Duration Duration `json:"duration"`
	// Agent is the client's user agent.
	Agent string `json:"agent,omitempty"`
}

type callLog struct {
	mu    sync.Mutex
	seq   int
	calls []LoggedCall
}

func (l *callLog) add(entry LoggedCall) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.seq++
	entry.Seq = l.seq
	l.calls = append(l.calls, entry)
}

// Calls returns the log, oldest first.
func (c *Cloud) Calls() []LoggedCall {
	c.log.mu.Lock()
	defer c.log.mu.Unlock()
	return append([]LoggedCall{}, c.log.calls...)
}

// ResetCalls empties the log and starts its numbers anew.
func (c *Cloud) ResetCalls() {
	c.log.mu.Lock()
	defer c.log.mu.Unlock()
	c.log.seq, c.log.calls = 0, nil
}
