package serving

import "net/netip"

// acrossPeering are the ways from another VPC to an internal load balancer.
func (t Topology) acrossPeering(from Source) []trail {
	scheme := Hop{HopLoadBalancer, VerdictPass, t.LoadBalancer.Name + " is internal: its addresses are in " + t.Cluster.VPC}
	far := VPCTopology{VPC: from.VPC, Unread: from.VPC + " was not read"}
	if t.Caller != nil {
		far = *t.Caller
	}
	if t.Peering == nil || !t.Peering.Active {
		return []trail{{who: from.VPC, hops: []Hop{scheme, t.unpeered(far)}}}
	}
	peering := Hop{HopPeering, VerdictPass, "VPC peering connection " + t.Peering.ID + " is active"}
	if far.Unread != "" && len(far.callers(from.CIDR)) == 0 {
		return []trail{{who: from.VPC, hops: []Hop{scheme, peering, {HopRouteOut, VerdictUnknown, far.Unread}}}}
	}
	var out []trail
	for _, c := range far.callers(from.CIDR) {
		leave, route := t.leaveFar(c, far)
		for _, found := range split(c.block, t.cuts(), func(p netip.Prefix) *trail {
			acl, group, members := t.enter(p, from.VPC)
			back := crossing(HopRouteBack, t.fronts(), []netip.Prefix{p}, t.Peering, from.VPC)
			return &trail{who: c.who(p), hops: []Hop{c.answered(scheme), peering, route, worse(leave, acl), group, back}, members: members}
		}) {
			out = append(out, c.named(*found))
		}
	}
	return t.nobody(out, from)
}

// leaveFar judges the callers' own side.
func (t Topology) leaveFar(c caller, far VPCTopology) (acl, route Hop) {
	if c.SubnetTopology == nil {
		return Hop{HopNetworkACL, VerdictUnknown, "the callers' network ACLs: " + far.Unread}, Hop{HopRouteOut, VerdictUnknown, far.Unread}
	}
	var to []netip.Prefix
	for _, s := range t.fronts() {
		to = append(to, s.CIDR)
	}
	return c.leave(t.fronts(), t.LoadBalancer.Port), crossing(HopRouteOut, []SubnetTopology{*c.SubnetTopology}, to, t.Peering, t.Cluster.VPC)
}

// unpeered judges two VPCs without an active peering. Another way, as a transit
// gateway, shows in the routes of either side; behind it nothing is read. Peering
// itself is not transitive.
func (t Topology) unpeered(far VPCTopology) Hop {
	for _, s := range append(t.fronts(), far.Subnets...) {
		for _, r := range s.Routes {
			if r.Kind == RouteOther && !r.Dead || !r.To.IsValid() {
				return Hop{HopPeering, VerdictUnknown, "there is no active VPC peering of " + far.VPC + " and " + t.Cluster.VPC +
					", but " + s.routesIn() + " leads to " + r.ID + ", behind which nothing was read"}
			}
		}
	}
	if p := t.Peering; p != nil {
		return Hop{HopPeering, VerdictBlock, "VPC peering connection " + p.ID + " is " + p.State + ", and nothing passes before it is active"}
	}
	return Hop{HopPeering, VerdictBlock, "there is no VPC peering of " + far.VPC + " and " + t.Cluster.VPC}
}
