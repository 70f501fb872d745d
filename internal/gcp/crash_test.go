package gcp

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/modelserving/terraform-provider-serving/internal/sandbox/control"
	"github.com/modelserving/terraform-provider-serving/internal/serving"
	"github.com/modelserving/terraform-provider-serving/internal/stack"
)

// crashCases are the verbs to die in. Each starts from a cluster as before made
// it, nil for none.
var crashCases = []struct {
	name   string
	before *serving.Visibility
	run    func(t *testing.T, b *Backend) error
	// after is what must exist in the end, nil for nothing.
	after func() serving.Cluster
}{
	{"create", nil, func(t *testing.T, b *Backend) error {
		_, err := b.CreateCluster(t.Context(), testCluster(serving.Public))
		return err
	}, func() serving.Cluster { return testCluster(serving.Public) }},
	{"update", new(serving.Public), func(t *testing.T, b *Backend) error {
		_, err := b.UpdateCluster(t.Context(), changedCluster())
		return err
	}, changedCluster},
	{"destroy", new(serving.Private), func(t *testing.T, b *Backend) error {
		return b.DestroyCluster(t.Context(), inZones(testCluster(serving.Private)))
	}, nil},
}

// changedCluster differs from testCluster in everything that can change on a
// living cluster: visibility, a changed pool, a removed one, a new one, another
// version, ranges and sizes.
func changedCluster() serving.Cluster {
	spec := inZones(testCluster(serving.Private))
	spec.KubernetesVersion = "1.34"
	spec.NodePools = map[string]serving.NodePool{
		"cpu":   {MachineType: "n2-standard-8", MinSize: 1, MaxSize: 5, DiskGB: 100, Labels: map[string]string{"pool": "cpu", "tier": "a"}},
		"large": {MachineType: "n2-standard-4", MinSize: 1, MaxSize: 2, DiskGB: 50},
	}
	spec.KubernetesAPI.AllowedCIDRs = []string{"198.51.100.0/24"}
	spec.KubernetesAPI.DNSEndpoint = true
	spec.Endpoint.IdleTimeoutSeconds = 600
	spec.Tags = map[string]string{"team": "search"}
	return spec
}

// TestCrashAtEveryMutatingCall lets the provider die at its n-th mutating API
// call, for every n and every verb, with the call refused or carried out and its
// answer lost; then the same verb runs again. Nothing may exist twice, nothing
// may be missing, and nothing may be left after a destroy.
func TestCrashAtEveryMutatingCall(t *testing.T) {
	t.Parallel()
	for _, c := range crashCases {
		for _, lost := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s/lost=%v", c.name, lost), func(t *testing.T) {
				t.Parallel()
				var clean map[string]int
				for n := 0; ; n++ {
					sandbox, b := prepared(t)
					if c.before != nil {
						if _, err := b.CreateCluster(t.Context(), testCluster(*c.before)); err != nil {
							t.Fatal(err)
						}
					}
					if n > 0 {
						die(sandbox, n, lost)
					}
					sandbox.ResetCalls()
					err := c.run(t, mortal(sandbox.URL))
					sandbox.ClearFaults()
					if n > 0 && err == nil {
						if n < 20 {
							t.Errorf("only %d calls were reached", n)
						}
						t.Logf("%d mutating calls", n-1)
						return
					}
					if n == 0 && err != nil {
						t.Fatal(err)
					}
					if n > 0 {
						err = c.run(t, testBackend(sandbox.URL))
						var sealed *stack.ExistsError
						if lost && errors.As(err, &sealed) {
							// Only the seal was left, and it was set: what exists is whole, and
							// the error says how to import it.
							err = nil
						}
						if err != nil {
							t.Errorf("resume after call %d: %v", n, err)
						}
					}
					if c.after != nil {
						seen, err := testBackend(sandbox.URL).ObserveCluster(t.Context(), inZones(c.after()))
						if err != nil || len(seen.Drift) != 0 || !sameSpec(seen.Spec, inZones(c.after())) {
							t.Errorf("after call %d: drift %v, error %v", n, seen.Drift, err)
						}
					}
					now := kinds(sandbox.Census())
					if clean == nil {
						clean = now
					}
					if !maps.Equal(now, clean) {
						t.Errorf("after call %d there is %v, without a crash %v", n, now, clean)
					}
					if c.after != nil && n%7 == 0 {
						if err := testBackend(sandbox.URL).DestroyCluster(t.Context(), inZones(c.after())); err != nil {
							t.Errorf("destroy after call %d: %v", n, err)
						}
						// The certificate stays.
						if left := sandbox.Census(); left.Total != 1 {
							t.Errorf("after call %d and destroy there is %v", n, kinds(left))
						}
					}
					sandbox.close()
				}
			})
		}
	}
}

// mortal is a backend that does not try a call again: it dies of the first
// failure.
func mortal(url string) *Backend {
	b := testBackend(url)
	b.cfg.MaxRetries = 1
	return b
}

// die makes the n-th mutating call and all later ones fail, the n-th with its
// answer lost or without having been carried out.
func die(cloud *simulated, n int, lost bool) {
	refuse := control.Fault{Mutating: true, Nth: n, Onward: true, Code: "Killed", Status: 400, Message: "the process was killed"}
	if lost {
		cloud.AddFault(control.Fault{Mutating: true, Nth: n, DropAnswer: true})
		refuse.Nth++
	}
	cloud.AddFault(refuse)
}

// kinds counts a census by kind.
func kinds(c control.Census) map[string]int {
	out := map[string]int{}
	for _, o := range c.Objects {
		out[o.Kind]++
	}
	return out
}

// TestPrivateIsNeverOpen flips the visibility and asserts that no call on the
// way lets the Internet in while the cluster is, or becomes, private.
func TestPrivateIsNeverOpen(t *testing.T) {
	t.Parallel()
	_, b := prepared(t)
	private, err := b.CreateCluster(t.Context(), testCluster(serving.Private))
	if err != nil {
		t.Fatal(err)
	}
	public, err := b.UpdateCluster(t.Context(), inZones(testCluster(serving.Public)))
	if err != nil {
		t.Fatal(err)
	}
	again, err := b.UpdateCluster(t.Context(), inZones(testCluster(serving.Private)))
	if err != nil {
		t.Fatal(err)
	}
	if !public.Exposure.Endpoint.InternetReachable || private.Exposure.Endpoint.InternetReachable || again.Exposure.Endpoint.InternetReachable {
		t.Errorf("reachable from the Internet: private %v, public %v, private again %v", private.Exposure, public.Exposure, again.Exposure)
	}
	if private.Objects[objectCluster] != again.Objects[objectCluster] || !slices.Equal(private.PrivateSubnets, again.PrivateSubnets) {
		t.Error("the cluster or its subnets were replaced")
	}
	if private.Address == public.Address || !strings.HasPrefix(private.Address, "10.40.") || !strings.HasPrefix(again.Address, "10.40.") || strings.HasPrefix(public.Address, "10.") {
		t.Errorf("addresses %s, %s, %s", private.Address, public.Address, again.Address)
	}
	if contradictions := again.Exposure.Contradictions(again.Spec); len(contradictions) != 0 {
		t.Errorf("private again: %v", contradictions)
	}
}
