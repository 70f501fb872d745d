package serving

import (
	"net/netip"
	"slices"
)

// Source is where callers are. The zero value is everybody on the Internet.
type Source struct {
	// VPC is the id of the network that the callers are in; empty is the Internet.
	VPC string
	// CIDR narrows that to some addresses, of the VPC or of the Internet; invalid is
	// all of them.
	CIDR netip.Prefix
	// AccountID and Region say where the VPC is, on AWS. Empty is where its peering with
	// the cluster's says, or else where the cluster is.
	AccountID, Region string
	// AssumeRoleARN is a role that may read the VPC; empty is none.
	AssumeRoleARN string
	// Project says where the network is, on GCP; empty is where the cluster is.
	Project string
	// ImpersonateServiceAccount may read the network; empty is the provider's own
	// credentials.
	ImpersonateServiceAccount string
}

// Problems judges a source of callers of a cluster in a cloud; it is empty while the
// cloud is not known.
func (s Source) Problems(cloud Cloud) []Problem {
	f := &findings{}
	if s.VPC != "" {
		f.of(cloud).source(f, s)
	}
	return f.problems
}

// Target is what is called: a cluster, or one of its servers.
type Target struct {
	Cluster ID
	// Server is empty for the cluster itself.
	Server string
}

// Verdict is what one hop does with the callers' packets.
type Verdict string

const (
	// VerdictPass lets every caller through.
	VerdictPass Verdict = "pass"
	// VerdictBlock stops callers: all of them, or those that the reason names.
	VerdictBlock Verdict = "block"
	// VerdictUnknown is what could not be read, or depends on the single caller. It is
	// never a guess.
	VerdictUnknown Verdict = "unknown"
)

// The hops of a way, in their order. A hop that a way does not have is left out.
const (
	HopLoadBalancer  = "load_balancer"
	HopPeering       = "peering"
	HopRouteOut      = "route_out"
	HopNetworkACL    = "network_acl"
	HopSecurityGroup = "security_group"
	HopRouteBack     = "route_back"
	HopListener      = "listener"
	HopGateway       = "gateway"
)

var hopOrder = []string{HopLoadBalancer, HopPeering, HopRouteOut, HopNetworkACL, HopSecurityGroup, HopRouteBack, HopListener, HopGateway}

// Hop is one thing on the way and what it does.
type Hop struct {
	Name    string
	Verdict Verdict
	Reason  string
}

// Reachability says whether callers get to a cluster and what they need there.
type Reachability struct {
	// Reachable is about all of the callers: pass is that every address of the source
	// gets through, block that one at least certainly does not, unknown that neither
	// is certain.
	Reachable Verdict
	// Partly says that some of the callers get through, or may, and others do not. It
	// is never set where all of them or certainly none get through.
	Partly bool
	Hops   []Hop
	// Authentication is what callers must show, by the name of the server. It has the
	// one server that was asked for, or all of the cluster's.
	Authentication map[string]CallerAuth
	// AuthenticationUnknown is why that is not known; empty is that it is.
	AuthenticationUnknown string
}

// Reach decides whether callers get to a cluster's load balancer, over the way that
// the topology describes, and through it to the gateway. It knows IPv4 only, and
// the network only: what a caller's own host or security group lets out is the
// caller's. The answer about a VPC is about each of its subnets, and a range of
// callers is split where rules or routes tell its parts apart, so that it is exact.
func Reach(topology Topology, from Source, to Target) Reachability {
	out := Reachability{}
	trails := topology.trails(from)
	arrival := topology.arrival(to)
	for i := range trails {
		if topology.WithoutACLs {
			trails[i].hops = slices.DeleteFunc(slices.Clone(trails[i].hops), func(h Hop) bool { return h.Name == HopNetworkACL })
		}
		trails[i].hops = append(trails[i].hops, arrival...)
	}
	out.Reachable, out.Partly = verdictOf(trails)
	for _, name := range hopOrder {
		if hop, ok := summary(name, trails); ok {
			out.Hops = append(out.Hops, hop)
		}
	}
	out.Authentication, out.AuthenticationUnknown = topology.authentication(to)
	return out
}

// verdictOf puts the ways of all callers together.
func verdictOf(trails []trail) (reachable Verdict, partly bool) {
	all := map[Verdict]int{}
	members := false
	for _, t := range trails {
		v := t.verdict()
		all[v]++
		members = members || t.members && v == VerdictBlock && t.blockedOnlyBy(HopSecurityGroup)
	}
	switch {
	case len(trails) == 0:
		return VerdictUnknown, false
	case all[VerdictBlock] > 0:
		return VerdictBlock, all[VerdictBlock] < len(trails) || members
	case all[VerdictUnknown] > 0:
		return VerdictUnknown, all[VerdictPass] > 0
	}
	return VerdictPass, false
}

// arrival is what happens once packets are at the load balancer.
func (t Topology) arrival(to Target) []Hop {
	var hops []Hop
	l, listener := t.LoadBalancer, t.words().Listener
	if l.Absent == "" {
		switch {
		case l.Listener == nil:
			hops = append(hops, Hop{HopListener, VerdictBlock, "there is no " + listener + " on port " + port(l.Port)})
		case !l.Listener.HTTPS:
			hops = append(hops, Hop{HopListener, VerdictBlock, "the " + listener + " on port " + port(l.Port) + " does not speak HTTPS"})
		case l.Listener.Certificate == "":
			hops = append(hops, Hop{HopListener, VerdictBlock, "the " + listener + " on port " + port(l.Port) + " has no certificate"})
		default:
			hops = append(hops, Hop{HopListener, VerdictPass, "HTTPS on port " + port(l.Port) + " with the certificate " + l.Listener.Certificate})
		}
	}
	if g := t.Gateway; g != nil {
		hops = append(hops, g.hop())
	}
	if _, there := t.Servers[to.Server]; to.Server != "" && t.ServersUnknown == "" && !there {
		hops = slices.DeleteFunc(hops, func(h Hop) bool { return h.Name == HopGateway })
		hops = append(hops, Hop{HopGateway, VerdictBlock, "there is no server " + to.Server + ": the gateway answers 404"})
	}
	return hops
}
