package gcp

import (
	"cmp"
	"context"
	"errors"
	"net/netip"
	"slices"

	"cloud.google.com/go/compute/apiv1/computepb"
	"google.golang.org/api/iterator"

	"github.com/modelserving/terraform-provider-serving/internal/serving"
)

// halfWith is the half of a peering with a network, or nil.
func halfWith(halves []*computepb.NetworkPeering, network string) *computepb.NetworkPeering {
	for _, half := range halves {
		if relative(half.GetNetwork()) == network {
			return half
		}
	}
	return nil
}

// specialUse are the ranges whose routes every peering exchanges. A subnetwork with
// any other range uses public addresses privately (VPC, "Valid IPv4 ranges").
var specialUse = prefixes([]string{
	"10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "240.0.0.0/4",
})

// exchanged are those ranges of a network that a peer of it has routes to.
func exchanged(ranges []netip.Prefix, from, to *computepb.NetworkPeering) []netip.Prefix {
	if from.GetExportSubnetRoutesWithPublicIp() && to.GetImportSubnetRoutesWithPublicIp() {
		return ranges
	}
	return slices.DeleteFunc(slices.Clone(ranges), func(r netip.Prefix) bool {
		return !slices.ContainsFunc(specialUse, func(p netip.Prefix) bool { return p.Bits() <= r.Bits() && p.Contains(r.Addr()) })
	})
}

// staticRoutes are those that somebody has written, the one to the Internet included.
// Of those to the same range the first counts: it has the lowest priority number, or
// shares the range with another next hop, which is no way to the Internet.
func (c *client) staticRoutes(ctx context.Context, network string) ([]*computepb.Route, error) {
	var out []*computepb.Route
	for routes := c.compute.routes.List(ctx, &computepb.ListRoutesRequest{Project: c.project}); ; {
		r, err := routes.Next()
		if errors.Is(err, iterator.Done) {
			break
		}
		if err != nil {
			return nil, err
		}
		if relative(r.GetNetwork()) == c.global("networks", network) && r.NextHopNetwork == nil && r.NextHopPeering == nil {
			out = append(out, r)
		}
	}
	slices.SortStableFunc(out, func(a, b *computepb.Route) int {
		if order := cmp.Compare(a.GetPriority(), b.GetPriority()); order != 0 || toInternet(a) == toInternet(b) {
			return order
		} else if toInternet(b) {
			return -1
		}
		return 1
	})
	return out, nil
}

// toInternet reports whether the Internet gateway is a route's next hop.
func toInternet(r *computepb.Route) bool {
	return lastOf(r.GetNextHopGateway()) == "default-internet-gateway"
}

// waysOut are the static routes of a network as ways to the Internet. Those with tags
// are for some hosts only.
func (c *client) waysOut(ctx context.Context, network string) ([]serving.Route, error) {
	all, err := c.staticRoutes(ctx, network)
	var out []serving.Route
	for _, r := range all {
		for _, to := range prefixes([]string{r.GetDestRange()}) {
			route := serving.Route{To: to, Kind: serving.RouteOther, ID: "route " + r.GetName()}
			if toInternet(r) && len(r.GetTags()) == 0 {
				route.Kind, route.ID = serving.RouteInternet, "the Internet gateway"
			}
			out = append(out, route)
		}
	}
	return out, err
}

// otherWays gives the cluster's network the static routes that may lead to callers
// without a peering, as through a VPN: what is behind one is not known.
func (c *client) otherWays(ctx context.Context, own string, f *front, t *serving.Topology) error {
	if !f.internal() {
		return nil
	}
	all, err := c.staticRoutes(ctx, own)
	for _, r := range all {
		for _, to := range prefixes([]string{r.GetDestRange()}) {
			leads := t.Caller.Unread != "" || slices.ContainsFunc(t.Caller.Ranges, to.Overlaps)
			if toInternet(r) || !leads {
				continue
			}
			for i := range t.Cluster.Subnets {
				s := &t.Cluster.Subnets[i]
				s.Routes = append(slices.Clone(s.Routes), serving.Route{To: to, Kind: serving.RouteOther, ID: "route " + r.GetName()})
			}
		}
	}
	return err
}

// natRouters are the Cloud NAT gateways of a network, by region. One that serves a
// part of the subnetworks only is left out.
func (c *client) natRouters(ctx context.Context, network string) (map[string]string, error) {
	out := map[string]string{}
	for regions := c.compute.routers.AggregatedList(ctx, &computepb.AggregatedListRoutersRequest{Project: c.project}); ; {
		region, err := regions.Next()
		if errors.Is(err, iterator.Done) {
			return out, nil
		}
		if err != nil {
			return nil, err
		}
		for _, router := range region.Value.GetRouters() {
			for _, nat := range router.GetNats() {
				whole := nat.GetSourceSubnetworkIpRangesToNat() == "ALL_SUBNETWORKS_ALL_IP_RANGES" && nat.GetType() != "PRIVATE"
				if relative(router.GetNetwork()) == c.global("networks", network) && whole {
					out[lastOf(router.GetRegion())] = nat.GetName()
				}
			}
		}
	}
}
