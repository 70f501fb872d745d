package gcp

import (
	"net/netip"
	"strings"

	"cloud.google.com/go/container/apiv1/containerpb"

	"github.com/modelserving/terraform-provider-serving/internal/sandbox/control"
)

// ruleDestination is an address of forwarding rules of the call's region as something to connect to.
func (c *call) ruleDestination(name string) (destination, bool) {
	address, err := netip.ParseAddr(name)
	if err != nil {
		return destination{}, false
	}
	d := destination{at: c, name: "load balancer " + name, address: address, peers: true}
	all := forwardingRules.in(c, c.Location)
	for _, rule := range control.SortedKeys(all) {
		f := all[rule].Body
		if f.GetIPAddress() != name || all[rule].Verb == "insert" {
			continue
		}
		d.rules = append(d.rules, rule)
		if f.GetLoadBalancingScheme() == "INTERNAL_MANAGED" {
			d.network, d.anyRegion = f.GetNetwork(), f.GetAllowGlobalAccess()
		}
	}
	return d, len(d.rules) > 0
}

// clusterDestination is an endpoint of a cluster as something to connect to.
func (c *call) clusterDestination(held *Held[*containerpb.Cluster], name string) (destination, bool) {
	k := held.Body
	dns, ip := k.ControlPlaneEndpointsConfig.GetDnsEndpointConfig(), k.ControlPlaneEndpointsConfig.GetIpEndpointsConfig()
	d := destination{at: c, cluster: c.clusterRef(k)}
	d.address, _ = netip.ParseAddr(name)
	if k.Status == containerpb.Cluster_STOPPING {
		d.closed = "the cluster is being deleted"
	}
	list := ip.GetAuthorizedNetworksConfig()
	var callers []netip.Prefix
	if list.GetEnabled() {
		callers = []netip.Prefix{}
		for _, block := range list.CidrBlocks {
			if p, err := netip.ParsePrefix(block.CidrBlock); err == nil {
				callers = append(callers, p)
			}
		}
	}
	switch {
	case name == "" || dns.GetEndpoint() == "":
		return d, false
	case name == strings.ToLower(dns.GetEndpoint()):
		d.name, d.google, d.address = "DNS endpoint of cluster "+k.Name, true, somewhere
		if !dns.GetAllowExternalTraffic() {
			d.network, d.anyRegion = networks.link(c, global, k.Network), true
		}
		return d, true
	case !ip.GetEnabled():
		return d, false
	case name == ip.GetPublicEndpoint():
		d.name, d.callers = "public endpoint of cluster "+k.Name, callers
		return d, true
	case name == ip.GetPrivateEndpoint():
		d.name, d.network, d.anyRegion = "private endpoint of cluster "+k.Name, networks.link(c, global, k.Network), ip.GetGlobalAccess()
		if list.GetPrivateEndpointEnforcementEnabled() {
			d.callers = callers
		}
		return d, true
	}
	return d, false
}

// clusterRef names a cluster for good: a cluster that is made anew under the same name is another one.
type clusterRef struct{ project, location, name, id string }

func (c *call) clusterRef(k *containerpb.Cluster) *clusterRef {
	return &clusterRef{project: c.Project, location: c.Location, name: k.Name, id: k.Id}
}

// findCluster is the cluster behind a reference, or nil. The cloud's lock is held.
func (c *Cloud) findCluster(ref clusterRef) *containerpb.Cluster {
	r := c.state.Regions[ref.project+"/"+ref.location]
	if r == nil {
		return nil
	}
	if held := r.Container.Clusters[ref.name]; held != nil && held.Body.Id == ref.id {
		return held.Body
	}
	return nil
}
