package gcp

import (
	"context"
	"net/netip"
	"slices"
	"strings"

	"cloud.google.com/go/compute/apiv1/computepb"

	"github.com/modelserving/terraform-provider-serving/internal/serving"
)

// networkTopology reads a network as far as reachability is about it. Its name is the
// one that is shown. Firewalls are left out: those of callers are the callers', and a
// load balancer's proxies have none in front of them.
func (c *client) networkTopology(ctx context.Context, network, name string, f *front) (serving.VPCTopology, error) {
	out := serving.VPCTopology{VPC: name, NATs: map[string]serving.NATTopology{}}
	all, err := c.reader.everySubnetwork.Get(ctx, everything)
	if err != nil {
		return out, err
	}
	texts, err := c.rangesIn(ctx, network, "")
	if err != nil {
		return out, err
	}
	out.Ranges = prefixes(texts)
	common := make([]serving.Route, 0, len(out.Ranges))
	for _, r := range out.Ranges {
		common = append(common, serving.Route{To: r, Kind: serving.RouteLocal, ID: "the network itself"})
	}
	var ways []serving.Route
	nats := map[string]string{}
	if !f.internal() {
		if ways, err = c.waysOut(ctx, network); err == nil {
			nats, err = c.natRouters(ctx, network)
		}
	}
	services := c.serviceRanges(ctx)
	for _, s := range all {
		if relative(s.GetNetwork()) != c.global("networks", network) || s.GetPurpose() == purposeProxies {
			continue
		}
		region, of := lastOf(s.GetRegion()), relative(s.GetSelfLink())
		subnet := serving.SubnetTopology{ID: s.GetName(), Table: name, RoutesIn: "network " + name, Routes: slices.Clone(common), Unanswered: f.unanswered(region)}
		for _, way := range ways {
			if nat := nats[region]; way.Kind == serving.RouteInternet && nat != "" {
				way.Kind, way.ID = serving.RouteNAT, nat
				out.NATs[nat] = serving.NATTopology{Any: true}
			}
			subnet.Routes = append(subnet.Routes, way)
		}
		for i, text := range append([]string{s.GetIpCidrRange()}, secondaryRanges(s)...) {
			if i > 0 {
				name := s.GetSecondaryIpRanges()[i-1].GetRangeName()
				if name == servicesRange || services[of+" "+name] {
					continue
				}
				subnet.ID = s.GetName() + " (" + name + ")"
			}
			if one := prefixes([]string{text}); len(one) == 1 {
				subnet.CIDR = one[0]
				out.Subnets = append(out.Subnets, subnet)
			}
		}
	}
	slices.SortFunc(out.Subnets, func(a, b serving.SubnetTopology) int { return strings.Compare(a.ID, b.ID) })
	return out, err
}

// serviceRanges are the ranges of subnetworks that clusters have their services in:
// nobody calls from an address of one. What cannot be read counts as callers'.
func (c *client) serviceRanges(ctx context.Context) map[string]bool {
	out := map[string]bool{}
	all, err := c.reader.clusters.Get(ctx, everything)
	if err != nil {
		return out
	}
	for _, cluster := range all {
		out[relative(cluster.GetNetworkConfig().GetSubnetwork())+" "+cluster.GetIpAllocationPolicy().GetServicesSecondaryRangeName()] = true
	}
	return out
}

func secondaryRanges(s *computepb.Subnetwork) []string {
	var out []string
	for _, r := range s.GetSecondaryIpRanges() {
		out = append(out, r.GetIpCidrRange())
	}
	return out
}

// prefixes reads ranges; text that is none is left out.
func prefixes(texts []string) []netip.Prefix {
	var out []netip.Prefix
	for _, text := range texts {
		if p, err := netip.ParsePrefix(text); err == nil {
			out = append(out, p)
		}
	}
	return out
}
