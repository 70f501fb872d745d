package serving

import (
	"net/netip"
	"slices"
)

var (
	ruleNetworkName     = mustNot("network_name", "Invalid network name")
	ruleSubnetworkName  = mustNot("subnetwork_name", "Invalid subnetwork name")
	ruleSubnetworkCount = mustNot("subnetwork_count", "Too many subnetworks")
	rulePublicSubnetGCP = mustNot("public_subnets_gcp", "No public subnets on GCP")
	rulePodSize         = mustNot("pod_range_size", "Pod range has the wrong size")
	rulePodOverlap      = mustNot("pod_range_overlap", "Pod range overlaps another one")
	rulePodExhausted    = mustNot("pod_range_exhausted", "Pod range is too small for the node pools")
)

// ownRange holds the bounds of the layout of ranges.
func (gcpRules) ownRange(f *findings, path string, r netip.Prefix) {
	if r.Bits() < ownNetworkMinBits || r.Bits() > ownNetworkMaxBits {
		f.add(ruleNetworkSize.at(path, "%s is a /%d. A cluster's own network is /%d (an eighth of it is for services, and GKE takes no more) to /%d "+
			"(proxies, services and pods need parts of it). Choose such a range, or bring a network of your own with vpc and subnets.",
			r, r.Bits(), ownNetworkMinBits, ownNetworkMaxBits))
	}
}

// existingNetwork demands names: a link would have a project, and what is in
// another project, as a shared VPC, is not supported.
func (gcpRules) existingNetwork(f *findings, c Cluster) {
	const vpc, subnets, public = "network.vpc", "network.subnets", "network.public_subnets"
	n := c.Network
	if n.VPC != "" && f.known(vpc) && !gcpNameSyntax.MatchString(n.VPC) {
		f.add(ruleNetworkName.at(vpc, "%q is not the name of a network. %s See \"gcloud compute networks list\".", n.VPC, nameOfLink("vpc", n.VPC)))
	}
	if n.VPC != "" && len(n.Subnets) == 0 && f.known(vpc, subnets) {
		f.add(ruleSubnetsMissing.at(subnets, "The network %s is given without its subnetwork. Nodes, pods and services have their ranges in one subnetwork of the region. Write subnets = [\"<name>\"].", n.VPC))
	}
	if len(n.Subnets) > 1 && f.known(subnets) {
		f.add(ruleSubnetworkCount.at(subnets, "%d subnetworks are listed. A subnetwork spans all zones of its region, and a cluster uses one. Leave one in the list.", len(n.Subnets)))
	}
	for i, name := range n.Subnets {
		if at := item(subnets, i); f.known(at) && !gcpNameSyntax.MatchString(name) {
			f.add(ruleSubnetworkName.at(at, "%q is not the name of a subnetwork. %s See \"gcloud compute networks subnets list\".", name, nameOfLink("subnets", name)))
		}
	}
	if len(n.PublicSubnets) > 0 && n.CIDR == "" && f.known(public, "network.cidr") {
		f.add(rulePublicSubnetGCP.at(public, "On GCP a public load balancer stands in no subnetwork of yours. Remove public_subnets."))
	}
}

// nameOfLink says what to write.
func nameOfLink(argument, text string) string {
	if link := gcpLinkSyntax.FindStringSubmatch(text); link != nil {
		return "The name alone says it: the network must be one of the project " + link[1] + " as the cluster is. Write " + argument + " with \"" + link[2] + "\"."
	}
	return "A name has up to 63 lower-case letters, digits and hyphens, and starts with a letter."
}

// GKE takes a /27 to a /16 for services and a /9 at most for pods (GKE, "VPC-native
// clusters": range sizes).
const (
	gcpServiceMinBits = 16
	gcpServiceMaxBits = 27
	podMinBits        = 9
)

