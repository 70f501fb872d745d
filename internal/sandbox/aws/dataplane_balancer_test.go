package aws_test

import (
	"bufio"
	"bytes"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/acm"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	elbtypes "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"

	"github.com/modelserving/terraform-provider-serving/internal/sandbox/aws"
)

func (w *dataWorld) imported(c *issued) string {
	w.t.Helper()
	return *do(w.world, w.acm.ImportCertificate, &acm.ImportCertificateInput{Certificate: c.pem, PrivateKey: c.raw}).CertificateArn
}

func (w *dataWorld) secure(lb, policy string, actions []elbtypes.Action, certificates ...string) string {
	w.t.Helper()
	l := do(w.world, w.elb.CreateListener, &elb.CreateListenerInput{
		LoadBalancerArn: &lb, Port: new(int32(443)), Protocol: elbtypes.ProtocolEnumHttps, DefaultActions: actions, SslPolicy: &policy,
		Certificates: []elbtypes.Certificate{{CertificateArn: &certificates[0]}},
	}).Listeners[0]
	for _, extra := range certificates[1:] {
		do(w.world, w.elb.AddListenerCertificates, &elb.AddListenerCertificatesInput{ListenerArn: l.ListenerArn, Certificates: []elbtypes.Certificate{{CertificateArn: &extra}}})
	}
	return *l.ListenerArn
}

func (w *dataWorld) attribute(lb, key, value string) {
	w.t.Helper()
	do(w.world, w.elb.ModifyLoadBalancerAttributes, &elb.ModifyLoadBalancerAttributesInput{LoadBalancerArn: &lb, Attributes: []elbtypes.LoadBalancerAttribute{{Key: &key, Value: &value}}})
}

func TestBalancerTLS(t *testing.T) {
	t.Parallel()
	w := newDataWorld(t)
	lb, host := w.front(elbtypes.LoadBalancerSchemeEnumInternetFacing, 443)
	first, second := issue(t, ec(t, elliptic.P256()), nil, nil, "a.example.com"), issue(t, ec(t, elliptic.P384()), nil, nil, "*.b.example.com")
	firstARN := w.imported(first)
	w.secure(lb, "ELBSecurityPolicy-TLS13-1-2-Res-PQ-2025-09", fixed("404"), firstARN, w.imported(second))
	handshake := func(name string, version uint16) (*tls.ConnectionState, error) {
		conn, status, reason := w.connect("", host+":443")
		if conn == nil {
			t.Fatal(status, reason)
		}
		defer func() { _ = conn.Close() }()
		secure := tls.Client(conn, &tls.Config{ServerName: name, InsecureSkipVerify: true, MaxVersion: version, MinVersion: tls.VersionTLS10, NextProtos: []string{"h2", "http/1.1"}})
		err := secure.HandshakeContext(t.Context())
		state := secure.ConnectionState()
		return &state, err
	}
	for name, want := range map[string]*issued{"a.example.com": first, "x.b.example.com": second, "strange.example.com": first, "": first} {
		state, err := handshake(name, 0)
		if err != nil || !state.PeerCertificates[0].Equal(want.cert) {
			t.Errorf("%q: %v, %+v", name, err, state.PeerCertificates)
		}
	}
	if _, err := handshake("a.example.com", tls.VersionTLS11); err == nil {
		t.Error("a client with TLS 1.1 at most got through a policy of 1.2 at least")
	}
	state, err := handshake("a.example.com", 0)
	if err != nil || state.NegotiatedProtocol != "h2" {
		t.Errorf("%v, ALPN %q, want h2", err, state.NegotiatedProtocol)
	}
	w.attribute(lb, "routing.http2.enabled", "false")
	if state, err := handshake("a.example.com", 0); err != nil || state.NegotiatedProtocol != "http/1.1" {
		t.Errorf("%v, ALPN %q, want http/1.1", err, state.NegotiatedProtocol)
	}
	renewed := issue(t, ec(t, elliptic.P256()), nil, nil, "a.example.com")
	do(w.world, w.acm.ImportCertificate, &acm.ImportCertificateInput{CertificateArn: &firstARN, Certificate: renewed.pem, PrivateKey: renewed.raw})
	if state, err := handshake("a.example.com", 0); err != nil || !state.PeerCertificates[0].Equal(renewed.cert) {
		t.Errorf("the renewed certificate is not served: %v", err)
	}
	client := w.client("", host+":443", &tls.Config{RootCAs: pool(t, renewed.pem)})
	if got := get(t, client, "https://a.example.com/"); got.status != http.StatusNotFound || got.header.Get("Server") != "awselb/2.0" {
		t.Errorf("%d %v", got.status, got.header)
	}
	// The keys that made this possible are nowhere to be seen.
	raw, err := w.sandbox.AWS.State()
	if err != nil || bytes.Contains(raw, []byte("PRIVATE KEY")) {
		t.Errorf("the shown state has private keys (%v)", err)
	}
	fields, err := w.sandbox.AWS.Fields()
	if err != nil || slices.ContainsFunc(fields, func(f aws.Field) bool { return strings.Contains(fmt.Sprint(f.Value), "PRIVATE KEY") }) {
		t.Errorf("a private key is a field (%v)", err)
	}
}

