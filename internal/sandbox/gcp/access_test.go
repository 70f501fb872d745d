package gcp

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/modelserving/terraform-provider-serving/internal/sandbox/control"
)

// TestAccess holds who may do what where.
func TestAccess(t *testing.T) {
	t.Parallel()
	cloud, url := serve(t, withPeer, func(c *Config) {
		c.Projects = map[string]string{"third-project": "333333333333"}
		c.Grants = map[string][]string{"apps@peer-project.iam.gserviceaccount.com": {"third-project"}}
		c.Disabled = map[string]bool{"third-project/compute": true}
	})
	cloud.mu.Lock()
	cloud.state.Tokens["issued"] = &accessToken{Email: "ci@peer-project.iam.gserviceaccount.com", Expires: time.Now().Add(time.Hour)}
	cloud.state.Tokens["expired"] = &accessToken{Email: "ci@peer-project.iam.gserviceaccount.com", Expires: time.Now().Add(-time.Second)}
	cloud.mu.Unlock()
	const compute, container = "/compute/v1/projects/", "/v1/projects/"
	for name, test := range map[string]struct {
		token, path     string
		status          int
		code, mentioned string
	}{
		"no token":                 {"", compute + "sandbox-project/global/networks", 401, "UNAUTHENTICATED", "CREDENTIALS_MISSING"},
		"unknown token":            {"stolen", compute + "sandbox-project/global/networks", 401, "UNAUTHENTICATED", "invalid authentication credentials"},
		"token in the query":       {"", compute + "sandbox-project/global/networks?access_token=sandbox", 200, "", ""},
		"older name of it":         {"", compute + "sandbox-project/global/networks?oauth_token=sandbox", 200, "", ""},
		"wrong one in the query":   {"", compute + "sandbox-project/global/networks?access_token=stolen", 401, "UNAUTHENTICATED", "invalid authentication credentials"},
		"expired token":            {"expired", compute + "peer-project/global/networks", 401, "UNAUTHENTICATED", "invalid authentication credentials"},
		"own project":              {"sandbox", compute + "sandbox-project/global/networks", 200, "", ""},
		"own project by number":    {"sandbox", compute + "111111111111/global/networks", 200, "", ""},
		"issued token":             {"issued", compute + "peer-project/global/networks", 200, "", ""},
		"another's project":        {"sandbox", compute + "peer-project/global/networks", 403, "", "Required 'compute.networks.list' permission for 'projects/peer-project/global/networks'"},
		"no such project":          {"sandbox", compute + "no-project/global/networks", 404, "", "The resource 'projects/no-project' was not found"},
		"no such project, cluster": {"sandbox", container + "no-project/locations/us-central1/clusters", 403, "PERMISSION_DENIED", "CONSUMER_INVALID"},
		"API disabled":             {"peer", compute + "third-project/global/networks", 403, "PERMISSION_DENIED", "SERVICE_DISABLED"},
		"link to enable":           {"peer", compute + "third-project/global/networks", 403, "PERMISSION_DENIED", "overview?project=333333333333"},
	} {
		t.Run(name, func(t *testing.T) {
			status, text := rawAs(t, test.token, http.MethodGet, url+test.path, "")
			var f failure
			if err := json.Unmarshal(text, &f); err != nil || status != test.status || f.Error.Status != test.code || !strings.Contains(string(text), test.mentioned) {
				t.Errorf("%d %s", status, text)
			}
		})
	}
}

// TestThrottleAndFaults spoils calls in the forms that Compute Engine has for it.
func TestThrottleAndFaults(t *testing.T) {
	t.Parallel()
	cloud, url := serve(t)
	networks := projectURL(url) + "/global/networks"
	cloud.AddFault(control.Fault{Service: "compute", Action: "Networks.List", Nth: 2, Code: "UNAVAILABLE"})
	fetch(t, networks)
	wantFailure(t, http.MethodGet, networks, "", 503, "backendError", "fault rule")
	cloud.ClearFaults()
	cloud.AddFault(control.Fault{Mutating: true, DropAnswer: true})
	request, err := http.NewRequest(http.MethodPost, networks, strings.NewReader(`{"name":"main","autoCreateSubnetworks":false}`))
	if err != nil {
		t.Fatal(err)
	}
	if answer, err := asToken("sandbox").Do(request); err == nil {
		_ = answer.Body.Close()
		t.Error("the answer was not dropped")
	}
	fetch(t, networks+"/main")
	if err := cloud.Configure(control.Settings{Throttle: map[string]float64{"compute.*": 1}}); err != nil {
		t.Fatal(err)
	}
	fetch(t, networks)
	wantFailure(t, http.MethodGet, networks, "", 403, "rateLimitExceeded", "limit 'Requests per minute' of service 'compute.googleapis.com' for consumer 'project_number:")
	calls := cloud.Calls()
	last := calls[len(calls)-1]
	if last.Cloud != "gcp" || last.Service != "compute" || last.Action != "Networks.List" || last.Account != homeProject || last.Region != global || last.Code != "rateLimitExceeded" {
		t.Errorf("logged: %+v", last)
	}
	for _, settings := range []control.Settings{
		{Delays: map[string]control.Duration{"compute.moons": 1}}, {Quotas: map[string]int{"compute.moons": 1}},
	} {
		if cloud.Configure(settings) == nil {
			t.Errorf("settings %+v were taken", settings)
		}
	}
}
