package serving

import "net/netip"

var (
	ruleNetworkMissing  = mustNot("network_missing", "Network is missing")
	ruleNetworkBoth     = mustNot("network_both", "Network is both new and existing")
	ruleSubnetsMissing  = mustNot("subnets_missing", "Subnets are missing")
	ruleSubnetsStray    = mustNot("subnets_without_vpc", "Subnets without their VPC")
	ruleNetworkSize     = mustNot("network_size", "Network has the wrong size")
	ruleNetworkReserved = mustNot("network_reserved", "Network range cannot be used")
	ruleNetworkPublic   = shouldNot("network_public_range", "Network range belongs to the Internet")
	ruleServiceSize     = mustNot("service_range_size", "Service range has the wrong size")
	ruleServiceOverlap  = mustNot("service_range_overlap", "Service range overlaps the network")
	ruleNAT             = mustNot("nat_value", "Invalid NAT mode")
	ruleZoneCount       = mustNot("zone_count", "Wrong number of zones")
	ruleZoneRepeated    = mustNot("zone_repeated", "Zone is listed twice")
	ruleZoneRegion      = mustNot("zone_region", "Zone is not in the region")
)

// unusableRanges cannot be addresses of a network: "this" network, loopback,
// link-local, multicast and class E (RFC 6890; VPC User Guide, "VPC CIDR
// blocks").
var unusableRanges = prefixes("0.0.0.0/8", "127.0.0.0/8", "169.254.0.0/16", "224.0.0.0/4", "240.0.0.0/4")

func (f *findings) network(c Cluster) {
	f.networkChoice(c)
	f.ownNetwork(c)
	f.of(c.Cloud).existingNetwork(f, c)
	f.serviceRange(c)
	f.zones(c)
	if n := c.Network; f.known("network.nat") && n.NAT != "" && n.NAT != NATPerZone && n.NAT != NATSingle && n.NAT != NATNone {
		f.add(ruleNAT.at("network.nat", "The NAT mode is %q. It is \"per_zone\" (outgoing traffic does not depend on another zone), \"single\" (one gateway for all, cheaper) "+
			"or \"none\" (nodes reach nothing but what you bring). Write one of them.", string(n.NAT)))
	}
	f.of(c.Cloud).podRange(f, c)
}

// networkChoice demands either a VPC of its own or an existing one.
func (f *findings) networkChoice(c Cluster) {
	n := c.Network
	if f.known("network.cidr", "network.vpc") {
		switch {
		case n.CIDR == "" && n.VPC == "":
			f.add(ruleNetworkMissing.at("network", "Neither cidr nor vpc is given. Write cidr = \"10.40.0.0/16\" for a VPC that the cluster makes, "+
				"or vpc and subnets for one that exists."))
		case n.CIDR != "" && n.VPC != "":
			f.add(ruleNetworkBoth.at("network.vpc", "cidr (%s) makes a new VPC and vpc (%s) uses an existing one. Keep one of the two; "+
				"an existing VPC has its range already.", n.CIDR, n.VPC))
		}
	}
	// Only unknown lists, not unknown elements, leave open whether there are any.
	if !f.known("network.vpc") {
		return
	}
	for _, list := range []struct {
		path string
		ids  []string
	}{{"network.subnets", n.Subnets}, {"network.public_subnets", n.PublicSubnets}} {
		if n.VPC == "" && n.CIDR != "" && len(list.ids) > 0 && f.known(list.path, "network.cidr") {
			f.add(ruleSubnetsStray.at(list.path, "Subnets are listed, and the cluster makes a VPC of its own from %s with subnets of its own. "+
				"Remove the list, or replace cidr by vpc.", n.CIDR))
		}
	}
}

// ownNetwork holds the rules on the range of a VPC to be made.
func (f *findings) ownNetwork(c Cluster) {
	const path = "network.cidr"
	if c.Network.CIDR == "" || !f.known(path) {
		return
	}
	r, ok := f.readRange(path, c.Network.CIDR)
	if !ok {
		return
	}
	switch {
	case inside(r, unusableRanges):
		f.add(ruleNetworkReserved.at(path, "%s is reserved and no machine can have an address in it. Choose a private range, as \"10.40.0.0/16\".", r))
	case !inside(r, privateRanges):
		f.add(ruleNetworkPublic.at(path, "%s is not a private range. The nodes could not reach whoever has these addresses on the Internet. "+
			"Choose one inside 10.0.0.0/8, 172.16.0.0/12, 192.168.0.0/16 or 100.64.0.0/10 unless the range is yours.", r))
	}
	f.of(c.Cloud).ownRange(f, path, r)
}

func (f *findings) serviceRange(c Cluster) {
	const path = "network.service_cidr"
	if c.Network.ServiceCIDR == "" || !f.known(path) {
		return
	}
	r, ok := f.readRange(path, c.Network.ServiceCIDR)
	if !ok {
		return
	}
	f.of(c.Cloud).serviceRange(f, path, r)
	own, err := netip.ParsePrefix(c.Network.CIDR)
	if err != nil || !f.known("network.cidr") || r == f.of(c.Cloud).services(c.Network) {
		return
	}
	for _, conflict := range Overlaps([]NamedRange{{Name: path, Prefix: r}, {Name: "network.cidr", Prefix: own}}) {
		f.add(ruleServiceOverlap.at(path, "%s. Services and machines need different addresses. Choose a service range outside the network's, "+
			"or leave it out for one that is.", conflict))
	}
}

func (f *findings) zones(c Cluster) {
	f.of(c.Cloud).zones(f, c)
	f.repeated("network.zones", c.Network.Zones, func(path, value string, first int) {
		f.add(ruleZoneRepeated.at(path, "%s is already at index %d. Remove it, or name another zone.", value, first))
	})
}
