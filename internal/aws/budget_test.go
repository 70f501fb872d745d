package aws

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	sandboxaws "github.com/modelserving/terraform-provider-serving/internal/sandbox/aws"
	"github.com/modelserving/terraform-provider-serving/internal/sandbox/sandboxtest"
	"github.com/modelserving/terraform-provider-serving/internal/serving"
)

// Budgets of API calls for the refresh of one cluster with its own network and
// two node pools, and of its certificate: alone, and on average in a plan of
// fifty. EKS has no batch form for access entries, so each administrator is two
// calls more and the clusters here have none.
const (
	callsAlone  = 28
	callsOfMany = 14
	many        = 50
	// parallelism is how many resources Terraform handles at once by default.
	parallelism = 10
)

// TestBudget counts the calls of a refresh.
func TestBudget(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ clusters, budget int }{{1, callsAlone}, {many, callsOfMany}} {
		t.Run(fmt.Sprint(test.clusters), func(t *testing.T) {
			t.Parallel()
			sandbox := sandboxtest.Start(t, sandboxtest.WithAWS(func(c *sandboxaws.Config) {
				c.Quotas = map[string]int{"ec2.vpcs": 1000, "ec2.internet_gateways": 1000, "ec2.addresses": 1000, "ec2.nat_gateways_per_zone": 1000, "elb.application_load_balancers": 1000}
			}))
			certificates, clusters := fleet(t, test.clusters)
			refresh(t, clusters, func(ctx context.Context, i int) (err error) {
				certificates[i], err = created(testBackend(sandbox.URL).CreateCertificate(ctx, certificates[i]))
				return err
			}, func(ctx context.Context, i int) error {
				seen, err := testBackend(sandbox.URL).CreateCluster(ctx, clusters[i])
				clusters[i] = seen.Spec
				clusters[i].LastSeen = seen.Objects
				return err
			})
			latency := sandboxaws.Duration(20 * time.Millisecond)
			if err := sandbox.AWS.Configure(sandboxaws.Settings{Latency: &latency}); err != nil {
				t.Fatal(err)
			}
			sandbox.AWS.ResetCalls()

			b := testBackend(sandbox.URL)
			refresh(t, clusters, func(ctx context.Context, i int) error {
				seen, err := b.ObserveCertificate(ctx, certificates[i])
				return settled(seen.Observation, err)
			}, func(ctx context.Context, i int) error {
				seen, err := b.ObserveCluster(ctx, clusters[i])
				return settled(seen.Observation, err)
			})
			calls := sandbox.AWS.Calls()
			t.Logf("%d calls, %.1f per cluster:\n%s", len(calls), float64(len(calls))/float64(test.clusters), byAction(calls))
			if len(calls) > test.budget*test.clusters {
				t.Errorf("refresh of %d clusters and their certificates took %d calls, want at most %d each", test.clusters, len(calls), test.budget)
			}
		})
	}
}

// fleet gives clusters that differ in their names, each with a certificate.
func fleet(t *testing.T, n int) ([]serving.Certificate, []serving.Cluster) {
	certificates, clusters := make([]serving.Certificate, n), make([]serving.Cluster, n)
	for i := range n {
		name := fmt.Sprintf("prod-%02d", i)
		certificates[i], clusters[i] = testCertificate(t), testCluster(serving.Private)
		certificates[i].Name, clusters[i].Name = name, name
		clusters[i].KubernetesAPI.Admins = nil
		clusters[i].Endpoint.CertificateID = serving.ID{Cloud: serving.AWS, Region: testRegion, Name: name}.String()
	}
	return certificates, clusters
}

// refresh visits every certificate and, after it, its cluster, as Terraform
// walks its graph.
func refresh(t *testing.T, clusters []serving.Cluster, certificate, cluster func(context.Context, int) error) {
	t.Helper()
	slots := make(chan struct{}, parallelism)
	visit := func(ctx context.Context, i int, what func(context.Context, int) error) error {
		slots <- struct{}{}
		defer func() { <-slots }()
		return what(ctx, i)
	}
	g, ctx := errgroup.WithContext(t.Context())
	for i := range clusters {
		g.Go(func() error {
			if err := visit(ctx, i, certificate); err != nil {
				return err
			}
			return visit(ctx, i, cluster)
		})
	}
	if err := g.Wait(); err != nil {
		t.Fatal(err)
	}
}

func created(seen serving.ObservedCertificate, err error) (serving.Certificate, error) {
	spec := seen.Spec
	spec.LastSeen = seen.Objects
	return spec, err
}

// settled is an error when something differs: a refresh that misses objects
// would be cheap.
func settled(seen serving.Observation, err error) error {
	if err != nil {
		return err
	}
	if seen.Gone || len(seen.Drift) > 0 {
		return fmt.Errorf("gone %t, drift %v", seen.Gone, seen.Drift)
	}
	return nil
}

func byAction(calls []sandboxaws.LoggedCall) string {
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
