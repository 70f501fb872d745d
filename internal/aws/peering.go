package aws

import (
	"cmp"
	"context"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"github.com/modelserving/terraform-provider-serving/internal/reads"
	"github.com/modelserving/terraform-provider-serving/internal/serving"
)

// Names of a peering's objects.
const (
	objectConnection    = "connection"
	objectAcceptance    = "acceptance"
	objectClusterDNS    = "dns/cluster"
	objectPeerDNS       = "dns/peer"
	objectClusterRoutes = "routes/cluster"
	objectPeerRoutes    = "routes/peer"
	objectIngress       = "ingress"
)

// extent is how much of a peering's graph is drawn.
type extent int

const (
	// whole is everything that a peering has.
	whole extent = iota
	// requested is the connection alone: somebody else is to accept it. What there
	// may be of an earlier one goes.
	requested
	// removable is what has to be removed: the rest goes with the connection.
	removable
)

// peering is a peering with what its graph depends on: whose both sides are, and
// how far it has come.
type peering struct {
	spec  serving.Peering
	owner owner
	ours  *client
	// theirs acts on the peer's side; nil when nobody has given us its credentials.
	theirs *client
	// account is the cluster's.
	account string
	// known are the connections that carry the mark, ended ones included, and live
	// is the one that has not ended.
	known []ec2types.VpcPeeringConnection
	live  *ec2types.VpcPeeringConnection
}

// peering reads what the graph of a peering depends on.
func (b *Backend) peering(ctx context.Context, spec serving.Peering) (*peering, error) {
	c, err := b.client(ctx, spec.Cluster.Region)
	if err != nil {
		return nil, err
	}
	p := &peering{spec: spec, owner: peeringOwner(spec), ours: c}
	for _, key := range []string{p.owner.stack, reads.ByID + spec.LastSeen[objectConnection]} {
		if len(p.known) == 0 && key != reads.ByID {
			if p.known, err = c.reader.peerings.Get(ctx, key); err != nil {
				return nil, err
			}
		}
	}
	for i := range p.known {
		if !hasEnded(&p.known[i]) {
			p.live = &p.known[i]
		}
	}
	// The connection says whose the cluster is, which saves a call.
	for _, k := range p.known {
		p.account = aws.ToString(sideOf(k.RequesterVpcInfo).OwnerId)
	}
	if p.account == "" {
		if p.account, err = c.account(ctx); err != nil {
			return nil, err
		}
	}
	p.spec.Peer.AccountID = cmp.Or(spec.PeerAccount(), p.account)
	p.spec.Peer.Region = spec.PeerRegion()
	if spec.Peer.AssumeRoleARN != "" || p.spec.Peer.AccountID == p.account {
		p.theirs, err = b.clientAs(ctx, p.spec.Peer.Region, spec.Peer.AssumeRoleARN)
	}
	return p, err
}

// shared reports whether both sides are one account and region: then there is one
// set of tags.
func (p *peering) shared() bool {
	return p.spec.Peer.AccountID == p.account && p.spec.Peer.Region == p.ours.region
}

// extent is how far the peering can be made.
func (p *peering) extent() extent {
	if (p.spec.Accept == serving.AcceptManual || p.theirs == nil) && (p.live == nil || !accepted(p.live)) {
		return requested
	}
	return whole
}

// connections are the ids that are known before the connection is looked for.
func (p *peering) connections(side *peeringSide) []string {
	var ids []string
	for _, k := range p.known {
		ids = append(ids, aws.ToString(k.VpcPeeringConnectionId))
	}
	for _, r := range side.seen {
		ids = append(ids, r.Connection)
	}
	if id := p.spec.LastSeen[objectConnection]; id != "" {
		ids = append(ids, id)
	}
	return sorted(ids)
}

// ended is the last connection that has ended, as long as there is no other.
func (p *peering) ended() string {
	if p.live != nil {
		return ""
	}
	last := slices.MaxFunc(append(slices.Clone(p.known), ec2types.VpcPeeringConnection{}), func(a, b ec2types.VpcPeeringConnection) int {
		return cmp.Compare(aws.ToString(a.VpcPeeringConnectionId), aws.ToString(b.VpcPeeringConnectionId))
	})
	if last.VpcPeeringConnectionId == nil {
		return ""
	}
	return "VPC peering connection " + *last.VpcPeeringConnectionId + " is " + peeringEnd(&last)
}
