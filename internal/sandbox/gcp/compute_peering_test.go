package gcp

import (
	"net/http"
	"strings"
	"testing"
	"time"
)

// peerings adds the two halves of peerings, as people with roles in either project.
type peerings struct {
	t   *testing.T
	url string
}

func (p peerings) network(project, name string) string {
	return p.url + "/compute/v1/projects/" + project + "/global/networks/" + name
}

func (p peerings) body(name, project, network string) string {
	return `{"networkPeering":{"name":"` + name + `","network":"projects/` + project + `/global/networks/` + network + `","exchangeSubnetRoutes":true}}`
}

func (p peerings) peerPost(url, body string) {
	p.t.Helper()
	if status, text := rawAs(p.t, "peer", http.MethodPost, url, body); status != http.StatusOK {
		p.t.Fatalf("POST %s: %d %s", url, status, text)
	}
}

func withPeer(c *Config) {
	c.Tokens = map[string]string{"peer": "apps@peer-project.iam.gserviceaccount.com"}
}

func TestPeering(t *testing.T) {
	t.Parallel()
	_, url := serve(t, withPeer)
	p := peerings{t, url}
	prepareNetwork(t, url)
	peer := url + "/compute/v1/projects/peer-project"
	p.peerPost(peer+"/global/networks", `{"name":"apps","autoCreateSubnetworks":false}`)
	p.peerPost(peer+"/regions/us-east1/subnetworks", `{"name":"apps","network":"global/networks/apps","ipCidrRange":"10.20.0.0/16"}`)

	post(t, p.network(homeProject, "main")+"/addPeering", p.body("to-apps", peerProject, "apps"))
	if got := peeringState(t, p.network(homeProject, "main")); got != "INACTIVE" {
		t.Errorf("state of one half = %s", got)
	}
	wantFailure(t, http.MethodPost, p.network(homeProject, "main")+"/addPeering", p.body("to-apps", peerProject, "others"), 409, "alreadyExists", "already exists")
	wantFailure(t, http.MethodPost, p.network(homeProject, "main")+"/addPeering", p.body("again", peerProject, "apps"), 400, "invalid", "already a peering")
	wantFailure(t, http.MethodPost, p.network(homeProject, "main")+"/addPeering", p.body("self", homeProject, "main"), 400, "invalid", "itself")
	wantFailure(t, http.MethodPost, p.network(homeProject, "main")+"/addPeering", p.body("none", homeProject, "none"), 404, "notFound", "networks/none")
	wantFailure(t, http.MethodPost, p.network(homeProject, "main")+"/addPeering", strings.Replace(p.body("x", peerProject, "others"), "true", "false", 1), 400, "invalid", "exchangeSubnetRoutes")
	p.peerPost(p.network(peerProject, "apps")+"/addPeering", p.body("to-main", homeProject, "main"))
	if got := peeringState(t, p.network(homeProject, "main")); got != "ACTIVE" {
		t.Errorf("state of both halves = %s", got)
	}
	routes := fetch(t, projectURL(url)+"/global/routes?filter=nextHopPeering%3Dto-apps")["items"].([]any)
	if len(routes) != 1 || routes[0].(map[string]any)["destRange"] != "10.20.0.0/16" {
		t.Errorf("routes through the peering = %v", routes)
	}

	// Ranges of peers do not overlap, also those that come later.
	wantFailure(t, http.MethodPost, regionURL(url)+"/subnetworks", `{"name":"late","network":"global/networks/main","ipCidrRange":"10.20.1.0/24"}`, 400, "badRequest", "in an active peer (to-apps)")
	p.peerPost(peer+"/global/networks", `{"name":"clash","autoCreateSubnetworks":false}`)
	p.peerPost(peer+"/regions/us-east1/subnetworks", `{"name":"clash","network":"global/networks/clash","ipCidrRange":"10.0.2.0/24"}`)
	post(t, p.network(homeProject, "main")+"/addPeering", p.body("to-clash", peerProject, "clash"))
	if status, text := rawAs(t, "peer", http.MethodPost, p.network(peerProject, "clash")+"/addPeering", p.body("to-main", homeProject, "main")); status != 400 ||
		!strings.Contains(string(text), "An IP range in the peer network (10.0.0.0/22) overlaps with an IP range in the local network (10.0.2.0/24)") {
		t.Errorf("peering of networks that overlap: %d %s", status, text)
	}

	change(t, http.MethodPatch, p.network(homeProject, "main")+"/updatePeering", `{"networkPeering":{"name":"to-apps","exportCustomRoutes":true}}`)
	first := fetch(t, p.network(homeProject, "main"))["peerings"].([]any)[0].(map[string]any)
	if first["exportCustomRoutes"] != true || first["exportSubnetRoutesWithPublicIp"] != true {
		t.Errorf("peering = %v", first)
	}
	wantFailure(t, http.MethodPost, p.network(homeProject, "main")+"/removePeering", `{"name":"none"}`, 400, "badRequest", "no peering named 'none'")
	wantFailure(t, http.MethodDelete, p.network(homeProject, "main"), "", 400, "resourceInUseByAnotherResource", "already being used")
	post(t, p.network(homeProject, "main")+"/removePeering", `{"name":"to-clash"}`)
	post(t, p.network(homeProject, "main")+"/removePeering", `{"name":"to-apps"}`)
	if status, text := rawAs(t, "peer", http.MethodGet, p.network(peerProject, "apps"), ""); status != 200 || !strings.Contains(string(text), "INACTIVE") {
		t.Errorf("the other half alone: %d %s", status, text)
	}
}

func peeringState(t *testing.T, network string) string {
	t.Helper()
	first := fetch(t, network)["peerings"].([]any)[0].(map[string]any)
	return first["state"].(string)
}

// TestPeeringOneAtATime has neither end of a peering change while something is under way at one of them.
func TestPeeringOneAtATime(t *testing.T) {
	t.Parallel()
	now := newClock()
	_, url := serve(t, withPeer, func(c *Config) { c.Clock, c.TimeScale = now.read, 1 })
	p := peerings{t, url}
	peer := url + "/compute/v1/projects/peer-project"
	post(t, projectURL(url)+"/global/networks", `{"name":"main","autoCreateSubnetworks":false}`)
	p.peerPost(peer+"/global/networks", `{"name":"apps","autoCreateSubnetworks":false}`)
	now.pass(time.Minute)
	post(t, p.network(homeProject, "main")+"/addPeering", p.body("to-apps", peerProject, "apps"))
	if status, text := rawAs(t, "peer", http.MethodPost, p.network(peerProject, "apps")+"/addPeering", p.body("to-main", homeProject, "main")); status != 400 ||
		!strings.Contains(string(text), "There is a peering operation in progress on the local or peer network. Try again later.") {
		t.Errorf("the other half at the same time: %d %s", status, text)
	}
	subnet := `{"name":"s","network":"global/networks/main","ipCidrRange":"10.0.0.0/24"}`
	wantFailure(t, http.MethodPost, regionURL(url)+"/subnetworks", subnet, 400, "badRequest", "peering operation in progress")
	now.pass(time.Minute)
	post(t, regionURL(url)+"/subnetworks", subnet)
	wantFailure(t, http.MethodPost, p.network(homeProject, "main")+"/removePeering", `{"name":"to-apps"}`, 400, "badRequest", "There is a route operation in progress")
	now.pass(time.Minute)
	post(t, p.network(homeProject, "main")+"/removePeering", `{"name":"to-apps"}`)
}
