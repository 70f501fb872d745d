package aws_test

import (
	"bufio"
	"crypto/elliptic"
	"crypto/tls"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	elbtypes "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"

	"github.com/modelserving/terraform-provider-serving/internal/sandbox/aws"
)

func TestBalancerStreams(t *testing.T) {
	t.Parallel()
	w := newDataWorld(t)
	lb, host := w.front(elbtypes.LoadBalancerSchemeEnumInternetFacing, 80)
	group, _ := w.nodePort(30080, nil)
	w.listener(lb, 80, forward(group))
	w.attribute(lb, "idle_timeout.timeout_seconds", "1")
	w.started().serve(t, 30080, http.HandlerFunc(echo))
	client := w.client("", host+":80", nil)

	// Events arrive one by one: the server waits for the client's line before it sends the next.
	reader, writer := io.Pipe()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://"+host+"/stream", reader)
	if err != nil {
		t.Fatal(err)
	}
	response, err := client.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(response.Body)
	for _, want := range []string{"data: 0", "", "data: 1", "", "data: 2", ""} {
		if !lines.Scan() || lines.Text() != want {
			t.Fatalf("got %q, want %q (%v)", lines.Text(), want, lines.Err())
		}
		if want == "" {
			if _, err := io.WriteString(writer, "next\n"); err != nil {
				t.Fatal(err)
			}
		}
	}
	_, _ = writer.Close(), response.Body.Close()

	conn, status, reason := w.connect("", host+":80")
	if conn == nil {
		t.Fatal(status, reason)
	}
	defer func() { _ = conn.Close() }()
	_, _ = io.WriteString(conn, "GET /socket HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n")
	buffered := bufio.NewReader(conn)
	upgraded, err := http.ReadResponse(buffered, nil)
	if err == nil {
		defer func() { _ = upgraded.Body.Close() }()
	}
	if err != nil || upgraded.StatusCode != http.StatusSwitchingProtocols {
		t.Fatalf("%v %+v", err, upgraded)
	}
	for _, word := range []string{"one\n", "two\n"} {
		_, _ = io.WriteString(conn, word)
		if line, err := buffered.ReadString('\n'); err != nil || line != word {
			t.Errorf("%q %v, want %q", line, err, word)
		}
	}

	started := time.Now()
	if got := get(t, client, "http://"+host+"/slow"); got.status != http.StatusGatewayTimeout || time.Since(started) > 5*time.Second {
		t.Errorf("a silent target: %d after %s", got.status, time.Since(started))
	}
}

func TestBalancerTargetHTTP2(t *testing.T) {
	t.Parallel()
	w := newDataWorld(t)
	lb, host := w.front(elbtypes.LoadBalancerSchemeEnumInternetFacing, 443)
	certificate := issue(t, ec(t, elliptic.P256()), nil, nil, "m.example.com")
	h2, _ := w.nodePort(30081, func(in *elb.CreateTargetGroupInput) { in.ProtocolVersion = new("HTTP2") })
	grpc, _ := w.nodePort(30082, func(in *elb.CreateTargetGroupInput) {
		in.ProtocolVersion, in.Matcher = new("GRPC"), &elbtypes.Matcher{GrpcCode: new("0")}
	})
	listener := w.secure(lb, "ELBSecurityPolicy-TLS13-1-2-2021-06", forward(h2), w.imported(certificate))
	do(w.world, w.elb.CreateRule, &elb.CreateRuleInput{
		ListenerArn: &listener, Priority: new(int32(1)), Actions: forward(grpc), Conditions: []elbtypes.RuleCondition{{Field: new("path-pattern"), Values: []string{"/pkg.*"}}},
	})
	fake := w.started()
	fake.serve(t, 30081, http.HandlerFunc(echo))
	fake.serve(t, 30082, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/grpc")
		w.Header().Set("Trailer", "Grpc-Status")
		_, _ = io.Copy(w, r.Body)
		w.Header().Set("Grpc-Status", "0")
	}))
	for _, group := range []string{h2, grpc} {
		if got := w.health(group); !slices.Equal(got, []string{"healthy", "healthy"}) {
			t.Errorf("health: %v", got)
		}
	}
	client := w.client("", host+":443", &tls.Config{RootCAs: pool(t, certificate.pem)})
	response := get(t, client, "https://m.example.com/")
	if response.proto != "HTTP/2.0" || response.header.Get("Got-Proto") != "HTTP/2.0" || response.header.Get("Got-X-Forwarded-Proto") != "https" {
		t.Errorf("%s, %v", response.proto, response.header)
	}
	call := send(t, client, http.MethodPost, "https://m.example.com/pkg.Service/Method", "\x00\x00\x00\x00\x00", map[string]string{"Content-Type": "application/grpc", "Te": "trailers"})
	if len(call.body) != 5 || call.trailer.Get("Grpc-Status") != "0" {
		t.Errorf("body %q, trailer %v", call.body, call.trailer)
	}
}

