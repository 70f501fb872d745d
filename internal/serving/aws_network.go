package serving

import (
	"net/netip"
	"strings"
)

var (
	rulePublicSubnets  = mustNot("public_subnets_missing", "Public subnets are missing")
	ruleSubnetCount    = mustNot("subnet_count", "Too few subnets")
	ruleSubnetRepeated = mustNot("subnet_repeated", "Subnet is listed twice")
	ruleSubnetBoth     = mustNot("subnet_public_and_private", "Subnet is both public and private")
	ruleSubnetID       = mustNot("subnet_id", "Invalid subnet id")
	ruleVPCID          = mustNot("vpc_id", "Invalid VPC id")
	ruleServicePrivate = mustNot("service_range_private", "Service range is not private")
	rulePodRange       = mustNot("pod_range_aws", "Pods have no range of their own on AWS")
	ruleZoneLetter     = mustNot("zone_letter", "Zone does not fit the subnet layout")
)

// ec2ID reports whether a text is an id of EC2: 8 hex digits on old accounts, 17
// since 2018 (EC2 User Guide, "Resource IDs").
func ec2ID(prefix, id string) bool {
	digits, ok := strings.CutPrefix(id, prefix)
	return ok && (len(digits) == 8 || len(digits) == 17) && strings.Trim(digits, "0123456789abcdef") == ""
}

// ownRange holds the bounds of the layout of subnets.
func (awsRules) ownRange(f *findings, path string, r netip.Prefix) {
	if r.Bits() < ownVPCMinBits || r.Bits() > ownVPCMaxBits {
		f.add(ruleNetworkSize.at(path, "%s is a /%d. A cluster's own VPC is /%d (AWS makes no larger one) to /%d (each zone needs a private subnet "+
			"and a public one of a /27 or more). Choose such a range, or bring a VPC of your own with vpc and subnets.",
			r, r.Bits(), ownVPCMinBits, ownVPCMaxBits))
	}
}

// existingNetwork holds the rules on the ids of an existing VPC.
func (awsRules) existingNetwork(f *findings, c Cluster) {
	n := c.Network
	f.awsSubnetsGiven(c)
	if n.VPC != "" && f.known("network.vpc") && !ec2ID("vpc-", n.VPC) {
		f.add(ruleVPCID.at("network.vpc", "%q is not the id of a VPC, as in \"vpc-0123456789abcdef0\". Copy it from \"aws ec2 describe-vpcs\".", n.VPC))
	}
	f.awsSubnets("network.subnets", n.Subnets, "EKS places its network interfaces in two zones or more")
	f.awsSubnets("network.public_subnets", n.PublicSubnets, "a load balancer stands in two zones or more")
	for i, id := range n.PublicSubnets {
		for _, private := range n.Subnets {
			if id != "" && id == private && f.known("network.subnets", item("network.public_subnets", i)) {
				f.add(ruleSubnetBoth.at(item("network.public_subnets", i), "%s is in subnets too. Nodes are always private: their subnets have no route "+
					"to an Internet gateway, and a public load balancer's have one. Use different subnets.", id))
			}
		}
	}
}

// awsSubnets judges a list of subnet ids. Two is the least, as each is in one zone
// and both EKS ("You must specify at least two subnets that are in different
// Availability Zones", eks UpdateClusterConfig) and Application Load Balancers
// (elasticloadbalancingv2 CreateLoadBalancerInput.Subnets) need two.
func (f *findings) awsSubnets(list string, ids []string, why string) {
	for i, id := range ids {
		if path := item(list, i); f.known(path) && !ec2ID("subnet-", id) {
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

// awsSubnetsGiven demands the subnets that a VPC needs. Only unknown lists, not
// unknown elements, leave open whether there are any.
func (f *findings) awsSubnetsGiven(c Cluster) {
	n := c.Network
	if !f.known("network.vpc") {
		return
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

// The service range is "Between /24 and /12" and "Within one of the following
// private IP address blocks" and "Doesn't overlap with any CIDR block assigned
// to the VPC" (eks KubernetesNetworkConfigRequest.ServiceIpv4Cidr).
const (
	serviceMinBits = 12
	serviceMaxBits = 24
)

var serviceRanges = prefixes("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16")

func (awsRules) serviceRange(f *findings, path string, r netip.Prefix) {
	switch {
	case r.Bits() < serviceMinBits || r.Bits() > serviceMaxBits:
		f.add(ruleServiceSize.at(path, "%s is a /%d. EKS takes a /%d to a /%d for services. Choose one, as \"10.100.0.0/16\".",
			r, r.Bits(), serviceMinBits, serviceMaxBits))
	case !inside(r, serviceRanges):
		f.add(ruleServicePrivate.at(path, "%s is not inside 10.0.0.0/8, 172.16.0.0/12 or 192.168.0.0/16, which are all that EKS takes for services. "+
			"Choose one there, as \"10.100.0.0/16\".", r))
	}
}

// services: EKS takes them from outside of the VPC.
func (awsRules) services(Network) netip.Prefix { return netip.Prefix{} }

func (awsRules) podRange(f *findings, c Cluster) {
	if f.known("network.pod_cidr") && c.Network.PodCIDR != "" {
		f.add(rulePodRange.at("network.pod_cidr", "%s is given for pods. On EKS a pod has an address of its node's subnet, so the VPC's own size is what counts. "+
			"Remove pod_cidr.", c.Network.PodCIDR))
	}
}

// zones judges the availability zones. EKS and Application Load Balancers need
// two; the layout of an own VPC has room for the letters a to f.
func (awsRules) zones(f *findings, c Cluster) {
	const list = "network.zones"
	zones := c.Network.Zones
	if len(zones) > 0 && f.known(list) && (len(zones) < 2 || len(zones) > maxZones) {
		f.add(ruleZoneCount.at(list, "The number of zones is %d. It is 2 to %d: the control plane and the load balancer need two. "+
			"List that many, or none to let the provider choose two.", len(zones), maxZones))
	}
	for i, zone := range zones {
		if f.known(item(list, i), "region") && awsRegionSyntax.MatchString(c.Region) {
			f.awsZone(item(list, i), zone, c.Region)
		}
	}
}

func (f *findings) awsZone(path, zone, region string) {
	switch _, ok := zoneIndex(zone); {
	case !awsZoneSyntax.MatchString(zone) || zone[:len(zone)-1] != region:
		f.add(ruleZoneRegion.at(path, "%q is not an availability zone of %s, as \"%sa\" would be. Local and wavelength zones have no EKS control plane. "+
			"See \"aws ec2 describe-availability-zones --region %s\".", zone, region, region, region))
	case !ok:
		f.add(ruleZoneLetter.at(path, "%q ends in another letter than %c to %c, for which the VPC's layout has subnets. Choose another zone.",
			zone, firstZoneLetter, lastZoneLetter))
	}
}
