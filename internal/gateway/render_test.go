package gateway_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	discoveryv3 "github.com/envoyproxy/go-control-plane/envoy/service/discovery/v3"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"

	"github.com/modelserving/terraform-provider-serving/internal/gateway"
	"github.com/modelserving/terraform-provider-serving/internal/serving"
)

var update = flag.Bool("update", false, "write the golden files anew")

// one has a server of each mode, with settings of each kind.
func one() gateway.Config {
	m := &model{host: "model.serving.svc.cluster.local.:8000"}
	key := headerAuth("app", appToken)
	key.Header = "X-API-Key"
	jwt := serving.Auth{Mode: serving.AuthJWT, JWT: &serving.JWT{
		Issuer: "https://accounts.example.com", Audiences: []string{"models"}, JWKSURL: "https://accounts.example.com/jwks.json",
	}}
	return gateway.Config{
		Version: "v7", Dir: "/etc/serving-gateway", Port: 8080, AdminPath: "/tmp/admin", TrustedHops: 1, MaxHeapBytes: 1 << 30,
		Servers: []gateway.Server{
			server("open", m, noAuth, func(s *gateway.Server) { s.Path = "/team/open"; s.TimeoutSeconds = 60 }),
			server("basic", m, headerAuth("app", appToken, "ci", ciToken)),
			server("key", m, key, limited(1000)),
			server("body", m, bodyAuth("app", appToken), func(s *gateway.Server) { s.Protocol = serving.ProtocolHTTP1 }),
			server("jwt", m, jwt, func(s *gateway.Server) { s.Protocol = serving.ProtocolHTTP2 }),
		},
	}
}

// readable is the text form of a file.
func readable(t *testing.T, name string, content []byte) []byte {
	t.Helper()
	if filepath.Ext(name) == ".json" {
		return content
	}
	var m discoveryv3.DiscoveryResponse
	if err := proto.Unmarshal(content, &m); err != nil {
		t.Fatal(err)
	}
	text, err := protojson.MarshalOptions{UseProtoNames: true}.Marshal(&m)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// TestGolden holds the files to text that people can review, whatever form Envoy
// reads them in.
func TestGolden(t *testing.T) {
	t.Parallel()
	files, err := gateway.Render(one())
	if err != nil {
		t.Fatal(err)
	}
	files["bootstrap.json"], err = gateway.Bootstrap(one())
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range files {
		var indented bytes.Buffer
		if err := json.Indent(&indented, readable(t, name, text), "", "  "); err != nil {
			t.Fatal(err)
		}
		indented.WriteByte('\n')
		path := filepath.Join("testdata", strings.TrimSuffix(name, filepath.Ext(name))+".json")
		if *update {
			if err := os.WriteFile(path, indented.Bytes(), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(indented.Bytes(), want) {
			t.Errorf("%s differs from its golden file: see what changed with \"go test ./internal/gateway -run TestGolden -update\" and git diff", name)
		}
	}
}

// TestSameBytes holds that the order of servers does not matter, and that only
// routes hold tokens.
func TestSameBytes(t *testing.T) {
	t.Parallel()
	first, err := gateway.Render(one())
	if err != nil {
		t.Fatal(err)
	}
	for range 20 {
		c := one()
		slices.Reverse(c.Servers)
		again, err := gateway.Render(c)
		if err != nil {
			t.Fatal(err)
		}
		for name := range first {
			if !bytes.Equal(first[name], again[name]) {
				t.Fatalf("%s differs from one rendering to the next", name)
			}
		}
	}
	boot, err := gateway.Bootstrap(one())
	if err != nil {
		t.Fatal(err)
	}
	first["bootstrap.json"] = boot
	for name, text := range first {
		if has := bytes.Contains(text, []byte(appToken)); has != (name == gateway.FileRoutes) {
			t.Errorf("%s holds a token: %t", name, has)
		}
	}
	bare := one()
	bare.Servers = nil
	without, err := gateway.Render(bare)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(without[gateway.FileListeners], first[gateway.FileListeners]) {
		t.Error("the listener depends on the servers, so that a new one would drain connections")
	}
}

func TestRefusedConfig(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		change func(*gateway.Config)
		want   string
	}{
		"short token":  {func(c *gateway.Config) { c.Servers[1].Auth = headerAuth("app", "short-secret") }, "auth.tokens.app.value_wo: Token is too short"},
		"mode":         {func(c *gateway.Config) { c.Servers[1].Auth.Mode = "" }, "Invalid authentication mode"},
		"overlap":      {func(c *gateway.Config) { c.Servers[1].Path = "/team" }, "Path overlaps"},
		"same name":    {func(c *gateway.Config) { c.Servers[1].Name = "open" }, "Two servers have one name"},
		"unknown":      {func(c *gateway.Config) { c.Servers[1].Unknown = serving.Unknown{"auth.mode": true} }, "is not known yet"},
		"no upstream":  {func(c *gateway.Config) { c.Servers[1].Upstream = "" }, "is not host:port"},
		"bad upstream": {func(c *gateway.Config) { c.Servers[1].Upstream = "a b:80" }, "is not host:port"},
		"bad port":     {func(c *gateway.Config) { c.Servers[1].Upstream = "a:70000" }, "is not host:port"},
		"version":      {func(c *gateway.Config) { c.Version = "%REQ(authorization)%" }, "the version"},
		"no directory": {func(c *gateway.Config) { c.Dir = "" }, "no directory"},
		"listen port":  {func(c *gateway.Config) { c.Port = 65536 }, "the port 65536"},
	} {
		config := one()
		c.change(&config)
		for kind, render := range map[string]func() error{
			"files":     func() error { _, err := gateway.Render(config); return err },
			"bootstrap": func() error { _, err := gateway.Bootstrap(config); return err },
		} {
			if err := render(); err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "short-secret") {
				t.Errorf("%s: %s: %v, want %q", name, kind, err, c.want)
			}
		}
	}
}
