package gcp

import (
	"bufio"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"cloud.google.com/go/container/apiv1/containerpb"

	"github.com/modelserving/terraform-provider-serving/internal/sandbox/control"
)

func TestLoadBalancer(t *testing.T) {
	t.Parallel()
	w := newPlane(t)
	status, body, err := w.request(control.Place{}, w.public, "/fraud/score")
	if want := testDomain + " /fraud/score for=203.0.113.10," + w.public + " proto=https"; err != nil || status != 200 || body != want {
		t.Errorf("public load balancer answers %d %q, %v; want %q", status, body, err, want)
	}
	status, body, err = w.request(place(t, "198.51.100.7"), w.public, "/")
	if err != nil || status != 403 || !strings.Contains(body, "security policy callers denies 198.51.100.7") {
		t.Errorf("a stranger gets %d %q, %v", status, body, err)
	}
	status, body, err = w.request(place(t, "network-sandbox-project.main"), w.private, "/")
	if err != nil || status != 200 || !strings.Contains(body, "for=10.0.") {
		t.Errorf("private load balancer answers %d %q, %v", status, body, err)
	}
	_, _, err = w.request(control.Place{}, w.public, "/", func(c *tls.Config) { c.MinVersion, c.MaxVersion = tls.VersionTLS10, tls.VersionTLS11 })
	wantRefusal(t, err, "protocol version")
	_, _, err = w.request(control.Place{}, w.public, "/", func(c *tls.Config) {
		c.MaxVersion, c.CipherSuites = tls.VersionTLS12, []uint16{tls.TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA}
	})
	wantRefusal(t, err, "handshake failure")

	// Another host than those of the rules is answered by the load balancer itself.
	change(t, "PATCH", regionURL(w.url)+"/urlMaps/public", `{"fingerprint":"`+fmt.Sprint(fetch(t, regionURL(w.url)+"/urlMaps/public")["fingerprint"])+`",
		"hostRules":[{"hosts":["other.example.com"],"pathMatcher":"all"}],"pathMatchers":[{"name":"all","defaultService":"regions/us-central1/backendServices/public"}],
		"defaultRouteAction":{"faultInjectionPolicy":{"abort":{"httpStatus":404,"percentage":100}}}}`)
	if status, body, err = w.request(control.Place{}, w.public, "/"); err != nil || status != 404 || !strings.Contains(body, "no host rule") {
		t.Errorf("a host without a rule gets %d %q, %v", status, body, err)
	}
	change(t, "PATCH", regionURL(w.url)+"/urlMaps/public", `{"fingerprint":"`+fmt.Sprint(fetch(t, regionURL(w.url)+"/urlMaps/public")["fingerprint"])+`",
		"hostRules":[{"hosts":["*.example.com"],"pathMatcher":"all"}]}`)
	if status, body, err = w.request(control.Place{}, w.public, "/"); err != nil || status != 200 {
		t.Errorf("a host with a rule gets %d %q, %v", status, body, err)
	}

	// A new certificate under the same name counts for the next connection.
	second := goodPair(t, testDomain)
	c := newCertificates(t, w.url)
	update := second.body()
	update.Name = testCertificate
	rotate(t, c, update)
	_, _, err = w.request(control.Place{}, w.public, "/")
	wantRefusal(t, err, "certificate")
	w.roots = x509.NewCertPool()
	w.roots.AppendCertsFromPEM([]byte(second.chain))
	if status, _, err = w.request(control.Place{}, w.public, "/"); status != 200 || err != nil {
		t.Errorf("after the rotation: %d, %v", status, err)
	}
	_, err = c.DeleteCertificate(t.Context(), deleteCertificateRequest())
	wantRefusal(t, err, "still in use by 'projects/sandbox-project/regions/us-central1/targetHttpsProxies/private'")
}

func TestRedirect(t *testing.T) {
	t.Parallel()
	w := newPlane(t)
	post(t, regionURL(w.url)+"/forwardingRules", `{"name":"redirect","loadBalancingScheme":"EXTERNAL_MANAGED","portRange":"80","network":"global/networks/main","target":"regions/us-central1/targetHttpProxies/redirect"}`)
	conn, err := w.dial(control.Place{}, w.address("redirect"), 80)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	fmt.Fprintf(conn, "GET /fraud?a=b HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n\r\n", testDomain)
	answer, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = answer.Body.Close() }()
	if got := answer.Header.Get("Location"); answer.StatusCode != 301 || got != "https://"+testDomain+"/fraud?a=b" {
		t.Errorf("redirect = %d %q", answer.StatusCode, got)
	}
}

