package gateway_test

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/modelserving/terraform-provider-serving/internal/gateway"
	"github.com/modelserving/terraform-provider-serving/internal/serving"
)

// The tokens of the tests.
const (
	appToken = "app-token-0123456789abcdef"
	ciToken  = "ci+token/0123456789=(.*)%41"
	other    = "another-servers-token-0123"
)

func tokens(pairs ...string) map[string]serving.Token {
	all := map[string]serving.Token{}
	for i := 0; i < len(pairs); i += 2 {
		all[pairs[i]] = serving.Token{Value: pairs[i+1]}
	}
	return all
}

func server(name string, m *model, auth serving.Auth, changes ...func(*gateway.Server)) gateway.Server {
	s := gateway.Server{ModelServer: serving.ModelServer{Name: name, Auth: auth}, Upstream: m.host}
	for _, change := range changes {
		change(&s)
	}
	return s
}

func headerAuth(pairs ...string) serving.Auth {
	return serving.Auth{Mode: serving.AuthHeader, Tokens: tokens(pairs...)}
}

func bodyAuth(pairs ...string) serving.Auth {
	return serving.Auth{Mode: serving.AuthBody, Tokens: tokens(pairs...)}
}

// A call is a request of a test, and what must become of it.
type call struct {
	name    string
	method  string // POST unless given.
	path    string
	body    string
	reader  io.Reader // In place of body, sent in chunks.
	headers []string  // "Name: value".

	status int
	// server, client and reason are what the access log says; a call with a client
	// or with status 200 reaches the model, no other does.
	server, client, reason string
}

// answer is what came back, and what the model saw.
type answer struct {
	id     string
	header http.Header
	body   string
	seen   seen
}

var calls atomic.Int64

// try sends the call and holds it to what it expects: the caller's answer, the
// model's view, and the access log.
func (e *envoy) try(t *testing.T, m *model, c call) answer {
	t.Helper()
	reader := c.reader
	if reader == nil {
		reader = strings.NewReader(c.body)
	}
	method := c.method
	if method == "" {
		method = http.MethodPost
	}
	req, err := http.NewRequestWithContext(t.Context(), method, e.url+c.path, reader)
	if err != nil {
		t.Fatal(err)
	}
	id := fmt.Sprintf("call-%d", calls.Add(1))
	req.Header.Set("X-Request-Id", id)
	for _, line := range c.headers {
		name, value, _ := strings.Cut(line, ": ")
		req.Header[name] = append(req.Header[name], value)
	}
	got, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer got.Body.Close()
	text, err := io.ReadAll(got.Body)
	if err != nil {
		t.Fatal(err)
	}
	if got.StatusCode != c.status {
		t.Errorf("%s: status %d, want %d: %s", c.name, got.StatusCode, c.status, text)
	}
	entry := e.logged(id)
	decision := deny
	if admitted := c.reason == "token" || c.reason == "open" || c.reason == "jwt"; admitted {
		decision = allow
	}
	for field, want := range map[string]string{"server": c.server, "client": c.client, "reason": c.reason, "decision": decision} {
		value, _ := entry[field].(string)
		if value != want {
			t.Errorf("%s: the access log has %s %q, want %q: %v", c.name, field, value, want, entry)
		}
	}
	s, reached := m.saw(id)
	if reached != (c.status == http.StatusOK) {
		t.Errorf("%s: reached the model: %t, answered %d", c.name, reached, got.StatusCode)
	}
	if reached && s.Header.Get("X-Serving-Client") != c.client {
		t.Errorf("%s: the model saw the client %q, want %q", c.name, s.Header["X-Serving-Client"], c.client)
	}
	return answer{id: id, header: got.Header, body: string(text), seen: s}
}

const (
	allow = "allow"
	deny  = "deny"
)

// raw sends bytes on a connection of its own and reads the status of each answer
// until the gateway closes it or is silent; a gateway that says it closes has said
// all.
func (e *envoy) raw(t *testing.T, text string) []int {
	t.Helper()
	conn, err := net.Dial("tcp", e.addr)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if _, err := io.WriteString(conn, text); err != nil {
		t.Fatal(err)
	}
	var statuses []int
	in := bufio.NewReader(conn)
	for patience := 10 * time.Second; ; patience = 500 * time.Millisecond {
		_ = conn.SetReadDeadline(time.Now().Add(patience))
		got, err := http.ReadResponse(in, nil)
		if err != nil {
			return statuses
		}
		statuses = append(statuses, got.StatusCode)
		_, _ = io.Copy(io.Discard, got.Body)
		got.Body.Close()
		if got.Close {
			return statuses
		}
	}
}

func decoded(t *testing.T, text string) map[string]any {
	t.Helper()
	var value map[string]any
	if err := json.Unmarshal([]byte(text), &value); err != nil {
		t.Fatalf("%v: %s", err, text)
	}
	return value
}
