package gateway_test

import (
	"regexp"
	"slices"
	"testing"

	"github.com/modelserving/terraform-provider-serving/internal/gateway"
	"github.com/modelserving/terraform-provider-serving/internal/serving"
)

// TestWithVersion holds that a version stands for the contents, whole and alone.
func TestWithVersion(t *testing.T) {
	t.Parallel()
	version := func(change func(*gateway.Config)) string {
		t.Helper()
		c := one()
		change(&c)
		named, err := c.WithVersion()
		if err != nil {
			t.Fatal(err)
		}
		if _, err := gateway.Render(named); err != nil {
			t.Fatal(err)
		}
		return named.Version
	}
	first := version(func(*gateway.Config) {})
	if !regexp.MustCompile(`^[0-9a-f]{16}$`).MatchString(first) {
		t.Errorf("the version is %q", first)
	}
	for name, change := range map[string]func(*gateway.Config){
		"again":         func(*gateway.Config) {},
		"other order":   func(c *gateway.Config) { slices.Reverse(c.Servers) },
		"other version": func(c *gateway.Config) { c.Version = "v8" },
	} {
		if got := version(change); got != first {
			t.Errorf("%s: %s, want %s", name, got, first)
		}
	}
	seen := map[string]string{first: "nothing"}
	for name, change := range map[string]func(*gateway.Config){
		"token":    func(c *gateway.Config) { c.Servers[1].Auth = headerAuth("app", other) },
		"name":     func(c *gateway.Config) { c.Servers[1].Auth = headerAuth("new", appToken) },
		"path":     func(c *gateway.Config) { c.Servers[0].Path = "/open" },
		"upstream": func(c *gateway.Config) { c.Servers[0].Upstream = "other:80" },
		"audience": func(c *gateway.Config) {
			c.Servers[4].Auth.JWT = &serving.JWT{Issuer: "https://accounts.example.com", Audiences: []string{"other"}, JWKSURL: "https://accounts.example.com/jwks.json"}
		},
		"hops":       func(c *gateway.Config) { c.TrustedHops = 2 },
		"no servers": func(c *gateway.Config) { c.Servers = nil },
	} {
		got := version(change)
		if twin, twice := seen[got]; twice {
			t.Errorf("a change of %s makes the version %s, like a change of %s", name, got, twin)
		}
		seen[got] = name
	}
	bad := one()
	bad.Servers[0].Upstream = ""
	if named, err := bad.WithVersion(); err == nil {
		t.Errorf("what cannot be rendered is named %q", named.Version)
	}
}
