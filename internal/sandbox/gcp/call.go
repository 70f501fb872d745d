package gcp

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"strconv"
	"time"
)

// global is the location of what no region owns.
const global = "global"

// call is one API request: who calls, where, and the state it may touch. The cloud's lock is held while a handler runs.
type call struct {
	// Project is the id of the project in the path, even if the path has its number.
	Project string
	// Location is the region, zone or "global" in the path; empty is none.
	Location string
	// Principal is the e-mail address of who calls.
	Principal string
	// method is what is called, and body the JSON that came with it, as a tree without what is output only.
	method *method
	body   map[string]any
	// fail ends the operation that this call starts.
	fail *Error

	cloud *Cloud
	at    time.Time
}

// region is what the call's project has in a region, in a zone or globally, made on first use.
func (c *call) region(location string) *Region { return c.cloud.state.region(c.Project, location) }

// in is the same call about another project or location.
func (c *call) in(project, location string) *call {
	other := *c
	other.Project, other.Location = project, location
	return &other
}

// now is the time of the call; while a transition settles it is the time that one was due.
func (c *call) now() time.Time { return c.at }

// sum is 32 bytes that no earlier call got. The sequence depends on the state only.
func (c *call) sum() [32]byte {
	c.cloud.state.Counter++
	return sha256.Sum256([]byte(c.cloud.state.Seed + "/" + strconv.FormatUint(c.cloud.state.Counter, 10)))
}

// newID makes a numeric id as Compute Engine gives its objects.
func (c *call) newID() uint64 {
	sum := c.sum()
	return binary.BigEndian.Uint64(sum[:])>>1 | 1<<62
}

// newHex makes n hex digits.
func (c *call) newHex(n int) string {
	sum := c.sum()
	return hex.EncodeToString(sum[:])[:n]
}

// newOperationName makes a name such as "operation-1767323045000-0123456789abc-01234567-89abcdef".
func (c *call) newOperationName() string {
	digits := c.newHex(29)
	return fmt.Sprintf("operation-%d-%s-%s-%s", c.at.UnixMilli(), digits[:13], digits[13:21], digits[21:])
}

// timestamp is the call's time as Compute Engine writes it.
func (c *call) timestamp() string { return c.at.Format("2006-01-02T15:04:05.000-07:00") }

// transition is a change that happens by itself later. It is data, so that it survives a restart.
type transition struct {
	// At is when it is due.
	At time.Time
	// Kind picks the settle function; ID and To are for that function.
	Kind, ID, To string
	// Project and Location say where.
	Project, Location string
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
func (c *call) after(delayName string, t transition) { c.afterTime(c.cloud.delay(delayName), t) }

func (c *call) afterTime(delay time.Duration, t transition) {
	if settlers[t.Kind] == nil {
		panic("sandbox: no settle function for " + t.Kind)
	}
	t.At = c.at.Add(delay)
	if t.Project == "" {
		t.Project = c.Project
	}
	if t.Location == "" {
		t.Location = c.Location
	}
	c.cloud.state.Queue = append(c.cloud.state.Queue, t)
}

// quota is the limit of that name in force.
func (c *call) quota(name string) int {
	if n, ok := c.cloud.config.Quotas[name]; ok {
		return n
	}
	n, ok := defaultQuotas[name]
	if !ok {
		panic("sandbox: no quota named " + name)
	}
	return n
}

// remember notes when an object was made, for the consistency window.
func (c *call) remember(location, id string) {
	if c.cloud.config.Consistency > 0 {
		c.region(location).Born[id] = c.at
	}
}

// visible reports whether get and list may show the object yet.
func (c *call) visible(location, id string) bool {
	born, known := c.region(location).Born[id]
	return !known || c.at.Sub(born) >= c.cloud.config.Consistency
}
