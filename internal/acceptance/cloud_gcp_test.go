package acceptance_test

import (
	"bytes"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/modelserving/terraform-provider-serving/internal/sandbox/control"
)

var onGCP = cloud{
	key: "gcp", account: "sandbox-project", region: "us-central1", unserved: "us-central9",
	machine: "n2-standard-4", bigger: "n2-standard-8", gpu: "g2-standard-8", unoffered: "n2-standard-5",
	vpc: "apps", upgrades: true,
	words: strings.NewReplacer(
		"aws/us-west-2/", "gcp/us-central1/", `"us-west-2"`, `"us-central1"`, `"aws"`, `"gcp"`, "123456789012", "sandbox-project",
		"aws          =", "gcp          =", "m7i.xlarge", "n2-standard-4", "g6.2xlarge", "g2-standard-8",
	),

	clusterKind: "container.cluster", poolKind: "container.node_pool", certificateKind: "certificatemanager.certificate",
	managed:  []string{"container."},
	endpoint: "/controlPlaneEndpointsConfig/ipEndpointsConfig/publicEndpoint", born: []string{"/selfLink", "/createTime"},
	balancerKind: "compute.forwarding_rule", scheme: "/loadBalancingScheme", internal: "INTERNAL_MANAGED", external: "EXTERNAL_MANAGED",

	placeIn: func(vpc string) string { return "network-sandbox-project." + vpc },
	open:    openOnGCP,
	record:  recordOnGCP,
	late: map[string]control.Duration{
		"compute.forwardingRules.insert": control.Duration(time.Second),
		"compute.backendServices.update": control.Duration(3 * time.Second),
	},
	drifts: map[string]drift{
		"the load balancer is opened": {
			func(w *world) { w.openPolicy() },
			[]string{"security_policy", "0.0.0.0/0", "exposure", "answers to 0.0.0.0/0, which is not private, and the cluster is private"},
		},
		"a pool grows": {
			func(w *world) { w.mutate("container.node_pool", "", "/autoscaling/totalMaxNodeCount", 30) },
			[]string{"max_size = 30 -> 10"},
		},
		"the load balancer waits for less": {
			func(w *world) { w.mutate("compute.backend_service", "", "/timeoutSec", 60) },
			[]string{"idle_timeout_seconds = 60 -> 300"},
		},
		"old ciphers are allowed": {
			func(w *world) { w.mutate("compute.ssl_policy", "", "/profile", "COMPATIBLE") },
			[]string{"ssl_policy", "COMPATIBLE"},
		},
	},
	troubles: map[string]trouble{
		"wrong credentials": faulty(control.Fault{Code: "UNAUTHENTICATED", Status: 401, Message: "Request had invalid authentication credentials."},
			"authError", "Google Cloud does not accept the credentials", "gcloud auth application-default login"),
		"no credentials": {
			func(w *world) {
				delete(w.env, "SERVING_SANDBOX")
				w.env["GOOGLE_APPLICATION_CREDENTIALS"] = w.dir + "/none.json"
			},
			func(w *world) { w.env["SERVING_SANDBOX"] = w.url },
			[]string{"Google Cloud credentials", "gcloud auth application-default login"},
		},
		"a quota":                 scarce("compute.networks", "create network", "quotaExceeded", "A quota of the project is reached"),
		"a quota of certificates": scarce("certificatemanager.certificates", "create certificate", "RESOURCE_QUOTA_EXCEEDED", "A quota of the project is reached: CertificatesPerProject", "allows 0 in us-central1"),
		"a permission in Compute Engine": faulty(control.Fault{Service: "compute", Action: "Networks.Insert", Code: "forbidden", Status: 403, Message: "Required 'compute.networks.create' permission for 'projects/sandbox-project/global/networks/serving-test'"},
			"create network", "compute.networks.create", "The credentials lack a permission"),
		"a permission in GKE": faulty(control.Fault{Service: "container", Action: "ClusterManager.CreateCluster", Code: "PERMISSION_DENIED", Status: 403, Message: "Required \"container.clusters.create\" permission(s) for \"projects/sandbox-project\"."},
			"create cluster", "container.clusters.create", "The credentials lack a permission"),
		"a permission to read": faulty(control.Fault{Service: "compute", Action: "Regions.Get", Code: "forbidden", Status: 403, Message: "Required 'compute.regions.get' permission for 'projects/sandbox-project/regions/us-central1'"},
			"compute.regions.get", "The credentials lack a permission"),
		"throttling without end": faulty(control.Fault{Service: "compute", Action: "Networks.Insert", Code: "rateLimitExceeded", Status: 403, Message: "Rate Limit Exceeded"},
			"create network", "Rate Limit Exceeded", "throttled the calls beyond the retries"),
		"an API that is not enabled": setting(
			func(on bool) control.Settings {
				return control.Settings{Disabled: map[string]bool{"sandbox-project/container": on}}
			},
			"Kubernetes Engine API", "gcloud services enable", "overview?project="),
		"a machine type that is sold out": setting(
			func(on bool) control.Settings {
				return control.Settings{StockOuts: map[string]bool{"us-central1-a/n2-standard-4": on}}
			},
			"us-central1-a", "n2-standard-4", "There is no capacity"),
		"a machine type that the region lacks": setting(
			func(on bool) control.Settings {
				return control.Settings{Missing: map[string]bool{"us-central1/n2-standard-4": on}}
			},
			"Not offered in a zone", "n2-standard-4", "us-central1-a"),
	},
	mistakes: map[string]mistake{
		"a machine type that is not offered": {
			func(w *world) { w.set("machine_type", w.unoffered) },
			[]string{"Not offered in a zone", "n2-standard-5", "us-central1-a"}, "node_pools.cpu.machine_type",
		},
	},
	broken:  control.Fault{Mutating: true, Onward: true, Code: "FAILED_PRECONDITION", Status: 400, Message: "the cloud is out of order"},
	crowded: control.Fault{Service: "certificatemanager", Mutating: true, Code: "FAILED_PRECONDITION", Status: 400, Message: "The certificate cannot be stored."},
	rekeyed: rekeyedOnGCP,
	reach: map[string][]string{
		"peer": {"load_balancer pass: load balancer serving-private-private is internal", "peering pass: VPC peering connection serving-private-apps-", "route_out pass: routes lead through serving-private-apps-",
			"security_group pass: security policy serving-private-private", "route_back pass: routes lead through serving-private-apps-", "listener pass: HTTPS on port 443"},
		"unpeered": {"load_balancer pass", "peering block: there is no VPC peering of others", "listener pass"},
		"internet": {"load_balancer block: load balancer serving-private-private is internal", "security_group block: no rule of security policy serving-private-private", "route_back block", "listener pass"},
	},
	withNetwork: networkOnGCP,
	withPeer:    peerOnGCP,
	permitted:   permittedOnGCP,

	peeringDrifts: peeringDriftsOnGCP,
}

