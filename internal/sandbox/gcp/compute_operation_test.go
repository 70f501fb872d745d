package gcp

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	compute "cloud.google.com/go/compute/apiv1"
	"cloud.google.com/go/compute/apiv1/computepb"
	"google.golang.org/api/googleapi"
	"google.golang.org/api/option"

	"github.com/modelserving/terraform-provider-serving/internal/sandbox/control"
)

// clock is a time that only a test moves.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func newClock() *clock { return &clock{now: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)} }

func (c *clock) read() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) pass(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// TestComputeOperationStates follows an operation and its object through the states, over a restart in the middle.
func TestComputeOperationStates(t *testing.T) {
	t.Parallel()
	now, file := newClock(), filepath.Join(t.TempDir(), "gcp.json")
	slow := func(c *Config) { c.Clock, c.TimeScale, c.StateFile = now.read, 1, file }
	_, url := serve(t, slow)
	op := change(t, http.MethodPost, projectURL(url)+"/global/networks", `{"name":"main","autoCreateSubnetworks":false}`)
	if op.GetStatus() != computepb.Operation_PENDING || op.GetOperationType() != "insert" || !strings.HasSuffix(op.GetTargetLink(), "/networks/main") {
		t.Errorf("operation = %v", op)
	}
	operation := func() map[string]any { return fetch(t, projectURL(url)+"/global/operations/"+op.GetName()) }
	now.pass(2 * time.Second)
	if got := operation()["status"]; got != "RUNNING" {
		t.Errorf("status after 2 s = %v", got)
	}
	// The object is there, and nobody can use it yet.
	fetch(t, projectURL(url)+"/global/networks/main")
	subnet := `{"name":"s","network":"global/networks/main","ipCidrRange":"10.0.0.0/24"}`
	wantFailure(t, http.MethodPost, regionURL(url)+"/subnetworks", subnet, 400, "resourceNotReady", "is not ready")
	wantFailure(t, http.MethodDelete, projectURL(url)+"/global/networks/main", "", 400, "resourceNotReady", "is not ready")
	_, url = serve(t, slow)
	now.pass(time.Minute)
	if got := operation(); got["status"] != "DONE" || got["progress"] != 100.0 {
		t.Errorf("operation = %v", got)
	}
	post(t, regionURL(url)+"/subnetworks", subnet)
	now.pass(time.Minute)

	// A change shows when it is done, and not before.
	before := fetch(t, regionURL(url)+"/subnetworks/s")
	post(t, regionURL(url)+"/subnetworks/s/setPrivateIpGoogleAccess", `{"privateIpGoogleAccess":true}`)
	if got := fetch(t, regionURL(url)+"/subnetworks/s"); got["privateIpGoogleAccess"] != false || got["fingerprint"] != before["fingerprint"] {
		t.Errorf("before the operation is done = %v", got)
	}
	_, url = serve(t, slow)
	now.pass(time.Minute)
	if got := fetch(t, regionURL(url)+"/subnetworks/s"); got["privateIpGoogleAccess"] != true || got["fingerprint"] == before["fingerprint"] {
		t.Errorf("afterwards = %v", got)
	}
	change(t, http.MethodDelete, regionURL(url)+"/subnetworks/s", "")
	fetch(t, regionURL(url)+"/subnetworks/s")
	now.pass(time.Minute)
	wantFailure(t, http.MethodGet, regionURL(url)+"/subnetworks/s", "", 404, "notFound", "was not found")
}

// TestComputeOperationWait holds the answer back until the operation is over.
func TestComputeOperationWait(t *testing.T) {
	t.Parallel()
	_, url := serve(t, func(c *Config) {
		c.Delays = map[string]time.Duration{"compute.networks.insert": 200 * time.Millisecond}
	})
	op := change(t, http.MethodPost, projectURL(url)+"/global/networks", `{"name":"main","autoCreateSubnetworks":false}`)
	started := time.Now()
	if done := change(t, http.MethodPost, projectURL(url)+"/global/operations/"+op.GetName()+"/wait", ""); done.GetStatus() != computepb.Operation_DONE {
		t.Errorf("operation = %v", done)
	}
	if took := time.Since(started); took < 100*time.Millisecond {
		t.Errorf("wait took %s", took)
	}
}

// TestComputeOperationFails lets changes be accepted and then not happen.
func TestComputeOperationFails(t *testing.T) {
	t.Parallel()
	cloud, url := serve(t)
	networks := client(t, url, func(o ...option.ClientOption) (*compute.NetworksClient, error) {
		return compute.NewNetworksRESTClient(t.Context(), o...)
	})
	insert := &computepb.InsertNetworkRequest{Project: homeProject, NetworkResource: &computepb.Network{Name: new("main"), AutoCreateSubnetworks: new(false)}}
	cloud.AddFault(control.Fault{Service: "compute", Action: "Networks.Insert", Nth: 1, Code: "QUOTA_EXCEEDED", Status: 403, Message: "Quota 'NETWORKS' exceeded.", Later: true})
	op := must(networks.Insert(t.Context(), insert))(t)
	var api *googleapi.Error
	if err := op.Wait(t.Context()); !errors.As(err, &api) || api.Code != 403 || !strings.Contains(api.Message, "QUOTA_EXCEEDED") {
		t.Errorf("error = %v", err)
	}
	if got := fetch(t, projectURL(url)+"/global/operations/"+op.Name())["httpErrorMessage"]; got != "FORBIDDEN" {
		t.Errorf("HTTP error message = %v", got)
	}
	wantFailure(t, http.MethodGet, projectURL(url)+"/global/networks/main", "", 404, "notFound", "was not found")
	op, err := networks.Insert(t.Context(), insert)
	finish(t, op, err)
	cloud.AddFault(control.Fault{Action: "Networks.Patch", Code: "INTERNAL", Status: 500, Later: true})
	change(t, http.MethodPatch, projectURL(url)+"/global/networks/main", `{"routingConfig":{"routingMode":"GLOBAL"}}`)
	if got := fetch(t, projectURL(url)+"/global/networks/main")["routingConfig"].(map[string]any)["routingMode"]; got != "REGIONAL" {
		t.Errorf("routing mode after a change that failed = %v", got)
	}
	cloud.AddFault(control.Fault{Action: "Networks.Delete", Code: "resourceInUseByAnotherResource"})
	wantFailure(t, http.MethodDelete, projectURL(url)+"/global/networks/main", "", 400, "resourceInUseByAnotherResource", "fault rule")
}

// TestRequestID answers a repeated request with the operation of the first, for an hour.
func TestRequestID(t *testing.T) {
	t.Parallel()
	now := newClock()
	cloud, url := serve(t, func(c *Config) { c.Clock = now.read })
	const id = "?requestId=5b9a3f0e-1c1d-4b52-8d7e-0f6b1f7c2a11"
	insert := func() string {
		return change(t, http.MethodPost, projectURL(url)+"/global/networks"+id, `{"name":"main","autoCreateSubnetworks":false}`).GetName()
	}
	first := insert()
	if again := insert(); again != first {
		t.Errorf("second operation = %s, want %s", again, first)
	}
	// The trap: an object that was made under an id and deleted is not made again by the same request.
	change(t, http.MethodDelete, projectURL(url)+"/global/networks/main", "")
	if again := insert(); again != first || cloud.Census().Total != 0 {
		t.Errorf("after the deletion: operation %s, census %v", again, cloud.Census().Objects)
	}
	wantFailure(t, http.MethodPost, projectURL(url)+"/global/networks"+id, `{"name":"other","autoCreateSubnetworks":false}`, 400, "invalid", "another request")
	now.pass(61 * time.Minute)
	if again := insert(); again == first || cloud.Census().Total != 1 {
		t.Errorf("after an hour: operation %s, census %v", again, cloud.Census().Objects)
	}
}

// TestMutate changes and clears fields behind everybody's back; fingerprints notice.
func TestMutate(t *testing.T) {
	t.Parallel()
	cloud, url := serve(t)
	prepareNetwork(t, url)
	subnet := control.Object{Cloud: "gcp", Account: homeProject, Region: testRegion, Kind: "compute.subnetwork", ID: "nodes"}
	paths := map[string]any{}
	for _, f := range must(cloud.Fields())(t) {
		if f.Object == subnet {
			paths[f.Path] = f.Value
		}
	}
	for _, path := range []string{"/name", "/network", "/ipCidrRange", "/secondaryIpRanges/0/rangeName", "/privateIpGoogleAccess"} {
		if paths[path] == nil {
			t.Errorf("no field %s in %v", path, paths)
		}
	}
	before := fetch(t, regionURL(url)+"/subnetworks/nodes")
	if err := cloud.Mutate(control.Field{Object: subnet, Path: "/privateIpGoogleAccess", Value: true}); err != nil {
		t.Fatal(err)
	}
	if err := cloud.Mutate(control.Field{Object: subnet, Path: "/secondaryIpRanges/1"}); err != nil {
		t.Fatal(err)
	}
	after := fetch(t, regionURL(url)+"/subnetworks/nodes")
	ranges, ok := after["secondaryIpRanges"].([]any)
	if after["privateIpGoogleAccess"] != true || !ok || len(ranges) != 1 || after["fingerprint"] == before["fingerprint"] {
		t.Errorf("after = %v", after)
	}
	if err := cloud.Mutate(control.Field{Object: subnet, Path: "/colour", Value: "red"}); err == nil {
		t.Error("a field that does not exist was set")
	}
	if err := cloud.Delete(subnet); err != nil {
		t.Fatal(err)
	}
	wantFailure(t, http.MethodGet, regionURL(url)+"/subnetworks/nodes", "", 404, "notFound", "was not found")
	var state map[string]any
	if err := json.Unmarshal(must(cloud.State())(t), &state); err != nil || state["Tokens"] != nil {
		t.Errorf("state: %v %v", err, state["Tokens"])
	}
}

// TestComputeConsistency hides a new object for a while, and only from those who look.
func TestComputeConsistency(t *testing.T) {
	t.Parallel()
	now := newClock()
	_, url := serve(t, func(c *Config) { c.Clock, c.Consistency = now.read, 5*time.Second })
	networks := projectURL(url) + "/global/networks"
	post(t, networks, `{"name":"main","autoCreateSubnetworks":false}`)
	wantFailure(t, http.MethodGet, networks+"/main", "", 404, "notFound", "was not found")
	if list := fetch(t, networks); list["items"] != nil {
		t.Errorf("list = %v", list)
	}
	wantFailure(t, http.MethodPost, networks, `{"name":"main","autoCreateSubnetworks":false}`, 409, "alreadyExists", "already exists")
	now.pass(5 * time.Second)
	fetch(t, networks+"/main")
}

// TestComputePatch merges what a request has into what there is (RFC 7396).
func TestComputePatch(t *testing.T) {
	t.Parallel()
	_, url := serve(t)
	prepareNetwork(t, url)
	firewalls := projectURL(url) + "/global/firewalls"
	post(t, firewalls, `{"name":"f","network":"global/networks/main","description":"a","sourceRanges":["10.0.0.0/8","192.0.2.0/24"],"allowed":[{"IPProtocol":"tcp","ports":["80"]}]}`)
	for _, step := range []struct {
		patch string
		want  map[string]string
	}{
		{`{"name":"f","priority":7}`, map[string]string{"description": "a", "priority": "7", "sourceRanges": "[10.0.0.0/8 192.0.2.0/24]"}},
		{`{"name":"f","sourceRanges":["198.51.100.0/24"]}`, map[string]string{"sourceRanges": "[198.51.100.0/24]", "priority": "7"}},
		{`{"name":"f","description":null,"logConfig":{"enable":true}}`, map[string]string{"description": "<nil>", "logConfig": "map[enable:true]"}},
		{`{"name":"f","logConfig":{"enable":false},"id":"5","selfLink":"x"}`, map[string]string{"logConfig": "map[enable:false]", "direction": "INGRESS"}},
	} {
		before := fetch(t, firewalls+"/f")
		change(t, http.MethodPatch, firewalls+"/f", step.patch)
		after := fetch(t, firewalls+"/f")
		for field, want := range step.want {
			if got := fmt.Sprint(after[field]); got != want {
				t.Errorf("%s: %s = %s, want %s", step.patch, field, got, want)
			}
		}
		if after["id"] != before["id"] || after["selfLink"] != before["selfLink"] {
			t.Errorf("%s changed what is output only", step.patch)
		}
	}
	wantFailure(t, http.MethodPatch, firewalls+"/f", `{"name":"f","network":"global/networks/bare"}`, 400, "invalid", "cannot be changed")
	wantFailure(t, http.MethodPatch, firewalls+"/f", `{"name":"g"}`, 400, "invalid", "cannot be changed")
}
