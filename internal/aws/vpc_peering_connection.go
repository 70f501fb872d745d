package aws

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"github.com/modelserving/terraform-provider-serving/internal/stack"
)

// peeringConnections are VPC peering connections as the requester sees them. One
// that has ended stays visible for a while, and is not there any more for us.
type peeringConnections struct {
	*client
	owner owner
	// ended remembers, for one verb, what had ended before.
	ended *endedPeerings
}

type peeringConnectionSpec struct {
	VPC, PeerVPC, PeerOwner, PeerRegion string
}

var (
	_ stack.Kind[peeringConnectionSpec, ec2types.VpcPeeringConnection] = peeringConnections{}
	_ stack.Sealer[ec2types.VpcPeeringConnection]                      = peeringConnections{}
)

// endedPeerings tells a connection that ends while it is being made, which is a
// failure, from those that had ended before, which are nothing.
type endedPeerings struct {
	mu    sync.Mutex
	made  bool
	known map[string]bool
}

// absent reports whether an ended connection is nothing to this verb.
func (e *endedPeerings) absent(id string) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.made {
		return e.known[id]
	}
	if e.known == nil {
		e.known = map[string]bool{}
	}
	e.known[id] = true
	return true
}

func (e *endedPeerings) making() {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.made = true
}

func (k peeringConnections) Find(ctx context.Context, name string) ([]*ec2types.VpcPeeringConnection, error) {
	found, err := marked(ctx, k.owner, name, k.reader.peerings, func(p ec2types.VpcPeeringConnection) []ec2types.Tag { return p.Tags })
	return slices.DeleteFunc(found, func(p *ec2types.VpcPeeringConnection) bool { return hasEnded(p) && k.ended.absent(k.ID(p)) }), err
}

// hasEnded reports whether a connection will never carry traffic again (VPC
// peering guide, "VPC peering connection lifecycle").
func hasEnded(p *ec2types.VpcPeeringConnection) bool {
	return slices.Contains([]ec2types.VpcPeeringConnectionStateReasonCode{
		ec2types.VpcPeeringConnectionStateReasonCodeFailed, ec2types.VpcPeeringConnectionStateReasonCodeRejected,
		ec2types.VpcPeeringConnectionStateReasonCodeExpired, ec2types.VpcPeeringConnectionStateReasonCodeDeleted,
	}, peeringStatus(p))
}

func peeringStatus(p *ec2types.VpcPeeringConnection) ec2types.VpcPeeringConnectionStateReasonCode {
	if p == nil || p.Status == nil {
		return ""
	}
	return p.Status.Code
}

// peeringEnd says how a connection ended, in the cloud's words.
func peeringEnd(p *ec2types.VpcPeeringConnection) string {
	text := string(peeringStatus(p))
	if p.Status != nil && aws.ToString(p.Status.Message) != "" {
		text += ": " + aws.ToString(p.Status.Message)
	}
	return text
}

func (k peeringConnections) ID(live *ec2types.VpcPeeringConnection) string {
	return aws.ToString(live.VpcPeeringConnectionId)
}

// State is usable while it waits for its acceptance, which is an object of its
// own.
func (k peeringConnections) State(live *ec2types.VpcPeeringConnection) stack.State {
	switch code := peeringStatus(live); {
	case hasEnded(live):
		return stack.State{Phase: stack.Failed, Reason: peeringEnd(live)}
	case code == ec2types.VpcPeeringConnectionStateReasonCodeDeleting:
		return stack.State{Phase: stack.Deleting}
	case code == ec2types.VpcPeeringConnectionStateReasonCodeInitiatingRequest || code == ec2types.VpcPeeringConnectionStateReasonCodeProvisioning:
		return stack.State{Phase: stack.Pending, Reason: string(code)}
	}
	return stack.State{}
}

func (k peeringConnections) Sealed(live *ec2types.VpcPeeringConnection) bool {
	return fromEC2(live.Tags)[tagSealed] == "true"
}

func (k peeringConnections) Seal(ctx context.Context, live *ec2types.VpcPeeringConnection) error {
	_, err := k.ec2.CreateTags(ctx, &ec2.CreateTagsInput{Resources: []string{k.ID(live)}, Tags: []ec2types.Tag{{Key: aws.String(tagSealed), Value: aws.String("true")}}})
	return err
}

func (k peeringConnections) Diff(name string, want peeringConnectionSpec, live *ec2types.VpcPeeringConnection) []stack.Difference {
	requester, accepter := sideOf(live.RequesterVpcInfo), sideOf(live.AccepterVpcInfo)
	diffs := fixed("vpc", aws.ToString(requester.VpcId), want.VPC)
	diffs = append(diffs, fixed("peer vpc", aws.ToString(accepter.VpcId), want.PeerVPC)...)
	diffs = append(diffs, fixed("peer account", aws.ToString(accepter.OwnerId), want.PeerOwner)...)
	diffs = append(diffs, fixed("peer region", aws.ToString(accepter.Region), want.PeerRegion)...)
	return append(diffs, k.owner.differ(name, fromEC2(live.Tags))...)
}

