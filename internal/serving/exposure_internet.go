package serving

import (
	"cmp"
	"net/netip"
	"slices"
)

// FromInternet says whether anybody on the Internet has a path to a load balancer,
// or whether nobody can rule it out, and why. It is the way of Reach without what
// answers at its end: a port that is let in counts also where nothing listens yet.
// Network ACLs are left out, since they can only make it narrower and would have to
// be read.
func (t Topology) FromInternet() (open bool, hops []Hop) {
	for _, p := range t.LoadBalancer.ports() {
		at := t
		at.LoadBalancer.Port = p
		trails := at.trails(Source{})
		for i := range trails {
			trails[i].hops = slices.DeleteFunc(trails[i].hops, func(h Hop) bool { return h.Name == HopNetworkACL })
		}
		verdict, partly := verdictOf(trails)
		if reached := verdict != VerdictBlock || partly; reached && !open || hops == nil {
			open, hops = reached, nil
			for _, name := range hopOrder {
				if hop, ok := summary(name, trails); ok {
					hops = append(hops, hop)
				}
			}
		}
	}
	return open, hops
}

// ports are those to ask about: where callers connect, and the first of every
// further range of ports that a rule lets in.
func (l LoadBalancerTopology) ports() []int {
	out := []int{l.Port}
	for _, r := range l.Rules {
		if l.Port < r.Low || l.Port > r.High {
			out = append(out, r.Low)
		}
	}
	slices.Sort(out[1:])
	return slices.Compact(out)
}

// OpenToIPv6 lists the IPv6 sources that may be on the Internet. FromInternet knows
// IPv4 only.
func OpenToIPv6(sources []string) []string {
	return slices.DeleteFunc(slices.Clone(sources), func(source string) bool {
		p, err := netip.ParsePrefix(source)
		return err != nil || p.Addr().Is4() || inside(p, []netip.Prefix{localIPv6})
	})
}

// Wider puts what several load balancers are together: while one takes the place of
// another both serve, and the wider counts.
func (e EndpointExposure) Wider(other EndpointExposure) EndpointExposure {
	out := e
	if other.InternetReachable && !e.InternetReachable || len(e.Hops) == 0 {
		out.InternetReachable, out.Hops = other.InternetReachable, other.Hops
	}
	if !schemesOfInternet[e.Scheme] {
		out.Scheme = cmp.Or(other.Scheme, e.Scheme)
	}
	out.Addresses = sortedStrings(slices.Concat(e.Addresses, other.Addresses))
	out.SecurityGroups = sortedStrings(slices.Concat(e.SecurityGroups, other.SecurityGroups))
	out.Subnets = map[string]SubnetExposure{}
	for _, subnets := range []map[string]SubnetExposure{e.Subnets, other.Subnets} {
		for id, s := range subnets {
			out.Subnets[id] = s
		}
	}
	return out
}
