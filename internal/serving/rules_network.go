package serving

import (
	"net/netip"
	"regexp"
)

var (
	ruleNetworkMissing  = mustNot("network_missing", "Network is missing")
	ruleNetworkBoth     = mustNot("network_both", "Network is both new and existing")
	ruleSubnetsMissing  = mustNot("subnets_missing", "Subnets are missing")
	ruleSubnetsStray    = mustNot("subnets_without_vpc", "Subnets without their VPC")
	rulePublicSubnets   = mustNot("public_subnets_missing", "Public subnets are missing")
	ruleSubnetCount     = mustNot("subnet_count", "Too few subnets")
	ruleSubnetRepeated  = mustNot("subnet_repeated", "Subnet is listed twice")
	ruleSubnetBoth      = mustNot("subnet_public_and_private", "Subnet is both public and private")
	ruleSubnetID        = mustNot("subnet_id", "Invalid subnet id")
	ruleVPCID           = mustNot("vpc_id", "Invalid VPC id")
	ruleNetworkSize     = mustNot("network_size", "Network has the wrong size")
	ruleNetworkReserved = mustNot("network_reserved", "Network range cannot be used")
	ruleNetworkPublic   = shouldNot("network_public_range", "Network range belongs to the Internet")
	ruleServiceSize     = mustNot("service_range_size", "Service range has the wrong size")
	ruleServicePrivate  = mustNot("service_range_private", "Service range is not private")
	ruleServiceOverlap  = mustNot("service_range_overlap", "Service range overlaps the network")
	rulePodRange        = mustNot("pod_range_aws", "Pods have no range of their own on AWS")
	ruleNAT             = mustNot("nat_value", "Invalid NAT mode")
	ruleZoneCount       = mustNot("zone_count", "Wrong number of zones")
	ruleZoneRepeated    = mustNot("zone_repeated", "Zone is listed twice")
	ruleZoneRegion      = mustNot("zone_region", "Zone is not in the region")
	ruleZoneLetter      = mustNot("zone_letter", "Zone does not fit the subnet layout")
)

// EC2's ids: 8 hex digits on old accounts, 17 since 2018 (EC2 User Guide,
// "Resource IDs").
var (
	vpcIDSyntax    = regexp.MustCompile(`^vpc-([0-9a-f]{8}|[0-9a-f]{17})$`)
	subnetIDSyntax = regexp.MustCompile(`^subnet-([0-9a-f]{8}|[0-9a-f]{17})$`)
)

// unusableRanges cannot be addresses of a network: "this" network, loopback,
// link-local, multicast and class E (RFC 6890; VPC User Guide, "VPC CIDR
// blocks").
var unusableRanges = prefixes("0.0.0.0/8", "127.0.0.0/8", "169.254.0.0/16", "224.0.0.0/4", "240.0.0.0/4")

