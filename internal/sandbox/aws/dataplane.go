package aws

import (
	"context"
	"fmt"
	"maps"
	"net"
	"net/netip"
	"strings"
	"sync"

	elbtypes "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"

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
	balancers map[string]*balancer
	clusters  *control.Clusters[clusterRef]
	probes    map[string]*control.Probe[elbtypes.TargetHealth]
	load      map[string]*targetLoad
	turns     map[string]uint64
	// ending counts parts that are being closed, for Close to wait for.
	ending sync.WaitGroup
}

func newDataPlane(c *Cloud) *dataPlane {
	return &dataPlane{
		cloud: c, balancers: map[string]*balancer{}, clusters: control.NewClusters[clusterRef](c.config.StateFile),
		probes: map[string]*control.Probe[elbtypes.TargetHealth]{}, load: map[string]*targetLoad{}, turns: map[string]uint64{},
	}
}

// Connect opens a TCP connection from a place of the simulated world to a host name and port in it, over the path that the
// state describes: routes, gateways, security groups, network ACLs and the endpoint's own list of callers. The names are those
// of load balancers, of clusters' API endpoints and of records that lead there. An error that says where the way ends is a *PathError.
func (c *Cloud) Connect(ctx context.Context, from Place, host string, port int) (net.Conn, error) {
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
	return c.plane.dialListener(way)
}

// destination is what a host name stands for, and how it may be reached.
type destination struct {
	endpoint
	// at is the account and region that it lives in.
	at *call
	// name is what messages call it.
	name string
	port int
	// private and public are the sorts of addresses that its name resolves to, inside its VPC and outside.
	private, public bool
	// callers limits who may come from the Internet; nil is everybody. It stands for the whole path of an endpoint that has its
	// public addresses outside of the VPC.
	callers []netip.Prefix

	// balancer and listener, or cluster, are what answers.
	balancer, listener string
	cluster            *clusterRef
}

// way is a destination that can be reached, with the address that the caller shows to it.
type way struct {
	destination
	source netip.Addr
}

// judge finds the destination of a name and the way to it. The cloud's lock is held.
func (c *Cloud) judge(from Place, host string, port int) (way, error) {
	caller, err := c.locate(from)
	if err != nil {
		return way{}, err
	}
	to, err := c.resolve(caller, strings.ToLower(strings.TrimSuffix(host, ".")), port)
	if err != nil {
		return way{}, err
	}
	source, err := caller.path(to)
	if err != nil {
		return way{}, err
	}
	if to.cluster == nil && to.listener == "" {
		return way{}, &PathError{Kind: Refused, Hop: to.name, Reason: fmt.Sprintf("it has no listener on port %d", port)}
	}
	if to.cluster != nil && port != 443 {
		return way{}, &PathError{Kind: Refused, Hop: to.name, Reason: fmt.Sprintf("it serves port 443, not %d", port)}
	}
	return way{destination: to, source: source}, nil
}

// in is a view of the state of an account in a region, for code that no API call runs. The cloud's lock must be held while it
// is in use.
func (c *Cloud) in(account, region string) *call {
	return &call{Account: account, Region: region, cloud: c, at: c.clock()}
}

// prune ends the parts whose objects are gone. It runs after every change of the state, under the cloud's lock.
func (p *dataPlane) prune() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for arn, b := range p.balancers {
		if r := p.cloud.state.Regions[b.account+"/"+b.region]; r == nil || r.ELB.LoadBalancers[arn] == nil {
			delete(p.balancers, arn)
			p.end(b.close)
		} else {
			b.prune(r)
		}
	}
	p.clusters.Prune(p.cloud.clusterExists, p.end)
	maps.DeleteFunc(p.probes, func(id string, _ *control.Probe[elbtypes.TargetHealth]) bool { return !p.targetExists(id) })
	maps.DeleteFunc(p.load, func(id string, _ *targetLoad) bool { return !p.targetExists(id) })
	maps.DeleteFunc(p.turns, func(id string, _ uint64) bool { return !p.targetExists(id) })
}

// targetExists reports whether the state still has what an id is about: a target group's ARN, optionally with "|" and the key
// of one of its targets.
func (p *dataPlane) targetExists(id string) bool {
	parts := strings.Split(id, "|")
	arn := strings.Split(parts[0], ":")
	if len(arn) < 5 {
		return false
	}
	r := p.cloud.state.Regions[arn[4]+"/"+arn[3]]
	if r == nil || r.ELB.TargetGroups[parts[0]] == nil {
		return false
	}
	return len(parts) == 1 || r.ELB.TargetGroups[parts[0]].Targets[parts[1]] != nil
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
	p.balancers = map[string]*balancer{}
	if p.loopback != nil {
		p.loopback.Close()
	}
	p.mu.Unlock()
	p.ending.Wait()
	p.clusters.RemoveFiles()
}
