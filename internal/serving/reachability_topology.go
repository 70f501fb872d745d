package serving

import (
	"fmt"
	"net/netip"
	"strconv"
)

// Topology is what was read of the networks between callers and a cluster. It is
// plain data: what could not be read says so, and why.
type Topology struct {
	LoadBalancer LoadBalancerTopology
	// Cluster is the VPC of the load balancer.
	Cluster VPCTopology
	// Caller is the VPC of the callers; nil where they are on the Internet, or in the
	// cluster's own.
	Caller *VPCTopology
	// Peering is the connection of the two VPCs; nil is that there is none.
	Peering *PeeringTopology
	// Gateway is what is behind the load balancer; nil leaves it out.
	Gateway *GatewayTopology
	// WithoutACLs says that the cloud has no network ACLs.
	WithoutACLs bool
	// Words are the cloud's; none are those of AWS.
	Words Words
	// Servers are the servers of the cluster by name, unless ServersUnknown says why
	// they could not be read.
	Servers        map[string]ModelServer
	ServersUnknown string
}

// LoadBalancerTopology is a load balancer as seen from outside.
type LoadBalancerTopology struct {
	Name string
	// Absent says why there is none that works; empty is that there is one.
	Absent string
	// Internal says that its name resolves to private addresses of its VPC only.
	Internal bool
	// Address is the public one of an internet-facing load balancer that keeps it; invalid
	// is that its name may resolve to any.
	Address netip.Addr
	// Subnets are the ids of those that it has addresses in.
	Subnets []string
	// Groups are its security groups, and Rules what they let in together.
	Groups []string
	Rules  []GroupRule
	// Port is where callers connect, and Listener what is there; nil is nothing.
	Port     int
	Listener *ListenerTopology
}

// ListenerTopology is a listener of a load balancer.
type ListenerTopology struct {
	HTTPS bool
	// Certificate names what it shows to callers.
	Certificate string
}

// VPCTopology is a network and its subnets.
type VPCTopology struct {
	VPC     string
	Ranges  []netip.Prefix
	Subnets []SubnetTopology
	// NATs are its NAT gateways by id.
	NATs map[string]NATTopology
	// Unread says why nothing but the ranges is known; empty is that all is.
	Unread string
}

// subnet finds a subnet.
func (v VPCTopology) subnet(id string) (SubnetTopology, bool) {
	for _, s := range v.Subnets {
		if s.ID == id {
			return s, true
		}
	}
	return SubnetTopology{}, false
}

// SubnetTopology is a subnet with what leads out of it and what guards it.
type SubnetTopology struct {
	ID   string
	CIDR netip.Prefix
	// Unanswered says why the load balancer answers nobody in it; empty is that it does.
	Unanswered string
	// Table is the id of the route table that counts for it, with its Routes.
	Table  string
	Routes []Route
	// RoutesIn says where its routes are in a cloud that has no route tables.
	RoutesIn string
	// ACL is the id of its network ACL, with the Entries about TCP.
	ACL     string
	Entries []ACLEntry
}

// RouteKind is what a route leads to, as far as it matters to reachability.
type RouteKind string

// What routes lead to. What is none of the first four, as a transit gateway, may
// lead anywhere.
const (
	RouteLocal    RouteKind = "local"
	RoutePeering  RouteKind = "peering"
	RouteInternet RouteKind = "internet"
	RouteNAT      RouteKind = "nat"
	RouteOther    RouteKind = "other"
)

// Route is a row of a route table.
type Route struct {
	// To is the destination. It is invalid where the destination is a list of ranges
	// that was not read.
	To   netip.Prefix
	Kind RouteKind
	// ID is what it leads to.
	ID string
	// Dead says that what it leads to is gone or not ready.
	Dead bool
}

// ACLEntry is an entry of a network ACL that is about TCP, for both ports inclusive.
type ACLEntry struct {
	Egress    bool
	Number    int
	Allow     bool
	Block     netip.Prefix
	Low, High int
}

// GroupRule lets callers in at some TCP ports, both inclusive. One of CIDR, Group
// and List is set.
type GroupRule struct {
	Low, High int
	CIDR      netip.Prefix
	// Group is a security group, whose members in VPC may come in.
	Group, VPC string
	// Stale says that the group is one of a peer that is none any more.
	Stale bool
	// List is a list of ranges that was not read.
	List string
}

// PeeringTopology is a connection of two VPCs.
type PeeringTopology struct {
	ID string
	// State is the cloud's word for it.
	State  string
	Active bool
}

// NATTopology is a NAT gateway: packets leave with one of its public addresses,
// from its own subnet.
type NATTopology struct {
	Public []netip.Addr
	Subnet string
	// Any says that the addresses are the cloud's choice and not known, and that it is in
	// no subnet.
	Any bool
}

// GatewayTopology is what the load balancer itself finds behind it.
type GatewayTopology struct {
	// Disabled says that there is an ingress of the user's own instead.
	Disabled bool
	// Healthy and Waiting are numbers of nodes at which the health check passes, or
	// was not done yet, out of Nodes.
	Healthy, Waiting, Nodes int
	// Reason is why a node is not healthy, in the cloud's words.
	Reason string
	// Lost says why requests do not get to healthy nodes, and Doubt why they may not,
	// where they go another way than health checks do; empty is that they do.
	Lost, Doubt string
	// Unread says why that is not known.
	Unread string
}

// hop judges what is behind the load balancer. The load balancer's own health check
// says it, so that nobody needs a path to the Kubernetes API.
func (g GatewayTopology) hop() Hop {
	what := "the gateway"
	if g.Disabled {
		what = "the ingress that takes the gateway's place"
	}
	switch {
	case g.Unread != "":
		return Hop{HopGateway, VerdictUnknown, g.Unread}
	case g.Nodes == 0:
		return Hop{HopGateway, VerdictBlock, "no node is registered with the load balancer"}
	case g.Healthy > 0 && g.Lost != "":
		return Hop{HopGateway, VerdictBlock, g.Lost}
	case g.Healthy > 0 && g.Doubt != "":
		return Hop{HopGateway, VerdictUnknown, g.Doubt}
	case g.Healthy > 0:
		return Hop{HopGateway, VerdictPass, fmt.Sprintf("%s answers the load balancer's health check at %d of %d nodes", what, g.Healthy, g.Nodes)}
	case g.Waiting == g.Nodes:
		return Hop{HopGateway, VerdictUnknown, fmt.Sprintf("the load balancer has not checked %s yet", what)}
	}
	reason := fmt.Sprintf("%s answers the load balancer's health check at none of %d nodes", what, g.Nodes)
	if g.Reason != "" {
		reason += ": " + g.Reason
	}
	return Hop{HopGateway, VerdictBlock, reason}
}

func port(n int) string { return strconv.Itoa(n) }
