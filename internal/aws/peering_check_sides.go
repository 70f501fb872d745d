package aws

import (
	"context"
	"fmt"

	"github.com/modelserving/terraform-provider-serving/internal/serving"
)

// checkNames demands what EC2 does before names resolve across a peering: host
// names and their resolution in both VPCs, of which a new VPC has one.
func (p *peering) checkNames(ctx context.Context, vpc string) ([]serving.Problem, error) {
	if !p.spec.DNS || !p.spec.Known("dns_resolution") || p.theirs == nil {
		return nil, nil
	}
	var problems []serving.Problem
	for _, side := range []struct {
		*client
		vpc string
	}{{p.ours, vpc}, {p.theirs, p.spec.Peer.VPC}} {
		got, err := side.reader.vpcAttributes.Get(ctx, side.vpc)
		if err != nil {
			return nil, err
		}
		if !got.DNSSupport || !got.DNSHostnames {
			problems = append(problems, serving.Problem{Path: "dns_resolution", Summary: "VPC has no host names to resolve", Detail: fmt.Sprintf("VPC %s has DNS support %s and DNS host names %s, and names resolve across a peering only where both VPCs have both. "+
				"Turn them on, or write dns_resolution = false: the load balancer is reached without.", side.vpc, onOff(got.DNSSupport), onOff(got.DNSHostnames))})
		}
	}
	return problems, nil
}

func onOff(on bool) string {
	if on {
		return "on"
	}
	return "off"
}

// checkRoutes looks for strangers' routes where ours would be.
func (p *peering) checkRoutes(ctx context.Context, n serving.PeeringRanges) ([]serving.Problem, error) {
	s := p.draw(removable)
	var problems []serving.Problem
	peerRanges := p.spec.CIDRs
	if len(peerRanges) == 0 || !p.spec.Known("cidrs") {
		peerRanges = texts(n.Peer)
	}
	for _, way := range []struct {
		side         *peeringSide
		path         string
		destinations []string
	}{
		{s.clusterSide, "cluster_route_tables", peerRanges},
		{s.peerSide, "peer_route_tables", texts(n.Cluster)},
	} {
		if way.side == nil || !p.spec.Known(way.path) {
			continue
		}
		tables, err := way.side.routed(ctx)
		if isMissing(err) {
			problems = append(problems, serving.Problem{Path: way.path, Summary: "Route table does not exist", Detail: err.Error() + ". Name tables of the VPC that has the routes, or leave the list out."})
			continue
		}
		if err != nil {
			return nil, err
		}
		all, err := way.side.tables(ctx)
		if err != nil {
			return nil, err
		}
		live := routesOf(all, p.connections(way.side), way.side.seen)
		want := peeringRoutesSpec{Tables: *tables, Destinations: way.destinations}
		for _, conflict := range want.conflicts(live) {
			problems = append(problems, serving.Problem{Path: way.path, Summary: "Route is taken", Detail: conflict + ". A route that was not made here is never overwritten: remove it, or leave the table or the range out."})
		}
	}
	return problems, nil
}

func texts(ranges []serving.NamedRange) []string {
	var out []string
	for _, r := range ranges {
		out = append(out, r.Prefix.String())
	}
	return out
}
