package serving

import (
	"cmp"
	"net/netip"
	"slices"
)

// route is the narrowest route of a subnet to addresses that no route tells apart.
// doubt says that a list of ranges which was not read may have them as well.
func (s SubnetTopology) route(to netip.Prefix) (best *Route, doubt string) {
	for i, r := range s.Routes {
		switch {
		case !r.To.IsValid():
			doubt = r.ID
		case inside(to, []netip.Prefix{r.To}) && (best == nil || r.To.Bits() > best.To.Bits()):
			best = &s.Routes[i]
		}
	}
	return best, doubt
}

// leads judges the route of a subnet to some addresses: it must be of a kind and,
// where that is given, lead to one thing. What may lead anywhere is unknown.
func (s SubnetTopology) leads(to netip.Prefix, kind RouteKind, id, what string) (Verdict, string) {
	in := s.routesIn()
	best, doubt := s.route(to)
	switch {
	case s.Table == "":
		return VerdictUnknown, "the routes of " + s.ID + " were not read"
	case doubt != "":
		return VerdictUnknown, in + " has a route to a list of ranges that was not read (to " + doubt + ")"
	case best == nil:
		return VerdictBlock, in + " has no route to " + what
	case best.Dead:
		return VerdictBlock, "the route to " + best.To.String() + " in " + in + " is a black hole"
	case best.Kind == RouteOther:
		return VerdictUnknown, "the route to " + best.To.String() + " in " + in + " leads to " + best.ID + ", behind which nothing was read"
	case best.Kind != kind || id != "" && best.ID != id:
		return VerdictBlock, "the route to " + best.To.String() + " in " + in + " leads to " + best.ID + ", not to " + what
	}
	return VerdictPass, ""
}

// crossing judges one direction of a peering: from some subnets to some ranges.
func crossing(name string, from []SubnetTopology, to []netip.Prefix, p *PeeringTopology, vpc string) Hop {
	hop := Hop{name, VerdictPass, "routes lead through " + p.ID}
	for _, s := range from {
		for _, block := range to {
			why := map[Verdict]string{}
			v := together(block, s.cuts(), func(part netip.Prefix) Verdict {
				v, reason := s.leads(part, RoutePeering, p.ID, vpc+" through "+p.ID)
				why[v] = cmp.Or(why[v], reason)
				return v
			})
			reason := cmp.Or(why[VerdictBlock], why[VerdictUnknown])
			if len(why) > 1 {
				reason += ", for a part of " + block.String()
			}
			hop = worse(hop, Hop{name, v, reason})
		}
	}
	return hop
}

// worse keeps what blocks over what is unknown over what passes.
func worse(a, b Hop) Hop {
	rank := []Verdict{VerdictPass, VerdictUnknown, VerdictBlock}
	if slices.Index(rank, b.Verdict) > slices.Index(rank, a.Verdict) {
		return b
	}
	return a
}