// openOnGCP are the addresses of load balancers that face the Internet.
func openOnGCP(w *world) []string {
	var open []string
	for _, f := range w.fields("compute.forwarding_rule") {
		if f["/loadBalancingScheme"] != "INTERNAL_MANAGED" {
			open = append(open, fmt.Sprint(f["/IPAddress"]))
		}
	}
	return open
}

// openPolicy admits everyone to the load balancer.
func (w *world) openPolicy() {
	w.Helper()
	for id, f := range w.fields("compute.security_policy") {
		for path, value := range f {
			if strings.Contains(path, "/srcIpRanges/") && value != "*" {
				w.mutate("compute.security_policy", id, path, "0.0.0.0/0")
				return
			}
		}
	}
	w.Fatal("there is no rule for callers")
}

// rekeyedOnGCP: Certificate Manager takes a key of another kind in place, so that the
// load balancer goes on with the same certificate.
func rekeyedOnGCP(w *world, before, after map[string]any) {
	w.Helper()
	was, is := fmt.Sprint(before["objects"]), fmt.Sprint(after["objects"])
	if was != is || !strings.Contains(is, "/certificates/") {
		w.Errorf("the certificate was %s and is %s, want the same", was, is)
	}
	for id, proxy := range w.fields("compute.target_https_proxy") {
		if got := fmt.Sprint(proxy["/sslCertificates/0"]); !strings.HasSuffix(got, "/certificates/serving-models") {
			w.Errorf("%s serves %s", id, got)
		}
	}
}

// networkOnGCP is one that somebody else has made, with subnetworks for nodes and
// for proxies.
func networkOnGCP(w *world) {
	w.Helper()
	w.call(http.MethodPost, "global/networks", `{"name": "shared", "autoCreateSubnetworks": false}`)
	w.call(http.MethodPost, "regions/us-central1/subnetworks", `{"name": "nodes", "network": "global/networks/shared", "ipCidrRange": "10.70.0.0/20", "privateIpGoogleAccess": true,
		"secondaryIpRanges": [{"rangeName": "pods", "ipCidrRange": "10.72.0.0/14"}, {"rangeName": "services", "ipCidrRange": "10.76.0.0/20"}]}`)
	w.call(http.MethodPost, "regions/us-central1/subnetworks", `{"name": "proxies", "network": "global/networks/shared", "ipCidrRange": "10.71.0.0/23", "purpose": "REGIONAL_MANAGED_PROXY", "role": "ACTIVE"}`)
	w.set("vpc", "shared").set("subnets", []string{"nodes"}).set("public_subnets", nil)
}

// peerOnGCP is a network of the same project, beside one that is no peer.
func peerOnGCP(w *world) {
	w.Helper()
	for name, cidr := range map[string]string{"apps": "10.70.0.0/20", "others": "10.80.0.0/20"} {
		w.call(http.MethodPost, "global/networks", fmt.Sprintf(`{"name": %q, "autoCreateSubnetworks": false}`, name))
		w.call(http.MethodPost, "regions/us-central1/subnetworks", fmt.Sprintf(`{"name": %q, "network": "global/networks/%s", "ipCidrRange": %q}`, name, name, cidr))
	}
	w.set("peer", map[string]any{"vpc": "apps"}).set("unpeered", map[string]any{"vpc": "others"})
}

// call asks Compute Engine for a change as somebody else.
func (w *world) call(method, path, body string) {
	w.Helper()
	r, err := http.NewRequest(method, w.url+"/compute/v1/projects/sandbox-project/"+path, strings.NewReader(body))
	if err != nil {
		w.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer sandbox")
	r.Header.Set("Content-Type", "application/json")
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		w.Fatal(err)
	}
	defer response.Body.Close()
	var text bytes.Buffer
	if _, err := text.ReadFrom(response.Body); err != nil || response.StatusCode != http.StatusOK {
		w.Fatalf("%s %s: %s %v\n%s", method, path, response.Status, err, &text)
	}
}
