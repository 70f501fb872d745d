package serving

import (
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strings"
)

// ExposureDrift is the key of drift under which contradictions of the exposure are
// reported: what makes them is a difference of some object.
const ExposureDrift = "exposure"

// Exposure is who has a network path to a cluster, as read back from the
// cloud.
type Exposure struct {
	Endpoint      EndpointExposure
	KubernetesAPI KubernetesAPIExposure
	Nodes         NodesExposure
}

// EndpointExposure is the load balancer's.
type EndpointExposure struct {
	// Scheme is the load balancer's own word: "internet-facing" or "internal" on AWS,
	// "EXTERNAL_MANAGED" or "INTERNAL_MANAGED" on GCP.
	Scheme string
	// Addresses are those that the cloud tells. AWS tells none of an Application Load
	// Balancer, whose addresses change.
	Addresses []string
	// SecurityGroups are the ids of those that guard it.
	SecurityGroups []string
	// Subnets are those that it has addresses in, by id.
	Subnets map[string]SubnetExposure
	// Sources are what its security groups let in: ranges, and ids of security
	// groups ("sg-...") and prefix lists ("pl-...").
	Sources []string
	// Inside is what of Sources is the network's own or was let in for a peering:
	// such a range belongs there also where it is not private.
	Inside []string
	// InternetReachable says that there is a path from the Internet, or that nobody
	// can rule it out.
	InternetReachable bool
	// Hops are why, in their order.
	Hops []Hop
}

// SubnetExposure is how a subnet of a load balancer leads out of its network.
type SubnetExposure struct {
	// RouteTable is the id of its route table; empty is that it was not read.
	RouteTable string
	// InternetGateway is what it has a route to; empty is that there is none.
	InternetGateway string
}

// KubernetesAPIExposure is the control plane's.
type KubernetesAPIExposure struct {
	// PublicAccess says that it has a public endpoint, which Sources may reach.
	PublicAccess  bool
	Sources       []string
	PrivateAccess bool
}

// NodesExposure is the nodes'.
type NodesExposure struct {
	// PublicAddresses says that a node has, or a new node would get, one.
	PublicAddresses bool
}

// schemesOfInternet are ELBv2's word (elasticloadbalancingv2
// types.LoadBalancerSchemeEnum) and Google's (compute
// ForwardingRule.loadBalancingScheme).
var schemesOfInternet = setOf("internet-facing", "EXTERNAL_MANAGED")

// Contradictions lists the reasons why the exposure is wider than the spec
// wants: empty when it is as wanted or narrower. What cannot be judged, as a
// prefix list, counts as wider.
func (e Exposure) Contradictions(c Cluster) []string {
	var reasons []string
	say := func(format string, args ...any) { reasons = append(reasons, fmt.Sprintf(format, args...)) }

	if c.Known("visibility", "endpoint.allowed_cidrs", "network.cidr") {
		switch c.Visibility {
		case Private:
			e.Endpoint.beyondPrivate(c, say)
		case Public:
			if allowed := c.Endpoint.AllowedCIDRs; len(allowed) > 0 {
				for _, source := range beyond(e.Endpoint.Sources, readable(slices.Concat(allowed, e.Endpoint.Inside))) {
					say("endpoint: the load balancer answers to %s, which endpoint.allowed_cidrs does not contain", source)
				}
			}
		}
	}
	if c.Known("kubernetes_api.allowed_cidrs") && e.KubernetesAPI.PublicAccess {
		e.KubernetesAPI.beyondAllowed(c.KubernetesAPI.AllowedCIDRs, say)
	}
	if e.Nodes.PublicAddresses {
		say("nodes: nodes have public addresses, and they are always private")
	}
	return reasons
}

