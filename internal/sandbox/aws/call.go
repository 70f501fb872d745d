package aws

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strconv"
	"time"
)

// call is one API request: who calls, where, and the state it may touch. The cloud's lock is held while a handler runs.
type call struct {
	// Account and Region are taken from the request's credentials and credential scope.
	Account, Region string
	// Caller is the ARN of the calling identity.
	Caller string
	// CallerID is its unique id, as GetCallerIdentity answers it.
	CallerID string

	cloud *Cloud
	at    time.Time
}

// region is the state of the call's account in the call's region, made on first use.
func (c *call) region() *Region { return c.cloud.state.region(c.Account, c.Region) }

// account is the state of the call's account that no region owns.
func (c *call) account() *Account { return c.cloud.state.account(c.Account) }

// now is the time of the call; while a transition settles it is the time that one was due.
func (c *call) now() time.Time { return c.at }

// newID makes the next id of a kind, such as "vpc-" and 17 hex digits. The sequence depends on the state only.
func (c *call) newID(prefix string) string { return prefix + "-" + c.newHex(17) }

// newHex makes n hex digits that no earlier call got.
func (c *call) newHex(n int) string {
	c.cloud.state.Counter++
	sum := sha256.Sum256([]byte(c.cloud.state.Seed + "/" + strconv.FormatUint(c.cloud.state.Counter, 10)))
	digits := hex.EncodeToString(sum[:])
	if n > 1 {
		// Real ids of today start with a zero.
		digits = "0" + digits
	}
	return digits[:n]
}

// arn names a resource of the call's account and region.
func (c *call) arn(service, resource string) string {
	region := c.Region
	if service == "iam" || service == "sts" {
		region = ""
	}
	return fmt.Sprintf("arn:aws:%s:%s:%s:%s", service, region, c.Account, resource)
}

// transition is a change that happens by itself later. It is data, so that it survives a restart.
type transition struct {
	// At is when it is due.
	At time.Time
	// Kind picks the settle function; ID and To are for that function.
	Kind, ID, To string
	// Account and Region say where.
	Account, Region string
}

// settlers maps a transition's kind to what applies it.
var settlers = map[string]func(c *call, id, to string){}

// onSettle registers the function that applies transitions of a kind. It must bear an object that is gone by then.
func onSettle(kind string, fn func(c *call, id, to string)) {
	if settlers[kind] != nil {
		panic("sandbox: two settle functions for " + kind)
	}
	settlers[kind] = fn
}

// after schedules a transition for when the named delay is over. With no delay it is applied right after this call, so
// the answer of this call still shows the state before it.
func (c *call) after(delayName string, t transition) {
	if settlers[t.Kind] == nil {
		panic("sandbox: no settle function for " + t.Kind)
	}
	t.At = c.at.Add(c.cloud.delay(delayName))
	if t.Account == "" {
		t.Account = c.Account
	}
	if t.Region == "" {
		t.Region = c.Region
	}
	c.cloud.state.Queue = append(c.cloud.state.Queue, t)
}

// remember notes when an object was made, for the consistency window.
func (c *call) remember(id string) {
	if c.cloud.config.Consistency > 0 {
		c.region().Born[id] = c.at
	}
}

// visible reports whether describes may show the object yet.
func (c *call) visible(id string) bool {
	born, known := c.region().Born[id]
	return !known || c.at.Sub(born) >= c.cloud.config.Consistency
}
