// Package sandboxtest starts sandboxes for tests.
package sandboxtest

import (
	"net/url"
	"testing"

	"github.com/modelserving/terraform-provider-serving/internal/sandbox"
	"github.com/modelserving/terraform-provider-serving/internal/sandbox/aws"
	"github.com/modelserving/terraform-provider-serving/internal/sandbox/gcp"
)

// Sandbox is a sandbox that serves until its test ends.
type Sandbox struct {
	// Server has the clouds and, through them, the admin operations: Server.AWS.Census() and so on.
	*sandbox.Server
	// URL is where it serves.
	URL string
}

// Proxy is the sandbox as an HTTP proxy for somebody at a place in the simulated world, as control.ParsePlace reads it: "" is the
// Internet. Through it, load balancers and clusters answer under their real names.
func (s *Sandbox) Proxy(t testing.TB, place string) *url.URL {
	t.Helper()
	proxy, err := url.Parse(s.URL)
	if err != nil {
		t.Fatal(err)
	}
	if place != "" {
		proxy.User = url.User(place)
	}
	return proxy
}

// Option changes how a sandbox starts.
type Option func(*sandbox.Config)

// WithAWS lets a test set up the simulated AWS.
func WithAWS(change func(*aws.Config)) Option {
	return func(c *sandbox.Config) { change(&c.AWS) }
}

// WithGCP lets a test set up the simulated Google Cloud.
func WithGCP(change func(*gcp.Config)) Option {
	return func(c *sandbox.Config) { change(&c.GCP) }
}

// WithStateDir keeps the state in a directory.
func WithStateDir(dir string) Option {
	return func(c *sandbox.Config) { c.StateDir = dir }
}

// Start serves a sandbox without delays on a free loopback port.
func Start(t testing.TB, options ...Option) *Sandbox {
	t.Helper()
	var config sandbox.Config
	for _, option := range options {
		option(&config)
	}
	server, err := sandbox.New(config)
	if err != nil {
		t.Fatalf("start sandbox: %v", err)
	}
	url, err := server.Listen("127.0.0.1:0")
	if err != nil {
		t.Fatalf("start sandbox: %v", err)
	}
	t.Cleanup(func() {
		if err := server.Close(); err != nil {
			t.Errorf("close sandbox: %v", err)
		}
	})
	return &Sandbox{Server: server, URL: url}
}
