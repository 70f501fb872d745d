package gcp

import (
	"context"
	"fmt"
	"maps"
	"net"
	"net/netip"
	"slices"
	"strings"
	"sync"

	"github.com/modelserving/terraform-provider-serving/internal/sandbox/control"
)

// dataPlane is what runs behind the objects of the state: load balancers that serve requests and clusters with an API server.
// Nothing of it is saved, and each part is made when it is first dialled, so that a fleet nobody talks to costs nothing.
//
// Its lock may be taken under the cloud's, never the other way round, and neither is held while anything is dialled.
type dataPlane struct {
	cloud *Cloud

	mu        sync.Mutex
	closed    bool
	loopback  *control.Loopback
	balancers map[target]*balancer
	clusters  *control.Clusters[clusterRef]
	probes    map[string]*control.Probe[string]
	turns     map[string]uint64
	// ending counts parts that are being closed, for Close to wait for.
	ending sync.WaitGroup
}

func newDataPlane(c *Cloud) *dataPlane {
	return &dataPlane{
		cloud: c, balancers: map[target]*balancer{}, clusters: control.NewClusters[clusterRef](c.config.StateFile), probes: map[string]*control.Probe[string]{}, turns: map[string]uint64{},
	}
}

// Connect opens a TCP connection from a place of the simulated world to a host and port in it, over the path that the state
// describes: routes, peerings, NAT, firewall rules and the endpoint's own list of callers. Hosts are the addresses of forwarding
// rules and of clusters' endpoints, and the names of clusters' DNS endpoints; there is no other DNS. An error that says where
// the way ends is a *control.PathError.
func (c *Cloud) Connect(ctx context.Context, from control.Place, host string, port int) (net.Conn, error) {
	c.mu.Lock()
	c.settle()
	way, err := c.judge(from, host, port)
	c.mu.Unlock()
	if err != nil {
		return nil, err
	}
	if way.cluster != nil {
		return c.plane.dialAPI(ctx, *way.cluster)
	}
	return c.plane.dialRule(way)
}

