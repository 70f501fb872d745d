package serving

import (
	"net/netip"
	"slices"
)

// byInternet are the ways from a VPC to an internet-facing load balancer, whose name
// resolves to public addresses everywhere: out of the VPC, and in again.
func (t Topology) byInternet(from Source) []trail {
	home := VPCTopology{VPC: from.VPC, Unread: from.VPC + " was not read"}
	switch {
	case from.VPC == t.Cluster.VPC:
		home = t.Cluster
	case t.Caller != nil:
		home = *t.Caller
	}
	if home.Unread != "" {
		return []trail{t.anyAddress(from.VPC, Hop{HopRouteOut, VerdictUnknown, home.Unread}, nil)}
	}
	var out []trail
	for _, c := range home.callers(from.CIDR) {
		out = append(out, t.outOf(home, c)...)
	}
	return t.nobody(out, from)
}

// outOf are the ways of the callers in one subnet.
func (t Topology) outOf(home VPCTopology, c caller) []trail {
	who := c.who(c.block)
	acl := t.leaveTo(*c.SubnetTopology)
	route, how := c.toInternet(t.LoadBalancer.Address)
	if route.Verdict != VerdictPass || how.Kind == RouteInternet {
		if route.Verdict == VerdictPass {
			route = Hop{HopRouteOut, VerdictUnknown, "hosts in " + c.ID + " leave through " + t.words().Internet + ", which takes a public address of their own"}
		}
		return []trail{t.anyAddress(who, route, &acl)}
	}
	nameOfNAT := t.words().NAT
	nat, known := home.NATs[how.ID]
	if nat.Any {
		return []trail{t.anyAddress(who, Hop{HopRouteOut, VerdictPass, "packets leave through " + nameOfNAT + " " + how.ID + " with some public address"}, &acl)}
	}
	at, there := home.subnet(nat.Subnet)
	if !known || !there {
		return []trail{t.anyAddress(who, Hop{HopRouteOut, VerdictUnknown, nameOfNAT + " " + how.ID + " was not read"}, &acl)}
	}
	if at.ID != c.ID {
		acl = worse(acl, t.leaveTo(at))
		for _, found := range split(c.block, at.cuts(), func(p netip.Prefix) *trail {
			v, why := at.filter(false, p, t.LoadBalancer.Port)
			return &trail{hops: []Hop{{HopNetworkACL, v, why}}}
		}) {
			acl = worse(acl, found.hops[0])
		}
	}
	next, further := caller{SubnetTopology: &at}.toInternet(t.LoadBalancer.Address)
	switch {
	case next.Verdict != VerdictPass:
		route = next
	case further.Kind == RouteNAT:
		route = Hop{HopRouteOut, VerdictBlock, nameOfNAT + " " + how.ID + " is in " + at.ID + ", which leads to a NAT gateway itself"}
	case len(nat.Public) == 0:
		route = Hop{HopRouteOut, VerdictBlock, nameOfNAT + " " + how.ID + " has no public address"}
	default:
		route.Reason = "packets leave through " + nameOfNAT + " " + how.ID
	}
	if len(nat.Public) == 0 || route.Verdict == VerdictBlock {
		return []trail{t.anyAddress(who, route, &acl)}
	}
	var out []trail
	for _, address := range nat.Public {
		for _, in := range t.fromInternet(netip.PrefixFrom(address, address.BitLen())) {
			out = append(out, in.after(who, route, &acl))
		}
	}
	return out
}

// leaveTo judges the ACL of a subnet on the way to the Internet.
func (t Topology) leaveTo(s SubnetTopology) Hop {
	reason := ""
	v := overInternet(s.cuts(), func(p netip.Prefix) Verdict {
		v, why := s.filter(true, p, t.LoadBalancer.Port)
		if why != "" {
			reason = why
		}
		return v
	})
	if v == VerdictPass {
		reason = "network ACLs let requests and answers pass"
	}
	return Hop{HopNetworkACL, v, reason}
}

// toInternet is the route of a subnet to the load balancer's public address, or to
// wherever it may be.
func (c caller) toInternet(to netip.Addr) (Hop, Route) {
	var how Route
	reasons := map[Verdict]string{}
	kinds := map[string]bool{}
	ask := func(p netip.Prefix) Verdict {
		best, doubt := c.route(p)
		if best != nil && doubt == "" && best.Kind == RouteNAT && !best.Dead {
			how, kinds[best.ID] = *best, true
			return VerdictPass
		}
		v, why := c.leads(p, RouteInternet, "", "the Internet")
		if v == VerdictPass {
			how, kinds[best.ID] = *best, true
		}
		reasons[v] = why
		return v
	}
	var v Verdict
	if to.IsValid() {
		v = ask(netip.PrefixFrom(to, to.BitLen()))
	} else {
		v = overInternet(c.cuts(), ask)
	}
	if len(kinds) > 1 {
		return Hop{HopRouteOut, VerdictUnknown, c.routesIn() + " has several ways to the Internet"}, how
	}
	reason := reasons[v]
	if v == VerdictUnknown && reason == "" {
		reason = c.routesIn() + " has routes to a part of the Internet only"
	}
	return Hop{HopRouteOut, v, reason}, how
}

// anyAddress is a way with some public address or other: what the load balancer's
// side does is certain only where it is the same for all of them.
func (t Topology) anyAddress(who string, route Hop, acl *Hop) trail {
	var out trail
	for i, in := range t.fromInternet(netip.Prefix{}) {
		if i == 0 {
			out = trail{hops: slices.Clone(in.hops)}
			continue
		}
		for j, h := range in.hops {
			if h.Verdict != out.hops[j].Verdict {
				out.hops[j] = Hop{h.Name, VerdictUnknown, "it depends on the public address that callers come with"}
			}
		}
	}
	return out.after(who, route, acl)
}

// after puts the callers' own side before what the load balancer's does.
func (t trail) after(who string, route Hop, acl *Hop) trail {
	hops := []Hop{route}
	for _, h := range t.hops {
		if h.Name == HopNetworkACL && acl != nil {
			h = worse(h, *acl)
		}
		hops = append(hops, h)
	}
	return trail{who: who, hops: hops}
}
