package gcp

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
)

// TestComputeRefusals sends what the API does not take. Placeholders: P is the project's URL, R the region's.
func TestComputeRefusals(t *testing.T) {
	t.Parallel()
	cloud, url := serve(t)
	prepareNetwork(t, url)
	group := plant(cloud)
	post(t, regionURL(url)+"/healthChecks", `{"name":"hc","type":"HTTP","httpHealthCheck":{"port":30080}}`)
	post(t, regionURL(url)+"/backendServices", `{"name":"bs","loadBalancingScheme":"EXTERNAL_MANAGED","healthChecks":["regions/us-central1/healthChecks/hc"]}`)
	post(t, regionURL(url)+"/urlMaps", `{"name":"map","defaultService":"regions/us-central1/backendServices/bs"}`)
	post(t, regionURL(url)+"/targetHttpProxies", `{"name":"proxy","urlMap":"regions/us-central1/urlMaps/map"}`)
	post(t, regionURL(url)+"/addresses", `{"name":"ext"}`)
	post(t, regionURL(url)+"/sslPolicies", `{"name":"tls","profile":"MODERN"}`)
	post(t, regionURL(url)+"/securityPolicies", `{"name":"armor"}`)
	post(t, regionURL(url)+"/backendServices", `{"name":"inner","loadBalancingScheme":"INTERNAL_MANAGED","healthChecks":["regions/us-central1/healthChecks/hc"]}`)
	post(t, regionURL(url)+"/urlMaps", `{"name":"inner","defaultService":"regions/us-central1/backendServices/inner"}`)
	post(t, regionURL(url)+"/targetHttpsProxies", `{"name":"secure","urlMap":"regions/us-central1/urlMaps/map","sslCertificates":["`+url+`/v1/projects/sandbox-project/locations/us-central1/certificates/models"]}`)
	post(t, regionURL(url)+"/addresses", `{"name":"live"}`)
	for name, target := range map[string]string{"live": "targetHttpProxies/proxy", "secure": "targetHttpsProxies/secure"} {
		port := map[string]string{"live": "80", "secure": "443"}[name]
		post(t, regionURL(url)+"/forwardingRules", `{"name":"`+name+`","loadBalancingScheme":"EXTERNAL_MANAGED","network":"global/networks/main","portRange":"`+port+`",
			"IPAddress":"regions/us-central1/addresses/live","target":"regions/us-central1/`+target+`"}`)
	}
	printOf := func(path string) string { return fmt.Sprint(fetch(t, regionURL(url)+"/"+path)["fingerprint"]) }
	const (
		armorRule                    = `"priority":1,"action":"allow","match":{"versionedExpr":"SRC_IPS_V1","config":{"srcIpRanges":["192.0.2.0/24"]}}`
		networks, subnets, firewalls = "P/global/networks", "R/subnetworks", "P/global/firewalls"
		backend                      = `"name":"b2","loadBalancingScheme":"EXTERNAL_MANAGED","healthChecks":["regions/us-central1/healthChecks/hc"]`
		rule                         = `"name":"fr","loadBalancingScheme":"EXTERNAL_MANAGED","network":"global/networks/main","target":"regions/us-central1/targetHttpProxies/proxy"`
	)
	for name, test := range map[string]struct {
		verb, path, body string
		status           int
		reason, message  string
	}{
		"unknown field":           {"POST", networks, `{"name":"n","autoCreateSubnetworks":false,"colour":"red"}`, 400, "invalid", `Unknown name "colour" at 'network_resource'`},
		"wrong type":              {"POST", networks, `{"name":1,"autoCreateSubnetworks":false}`, 400, "invalid", "Invalid value"},
		"no JSON":                 {"POST", networks, `{`, 400, "invalid", "Invalid JSON payload"},
		"unknown parameter":       {"POST", networks + "?colour=red", `{"name":"n"}`, 400, "invalid", `Unknown name "colour"`},
		"no name":                 {"POST", networks, `{"autoCreateSubnetworks":false}`, 400, "required", "resource.name"},
		"bad name":                {"POST", networks, `{"name":"Main","autoCreateSubnetworks":false}`, 400, "invalid", "resource.name"},
		"legacy network":          {"POST", networks, `{"name":"n"}`, 400, "invalid", "autoCreateSubnetworks"},
		"bad enum":                {"POST", networks, `{"name":"n","autoCreateSubnetworks":false,"routingConfig":{"routingMode":"LOCAL"}}`, 400, "invalid", "routingMode"},
		"taken name":              {"POST", networks, `{"name":"main","autoCreateSubnetworks":false}`, 409, "alreadyExists", "already exists"},
		"immutable field":         {"PATCH", networks + "/main", `{"description":"other"}`, 400, "invalid", "resource.description"},
		"no such network":         {"GET", networks + "/none", ``, 404, "notFound", "projects/sandbox-project/global/networks/none"},
		"no such region":          {"GET", "P/regions/mars1/subnetworks/s", ``, 400, "invalid", "Unknown region"},
		"dangling network":        {"POST", subnets, `{"name":"s","network":"global/networks/none","ipCidrRange":"10.9.0.0/24"}`, 400, "invalid", "cannot be found"},
		"malformed reference":     {"POST", subnets, `{"name":"s","network":"main","ipCidrRange":"10.9.0.0/24"}`, 400, "invalid", "malformed"},
		"wrong kind":              {"POST", subnets, `{"name":"s","network":"global/firewalls/main","ipCidrRange":"10.9.0.0/24"}`, 400, "invalid", "Unexpected resource"},
		"host bits":               {"POST", subnets, `{"name":"s","network":"global/networks/main","ipCidrRange":"10.9.0.1/24"}`, 400, "invalid", "ipCidrRange"},
		"small range":             {"POST", subnets, `{"name":"s","network":"global/networks/main","ipCidrRange":"10.9.0.0/30"}`, 400, "invalid", "/29"},
		"overlap":                 {"POST", subnets, `{"name":"s","network":"global/networks/main","ipCidrRange":"10.0.1.0/24"}`, 400, "invalid", "conflicts with existing subnetwork 'nodes'"},
		"overlap of pods":         {"POST", subnets, `{"name":"s","network":"global/networks/main","ipCidrRange":"10.5.0.0/24"}`, 400, "invalid", "conflicts with existing subnetwork 'nodes'"},
		"overlap of its own":      {"POST", subnets, `{"name":"s","network":"global/networks/main","ipCidrRange":"10.9.0.0/24","secondaryIpRanges":[{"rangeName":"a","ipCidrRange":"10.9.0.0/25"}]}`, 400, "invalid", "overlap"},
		"proxies without role":    {"POST", subnets, `{"name":"s","network":"global/networks/main","ipCidrRange":"10.9.0.0/24","purpose":"REGIONAL_MANAGED_PROXY"}`, 400, "required", "resource.role"},
		"small proxies":           {"POST", subnets, `{"name":"s","network":"global/networks/main","ipCidrRange":"10.9.0.0/27","purpose":"REGIONAL_MANAGED_PROXY","role":"BACKUP"}`, 400, "invalid", "/26"},
		"second proxies":          {"POST", subnets, `{"name":"s","network":"global/networks/main","ipCidrRange":"10.9.0.0/24","purpose":"REGIONAL_MANAGED_PROXY","role":"ACTIVE"}`, 400, "badRequest", "exists already"},
		"patch, no fingerprint":   {"PATCH", subnets + "/nodes", `{"description":""}`, 412, "conditionNotMet", "fingerprint"},
		"narrower":                {"POST", subnets + "/nodes/expandIpCidrRange", `{"ipCidrRange":"10.0.0.0/23"}`, 400, "invalid", "must contain"},
		"firewall without rules":  {"POST", firewalls, `{"name":"f","network":"global/networks/main"}`, 400, "invalid", "Exactly one"},
		"firewall ports":          {"POST", firewalls, `{"name":"f","network":"global/networks/main","allowed":[{"IPProtocol":"tcp","ports":["99999"]}]}`, 400, "invalid", "ports"},
		"firewall protocol":       {"POST", firewalls, `{"name":"f","network":"global/networks/main","allowed":[{"IPProtocol":"http"}]}`, 400, "invalid", "IPProtocol"},
		"firewall range":          {"POST", firewalls, `{"name":"f","network":"global/networks/main","sourceRanges":["10.0.0.1/8"],"allowed":[{"IPProtocol":"tcp"}]}`, 400, "invalid", "sourceRanges"},
		"firewall tag":            {"POST", firewalls, `{"name":"f","network":"global/networks/main","targetTags":["A"],"allowed":[{"IPProtocol":"tcp"}]}`, 400, "invalid", "targetTags"},
		"router network":          {"POST", "R/routers", `{"name":"r","network":"global/networks/none"}`, 400, "invalid", "cannot be found"},
		"NAT without option":      {"POST", "R/routers", `{"name":"r","network":"global/networks/main","nats":[{"name":"n","sourceSubnetworkIpRangesToNat":"ALL_SUBNETWORKS_ALL_IP_RANGES"}]}`, 400, "required", "natIpAllocateOption"},
		"NAT address":             {"POST", "R/routers", `{"name":"r","network":"global/networks/main","nats":[{"name":"n","natIpAllocateOption":"MANUAL_ONLY","natIps":["regions/us-central1/addresses/none"],"sourceSubnetworkIpRangesToNat":"ALL_SUBNETWORKS_ALL_IP_RANGES"}]}`, 404, "notFound", "addresses/none"},
		"address out of range":    {"POST", "R/addresses", `{"name":"a","addressType":"INTERNAL","subnetwork":"regions/us-central1/subnetworks/nodes","address":"10.9.9.9"}`, 400, "invalid", "outside"},
		"address kept by Google":  {"POST", "R/addresses", `{"name":"a","addressType":"INTERNAL","subnetwork":"regions/us-central1/subnetworks/nodes","address":"10.0.0.1"}`, 400, "invalid", "reserved"},
		"label":                   {"POST", "R/addresses", `{"name":"a","labels":{"Team":"ml"}}`, 400, "invalid", "Label keys"},
		"labels, no fingerprint":  {"POST", "R/addresses/ext/setLabels", `{"labels":{"a":"b"}}`, 412, "conditionNotMet", "Labels fingerprint"},
		"check of two types":      {"POST", "R/healthChecks", `{"name":"h","type":"HTTP","httpHealthCheck":{},"tcpHealthCheck":{}}`, 400, "invalid", "resource.type"},
		"timeout over interval":   {"POST", "R/healthChecks", `{"name":"h","type":"HTTP","httpHealthCheck":{},"timeoutSec":10}`, 400, "invalid", "timeoutSec"},
		"relative path":           {"POST", "R/healthChecks", `{"name":"h","type":"HTTP","httpHealthCheck":{"requestPath":"x"}}`, 400, "invalid", "requestPath"},
		"dangling check":          {"POST", "R/backendServices", `{"name":"b2","loadBalancingScheme":"EXTERNAL_MANAGED","healthChecks":["regions/us-central1/healthChecks/none"]}`, 404, "notFound", "healthChecks/none"},
		"check elsewhere":         {"POST", "R/backendServices", `{"name":"b2","loadBalancingScheme":"EXTERNAL_MANAGED","healthChecks":["regions/us-east1/healthChecks/hc"]}`, 400, "invalid", "Cross region"},
		"group by part of URL":    {"POST", "R/backendServices", `{` + backend + `,"backends":[{"group":"zones/us-central1-a/instanceGroups/pool"}]}`, 400, "invalid", "fully-qualified"},
		"dangling group":          {"POST", "R/backendServices", `{` + backend + `,"backends":[{"group":"` + group + `x"}]}`, 404, "notFound", "poolx"},
		"group twice":             {"POST", "R/backendServices", `{` + backend + `,"backends":[{"group":"` + group + `"},{"group":"` + group + `"}]}`, 400, "invalid", "Duplicate"},
		"balancing by connection": {"POST", "R/backendServices", `{` + backend + `,"backends":[{"group":"` + group + `","balancingMode":"CONNECTION"}]}`, 400, "invalid", "balancingMode"},
		"rate without rate":       {"POST", "R/backendServices", `{` + backend + `,"backends":[{"group":"` + group + `","balancingMode":"RATE"}]}`, 400, "invalid", "maxRate"},
		"stale service":           {"PATCH", "R/backendServices/bs", `{"fingerprint":"AAAAAAAAAAA=","timeoutSec":5}`, 412, "conditionNotMet", "fingerprint"},
		"service put, no print":   {"PUT", "R/backendServices/bs", `{` + backend + `}`, 412, "conditionNotMet", "fingerprint"},
		"map without matcher":     {"POST", "R/urlMaps", `{"name":"m","defaultService":"regions/us-central1/backendServices/bs","hostRules":[{"hosts":["a"],"pathMatcher":"x"}]}`, 400, "invalid", "pathMatcher"},
		"map to nowhere":          {"POST", "R/urlMaps", `{"name":"m"}`, 400, "required", "defaultService"},
		"map with both":           {"POST", "R/urlMaps", `{"name":"m","defaultService":"regions/us-central1/backendServices/bs","defaultUrlRedirect":{"httpsRedirect":true}}`, 400, "invalid", "exclude"},
		"stale map":               {"PATCH", "R/urlMaps/map", `{"fingerprint":"AAAAAAAAAAA="}`, 412, "conditionNotMet", "fingerprint"},
		"TLS 1.3 and modern":      {"POST", "R/sslPolicies", `{"name":"p","profile":"MODERN","minTlsVersion":"TLS_1_3"}`, 400, "invalid", "RESTRICTED"},
		"stale policy":            {"PATCH", "R/sslPolicies/tls", `{"profile":"RESTRICTED"}`, 412, "conditionNotMet", "fingerprint"},
		"proxy without map":       {"POST", "R/targetHttpsProxies", `{"name":"p","sslCertificates":["x"]}`, 400, "required", "urlMap"},
		"no certificate":          {"POST", "R/targetHttpsProxies", `{"name":"p","urlMap":"regions/us-central1/urlMaps/map"}`, 400, "invalid", "sslCertificates"},
		"dangling certificate":    {"POST", "R/targetHttpsProxies", `{"name":"p","urlMap":"regions/us-central1/urlMaps/map","sslCertificates":["//certificatemanager.googleapis.com/projects/sandbox-project/locations/us-central1/certificates/none"]}`, 404, "notFound", "certificates/none"},
		"certificate elsewhere":   {"POST", "R/targetHttpsProxies", `{"name":"p","urlMap":"regions/us-central1/urlMaps/map","sslCertificates":["//certificatemanager.googleapis.com/projects/sandbox-project/locations/global/certificates/models"]}`, 400, "invalid", "in the region of the proxy"},
		"rule without network":    {"POST", "R/forwardingRules", `{"name":"fr","loadBalancingScheme":"EXTERNAL_MANAGED","portRange":"80","target":"regions/us-central1/targetHttpProxies/proxy"}`, 400, "required", "network"},
		"rule of two ports":       {"POST", "R/forwardingRules", `{` + rule + `,"portRange":"80-81"}`, 400, "invalid", "single port"},
		"rule of other scheme":    {"POST", "R/forwardingRules", `{"name":"fr","loadBalancingScheme":"INTERNAL_MANAGED","portRange":"80","subnetwork":"regions/us-central1/subnetworks/nodes","target":"regions/us-central1/targetHttpProxies/proxy"}`, 400, "invalid", "does not match"},
		"rule in proxies":         {"POST", "R/forwardingRules", `{"name":"fr","loadBalancingScheme":"INTERNAL_MANAGED","portRange":"80","subnetwork":"regions/us-central1/subnetworks/proxies","target":"regions/us-central1/targetHttpProxies/proxy"}`, 400, "invalid", "purpose"},
		"rule, other tier":        {"POST", "R/forwardingRules", `{` + rule + `,"portRange":"80","IPAddress":"regions/us-central1/addresses/ext","networkTier":"STANDARD"}`, 400, "invalid", "networkTier"},
		"rule with global access": {"POST", "R/forwardingRules", `{` + rule + `,"portRange":"80","allowGlobalAccess":true}`, 400, "invalid", "allowGlobalAccess"},
		"rule of another network": {"POST", "R/forwardingRules", strings.Replace(`{`+rule+`,"portRange":"80"}`, "networks/main", "networks/bare", 1), 400, "invalid", "proxy-only subnetwork"},
		"armor: same priority":    {"POST", "R/securityPolicies/armor/addRule", `{"priority":2147483647,"action":"allow","match":{"versionedExpr":"SRC_IPS_V1","config":{"srcIpRanges":["*"]}}}`, 400, "invalid", "same priorities"},
		"armor: 401":              {"POST", "R/securityPolicies/armor/addRule", `{"priority":1,"action":"deny(401)","match":{"versionedExpr":"SRC_IPS_V1","config":{"srcIpRanges":["*"]}}}`, 400, "invalid", "deny(403)"},
		"armor: eleven ranges":    {"POST", "R/securityPolicies/armor/addRule", `{"priority":1,"action":"allow","match":{"versionedExpr":"SRC_IPS_V1","config":{"srcIpRanges":["` + strings.Repeat(`192.0.2.1/32","`, 10) + `192.0.2.2"]}}}`, 400, "invalid", "10 ranges"},
		"armor: last rule":        {"POST", "R/securityPolicies/armor/removeRule?priority=2147483647", ``, 400, "badRequest", "default rule"},
		"armor: no rule":          {"POST", "R/securityPolicies/armor/removeRule?priority=5", ``, 400, "badRequest", "does not contain"},
		"stale named ports":       {"POST", "P/zones/us-central1-a/instanceGroups/pool/setNamedPorts", `{"namedPorts":[{"name":"http","port":80}]}`, 412, "conditionNotMet", "fingerprint"},
		"request id":              {"POST", networks + "?requestId=7", `{"name":"n","autoCreateSubnetworks":false}`, 400, "invalid", "UUID"},
		"zero request id":         {"POST", networks + "?requestId=00000000-0000-0000-0000-000000000000", `{"name":"n","autoCreateSubnetworks":false}`, 400, "invalid", "UUID"},
		"filter":                  {"GET", networks + "?filter=name%3Ea", ``, 400, "invalid", "does not implement OR, NOT, <, >"},
		"proto's name":            {"POST", networks, `{"name":"n","auto_create_subnetworks":false,"routing_config":{"routing_mode":"LOCAL"}}`, 400, "invalid", "resource.routingConfig.routingMode"},
		"both names":              {"POST", networks, `{"name":"n","autoCreateSubnetworks":false,"auto_create_subnetworks":false}`, 400, "invalid", "are the same field"},
		"proto's name, fixed":     {"PATCH", networks + "/main", `{"auto_create_subnetworks":true}`, 400, "invalid", "resource.autoCreateSubnetworks"},
		"MTU":                     {"PATCH", networks + "/main", `{"mtu":1500}`, 400, "invalid", "resource.mtu"},
		"order of firewalls":      {"PATCH", networks + "/main", `{"networkFirewallPolicyEnforcementOrder":"BEFORE_CLASSIC_FIREWALL"}`, 400, "invalid", "networkFirewallPolicyEnforcementOrder"},
		"route of the network's":  {"POST", "P/global/routes", `{"name":"default-route-mine","network":"global/networks/main","destRange":"0.0.0.0/0","priority":900,"tags":[],"nextHopGateway":"global/gateways/default-internet-gateway"}`, 400, "invalid", "resource.name"},
		"route of a peering's":    {"POST", "P/global/routes", `{"name":"peering-route-mine","network":"global/networks/main","destRange":"0.0.0.0/0","priority":900,"tags":[],"nextHopGateway":"global/gateways/default-internet-gateway"}`, 400, "invalid", "resource.name"},
		"two families":            {"POST", firewalls, `{"name":"f","network":"global/networks/main","sourceRanges":["10.0.0.0/8","2001:db8::/32"],"allowed":[{"IPProtocol":"tcp"}]}`, 400, "invalid", "sourceRanges[1]"},
		"HTTPS check's port":      {"POST", "R/healthChecks", `{"name":"h","type":"HTTPS","httpsHealthCheck":{"port":65536}}`, 400, "invalid", "resource.httpsHealthCheck.port"},
		"TCP check's port":        {"POST", "R/healthChecks", `{"name":"h","type":"TCP","tcpHealthCheck":{"port":0}}`, 400, "invalid", "resource.tcpHealthCheck.port"},
		"HTTPS check's path":      {"POST", "R/healthChecks", `{"name":"h","type":"HTTPS","httpsHealthCheck":{"requestPath":"x"}}`, 400, "invalid", "resource.httpsHealthCheck.requestPath"},
		"cookie of three weeks":   {"POST", "R/backendServices", `{` + backend + `,"affinityCookieTtlSec":1814400}`, 400, "invalid", "affinityCookieTtlSec"},
		"only backend drained":    {"POST", "R/backendServices", `{` + backend + `,"backends":[{"group":"` + group + `","capacityScaler":0}]}`, 400, "invalid", "capacityScaler"},
		"IAP":                     {"POST", "R/backendServices", `{` + backend + `,"iap":{"enabled":true}}`, 400, "invalid", "'resource.iap'"},
		"armor: dry run":          {"POST", "R/securityPolicies/armor/addRule?validateOnly=true", `{` + armorRule + `}`, 400, "invalid", "'validateOnly'"},
		"armor: dry patch":        {"POST", "R/securityPolicies/armor/patchRule?priority=2147483647&validateOnly=true", `{"action":"deny(403)"}`, 400, "invalid", "'validateOnly'"},
		"armor: mask":             {"POST", "R/securityPolicies/armor/patchRule?priority=2147483647&updateMask=colour", `{}`, 400, "invalid", "updateMask"},
		"armor: mask clears":      {"POST", "R/securityPolicies/armor/patchRule?priority=2147483647&updateMask=description,match.config.srcIpRanges", `{}`, 400, "invalid", "srcIpRanges"},
		"map of two schemes":      {"POST", "R/urlMaps", `{"name":"m","defaultService":"regions/us-central1/backendServices/bs","hostRules":[{"hosts":["a"],"pathMatcher":"x"}],"pathMatchers":[{"name":"x","defaultService":"regions/us-central1/backendServices/inner"}]}`, 400, "invalid", "same load balancing scheme"},
		"live map, other scheme":  {"PATCH", "R/urlMaps/map", `{"fingerprint":"` + printOf("urlMaps/map") + `","defaultService":"regions/us-central1/backendServices/inner"}`, 400, "invalid", "forwardingRules/live"},
		"live map, by put":        {"PUT", "R/urlMaps/map", `{"name":"map","fingerprint":"` + printOf("urlMaps/map") + `","defaultService":"regions/us-central1/backendServices/inner"}`, 400, "invalid", "forwardingRules/live"},
		"live proxy, other map":   {"POST", "R/targetHttpProxies/proxy/setUrlMap", `{"urlMap":"regions/us-central1/urlMaps/inner"}`, 400, "invalid", "forwardingRules/live"},
		"live TLS, other map":     {"POST", "R/targetHttpsProxies/secure/setUrlMap", `{"urlMap":"regions/us-central1/urlMaps/inner"}`, 400, "invalid", "forwardingRules/secure"},
		"live TLS, patched map":   {"PATCH", "R/targetHttpsProxies/secure", `{"fingerprint":"` + printOf("targetHttpsProxies/secure") + `","urlMap":"regions/us-central1/urlMaps/inner"}`, 400, "invalid", "forwardingRules/secure"},
		"live rule, ports":        {"PATCH", "R/forwardingRules/live", `{"fingerprint":"` + printOf("forwardingRules/live") + `","ports":["80"]}`, 400, "invalid", "resource.ports"},
		"live rule, all ports":    {"PATCH", "R/forwardingRules/live", `{"fingerprint":"` + printOf("forwardingRules/live") + `","all_ports":true}`, 400, "invalid", "resource.allPorts"},
		"live rule, sources":      {"PATCH", "R/forwardingRules/live", `{"fingerprint":"` + printOf("forwardingRules/live") + `","sourceIpRanges":["192.0.2.0/24"]}`, 400, "invalid", "resource.sourceIpRanges"},
		"live rule, tier":         {"PATCH", "R/forwardingRules/secure", `{"fingerprint":"` + printOf("forwardingRules/secure") + `","networkTier":"STANDARD"}`, 400, "invalid", "resource.networkTier"},
		"no such zone":            {"GET", "P/zones/mars1-a/machineTypes", ``, 400, "invalid", "Unknown zone"},
		"no such zone, GPUs":      {"GET", "P/zones/mars1-a/acceleratorTypes", ``, 400, "invalid", "Unknown zone"},
		"operations of no zone":   {"GET", "P/zones/mars1-a/operations", ``, 400, "invalid", "Unknown zone"},
		"operations of no region": {"GET", "P/regions/mars1/operations", ``, 400, "invalid", "Unknown region"},
		"selection":               {"GET", networks + "?fields=items(name,colour)", ``, 400, "invalidParameter", "Invalid field selection colour"},
		"selection of a post":     {"POST", networks + "?fields=items(name", `{"name":"n","autoCreateSubnetworks":false}`, 400, "invalidParameter", "Invalid field selection"},
		"page size":               {"GET", networks + "?maxResults=501", ``, 400, "invalid", "maxResults"},
		"page token":              {"GET", networks + "?pageToken=x", ``, 400, "invalid", "pageToken"},
		"not implemented":         {"GET", networks + "/main/getEffectiveFirewalls", ``, 501, "backendError", "does not implement"},
		"no method":               {"GET", "P/moons", ``, 404, "", "no method"},
	} {
		t.Run(name, func(t *testing.T) {
			path := strings.NewReplacer("P/", projectURL(url)+"/", "R/", regionURL(url)+"/").Replace(test.path)
			if test.reason == "" {
				if status, text := rawAs(t, "sandbox", test.verb, path, test.body); status != test.status || !strings.Contains(string(text), test.message) {
					t.Errorf("%d %s", status, text)
				}
				return
			}
			wantFailure(t, test.verb, path, test.body, test.status, test.reason, test.message)
		})
	}
	patch := regionURL(url) + "/securityPolicies/armor/patchRule?priority=2147483647&updateMask=action,description"
	post(t, patch, `{"action":"deny(403)"}`)
	if rules := fmt.Sprint(fetch(t, regionURL(url)+"/securityPolicies/armor")["rules"]); strings.Count(rules, "priority") != 1 ||
		!strings.Contains(rules, "deny(403)") || strings.Contains(rules, "description") {
		t.Errorf("rules after dry runs and a mask = %v", rules)
	}
	for _, call := range cloud.Calls() {
		if call.Mutating && call.Code == "" && call.Action == "" {
			t.Errorf("a call without an action: %+v", call)
		}
	}
}