func (gcpRules) serviceRange(f *findings, path string, r netip.Prefix) {
	switch {
	case inside(r, unusableRanges):
		f.add(ruleNetworkReserved.at(path, "%s is reserved and no service can have an address in it. Choose a private range, as \"10.100.0.0/20\".", r))
	case r.Bits() < gcpServiceMinBits || r.Bits() > gcpServiceMaxBits:
		f.add(ruleServiceSize.at(path, "%s is a /%d. GKE takes a /%d to a /%d for services. Choose one, as \"10.100.0.0/20\".",
			r, r.Bits(), gcpServiceMinBits, gcpServiceMaxBits))
	}
}

func (gcpRules) services(n Network) netip.Prefix {
	n.ServiceCIDR = ""
	r, _ := n.Ranges() // Where there is no layout, there is no range.
	return r.Services
}

func (gcpRules) podRange(f *findings, c Cluster) {
	const path = "network.pod_cidr"
	n := c.Network
	if !f.known(path) {
		return
	}
	if n.PodCIDR == "" {
		f.podRoom(c)
		return
	}
	r, ok := f.readRange(path, n.PodCIDR)
	switch {
	case !ok:
		return
	case inside(r, unusableRanges):
		f.add(ruleNetworkReserved.at(path, "%s is reserved and no pod can have an address in it. Choose a private range, as \"10.128.0.0/14\".", r))
		return
	case r.Bits() < podMinBits || r.Bits() > nodePodsBits:
		f.add(rulePodSize.at(path, "%s is a /%d. It is a /%d (GKE takes no more) to a /%d (what one node takes). Choose one, as \"10.128.0.0/14\".", r, r.Bits(), podMinBits, nodePodsBits))
		return
	}
	pods := NamedRange{Name: path, Prefix: r}
	for _, other := range []struct{ path, text string }{{"network.cidr", n.CIDR}, {"network.service_cidr", n.ServiceCIDR}} {
		if !f.known(other.path) {
			continue
		}
		for _, o := range Named(other.path, other.text) {
			for _, conflict := range Overlaps([]NamedRange{pods, o}) {
				f.add(rulePodOverlap.at(path, "%s. Nodes, services and pods need different addresses. Choose a range for pods outside the others, or leave it out for one that is.", conflict))
			}
		}
	}
	f.podRoom(c)
}

// podRoom holds the sizes of the pools against the range of pods: each node takes a
// /24 of it, and a pool that is upgraded has one node more.
func (f *findings) podRoom(c Cluster) {
	if !f.known("network.cidr", "network.vpc", "network.pod_cidr", "network.service_cidr", "node_pools") {
		return
	}
	pods, err := netip.ParsePrefix(c.Network.PodCIDR)
	if c.Network.PodCIDR == "" {
		if !c.Network.Own() {
			return // The preflight sees the range that the subnetwork has.
		}
		var r Ranges
		r, err = c.Network.Ranges()
		pods = r.Pods
	}
	if err != nil || pods.Bits() > nodePodsBits {
		return // Other rules say why.
	}
	nodes, room := int64(0), int64(1)<<(nodePodsBits-pods.Bits())
	for _, pool := range c.NodePools {
		nodes += max(pool.MaxSize, 0) + 1
	}
	if nodes > room {
		f.add(rulePodExhausted.at("network.pod_cidr", "The node pools may have %d nodes together, one more for each pool while it is upgraded included. Each takes a /%d for its pods, and %s has room for %d. "+
			"Lower max_size, or write a larger pod_cidr, as \"10.128.0.0/14\" (1024 nodes). It cannot change later.", nodes, nodePodsBits, pods, room))
	}
}

// zones judges the zones of the nodes. One is enough: control plane and load
// balancer are in the whole region in any case.
func (gcpRules) zones(f *findings, c Cluster) {
	const list = "network.zones"
	for i, zone := range c.Network.Zones {
		at := item(list, i)
		if !f.known(at, "region") || !gcpRegionSyntax.MatchString(c.Region) {
			continue
		}
		if parts := gcpZoneSyntax.FindStringSubmatch(zone); !slices.Contains(parts, c.Region) {
			f.add(ruleZoneRegion.at(at, "%q is not a zone of %s, as \"%s-a\" would be. See \"gcloud compute zones list --filter=region:%s\".", zone, c.Region, c.Region, c.Region))
		}
	}
}
