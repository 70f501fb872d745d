package gcp

import (
	"errors"
	"fmt"
	"net/netip"
	"strconv"

	"cloud.google.com/go/compute/apiv1/computepb"
	"cloud.google.com/go/container/apiv1/containerpb"
	"google.golang.org/protobuf/proto"

	"github.com/modelserving/terraform-provider-serving/internal/sandbox/control"
)

// serviceView is a backend service as a load balancer works with it: a copy out of the state.
type serviceView struct {
	// id is "project/region|name", which probes and turns are kept under.
	id      string
	body    *computepb.BackendService
	check   *computepb.HealthCheck
	targets []backendTarget
}

// backendTarget is an instance of a group at a port.
type backendTarget struct {
	key     string
	name    string
	address netip.Addr
	port    int
	// checkPort is where health checks go.
	checkPort int
	// cluster is set if the instance is a node of one.
	cluster *clusterRef
	// blocked says why packets of the proxies do not get to the port, checkBlocked the same for health checks.
	blocked, checkBlocked error
}

// probers are where the health checks of load balancers come from.
var probers = []netip.Prefix{netip.MustParsePrefix("35.191.0.0/16"), netip.MustParsePrefix("130.211.0.0/22")}

// serviceView copies a backend service of the call's region, as the proxies of a network see it; the rule is whose they are, and nil
// is any that uses the service. It is nil if the service is gone.
func (c *call) serviceView(link string, rule *computepb.ForwardingRule) *serviceView {
	t, _ := c.parseTarget(link)
	held := backendServices.in(c, c.Location)[t.name]
	if held == nil {
		return nil
	}
	v := &serviceView{id: c.Project + "/" + c.Location + "|" + t.name, body: proto.CloneOf(held.Body)}
	if len(held.Body.HealthChecks) > 0 {
		check, _ := c.parseTarget(held.Body.HealthChecks[0])
		if h := healthChecks.in(c, c.Location)[check.name]; h != nil {
			v.check = proto.CloneOf(h.Body)
		}
	}
	var proxies *Held[*computepb.Subnetwork]
	if rule != nil {
		proxies = c.activeProxySubnet(c.Location, rule.GetNetwork())
	}
	for _, backend := range held.Body.Backends {
		group, _ := c.parseTarget(backend.GetGroup())
		g := instanceGroups.in(c, group.location)[group.name]
		if g == nil {
			continue
		}
		for _, port := range portsNamed(g.Body, held.Body.GetPortName()) {
			for _, node := range c.groupInstances(group.location, group.name) {
				if one, ok := c.backendTarget(v, node.Body, group, int(port)); ok {
					one.blocked = c.fromProxies(proxies, g.Body.GetNetwork(), node.Body, one.port)
					v.targets = append(v.targets, one)
				}
			}
		}
	}
	return v
}

func (c *call) backendTarget(v *serviceView, i *computepb.Instance, group target, port int) (backendTarget, bool) {
	if len(i.NetworkInterfaces) == 0 {
		return backendTarget{}, false
	}
	address, err := netip.ParseAddr(i.NetworkInterfaces[0].GetNetworkIP())
	if err != nil {
		return backendTarget{}, false
	}
	one := backendTarget{
		key: v.id + "|" + group.location + "/" + i.GetName() + "|" + strconv.Itoa(port), name: i.GetName(), address: address, port: port, checkPort: port,
		cluster: c.clusterOfGroup(group),
	}
	if http := v.check.GetHttpHealthCheck(); http != nil && http.GetPortSpecification() != "USE_SERVING_PORT" && http.Port != nil {
		one.checkPort = int(http.GetPort())
	}
	for _, from := range probers {
		if err := c.admits(i.NetworkInterfaces[0].GetNetwork(), from, i, one.checkPort); err != nil {
			one.checkBlocked = err
		}
	}
	return one, true
}

// fromProxies judges the way from the proxies of a load balancer to a port of an instance.
func (c *call) fromProxies(proxies *Held[*computepb.Subnetwork], network string, i *computepb.Instance, port int) error {
	if proxies == nil {
		return control.Lost("proxies", "there is no active proxy-only subnetwork")
	}
	if proxies.Body.GetNetwork() != network {
		return control.Lost("proxies", "node %s is in another network", i.GetName())
	}
	p, err := netip.ParsePrefix(proxies.Body.GetIpCidrRange())
	if err != nil {
		return control.Lost("proxies", "the range of the proxy-only subnetwork is broken")
	}
	return c.admits(network, p, i, port)
}

// clusterOfGroup is the cluster whose pool has an instance group, or nil.
func (c *call) clusterOfGroup(group target) *clusterRef {
	var found *clusterRef
	c.eachCluster(func(at *call, held *Held[*containerpb.Cluster]) {
		for _, pool := range at.pools(held.Body.Name) {
			if at.poolGroup(held.Body.Name, pool.Body.Name, group.location) == group.name {
				found = at.clusterRef(held.Body)
			}
		}
	})
	return found
}

// choose picks the next healthy target.
func (p *dataPlane) choose(v *serviceView, healthy []backendTarget) (*backendTarget, error) {
	if len(v.targets) == 0 {
		return nil, errors.New("the backend service has no instances: its groups are empty or lack the named port " + v.body.GetPortName())
	}
	if len(healthy) == 0 {
		return nil, fmt.Errorf("none of %d instances is healthy: %s", len(v.targets), p.why(v))
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.turns[v.id]++
	return &healthy[p.turns[v.id]%uint64(len(healthy))], nil
}

// why is what is wrong with the first instance.
func (p *dataPlane) why(v *serviceView) string {
	t := v.targets[0]
	if t.checkBlocked != nil {
		return t.checkBlocked.Error()
	}
	if last, _ := p.probe(t.key).Last(); last != "" {
		return last
	}
	return "nothing runs there"
}
