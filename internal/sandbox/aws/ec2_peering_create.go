package aws

import (
	"net/netip"
	"regexp"

	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
)

var accountID = regexp.MustCompile(`^\d{12}$`)

func (c *call) ec2CreateVpcPeeringConnection(in *ec2.CreateVpcPeeringConnectionInput) (*ec2.CreateVpcPeeringConnectionOutput, error) {
	r := c.region()
	v, err := find(r.VPCs, in.VpcId, "VpcId", vpcIDs)
	if err != nil {
		return nil, err
	}
	peer, err := c.peerOf(in)
	if err != nil {
		return nil, err
	}
	tags, err := newTags(in.TagSpecifications, ec2types.ResourceTypeVpcPeeringConnection)
	if err != nil {
		return nil, err
	}
	if twin := c.peeringTwin(*v.VpcId, *peer.VpcId); twin != nil {
		switch sameWay := text(twin.RequesterVpcInfo.VpcId) == *v.VpcId; {
		case !c.cloud.config.RepeatPeering:
			return nil, apiError("VpcPeeringConnectionAlreadyExists", "A VPC peering connection between %s and %s already exists: %s.",
				*v.VpcId, *peer.VpcId, twin.id())
		case sameWay:
			// The tags of the second request are lost.
			return &ec2.CreateVpcPeeringConnectionOutput{VpcPeeringConnection: new(c.shownPeering(twin))}, nil
		}
	}
	if err := c.peeringQuotas(*v.VpcId); err != nil {
		return nil, err
	}
	id := c.newID("pcx")
	p := &VPCPeeringConnection{VpcPeeringConnection: ec2types.VpcPeeringConnection{
		VpcPeeringConnectionId: new(id), Tags: tags,
		ExpirationTime:   new(c.now().Add(c.cloud.delay("ec2.vpc_peering.expire"))),
		RequesterVpcInfo: &ec2types.VpcPeeringConnectionVpcInfo{OwnerId: new(c.Account), Region: new(c.Region), VpcId: v.VpcId},
		AccepterVpcInfo:  peer,
	}}
	p.become(peeringInitiating, "Initiating Request to "+*peer.OwnerId)
	r.VPCPeeringConnections[id] = p
	c.remember(id)
	c.after("ec2.vpc_peering.create", transition{Kind: "ec2.vpc_peering_connection", ID: id, To: "requested"})
	c.after("ec2.vpc_peering.expire", transition{Kind: "ec2.vpc_peering_connection", ID: id, To: "expired"})
	return &ec2.CreateVpcPeeringConnectionOutput{VpcPeeringConnection: new(c.shownPeering(p))}, nil
}

// peerOf reads whom a request is for. EC2 looks at once only at home; whether a VPC exists in another account or region shows
// later, in the state of the connection.
func (c *call) peerOf(in *ec2.CreateVpcPeeringConnectionInput) (*ec2types.VpcPeeringConnectionVpcInfo, error) {
	if text(in.PeerVpcId) == "" {
		return nil, missingParameter("PeerVpcId")
	}
	if err := vpcIDs.check(*in.PeerVpcId); err != nil {
		return nil, err
	}
	peer := &ec2types.VpcPeeringConnectionVpcInfo{OwnerId: new(c.Account), Region: new(c.Region), VpcId: in.PeerVpcId}
	if in.PeerOwnerId != nil {
		peer.OwnerId = in.PeerOwnerId
	}
	if in.PeerRegion != nil {
		peer.Region = in.PeerRegion
	}
	if !accountID.MatchString(*peer.OwnerId) {
		return nil, invalidParameter(*peer.OwnerId, "PeerOwnerId")
	}
	if !regionExists(*peer.Region) {
		return nil, apiError("InvalidParameterValue", "Invalid region: [%s]", *peer.Region)
	}
	if c.ownsSide(peer) && c.region().VPCs[*peer.VpcId] == nil {
		return nil, vpcIDs.absent(*peer.VpcId)
	}
	return peer, nil
}

// peeringTwin is a connection between two VPCs that is not over, whoever asked for it.
func (c *call) peeringTwin(a, b string) *VPCPeeringConnection {
	for p := range c.cloud.state.peerings() {
		if !p.over() && p.joins(a) && text(p.across(a).VpcId) == b {
			return p
		}
	}
	return nil
}

// peeringQuotas refuses a request beyond the account's open ones, or beyond the open and active connections of the VPC.
func (c *call) peeringQuotas(vpc string) error {
	open, joined := 0, 0
	for p := range c.cloud.state.peerings() {
		if c.ownsSide(p.RequesterVpcInfo) && p.is(peeringInitiating, peeringPending) {
			open++
		}
		if p.joins(vpc) && !p.over() {
			joined++
		}
	}
	if open >= c.quota("ec2.vpc_peering_requests") {
		return apiError("OutstandingVpcPeeringConnectionLimitExceeded", "The maximum number of outstanding VPC peering connection requests has been reached.")
	}
	if joined >= c.quota("ec2.vpc_peerings_per_vpc") {
		return apiError("VpcPeeringConnectionsPerVpcLimitExceeded", "The maximum number of VPC peering connections for the VPC %s has been reached.", vpc)
	}
	return nil
}

// blocks are what a VPC has and what it is about to have.
func (v *VPC) blocks() []netip.Prefix {
	var out []netip.Prefix
	for _, a := range v.CidrBlockAssociationSet {
		p, err := netip.ParsePrefix(text(a.CidrBlock))
		if err == nil && (a.CidrBlockState.State == ec2types.VpcCidrBlockStateCodeAssociated || a.CidrBlockState.State == ec2types.VpcCidrBlockStateCodeAssociating) {
			out = append(out, p)
		}
	}
	return out
}

// peeringFeasible reports whether both VPCs exist where the request says and no block of one overlaps a block of the other.
func (s *state) peeringFeasible(p *VPCPeeringConnection) bool {
	requester, accepter := s.peerVPC(p.RequesterVpcInfo), s.peerVPC(p.AccepterVpcInfo)
	if requester == nil || accepter == nil {
		return false
	}
	for _, a := range requester.blocks() {
		for _, b := range accepter.blocks() {
			if a.Overlaps(b) {
				return false
			}
		}
	}
	return true
}
