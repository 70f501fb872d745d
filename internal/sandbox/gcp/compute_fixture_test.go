package gcp

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	compute "cloud.google.com/go/compute/apiv1"
	"cloud.google.com/go/compute/apiv1/computepb"
	"google.golang.org/api/option"
	"google.golang.org/protobuf/encoding/protojson"

	"cloud.google.com/go/certificatemanager/apiv1/certificatemanagerpb"
)

const (
	testRegion = "us-central1"
	testZone   = "us-central1-a"
)

// serve starts a cloud that serves until the test ends.
func serve(t *testing.T, change ...func(*Config)) (*Cloud, string) {
	t.Helper()
	var config Config
	for _, c := range change {
		c(&config)
	}
	cloud, err := New(config)
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(cloud)
	t.Cleanup(func() { cloud.Close(); server.Close() })
	return cloud, server.URL
}

// bearer sends an access token with every request.
type bearer struct{ token string }

func (b bearer) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	r.Header.Set("Authorization", "Bearer "+b.token)
	return http.DefaultTransport.RoundTrip(r)
}

func asToken(token string) *http.Client { return &http.Client{Transport: bearer{token}} }

// client makes one of the official REST clients.
func client[C any](t *testing.T, url string, dial func(...option.ClientOption) (C, error)) C {
	t.Helper()
	made, err := dial(option.WithEndpoint(url), option.WithHTTPClient(asToken("sandbox")))
	if err != nil {
		t.Fatal(err)
	}
	return made
}

// finish waits for an operation.
func finish(t *testing.T, op *compute.Operation, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	if err := op.Wait(t.Context()); err != nil {
		t.Fatal(err)
	}
}

func must[T any](value T, err error) func(t *testing.T) T {
	return func(t *testing.T) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return value
	}
}

// failure is the body of an answer that is none.
type failure struct {
	Error struct {
		Code    int
		Message string
		Status  string
		Errors  []struct{ Reason, Message, Domain string }
		Details []map[string]any
	}
}

// rawAs sends a request as somebody, for what the clients cannot say.
func rawAs(t *testing.T, token, method, url, body string) (int, []byte) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if token != "" {
		request.Header.Set("Authorization", "Bearer "+token)
	}
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = answer.Body.Close() }()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer.StatusCode, text
}

// wantFailure sends a request to Compute Engine that has to be refused.
func wantFailure(t *testing.T, method, url, body string, status int, reason, message string) {
	t.Helper()
	got, text := rawAs(t, "sandbox", method, url, body)
	var f failure
	if err := json.Unmarshal(text, &f); err != nil {
		t.Fatalf("%s %s: %d %s", method, url, got, text)
	}
	if got != status || len(f.Error.Errors) == 0 || f.Error.Errors[0].Reason != reason || !strings.Contains(f.Error.Message, message) {
		t.Errorf("%s %s\n%s\nanswered %d %s, want %d %s %q", method, url, body, got, text, status, reason, message)
	}
}

// post makes an object by JSON and waits until its operation is over, without delays: the next request sees it.
func post(t *testing.T, url, body string) {
	t.Helper()
	change(t, http.MethodPost, url, body)
}

func change(t *testing.T, method, url, body string) *computepb.Operation {
	t.Helper()
	status, text := rawAs(t, "sandbox", method, url, body)
	if status != http.StatusOK {
		t.Fatalf("%s %s: %d %s", method, url, status, text)
	}
	var op computepb.Operation
	if err := protojson.Unmarshal(text, &op); err != nil {
		t.Fatal(err)
	}
	return &op
}

// fetch reads an object.
func fetch(t *testing.T, url string) map[string]any {
	t.Helper()
	status, text := rawAs(t, "sandbox", http.MethodGet, url, "")
	if status != http.StatusOK {
		t.Fatalf("GET %s: %d %s", url, status, text)
	}
	var tree map[string]any
	if err := json.Unmarshal(text, &tree); err != nil {
		t.Fatal(err)
	}
	return tree
}

func projectURL(url string) string { return url + "/compute/v1/projects/sandbox-project" }
func regionURL(url string) string  { return projectURL(url) + "/regions/" + testRegion }

// plant puts an instance group and a certificate into a cloud, as Kubernetes Engine and Certificate Manager would.
func plant(cloud *Cloud) (group string) {
	cloud.mu.Lock()
	defer cloud.mu.Unlock()
	network := target{homeProject, global, "networks", "main"}.link()
	zone := cloud.state.region(homeProject, testZone)
	zone.Compute.InstanceGroups["pool"] = &Held[*computepb.InstanceGroup]{Body: &computepb.InstanceGroup{Name: new("pool"), Network: &network}}
	region := cloud.state.region(homeProject, testRegion)
	region.Certificates.Certificates["models"] = &Held[*certificatemanagerpb.Certificate]{Body: &certificatemanagerpb.Certificate{
		Name: "projects/sandbox-project/locations/" + testRegion + "/certificates/models", Type: &certificatemanagerpb.Certificate_SelfManaged{
			SelfManaged: &certificatemanagerpb.Certificate_SelfManagedCertificate{},
		},
	}}
	return target{homeProject, testZone, "instanceGroups", "pool"}.link()
}
