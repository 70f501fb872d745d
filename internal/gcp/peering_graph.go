package gcp

import (
	"context"
	"fmt"

	"github.com/modelserving/terraform-provider-serving/internal/serving"
	"github.com/modelserving/terraform-provider-serving/internal/stack"
)

// peeringStack is a peering as a graph, with the objects that others ask about.
type peeringStack struct {
	*stack.Stack
	*peering

	cluster        *stack.Lookup[string]
	ourHalf, their *stack.Object[networkPeeringSpec, networkPeering]
}

// draw makes the graph. While somebody else is to make the peer's half, there is
// nobody yet to let in.
func (p *peering) draw(removed bool) *peeringStack {
	s := &peeringStack{Stack: &stack.Stack{Name: p.owner.stack, Log: p.ours.log, Poll: p.ours.poll}, peering: p}
	s.cluster = stack.Look(s.Stack, "cluster", func(ctx context.Context) (*string, error) {
		network, err := p.ours.networkOf(ctx, p.spec.Cluster.Name)
		if err == nil && network == "" {
			err = &stack.MissingError{Err: fmt.Errorf("there is no cluster %s that this provider has made and completed; create it with serving_cluster, or repair it first", p.spec.Cluster)}
		}
		return &network, err
	})
	ours := networkPeerings{client: p.ours, name: p.name, network: p.network, peer: func(context.Context) (string, error) { return p.peerLink(), nil }, root: true}
	if p.byHand() {
		// Nobody has given us credentials for the peer's side.
		ours.ranges = p.ours.arriving
	}
	s.ourHalf = stack.Add(s.Stack, objectClusterHalf, ours, func() networkPeeringSpec {
		return networkPeeringSpec{Network: lastOf(*s.cluster.Live()), Peer: p.peerLink()}
	}, s.cluster)
	stack.Root(s.Stack, s.ourHalf)
	joined := stack.Node(s.ourHalf)
	if !p.byHand() {
		theirs := networkPeerings{client: p.theirs, name: p.name, network: func(context.Context) (string, error) { return p.spec.Peer.VPC, nil }, peer: p.clusterLink, ranges: p.theirs.rangesIn}
		s.their = stack.Add(s.Stack, objectPeerHalf, theirs, func() networkPeeringSpec {
			return networkPeeringSpec{Network: p.spec.Peer.VPC, Peer: *s.cluster.Live()}
		}, s.ourHalf)
		joined = s.their
	}
	s.ingress(joined, removed || p.byHand() && !p.accepted())
	return s
}

// clusterLink is the cluster's network, from the project on.
func (p *peering) clusterLink(ctx context.Context) (string, error) {
	name, err := p.network(ctx)
	if err != nil || name == "" {
		return "", err
	}
	return p.ours.global("networks", name), nil
}

// ingress lets the ranges in that arrive over the peering.
func (s *peeringStack) ingress(joined stack.Node, goes bool) {
	kind := peeringIngress{client: s.ours, owner: s.owner, cluster: s.spec.Cluster, goes: goes}
	if goes {
		stack.Absent(s.Stack, objectIngress, kind, joined)
		return
	}
	// The half that is made last tells the peer's ranges.
	telling := s.ourHalf
	if s.their != nil {
		telling = s.their
	}
	stack.Add(s.Stack, objectIngress, kind, func() peeringIngressSpec { return peeringIngressSpec{Ranges: telling.Live().ranges} }, joined, s.cluster)
}

// status is the state of the peering in the words that all clouds share.
func (s *peeringStack) status() string {
	switch live := s.ourHalf.Live(); {
	case live == nil:
		return ""
	case live.GetState() == peeringConnected, s.their != nil && s.their.Live() != nil && s.their.Live().GetState() == peeringConnected:
		return serving.PeeringActive
	}
	return serving.PeeringPending
}
