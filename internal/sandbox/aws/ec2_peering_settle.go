package aws

import (
	"slices"
	"strings"

	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
)

// settlePeering is what becomes of a connection by itself. Every step is void if the connection has gone another way.
func (c *call) settlePeering(id, to string) {
	p := c.cloud.state.peering(id)
	if p == nil {
		return
	}
	side, forget := strings.CutPrefix(to, "forgotten by the ")
	switch by, deleted := strings.CutPrefix(to, "deleted by the "); {
	case to == "requested" && p.is(peeringInitiating):
		c.deliverPeering(p)
	case to == "active" && p.is(peeringProvisioning):
		p.become(peeringActive, "Active")
		p.ExpirationTime = nil
		p.RequesterVpcInfo.PeeringOptions = &ec2types.VpcPeeringConnectionOptionsDescription{AllowDnsResolutionFromRemoteVpc: new(false)}
		p.AccepterVpcInfo.PeeringOptions = &ec2types.VpcPeeringConnectionOptionsDescription{AllowDnsResolutionFromRemoteVpc: new(false)}
	case to == "expired" && p.is(peeringPending):
		p.become(peeringExpired, "Expired")
		c.forgetPeering(p)
	case deleted && p.is(peeringDeleting):
		c.deletePeering(p, by)
	case forget:
		p.Forgotten = append(p.Forgotten, side)
		if slices.Contains(p.Forgotten, requesterSide) && slices.Contains(p.Forgotten, accepterSide) {
			for _, r := range c.cloud.state.Regions {
				delete(r.VPCPeeringConnections, id)
			}
		}
	}
}

// deliverPeering brings a request to the accepter, if it can be met at all. In another region it is seen a while after the
// requester's region says that it is pending.
func (c *call) deliverPeering(p *VPCPeeringConnection) {
	if !c.cloud.state.peeringFeasible(p) {
		p.Forgotten = append(p.Forgotten, accepterSide)
		c.failPeering(p)
		return
	}
	p.become(peeringPending, "Pending Acceptance by "+text(p.AccepterVpcInfo.OwnerId))
	if p.sameAccount() && p.sameRegion() {
		return
	}
	seen := c.now()
	if !p.sameRegion() {
		seen = seen.Add(c.cloud.delay("ec2.vpc_peering.propagate"))
	}
	if c.cloud.config.Consistency > 0 || seen.After(c.now()) {
		c.cloud.state.region(text(p.AccepterVpcInfo.OwnerId), text(p.AccepterVpcInfo.Region)).Born[p.id()] = seen
	}
}

// failPeering ends a request that cannot be met, with the only reason that EC2 gives.
func (c *call) failPeering(p *VPCPeeringConnection) {
	p.become(peeringFailed, "Failed due to incorrect VPC-ID, Account ID, or overlapping CIDR range")
	c.forgetPeering(p, requesterSide, accepterSide)
}

// deletePeering ends a connection that one side has deleted.
func (c *call) deletePeering(p *VPCPeeringConnection, by string) {
	owner := p.RequesterVpcInfo.OwnerId
	if by == accepterSide {
		owner = p.AccepterVpcInfo.OwnerId
	}
	p.become(peeringDeleted, "Deleted by "+text(owner))
	c.forgetPeering(p, by)
}

// forgetPeering takes a connection that is over out of sight: soon for the sides that ended it, late for the others, but soon
// for both if they are one account. Nobody ends one that expires.
func (c *call) forgetPeering(p *VPCPeeringConnection, by ...string) {
	for _, side := range []string{requesterSide, accepterSide} {
		delay := "ec2.vpc_peering.forget_late"
		if slices.Contains(by, side) || p.sameAccount() && !p.is(peeringExpired) {
			delay = "ec2.vpc_peering.forget"
		}
		c.after(delay, transition{Kind: "ec2.vpc_peering_connection", ID: p.id(), To: "forgotten by the " + side})
	}
}
