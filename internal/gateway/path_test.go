package gateway_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/modelserving/terraform-provider-serving/internal/gateway"
	"github.com/modelserving/terraform-provider-serving/internal/serving"
)

// TestPaths writes paths around the prefix of a server with a token, from that of
// one without. Each server has a model of its own, so that a request which got to
// the wrong one is seen.
func TestPaths(t *testing.T) {
	t.Parallel()
	open, secret, nested := runModel(t, "open"), runModel(t, "secret"), runModel(t, "nested")
	e := start(t, gateway.Config{Servers: []gateway.Server{
		server("open", open, noAuth), server("secret", secret, headerAuth("app", appToken)),
		server("nested", nested, noAuth, func(s *gateway.Server) { s.Path = "/team/nested.v1" }),
	}})
	for _, c := range []struct {
		path   string
		status int
		// seen is the path that the open server's model gets.
		seen string
	}{
		{"/open", 200, "/"},
		{"/open/", 200, "/"},
		{"/open?x=/secret", 200, "/"},
		{"/open/v1/predict", 200, "/v1/predict"},
		{"//open//v1", 200, "/v1"},
		{"/./open/./v1", 200, "/v1"},
		{"/x/../open/v1", 200, "/v1"},
		{"/secret/../open/v1", 200, "/v1"},
		{"/%6fpen/v1", 200, "/v1"},
		{"/open/a%20b", 200, "/a%20b"},
		{"/open/%252e%252e/secret", 200, "/%252e%252e/secret"},
		{"/open/..;/secret", 401, ""}, // As Tomcat reads it.
		{"/open/secret", 200, "/secret"},
		{"/secret", 401, ""},
		{"/secret/", 401, ""},
		{"/secret?/open", 401, ""},
		{"//secret", 401, ""},
		{"///secret//x", 401, ""},
		{"/./secret", 401, ""},
		{"/open/../secret", 401, ""},
		{"/open/./../secret/x", 401, ""},
		{"/open//../secret", 200, "/secret"}, // The dots take back the empty segment.
		{"/open/%2e%2e/secret", 401, ""},
		{"/open/%2E%2e/secret", 401, ""},
		{"/open/.%2e/secret", 401, ""},
		{"/%73ecret", 401, ""},
		{"/open/x/../../secret", 401, ""},
		{"/open/../../../secret", 401, ""},
		{"/open%2fsecret", 400, ""},
		{"/open/..%2fsecret", 400, ""},
		{"/open/%2e%2e%2fsecret", 400, ""},
		{"/open/..%5csecret", 400, ""},
		{"/open/..\\secret", 401, ""},
		{"/secret%2fx", 400, ""},
		{"%2fsecret", 400, ""},
		{"/open/%00", 400, ""},
		{"/open#/secret", 400, ""},
		{"/Secret", 404, ""},
		{"/secretx", 404, ""},
		{"/opensecret", 404, ""},
		{"/secret%20", 404, ""},
		{"/secret;x", 404, ""},
		{"/", 404, ""},
		{"/x", 404, ""},
		{"/healthz/x", 404, ""},
		{"/team", 404, ""},
		{"/team/nestedxv1", 404, ""},
		{"/openx", 404, ""},
	} {
		t.Run(c.path, func(t *testing.T) {
			t.Parallel()
			id := fmt.Sprintf("path-%d", calls.Add(1))
			// Absolute-form and a misleading Host must not make a difference.
			for _, target := range []string{c.path, "http://secret.example" + c.path} {
				if !strings.HasPrefix(c.path, "/") && target != c.path {
					continue
				}
				got := e.raw(t, "GET "+target+" HTTP/1.1\r\nHost: open\r\nX-Request-Id: "+id+"\r\nConnection: close\r\n\r\n")
				if len(got) != 1 || got[0] != c.status {
					t.Errorf("%s: %v, want %d", target, got, c.status)
				}
			}
			if s, ok := secret.saw(id); ok {
				t.Errorf("the secret model saw %+v", s)
			}
			if s, ok := open.saw(id); ok != (c.status == 200) || s.Path != c.seen {
				t.Errorf("the open model saw %q (%t), want %q", s.Path, ok, c.seen)
			}
		})
	}
}

// TestReservedPath holds that no server can take the gateway's own path.
func TestReservedPath(t *testing.T) {
	t.Parallel()
	m := &model{host: "127.0.0.1:1"}
	for _, path := range []string{serving.HealthPath, serving.HealthPath + "/x"} {
		_, err := gateway.Render(gateway.Config{Version: "v1", Dir: "/d", Port: 1, Servers: []gateway.Server{
			server("fraud", m, noAuth, func(s *gateway.Server) { s.Path = path }),
		}})
		if err == nil || !strings.Contains(err.Error(), "Path is reserved") {
			t.Errorf("%s: %v", path, err)
		}
	}
}
