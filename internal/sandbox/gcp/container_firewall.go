package gcp

import (
	"regexp"

	"cloud.google.com/go/compute/apiv1/computepb"
	"cloud.google.com/go/container/apiv1/containerpb"
)

// gkeFirewalls are the rules that Kubernetes Engine makes for a cluster, by the ends of their names ("Automatically created firewall
// rules" in its guide).
func (c *call) gkeFirewalls(k *containerpb.Cluster) map[string]*computepb.Firewall {
	all := []*computepb.Allowed{{IPProtocol: new("tcp")}, {IPProtocol: new("udp")}, {IPProtocol: new("icmp")}, {IPProtocol: new("esp")}, {IPProtocol: new("ah")}, {IPProtocol: new("sctp")}}
	out := map[string]*computepb.Firewall{
		"all": {SourceRanges: []string{k.ClusterIpv4Cidr}, Allowed: all, Priority: new(int32(1000))},
		"inkubelet": {
			SourceRanges: []string{k.ClusterIpv4Cidr}, SourceTags: []string{c.clusterTag(k)}, Priority: new(int32(999)),
			Allowed: []*computepb.Allowed{{IPProtocol: new("tcp"), Ports: []string{"10255"}}},
		},
		"exkubelet": {
			SourceRanges: []string{"0.0.0.0/0"}, Priority: new(int32(1000)),
			Denied: []*computepb.Denied{{IPProtocol: new("tcp"), Ports: []string{"10255"}}},
		},
	}
	if subnet := subnetworks.in(c, c.gkeRegion())[k.Subnetwork]; subnet != nil {
		out["vms"] = &computepb.Firewall{
			SourceRanges: []string{subnet.Body.GetIpCidrRange()}, Priority: new(int32(1000)),
			Allowed: []*computepb.Allowed{{IPProtocol: new("icmp")}, {IPProtocol: new("tcp"), Ports: []string{"1-65535"}}, {IPProtocol: new("udp"), Ports: []string{"1-65535"}}},
		}
	}
	return out
}

// clusterMade are the names of what Kubernetes Engine makes for a cluster and takes away with it.
var clusterMade = regexp.MustCompile(`^gke-.+-[0-9a-f]{8}-(?:all|vms|inkubelet|exkubelet|pe)$`)

func madeByCluster(name string) bool { return clusterMade.MatchString(name) }

func (c *call) gkeFirewallName(k *containerpb.Cluster, end string) string {
	return "gke-" + cut(k.Name, 30) + "-" + gkeHash(k.Id) + "-" + end
}

func (c *call) makeClusterFirewalls(k *containerpb.Cluster) {
	for end, rule := range c.gkeFirewalls(k) {
		name := c.gkeFirewallName(k, end)
		rule.Id, rule.Name, rule.CreationTimestamp = new(c.newID()), new(name), new(c.timestamp())
		rule.Network, rule.Direction, rule.TargetTags = new(networks.link(c, global, k.Network)), new("INGRESS"), []string{c.clusterTag(k)}
		rule.Disabled, rule.LogConfig = new(false), &computepb.FirewallLogConfig{Enable: new(false)}
		c.region(global).Compute.Firewalls[name] = &Held[*computepb.Firewall]{Body: rule}
	}
}

func (c *call) removeClusterFirewalls(k *containerpb.Cluster) {
	for end := range c.gkeFirewalls(k) {
		delete(c.region(global).Compute.Firewalls, c.gkeFirewallName(k, end))
	}
}
