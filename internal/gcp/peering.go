package gcp

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"strings"

	"cloud.google.com/go/compute/apiv1/computepb"

	"github.com/modelserving/terraform-provider-serving/internal/serving"
)

// Names of a peering's objects: its two halves, and the rules that let the peer's
// ranges reach the load balancer.
const (
	objectClusterHalf = "peering/cluster"
	objectPeerHalf    = "peering/peer"
	objectIngress     = "ingress"
)

// peeringMark is what the marks of a cluster's peerings begin with.
func peeringMark(cluster string) string { return "peering/" + cluster + "/" }

// peeringOwner is the mark of a peering's rules.
func peeringOwner(spec serving.Peering) owner {
	return owner{stack: peeringMark(spec.Cluster.Name) + spec.ID().VPC, tags: spec.Tags, lastSeen: spec.LastSeen}
}

// peering is a peering with what its graph depends on: both sides, and how far it
// has come.
type peering struct {
	spec         serving.Peering
	owner        owner
	ours, theirs *client
	// name is that of both halves.
	name string
	// half is the cluster's, as it was when the graph was drawn; nil when there is none.
	half *computepb.NetworkPeering
}

// peering reads what the graph of a peering depends on.
func (b *Backend) peering(ctx context.Context, spec serving.Peering) (*peering, error) {
	c, err := b.client(ctx, spec.Cluster.Region)
	if err != nil {
		return nil, err
	}
	project, account := cmp.Or(spec.Peer.Project, c.project), cmp.Or(spec.Peer.ImpersonateServiceAccount, b.cfg.ImpersonateServiceAccount)
	theirs, err := b.clientAs(ctx, project, spec.Cluster.Region, account)
	if err != nil {
		return nil, err
	}
	p := &peering{spec: spec, owner: peeringOwner(spec), ours: c, theirs: theirs, name: peeringName(c.project, spec)}
	network, err := p.network(ctx)
	if err != nil || network == "" {
		return p, err
	}
	p.half = find(c.halves(ctx, network, &err), p.name)
	return p, err
}

// peeringName tells peerings apart that meet in one network: of clusters of one
// name in several regions and projects.
func peeringName(project string, spec serving.Peering) string {
	sum := sha256.Sum256([]byte(project + "\x00" + spec.ID().String()))
	return serving.Fit(maxName, "serving", spec.Cluster.Name, spec.Peer.VPC, hex.EncodeToString(sum[:])[:8])
}

// network is the name of the cluster's, also when the cluster is gone; empty when
// nobody knows it.
func (p *peering) network(ctx context.Context) (string, error) {
	link, err := p.ours.networkOf(ctx, p.spec.Cluster.Name)
	if err == nil && link == "" {
		link, _, _ = strings.Cut(p.spec.LastSeen[objectClusterHalf], "/peerings/")
	}
	return lastOf(link), err
}

// networkOf is the network that a cluster of ours is in, from the project on; empty
// when there is no such cluster.
func (c *client) networkOf(ctx context.Context, cluster string) (string, error) {
	all, err := c.reader.clusters.Get(ctx, everything)
	live := find(all, cluster)
	if live == nil || !clusterOwner(serving.Cluster{Name: cluster}).owns(live.GetResourceLabels(), objectCluster, "") {
		return "", err
	}
	return cmp.Or(relative(live.GetNetworkConfig().GetNetwork()), c.global("networks", live.GetNetwork())), err
}

// peerLink is the peer's network, from the project on.
func (p *peering) peerLink() string { return p.theirs.global("networks", p.spec.Peer.VPC) }

// accepted reports whether both halves are there.
func (p *peering) accepted() bool { return p.half.GetState() == peeringConnected }

// byHand reports whether the peer's half is somebody else's to make.
func (p *peering) byHand() bool { return p.spec.Accept == serving.AcceptManual }
