package aws

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"github.com/modelserving/terraform-provider-serving/internal/stack"
)

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
	if of != whole {
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

func (s *peeringStack) ingress(of extent, joined stack.Node) {
	kind := peeringIngress{
		client: s.ours, owner: s.owner,
		groups: func(ctx context.Context) ([]ec2types.SecurityGroup, error) {
			return s.ours.endpointGroups(ctx, s.spec.Cluster.Name)
		},
		wanted: func(context.Context) []string { return nil },
	}
	if of != whole {
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
