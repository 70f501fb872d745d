package aws

import (
	"testing"
	"time"

	sandboxaws "github.com/modelserving/terraform-provider-serving/internal/sandbox/aws"
	"github.com/modelserving/terraform-provider-serving/internal/serving"
	"github.com/modelserving/terraform-provider-serving/internal/stack"
)

// TestPeeringInASlowCloud waits for states and for what becomes visible late: a
// request comes to another region after its own says that it is pending.
func TestPeeringInASlowCloud(t *testing.T) {
	t.Parallel()
	sandbox, b, _ := clustered(t)
	for name, n := range map[string]neighbour{"same account": neighbours["same account"], "far": neighbours["other account and another region"]} {
		spec := testPeering(t, b, n)
		scale, consistency := 0.05, sandboxaws.Duration(100*time.Millisecond)
		if err := sandbox.AWS.Configure(sandboxaws.Settings{TimeScale: &scale, Consistency: &consistency}); err != nil {
			t.Fatal(err)
		}
		slow := New(Config{Region: testRegion, Sandbox: sandbox.URL, Poll: stack.Poll{Min: 20 * time.Millisecond, Max: 100 * time.Millisecond}})
		made, err := slow.CreatePeering(t.Context(), spec)
		if err != nil || made.Status != serving.PeeringActive || len(made.Drift) > 0 {
			t.Fatalf("%s: %+v, error %v", name, made, err)
		}
		spec.LastSeen = made.Objects
		if changed, err := slow.UpdatePeering(t.Context(), changedPeering(spec)); err != nil || len(changed.Drift) > 0 {
			t.Errorf("%s: drift %v, error %v", name, changed.Drift, err)
		}
		if err := slow.DestroyPeering(t.Context(), spec); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		noRoutes(t, b, spec)
		scale, consistency = 0, 0
		if err := sandbox.AWS.Configure(sandboxaws.Settings{TimeScale: &scale, Consistency: &consistency}); err != nil {
			t.Fatal(err)
		}
	}
}
