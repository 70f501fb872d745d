package gcp

import (
	"context"
	"errors"
	"strings"

	"cloud.google.com/go/compute/apiv1/computepb"
	"google.golang.org/api/iterator"
	"google.golang.org/protobuf/proto"
)

// rangesIn are those of all subnetworks of a network, secondary ones included: they
// are what a peer gets routes to.
func (c *client) rangesIn(ctx context.Context, network, _ string) ([]string, error) {
	all, err := c.reader.everySubnetwork.Get(ctx, everything)
	var out []string
	for _, s := range all {
		if relative(s.GetNetwork()) != c.global("networks", network) {
			continue
		}
		out = append(out, s.GetIpCidrRange())
		for _, r := range s.GetSecondaryIpRanges() {
			out = append(out, r.GetIpCidrRange())
		}
	}
	return sorted(out), err
}

// arriving are the ranges of the peer's subnetworks that arrive over a peering, which
// those of public addresses do only where both sides say so.
// Those of its VPNs and routers have callers, too, which allowed_cidrs lets in.
func (c *client) arriving(ctx context.Context, network, peering string) ([]string, error) {
	return c.reader.peeringRoutes.Get(ctx, network+" "+peering)
}

// readPeeringRoutes reads them. The key is a network and a peering.
func (c *client) readPeeringRoutes(ctx context.Context, key string) ([]string, error) {
	network, peering, _ := strings.Cut(key, " ")
	routes := c.compute.networks.ListPeeringRoutes(ctx, &computepb.ListPeeringRoutesNetworksRequest{
		Project: c.project, Network: network, PeeringName: &peering, Region: &c.region, Direction: proto.String("INCOMING"), MaxResults: proto.Uint32(pageSize),
	})
	var out []string
	for {
		route, err := routes.Next()
		if errors.Is(err, iterator.Done) {
			return sorted(out), nil
		}
		if err != nil {
			return nil, err
		}
		if route.GetType() == "SUBNET_PEERING_ROUTE" && route.GetImported() {
			out = append(out, route.GetDestRange())
		}
	}
}
