package gcp

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
)

// TestComputeNameless refuses objects without a name, of every collection.
func TestComputeNameless(t *testing.T) {
	t.Parallel()
	cloud, url := serve(t)
	prepareNetwork(t, url)
	plant(cloud)
	post(t, regionURL(url)+"/healthChecks", `{"name":"hc","type":"HTTP","httpHealthCheck":{}}`)
	post(t, regionURL(url)+"/backendServices", `{"name":"bs","loadBalancingScheme":"EXTERNAL_MANAGED","healthChecks":["regions/us-central1/healthChecks/hc"]}`)
	post(t, regionURL(url)+"/urlMaps", `{"name":"map","defaultService":"regions/us-central1/backendServices/bs"}`)
	post(t, regionURL(url)+"/targetHttpProxies", `{"name":"proxy","urlMap":"regions/us-central1/urlMaps/map"}`)
	for plural, body := range map[string]string{
		"subnetworks": `{"network":"global/networks/main","ipCidrRange":"10.9.0.0/24"}`, "healthChecks": `{"type":"HTTP","httpHealthCheck":{}}`,
		"sslPolicies": `{"profile":"MODERN"}`, "securityPolicies": `{"description":"x"}`, "addresses": `{"description":"x"}`, "routers": `{"network":"global/networks/main"}`,
		"backendServices": `{"loadBalancingScheme":"EXTERNAL_MANAGED","healthChecks":["regions/us-central1/healthChecks/hc"]}`,
		"urlMaps":         `{"defaultService":"regions/us-central1/backendServices/bs"}`, "targetHttpProxies": `{"name":"","urlMap":"regions/us-central1/urlMaps/map"}`,
		"targetHttpsProxies": `{"urlMap":"regions/us-central1/urlMaps/map","sslCertificates":["//certificatemanager.googleapis.com/projects/sandbox-project/locations/us-central1/certificates/models"]}`,
		"forwardingRules":    `{"loadBalancingScheme":"EXTERNAL_MANAGED","network":"global/networks/main","portRange":"80","target":"regions/us-central1/targetHttpProxies/proxy"}`,
	} {
		t.Run(plural, func(t *testing.T) {
			wantFailure(t, http.MethodPost, regionURL(url)+"/"+plural, body, 400, "required", "resource.name")
		})
	}
}

// TestComputeDefaults reads what is filled in, and what is taken although it says nothing.
func TestComputeDefaults(t *testing.T) {
	t.Parallel()
	_, url := serve(t)
	for kind, block := range map[string]string{"HTTP": "httpHealthCheck", "HTTPS": "httpsHealthCheck", "TCP": "tcpHealthCheck"} {
		name := strings.ToLower(kind)
		post(t, regionURL(url)+"/healthChecks", `{"name":"`+name+`","type":"`+kind+`","`+block+`":{}}`)
		want := map[string]string{
			"HTTP": "map[port:80 proxyHeader:NONE requestPath:/]", "HTTPS": "map[port:443 proxyHeader:NONE requestPath:/]", "TCP": "map[port:80 proxyHeader:NONE]",
		}[kind]
		if got := fmt.Sprint(fetch(t, regionURL(url)+"/healthChecks/"+name)[block]); got != want {
			t.Errorf("%s = %s, want %s", kind, got, want)
		}
	}
	post(t, regionURL(url)+"/backendServices", `{"name":"bs","load_balancing_scheme":"EXTERNAL_MANAGED","health_checks":["regions/us-central1/healthChecks/tcp"],"iap":{"enabled":false}}`)
	if got := fetch(t, regionURL(url)+"/backendServices/bs"); got["iap"] != nil || got["loadBalancingScheme"] != "EXTERNAL_MANAGED" {
		t.Errorf("backend service = %v", got)
	}
}
