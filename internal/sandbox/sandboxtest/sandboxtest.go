// Package sandboxtest starts sandboxes for tests.
package sandboxtest

import (
	"testing"

	"github.com/modelserving/terraform-provider-serving/internal/sandbox"
	"github.com/modelserving/terraform-provider-serving/internal/sandbox/aws"
)

// Sandbox is a sandbox that serves until its test ends.
type Sandbox struct {
	// Server has the cloud and, through it, the admin operations: Server.AWS.Census() and so on.
	*sandbox.Server
	// URL is where it serves.
	URL string
}

// Option changes how a sandbox starts.
type Option func(*sandbox.Config)

// WithAWS lets a test set up the simulated AWS.
func WithAWS(change func(*aws.Config)) Option {
	return func(c *sandbox.Config) { change(&c.AWS) }
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
