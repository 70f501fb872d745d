package gcp

import (
	"testing"
	"time"

	"github.com/modelserving/terraform-provider-serving/internal/sandbox/control"
	sandboxgcp "github.com/modelserving/terraform-provider-serving/internal/sandbox/gcp"
	"github.com/modelserving/terraform-provider-serving/internal/serving"
	"github.com/modelserving/terraform-provider-serving/internal/stack"
)

// TestSlowCloud runs a cluster's life in a cloud whose operations take their time,
// which shows new objects late and throttles.
func TestSlowCloud(t *testing.T) {
	t.Parallel()
	sandbox := newSandbox(t, func(c *sandboxgcp.Config) {
		c.Behaviour = control.Behaviour{
			TimeScale: 0.002, Consistency: 150 * time.Millisecond,
			Throttle: map[string]float64{"compute.Networks.List": 20, "container.ClusterManager.ListClusters": 20},
		}
	})
	b := New(Config{Region: testRegion, Sandbox: sandbox.URL, KubernetesProxyURL: noProxy, Linger: time.Millisecond, Poll: stack.Poll{Min: 20 * time.Millisecond, Max: 200 * time.Millisecond}})
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
	if left := kinds(sandbox.Census()); len(left) != 0 {
		t.Errorf("left: %v", left)
	}
}
