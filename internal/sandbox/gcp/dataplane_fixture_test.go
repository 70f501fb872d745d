package gcp

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync/atomic"
	"testing"

	"cloud.google.com/go/container/apiv1/containerpb"

	"github.com/modelserving/terraform-provider-serving/internal/sandbox/control"
)

// fakeKube stands for a cluster's data plane: an API server that says who called, and a model server on port 30080 of every node.
type fakeKube struct {
	config control.KubernetesCluster
	api    *httptest.Server
	model  *httptest.Server
	up     atomic.Bool
	// sick makes health checks fail.
	sick atomic.Bool
}

func newFakeKube(t *testing.T, config control.KubernetesCluster, serve http.HandlerFunc) *fakeKube {
	f := &fakeKube{config: config}
	f.api = httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		user, err := config.Authenticate(r.Context(), strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer "))
		if err != nil {
			http.Error(w, err.Error(), http.StatusUnauthorized)
			return
		}
		_ = json.NewEncoder(w).Encode(user)
	}))
	f.api.Config.ErrorLog = control.Silent
	f.api.StartTLS()
	f.model = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/healthz" {
			if f.sick.Load() {
				w.WriteHeader(http.StatusInternalServerError)
			}
			return
		}
		serve(w, r)
	}))
	t.Cleanup(func() { f.api.Close(); f.model.Close() })
	return f
}

func (f *fakeKube) DialAPI(ctx context.Context) (net.Conn, error) {
	f.up.Store(true)
	return (&net.Dialer{}).DialContext(ctx, "tcp", f.api.Listener.Addr().String())
}

func (f *fakeKube) DialNodePort(ctx context.Context, _ netip.Addr, port int) (net.Conn, error) {
	if !f.up.Load() || port != 30080 {
		return nil, control.ErrRefused
	}
	return (&net.Dialer{}).DialContext(ctx, "tcp", f.model.Listener.Addr().String())
}

func (f *fakeKube) Running() bool { return f.up.Load() }
func (f *fakeKube) Close() error  { return nil }

// planeWorld is a cluster with a load balancer of each scheme in front of it.
type planeWorld struct {
	*gkeWorld
	kube  *fakeKube
	roots *x509.CertPool
	// public and private are the addresses of the load balancers.
	public, private string
}

const testDomain = "models.example.com"

