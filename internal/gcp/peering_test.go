package gcp

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"

	"cloud.google.com/go/compute/apiv1/computepb"
	"google.golang.org/protobuf/proto"

	"github.com/modelserving/terraform-provider-serving/internal/sandbox/control"
	"github.com/modelserving/terraform-provider-serving/internal/serving"
	"github.com/modelserving/terraform-provider-serving/internal/stack"
)

func TestPeeringLifecycle(t *testing.T) {
	t.Parallel()
	for _, project := range []string{"", peerProject} {
		t.Run("project="+project, func(t *testing.T) {
			t.Parallel()
			sandbox, b := clustered(t)
			spec := testPeering(t, b, project)
			before := kinds(sandbox.Census())
			made, err := b.CreatePeering(t.Context(), spec)
			if err != nil {
				t.Fatal(err)
			}
			if len(made.Drift) > 0 || made.Status != serving.PeeringActive || !strings.HasPrefix(made.ConnectionID, "projects/sandbox-project/global/networks/") || made.Objects[objectIngress] == "" {
				t.Fatalf("drift %v, status %q, connection %q, objects %v", made.Drift, made.Status, made.ConnectionID, made.Objects)
			}
			spec.LastSeen = made.Objects
			settledPeering(t, testBackend(sandbox.URL), spec)
			if clean, err := shows(t, testBackend(sandbox.URL), inZones(testCluster(serving.Private))); err != nil || !clean {
				t.Errorf("the cluster shows a difference, error %v", err)
			}
			var exists *stack.ExistsError
			if _, err := testBackend(sandbox.URL).CreatePeering(t.Context(), spec); !errors.As(err, &exists) {
				t.Errorf("a second create: %v", err)
			}
			imported, err := testBackend(sandbox.URL).ReadPeering(t.Context(), spec.ID(), spec.Peer.ImpersonateServiceAccount)
			if err != nil || len(imported.Drift) > 0 || imported.Spec.Accept != serving.AcceptAuto || imported.Spec.Peer != spec.Peer {
				t.Errorf("import: %+v, error %v", imported, err)
			}
			if err := testBackend(sandbox.URL).DestroyPeering(t.Context(), spec); err != nil {
				t.Fatal(err)
			}
			if now := kinds(sandbox.Census()); fmt.Sprint(now) != fmt.Sprint(before) || halvesLeft(t, b, spec) != 0 {
				t.Errorf("left after destroy: %v, before %v", now, before)
			}
			if clean, err := shows(t, testBackend(sandbox.URL), inZones(testCluster(serving.Private))); err != nil || !clean {
				t.Errorf("after the destroy the cluster shows a difference, error %v", err)
			}
			if seen, err := testBackend(sandbox.URL).ObservePeering(t.Context(), spec); err != nil || !seen.Gone {
				t.Errorf("after destroy: gone %v, objects %v, error %v", seen.Gone, seen.Objects, err)
			}
			if seen, err := testBackend(sandbox.URL).ReadPeering(t.Context(), spec.ID(), spec.Peer.ImpersonateServiceAccount); err != nil || !seen.Gone {
				t.Errorf("import after destroy: gone %v, error %v", seen.Gone, err)
			}
		})
	}
}

// TestPeeringByHand does our half, and completes it once the owner has done theirs.
func TestPeeringByHand(t *testing.T) {
	t.Parallel()
	sandbox, b := clustered(t)
	spec := testPeering(t, b, peerProject)
	spec.Accept = serving.AcceptManual
	made, err := b.CreatePeering(t.Context(), spec)
	if err != nil || made.Status != serving.PeeringPending || len(made.Drift) > 0 || len(made.Objects) != 1 {
		t.Fatalf("status %q, objects %v, drift %v, error %v", made.Status, made.Objects, made.Drift, err)
	}
	spec.LastSeen = made.Objects
	theirs := theirClient(t, b, spec)
	if now := len(theirs.halves(t.Context(), spec.Peer.VPC, &err)); now != 0 || err != nil {
		t.Fatalf("%d halves of the peer, error %v", now, err)
	}
	op, err := theirs.compute.networks.AddPeering(t.Context(), &computepb.AddPeeringNetworkRequest{Project: peerProject, Network: spec.Peer.VPC, NetworksAddPeeringRequestResource: &computepb.NetworksAddPeeringRequest{
		NetworkPeering: &computepb.NetworkPeering{Name: proto.String("by-hand"), Network: proto.String(computeLink(made.ConnectionID)), ExchangeSubnetRoutes: proto.Bool(true)},
	}})
	if err := theirs.done(t.Context(), op, err); err != nil {
		t.Fatal(err)
	}
	seen, err := testBackend(sandbox.URL).ObservePeering(t.Context(), spec)
	if err != nil || seen.Status != serving.PeeringActive || len(seen.Drift[objectIngress]) == 0 {
		t.Fatalf("status %q, drift %v, error %v", seen.Status, seen.Drift, err)
	}
	updated, err := testBackend(sandbox.URL).UpdatePeering(t.Context(), spec)
	if err != nil || updated.Objects[objectIngress] == "" {
		t.Fatalf("objects %v, error %v", updated.Objects, err)
	}
	spec.LastSeen = updated.Objects
	settledPeering(t, testBackend(sandbox.URL), spec)
	imported, err := testBackend(sandbox.URL).ReadPeering(t.Context(), spec.ID(), spec.Peer.ImpersonateServiceAccount)
	if err != nil || imported.Spec.Accept != serving.AcceptManual || len(imported.Drift) > 0 {
		t.Errorf("import: accept %q, drift %v, error %v", imported.Spec.Accept, imported.Drift, err)
	}
	if err := testBackend(sandbox.URL).DestroyPeering(t.Context(), spec); err != nil {
		t.Fatal(err)
	}
	// The owner's half is the owner's.
	if left := halvesLeft(t, b, spec); left != 1 {
		t.Errorf("%d halves are left", left)
	}
}

