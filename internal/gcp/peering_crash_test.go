package gcp

import (
	"errors"
	"fmt"
	"testing"

	"github.com/modelserving/terraform-provider-serving/internal/serving"
	"github.com/modelserving/terraform-provider-serving/internal/stack"
)

// TestPeeringCrashAtEveryMutatingCall lets the provider die at its n-th mutating
// call, with the call refused or carried out and its answer lost; then the same
// verb runs again.
func TestPeeringCrashAtEveryMutatingCall(t *testing.T) {
	t.Parallel()
	for _, lost := range []bool{false, true} {
		for _, verb := range []struct {
			name  string
			made  bool
			run   func(b *Backend, spec serving.Peering) error
			after bool
			least int
		}{
			{"create", false, func(b *Backend, spec serving.Peering) error {
				_, err := b.CreatePeering(t.Context(), spec)
				return err
			}, true, 3},
			{"update", true, func(b *Backend, spec serving.Peering) error {
				_, err := b.UpdatePeering(t.Context(), spec)
				return err
			}, true, 1},
			{"destroy", true, func(b *Backend, spec serving.Peering) error { return b.DestroyPeering(t.Context(), spec) }, false, 3},
		} {
			t.Run(fmt.Sprintf("%s/lost=%v", verb.name, lost), func(t *testing.T) {
				t.Parallel()
				reached := 0
				for n := 1; ; n++ {
					// Anew each time: a cloud that has seen a request answers it at once.
					sandbox, b := clustered(t)
					spec := testPeering(t, b, peerProject)
					if verb.made {
						made, err := testBackend(sandbox.URL).CreatePeering(t.Context(), spec)
						if err != nil {
							t.Fatal(err)
						}
						spec.LastSeen = made.Objects
					}
					if verb.name == "update" {
						// A further range is what an update lets in.
						addSubnetwork(t, theirClient(t, b, spec), spec.Peer.VPC, "more", "10.61.0.0/16")
					}
					die(sandbox, n, lost)
					err := verb.run(mortal(sandbox.URL), spec)
					sandbox.ClearFaults()
					if err == nil {
						break
					}
					reached++
					err = verb.run(testBackend(sandbox.URL), spec)
					var sealed *stack.ExistsError
					if err != nil && (!lost || !errors.As(err, &sealed)) {
						t.Errorf("resume after call %d: %v", n, err)
					}
					if verb.after {
						settledPeering(t, testBackend(sandbox.URL), spec)
						if left := halvesLeft(t, b, spec); left != 2 {
							t.Errorf("after call %d there are %d halves", n, left)
						}
						if err := testBackend(sandbox.URL).DestroyPeering(t.Context(), spec); err != nil {
							t.Errorf("destroy after call %d: %v", n, err)
						}
					}
					if left := halvesLeft(t, b, spec); left != 0 {
						t.Errorf("after call %d and destroy there are %d halves", n, left)
					}
					if clean, err := shows(t, testBackend(sandbox.URL), inZones(testCluster(serving.Private))); err != nil || !clean {
						t.Errorf("after call %d the cluster shows a difference, error %v", n, err)
					}
					sandbox.close()
				}
				// A last call whose answer is lost was carried out.
				if reached < verb.least && !lost {
					t.Errorf("only %d calls were reached, want %d", reached, verb.least)
				}
			})
		}
	}
}

// TestPeeringOutlivesTheCluster removes the cluster first: what is left on the peer's
// side goes.
func TestPeeringOutlivesTheCluster(t *testing.T) {
	t.Parallel()
	sandbox, b := clustered(t)
	spec := testPeering(t, b, peerProject)
	made, err := b.CreatePeering(t.Context(), spec)
	if err != nil {
		t.Fatal(err)
	}
	spec.LastSeen = made.Objects
	ours, err := b.client(t.Context(), testRegion)
	if err != nil {
		t.Fatal(err)
	}
	// A network with a peering cannot go.
	half := networkPeerings{client: ours, name: peeringName(ours.project, spec), root: true}
	network := lastOf(made.ConnectionID)
	for _, live := range ours.halves(t.Context(), network, &err) {
		err = half.Delete(t.Context(), &networkPeering{NetworkPeering: live, project: ours.project, network: network})
	}
	if err != nil {
		t.Fatal(err)
	}
	if err := b.DestroyCluster(t.Context(), inZones(testCluster(serving.Private))); err != nil {
		t.Fatal(err)
	}
	seen, err := testBackend(sandbox.URL).ObservePeering(t.Context(), spec)
	if err != nil || seen.Gone || seen.Objects[objectPeerHalf] == "" {
		t.Fatalf("gone %v, objects %v, error %v", seen.Gone, seen.Objects, err)
	}
	spec.LastSeen = seen.Objects
	if err := testBackend(sandbox.URL).DestroyPeering(t.Context(), spec); err != nil {
		t.Fatal(err)
	}
	if left := halvesLeft(t, b, spec); left != 0 {
		t.Errorf("%d halves are left", left)
	}
}
