package aws

import (
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
)

func (c *call) ec2AcceptVpcPeeringConnection(in *ec2.AcceptVpcPeeringConnectionInput) (*ec2.AcceptVpcPeeringConnectionOutput, error) {
	p, err := c.findPeering(in.VpcPeeringConnectionId)
	if err != nil {
		return nil, err
	}
	if err := c.mayAnswerPeering(p, "accept", "accepted"); err != nil {
		return nil, err
	}
	if !p.is(peeringPending) {
		return nil, peeringTransition(p, peeringProvisioning)
	}
	requester, accepter := text(p.RequesterVpcInfo.VpcId), text(p.AccepterVpcInfo.VpcId)
	if c.peeringsOf(requester, accepter) > 0 {
		// AWS names the connection that is to be accepted, not the one that is there (terraform-provider-aws issue 44315).
		return nil, apiError("VpcPeeringConnectionAlreadyExists", "The vpc peering connection identified by %s already exists.", p.id())
	}
	for _, vpc := range []string{requester, accepter} {
		if c.peeringsOf(vpc, "") >= c.quota("ec2.vpc_peerings_per_vpc") {
			return nil, apiError("ActiveVpcPeeringConnectionPerVpcLimitExceeded", "The maximum number of active VPC peering connections for the VPC %s has been reached.", vpc)
		}
	}
	if !c.cloud.state.peeringFeasible(p) {
		c.failPeering(p)
		return &ec2.AcceptVpcPeeringConnectionOutput{VpcPeeringConnection: new(c.shownPeering(p))}, nil
	}
	p.become(peeringProvisioning, "Provisioning")
	c.after("ec2.vpc_peering.accept", transition{Kind: "ec2.vpc_peering_connection", ID: p.id(), To: "active"})
	return &ec2.AcceptVpcPeeringConnectionOutput{VpcPeeringConnection: new(c.shownPeering(p))}, nil
}

// mayAnswerPeering lets only the accepter's account answer a request, and only in the accepter's region.
func (c *call) mayAnswerPeering(p *VPCPeeringConnection, verb, participle string) error {
	id := p.id()
	switch {
	case text(p.AccepterVpcInfo.OwnerId) != c.Account:
		return apiError("OperationNotPermitted", "User %s cannot %s peering %s", c.Account, verb, id)
	case text(p.AccepterVpcInfo.Region) != c.Region:
		return apiError("OperationNotPermitted", "Incorrect region (%s) specified for this request. VPC peering connection %s must be %s in region %s",
			c.Region, id, participle, text(p.AccepterVpcInfo.Region))
	}
	return nil
}

// peeringsOf counts the connections of a VPC that have been accepted and not yet deleted, with another VPC or with any.
func (c *call) peeringsOf(vpc, with string) int {
	n := 0
	for p := range c.cloud.state.peerings() {
		if p.is(peeringProvisioning, peeringActive, peeringDeleting) && p.joins(vpc) && (with == "" || p.joins(with)) {
			n++
		}
	}
	return n
}

func (c *call) ec2RejectVpcPeeringConnection(in *ec2.RejectVpcPeeringConnectionInput) (*ec2.RejectVpcPeeringConnectionOutput, error) {
	p, err := c.findPeering(in.VpcPeeringConnectionId)
	if err != nil {
		return nil, err
	}
	if err := c.mayAnswerPeering(p, "reject", "accepted or rejected"); err != nil {
		return nil, err
	}
	if !p.is(peeringPending) {
		return nil, peeringTransition(p, peeringRejected)
	}
	p.become(peeringRejected, "Rejected by "+c.Account)
	c.forgetPeering(p, accepterSide)
	return &ec2.RejectVpcPeeringConnectionOutput{Return: new(true)}, nil
}

func (c *call) ec2DeleteVpcPeeringConnection(in *ec2.DeleteVpcPeeringConnectionInput) (*ec2.DeleteVpcPeeringConnectionOutput, error) {
	p, err := c.findPeering(in.VpcPeeringConnectionId)
	if err != nil {
		return nil, err
	}
	requested := text(p.RequesterVpcInfo.OwnerId) == c.Account
	switch {
	case p.is(peeringPending) && !requested:
		return nil, apiError("OperationNotPermitted", "User %s cannot delete peering %s", c.Account, p.id())
	case !p.is(peeringPending, peeringActive):
		return nil, peeringTransition(p, peeringDeleting)
	}
	p.become(peeringDeleting, "Deleting")
	by := "deleted by the accepter"
	if requested {
		by = "deleted by the requester"
	}
	c.after("ec2.vpc_peering.delete", transition{Kind: "ec2.vpc_peering_connection", ID: p.id(), To: by})
	return &ec2.DeleteVpcPeeringConnectionOutput{Return: new(true)}, nil
}

// shownPeering is a connection as one side sees it: the accepter's blocks once it is active, the requester's while it is
// asked for too, and the options of an active one only.
func (c *call) shownPeering(p *VPCPeeringConnection) ec2types.VpcPeeringConnection {
	out := p.VpcPeeringConnection
	out.Tags = *c.peeringTags(p)
	requester, accepter := *p.RequesterVpcInfo, *p.AccepterVpcInfo
	if p.is(peeringPending, peeringProvisioning, peeringActive) {
		c.showBlocks(&requester)
	}
	if p.is(peeringActive) {
		c.showBlocks(&accepter)
	} else {
		requester.PeeringOptions, accepter.PeeringOptions = nil, nil
	}
	out.RequesterVpcInfo, out.AccepterVpcInfo = &requester, &accepter
	return out
}

func (c *call) showBlocks(side *ec2types.VpcPeeringConnectionVpcInfo) {
	v := c.cloud.state.peerVPC(side)
	if v == nil {
		return
	}
	side.CidrBlock = v.CidrBlock
	for _, p := range v.prefixes() {
		side.CidrBlockSet = append(side.CidrBlockSet, ec2types.CidrBlock{CidrBlock: new(p.String())})
	}
}

// peeringTags are the tags of the side that the call is made on.
func (c *call) peeringTags(p *VPCPeeringConnection) *[]ec2types.Tag {
	if c.ownsSide(p.RequesterVpcInfo) {
		return &p.Tags
	}
	return &p.AccepterTags
}
