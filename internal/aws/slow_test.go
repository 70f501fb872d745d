package aws

import (
	"testing"
	"time"

	sandboxaws "github.com/modelserving/terraform-provider-serving/internal/sandbox/aws"
	"github.com/modelserving/terraform-provider-serving/internal/sandbox/sandboxtest"
	"github.com/modelserving/terraform-provider-serving/internal/serving"
	"github.com/modelserving/terraform-provider-serving/internal/stack"
)

// TestSlowCloud runs a cluster's life in a cloud that takes its time, shows new
// objects late and throttles.
func TestSlowCloud(t *testing.T) {
	t.Parallel()
	sandbox := sandboxtest.Start(t, sandboxtest.WithAWS(func(c *sandboxaws.Config) {
		c.TimeScale = 0.002
		c.Consistency = 150 * time.Millisecond
		c.Throttle = map[string]float64{"ec2.DescribeSubnets": 20, "eks.DescribeCluster": 20}
	}))
	b := New(Config{Region: testRegion, Sandbox: sandbox.URL, Poll: stack.Poll{Min: 20 * time.Millisecond, Max: 200 * time.Millisecond}})
	withOps(t, b)
	time.Sleep(200 * time.Millisecond)
	if _, err := b.CreateCertificate(t.Context(), testCertificate(t)); err != nil {
		t.Fatal(err)
	}
	if _, err := b.CreateCluster(t.Context(), testCluster(serving.Public)); err != nil {
		t.Fatal(err)
	}
	if _, err := b.UpdateCluster(t.Context(), changedCluster()); err != nil {
		t.Fatal(err)
	}
	seen, err := b.ObserveCluster(t.Context(), changedCluster())
	if err != nil || len(seen.Drift) != 0 {
		t.Fatalf("drift %v, error %v", seen.Drift, err)
	}
	if err := b.DestroyCluster(t.Context(), seen.Spec); err != nil {
		t.Fatal(err)
	}
	if err := b.DestroyCertificate(t.Context(), testCertificate(t)); err != nil {
		t.Fatal(err)
	}
	// The test's own role is left, and network interfaces linger for a while.
	if left := kinds(sandbox.AWS.Census()); left["ec2.vpc"]+left["eks.cluster"]+left["elb.load_balancer"]+left["acm.certificate"] != 0 || left["iam.role"] != 1 {
		t.Errorf("left: %v", left)
	}
}