// prepareNetwork makes a network with subnetworks for nodes and proxies, and one without any.
func prepareNetwork(t *testing.T, url string) {
	t.Helper()
	post(t, projectURL(url)+"/global/networks", `{"name":"main","autoCreateSubnetworks":false}`)
	post(t, projectURL(url)+"/global/networks", `{"name":"bare","autoCreateSubnetworks":false}`)
	post(t, regionURL(url)+"/subnetworks", `{"name":"nodes","network":"global/networks/main","ipCidrRange":"10.0.0.0/22",
		"secondaryIpRanges":[{"rangeName":"pods","ipCidrRange":"10.4.0.0/14"},{"rangeName":"services","ipCidrRange":"10.8.0.0/20"}]}`)
	post(t, regionURL(url)+"/subnetworks", `{"name":"proxies","network":"global/networks/main","ipCidrRange":"10.1.0.0/23","purpose":"REGIONAL_MANAGED_PROXY","role":"ACTIVE"}`)
}

// TestComputeQuota refuses what is one too many.
func TestComputeQuota(t *testing.T) {
	t.Parallel()
	_, url := serve(t, func(c *Config) { c.Quotas = map[string]int{"compute.networks": 1} })
	post(t, projectURL(url)+"/global/networks", `{"name":"one","autoCreateSubnetworks":false}`)
	wantFailure(t, http.MethodPost, projectURL(url)+"/global/networks", `{"name":"two","autoCreateSubnetworks":false}`, 403, "quotaExceeded", "Quota 'NETWORKS' exceeded.  Limit: 1.0 globally.")
}