func TestBalancerRules(t *testing.T) {
	t.Parallel()
	w := newDataWorld(t)
	lb, host := w.front(elbtypes.LoadBalancerSchemeEnumInternetFacing, 80)
	listener := w.listener(lb, 80, fixed("404"))
	rule := func(priority int32, actions []elbtypes.Action, conditions ...elbtypes.RuleCondition) {
		do(w.world, w.elb.CreateRule, &elb.CreateRuleInput{ListenerArn: &listener, Priority: &priority, Actions: actions, Conditions: conditions})
	}
	path := func(values ...string) elbtypes.RuleCondition {
		return elbtypes.RuleCondition{Field: new("path-pattern"), Values: values}
	}
	says := func(text string) []elbtypes.Action {
		return []elbtypes.Action{{Type: elbtypes.ActionTypeEnumFixedResponse, FixedResponseConfig: &elbtypes.FixedResponseActionConfig{
			StatusCode: new("200"), ContentType: new("text/plain"), MessageBody: &text,
		}}}
	}
	redirect := func(r elbtypes.RedirectActionConfig) []elbtypes.Action {
		return []elbtypes.Action{{Type: elbtypes.ActionTypeEnumRedirect, RedirectConfig: &r}}
	}
	rule(30, says("wide"), path("/v1/*"))
	rule(10, says("narrow"), path("/v1/models/?"), elbtypes.RuleCondition{Field: new("host-header"), Values: []string{"*.example.com"}})
	rule(40, says("header"), elbtypes.RuleCondition{Field: new("http-header"), HttpHeaderConfig: &elbtypes.HttpHeaderConditionConfig{HttpHeaderName: new("x-color"), Values: []string{"re*"}}})
	rule(50, says("method"), elbtypes.RuleCondition{Field: new("http-request-method"), HttpRequestMethodConfig: &elbtypes.HttpRequestMethodConditionConfig{Values: []string{"PUT"}}})
	rule(60, says("query"), elbtypes.RuleCondition{Field: new("query-string"), QueryStringConfig: &elbtypes.QueryStringConditionConfig{Values: []elbtypes.QueryStringKeyValuePair{{Key: new("version"), Value: new("v?")}}}})
	rule(70, says("source"), elbtypes.RuleCondition{Field: new("source-ip"), SourceIpConfig: &elbtypes.SourceIpConditionConfig{Values: []string{"192.0.2.0/24"}}})
	rule(80, redirect(elbtypes.RedirectActionConfig{StatusCode: elbtypes.RedirectActionStatusCodeEnumHttp301, Protocol: new("HTTPS"), Port: new("443")}), path("/to/*"))
	rule(90, redirect(elbtypes.RedirectActionConfig{StatusCode: elbtypes.RedirectActionStatusCodeEnumHttp302, Host: new("new.#{host}"), Path: new("/x/#{path}"), Query: new("a=b")}), path("/moved"))
	for name, tc := range map[string]struct {
		place, method, url, header string
		status                     int
		body                       string
	}{
		"default":        {"", "GET", "http://" + host + "/", "", 404, ""},
		"wide":           {"", "GET", "http://" + host + "/v1/models/a", "", 200, "wide"},
		"case of paths":  {"", "GET", "http://" + host + "/V1/models", "", 404, ""},
		"narrow":         {"", "GET", "http://M.Example.COM:8080/v1/models/a", "", 200, "narrow"},
		"one character":  {"", "GET", "http://m.example.com/v1/models/ab", "", 200, "wide"},
		"header":         {"", "GET", "http://" + host + "/", "RED", 200, "header"},
		"header, no":     {"", "GET", "http://" + host + "/", "green", 404, ""},
		"method":         {"", "PUT", "http://" + host + "/", "", 200, "method"},
		"query":          {"", "GET", "http://" + host + "/?a=b&Version=V2", "", 200, "query"},
		"source":         {"192.0.2.9", "GET", "http://" + host + "/", "", 200, "source"},
		"redirect":       {"", "GET", "http://" + host + ":80/to/a%2fb?c=d", "", 301, "https://" + host + ":443/to/a%2fb?c=d"},
		"redirect, 302":  {"", "GET", "http://m.example.com/moved?c=d", "", 302, "http://new.m.example.com:80/x/moved?a=b"},
		"long line":      {"", "GET", "http://" + host + "/" + strings.Repeat("x", 17000), "", 414, ""},
		"long header":    {"", "GET", "http://" + host + "/", strings.Repeat("x", 17000), 400, ""},
		"forwarders":     {"", "GET", "http://" + host + "/", strings.Repeat(",1.1.1.1", 30), 463, ""},
		"no more header": {"", "GET", "http://" + host + "/", strings.Repeat("x", 16000), 404, ""},
	} {
		t.Run(name, func(t *testing.T) {
			var header map[string]string
			if tc.header != "" {
				header = map[string]string{"X-Color": tc.header, "X-Forwarded-For": strings.Repeat("1.1.1.1,", strings.Count(tc.header, ","))}
			}
			answer := send(t, w.client(tc.place, host+":80", nil), tc.method, tc.url, "", header)
			got := answer.body
			if answer.status/100 == 3 {
				got = answer.header.Get("Location")
			}
			if answer.status != tc.status || !strings.Contains(got, tc.body) || answer.header.Get("Server") != "awselb/2.0" {
				t.Errorf("%d %q %v, want %d %q", answer.status, got, answer.header, tc.status, tc.body)
			}
		})
	}
	// A client that makes no tunnel for http:// gets the same.
	transport := &http.Transport{Proxy: http.ProxyURL(w.sandbox.Proxy(t, "192.0.2.9"))}
	t.Cleanup(transport.CloseIdleConnections)
	if got := get(t, &http.Client{Transport: transport}, "http://"+host+"/"); got.status != http.StatusOK || got.body != "source" {
		t.Errorf("without a tunnel: %d %s", got.status, got.body)
	}
	do(w.world, w.elb.DeleteListener, &elb.DeleteListenerInput{ListenerArn: &listener})
	w.leads("", host+":80", http.StatusBadGateway, "no listener")
}