func (e EndpointExposure) beyondPrivate(c Cluster, say func(string, ...any)) {
	if schemesOfInternet[e.Scheme] {
		say("endpoint: the load balancer is internet-facing, and the cluster is private")
	}
	if e.InternetReachable {
		say("endpoint: there is a path from the Internet, and the cluster is private")
	}
	// Peerings add ranges that the spec does not list, so any private one is
	// as wanted.
	allowed := append(readable(c.Endpoint.AllowedCIDRs), privateRanges...)
	allowed = append(allowed, localIPv6)
	allowed = append(allowed, readable(append([]string{c.Network.CIDR}, e.Inside...))...)
	for _, source := range beyond(e.Sources, allowed) {
		say("endpoint: the load balancer answers to %s, which is not private, and the cluster is private", source)
	}
	if c.Network.Own() {
		for _, way := range e.waysOut() {
			say("endpoint: %s, and the cluster is private", way)
		}
	}
}

// waysOut names the subnets that lead to the Internet.
func (e EndpointExposure) waysOut() []string {
	var out []string
	for _, id := range slices.Sorted(maps.Keys(e.Subnets)) {
		if s := e.Subnets[id]; s.InternetGateway != "" {
			out = append(out, fmt.Sprintf("route table %s of the load balancer's subnet %s leads to the internet gateway %s", s.RouteTable, id, s.InternetGateway))
		}
	}
	return out
}

// Advice lists what is wider than the spec wants and is not the cluster's to
// change: the routes of a network that somebody else made.
func (e Exposure) Advice(c Cluster) []string {
	if c.Network.Own() || c.Visibility != Private || !c.Known("visibility", "network.cidr") {
		return nil
	}
	ways := e.Endpoint.waysOut()
	for i := range ways {
		ways[i] += ", and the cluster is private. An internal load balancer has no public address, so this alone opens nothing; " +
			"but the subnets of a private cluster should not lead there. Remove the route, or give network.subnets others: the cluster does not change routes of a network that is not its own."
	}
	return ways
}

// Judge says where the exposure contradicts the spec. That is drift while some object
// differs, so that there is something to repair, and else advice: an apply could not
// make it go away. The Kubernetes API is not judged here, because an attribute shows
// its ranges.
func (o *ObservedCluster) Judge(spec Cluster, differs bool) {
	e := o.Exposure
	e.KubernetesAPI = KubernetesAPIExposure{}
	reasons := e.Contradictions(spec)
	if len(reasons) > 0 && differs {
		o.Drift[ExposureDrift] = reasons
		reasons = nil
	}
	o.Advice = append(reasons, e.Advice(spec)...)
}

func (k KubernetesAPIExposure) beyondAllowed(allowed []string, say func(string, ...any)) {
	switch {
	case len(allowed) == 0:
		say("kubernetes_api: there is a public endpoint, and kubernetes_api.allowed_cidrs is empty")
	case len(k.Sources) == 0:
		// EKS's default is everyone (eks VpcConfigRequest.PublicAccessCidrs).
		say("kubernetes_api: the public endpoint has no list of ranges, so every address reaches it")
	default:
		for _, source := range beyond(k.Sources, readable(allowed)) {
			say("kubernetes_api: the public endpoint answers to %s, which kubernetes_api.allowed_cidrs does not contain", source)
		}
	}
}

// localIPv6 are IPv6's private addresses (RFC 4193).
var localIPv6 = netip.MustParsePrefix("fc00::/7")

// readable gives the ranges that can be read.
func readable(texts []string) []netip.Prefix {
	var ranges []netip.Prefix
	for _, text := range texts {
		if p, err := netip.ParsePrefix(text); err == nil {
			ranges = append(ranges, p.Masked())
		}
	}
	return ranges
}

// beyond gives the sources that no allowed range contains. A security group is
// one of the same VPC or a peered one, never of the Internet.
func beyond(sources []string, allowed []netip.Prefix) []string {
	var wider []string
	for _, source := range sources {
		if strings.HasPrefix(source, "sg-") {
			continue
		}
		if p, err := netip.ParsePrefix(source); err == nil && inside(p, allowed) {
			continue
		}
		wider = append(wider, source)
	}
	return wider
}