func (f *findings) network(c Cluster) {
	f.networkChoice(c)
	f.ownNetwork(c)
	f.existingNetwork(c)
	f.serviceRange(c)
	f.zones(c)
	if n := c.Network; f.known("network.nat") && n.NAT != "" && n.NAT != NATPerZone && n.NAT != NATSingle && n.NAT != NATNone {
		f.add(ruleNAT.at("network.nat", "The NAT mode is %q. It is \"per_zone\" (a gateway in each zone), \"single\" (one for all, cheaper) "+
			"or \"none\" (nodes reach nothing but what you bring). Write one of them.", string(n.NAT)))
	}
	if f.onAWS(c.Cloud) && f.known("network.pod_cidr") && c.Network.PodCIDR != "" {
		f.add(rulePodRange.at("network.pod_cidr", "%s is given for pods. On EKS a pod has an address of its node's subnet, so the VPC's own size is what counts. "+
			"Remove pod_cidr.", c.Network.PodCIDR))
	}
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
	if n.VPC != "" && len(n.Subnets) == 0 && f.known("network.subnets") {
		f.add(ruleSubnetsMissing.at("network.subnets", "The VPC %s is given without subnets. Nodes and the Kubernetes API need private subnets "+
			"in two zones or more. List their ids.", n.VPC))
	}
	if n.VPC != "" && c.Visibility == Public && len(n.PublicSubnets) == 0 && f.known("visibility", "network.public_subnets") {
		f.add(rulePublicSubnets.at("network.public_subnets", "The cluster is public and uses the VPC %s. A public load balancer needs subnets with a route "+
			"to an Internet gateway, in two zones or more. List their ids, or make the cluster private.", n.VPC))
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
	if f.onAWS(c.Cloud) && (r.Bits() < ownVPCMinBits || r.Bits() > ownVPCMaxBits) {
		f.add(ruleNetworkSize.at(path, "%s is a /%d. A cluster's own VPC is /%d (AWS makes no larger one) to /%d (each zone needs a private subnet "+
			"and a public one of a /27 or more). Choose such a range, or bring a VPC of your own with vpc and subnets.",
			r, r.Bits(), ownVPCMinBits, ownVPCMaxBits))
	}
}

// existingNetwork holds the rules on the ids of an existing VPC.
func (f *findings) existingNetwork(c Cluster) {
	n := c.Network
	if !f.onAWS(c.Cloud) {
		return
	}
	if n.VPC != "" && f.known("network.vpc") && !vpcIDSyntax.MatchString(n.VPC) {
		f.add(ruleVPCID.at("network.vpc", "%q is not the id of a VPC, as in \"vpc-0123456789abcdef0\". Copy it from \"aws ec2 describe-vpcs\".", n.VPC))
	}
	f.subnets("network.subnets", n.Subnets, "EKS places its network interfaces in two zones or more")
	f.subnets("network.public_subnets", n.PublicSubnets, "a load balancer stands in two zones or more")
	for i, id := range n.PublicSubnets {
		for _, private := range n.Subnets {
			if id != "" && id == private && f.known("network.subnets", item("network.public_subnets", i)) {
				f.add(ruleSubnetBoth.at(item("network.public_subnets", i), "%s is in subnets too. Nodes are always private: their subnets have no route "+
					"to an Internet gateway, and a public load balancer's have one. Use different subnets.", id))
			}
		}
	}
}

// subnets judges a list of subnet ids. Two is the least, as each is in one zone
// and both EKS ("You must specify at least two subnets that are in different
// Availability Zones", eks UpdateClusterConfig) and Application Load Balancers
// (elasticloadbalancingv2 CreateLoadBalancerInput.Subnets) need two.
func (f *findings) subnets(list string, ids []string, why string) {
	for i, id := range ids {
		if path := item(list, i); f.known(path) && !subnetIDSyntax.MatchString(id) {
			f.add(ruleSubnetID.at(path, "%q is not the id of a subnet, as in \"subnet-0123456789abcdef0\". Copy it from \"aws ec2 describe-subnets\".", id))
		}
	}
	f.repeated(list, ids, func(path, value string, first int) {
		f.add(ruleSubnetRepeated.at(path, "%s is already at index %d. Remove one of the two.", value, first))
	})
	if len(ids) == 1 && f.known(list) {
		f.add(ruleSubnetCount.at(list, "One subnet is listed, and %s. Add a subnet in another zone.", why))
	}
}

// The service range is "Between /24 and /12" and "Within one of the following
// private IP address blocks" and "Doesn't overlap with any CIDR block assigned
// to the VPC" (eks KubernetesNetworkConfigRequest.ServiceIpv4Cidr).
const (
	serviceMinBits = 12
	serviceMaxBits = 24
)

var serviceRanges = prefixes("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16")

func (f *findings) serviceRange(c Cluster) {
	const path = "network.service_cidr"
	if c.Network.ServiceCIDR == "" || !f.known(path) {
		return
	}
	r, ok := f.readRange(path, c.Network.ServiceCIDR)
	if !ok {
		return
	}
	if f.onAWS(c.Cloud) {
		switch {
		case r.Bits() < serviceMinBits || r.Bits() > serviceMaxBits:
			f.add(ruleServiceSize.at(path, "%s is a /%d. EKS takes a /%d to a /%d for services. Choose one, as \"10.100.0.0/16\".",
				r, r.Bits(), serviceMinBits, serviceMaxBits))
		case !inside(r, serviceRanges):
			f.add(ruleServicePrivate.at(path, "%s is not inside 10.0.0.0/8, 172.16.0.0/12 or 192.168.0.0/16, which are all that EKS takes for services. "+
				"Choose one there, as \"10.100.0.0/16\".", r))
		}
	}
	own, err := netip.ParsePrefix(c.Network.CIDR)
	if err != nil || !f.known("network.cidr") {
		return
	}
	for _, conflict := range Overlaps([]NamedRange{{Name: path, Prefix: r}, {Name: "network.cidr", Prefix: own}}) {
		f.add(ruleServiceOverlap.at(path, "%s. Services and machines need different addresses. Choose a service range outside the VPC's, "+
			"or leave it out: EKS then takes 10.100.0.0/16 or 172.20.0.0/16.", conflict))
	}
}

// zones judges the availability zones. EKS and Application Load Balancers need
// two; the layout of an own VPC has room for the letters a to f.
func (f *findings) zones(c Cluster) {
	const list = "network.zones"
	zones := c.Network.Zones
	if len(zones) > 0 && f.known(list) && (len(zones) < 2 || len(zones) > maxZones) {
		f.add(ruleZoneCount.at(list, "The number of zones is %d. It is 2 to %d: the control plane and the load balancer need two. "+
			"List that many, or none to let the provider choose two.", len(zones), maxZones))
	}
	if f.onAWS(c.Cloud) {
		for i, zone := range zones {
			if f.known(item(list, i), "region") && awsRegionSyntax.MatchString(c.Region) {
				f.zone(item(list, i), zone, c.Region)
			}
		}
	}
	f.repeated(list, zones, func(path, value string, first int) {
		f.add(ruleZoneRepeated.at(path, "%s is already at index %d. Remove it, or name another zone.", value, first))
	})
}

func (f *findings) zone(path, zone, region string) {
	switch _, ok := zoneIndex(zone); {
	case !awsZoneSyntax.MatchString(zone) || zone[:len(zone)-1] != region:
		f.add(ruleZoneRegion.at(path, "%q is not an availability zone of %s, as \"%sa\" would be. Local and wavelength zones have no EKS control plane. "+
			"See \"aws ec2 describe-availability-zones --region %s\".", zone, region, region, region))
	case !ok:
		f.add(ruleZoneLetter.at(path, "%q ends in another letter than %c to %c, for which the VPC's layout has subnets. Choose another zone.",
			zone, firstZoneLetter, lastZoneLetter))
	}
}