func TestTargetHealth(t *testing.T) {
	t.Parallel()
	w := newDataWorld(t)
	lb, host := w.front(elbtypes.LoadBalancerSchemeEnumInternetFacing, 80)
	empty := w.targetGroup("empty")
	listener := w.listener(lb, 80, forward(empty))
	client := w.client("", host+":80", nil)
	if got := get(t, client, "http://"+host+"/"); got.status != http.StatusServiceUnavailable || !strings.Contains(got.body, "503 Service Temporarily Unavailable") {
		t.Errorf("a group without targets: %d %s", got.status, got.body)
	}
	group, _ := w.nodePort(30080, nil)
	if got := w.health(group); !slices.Equal(got, []string{"unused Target.NotInUse", "unused Target.NotInUse"}) {
		t.Errorf("health of a group that nothing uses: %v", got)
	}
	do(w.world, w.elb.ModifyListener, &elb.ModifyListenerInput{ListenerArn: &listener, DefaultActions: forward(group)})
	fake := w.started()
	fake.serve(t, 30080, http.NotFoundHandler())
	if got := w.health(group); !slices.Equal(got, []string{"unhealthy Target.ResponseCodeMismatch", "unhealthy Target.ResponseCodeMismatch"}) {
		t.Errorf("health with another code: %v", got)
	}
	do(w.world, w.elb.ModifyTargetGroup, &elb.ModifyTargetGroupInput{TargetGroupArn: &group, Matcher: &elbtypes.Matcher{HttpCode: new("200,400-410")}})
	w.until(func() bool { return slices.Equal(w.health(group), []string{"healthy", "healthy"}) })

	// What is set behind the sandbox's back holds against every health check.
	target := *do(w.world, w.elb.DescribeTargetHealth, &elb.DescribeTargetHealthInput{TargetGroupArn: &group}).TargetHealthDescriptions[0].Target.Id
	object := aws.Object{Account: "123456789012", Region: "eu-west-1", Kind: "elb.target_group", ID: group}
	for field, value := range map[string]string{"State": "unhealthy", "Reason": "Elb.InternalError"} {
		if err := w.sandbox.AWS.Mutate(aws.Field{Object: object, Path: "/Targets/" + target + ":30080/Health/" + field, Value: value}); err != nil {
			t.Fatal(err)
		}
	}
	if got := w.health(group); !slices.Contains(got, "unhealthy Elb.InternalError") || !slices.Contains(got, "healthy") {
		t.Errorf("health after a change: %v", got)
	}
	for range 4 {
		if got := get(t, client, "http://"+host+"/"); got.status != http.StatusNotFound {
			t.Errorf("%d", got.status)
		}
	}
}

// TestBalancerEarlyAnswer has a target that refuses a body before it has read it: over HTTP/1.1 the answer says that the
// connection ends, and one that comes after the whole body does not.
func TestBalancerEarlyAnswer(t *testing.T) {
	t.Parallel()
	w := newDataWorld(t)
	lb, host := w.front(elbtypes.LoadBalancerSchemeEnumInternetFacing, 80, 443)
	group, _ := w.nodePort(30080, nil)
	w.listener(lb, 80, forward(group))
	certificate := issue(t, ec(t, elliptic.P256()), nil, nil, "m.example.com")
	w.secure(lb, "ELBSecurityPolicy-TLS13-1-2-Res-PQ-2025-09", forward(group), w.imported(certificate))
	w.started().serve(t, 30080, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/patient" {
			_, _ = io.Copy(io.Discard, r.Body)
		}
		w.WriteHeader(http.StatusUnauthorized)
	}))
	// More than the buffers of sockets take.
	large := strings.Repeat("x", 32<<20)
	plain, secure := w.client("", host+":80", nil), w.client("", host+":443", &tls.Config{RootCAs: pool(t, certificate.pem)})
	for range 2 {
		for _, tc := range []struct {
			client  *http.Client
			url     string
			proto   string
			closing bool
		}{
			{plain, "http://" + host + "/hasty", "HTTP/1.1", true},
			{plain, "http://" + host + "/patient", "HTTP/1.1", false},
			{secure, "https://m.example.com/hasty", "HTTP/2.0", false},
		} {
			request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, tc.url, strings.NewReader(large))
			if err != nil {
				t.Fatal(err)
			}
			response, err := tc.client.Do(request)
			if err != nil {
				t.Fatalf("%s: %v", tc.url, err)
			}
			_, err = io.Copy(io.Discard, response.Body)
			_ = response.Body.Close()
			if err != nil || response.StatusCode != http.StatusUnauthorized || response.Proto != tc.proto || response.Close != tc.closing {
				t.Errorf("%s: %s %d, closing %t, %v; want closing %t", tc.url, response.Proto, response.StatusCode, response.Close, err, tc.closing)
			}
		}
	}
}
