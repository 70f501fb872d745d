package gcp

import (
	"errors"
	"net/http"
	"testing"

	"cloud.google.com/go/container/apiv1/containerpb"
	"google.golang.org/protobuf/encoding/protojson"

	"github.com/modelserving/terraform-provider-serving/internal/reads"
	"github.com/modelserving/terraform-provider-serving/internal/sandbox/control"
	"github.com/modelserving/terraform-provider-serving/internal/serving"
	"github.com/modelserving/terraform-provider-serving/internal/stack"
)

// mutate changes fields of objects of a kind behind the provider's back.
func mutate(t *testing.T, sandbox *simulated, kind, path string, value any) {
	t.Helper()
	found := 0
	for _, o := range sandbox.Census().Objects {
		if o.Kind != kind {
			continue
		}
		found++
		if err := sandbox.Mutate(control.Field{Object: o, Path: path, Value: value}); err != nil {
			t.Fatal(err)
		}
	}
	if found == 0 {
		t.Fatalf("there is no %s", kind)
	}
}

// TestPrivateControlPlane makes a cluster whose control plane nobody reaches from
// outside, as GKE takes it, and lets nobody switch its list of ranges off.
func TestPrivateControlPlane(t *testing.T) {
	t.Parallel()
	sandbox, b := prepared(t)
	r := recorded(t, sandbox.Cloud)
	spec := testCluster(serving.Private)
	spec.KubernetesAPI.AllowedCIDRs = nil
	seen, err := testBackend(r.URL).CreateCluster(t.Context(), spec)
	if err != nil {
		t.Fatal(err)
	}
	var sent containerpb.CreateClusterRequest
	bodies := r.bodies(http.MethodPost, "/clusters")
	if len(bodies) != 1 {
		t.Fatalf("%d clusters were made", len(bodies))
	}
	if err := protojson.Unmarshal([]byte(bodies[0]), &sent); err != nil {
		t.Fatal(err)
	}
	ip := sent.GetCluster().GetControlPlaneEndpointsConfig().GetIpEndpointsConfig()
	networks := ip.GetAuthorizedNetworksConfig()
	if ip.GetEnablePublicEndpoint() || !networks.GetEnabled() || len(networks.GetCidrBlocks()) > 0 || networks.GetPrivateEndpointEnforcementEnabled() {
		t.Errorf("sent %v", ip)
	}
	spec.Network.Zones, spec.LastSeen = seen.Spec.Network.Zones, seen.Objects
	mutate(t, sandbox, "container.cluster", "/controlPlaneEndpointsConfig/ipEndpointsConfig/authorizedNetworksConfig/enabled", false)
	if drifted, err := testBackend(sandbox.URL).ObserveCluster(t.Context(), spec); err != nil || len(drifted.Drift[objectCluster]) == 0 {
		t.Errorf("the list of ranges was switched off: drift %v, error %v", drifted.Drift, err)
	}
	if _, err := b.UpdateCluster(t.Context(), spec); err != nil {
		t.Fatal(err)
	}
	if clean, err := shows(t, testBackend(sandbox.URL), spec); err != nil || !clean {
		t.Errorf("after the repair it still shows, error %v", err)
	}
}

// TestLabelsOfSomebodyElse lets somebody label a cluster between the provider's look
// and its own labels: the seal is set all the same, and any other change is one to
// look at again.
func TestLabelsOfSomebodyElse(t *testing.T) {
	t.Parallel()
	sandbox, b := clustered(t)
	c, err := b.client(t.Context(), testRegion)
	if err != nil {
		t.Fatal(err)
	}
	ctx := reads.WithLive(t.Context())
	kind := clusters{c, clusterOwner(testCluster(serving.Private)), "prod"}
	look := func() *containerpb.Cluster {
		found, err := kind.Find(ctx, objectCluster)
		if err != nil || len(found) != 1 {
			t.Fatalf("%d clusters, error %v", len(found), err)
		}
		return found[0]
	}
	mutate(t, sandbox, "container.cluster", "/resourceLabels/serving-sealed", nil)
	before := look()
	mutate(t, sandbox, "container.cluster", "/resourceLabels/owner", "somebody")

	var changed *stack.LostError
	if err := kind.setLabels(ctx, before, before.GetResourceLabels()); !errors.As(err, &changed) {
		t.Errorf("labels that were read before: %v", err)
	}
	if err := kind.Seal(ctx, before); err != nil {
		t.Errorf("seal: %v", err)
	}
	now := look()
	if !kind.Sealed(now) || now.GetResourceLabels()["owner"] != "somebody" {
		t.Errorf("labels %v", now.GetResourceLabels())
	}
	// A refusal for any other reason is none of this.
	sandbox.AddFault(control.Fault{Action: "ClusterManager.SetLabels", Status: 400, Code: "FAILED_PRECONDITION", Message: "no"})
	if err := kind.Seal(ctx, before); err == nil || errors.As(err, &changed) {
		t.Errorf("a refused seal: %v", err)
	}
}

// TestAutomaticUpgrade lets GKE upgrade a cluster: what is written is the least, so
// nothing differs, and only what is older is upgraded.
func TestAutomaticUpgrade(t *testing.T) {
	t.Parallel()
	sandbox, b := clustered(t)
	spec := inZones(testCluster(serving.Private))
	mutate(t, sandbox, "container.cluster", "/currentMasterVersion", "1.34.2-gke.2201000")
	if clean, err := shows(t, testBackend(sandbox.URL), spec); err != nil || !clean {
		t.Errorf("a control plane that GKE has upgraded shows a difference, error %v", err)
	}
	r := recorded(t, sandbox.Cloud)
	spec.KubernetesVersion = "1.34"
	seen, err := testBackend(r.URL).UpdateCluster(t.Context(), spec)
	if err != nil || seen.Spec.KubernetesVersion != "1.34" {
		t.Fatalf("version %s, error %v", seen.Spec.KubernetesVersion, err)
	}
	if sent := r.bodies(http.MethodPut, "/clusters/prod"); len(sent) > 0 {
		t.Errorf("the control plane was changed: %v", sent)
	}
	c, err := b.client(t.Context(), testRegion)
	if err != nil {
		t.Fatal(err)
	}
	all, err := c.reader.clusters.Get(reads.WithLive(t.Context()), everything)
	if err != nil {
		t.Fatal(err)
	}
	for _, pool := range find(all, "prod").GetNodePools() {
		if minor(pool.GetVersion()) != "1.34" {
			t.Errorf("pool %s has %s", pool.GetName(), pool.GetVersion())
		}
	}
	// What is behind is seen, as it was.
	spec.KubernetesVersion = "1.35"
	if seen, err := testBackend(sandbox.URL).ObserveCluster(t.Context(), spec); err != nil || seen.Spec.KubernetesVersion != "1.34" {
		t.Errorf("version %s instead of 1.35, error %v", seen.Spec.KubernetesVersion, err)
	}
	imported, err := testBackend(sandbox.URL).ReadCluster(t.Context(), spec.ID())
	if err != nil || imported.Spec.KubernetesVersion != "1.34" {
		t.Errorf("import: version %s, error %v", imported.Spec.KubernetesVersion, err)
	}
}
