package gcp

import (
	"encoding/json"
	"errors"
	"testing"

	"cloud.google.com/go/container/apiv1/containerpb"
	"github.com/googleapis/gax-go/v2/apierror"
	"google.golang.org/api/googleapi"

	"github.com/modelserving/terraform-provider-serving/internal/sandbox/control"
)

// TestQuotaDetails asserts that what a program can go by comes with each refusal, in
// the messages that google.rpc has for it.
func TestQuotaDetails(t *testing.T) {
	t.Parallel()
	w := newGKE(t)
	certificates := newCertificates(t, w.url)
	if err := w.cloud.Configure(control.Settings{Quotas: map[string]int{"certificatemanager.certificates": 0, "container.clusters_per_region": 0}}); err != nil {
		t.Fatal(err)
	}
	_, noCertificate := createCertificate(t, certificates, goodPair(t, "models.example.com").body())
	_, noCluster := w.client.CreateCluster(t.Context(), &containerpb.CreateClusterRequest{Parent: testParent, Cluster: goodCluster()})
	if err := w.cloud.Configure(control.Settings{Throttle: map[string]float64{"*": 0.001}}); err != nil {
		t.Fatal(err)
	}
	list := func() error {
		_, err := w.client.ListClusters(t.Context(), &containerpb.ListClustersRequest{Parent: testParent})
		return err
	}
	if err := list(); err != nil {
		t.Fatal(err)
	}
	// The client reads details only where there is no list of errors beside them, as Kubernetes Engine has it.
	details := func(err error) (*apierror.APIError, bool) {
		var answer *googleapi.Error
		if !errors.As(err, &answer) {
			return nil, false
		}
		tree := must(readTree([]byte(answer.Body)))(t)
		delete(tree["error"].(map[string]any), "errors")
		return apierror.FromError(&googleapi.Error{Code: answer.Code, Body: string(must(json.Marshal(tree))(t))})
	}
	for name, test := range map[string]struct {
		err                                 error
		status                              int
		reason, metric, limit, place, units string
		violations                          int
	}{
		"certificates": {noCertificate, 429, "RESOURCE_QUOTA_EXCEEDED", "certificatemanager.googleapis.com/certificates", "CertificatesPerProject", testRegion, "1/{project}/{region}", 1},
		"clusters":     {noCluster, 403, "RESOURCE_QUOTA_EXCEEDED", "container.googleapis.com/clusters", "ClustersPerRegion", testRegion, "1/{project}/{region}", 1},
		"calls":        {list(), 429, "RATE_LIMIT_EXCEEDED", "container.googleapis.com/requests", "RequestsPerMinutePerProject", global, "1/min/{project}", 0},
	} {
		refusal, ok := details(test.err)
		if !ok {
			t.Errorf("%s: %v", name, test.err)
			continue
		}
		details := refusal.Details()
		got, violations := details.ErrorInfo.GetMetadata(), details.QuotaFailure.GetViolations()
		if refusal.HTTPCode() != test.status || refusal.Reason() != test.reason || refusal.Domain() != "googleapis.com" || got["quota_metric"] != test.metric ||
			got["quota_limit"] != test.limit || got["quota_location"] != test.place || got["quota_unit"] != test.units || details.Help == nil || len(violations) != test.violations {
			t.Errorf("%s: %d %v", name, refusal.HTTPCode(), details)
		}
		for _, v := range violations {
			if v.GetQuotaMetric() != test.metric || v.GetQuotaId() != test.limit || v.GetQuotaValue() != 0 || v.GetQuotaDimensions()["region"] != test.place {
				t.Errorf("%s: violation %v", name, v)
			}
		}
	}
}
