package serving

import (
	"net/netip"
	"slices"
)

// trails are the ways of all callers of a source to the load balancer.
func (t Topology) trails(from Source) []trail {
	lb := t.LoadBalancer
	if lb.Absent != "" {
		return []trail{{who: "every caller", hops: []Hop{{HopLoadBalancer, VerdictBlock, lb.Absent}}}}
	}
	switch {
	case from.VPC == "":
		return t.fromInternet(from.CIDR)
	case !lb.Internal:
		return t.byInternet(from)
	case from.VPC == t.Cluster.VPC:
		return t.insideVPC(from)
	}
	return t.acrossPeering(from)
}

// fronts are the subnets of the load balancer.
func (t Topology) fronts() []SubnetTopology {
	var out []SubnetTopology
	for _, id := range t.LoadBalancer.Subnets {
		s, ok := t.Cluster.subnet(id)
		if !ok {
			s = SubnetTopology{ID: id, Routes: []Route{{ID: "a subnet that was not read"}}}
		}
		out = append(out, s)
	}
	return out
}

// cuts are the ranges of callers that the load balancer's side tells apart.
func (t Topology) cuts() []netip.Prefix {
	var out []netip.Prefix
	for _, s := range t.fronts() {
		out = append(out, s.cuts()...)
	}
	for _, r := range t.LoadBalancer.Rules {
		if r.CIDR.IsValid() {
			out = append(out, r.CIDR)
		}
	}
	return out
}

// enter is what guards the load balancer: the network ACLs of its subnets and its
// security groups.
func (t Topology) enter(from netip.Prefix, vpc string) (acl, group Hop, members bool) {
	acl = Hop{HopNetworkACL, VerdictPass, "network ACLs let requests and answers pass"}
	for _, s := range t.fronts() {
		v, why := s.filter(false, from, t.LoadBalancer.Port)
		acl = worse(acl, Hop{HopNetworkACL, v, why})
	}
	group, members = t.LoadBalancer.admits(from, vpc, t.words())
	return acl, group, members
}

// fromInternet are the ways of public addresses.
func (t Topology) fromInternet(of netip.Prefix) []trail {
	lb := t.LoadBalancer
	words := t.words()
	scheme := Hop{HopLoadBalancer, VerdictPass, lb.Name + " is " + words.Facing}
	if lb.Internal {
		scheme = Hop{HopLoadBalancer, VerdictBlock, lb.Name + " is internal: " + words.Private + " of " + t.Cluster.VPC + ", which nobody on the Internet reaches"}
	}
	if !of.IsValid() {
		of = everywhere
	}
	found := split(of, append(slices.Clone(nobodys), t.cuts()...), func(p netip.Prefix) *trail {
		if inside(p, nobodys) {
			return nil
		}
		back := Hop{HopRouteBack, VerdictPass, words.Back}
		if lb.Internal && words.NoBack != "" {
			back = Hop{HopRouteBack, VerdictBlock, words.NoBack}
		}
		for _, s := range t.fronts() {
			v, why := s.leads(p, RouteInternet, "", words.Internet)
			back = worse(back, Hop{HopRouteBack, v, why})
		}
		acl, group, _ := t.enter(p, "")
		return &trail{who: p.String(), hops: []Hop{scheme, acl, group, back}}
	})
	var out []trail
	for _, f := range found {
		if f != nil {
			out = append(out, *f)
		}
	}
	return out
}

// caller is a subnet of the source, or a range of it when its subnets are not known.
type caller struct {
	*SubnetTopology
	block netip.Prefix
}

// who names some of the caller's addresses.
func (c caller) who(p netip.Prefix) string {
	switch {
	case c.SubnetTopology == nil:
		return p.String()
	case p == c.CIDR:
		return c.ID
	}
	return p.String() + " in " + c.ID
}

// callers are all of a source's.
func (v VPCTopology) callers(of netip.Prefix) []caller {
	var out []caller
	if v.Unread != "" {
		for _, p := range overlap(v.Ranges, of) {
			out = append(out, caller{block: p})
		}
		return out
	}
	for i, s := range v.Subnets {
		for _, p := range overlap([]netip.Prefix{s.CIDR}, of) {
			out = append(out, caller{&v.Subnets[i], p})
		}
	}
	return out
}

// answered judges the load balancer for callers in their subnet.
func (c caller) answered(scheme Hop) Hop {
	if c.SubnetTopology != nil && c.Unanswered != "" {
		return Hop{HopLoadBalancer, VerdictBlock, c.Unanswered}
	}
	return scheme
}

// leave judges the network ACL of the callers' own subnet on the way to some
// ranges, any of which a connection may go to.
func (c caller) leave(to []SubnetTopology, service int) Hop {
	hop := Hop{HopNetworkACL, VerdictPass, "network ACLs let requests and answers pass"}
	for _, s := range to {
		if s.ID == c.ID {
			continue // Inside of a subnet there is no ACL.
		}
		hop = worse(hop, c.filterAll(s.CIDR, service))
	}
	return hop
}

// filterAll judges the ACL for every address of a range.
func (c caller) filterAll(to netip.Prefix, service int) Hop {
	reason := ""
	v := together(to, c.cuts(), func(p netip.Prefix) Verdict {
		v, why := c.filter(true, p, service)
		if why != "" {
			reason = why
		}
		return v
	})
	return Hop{HopNetworkACL, v, reason}
}

// insideVPC are the ways inside the load balancer's VPC.
func (t Topology) insideVPC(from Source) []trail {
	scheme := Hop{HopLoadBalancer, VerdictPass, t.LoadBalancer.Name + " has addresses in the callers' own " + t.words().Network}
	var out []trail
	for _, c := range t.Cluster.callers(from.CIDR) {
		leave := c.leave(t.fronts(), t.LoadBalancer.Port)
		for _, found := range split(c.block, t.cuts(), func(p netip.Prefix) *trail {
			acl, group, members := t.enter(p, from.VPC)
			return &trail{who: c.who(p), hops: []Hop{c.answered(scheme), worse(leave, acl), group}, members: members}
		}) {
			out = append(out, c.named(*found))
		}
	}
	return t.nobody(out, from)
}

// named says which subnet the addresses of a way are in.
func (c caller) named(t trail) trail {
	if p, err := netip.ParsePrefix(t.who); err == nil {
		t.who = c.who(p)
	}
	return t
}

// nobody is the answer where there are no callers to ask about.
func (t Topology) nobody(trails []trail, from Source) []trail {
	if len(trails) > 0 {
		return trails
	}
	what := from.VPC + " has no " + t.words().Subnet
	if from.CIDR.IsValid() {
		what += " with addresses of " + from.CIDR.String()
	}
	return []trail{{who: from.VPC, hops: []Hop{{HopRouteOut, VerdictBlock, what}}}}
}
