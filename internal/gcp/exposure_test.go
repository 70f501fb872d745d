package gcp

import (
	"slices"
	"testing"

	"github.com/modelserving/terraform-provider-serving/internal/sandbox/control"
	"github.com/modelserving/terraform-provider-serving/internal/serving"
)

// TestOpenBackendService takes the security policy off a load balancer's backend
// service: that is open to everyone as long as a forwarding rule leads to it, and to
// nobody without one, as while a load balancer is being made or removed.
func TestOpenBackendService(t *testing.T) {
	t.Parallel()
	sandbox, _ := clustered(t)
	spec := inZones(testCluster(serving.Private))
	object := func(kind string) control.Object {
		return control.Object{Cloud: "gcp", Account: sandboxProject, Region: testRegion, Kind: kind, ID: namesOf(spec).chain}
	}
	open := func() bool {
		t.Helper()
		seen, err := testBackend(sandbox.URL).ObserveCluster(t.Context(), spec)
		if err != nil {
			t.Fatal(err)
		}
		return slices.Contains(seen.Exposure.Endpoint.Sources, anywhere)
	}
	if open() {
		t.Error("with its policy it is open to everyone")
	}
	if err := sandbox.Mutate(control.Field{Object: object("compute.backend_service"), Path: "/securityPolicy"}); err != nil {
		t.Fatal(err)
	}
	if !open() {
		t.Error("without a policy nobody is said to get in")
	}
	if err := sandbox.Delete(object("compute.forwarding_rule")); err != nil {
		t.Fatal(err)
	}
	if open() {
		t.Error("a backend service that nothing leads to is said to be open to everyone")
	}
}
