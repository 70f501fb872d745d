package aws

import (
	"net/netip"
	"slices"

	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
)

// farVPC is the VPC at the other end of an active connection, and where it is.
type farVPC struct{ connection, vpc, account, region string }

// peered is the active connection between two VPCs, or nil. It says nothing about routes.
func (s *state) peered(a, b string) *VPCPeeringConnection {
	for p := range s.peerings() {
		if p.is(peeringActive) && p.joins(a) && text(p.across(a).VpcId) == b {
			return p
		}
	}
	return nil
}

// throughPeering is the VPC that a route table sends an address to through an active connection. ok is false if the narrowest
// route leads elsewhere or nowhere, and if the address is not the peer's: a peer takes in no packets for others.
func (c *call) throughPeering(t *ec2types.RouteTable, to netip.Addr) (far farVPC, ok bool) {
	route := routeTo(t, to)
	if route == nil || route.VpcPeeringConnectionId == nil || c.routeState(t, route) != ec2types.RouteStateActive {
		return farVPC{}, false
	}
	p := c.cloud.state.peering(*route.VpcPeeringConnectionId)
	side := p.across(text(t.VpcId))
	v := c.cloud.state.peerVPC(side)
	if v == nil || !slices.ContainsFunc(v.prefixes(), func(block netip.Prefix) bool { return block.Contains(to) }) {
		return farVPC{}, false
	}
	return farVPC{
		connection: p.id(), vpc: text(side.VpcId), account: text(side.OwnerId), region: text(side.Region),
	}, true
}

// peeringTarget checks a connection that a route is to lead through. Before it is active the route is a black hole.
func (c *call) peeringTarget(t *ec2types.RouteTable, id *string) (*string, error) {
	p, err := c.findPeering(id)
	if err != nil {
		return nil, err
	}
	switch {
	case !p.joins(text(t.VpcId)):
		return nil, apiError("InvalidParameterValue", "route table %s and network gateway %s belong to different networks", *t.RouteTableId, *id)
	case !p.is(peeringPending, peeringProvisioning, peeringActive):
		return nil, apiError(peeringIDs.notFound, "The %s '%s' does not exist: it is %s", peeringIDs.noun, *id, p.state())
	}
	return p.VpcPeeringConnectionId, nil
}

// peeringCarries reports whether a connection takes the packets of a VPC.
func (c *call) peeringCarries(id string, vpc *string) bool {
	p := c.cloud.state.peering(id)
	return p != nil && p.is(peeringActive) && p.joins(text(vpc))
}

// peeringAdmitsBlock refuses a further block of a VPC that its connections do not bear ("Add IPv4 CIDR blocks to a VPC" in the
// VPC User Guide): none while a request of it is open, none that overlaps a peer.
func (c *call) peeringAdmitsBlock(v *VPC, cidr netip.Prefix) error {
	for p := range c.cloud.state.peerings() {
		far := p.across(*v.VpcId)
		switch {
		case far == nil:
		case p.is(peeringInitiating, peeringPending) && far == p.AccepterVpcInfo:
			return apiError("OperationNotPermitted", "The VPC %s has requested the peering connection %s, which is %s: until it is accepted or deleted, no CIDR block can be added.",
				*v.VpcId, p.id(), p.state())
		case p.is(peeringProvisioning, peeringActive):
			if other := c.cloud.state.peerVPC(far); other != nil {
				for _, block := range other.blocks() {
					if block.Overlaps(cidr) {
						return apiError("InvalidVpc.Range", "The CIDR '%s' conflicts with the block %s of the VPC %s at the other end of the peering connection %s.",
							cidr, block, text(far.VpcId), p.id())
					}
				}
			}
		}
	}
	for _, t := range c.region().RouteTables {
		if text(t.VpcId) != *v.VpcId {
			continue
		}
		for _, route := range t.Routes {
			if to, err := netip.ParsePrefix(text(route.DestinationCidrBlock)); err == nil && within(to, cidr) {
				return apiError("InvalidVpc.Range", "The CIDR '%s' is the same as or larger than the destination %s of a route in %s.", cidr, to, *t.RouteTableId)
			}
		}
	}
	return nil
}

// failOverlapping ends the requests to a VPC that a further block of it has made impossible.
func (c *call) failOverlapping(v *VPC) {
	for p := range c.cloud.state.peerings() {
		if p.is(peeringPending) && text(p.AccepterVpcInfo.VpcId) == *v.VpcId && !c.cloud.state.peeringFeasible(p) {
			c.failPeering(p)
		}
	}
}

// peeringHolds reports whether a connection stands in the way of a VPC's deletion. The documentation says that the console
// deletes the connections of the VPC, and that a request from another account must be rejected first; the API is taken not to
// delete what the other side still uses.
func (c *call) peeringHolds(vpc string) bool {
	for p := range c.cloud.state.peerings() {
		accepts := text(p.AccepterVpcInfo.VpcId) == vpc
		if p.joins(vpc) && (p.is(peeringProvisioning, peeringActive, peeringDeleting) || accepts && p.is(peeringPending)) {
			return true
		}
	}
	return false
}

// dropPeerings deletes the requests of a VPC that goes.
func (c *call) dropPeerings(vpc string) {
	for p := range c.cloud.state.peerings() {
		if text(p.RequesterVpcInfo.VpcId) == vpc && p.is(peeringInitiating, peeringPending) {
			if p.is(peeringInitiating) {
				// The accepter never saw it.
				p.Forgotten = append(p.Forgotten, accepterSide)
			}
			c.deletePeering(p, requesterSide)
		}
	}
}
