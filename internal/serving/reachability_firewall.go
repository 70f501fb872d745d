package serving

import (
	"cmp"
	"net/netip"
	"slices"
	"strings"
)

// The ports that a client's system may pick for its side of a connection ("Custom
// network ACLs" in the VPC User Guide, ephemeral ports).
const (
	clientLow  = 1024
	clientHigh = 65535
)

// filter judges the network ACL of a subnet for connections with other addresses.
// An ACL keeps no connections: requests must pass one way and answers the other.
func (s SubnetTopology) filter(egress bool, other netip.Prefix, service int) (Verdict, string) {
	switch {
	case inside(other, []netip.Prefix{s.CIDR}):
		return VerdictPass, "" // Inside of a subnet there is no ACL.
	case s.ACL == "":
		return VerdictUnknown, "the network ACL of " + s.ID + " was not read"
	}
	whom := map[bool]string{true: "the load balancer", false: "the callers"}[egress]
	direction := map[bool]string{true: " out to ", false: " in from "}
	for _, way := range []struct {
		egress    bool
		low, high int
		what      string
	}{{egress, service, service, "port " + port(service)}, {!egress, clientLow, clientHigh, "the answers"}} {
		switch v := s.ports(way.egress, other, way.low, way.high); v {
		case VerdictBlock:
			return v, "network ACL " + s.ACL + " of " + s.ID + " does not let " + way.what + direction[way.egress] + whom
		case VerdictUnknown:
			return v, "network ACL " + s.ACL + " of " + s.ID + " lets only some of the ports that clients may use" + direction[way.egress] + whom
		}
	}
	return VerdictPass, ""
}

// ports says whether all or none of some ports pass for addresses that no entry
// tells apart; unknown is some.
func (s SubnetTopology) ports(egress bool, other netip.Prefix, low, high int) Verdict {
	entries := slices.SortedFunc(slices.Values(s.Entries), func(a, b ACLEntry) int { return cmp.Compare(a.Number, b.Number) })
	entries = slices.DeleteFunc(entries, func(e ACLEntry) bool { return e.Egress != egress || !inside(other, []netip.Prefix{e.Block}) })
	var out Verdict
	for at := low; at <= high; {
		verdict, last := VerdictBlock, high
		for _, e := range entries {
			if e.Low <= at && at <= e.High {
				last = min(last, e.High)
				if e.Allow {
					verdict = VerdictPass
				}
				break
			}
			if e.Low > at {
				last = min(last, e.Low-1) // Up to there, later entries decide.
			}
		}
		if out != "" && out != verdict {
			return VerdictUnknown
		}
		out, at = verdict, last+1
	}
	return out
}

// cuts are the ranges that entries tell apart.
func (s SubnetTopology) cuts() []netip.Prefix {
	var out []netip.Prefix
	for _, e := range s.Entries {
		out = append(out, e.Block)
	}
	for _, r := range s.Routes {
		if r.To.IsValid() {
			out = append(out, r.To)
		}
	}
	return out
}

// admits judges the load balancer's security groups for addresses that no rule
// tells apart, of callers in a VPC or, where that is empty, on the Internet.
func (l LoadBalancerTopology) admits(from netip.Prefix, vpc string, words Words) (hop Hop, members bool) {
	groups := words.Guard + " " + strings.Join(l.Groups, ", ")
	switch len(l.Groups) {
	case 0:
		groups = "a load balancer without " + words.Guard
	case 1:
	default:
		groups = words.Guards + " " + strings.Join(l.Groups, ", ")
	}
	var lists, named []string
	for _, r := range l.Rules {
		switch {
		case l.Port < r.Low || l.Port > r.High:
		case r.CIDR.IsValid() && inside(from, []netip.Prefix{r.CIDR}):
			return Hop{HopSecurityGroup, VerdictPass, groups + " admits port " + port(l.Port)}, false
		case r.List != "":
			lists = append(lists, r.List)
		case r.Group != "" && vpc != "" && r.VPC == vpc && !r.Stale:
			named = append(named, r.Group)
		}
	}
	switch {
	case len(lists) > 0:
		return Hop{HopSecurityGroup, VerdictUnknown, groups + " admits what is in " + strings.Join(sortedStrings(lists), ", ") + ", which was not read"}, false
	case len(named) > 0:
		return Hop{HopSecurityGroup, VerdictBlock, groups + " admits port " + port(l.Port) + " only from members of " + strings.Join(sortedStrings(named), ", ")}, true
	}
	return Hop{HopSecurityGroup, VerdictBlock, "no rule of " + groups + " admits port " + port(l.Port) + " from there"}, false
}

func sortedStrings(all []string) []string { return slices.Compact(slices.Sorted(slices.Values(all))) }
