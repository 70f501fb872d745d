package gcp

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/modelserving/terraform-provider-serving/internal/sandbox/control"
	sandboxgcp "github.com/modelserving/terraform-provider-serving/internal/sandbox/gcp"
	"github.com/modelserving/terraform-provider-serving/internal/serving"
)

// Budgets of API calls for the refresh of one cluster with its own network and
// two node pools: alone, and on average in a plan of fifty.
const (
	callsAlone  = 14
	callsOfMany = 8
	many        = 50
	// parallelism is how many resources Terraform handles at once by default.
	parallelism = 10
)

// TestBudget counts the calls of a refresh.
func TestBudget(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		visibility       serving.Visibility
		clusters, budget int
	}{
		"a private one": {serving.Private, 1, callsAlone}, "a public one": {serving.Public, 1, callsAlone},
		"private ones": {serving.Private, many, callsOfMany}, "public ones": {serving.Public, many, callsOfMany},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			sandbox := newSandbox(t, func(c *sandboxgcp.Config) { c.Quotas = plenty })
			if _, err := testBackend(sandbox.URL).CreateCertificate(t.Context(), testCertificate(t)); err != nil {
				t.Fatal(err)
			}
			clusters := fleet(test.visibility, test.clusters)
			visitAll(t, clusters, func(ctx context.Context, i int) error {
				seen, err := testBackend(sandbox.URL).CreateCluster(ctx, clusters[i])
				clusters[i] = seen.Spec
				clusters[i].LastSeen = seen.Objects
				return err
			})
			latency := control.Duration(20 * time.Millisecond)
			if err := sandbox.Configure(control.Settings{Latency: &latency}); err != nil {
				t.Fatal(err)
			}
			sandbox.ResetCalls()

			b := testBackend(sandbox.URL)
			visitAll(t, clusters, func(ctx context.Context, i int) error {
				seen, err := b.ObserveCluster(ctx, clusters[i])
				if err == nil && (seen.Gone || len(seen.Drift) > 0) {
					// A refresh that misses objects would be cheap.
					err = fmt.Errorf("gone %t, drift %v", seen.Gone, seen.Drift)
				}
				return err
			})
			calls := sandbox.Calls()
			t.Logf("%d calls, %.1f per cluster:\n%s", len(calls), float64(len(calls))/float64(test.clusters), byAction(calls))
			if len(calls) > test.budget*test.clusters {
				t.Errorf("refresh of %d clusters took %d calls, want at most %d each", test.clusters, len(calls), test.budget)
			}
		})
	}
}

// plenty is room for a fleet.
var plenty = map[string]int{
	"compute.networks": 1000, "compute.subnetworks": 1000, "compute.routers": 1000, "compute.firewalls": 1000, "compute.static_addresses": 1000,
	"compute.backend_services": 1000, "compute.forwarding_rules": 1000, "compute.health_checks": 1000, "compute.routes": 10000, "compute.security_policies": 1000,
	"compute.security_policy_rules": 10000, "compute.ssl_policies": 1000, "compute.target_https_proxies": 1000, "compute.target_http_proxies": 1000, "compute.url_maps": 1000,
}

// fleet gives clusters that differ in their names.
func fleet(visibility serving.Visibility, n int) []serving.Cluster {
	clusters := make([]serving.Cluster, n)
	for i := range n {
		clusters[i] = testCluster(visibility)
		clusters[i].Name = fmt.Sprintf("prod-%02d", i)
	}
	return clusters
}

// visitAll visits every cluster, as many at once as Terraform does.
func visitAll(t *testing.T, clusters []serving.Cluster, visit func(context.Context, int) error) {
	t.Helper()
	slots := make(chan struct{}, parallelism)
	g, ctx := errgroup.WithContext(t.Context())
	for i := range clusters {
		g.Go(func() error {
			slots <- struct{}{}
			defer func() { <-slots }()
			return visit(ctx, i)
		})
	}
	if err := g.Wait(); err != nil {
		t.Fatal(err)
	}
}

func byAction(calls []control.LoggedCall) string {
	count := map[string]int{}
	for _, c := range calls {
		count[c.Service+"."+c.Action]++
	}
	var lines []string
	for _, action := range slices.Sorted(maps.Keys(count)) {
		lines = append(lines, fmt.Sprintf("%6d %s", count[action], action))
	}
	return strings.Join(lines, "\n")
}