// TestBackendTimeout holds that the timeout of a backend service ends whole answers, and that nothing of them is held back until then.
func TestBackendTimeout(t *testing.T) {
	t.Parallel()
	w := newPlane(t)
	service := regionURL(w.url) + "/backendServices/public"
	change(t, "PATCH", service, `{"fingerprint":"`+fmt.Sprint(fetch(t, service)["fingerprint"])+`","timeoutSec":2}`)
	if status, reason, err := w.request(control.Place{}, w.public, "/slow"); err != nil || status != 504 {
		t.Errorf("a slow answer: %d %q, %v", status, reason, err)
	}
	began := time.Now()
	conn, err := w.dial(control.Place{}, w.public, 443)
	if err != nil {
		t.Fatal(err)
	}
	secure := tls.Client(conn, &tls.Config{RootCAs: w.roots, ServerName: testDomain})
	defer func() { _ = secure.Close() }()
	fmt.Fprintf(secure, "GET /stream HTTP/1.1\r\nHost: %s\r\n\r\n", testDomain)
	answer, err := http.ReadResponse(bufio.NewReader(secure), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = answer.Body.Close() }()
	body := bufio.NewReader(answer.Body)
	if line, err := body.ReadString('\n'); err != nil || line != "first\n" || time.Since(began) > 1900*time.Millisecond {
		t.Errorf("the first part: %q, %v after %s", line, err, time.Since(began))
	}
	if _, err := body.ReadString('\n'); err == nil || time.Since(began) > 10*time.Second {
		t.Errorf("the rest: %v after %s", err, time.Since(began))
	}
}

func TestBackendsAreLost(t *testing.T) {
	t.Parallel()
	w := newPlane(t)
	expect := func(status int, text string) {
		t.Helper()
		got, body, err := w.request(control.Place{}, w.public, "/")
		if err != nil || got != status || !strings.Contains(body, text) {
			t.Errorf("got %d %q, %v; want %d %q", got, body, err, status, text)
		}
	}
	health := func() string {
		t.Helper()
		group := strings.Replace(w.get().InstanceGroupUrls[0], "instanceGroupManagers", "instanceGroups", 1)
		_, text := rawAs(t, "sandbox", "POST", regionURL(w.url)+"/backendServices/public/getHealth", `{"group":"`+group+`"}`)
		if strings.Contains(string(text), "UNHEALTHY") {
			return "UNHEALTHY"
		}
		return "HEALTHY"
	}
	expect(200, testDomain)
	if got := health(); got != "HEALTHY" {
		t.Errorf("health = %s", got)
	}
	firewall := projectURL(w.url) + "/global/firewalls/gateway"
	change(t, "PATCH", firewall, `{"name":"gateway","sourceRanges":["10.1.0.0/23"]}`)
	expect(503, "implied deny of ingress")
	if got := health(); got != "UNHEALTHY" {
		t.Errorf("health without a rule for probes = %s", got)
	}
	change(t, "PATCH", firewall, `{"name":"gateway","sourceRanges":["35.191.0.0/16","130.211.0.0/22"]}`)
	expect(503, "no rule admits port 30080")
	change(t, "PATCH", firewall, `{"name":"gateway","sourceRanges":["10.1.0.0/23","35.191.0.0/16","130.211.0.0/22"]}`)
	expect(200, testDomain)
	post(t, projectURL(w.url)+"/global/firewalls", `{"name":"shut","network":"global/networks/main","priority":900,"targetTags":["serving-prod"],"denied":[{"IPProtocol":"all"}]}`)
	expect(503, "firewall shut")
	change(t, "DELETE", projectURL(w.url)+"/global/firewalls/shut", "")
	expect(200, testDomain)
}