// TestPeeringFollowsTheLoadBalancer changes the cluster's visibility, which replaces
// the security policy: the peering's rules are in every one, so that a peer whom a
// public load balancer answers anyhow is admitted by the private one that follows.
func TestPeeringFollowsTheLoadBalancer(t *testing.T) {
	t.Parallel()
	sandbox, b := clustered(t)
	spec := testPeering(t, b, peerProject)
	made, err := b.CreatePeering(t.Context(), spec)
	if err != nil {
		t.Fatal(err)
	}
	spec.LastSeen = made.Objects
	for _, visibility := range []serving.Visibility{serving.Public, serving.Private} {
		if _, err := testBackend(sandbox.URL).UpdateCluster(t.Context(), inZones(testCluster(visibility))); err != nil {
			t.Fatal(err)
		}
		updated, err := testBackend(sandbox.URL).UpdatePeering(t.Context(), spec)
		if err != nil {
			t.Fatal(err)
		}
		spec.LastSeen = updated.Objects
		settledPeering(t, testBackend(sandbox.URL), spec)
		if rules := updated.Objects[objectIngress]; !strings.Contains(rules, string(visibility)) {
			t.Errorf("%s: the rules are %q", visibility, rules)
		}
		if clean, err := shows(t, testBackend(sandbox.URL), inZones(testCluster(visibility))); err != nil || !clean {
			t.Errorf("the %s cluster shows a difference, error %v", visibility, err)
		}
	}
}

// TestPeeringMistakes are the plan's, and apply refuses them too.
func TestPeeringMistakes(t *testing.T) {
	t.Parallel()
	sandbox, b := clustered(t)
	good := testPeering(t, b, peerProject)
	theirs := theirClient(t, b, good)
	addNetwork(t, theirs, "overlapping", "10.40.0.0/20")
	addNetwork(t, theirs, "pods", "10.40.200.0/24")
	addNetwork(t, theirs, "taken", "10.61.0.0/16")
	ours, err := b.client(t.Context(), testRegion)
	if err != nil {
		t.Fatal(err)
	}
	network, err := ours.networkOf(t.Context(), "prod")
	if err != nil {
		t.Fatal(err)
	}
	op, err := ours.compute.networks.AddPeering(t.Context(), &computepb.AddPeeringNetworkRequest{Project: ours.project, Network: lastOf(network), NetworksAddPeeringRequestResource: &computepb.NetworksAddPeeringRequest{
		NetworkPeering: &computepb.NetworkPeering{Name: proto.String("stranger"), Network: proto.String(computeLink(theirs.global("networks", "taken"))), ExchangeSubnetRoutes: proto.Bool(true)},
	}})
	if err := ours.done(t.Context(), op, err); err != nil {
		t.Fatal(err)
	}
	calls := len(sandbox.Calls())
	for _, tc := range []struct {
		name, path, detail string
		change             func(*serving.Peering)
	}{
		{"no cluster", "cluster_id", "gcp/us-central1/none", func(p *serving.Peering) { p.Cluster.Name = "none" }},
		{"no network", "peer.vpc", "no network none in the project peer-project", func(p *serving.Peering) { p.Peer.VPC = "none" }},
		{"own network", "peer.vpc", "the cluster itself", func(p *serving.Peering) { p.Peer.VPC, p.Peer.Project = lastOf(network), "" }},
		{"nodes", "peer.vpc", "share 10.40.0.0/20", func(p *serving.Peering) { p.Peer.VPC = "overlapping" }},
		{"pods", "peer.vpc", "share 10.40.200.0/24", func(p *serving.Peering) { p.Peer.VPC = "pods" }},
		{"peered already", "peer.vpc", "Peering stranger", func(p *serving.Peering) { p.Peer.VPC = "taken" }},
		{"a project of others", "peer.project", "impersonate_service_account", func(p *serving.Peering) { p.Peer.Project = "nobodys-project" }},
	} {
		spec := good
		tc.change(&spec)
		problems, err := testBackend(sandbox.URL).PreflightPeering(t.Context(), spec)
		if err != nil || !slices.ContainsFunc(problems, func(p serving.Problem) bool { return p.Path == tc.path && strings.Contains(p.Detail, tc.detail) }) {
			t.Errorf("%s: %+v, error %v", tc.name, problems, err)
		}
		if _, err := testBackend(sandbox.URL).CreatePeering(t.Context(), spec); err == nil || !strings.Contains(err.Error(), tc.detail) {
			t.Errorf("%s: apply says %v", tc.name, err)
		}
	}
	for _, call := range sandbox.Calls()[calls:] {
		if call.Mutating {
			t.Errorf("a mistake was found by the call %s", call.Action)
		}
	}
	if problems, err := testBackend(sandbox.URL).PreflightPeering(t.Context(), good); err != nil || len(problems) > 0 {
		t.Errorf("a good peering: %v, error %v", problems, err)
	}
	// A cluster that is planned is judged by its layout.
	planned := testCluster(serving.Private)
	planned.Name = "new"
	planned.Network.CIDR = "10.60.0.0/16"
	spec := good
	spec.Cluster.Name, spec.Planned = "new", &planned
	if problems, err := testBackend(sandbox.URL).PreflightPeering(t.Context(), spec); err != nil || len(problems) != 1 || !strings.Contains(problems[0].Detail, "network.cidr of the cluster") {
		t.Errorf("a planned cluster: %v, error %v", problems, err)
	}
}