// Knows reports whether a host is one of this cloud's, for whoever has several. A private address is where its caller's network is.
func (c *Cloud) Knows(from control.Place, host string) bool {
	if from.Network != "" || from.Subnetwork != "" {
		return true
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.settle()
	if len(c.namesakes(normalHost(host))) > 0 {
		return true
	}
	_, err := netip.ParseAddr(host)
	return err == nil || strings.HasSuffix(normalHost(host), ".gke.goog")
}

func normalHost(host string) string { return strings.ToLower(strings.TrimSuffix(host, ".")) }

// destination is what a host stands for, and how it may be reached.
type destination struct {
	// at is the project and region that it lives in.
	at *call
	// name is what messages call it.
	name string
	// network is the URL of the network that a private address is in; empty is a public address.
	network string
	address netip.Addr
	// anyRegion lets callers of other regions of the network in.
	anyRegion bool
	// callers limits who may come; nil is everybody.
	callers []netip.Prefix
	// peers says that peered networks reach it.
	peers bool
	// google is an endpoint that every host in a network of Google reaches, without a way to the Internet.
	google bool
	// closed says why nobody gets through at the moment.
	closed string

	// rules are forwarding rules, or cluster is what answers.
	rules   []string
	cluster *clusterRef
}

// way is a destination that can be reached, with the address that the caller shows to it.
type way struct {
	destination
	rule   target
	source netip.Addr
}

// judge finds the destination of a host and the way to it. The cloud's lock is held.
func (c *Cloud) judge(from control.Place, host string, port int) (way, error) {
	caller, err := c.locate(from)
	if err != nil {
		return way{}, err
	}
	to, err := c.resolve(caller, normalHost(host))
	if err != nil {
		return way{}, err
	}
	source, err := caller.path(to, port)
	if err != nil {
		return way{}, err
	}
	if to.cluster != nil {
		if port != 443 {
			return way{}, &control.PathError{Kind: control.Refused, Hop: to.name, Reason: fmt.Sprintf("it serves port 443, not %d", port)}
		}
		return way{destination: to, source: source}, nil
	}
	for _, name := range to.rules {
		rule := forwardingRules.in(to.at, to.at.Location)[name]
		if rule != nil && portInRange(rule.Body.GetPortRange(), port) {
			return way{destination: to, source: source, rule: target{to.at.Project, to.at.Location, forwardingRules.plural, name}}, nil
		}
	}
	return way{}, &control.PathError{Kind: control.Refused, Hop: to.name, Reason: fmt.Sprintf("no forwarding rule of this address has port %d", port)}
}

// portInRange reads "443" and "80-81".
func portInRange(text string, port int) bool {
	low, high, isRange := strings.Cut(text, "-")
	if !isRange {
		high = low
	}
	var from, to int
	if _, err := fmt.Sscan(low, &from); err != nil {
		return false
	}
	if _, err := fmt.Sscan(high, &to); err != nil {
		return false
	}
	return from <= port && port <= to
}

// resolve looks a host up: the sandbox's DNS. A private address may exist in several networks; it is the one of the caller's
// network, then of a peered one, then any.
func (c *Cloud) resolve(from *host, name string) (destination, error) {
	found := c.namesakes(name)
	if len(found) == 0 {
		return destination{}, &control.PathError{Kind: control.UnknownHost, Hop: "DNS", Reason: fmt.Sprintf(
			"%q is neither the address of a forwarding rule nor an endpoint of a cluster in this sandbox; custom domains are not "+
				"resolved: connect to the load balancer's address and send the domain as host (curl --connect-to)", name)}
	}
	best := func(fits func(d destination) bool) (destination, bool) {
		i := slices.IndexFunc(found, fits)
		if i < 0 {
			return destination{}, false
		}
		return found[i], true
	}
	if d, ok := best(func(d destination) bool { return d.network != "" && d.network == from.network }); ok {
		return d, nil
	}
	if d, ok := best(func(d destination) bool { return from.at != nil && d.network != "" && from.peered(d.network) }); ok {
		return d, nil
	}
	return found[0], nil
}

// namesakes are all destinations of a name or address. The cloud's lock is held.
func (c *Cloud) namesakes(name string) []destination {
	var out []destination
	for _, key := range control.SortedKeys(c.state.Regions) {
		project, location, _ := strings.Cut(key, "/")
		at := c.view(project, location)
		for _, held := range at.gke().Clusters {
			if d, ok := at.clusterDestination(held, name); ok {
				out = append(out, d)
			}
		}
		if d, ok := at.ruleDestination(name); ok {
			out = append(out, d)
		}
	}
	return out
}

// view is the state of a project in a location, for code that no API call runs. The cloud's lock must be held while it is in use.
func (c *Cloud) view(project, location string) *call {
	return &call{Project: project, Location: location, cloud: c, at: c.clock()}
}

// prune ends the parts whose objects are gone. It runs after every change of the state, under the cloud's lock.
func (p *dataPlane) prune() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for rule, b := range p.balancers {
		if r := p.cloud.state.Regions[rule.project+"/"+rule.location]; r == nil || r.Compute.ForwardingRules[rule.name] == nil || b.secure != b.isSecure() {
			delete(p.balancers, rule)
			p.end(b.close)
		}
	}
	p.clusters.Prune(func(ref clusterRef) bool { return p.cloud.findCluster(ref) != nil }, p.end)
	gone := func(id string) bool {
		s := strings.SplitN(id, "|", 4)
		r := p.cloud.state.Regions[s[0]]
		return r == nil || r.Compute.BackendServices[s[1]] == nil
	}
	maps.DeleteFunc(p.probes, func(id string, _ *control.Probe[string]) bool { return gone(id) })
	maps.DeleteFunc(p.turns, func(id string, _ uint64) bool { return gone(id) })
}

// end closes a part without the locks that its goroutines may wait for.
func (p *dataPlane) end(closePart func()) {
	p.ending.Go(closePart)
}

// close ends everything and waits for it. What has state keeps it on disk.
func (p *dataPlane) close() {
	p.mu.Lock()
	p.closed = true
	for _, b := range p.balancers {
		p.end(b.close)
	}
	p.clusters.Close(p.end)
	p.balancers = map[target]*balancer{}
	if p.loopback != nil {
		p.loopback.Close()
	}
	p.mu.Unlock()
	p.ending.Wait()
	p.clusters.RemoveFiles()
}