func TestPaths(t *testing.T) {
	t.Parallel()
	w := newPlane(t)
	post(t, regionURL(w.url)+"/subnetworks", `{"name":"apps","network":"global/networks/main","ipCidrRange":"10.20.0.0/24"}`)
	post(t, w.url+"/compute/v1/projects/sandbox-project/regions/us-east1/subnetworks", `{"name":"far","network":"global/networks/main","ipCidrRange":"10.21.0.0/24"}`)
	post(t, projectURL(w.url)+"/global/networks", `{"name":"peer","autoCreateSubnetworks":false}`)
	post(t, regionURL(w.url)+"/subnetworks", `{"name":"peer","network":"global/networks/peer","ipCidrRange":"10.30.0.0/24"}`)
	k := w.get()
	ip := k.ControlPlaneEndpointsConfig.IpEndpointsConfig
	try := func(from, host, want string) {
		t.Helper()
		conn, err := w.dial(place(t, from), host, 443)
		if err == nil {
			_ = conn.Close()
		}
		var path *control.PathError
		switch {
		case want == "" && err != nil:
			t.Errorf("from %s to %s: %v", from, host, err)
		case want != "" && (!errors.As(err, &path) || !strings.Contains(path.Error(), want)):
			t.Errorf("from %s to %s: %v, want %q", from, host, err, want)
		}
	}
	try("internet", w.private, "which no packet from the Internet reaches")
	try("subnetwork-sandbox-project.us-central1.apps", w.private, "")
	try("network-sandbox-project.main/10.20.0.7", w.private, "")
	try("subnetwork-sandbox-project.us-east1.far", w.private, "without global access")
	try("network-sandbox-project.peer", w.private, "there is no active peering")
	post(t, projectURL(w.url)+"/global/networks/main/addPeering", `{"networkPeering":{"name":"peer","network":"global/networks/peer","exchangeSubnetRoutes":true}}`)
	try("network-sandbox-project.peer", w.private, "there is no active peering")
	post(t, projectURL(w.url)+"/global/networks/peer/addPeering", `{"networkPeering":{"name":"main","network":"global/networks/main","exchangeSubnetRoutes":true}}`)
	try("network-sandbox-project.peer", w.private, "")
	post(t, projectURL(w.url)+"/global/firewalls", `{"name":"no-way-out","network":"global/networks/peer","direction":"EGRESS","denied":[{"IPProtocol":"tcp","ports":["443"]}]}`)
	try("network-sandbox-project.peer", w.private, "firewall no-way-out")

	try("network-sandbox-project.main", w.public, "no Cloud NAT translates")
	post(t, regionURL(w.url)+"/routers", `{"name":"way-out","network":"global/networks/main","nats":[{"name":"nat","natIpAllocateOption":"AUTO_ONLY","sourceSubnetworkIpRangesToNat":"ALL_SUBNETWORKS_ALL_IP_RANGES"}]}`)
	try("network-sandbox-project.main", w.public, "")

	try("internet", ip.PublicEndpoint, "")
	try("198.51.100.7", ip.PublicEndpoint, "not in its authorized networks")
	try("network-sandbox-project.main", ip.PrivateEndpoint, "")
	try("subnetwork-sandbox-project.us-east1.far", ip.PrivateEndpoint, "without global access")
	try("network-sandbox-project.peer", ip.PrivateEndpoint, "not through a peering")
	try("internet", k.ControlPlaneEndpointsConfig.DnsEndpointConfig.Endpoint, "which no packet from the Internet reaches")
	w.done(w.update(&containerpb.ClusterUpdate{DesiredControlPlaneEndpointsConfig: &containerpb.ControlPlaneEndpointsConfig{
		DnsEndpointConfig: &containerpb.ControlPlaneEndpointsConfig_DNSEndpointConfig{AllowExternalTraffic: new(true)},
	}}))
	try("internet", k.ControlPlaneEndpointsConfig.DnsEndpointConfig.Endpoint, "")
	try("internet", "models.example.com", "custom domains are not resolved")
	try("network-sandbox-project.nowhere", w.private, "no subnetwork with that address")
	try("vpc-0123456789abcdef0", w.private, "in another cloud")
	if _, err := w.dial(control.Place{}, w.public, 80); err == nil {
		t.Error("port 80 answers without a forwarding rule")
	}
}

func TestKubernetesUser(t *testing.T) {
	t.Parallel()
	w := newPlane(t)
	if ca, err := base64.StdEncoding.DecodeString(w.get().MasterAuth.ClusterCaCertificate); err != nil || string(ca) != string(w.kube.config.CACertificate) {
		t.Errorf("certificate authority: %v", err)
	}
	user, err := w.kube.config.Authenticate(t.Context(), "sandbox")
	if err != nil || user.Name != builtinPrincipal || len(user.Groups) != 1 || user.Groups[0] != "system:masters" {
		t.Errorf("user = %v, %v", user, err)
	}
	if _, err := w.kube.config.Authenticate(t.Context(), "nonsense"); err == nil {
		t.Error("a token that nobody issued is accepted")
	}
	nodes := w.kube.config.Nodes()
	if len(nodes) != 2 || nodes[0].CPU != 4 || nodes[0].Labels["cloud.google.com/gke-nodepool"] != "cpu" || !strings.HasPrefix(nodes[0].ProviderID, "gce://sandbox-project/us-central1-") {
		t.Errorf("nodes = %v", nodes)
	}
	if nodes[0].PodRange.Bits() != 24 || nodes[0].PodRange == nodes[1].PodRange || nodes[0].Address == nodes[1].Address {
		t.Errorf("pod ranges = %v, %v", nodes[0].PodRange, nodes[1].PodRange)
	}
}
