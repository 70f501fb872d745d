package gateway_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/modelserving/terraform-provider-serving/internal/gateway"
	"github.com/modelserving/terraform-provider-serving/internal/serving"
)

// hex is a token as "openssl rand -hex 32" makes it.
func hex(i int) string { return fmt.Sprintf("%064x", i) }

// fleet has n servers with two tokens each, as people name them.
func fleet(n int, m *model, mode serving.AuthMode) []gateway.Server {
	var all []gateway.Server
	for i := range n {
		auth := serving.Auth{Mode: mode}
		switch mode {
		case serving.AuthHeader, serving.AuthBody:
			auth.Tokens = tokens("app", hex(2*i), "ci", hex(2*i+1))
		case serving.AuthJWT:
			auth.JWT = &serving.JWT{Issuer: "https://accounts.example.com", Audiences: []string{"models"}, JWKSURL: "https://accounts.example.com/.well-known/jwks.json"}
		}
		all = append(all, server(fmt.Sprintf("fraud-detection-%04d", i), m, auth))
	}
	return all
}

// TestSizes holds what 1,000 servers take of the Secrets, in percent.
func TestSizes(t *testing.T) {
	t.Parallel()
	config := one()
	for mode, most := range map[serving.AuthMode]int{serving.AuthNone: 40, serving.AuthHeader: 75, serving.AuthBody: 95, serving.AuthJWT: 70} {
		config.Servers = fleet(1000, &model{host: gateway.ServiceUpstream("fraud-detection-0000", "serving", 8000)}, mode)
		files, err := gateway.Render(config)
		if err != nil {
			t.Error(err)
			continue
		}
		var sizes [gateway.Secrets]int
		for name, content := range files {
			sizes[gateway.SecretOf(name)] += len(content)
			t.Logf("%s: %s has %d bytes", mode, name, len(content))
		}
		for i, size := range sizes {
			if size*100 > most*gateway.MaxSecretBytes {
				t.Errorf("mode %s: Secret %d has %d bytes, which is over %d %%", mode, i, size, most)
			}
		}
	}
}

// TestTooLarge has more servers than fit, by their routes and by what else they
// need.
func TestTooLarge(t *testing.T) {
	t.Parallel()
	m := &model{host: gateway.ServiceUpstream("fraud-detection-0000", "serving", 8000)}
	for mode, n := range map[serving.AuthMode]int{serving.AuthHeader: 2000, serving.AuthNone: 4000} {
		config := one()
		config.Servers = fleet(n, m, mode)
		files, err := gateway.Render(config)
		var size *gateway.SizeError
		if !errors.As(err, &size) || files != nil {
			t.Fatalf("mode %s: %d files, error %v", mode, len(files), err)
		}
		if size.Servers != n || size.Bytes <= size.Limit || size.Limit != gateway.MaxSecretBytes {
			t.Errorf("mode %s: %+v", mode, size)
		}
		want := fmt.Sprintf("the configuration of %d model servers does not fit: %d of 1048576 bytes", n, size.Bytes)
		if !strings.Contains(err.Error(), want) {
			t.Errorf("mode %s: %v, want %q", mode, err, want)
		}
		if _, err := config.WithVersion(); !errors.As(err, &size) {
			t.Errorf("mode %s: a version is given to what does not fit: %v", mode, err)
		}
	}
}

// TestManyServers holds that a configuration is live soon, however large.
func TestManyServers(t *testing.T) {
	t.Parallel()
	m := runModel(t, "many")
	e := start(t, gateway.Config{Servers: []gateway.Server{server("first", m, noAuth)}})
	for _, n := range []int{10, 100, 1000} {
		servers := fleet(n, m, serving.AuthHeader)
		began := time.Now()
		e.reload(fmt.Sprintf("n%d", n), servers...)
		t.Logf("%d servers are live in %s", n, time.Since(began).Round(time.Millisecond))
		last := servers[n-1].Name
		e.try(t, m, call{path: "/" + last, headers: []string{"Authorization: Bearer " + hex(2*n-1)}, status: 200, server: last, client: "ci", reason: "token"})
	}
}