func newPlane(t *testing.T) *planeWorld {
	t.Helper()
	w := &planeWorld{roots: x509.NewCertPool()}
	w.gkeWorld = newGKE(t, func(c *Config) {
		c.Kubernetes = func(config control.KubernetesCluster) control.Kubernetes {
			w.kube = newFakeKube(t, config, func(w http.ResponseWriter, r *http.Request) {
				switch r.URL.Path {
				case "/slow":
					<-r.Context().Done()
					return
				case "/stream":
					fmt.Fprintln(w, "first")
					w.(http.Flusher).Flush()
					<-r.Context().Done()
					return
				}
				fmt.Fprintf(w, "%s %s for=%s proto=%s", r.Host, r.URL.Path, r.Header.Get("X-Forwarded-For"), r.Header.Get("X-Forwarded-Proto"))
			})
			return w.kube
		}
	})
	k := w.create(func(k *containerpb.Cluster) { k.NodePools = k.NodePools[:1] })
	p := goodPair(t, testDomain)
	w.roots.AppendCertsFromPEM([]byte(p.chain))
	if _, err := createCertificate(t, newCertificates(t, w.url), p.body()); err != nil {
		t.Fatal(err)
	}
	post(t, projectURL(w.url)+"/global/firewalls", `{"name":"gateway","network":"global/networks/main","sourceRanges":["10.1.0.0/23","35.191.0.0/16","130.211.0.0/22"],
		"targetTags":["serving-prod"],"allowed":[{"IPProtocol":"tcp","ports":["30080"]}]}`)
	var backends []string
	for _, manager := range k.InstanceGroupUrls {
		link := strings.Replace(manager, "instanceGroupManagers", "instanceGroups", 1)
		backends = append(backends, `{"group":"`+link+`"}`)
		at := w.url + strings.TrimPrefix(link, "https://www.googleapis.com")
		post(t, at+"/setNamedPorts", `{"namedPorts":[{"name":"serving-gateway","port":30080}],"fingerprint":"`+fmt.Sprint(fetch(t, at)["fingerprint"])+`"}`)
	}
	post(t, regionURL(w.url)+"/healthChecks", `{"name":"gateway","type":"HTTP","httpHealthCheck":{"port":30080,"requestPath":"/healthz"}}`)
	post(t, regionURL(w.url)+"/securityPolicies", `{"name":"callers","type":"CLOUD_ARMOR","rules":[{"priority":1000,"action":"allow","match":{"versionedExpr":"SRC_IPS_V1","config":{"srcIpRanges":["203.0.113.0/24"]}}},
		{"priority":2147483647,"action":"deny(403)","match":{"versionedExpr":"SRC_IPS_V1","config":{"srcIpRanges":["*"]}}}]}`)
	post(t, regionURL(w.url)+"/sslPolicies", `{"name":"tls","profile":"RESTRICTED","minTlsVersion":"TLS_1_2"}`)
	for _, lb := range []struct{ name, scheme, rest string }{
		{"public", "EXTERNAL_MANAGED", ``}, {"private", "INTERNAL_MANAGED", `,"subnetwork":"regions/us-central1/subnetworks/nodes"`},
	} {
		post(t, regionURL(w.url)+"/backendServices", `{"name":"`+lb.name+`","loadBalancingScheme":"`+lb.scheme+`","protocol":"HTTP","portName":"serving-gateway","timeoutSec":5,
			"healthChecks":["regions/us-central1/healthChecks/gateway"],"backends":[`+strings.Join(backends, ",")+`]}`)
		post(t, regionURL(w.url)+"/urlMaps", `{"name":"`+lb.name+`","defaultService":"regions/us-central1/backendServices/`+lb.name+`"}`)
		post(t, regionURL(w.url)+"/targetHttpsProxies", `{"name":"`+lb.name+`","urlMap":"regions/us-central1/urlMaps/`+lb.name+`","sslPolicy":"regions/us-central1/sslPolicies/tls",
			"sslCertificates":["//certificatemanager.googleapis.com/`+testCertificate+`"]}`)
		post(t, regionURL(w.url)+"/forwardingRules", `{"name":"`+lb.name+`","loadBalancingScheme":"`+lb.scheme+`","portRange":"443","network":"global/networks/main",
			"target":"regions/us-central1/targetHttpsProxies/`+lb.name+`"`+lb.rest+`}`)
	}
	post(t, regionURL(w.url)+"/backendServices/public/setSecurityPolicy", `{"securityPolicy":"regions/us-central1/securityPolicies/callers"}`)
	post(t, regionURL(w.url)+"/urlMaps", `{"name":"redirect","defaultUrlRedirect":{"httpsRedirect":true,"redirectResponseCode":"MOVED_PERMANENTLY_DEFAULT"}}`)
	post(t, regionURL(w.url)+"/targetHttpProxies", `{"name":"redirect","urlMap":"regions/us-central1/urlMaps/redirect"}`)
	w.public, w.private = w.address("public"), w.address("private")
	// Somebody has used the cluster, so it runs.
	conn, err := w.dial(control.Place{}, k.Endpoint, 443)
	if err != nil {
		t.Fatal(err)
	}
	_ = conn.Close()
	return w
}

func (w *planeWorld) address(rule string) string {
	return fmt.Sprint(fetch(w.t, regionURL(w.url)+"/forwardingRules/"+rule)["IPAddress"])
}

func (w *planeWorld) dial(from control.Place, host string, port int) (net.Conn, error) {
	return w.cloud.Connect(w.t.Context(), from, host, port)
}

// request sends a request for the domain to an address, and gives the answer's status with its body, or with the reason.
func (w *planeWorld) request(from control.Place, address, path string, change ...func(*tls.Config)) (int, string, error) {
	config := &tls.Config{RootCAs: w.roots, ServerName: testDomain, NextProtos: []string{"http/1.1"}}
	for _, c := range change {
		c(config)
	}
	transport := &http.Transport{TLSClientConfig: config, DialContext: func(_ context.Context, _, _ string) (net.Conn, error) { return w.dial(from, address, 443) }}
	defer transport.CloseIdleConnections()
	request, err := http.NewRequestWithContext(w.t.Context(), http.MethodGet, "https://"+testDomain+path, http.NoBody)
	if err != nil {
		return 0, "", err
	}
	response, err := transport.RoundTrip(request)
	if err != nil {
		return 0, "", err
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(response.Body)
	if reason := response.Header.Get(reasonHeader); reason != "" {
		return response.StatusCode, reason, err
	}
	return response.StatusCode, string(body), err
}

func place(t *testing.T, text string) control.Place {
	t.Helper()
	p, err := control.ParsePlace(text)
	if err != nil {
		t.Fatal(err)
	}
	return p
}
