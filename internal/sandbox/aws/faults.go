package aws

import "time"

// AddFault puts a rule in force, its count at zero.
func (c *Cloud) AddFault(f Fault) { c.faults.Add(f) }

// Faults returns the rules in force.
func (c *Cloud) Faults() []Fault { return c.faults.List() }

// ClearFaults removes every rule.
func (c *Cloud) ClearFaults() { c.faults.Clear() }

// Calls returns the log, oldest first.
func (c *Cloud) Calls() []LoggedCall { return c.log.List() }

// ResetCalls empties the log and starts its numbers anew.
func (c *Cloud) ResetCalls() { c.log.Reset() }

// throttled reports whether a call exceeds the configured rate.
func (c *Cloud) throttled(service, action, account, region string, now time.Time) bool {
	c.mu.Lock()
	limits := c.config.Throttle
	c.mu.Unlock()
	return c.throttle.Exceeded(limits, service, action, account, region, now)
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
