package gcp

import (
	"strings"
	"time"
)

// defaultDelays are what the services take in reality, at time scale 1. They decide nothing but how long a simulated day
// lasts. A change of Compute Engine that is not named takes as long as "compute.operation".
var defaultDelays = map[string]time.Duration{
	"compute.operation":              4 * time.Second,
	"compute.networks.insert":        15 * time.Second,
	"compute.networks.delete":        15 * time.Second,
	"compute.networks.addPeering":    5 * time.Second,
	"compute.subnetworks.insert":     15 * time.Second,
	"compute.subnetworks.delete":     15 * time.Second,
	"compute.routers.patch":          10 * time.Second,
	"compute.firewalls.insert":       6 * time.Second,
	"compute.backendServices.insert": 12 * time.Second,
	"compute.forwardingRules.insert": 25 * time.Second,
	"compute.forwardingRules.delete": 20 * time.Second,
	"compute.securityPolicies.patch": 8 * time.Second,
	"container.operation.start":      2 * time.Second,
	"container.cluster.labels":       15 * time.Second,
	"container.cluster.create":       7 * time.Minute,
	"container.cluster.update":       2 * time.Minute,
	"container.cluster.version":      12 * time.Minute,
	"container.cluster.delete":       4 * time.Minute,
	"container.node_pool.create":     90 * time.Second,
	"container.node_pool.update":     2 * time.Minute,
	"container.node_pool.version":    5 * time.Minute,
	"container.node_pool.delete":     2 * time.Minute,
	"certificatemanager.certificate": 10 * time.Second,
}

// lingering is how long something is remembered. Time scale does not shorten it: clients must cope with the memory.
var lingering = map[string]time.Duration{
	// Google does not say in the API how long a request id is remembered; an hour is long enough for clients to notice.
	"compute.request_id.forget": time.Hour,
}

// delay is how long the named change takes in this cloud.
func (c *Cloud) delay(name string) time.Duration {
	if d, ok := c.config.Delays[name]; ok {
		return d
	}
	if d, ok := lingering[name]; ok {
		return d
	}
	d, ok := defaultDelays[name]
	if !ok {
		panic("sandbox: no delay named " + name)
	}
	return time.Duration(float64(d) * c.config.TimeScale)
}

// computeDelay is the delay of a change of Compute Engine, such as "networks.insert".
func (c *Cloud) computeDelay(name string) time.Duration {
	_, set := c.config.Delays["compute."+name]
	if _, named := defaultDelays["compute."+name]; set || named {
		return c.delay("compute." + name)
	}
	return c.delay("compute.operation")
}

// knownDelay reports whether a delay exists: those of Compute Engine are "compute.", a collection as in paths, a dot and a method.
func knownDelay(name string) bool {
	_, scaled := defaultDelays[name]
	_, fixed := lingering[name]
	change, compute := strings.CutPrefix(name, "compute.")
	plural, _, _ := strings.Cut(change, ".")
	return scaled || fixed || compute && collections[plural] != nil
}
