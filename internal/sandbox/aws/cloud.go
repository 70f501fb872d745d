package aws

import (
	"encoding/json"
	"fmt"
	"sort"
	"sync"
	"time"

	"github.com/modelserving/terraform-provider-serving/internal/sandbox/aws/model"
	"github.com/modelserving/terraform-provider-serving/internal/sandbox/control"
)

// Config is how a simulated cloud starts. The zero value has no delays and keeps its state in memory.
type Config struct {
	control.Behaviour
	// Credentials are further long-term keys by access key id.
	Credentials map[string]Credential
	// StateFile keeps the state between runs; empty keeps it in memory.
	StateFile string
	// Seed makes the ids of this cloud differ from another's.
	Seed string
	// Clock tells the time; nil is the wall clock.
	Clock func() time.Time
	// RepeatPeering answers a second request between two VPCs as AWS does at times: in the same direction with the connection
	// that is there, in the other one with another request, which then cannot be accepted. False refuses both at once.
	RepeatPeering bool
	// Kubernetes makes what runs behind a cluster's endpoint; with nil, endpoints refuse connections.
	Kubernetes func(KubernetesCluster) Kubernetes
}

// Credential is a long-term key's secret and account.
type Credential struct{ Secret, Account string }

// Cloud is a simulated AWS: an http.Handler with state behind it.
type Cloud struct {
	models map[string]*model.Service

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
	models, err := model.Load()
	if err != nil {
		return nil, err
	}
	for key := range operations {
		op := operations[key]
		if models[op.service] == nil || models[op.service].Operations[op.action] == nil {
			return nil, fmt.Errorf("handler %s has no operation in the model: add it to model/operations.txt", key)
		}
	}
	if config.Clock == nil {
		config.Clock = time.Now
	}
	for name := range config.Delays {
		if err := checkDelayName(name); err != nil {
			return nil, err
		}
	}
	for name := range config.Quotas {
		if err := checkQuotaName(name); err != nil {
			return nil, err
		}
	}
	c := &Cloud{models: models, config: config, closed: make(chan struct{})}
	if c.state, err = load(config.StateFile, config.Seed); err != nil {
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

// run executes one request under the lock and returns the answer as a tree.
func (c *Cloud) run(op *operation, who caller, region string, request map[string]any) (map[string]any, error) {
	raw, err := json.Marshal(request)
	if err != nil {
		return nil, fmt.Errorf("encode request of %s: %w", op.action, err)
	}
	if op.action == "DescribeTargetHealth" {
		c.plane.checkHealth(who.account, region, request)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.settle()
	call := &call{Account: who.account, Region: region, Caller: who.arn, CallerID: who.id, cloud: c, at: c.clock()}
	answer, err := op.call(call, raw)
	if mutating(op.action) || op.action == "AssumeRole" {
		c.plane.prune()
		if saveErr := c.save(); saveErr != nil {
			return nil, saveErr
		}
	}
	return answer, err
}

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
		at := &call{Account: due.Account, Region: due.Region, cloud: c, at: due.At}
		settlers[due.Kind](at, due.ID, due.To)
		changed = true
	}
	if changed {
		c.plane.prune()
		// A state file that misses this is settled again when it is loaded.
		_ = c.save()
	}
}

func checkDelayName(name string) error {
	_, scaled := defaultDelays[name]
	if _, fixed := lingering[name]; !scaled && !fixed {
		return fmt.Errorf("no delay named %q", name)
	}
	return nil
}
