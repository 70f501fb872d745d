package gcp

import (
	"testing"

	"cloud.google.com/go/compute/apiv1/computepb"
	"google.golang.org/protobuf/proto"

	"github.com/modelserving/terraform-provider-serving/internal/reads"
	"github.com/modelserving/terraform-provider-serving/internal/serving"
)

// The peer's project, and an account that may change its networks.
const (
	peerProject = "peer-project"
	peerAccount = "peering@peer-project.iam.gserviceaccount.com"
)

// theirClient acts on the peer's side.
func theirClient(t *testing.T, b *Backend, spec serving.Peering) *client {
	t.Helper()
	p, err := b.peering(t.Context(), spec)
	if err != nil {
		t.Fatal(err)
	}
	return p.theirs
}

// addNetwork makes a network with one subnetwork, as its owner would.
func addNetwork(t *testing.T, c *client, name, cidr string) {
	t.Helper()
	op, err := c.compute.networks.Insert(t.Context(), &computepb.InsertNetworkRequest{Project: c.project, NetworkResource: &computepb.Network{Name: &name, AutoCreateSubnetworks: proto.Bool(false)}})
	if err := c.done(t.Context(), op, err); err != nil {
		t.Fatal(err)
	}
	addSubnetwork(t, c, name, name, cidr)
}

func addSubnetwork(t *testing.T, c *client, network, name, cidr string) {
	t.Helper()
	op, err := c.compute.subnetworks.Insert(t.Context(), &computepb.InsertSubnetworkRequest{Project: c.project, Region: c.region, SubnetworkResource: &computepb.Subnetwork{
		Name: &name, Network: proto.String(computeLink(c.global("networks", network))), IpCidrRange: &cidr,
	}})
	if err := c.done(t.Context(), op, err); err != nil {
		t.Fatal(err)
	}
}

// testPeering is a peering with a network that is made for it.
func testPeering(t *testing.T, b *Backend, project string) serving.Peering {
	t.Helper()
	spec := serving.Peering{
		Cluster: serving.ID{Cloud: serving.GCP, Region: testRegion, Name: "prod"}, Accept: serving.AcceptAuto, DNS: true,
		Peer: serving.Peer{VPC: "apps", Project: project}, Tags: map[string]string{"team": "ml"},
	}
	if project != "" {
		spec.Peer.ImpersonateServiceAccount = peerAccount
	}
	addNetwork(t, theirClient(t, b, spec), spec.Peer.VPC, "10.60.0.0/16")
	return spec
}

// clustered is a sandbox with a private cluster.
func clustered(t *testing.T) (*simulated, *Backend) {
	t.Helper()
	sandbox, b := prepared(t)
	if _, err := b.CreateCluster(t.Context(), testCluster(serving.Private)); err != nil {
		t.Fatal(err)
	}
	return sandbox, b
}

// settledPeering asserts that a plan of the peering would be empty.
func settledPeering(t *testing.T, b *Backend, spec serving.Peering) serving.ObservedPeering {
	t.Helper()
	seen, err := b.ObservePeering(t.Context(), spec)
	if err != nil || seen.Gone || len(seen.Drift) > 0 || seen.Status != serving.PeeringActive {
		t.Errorf("gone %v, drift %v, status %q, error %v", seen.Gone, seen.Drift, seen.Status, err)
	}
	return seen
}

// halvesLeft counts the halves of all peerings of both networks.
func halvesLeft(t *testing.T, b *Backend, spec serving.Peering) int {
	t.Helper()
	ctx := reads.WithLive(t.Context())
	p, err := b.peering(ctx, spec)
	if err != nil {
		t.Fatal(err)
	}
	left := len(p.theirs.halves(ctx, spec.Peer.VPC, &err))
	if network, _ := p.network(ctx); network != "" && err == nil {
		left += len(p.ours.halves(ctx, network, &err))
	}
	if err != nil {
		t.Fatal(err)
	}
	return left
}
