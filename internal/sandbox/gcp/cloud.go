package gcp

import (
	"sort"
	"sync"
	"time"

	"google.golang.org/protobuf/proto"

	"github.com/modelserving/terraform-provider-serving/internal/sandbox/control"
	"github.com/modelserving/terraform-provider-serving/internal/sandbox/gcp/model"
)

// Config is how a simulated cloud starts. The zero value has no delays and keeps its state in memory.
type Config struct {
	control.Behaviour
	// Projects are further projects by id, with their numbers.
	Projects map[string]string
	// Tokens are further access tokens with the e-mail address of whom they stand for.
	Tokens map[string]string
	// Grants are the projects that somebody may use besides the one in the e-mail address.
	Grants map[string][]string
	// TokenCreators are who may create access tokens of a service account. Of those that are not named here the built-in principal
	// may.
	TokenCreators map[string][]string
	// StateFile keeps the state between runs; empty keeps it in memory.
	StateFile string
	// Seed makes the ids of this cloud differ from another's.
	Seed string
	// Clock tells the time; nil is the wall clock.
	Clock func() time.Time
	// Kubernetes makes what runs behind a cluster's endpoint; with nil, endpoints refuse connections.
	Kubernetes func(control.KubernetesCluster) control.Kubernetes
}

// Cloud is a simulated Google Cloud: an http.Handler with state behind it.
type Cloud struct {
	compute *model.API
	mux     *mux

	// mu guards config and state; handlers run under it.
	mu     sync.Mutex
	config Config
	state  *state

	faults   control.Faults
	throttle control.Throttle
	log      control.CallLog
	plane    *dataPlane
	closed   chan struct{}
	closeOne sync.Once
}

// New makes a cloud, from its state file if there is one.
func New(config Config) (*Cloud, error) {
	compute, err := model.Load()
	if err != nil {
		return nil, err
	}
	routes, err := newMux()
	if err != nil {
		return nil, err
	}
	if config.Clock == nil {
		config.Clock = time.Now
	}
	if err := checkSettings(control.Settings{Quotas: config.Quotas}, config.Delays); err != nil {
		return nil, err
	}
	c := &Cloud{compute: compute, mux: routes, config: config, state: newState(config.Seed), closed: make(chan struct{})}
	if err := c.state.load(config.StateFile); err != nil {
		return nil, err
	}
	c.plane = newDataPlane(c)
	return c, nil
}

// Close ends calls that a fault keeps hanging, and the data plane.
func (c *Cloud) Close() {
	c.closeOne.Do(func() {
		close(c.closed)
		c.plane.close()
	})
}

// run executes one request under the lock.
func (c *Cloud) run(m *method, on *call, in proto.Message) (proto.Message, error) {
	if before := beforeLock[m.name]; before != nil {
		before(c, in)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.settle()
	on.at = c.clock()
	answer, err := m.call(on, in)
	if err == nil {
		// Answers are written after the lock is gone, and may be the state's own.
		answer = proto.Clone(answer)
	}
	if !m.reads {
		c.plane.prune()
		if saveErr := c.save(); saveErr != nil {
			return nil, saveErr
		}
	}
	return answer, err
}

// beforeLock is what a method does before it asks for the cloud's lock, such as talk to somebody who needs it.
var beforeLock = map[fullName]func(c *Cloud, in proto.Message){}

// clock is the time with the monotonic reading and the zone taken off, as it is after a round trip through the state file.
func (c *Cloud) clock() time.Time { return c.config.Clock().UTC().Round(0) }

// settle applies every transition that is due, oldest first, including those that these bring about.
func (c *Cloud) settle() {
	now := c.clock()
	changed := false
	for {
		queue := c.state.Queue
		sort.SliceStable(queue, func(i, j int) bool { return queue[i].At.Before(queue[j].At) })
		if len(queue) == 0 || queue[0].At.After(now) {
			break
		}
		due := queue[0]
		c.state.Queue = append([]transition(nil), queue[1:]...)
		settlers[due.Kind](&call{Project: due.Project, Location: due.Location, cloud: c, at: due.At}, due.ID, due.To)
		changed = true
	}
	if changed {
		c.plane.prune()
		// A state file that misses this is settled again when it is loaded.
		_ = c.save()
	}
}

func (c *Cloud) save() error { return control.SaveFile(c.config.StateFile, c.state) }
