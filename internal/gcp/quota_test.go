package gcp

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"cloud.google.com/go/compute/apiv1/computepb"
	"google.golang.org/api/googleapi"
	"google.golang.org/protobuf/proto"

	"github.com/modelserving/terraform-provider-serving/internal/sandbox/control"
	"github.com/modelserving/terraform-provider-serving/internal/serving"
)

// refusals counts the calls of an action that the sandbox did not carry out.
func refusals(sandbox *simulated, action string) int {
	n := 0
	for _, c := range sandbox.Calls() {
		if c.Action == action && c.Code != "" {
			n++
		}
	}
	return n
}

// TestQuotaOfObjects meets quotas that no waiting changes: each is told at once, with
// its name and what it allows, whatever status it comes with.
func TestQuotaOfObjects(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		quota, action string
		says          []string
	}{
		"certificates": {"certificatemanager.certificates", "CertificateManager.CreateCertificate", []string{"create certificate", "RESOURCE_QUOTA_EXCEEDED", "CertificatesPerProject", "allows 0 in us-central1", "Quotas"}},
		"networks":     {"compute.networks", "Networks.Insert", []string{"create network", "quotaExceeded", "Quota 'NETWORKS' exceeded", "Limit: 0", "Quotas"}},
		"clusters":     {"container.clusters_per_region", "ClusterManager.CreateCluster", []string{"create cluster", "RESOURCE_QUOTA_EXCEEDED", "ClustersPerRegion", "allows 0 in us-central1", "Quotas"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			sandbox, b := prepared(t)
			if err := sandbox.Configure(control.Settings{Quotas: map[string]int{test.quota: 0}}); err != nil {
				t.Fatal(err)
			}
			b.cfg.MaxRetries = 20
			other := testCertificate(t)
			other.Name = "other"
			_, err := b.CreateCertificate(t.Context(), other)
			if err == nil {
				_, err = b.CreateCluster(t.Context(), testCluster(serving.Private))
			}
			if err == nil {
				t.Fatal("all was made")
			}
			for _, word := range test.says {
				if !strings.Contains(err.Error(), word) {
					t.Errorf("error %q does not say %q", err, word)
				}
			}
			if n := refusals(sandbox, test.action); n != 1 {
				t.Errorf("asked %d times", n)
			}
		})
	}
}

// TestThrottlingWithoutEnd asserts that no call is tried more often than the provider
// is told to, and that the cloud's words are what the user reads.
func TestThrottlingWithoutEnd(t *testing.T) {
	t.Parallel()
	for _, action := range []string{"ClusterManager.CreateCluster", "ClusterManager.SetLabels", "ClusterManager.ListClusters", "Networks.Insert", "CertificateManager.CreateCertificate"} {
		t.Run(action, func(t *testing.T) {
			t.Parallel()
			sandbox := newSandbox(t)
			sandbox.AddFault(control.Fault{Action: action, Code: "RESOURCE_EXHAUSTED", Status: http.StatusTooManyRequests, Message: "Quota exceeded for quota metric 'Calls'."})
			ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
			defer cancel()
			b := testBackend(sandbox.URL)
			_, err := b.CreateCertificate(ctx, testCertificate(t))
			if err == nil {
				_, err = b.CreateCluster(ctx, testCluster(serving.Private))
			}
			if err == nil || !strings.Contains(err.Error(), "Quota exceeded for quota metric 'Calls'., in 2 attempts") || !strings.Contains(err.Error(), "gcp.max_retries") {
				t.Errorf("error %v", err)
			}
			if n := refusals(sandbox, action); n == 0 || n%2 != 0 || n > 4 {
				t.Errorf("called %d times", n)
			}
		})
	}
}

// TestCrowdedCluster meets a cluster that has all the operations under way that it
// may: that is waited for, as one operation is.
func TestCrowdedCluster(t *testing.T) {
	t.Parallel()
	sandbox, b := prepared(t)
	if _, err := b.CreateCluster(t.Context(), testCluster(serving.Private)); err != nil {
		t.Fatal(err)
	}
	says := `Too many operations: cluster "prod" hits the concurrent operations quota 5, please try again later.`
	for nth := 1; nth <= 5; nth++ {
		sandbox.AddFault(control.Fault{Service: "container", Action: "ClusterManager.UpdateCluster", Nth: nth, Code: "RESOURCE_EXHAUSTED", Status: http.StatusTooManyRequests, Message: says})
	}
	spec := inZones(testCluster(serving.Private))
	spec.KubernetesAPI.AllowedCIDRs = []string{"198.51.100.0/24"}
	seen, err := testBackend(sandbox.URL).UpdateCluster(t.Context(), spec)
	if err != nil || len(seen.Drift) > 0 {
		t.Errorf("drift %v, error %v", seen.Drift, err)
	}
	if n := refusals(sandbox, "ClusterManager.UpdateCluster"); n != 5 {
		t.Errorf("refused %d times", n)
	}
}

// TestQuotaAdvice names the quota as far as the cloud does, in each of its forms.
func TestQuotaAdvice(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		err  error
		says string
	}{
		"violation": {
			&googleapi.Error{Code: 429, Body: `{"error": {"details": [{"violations": [{"quotaMetric": "compute.googleapis.com/cpus", "quotaId": "CPUS-per-project-region", "quotaValue": "24", "quotaDimensions": {"region": "us-central1"}}]}]}}`},
			"reached: CPUS-per-project-region of compute.googleapis.com/cpus allows 24 in us-central1. Ask",
		},
		"an operation": {
			outcome(&computepb.Operation{HttpErrorStatusCode: proto.Int32(403), Error: &computepb.Error{Errors: []*computepb.Errors{{
				Code: proto.String("QUOTA_EXCEEDED"), Message: proto.String("Quota 'ROUTERS' exceeded."),
				ErrorDetails: []*computepb.ErrorDetails{{QuotaInfo: &computepb.QuotaExceededInfo{LimitName: proto.String("ROUTERS-per-project"), Limit: proto.Float64(20), Dimensions: map[string]string{"region": "us-central1"}}}},
			}}}}),
			"reached: ROUTERS-per-project allows 20 in us-central1. Ask",
		},
		"nothing but a reason": {&googleapi.Error{Code: 403, Body: `{"error": {"errors": [{"reason": "quotaExceeded"}]}}`}, "reached. Ask"},
		"a metric":             {&googleapi.Error{Code: 429, Body: `{"error": {"details": [{"reason": "RESOURCE_QUOTA_EXCEEDED", "metadata": {"quota_metric": "x.googleapis.com/y"}}]}}`}, "reached: x.googleapis.com/y. Ask"},
	} {
		if got := explain(test.err).Error(); !strings.Contains(got, "A quota of the project is "+test.says) {
			t.Errorf("%s: %s", name, got)
		}
	}
}
