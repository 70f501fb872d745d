package aws

import (
	"net/netip"

	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
)

// across judges a connection to private addresses of another VPC, through the peering of the two. A client gets any of the
// addresses and comes back from any of them, so all must work, both ways.
func (h *host) across(to destination) error {
	if err := h.at.cloud.state.peeringJoins(h.vpc, to.vpc, to.name); err != nil {
		return err
	}
	for _, subnet := range h.subnets {
		for _, address := range to.addresses {
			if err := h.at.routeAcross(subnet, address, to.vpc); err != nil {
				return err
			}
		}
	}
	if err := h.within(to); err != nil {
		return err
	}
	for _, subnet := range to.subnets {
		if err := to.at.routeAcross(subnet, h.address, h.vpc); err != nil {
			return err
		}
	}
	return nil
}

// peeringJoins refuses two VPCs without an active connection between them. What a connection of theirs to a third one leads to
// does not count: peering is not transitive.
func (s *state) peeringJoins(a, b, name string) error {
	if s.peered(a, b) != nil {
		return nil
	}
	for p := range s.peerings() {
		if p.joins(a) && text(p.across(a).VpcId) == b && !p.over() {
			return noPath("peering "+p.id(), "it is %s, and nothing passes before it is active", p.state())
		}
	}
	return noPath(a, "there is no peering with %s, where the private addresses of %s are", b, name)
}

// routeAcross judges the route of a subnet to an address of a peer.
func (c *call) routeAcross(subnet string, to netip.Addr, vpc string) error {
	hop := "subnet " + subnet
	table := c.routeTable(subnet)
	if table == nil {
		return noPath(hop, "it does not exist or has no route table")
	}
	if far, ok := c.throughPeering(table, to); ok && far.vpc == vpc {
		return nil
	}
	route := routeTo(table, to)
	switch {
	case route == nil:
		return noPath(hop, "its route table %s has no route to %s in %s", *table.RouteTableId, to, vpc)
	case c.routeState(table, route) == ec2types.RouteStateBlackhole:
		return noPath(hop, "the route to %s in its route table %s is a black hole", *route.DestinationCidrBlock, *table.RouteTableId)
	case route.VpcPeeringConnectionId != nil:
		return noPath(hop, "the route to %s in its route table %s leads through %s, which is no peering with %s", *route.DestinationCidrBlock, *table.RouteTableId, *route.VpcPeeringConnectionId, vpc)
	}
	return noPath(hop, "the route to %s in its route table %s leads to %s, not through the peering with %s", *route.DestinationCidrBlock, *table.RouteTableId, targetOf(route), vpc)
}

// targetOf names what a route leads to.
func targetOf(r *ec2types.Route) string {
	for _, id := range []*string{r.GatewayId, r.NatGatewayId, r.NetworkInterfaceId, r.TransitGatewayId} {
		if id != nil {
			return *id
		}
	}
	return "something else"
}
