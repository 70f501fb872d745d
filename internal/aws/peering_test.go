package aws

import (
	"errors"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/modelserving/terraform-provider-serving/internal/serving"
	"github.com/modelserving/terraform-provider-serving/internal/stack"
)

// TestPeeringLifecycle makes, repeats, changes, imports and removes a peering with
// a VPC in each kind of place.
func TestPeeringLifecycle(t *testing.T) {
	t.Parallel()
	for name, n := range neighbours {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			sandbox, b, cluster := clustered(t)
			spec := testPeering(t, b, n)
			before := kinds(sandbox.AWS.Census())
			if problems, err := b.PreflightPeering(t.Context(), spec); err != nil || len(problems) > 0 {
				t.Fatalf("preflight: %v, error %v", problems, err)
			}
			made, err := b.CreatePeering(t.Context(), spec)
			if err != nil {
				t.Fatal(err)
			}
			if made.Status != serving.PeeringActive || !strings.HasPrefix(made.ConnectionID, "pcx-") || len(made.Drift) > 0 {
				t.Errorf("made %+v", made)
			}
			// The public and both private tables of the cluster, and both of the peer.
			for object, routes := range map[string]int{objectClusterRoutes: 3, objectPeerRoutes: 2} {
				if got := strings.Split(made.Objects[object], ", "); len(got) != routes {
					t.Errorf("%s: %v", object, got)
				}
			}
			spec.LastSeen = made.Objects
			settledPeering(t, testBackend(sandbox.URL), spec)

			var exists *stack.ExistsError
			if _, err := testBackend(sandbox.URL).CreatePeering(t.Context(), spec); !errors.As(err, &exists) {
				t.Errorf("a second create: %v", err)
			}
			read, err := testBackend(sandbox.URL).ReadPeering(t.Context(), spec.ID(), n.role)
			if err != nil || len(read.Drift) > 0 || !samePeering(read.Spec, made.Spec) {
				t.Errorf("import: %+v, drift %v, error %v", read.Spec, read.Drift, err)
			}
			// The cluster leaves the peering's objects alone.
			if ok, err := shows(t, testBackend(sandbox.URL), cluster); err != nil || !ok {
				t.Errorf("the cluster shows a difference, error %v", err)
			}
			again, err := b.UpdateCluster(t.Context(), cluster)
			if err != nil || len(again.Exposure.Contradictions(again.Spec)) > 0 {
				t.Errorf("update of the cluster: %v, %v", again.Exposure, err)
			}
			settledPeering(t, testBackend(sandbox.URL), spec)

			spec.DNS, spec.CIDRs, spec.Tags = false, []string{"10.60.1.0/24"}, map[string]string{"team": "search"}
			changed, err := b.UpdatePeering(t.Context(), spec)
			if err != nil || len(changed.Drift) > 0 {
				t.Fatalf("update: drift %v, error %v", changed.Drift, err)
			}
			if !strings.Contains(changed.Objects[objectIngress], "tcp 443 10.60.1.0/24") || strings.Contains(changed.Objects[objectIngress], "10.60.0.0/16") {
				t.Errorf("ingress %q", changed.Objects[objectIngress])
			}
			spec.LastSeen = changed.Objects
			settledPeering(t, testBackend(sandbox.URL), spec)
			if read, err := testBackend(sandbox.URL).ReadPeering(t.Context(), spec.ID(), n.role); err != nil || len(read.Drift) > 0 || !samePeering(read.Spec, changed.Spec) {
				t.Errorf("import: %+v, drift %v, error %v", read.Spec, read.Drift, err)
			}

			for range 2 {
				if err := b.DestroyPeering(t.Context(), spec); err != nil {
					t.Fatal(err)
				}
			}
			if now := kinds(sandbox.AWS.Census()); !maps.Equal(now, before) {
				t.Errorf("left %v, before there was %v", now, before)
			}
			noRoutes(t, b, spec)
			gone, err := testBackend(sandbox.URL).ObservePeering(t.Context(), spec)
			if err != nil || !gone.Gone || !strings.Contains(gone.Ended, "is deleted") {
				t.Errorf("gone %v, ended %q, error %v", gone.Gone, gone.Ended, err)
			}
		})
	}
}

// settledPeering asserts that a plan of the peering would be empty.
func settledPeering(t *testing.T, b *Backend, spec serving.Peering) {
	t.Helper()
	seen, err := b.ObservePeering(t.Context(), spec)
	if err != nil || seen.Gone || len(seen.Drift) > 0 || seen.Spec.DNS != spec.DNS {
		t.Errorf("gone %v, drift %v, dns %v, error %v", seen.Gone, seen.Drift, seen.Spec.DNS, err)
	}
}

func samePeering(a, b serving.Peering) bool {
	return a.ID() == b.ID() && a.Peer == b.Peer && a.Accept == b.Accept && a.DNS == b.DNS && maps.Equal(a.Tags, b.Tags) &&
		slices.Equal(a.CIDRs, b.CIDRs) && slices.Equal(a.ClusterRouteTables, b.ClusterRouteTables) && slices.Equal(a.PeerRouteTables, b.PeerRouteTables)
}

// noRoutes asserts that no table on either side leads to a connection.
func noRoutes(t *testing.T, b *Backend, spec serving.Peering) {
	t.Helper()
	ours, err := b.client(t.Context(), testRegion)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []*client{ours, theirClient(t, b, spec)} {
		tables, err := c.describeTables(t.Context(), nil)
		if err != nil {
			t.Fatal(err)
		}
		for table, routes := range routesByTable(tables) {
			for dest, target := range routes {
				if strings.HasPrefix(target, "pcx-") {
					t.Errorf("%s still sends %s to %s", table, dest, target)
				}
			}
		}
	}
}