// echo answers with what it got.
func echo(w http.ResponseWriter, r *http.Request) {
	switch r.URL.Path {
	case "/healthz":
	case "/stream":
		w.Header().Set("Content-Type", "text/event-stream")
		out, in := http.NewResponseController(w), bufio.NewReader(r.Body)
		_ = out.EnableFullDuplex()
		for i := range 3 {
			_, _ = fmt.Fprintf(w, "data: %d\n\n", i)
			_ = out.Flush()
			// The next event leaves only when the client has seen this one.
			_, _ = in.ReadString('\n')
		}
	case "/slow":
		select {
		case <-r.Context().Done():
		case <-time.After(10 * time.Second):
		}
	case "/socket":
		conn, buffered, err := http.NewResponseController(w).Hijack()
		if err != nil {
			return
		}
		defer func() { _ = conn.Close() }()
		_, _ = io.WriteString(conn, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n")
		_, _ = io.Copy(conn, buffered)
	default:
		body, _ := io.ReadAll(r.Body)
		for name, values := range r.Header {
			w.Header()["Got-"+name] = values
		}
		w.Header().Set("Got-Host", r.Host)
		w.Header().Set("Got-Uri", r.RequestURI)
		w.Header().Set("Got-Proto", r.Proto)
		w.Header().Set("Server", "model")
		_, _ = w.Write(body)
	}
}

func TestBalancerForwards(t *testing.T) {
	t.Parallel()
	w := newDataWorld(t)
	lb, host := w.front(elbtypes.LoadBalancerSchemeEnumInternetFacing, 80)
	group, rule := w.nodePort(30080, nil)
	w.listener(lb, 80, forward(group))
	client := w.client("192.0.2.9", host+":80", nil)
	if got := w.health(group); !slices.Equal(got, []string{"unhealthy Target.Timeout", "unhealthy Target.Timeout"}) {
		t.Errorf("health without a data plane: %v", got)
	}
	// Nobody is healthy, so everybody is tried.
	if got := get(t, client, "http://"+host+"/"); got.status != http.StatusBadGateway || got.header.Get("Server") != "awselb/2.0" {
		t.Errorf("%d %v", got.status, got.header)
	}
	fake := w.started()
	if got := w.health(group); !slices.Equal(got, []string{"unhealthy Target.FailedHealthChecks", "unhealthy Target.FailedHealthChecks"}) {
		t.Errorf("health without pods: %v", got)
	}
	fake.serve(t, 30080, http.HandlerFunc(echo))
	w.until(func() bool { return slices.Equal(w.health(group), []string{"healthy", "healthy"}) })

	fetch := func(method, target, body string, header map[string]string) answer {
		t.Helper()
		return send(t, client, method, target, body, header)
	}
	random := make([]byte, 3<<20)
	_, _ = rand.Read(random)
	body := string(random)
	response := fetch("POST", "http://m.example.com:80/a%2Fb//c?x=1;y&%zz", body, map[string]string{"X-Forwarded-For": "1.2.3.4", "X-Forwarded-Proto": "https", "Authorization": "Bearer x", "Te": "trailers"})
	if response.body != body {
		t.Errorf("the body came back as %d bytes", len(response.body))
	}
	for name, want := range map[string]string{
		"Got-X-Forwarded-For": "1.2.3.4, 192.0.2.9", "Got-X-Forwarded-Proto": "http", "Got-X-Forwarded-Port": "80", "Got-Host": "m.example.com",
		"Got-Uri": "/a%2Fb//c?x=1;y&%zz", "Got-Authorization": "Bearer x", "Server": "model", "Got-Proto": "HTTP/1.1",
	} {
		if response.header.Get(name) != want {
			t.Errorf("%s = %q, want %q", name, response.header.Get(name), want)
		}
	}
	if trace := response.header.Get("Got-X-Amzn-Trace-Id"); !strings.HasPrefix(trace, "Root=1-") {
		t.Errorf("trace id: %q", trace)
	}
	if len(fake.dialled()) != 2 {
		t.Errorf("dialled nodes: %v, want both", fake.dialled())
	}
	for mode, want := range map[string]string{"preserve": "1.2.3.4", "remove": ""} {
		w.attribute(lb, "routing.http.xff_header_processing.mode", mode)
		if got := fetch("GET", "http://"+host+"/", "", map[string]string{"X-Forwarded-For": "1.2.3.4"}).header.Get("Got-X-Forwarded-For"); got != want {
			t.Errorf("mode %s: %q, want %q", mode, got, want)
		}
	}
	w.attribute(lb, "routing.http.preserve_host_header.enabled", "true")
	if got := fetch("GET", "http://m.example.com:8080/", "", nil).header.Get("Got-Host"); got != "m.example.com:8080" {
		t.Errorf("preserved host: %q", got)
	}
	odd := map[string]string{"X_Odd": "1", "X-Even": "2"}
	if got := fetch("GET", "http://"+host+"/", "", odd).header; got.Get("Got-X_odd") != "1" || got.Get("Got-X-Even") != "2" {
		t.Errorf("header fields: %v", got)
	}
	w.attribute(lb, "routing.http.drop_invalid_header_fields.enabled", "true")
	if got := fetch("GET", "http://"+host+"/", "", odd).header; got.Get("Got-X_odd") != "" || got.Get("Got-X-Even") != "2" {
		t.Errorf("header fields with the invalid ones dropped: %v", got)
	}

	// The rule that lets the load balancer to the nodes goes: the connections that are open do not help.
	do(w.world, w.ec2.RevokeSecurityGroupIngress, &ec2.RevokeSecurityGroupIngressInput{GroupId: new(w.clusterGroup()), SecurityGroupRuleIds: []string{rule}})
	if got := get(t, client, "http://"+host+"/"); got.status != http.StatusGatewayTimeout || !strings.Contains(got.header.Get("X-Sandbox-Reason"), "admits port 30080") {
		t.Errorf("without a rule: %d %v", got.status, got.header)
	}
	if got := w.health(group); !slices.Equal(got, []string{"unhealthy Target.Timeout", "unhealthy Target.Timeout"}) {
		t.Errorf("health without a rule: %v", got)
	}
}

// dialled is which nodes were dialled.
func (f *fakeKube) dialled() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	var out []string
	for node := range f.hosts {
		out = append(out, node.String())
	}
	return out
}

// until waits for a moment until something is so.
func (w *dataWorld) until(so func() bool) {
	w.t.Helper()
	for end := time.Now().Add(10 * time.Second); time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
		if so() {
			return
		}
	}
	w.t.Fatal("it did not come to that in 10 s")
}
