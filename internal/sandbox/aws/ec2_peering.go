package aws

import (
	"iter"
	"slices"

	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
)

// VPCPeeringConnection is a connection as its two sides share it. It is kept in the account and region of its requester.
type VPCPeeringConnection struct {
	// Its tags are the requester's. CIDR blocks are not kept with it but read from the VPCs, and options are there once it
	// has been active.
	ec2types.VpcPeeringConnection
	// AccepterTags are the tags of the other side, if that is another account or region: tags apply where they were made.
	AccepterTags []ec2types.Tag
	// Forgotten are the sides that see it no more.
	Forgotten []string
}

// The sides of a connection.
const (
	requesterSide = "requester"
	accepterSide  = "accepter"
)

// The states of a connection ("VPC peering connection lifecycle" in the VPC Peering Guide).
const (
	peeringInitiating   = ec2types.VpcPeeringConnectionStateReasonCodeInitiatingRequest
	peeringPending      = ec2types.VpcPeeringConnectionStateReasonCodePendingAcceptance
	peeringProvisioning = ec2types.VpcPeeringConnectionStateReasonCodeProvisioning
	peeringActive       = ec2types.VpcPeeringConnectionStateReasonCodeActive
	peeringDeleting     = ec2types.VpcPeeringConnectionStateReasonCodeDeleting
	peeringDeleted      = ec2types.VpcPeeringConnectionStateReasonCodeDeleted
	peeringRejected     = ec2types.VpcPeeringConnectionStateReasonCodeRejected
	peeringFailed       = ec2types.VpcPeeringConnectionStateReasonCodeFailed
	peeringExpired      = ec2types.VpcPeeringConnectionStateReasonCodeExpired
)

func (p *VPCPeeringConnection) id() string { return text(p.VpcPeeringConnectionId) }

// state is the code of the connection's status.
func (p *VPCPeeringConnection) state() ec2types.VpcPeeringConnectionStateReasonCode {
	if p.Status == nil {
		return ""
	}
	return p.Status.Code
}

func (p *VPCPeeringConnection) is(states ...ec2types.VpcPeeringConnectionStateReasonCode) bool {
	return slices.Contains(states, p.state())
}

func (p *VPCPeeringConnection) become(state ec2types.VpcPeeringConnectionStateReasonCode, message string) {
	p.Status = &ec2types.VpcPeeringConnectionStateReason{Code: state, Message: new(message)}
}

// over reports whether the connection is in a state that it does not leave: it is shown for a while and in nobody's way.
func (p *VPCPeeringConnection) over() bool {
	return p.is(peeringDeleted, peeringRejected, peeringFailed, peeringExpired)
}

// live is for the census: a request counts, because somebody must accept it or take it back.
func (p *VPCPeeringConnection) live() bool { return !p.over() }

// joins reports whether a VPC is one of the two.
func (p *VPCPeeringConnection) joins(vpc string) bool {
	return vpc != "" && (text(p.RequesterVpcInfo.VpcId) == vpc || text(p.AccepterVpcInfo.VpcId) == vpc)
}

// across is the VPC at the other end, seen from one of the two.
func (p *VPCPeeringConnection) across(vpc string) *ec2types.VpcPeeringConnectionVpcInfo {
	switch vpc {
	case text(p.RequesterVpcInfo.VpcId):
		return p.AccepterVpcInfo
	case text(p.AccepterVpcInfo.VpcId):
		return p.RequesterVpcInfo
	}
	return nil
}

// sameAccount and sameRegion compare the two sides.
func (p *VPCPeeringConnection) sameAccount() bool {
	return text(p.RequesterVpcInfo.OwnerId) == text(p.AccepterVpcInfo.OwnerId)
}

func (p *VPCPeeringConnection) sameRegion() bool {
	return text(p.RequesterVpcInfo.Region) == text(p.AccepterVpcInfo.Region)
}

// peerings visits every connection of the cloud in a stable order.
func (s *state) peerings() iter.Seq[*VPCPeeringConnection] {
	return func(yield func(*VPCPeeringConnection) bool) {
		for _, key := range sortedKeys(s.Regions) {
			all := s.Regions[key].VPCPeeringConnections
			for _, id := range sortedKeys(all) {
				if !yield(all[id]) {
					return
				}
			}
		}
	}
}

// peering finds a connection wherever it is kept.
func (s *state) peering(id string) *VPCPeeringConnection {
	for _, r := range s.Regions {
		if p := r.VPCPeeringConnections[id]; p != nil {
			return p
		}
	}
	return nil
}

// peerVPC is the VPC of one side, or nil. Looking must not make an account's region exist.
func (s *state) peerVPC(side *ec2types.VpcPeeringConnectionVpcInfo) *VPC {
	r := s.Regions[text(side.OwnerId)+"/"+text(side.Region)]
	if r == nil {
		return nil
	}
	return r.VPCs[text(side.VpcId)]
}

// ownsSide reports whether a call is made in the account and region of a side.
func (c *call) ownsSide(side *ec2types.VpcPeeringConnectionVpcInfo) bool {
	return text(side.OwnerId) == c.Account && text(side.Region) == c.Region
}

// sees reports whether a connection exists for a call: on the accepter's side not before the request has arrived, nowhere
// after it was forgotten there.
func (c *call) sees(p *VPCPeeringConnection) bool {
	if !c.visible(p.id()) {
		return false
	}
	requester := c.ownsSide(p.RequesterVpcInfo) && !slices.Contains(p.Forgotten, requesterSide)
	accepter := c.ownsSide(p.AccepterVpcInfo) && !slices.Contains(p.Forgotten, accepterSide) && !p.is(peeringInitiating)
	return requester || accepter
}

// findPeering looks a connection up by a required id, from where the call is made.
func (c *call) findPeering(id *string) (*VPCPeeringConnection, error) {
	if id == nil || *id == "" {
		return nil, missingParameter("VpcPeeringConnectionId")
	}
	if err := peeringIDs.check(*id); err != nil {
		return nil, err
	}
	p := c.cloud.state.peering(*id)
	if p == nil || !c.sees(p) {
		return nil, peeringIDs.absent(*id)
	}
	return p, nil
}

// peeringTransition is the complaint about a connection in the wrong state.
func peeringTransition(p *VPCPeeringConnection, to ec2types.VpcPeeringConnectionStateReasonCode) error {
	return apiError("InvalidStateTransition", "Invalid state transition for %s, attempted to transition from %s to %s",
		p.id(), p.state(), to)
}
