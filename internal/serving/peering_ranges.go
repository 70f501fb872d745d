package serving

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
)

// PeeringRanges are the ranges that a peering must keep apart. What is not known
// is empty.
type PeeringRanges struct {
	// Cluster are the ranges of the cluster's VPC, secondary ones included, and
	// Inner those that only the cluster itself uses: pods and services.
	Cluster, Inner []NamedRange
	// Peer are the IPv4 ranges of the peer VPC.
	Peer []NamedRange
	// BesideCluster and BesidePeer are the ranges of the VPCs with which the
	// cluster's VPC and the peer VPC have other peerings.
	BesideCluster, BesidePeer []NamedRange
}

// RangeProblems judges the spec against the ranges of both networks.
func (p Peering) RangeProblems(n PeeringRanges) []Problem {
	f := &findings{unknown: p.Unknown}
	routed := n.Peer
	if len(p.CIDRs) > 0 && f.known("cidrs") {
		routed = nil
		for i, text := range p.CIDRs {
			r, err := netip.ParsePrefix(text)
			if err != nil {
				continue // The rules on the spec alone say why.
			}
			path := item("cidrs", i)
			routed = append(routed, NamedRange{Name: path, Prefix: r})
			if len(n.Peer) > 0 && !inside(r, bare(n.Peer)) {
				f.add(rulePeerRangeOutside.at(path, "%s is in none of the ranges of the peer VPC %s, which are %s. Write one of those or a part of one.", r, p.Peer.VPC, listed(n.Peer)))
			}
		}
	}
	f.apart(slices.Concat(n.Cluster, n.Inner), n.Peer, "Networks that share addresses cannot be peered, and the cluster could not answer callers that have one of its own. Choose a peer with other ranges, or another range for the cluster.")
	next := "Remove the other peering."
	if factsOf(p.Cluster.Cloud).narrowsPeers {
		next = "Narrow cidrs down to what callers need, or remove the other peering."
	}
	f.apart(n.BesideCluster, routed, "A route leads to one peer only. "+next)
	f.apart(n.BesidePeer, n.Cluster, "A route leads to one peer only. Remove the other peering of the peer VPC, or peer with another VPC.")
	return f.problems
}

// apart demands that no range of a overlaps one of b. All conflicts are one
// problem: one change solves them.
func (f *findings) apart(a, b []NamedRange, next string) {
	var lines []string
	for _, c := range Overlaps(slices.Concat(a, b)) {
		if slices.Contains(a, c.A) && slices.Contains(b, c.B) {
			lines = append(lines, c.String())
		}
	}
	if len(lines) > 0 {
		f.add(rulePeeringOverlap.at("peer.vpc", "%s. %s", strings.Join(lines, "; "), next))
	}
}

func bare(ranges []NamedRange) []netip.Prefix {
	out := make([]netip.Prefix, len(ranges))
	for i, r := range ranges {
		out[i] = r.Prefix
	}
	return out
}

func listed(ranges []NamedRange) string {
	texts := make([]string, len(ranges))
	for i, r := range ranges {
		texts[i] = r.Prefix.String()
	}
	return strings.Join(texts, ", ")
}

// Named gives ranges a common name; text that is no range is left out.
func Named(name string, texts ...string) []NamedRange {
	var out []NamedRange
	for _, text := range texts {
		if r, err := netip.ParsePrefix(text); err == nil {
			out = append(out, NamedRange{Name: name, Prefix: r})
		}
	}
	return out
}

// CIDRConflicts finds the pairs of ranges that share addresses, in the order
// they were given. The same range twice is a conflict with itself.
func CIDRConflicts(texts []string) ([][2]string, error) {
	var ranges []NamedRange
	for i, text := range texts {
		r, err := netip.ParsePrefix(text)
		if err != nil {
			return nil, fmt.Errorf("cidrs[%d] is %q, which is not a range in CIDR notation, as in \"10.40.0.0/16\"", i, text)
		}
		if r.Masked() != r {
			return nil, fmt.Errorf("cidrs[%d] is %q, which has address bits to the right of its prefix length: write %s", i, text, r.Masked())
		}
		ranges = append(ranges, NamedRange{Name: text, Prefix: r})
	}
	var out [][2]string
	for _, c := range Overlaps(ranges) {
		out = append(out, [2]string{c.A.Name, c.B.Name})
	}
	return out, nil
}
