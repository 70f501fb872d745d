package aws

import (
	"cmp"
	"context"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"github.com/modelserving/terraform-provider-serving/internal/serving"
	"github.com/modelserving/terraform-provider-serving/internal/stack"
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
	// requested is the connection alone: somebody else is to accept it.
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
	for _, key := range []string{p.owner.stack, byID + spec.LastSeen[objectConnection]} {
		if len(p.known) == 0 && key != byID {
			if p.known, err = c.reader.peerings.get(ctx, key); err != nil {
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

// peeringStack is a peering as a graph, with the objects that others ask about.
type peeringStack struct {
	*stack.Stack
	*peering

	cluster               *stack.Lookup[clusterSide]
	connection            *stack.Object[peeringConnectionSpec, ec2types.VpcPeeringConnection]
	acceptance            *stack.Object[peeringAcceptanceSpec, ec2types.VpcPeeringConnection]
	clusterDNS, peerDNS   *stack.Object[peeringOptionsSpec, ec2types.VpcPeeringConnection]
	clusterSide, peerSide *peeringSide
}

// draw makes the graph.
func (p *peering) draw(of extent) *peeringStack {
	s := &peeringStack{Stack: &stack.Stack{Name: p.owner.stack, Log: p.ours.log, Poll: p.ours.poll}, peering: p}
	s.cluster = stack.Look(s.Stack, "cluster", func(ctx context.Context) (*clusterSide, error) { return p.ours.clusterSide(ctx, p.spec.Cluster.Name) })
	s.connection = stack.Add(s.Stack, objectConnection, peeringConnections{p.ours, p.owner, &endedPeerings{}}, func() peeringConnectionSpec {
		return peeringConnectionSpec{VPC: s.cluster.Live().vpc, PeerVPC: p.spec.Peer.VPC, PeerOwner: p.spec.Peer.AccountID, PeerRegion: p.spec.Peer.Region}
	}, s.cluster)
	stack.Root(s.Stack, s.connection)
	if of == requested {
		return s
	}
	s.sides()
	joined := stack.Node(s.connection)
	if of == whole {
		joined = s.handshake()
	}
	s.routes(of, joined)
	s.ingress(of, joined)
	return s
}

// handshake adds what both sides agree on, and gives what all else comes after.
func (s *peeringStack) handshake() stack.Node {
	joined := stack.Node(s.connection)
	ours := peeringView{s.ours, s.connection, s.owner.stack}
	theirs := peeringView{client: s.theirs, connection: s.connection}
	if s.shared() {
		theirs.key = s.owner.stack
	}
	if s.theirs != nil {
		s.acceptance = stack.Add(s.Stack, objectAcceptance, peeringAcceptances{theirs, s.owner, s.shared()}, func() peeringAcceptanceSpec {
			return peeringAcceptanceSpec{Connection: s.connection.ID()}
		}, s.connection)
		joined = s.acceptance
	}
	want := func() peeringOptionsSpec { return peeringOptionsSpec{DNS: s.spec.DNS} }
	s.clusterDNS = stack.Add(s.Stack, objectClusterDNS, peeringOptions{ours, true}, want, joined)
	if s.theirs != nil {
		// One after the other: where both sides are one account, it is one object.
		s.peerDNS = stack.Add(s.Stack, objectPeerDNS, peeringOptions{theirs, false}, want, joined, s.clusterDNS)
	}
	return joined
}

// sides says where the route tables of both VPCs are.
func (s *peeringStack) sides() {
	cluster := s.spec.Cluster.Name
	s.clusterSide = &peeringSide{
		client: s.ours, vpc: s.clusterVPC, seen: routesSeen(s.spec.LastSeen[objectClusterRoutes]),
		chosen: s.spec.ClusterRouteTables, usual: s.ours.clusterTables(cluster),
	}
	if s.theirs == nil {
		return
	}
	s.peerSide = &peeringSide{
		client: s.theirs, vpc: func(context.Context) (string, error) { return s.spec.Peer.VPC, nil }, seen: routesSeen(s.spec.LastSeen[objectPeerRoutes]),
		chosen: s.spec.PeerRouteTables, usual: tablesInUse,
	}
	if s.theirs == s.ours {
		s.clusterSide.company = []string{s.spec.Peer.VPC}
		for _, k := range s.known {
			s.peerSide.company = []string{aws.ToString(sideOf(k.RequesterVpcInfo).VpcId)}
		}
	}
}

// clusterVPC is the cluster's VPC, also when the cluster is gone.
func (s *peeringStack) clusterVPC(ctx context.Context) (string, error) {
	for _, k := range s.known {
		if id := aws.ToString(sideOf(k.RequesterVpcInfo).VpcId); id != "" {
			return id, nil
		}
	}
	if side, err := s.cluster.Found(ctx); side != nil || !isMissing(err) {
		if err != nil {
			return "", err
		}
		return side.vpc, nil
	}
	return "", nil
}

// current is the connection as last seen by the side that knows most: while a
// request is open, each side is told of its own ranges only.
func (s *peeringStack) current() *ec2types.VpcPeeringConnection {
	if s.acceptance != nil && s.acceptance.Live() != nil {
		return s.acceptance.Live()
	}
	return s.connection.Live()
}

// peerRanges are the ranges that get routes and may reach the load balancer.
func (s *peeringStack) peerRanges() []string {
	if len(s.spec.CIDRs) > 0 {
		return sorted(s.spec.CIDRs)
	}
	live := s.current()
	if live == nil {
		return nil
	}
	return rangesOf(live.AccepterVpcInfo)
}

func (s *peeringStack) routes(of extent, joined stack.Node) {
	s.oneWay(of, objectClusterRoutes, s.clusterSide, s.peerRanges, joined)
	if s.peerSide != nil {
		s.oneWay(of, objectPeerRoutes, s.peerSide, func() []string { return rangesOf(s.current().RequesterVpcInfo) }, joined)
	}
}

// oneWay adds the routes of one side to the ranges of the other.
func (s *peeringStack) oneWay(of extent, name string, side *peeringSide, ranges func() []string, joined stack.Node) {
	kind := peeringRoutes{client: side.client, side: side, connections: func(ctx context.Context) ([]string, error) { return s.everConnected(ctx, side) }}
	if of == removable {
		stack.Absent(s.Stack, name, kind, joined)
		return
	}
	kind.seen = side.seen
	tables := stack.Look(s.Stack, "route_tables"+name[len("routes"):], side.routed, s.cluster)
	stack.Add(s.Stack, name, kind, func() peeringRoutesSpec {
		return peeringRoutesSpec{Connection: s.connection.ID(), Tables: *tables.Live(), Destinations: ranges()}
	}, joined, tables)
}

// everConnected are the ids that the connection has, or had.
func (s *peeringStack) everConnected(ctx context.Context, side *peeringSide) ([]string, error) {
	live, err := s.connection.Found(ctx)
	ids := s.connections(side)
	if live != nil {
		ids = append(ids, aws.ToString(live.VpcPeeringConnectionId))
	}
	return ids, err
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

func (s *peeringStack) ingress(of extent, joined stack.Node) {
	kind := peeringIngress{
		client: s.ours, owner: s.owner,
		groups: func(ctx context.Context) ([]ec2types.SecurityGroup, error) {
			return s.ours.endpointGroups(ctx, s.spec.Cluster.Name)
		},
		wanted: func(context.Context) []string { return nil },
	}
	if of == removable {
		stack.Absent(s.Stack, objectIngress, kind, joined)
		return
	}
	kind.wanted = func(ctx context.Context) []string {
		// What cannot be read says so itself.
		_, _ = s.connection.Found(ctx)
		if s.acceptance != nil {
			_, _ = s.acceptance.Found(ctx)
		}
		return s.peerRanges()
	}
	stack.Add(s.Stack, objectIngress, kind, func() peeringIngressSpec { return peeringIngressSpec{CIDRs: s.peerRanges()} }, joined, s.cluster)
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