func sideOf(info *ec2types.VpcPeeringConnectionVpcInfo) ec2types.VpcPeeringConnectionVpcInfo {
	if info == nil {
		return ec2types.VpcPeeringConnectionVpcInfo{}
	}
	return *info
}

// rangesOf are the IPv4 ranges of one side; none while the cloud does not tell.
func rangesOf(info *ec2types.VpcPeeringConnectionVpcInfo) []string {
	var out []string
	for _, b := range sideOf(info).CidrBlockSet {
		out = append(out, aws.ToString(b.CidrBlock))
	}
	return sorted(out)
}

// Create has no client token: a connection is found by its mark. One between the
// same VPCs that is not ours is never taken over.
func (k peeringConnections) Create(ctx context.Context, name string, want peeringConnectionSpec, _ string) error {
	if err := k.foreign(ctx, want); err != nil {
		return err
	}
	k.ended.making()
	_, err := k.ec2.CreateVpcPeeringConnection(ctx, &ec2.CreateVpcPeeringConnectionInput{
		VpcId: &want.VPC, PeerVpcId: &want.PeerVPC, PeerOwnerId: &want.PeerOwner, PeerRegion: &want.PeerRegion,
		TagSpecifications: k.owner.onCreate(ec2types.ResourceTypeVpcPeeringConnection, name),
	})
	if isCode(err, "VpcPeeringConnectionAlreadyExists") {
		if foreign := k.foreign(ctx, want); foreign != nil {
			return foreign
		}
	}
	return err
}

// foreign is a *stack.ForeignError when another connection joins the VPCs.
func (k peeringConnections) foreign(ctx context.Context, want peeringConnectionSpec) error {
	others, err := k.peeringsOf(ctx, want.VPC)
	if err != nil {
		return err
	}
	for _, p := range others {
		if other := otherSide(&p, want.VPC); aws.ToString(other.VpcId) == want.PeerVPC && fromEC2(p.Tags)[tagStack] != k.owner.stack {
			return &stack.ForeignError{What: fmt.Sprintf("VPC peering connection %s (%s) between %s and %s", aws.ToString(p.VpcPeeringConnectionId), peeringStatus(&p), want.VPC, want.PeerVPC)}
		}
	}
	return nil
}

// otherSide is the VPC at the other end of a connection.
func otherSide(p *ec2types.VpcPeeringConnection, vpc string) ec2types.VpcPeeringConnectionVpcInfo {
	if requester := sideOf(p.RequesterVpcInfo); aws.ToString(requester.VpcId) != vpc {
		return requester
	}
	return sideOf(p.AccepterVpcInfo)
}

func (k peeringConnections) Update(ctx context.Context, name string, _ peeringConnectionSpec, live *ec2types.VpcPeeringConnection, _ []stack.Difference) error {
	return k.retag(ctx, k.owner, name, k.ID(live), live.Tags)
}

func (k peeringConnections) Delete(ctx context.Context, live *ec2types.VpcPeeringConnection) error {
	_, err := k.ec2.DeleteVpcPeeringConnection(ctx, &ec2.DeleteVpcPeeringConnectionInput{VpcPeeringConnectionId: live.VpcPeeringConnectionId})
	// Whoever was first, it has ended.
	return absent(err, "InvalidVpcPeeringConnectionID.NotFound", "InvalidStateTransition")
}

// peeringsOf lists the connections of a VPC, on whichever side it is, that have
// not ended.
func (c *client) peeringsOf(ctx context.Context, vpc string) ([]ec2types.VpcPeeringConnection, error) {
	var out []ec2types.VpcPeeringConnection
	for _, side := range []string{"requester-vpc-info.vpc-id", "accepter-vpc-info.vpc-id"} {
		found, err := c.describePeerings(ctx, []ec2types.Filter{{Name: &side, Values: []string{vpc}}})
		if err != nil {
			return nil, err
		}
		out = append(out, slices.DeleteFunc(found, func(p ec2types.VpcPeeringConnection) bool {
			return hasEnded(&p) || peeringStatus(&p) == ec2types.VpcPeeringConnectionStateReasonCodeDeleting
		})...)
	}
	slices.SortFunc(out, func(a, b ec2types.VpcPeeringConnection) int {
		return strings.Compare(aws.ToString(a.VpcPeeringConnectionId), aws.ToString(b.VpcPeeringConnectionId))
	})
	return out, nil
}

func (c *client) describePeerings(ctx context.Context, f []ec2types.Filter) ([]ec2types.VpcPeeringConnection, error) {
	in := &ec2.DescribeVpcPeeringConnectionsInput{Filters: f}
	return pagesByToken(ctx, c.ec2.DescribeVpcPeeringConnections, in, &in.NextToken, func(o *ec2.DescribeVpcPeeringConnectionsOutput) ([]ec2types.VpcPeeringConnection, *string) {
		return o.VpcPeeringConnections, o.NextToken
	})
}
