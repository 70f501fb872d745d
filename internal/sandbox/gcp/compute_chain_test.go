package gcp

import (
	"net/http"
	"slices"
	"testing"

	compute "cloud.google.com/go/compute/apiv1"
	"cloud.google.com/go/compute/apiv1/computepb"
	"google.golang.org/api/option"
)

// TestComputeChain makes everything that a load balancer stands on with the official clients, and takes it away again.
func TestComputeChain(t *testing.T) {
	t.Parallel()
	cloud, url := serve(t)
	ctx := t.Context()
	p, r := "sandbox-project", testRegion
	networkClient := client(t, url, func(o ...option.ClientOption) (*compute.NetworksClient, error) {
		return compute.NewNetworksRESTClient(ctx, o...)
	})
	op, err := networkClient.Insert(ctx, &computepb.InsertNetworkRequest{Project: p, NetworkResource: &computepb.Network{
		Name: new("main"), AutoCreateSubnetworks: new(false), Description: new("ours"), Mtu: new(int32(1460)),
	}})
	finish(t, op, err)
	network := must(networkClient.Get(ctx, &computepb.GetNetworkRequest{Project: p, Network: "main"}))(t)
	if network.GetSelfLink() != "https://www.googleapis.com/compute/v1/projects/sandbox-project/global/networks/main" || network.GetId() == 0 ||
		network.GetKind() != "compute#network" || network.GetRoutingConfig().GetRoutingMode() != "REGIONAL" {
		t.Errorf("network = %v", network)
	}

	post(t, regionURL(url)+"/subnetworks", `{"name":"nodes","network":"`+network.GetSelfLink()+`","ipCidrRange":"10.0.0.0/22",
		"secondaryIpRanges":[{"rangeName":"pods","ipCidrRange":"10.4.0.0/14"},{"rangeName":"services","ipCidrRange":"10.8.0.0/20"}]}`)
	post(t, regionURL(url)+"/subnetworks", `{"name":"proxies","network":"global/networks/main","ipCidrRange":"10.1.0.0/23","purpose":"REGIONAL_MANAGED_PROXY","role":"ACTIVE"}`)
	post(t, regionURL(url)+"/routers", `{"name":"way-out","network":"global/networks/main","nats":[{"name":"nat","natIpAllocateOption":"AUTO_ONLY","sourceSubnetworkIpRangesToNat":"ALL_SUBNETWORKS_ALL_IP_RANGES"}]}`)
	group := plant(cloud)

	subnets := client(t, url, func(o ...option.ClientOption) (*compute.SubnetworksClient, error) {
		return compute.NewSubnetworksRESTClient(ctx, o...)
	})
	subnet := must(subnets.Get(ctx, &computepb.GetSubnetworkRequest{Project: p, Region: r, Subnetwork: "nodes"}))(t)
	if subnet.GetGatewayAddress() != "10.0.0.1" || subnet.GetNetwork() != network.GetSelfLink() || subnet.GetFingerprint() == "" {
		t.Errorf("subnetwork = %v", subnet)
	}

	post(t, projectURL(url)+"/global/firewalls", `{"name":"probes","network":"global/networks/main","sourceRanges":["35.191.0.0/16","130.211.0.0/22"],
		"targetTags":["serving"],"allowed":[{"IPProtocol":"tcp","ports":["30080"]}]}`)
	post(t, regionURL(url)+"/addresses", `{"name":"vip","addressType":"INTERNAL","purpose":"SHARED_LOADBALANCER_VIP","subnetwork":"regions/us-central1/subnetworks/nodes","labels":{"serving-object":"vip"}}`)
	post(t, regionURL(url)+"/healthChecks", `{"name":"gateway","type":"HTTP","httpHealthCheck":{"port":30080,"requestPath":"/healthz"}}`)
	post(t, regionURL(url)+"/securityPolicies", `{"name":"callers","rules":[{"priority":1000,"action":"allow","match":{"versionedExpr":"SRC_IPS_V1","config":{"srcIpRanges":["203.0.113.0/24"]}}},
		{"priority":2147483647,"action":"deny(403)","match":{"versionedExpr":"SRC_IPS_V1","config":{"srcIpRanges":["*"]}}}]}`)
	services := client(t, url, func(o ...option.ClientOption) (*compute.RegionBackendServicesClient, error) {
		return compute.NewRegionBackendServicesRESTClient(ctx, o...)
	})
	op, err = services.Insert(ctx, &computepb.InsertRegionBackendServiceRequest{Project: p, Region: r, BackendServiceResource: &computepb.BackendService{
		Name: new("gateway"), LoadBalancingScheme: new("INTERNAL_MANAGED"), Protocol: new("HTTP"), PortName: new("serving-gateway"), TimeoutSec: new(int32(600)),
		HealthChecks: []string{"projects/sandbox-project/regions/us-central1/healthChecks/gateway"},
		Backends:     []*computepb.Backend{{Group: new(group), BalancingMode: new("UTILIZATION")}},
	}})
	finish(t, op, err)
	post(t, regionURL(url)+"/backendServices/gateway/setSecurityPolicy", `{"securityPolicy":"regions/us-central1/securityPolicies/callers"}`)
	post(t, regionURL(url)+"/urlMaps", `{"name":"hosts","defaultService":"regions/us-central1/backendServices/gateway",
		"hostRules":[{"hosts":["models.example.com"],"pathMatcher":"all"}],"pathMatchers":[{"name":"all","defaultService":"regions/us-central1/backendServices/gateway"}]}`)
	post(t, regionURL(url)+"/sslPolicies", `{"name":"tls","profile":"MODERN","minTlsVersion":"TLS_1_2"}`)
	post(t, regionURL(url)+"/targetHttpsProxies", `{"name":"https","urlMap":"regions/us-central1/urlMaps/hosts","sslPolicy":"regions/us-central1/sslPolicies/tls",
		"sslCertificates":["//certificatemanager.googleapis.com/projects/sandbox-project/locations/us-central1/certificates/models"]}`)
	rules := client(t, url, func(o ...option.ClientOption) (*compute.ForwardingRulesClient, error) {
		return compute.NewForwardingRulesRESTClient(ctx, o...)
	})
	op, err = rules.Insert(ctx, &computepb.InsertForwardingRuleRequest{Project: p, Region: r, ForwardingRuleResource: &computepb.ForwardingRule{
		Name: new("https"), LoadBalancingScheme: new("INTERNAL_MANAGED"), PortRange: new("443"), Target: new("regions/us-central1/targetHttpsProxies/https"),
		Network: new("global/networks/main"), Subnetwork: new("regions/us-central1/subnetworks/nodes"), IPAddress: new("regions/us-central1/addresses/vip"),
		Labels: map[string]string{"serving-object": "rule"}, AllowGlobalAccess: new(true),
	}})
	finish(t, op, err)
	rule := must(rules.Get(ctx, &computepb.GetForwardingRuleRequest{Project: p, Region: r, ForwardingRule: "https"}))(t)
	if rule.GetIPAddress() != "10.0.0.2" || rule.GetPortRange() != "443-443" {
		t.Errorf("rule = %v", rule)
	}
	if users := fetch(t, regionURL(url)+"/addresses/vip")["users"]; len(users.([]any)) != 1 {
		t.Errorf("users of the address = %v", users)
	}
	if policy := fetch(t, regionURL(url)+"/backendServices/gateway")["securityPolicy"]; policy != regionLink("securityPolicies/callers") {
		t.Errorf("security policy = %v", policy)
	}

	var made []string
	for _, o := range cloud.Census().Objects {
		made = append(made, o.Kind)
	}
	want := []string{
		"certificatemanager.certificate", "compute.address", "compute.backend_service", "compute.firewall",
		"compute.forwarding_rule", "compute.health_check", "compute.network", "compute.router", "compute.security_policy", "compute.ssl_policy", "compute.subnetwork",
		"compute.subnetwork", "compute.target_https_proxy", "compute.url_map",
	}
	if !slices.Equal(made, want) {
		t.Errorf("census = %v", made)
	}

	// Whatever is used by something else stays.
	down := []string{
		regionURL(url) + "/forwardingRules/https", regionURL(url) + "/targetHttpsProxies/https", regionURL(url) + "/urlMaps/hosts",
		regionURL(url) + "/backendServices/gateway", regionURL(url) + "/healthChecks/gateway", regionURL(url) + "/sslPolicies/tls",
		regionURL(url) + "/securityPolicies/callers", regionURL(url) + "/addresses/vip", projectURL(url) + "/global/firewalls/probes",
		regionURL(url) + "/routers/way-out", regionURL(url) + "/subnetworks/nodes", regionURL(url) + "/subnetworks/proxies", projectURL(url) + "/global/networks/main",
	}
	for _, object := range []int{1, 2, 3, 4, 5, 6, 7, 10, 11, 12} {
		wantFailure(t, http.MethodDelete, down[object], "", 400, "resourceInUseByAnotherResource", "is already being used by 'projects/sandbox-project/")
	}
	cloud.mu.Lock()
	delete(cloud.state.region(homeProject, testZone).Compute.InstanceGroups, "pool")
	delete(cloud.state.region(homeProject, testRegion).Certificates.Certificates, "models")
	cloud.mu.Unlock()
	for _, object := range down {
		change(t, http.MethodDelete, object, "")
		wantFailure(t, http.MethodGet, object, "", 404, "notFound", "was not found")
	}
	if left := cloud.Census(); left.Total != 0 {
		t.Errorf("left: %v", left.Objects)
	}
	if routes := fetch(t, projectURL(url)+"/global/routes")["items"]; routes != nil {
		t.Errorf("routes left: %v", routes)
	}
}

func regionLink(path string) string {
	return "https://www.googleapis.com/compute/v1/projects/sandbox-project/regions/us-central1/" + path
}
