package gcp

import (
	"maps"
	"net/netip"
	"slices"
	"strings"

	"cloud.google.com/go/compute/apiv1/computepb"
	"cloud.google.com/go/container/apiv1/containerpb"
	"google.golang.org/genproto/googleapis/rpc/code"
	rpcstatus "google.golang.org/genproto/googleapis/rpc/status"
)

// makeNode makes one instance.
func (c *call) makeNode(cluster *containerpb.Cluster, pool *containerpb.NodePool, zone, group, template string) *rpcstatus.Status {
	name := strings.TrimSuffix(group, "grp") + c.newHex(4)
	if kind := c.soldOut(zone, pool.Config); kind != "" {
		return gkeFailed(code.Code_RESOURCE_EXHAUSTED, "Google Compute Engine: Instance '%s' creation failed: The zone 'projects/%s/zones/%s' does not have enough "+
			"resources available to fulfill the request. '(resource type:compute; %s)'. Try a different zone, or try again later.", name, c.Project, zone, kind)
	}
	subnet := subnetworks.in(c, c.gkeRegion())[cluster.Subnetwork]
	if subnet == nil {
		return gkeFailed(code.Code_NOT_FOUND, "Google Compute Engine: The resource '%s' was not found", target{c.Project, c.gkeRegion(), "subnetworks", cluster.Subnetwork}.path())
	}
	address, err := c.in(c.Project, c.gkeRegion()).freeAddress(subnet.Body)
	if err != nil {
		return gkeFailed(code.Code_RESOURCE_EXHAUSTED, "Google Compute Engine: Instance '%s' creation failed: %s", name, asError(err).Message)
	}
	pods, ok := c.freePodRange(cluster, pool)
	if !ok {
		return gkeFailed(code.Code_RESOURCE_EXHAUSTED, "Google Compute Engine: Instance '%s' creation failed: IP space of '%s-%s' is exhausted.",
			name, target{c.Project, c.gkeRegion(), "subnetworks", cluster.Subnetwork}.path(), pool.NetworkConfig.PodRange)
	}
	nic := &computepb.NetworkInterface{
		Name: new("nic0"), Network: new(networks.link(c, global, cluster.Network)), NetworkIP: new(address),
		Subnetwork:    new(target{c.Project, c.gkeRegion(), "subnetworks", cluster.Subnetwork}.link()),
		AliasIpRanges: []*computepb.AliasIpRange{{IpCidrRange: new(pods.String()), SubnetworkRangeName: new(pool.NetworkConfig.PodRange)}},
	}
	if !pool.NetworkConfig.GetEnablePrivateNodes() {
		nic.AccessConfigs = []*computepb.AccessConfig{{Name: new("external-nat"), Type: new("ONE_TO_ONE_NAT"), NatIP: new(c.publicAddress())}}
	}
	node := &computepb.Instance{
		Id: new(c.newID()), Name: new(name), CreationTimestamp: new(c.timestamp()), Status: new("RUNNING"), CanIpForward: new(true),
		MachineType:       new(computeURL + "projects/" + c.Project + "/zones/" + zone + "/machineTypes/" + pool.Config.MachineType),
		NetworkInterfaces: []*computepb.NetworkInterface{nic}, Tags: &computepb.Tags{Items: c.nodeTags(cluster, pool)},
		Labels: map[string]string{"goog-k8s-cluster-name": cluster.Name, "goog-k8s-cluster-location": c.Location, "goog-k8s-node-pool-name": pool.Name, "goog-gke-node": ""},
		Metadata: &computepb.Metadata{Items: []*computepb.Items{
			{Key: new(createdBy), Value: new("projects/" + c.cloud.projects()[c.Project] + "/zones/" + zone + "/instanceGroupManagers/" + group)},
			{Key: new(nodeTemplate), Value: new(template)},
		}},
		Scheduling: &computepb.Scheduling{ProvisioningModel: new("STANDARD"), AutomaticRestart: new(!pool.Config.Spot)},
	}
	if pool.Config.Spot {
		node.Scheduling.ProvisioningModel = new("SPOT")
	}
	maps.Copy(node.Labels, cluster.ResourceLabels)
	maps.Copy(node.Labels, pool.Config.ResourceLabels)
	for _, a := range pool.Config.Accelerators {
		node.GuestAccelerators = append(node.GuestAccelerators, &computepb.AcceleratorConfig{
			AcceleratorCount: new(int32(a.AcceleratorCount)), AcceleratorType: new(computeURL + "projects/" + c.Project + "/zones/" + zone + "/acceleratorTypes/" + a.AcceleratorType),
		})
	}
	c.region(zone).Compute.Instances[name] = &Held[*computepb.Instance]{Body: node}
	return nil
}

// nodeTags are a pool's network tags and the one that the cluster's own firewall rules go by.
func (c *call) nodeTags(cluster *containerpb.Cluster, pool *containerpb.NodePool) []string {
	return append([]string{c.clusterTag(cluster)}, pool.Config.Tags...)
}

func (c *call) clusterTag(cluster *containerpb.Cluster) string {
	return "gke-" + cut(cluster.Name, 30) + "-" + gkeHash(cluster.Id) + "-node"
}

// soldOut names the type that a zone has none left of, or nothing.
func (c *call) soldOut(zone string, config *containerpb.NodeConfig) string {
	kinds := []string{config.MachineType}
	for _, a := range config.Accelerators {
		kinds = append(kinds, a.AcceleratorType)
	}
	for _, kind := range kinds {
		if c.cloud.config.StockOuts[zone+"/"+kind] {
			return kind
		}
	}
	return ""
}

// podRanges are the ranges that the nodes on a subnetwork have taken for their pods.
func (c *call) podRanges(subnet string) []netip.Prefix {
	link := target{c.Project, c.gkeRegion(), "subnetworks", subnet}.link()
	var out []netip.Prefix
	for _, zone := range zonesOf(c.gkeRegion()) {
		for _, i := range c.region(zone).Compute.Instances {
			for _, nic := range i.Body.GetNetworkInterfaces() {
				for _, alias := range nic.AliasIpRanges {
					if p, err := netip.ParsePrefix(alias.GetIpCidrRange()); err == nil && nic.GetSubnetwork() == link {
						out = append(out, p)
					}
				}
			}
		}
	}
	return out
}

// freePodRange is a range for the pods of another node.
func (c *call) freePodRange(cluster *containerpb.Cluster, pool *containerpb.NodePool) (netip.Prefix, bool) {
	block, err := netip.ParsePrefix(pool.NetworkConfig.PodIpv4CidrBlock)
	bits := podBits(pool.MaxPodsConstraint.GetMaxPodsPerNode())
	if err != nil || bits < block.Bits() {
		return netip.Prefix{}, false
	}
	taken := c.podRanges(cluster.Subnetwork)
	at := netip.PrefixFrom(block.Addr(), bits)
	for block.Contains(at.Addr()) {
		if !slices.ContainsFunc(taken, at.Overlaps) {
			return at, true
		}
		at = netip.PrefixFrom(nextBlock(at), bits)
	}
	return netip.Prefix{}, false
}

// nextBlock is the address after the last of an IPv4 range.
func nextBlock(p netip.Prefix) netip.Addr {
	raw := p.Addr().As4()
	n := uint32(raw[0])<<24 | uint32(raw[1])<<16 | uint32(raw[2])<<8 | uint32(raw[3])
	n += 1 << (32 - p.Bits())
	return netip.AddrFrom4([4]byte{byte(n >> 24), byte(n >> 16), byte(n >> 8), byte(n)})
}
