package gcp

import (
	"context"
	"fmt"
	"maps"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/modelserving/terraform-provider-serving/internal/sandbox/control"
	sandboxgcp "github.com/modelserving/terraform-provider-serving/internal/sandbox/gcp"
	"github.com/modelserving/terraform-provider-serving/internal/serving"
)

// callsOfPeering is how many calls the refresh of peerings may cost on top of their
// cluster's, and callsOfManualPeering what each further one may whose peer's half is
// somebody else's: its routes are read by themselves. All others share their calls.
const (
	callsOfPeering       = 3
	callsOfManualPeering = 1
)

// TestPeeringBudget counts the calls of a refresh of peerings of one cluster with
// networks of another project, beyond what the cluster reads itself.
func TestPeeringBudget(t *testing.T) {
	t.Parallel()
	for _, accept := range []serving.Accept{serving.AcceptAuto, serving.AcceptManual} {
		for _, n := range []int{1, 10, 50} {
			t.Run(fmt.Sprint(accept, " ", n), func(t *testing.T) {
				t.Parallel()
				sandbox, cluster, specs := peeredMany(t, accept, n)
				fresh := testBackend(sandbox.URL)
				refreshed := func(visit func(context.Context) error) []control.LoggedCall {
					sandbox.ResetCalls()
					if err := visit(t.Context()); err != nil {
						t.Fatal(err)
					}
					return sandbox.Calls()
				}
				own := refreshed(func(ctx context.Context) error {
					seen, err := fresh.ObserveCluster(ctx, cluster)
					return quiet(seen.Observation, err)
				})
				calls := refreshed(func(ctx context.Context) error {
					g, ctx := errgroup.WithContext(ctx)
					g.SetLimit(parallelism)
					for _, spec := range specs {
						g.Go(func() error {
							seen, err := fresh.ObservePeering(ctx, spec)
							return quiet(seen.Observation, err)
						})
					}
					return g.Wait()
				})
				budget := callsOfPeering
				if accept == serving.AcceptManual {
					budget += (n - 1) * callsOfManualPeering
				}
				reads := readsOf(calls)
				t.Logf("the cluster %d calls, %d peerings %d more, %.1f each:\n%s", len(own), n, reads, float64(reads)/float64(n), byAction(calls))
				if reads > budget {
					t.Errorf("the refresh of %d peerings took %d calls, want at most %d", n, reads, budget)
				}
			})
		}
	}
}

// TestPeeringBudgetByItself counts the calls of a refresh of one peering whose cluster
// is in another configuration: then nobody else has read the clusters and the security
// policies. The networks of each project are read by themselves.
func TestPeeringBudgetByItself(t *testing.T) {
	t.Parallel()
	for project, budget := range map[string]int{"": 4, peerProject: 5} {
		t.Run("in "+project, func(t *testing.T) {
			t.Parallel()
			sandbox, b := clustered(t)
			spec := testPeering(t, b, project)
			made, err := b.CreatePeering(t.Context(), spec)
			if err != nil {
				t.Fatal(err)
			}
			spec.LastSeen = made.Objects
			fresh := testBackend(sandbox.URL)
			sandbox.ResetCalls()
			seen, err := fresh.ObservePeering(t.Context(), spec)
			if err := quiet(seen.Observation, err); err != nil {
				t.Fatal(err)
			}
			if reads := readsOf(sandbox.Calls()); reads != budget {
				t.Errorf("%d calls, want %d:\n%s", reads, budget, byAction(sandbox.Calls()))
			}
		})
	}
}

// quiet is an error unless a plan of what was seen would be empty: a refresh that
// misses objects would be cheap.
func quiet(seen serving.Observation, err error) error {
	if err == nil && (seen.Gone || len(seen.Drift) > 0) {
		err = fmt.Errorf("gone %t, drift %v", seen.Gone, seen.Drift)
	}
	return err
}

// readsOf counts calls but those that take somebody else's credentials.
func readsOf(calls []control.LoggedCall) int {
	n := 0
	for _, c := range calls {
		if c.Service != "iamcredentials" {
			n++
		}
	}
	return n
}

// peeredMany is a sandbox with a private cluster and peerings with networks of another
// project, where calls take their time from now on.
func peeredMany(t *testing.T, accept serving.Accept, n int) (*simulated, serving.Cluster, []serving.Peering) {
	t.Helper()
	sandbox := newSandbox(t, func(c *sandboxgcp.Config) {
		c.Quotas = maps.Clone(plenty)
		c.Quotas["compute.peerings_per_network"] = 1000
	})
	b := testBackend(sandbox.URL)
	if _, err := b.CreateCertificate(t.Context(), testCertificate(t)); err != nil {
		t.Fatal(err)
	}
	made, err := b.CreateCluster(t.Context(), testCluster(serving.Private))
	if err != nil {
		t.Fatal(err)
	}
	cluster := made.Spec
	cluster.LastSeen = made.Objects
	specs := make([]serving.Peering, n)
	for i := range specs {
		spec := serving.Peering{
			Cluster: cluster.ID(), Accept: serving.AcceptAuto, DNS: true,
			Peer: serving.Peer{VPC: fmt.Sprintf("apps-%02d", i), Project: peerProject, ImpersonateServiceAccount: peerAccount},
		}
		addNetwork(t, theirClient(t, b, spec), spec.Peer.VPC, fmt.Sprintf("10.%d.0.0/16", 100+i))
		// What is accepted by hand once is as what the provider has made of both sides.
		seen, err := b.CreatePeering(t.Context(), spec)
		if err != nil {
			t.Fatal(err)
		}
		spec.LastSeen, spec.Accept = seen.Objects, accept
		if accept == serving.AcceptManual {
			spec.Peer.ImpersonateServiceAccount = ""
		}
		specs[i] = spec
	}
	latency := control.Duration(20 * time.Millisecond)
	if err := sandbox.Configure(control.Settings{Latency: &latency}); err != nil {
		t.Fatal(err)
	}
	return sandbox, cluster, specs
}