// TestPeeringWaits asks again while another operation runs on one of the networks.
func TestPeeringWaits(t *testing.T) {
	t.Parallel()
	sandbox, b := clustered(t)
	spec := testPeering(t, b, peerProject)
	sandbox.AddFault(control.Fault{Action: "compute.networks.addPeering", Nth: 1, Status: 400, Code: "badRequest", Message: "There is a peering operation in progress on the local or peer network. Try again later."})
	if _, err := testBackend(sandbox.URL).CreatePeering(t.Context(), spec); err != nil {
		t.Fatal(err)
	}
	settledPeering(t, testBackend(sandbox.URL), spec)
}

// TestPeeringChanges holds that a half which is there is sent what can change of it,
// and nothing else unless that differs.
func TestPeeringChanges(t *testing.T) {
	t.Parallel()
	sandbox, b := clustered(t)
	r := recorded(t, sandbox.Cloud)
	spec := testPeering(t, b, "")
	made, err := testBackend(r.URL).CreatePeering(t.Context(), spec)
	if err != nil {
		t.Fatal(err)
	}
	spec.LastSeen = made.Objects
	fieldsOf := func(body string) []string {
		var sent struct{ NetworkPeering map[string]any }
		if err := json.Unmarshal([]byte(body), &sent); err != nil {
			t.Fatal(err)
		}
		return slices.Sorted(maps.Keys(sent.NetworkPeering))
	}
	usual := []string{"exportCustomRoutes", "importCustomRoutes", "name"}
	sealed := r.bodies(http.MethodPatch, "/updatePeering")
	if len(sealed) == 0 {
		t.Error("no half was changed, and the seal is one")
	}
	for _, body := range sealed {
		if got := fieldsOf(body); !slices.Equal(got, usual) {
			t.Errorf("sent %v, want %v", got, usual)
		}
	}
	for _, f := range peeringFields(t, sandbox, spec) {
		if !strings.HasSuffix(f.Path, "/importSubnetRoutesWithPublicIp") {
			continue
		}
		f.Value = false
		if err := sandbox.Mutate(f); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := testBackend(r.URL).UpdatePeering(t.Context(), spec); err != nil {
		t.Fatal(err)
	}
	repaired := r.bodies(http.MethodPatch, "/updatePeering")[len(sealed):]
	if len(repaired) != 2 {
		t.Errorf("%d changes for two halves", len(repaired))
	}
	for _, body := range repaired {
		if got, want := fieldsOf(body), []string{"exportCustomRoutes", "exportSubnetRoutesWithPublicIp", "importCustomRoutes", "importSubnetRoutesWithPublicIp", "name"}; !slices.Equal(got, want) {
			t.Errorf("sent %v, want %v", got, want)
		}
	}
	settledPeering(t, testBackend(sandbox.URL), spec)
}
