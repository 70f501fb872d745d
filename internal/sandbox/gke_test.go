package sandbox_test

import (
	"errors"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/modelserving/terraform-provider-serving/internal/sandbox/control"
	"github.com/modelserving/terraform-provider-serving/internal/sandbox/sandboxtest"
)

// TestGKE starts the real API server of a cluster of the simulated Google Cloud and looks at its nodes.
func TestGKE(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("it starts a real API server")
	}
	s := sandboxtest.Start(t)
	post := func(path, body string) {
		t.Helper()
		request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.URL+path, strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		request.Header.Set("Authorization", "Bearer sandbox")
		answer, err := http.DefaultClient.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		_ = answer.Body.Close()
		if answer.StatusCode != http.StatusOK {
			t.Fatalf("POST %s: %s", path, answer.Status)
		}
	}
	const compute, container = "/compute/v1/projects/sandbox-project", "/v1/projects/sandbox-project/locations/us-central1"
	post(compute+"/global/networks", `{"name":"main","autoCreateSubnetworks":false}`)
	post(compute+"/regions/us-central1/subnetworks", `{"name":"nodes","network":"global/networks/main","ipCidrRange":"10.0.0.0/22","secondaryIpRanges":[{"rangeName":"pods","ipCidrRange":"10.4.0.0/16"}]}`)
	post(container+"/clusters", `{"cluster":{"name":"prod","network":"main","subnetwork":"nodes","locations":["us-central1-a"],"ipAllocationPolicy":{"useIpAliases":true,"clusterSecondaryRangeName":"pods"},
		"nodePools":[{"name":"cpu","initialNodeCount":2,"config":{"machineType":"e2-standard-4","labels":{"team":"ml"}}}]}}`)
	conn, err := s.GCP.Connect(t.Context(), control.Place{}, endpointOf(t, s), 443)
	var path *control.PathError
	if errors.As(err, &path) {
		t.Fatal(err)
	}
	if err != nil {
		t.Skipf("no Kubernetes here: %v", err)
	}
	_ = conn.Close()
	k := s.Kubernetes(t, "gcp/us-central1/prod")
	for end := time.Now().Add(time.Minute); len(k.List("nodes", "")) != 2; time.Sleep(50 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("nodes = %v", k.List("nodes", ""))
		}
	}
	nodes := k.List("nodes", "")
	if !slices.ContainsFunc(nodes, func(name string) bool { return strings.HasPrefix(name, "gke-prod-cpu-") }) {
		t.Errorf("nodes = %v", nodes)
	}
	for _, name := range nodes {
		var node corev1.Node
		if err := runtime.DefaultUnstructuredConverter.FromUnstructured(k.Get(sandboxtest.Object{Resource: "nodes", Name: name}), &node); err != nil {
			t.Fatal(err)
		}
		if version := node.Status.NodeInfo.KubeletVersion; !gkeKubelet.MatchString(version) {
			t.Errorf("the kubelet of %s is %q", name, version)
		}
	}
}

// gkeKubelet is how GKE names its builds of the kubelet.
var gkeKubelet = regexp.MustCompile(`^v1\.\d+\.\d+-gke\.\d{7}$`)

// endpointOf is the public endpoint of the only cluster.
func endpointOf(t *testing.T, s *sandboxtest.Sandbox) string {
	t.Helper()
	fields, err := s.GCP.Fields()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range fields {
		if address, ok := f.Value.(string); ok && f.Kind == "container.cluster" && f.Path == "/controlPlaneEndpointsConfig/ipEndpointsConfig/publicEndpoint" {
			return address
		}
	}
	t.Fatal("there is no cluster with a public endpoint")
	return ""
}
