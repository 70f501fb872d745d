package gcp

import (
	"maps"
	"slices"
	"testing"

	"cloud.google.com/go/compute/apiv1/computepb"
	"google.golang.org/protobuf/proto"

	"github.com/modelserving/terraform-provider-serving/internal/serving"
)

// shared makes a network of somebody else's, with a subnetwork for nodes and one
// for proxies.
func shared(t testing.TB, b *Backend) serving.Network {
	t.Helper()
	c, err := b.client(t.Context(), testRegion)
	if err != nil {
		t.Fatal(err)
	}
	op, err := c.compute.networks.Insert(t.Context(), &computepb.InsertNetworkRequest{Project: c.project, NetworkResource: &computepb.Network{Name: proto.String("shared"), AutoCreateSubnetworks: proto.Bool(false)}})
	if err := c.done(t.Context(), op, err); err != nil {
		t.Fatal(err)
	}
	network := proto.String(computeLink(c.global("networks", "shared")))
	for _, subnetwork := range []*computepb.Subnetwork{
		{Name: proto.String("nodes"), Network: network, IpCidrRange: proto.String("10.1.0.0/20"), PrivateIpGoogleAccess: proto.Bool(true), SecondaryIpRanges: []*computepb.SubnetworkSecondaryRange{
			{RangeName: proto.String("pods"), IpCidrRange: proto.String("10.2.0.0/16")}, {RangeName: proto.String("services"), IpCidrRange: proto.String("10.3.0.0/20")},
			{RangeName: proto.String("more-pods"), IpCidrRange: proto.String("10.4.0.0/16")}, {RangeName: proto.String("more-services"), IpCidrRange: proto.String("10.5.0.0/20")},
		}},
		{Name: proto.String("proxies"), Network: network, IpCidrRange: proto.String("10.1.16.0/23"), Purpose: proto.String(purposeProxies), Role: proto.String("ACTIVE")},
	} {
		op, err := c.compute.subnetworks.Insert(t.Context(), &computepb.InsertSubnetworkRequest{Project: c.project, Region: c.region, SubnetworkResource: subnetwork})
		if err := c.done(t.Context(), op, err); err != nil {
			t.Fatal(err)
		}
	}
	return serving.Network{VPC: "shared", Subnets: []string{"nodes"}}
}

// TestExistingNetwork makes two clusters in a network of somebody else's, and
// leaves it as it was.
func TestExistingNetwork(t *testing.T) {
	t.Parallel()
	sandbox, b := prepared(t)
	network := shared(t, b)
	before := kinds(sandbox.Census())
	var made []serving.Cluster
	for _, name := range []string{"first", "second"} {
		spec := testCluster(serving.Private)
		spec.Name, spec.Network = name, network
		if name == "second" {
			// The first has the ranges with the usual names.
			spec.Network.PodCIDR, spec.Network.ServiceCIDR = "10.4.0.0/16", "10.5.0.0/20"
		}
		seen, err := b.CreateCluster(t.Context(), spec)
		if err != nil {
			t.Fatal(err)
		}
		// Other secondary ranges are not the cluster's, whatever they are called.
		if want := map[string][]string{"first": {"10.1.0.0/20", "10.2.0.0/16"}, "second": {"10.1.0.0/20", "10.4.0.0/16"}}[name]; !slices.Equal(seen.Exposure.Endpoint.Sources, want) {
			t.Errorf("the cluster %s lets in %v, want %v", name, seen.Exposure.Endpoint.Sources, want)
		}
		if imported, err := testBackend(sandbox.URL).ReadCluster(t.Context(), seen.Spec.ID()); err != nil || imported.Spec.Endpoint.AllowedCIDRs != nil {
			t.Errorf("import of %s: allowed %v, error %v", name, imported.Spec.Endpoint.AllowedCIDRs, err)
		}
		if seen.VPC != "shared" || len(seen.PrivateSubnets) != 1 || seen.PrivateSubnets[0] != "nodes" {
			t.Errorf("the cluster %s is in %s %v", name, seen.VPC, seen.PrivateSubnets)
		}
		spec.Network.Zones, spec.LastSeen = seen.Spec.Network.Zones, seen.Objects
		if clean, err := shows(t, testBackend(sandbox.URL), spec); err != nil || !clean {
			t.Errorf("a plan of %s after create is not empty, error %v", name, err)
		}
		made = append(made, spec)
	}
	for _, spec := range made {
		if err := b.DestroyCluster(t.Context(), spec); err != nil {
			t.Fatal(err)
		}
	}
	if now := kinds(sandbox.Census()); !maps.Equal(now, before) {
		t.Errorf("left after destroy: %v, before %v", now, before)
	}
}
