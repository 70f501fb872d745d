// Package sandbox serves simulated clouds on loopback, so that anybody can plan, apply, break and destroy a cluster without an
// account. Only tests and the sandbox's own command use it.
package sandbox

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/modelserving/terraform-provider-serving/internal/sandbox/aws"
	"github.com/modelserving/terraform-provider-serving/internal/sandbox/gcp"
)

// Config is how a sandbox starts. The zero value has no delays and keeps nothing.
type Config struct {
	// AWS is the simulated AWS cloud. Its StateFile is set from StateDir, and clusters run for real unless Kubernetes says how.
	AWS aws.Config
	// GCP is the simulated Google Cloud, likewise.
	GCP gcp.Config
	// StateDir keeps the state between runs; empty keeps it in memory.
	StateDir string
}

// Server is a running or mountable sandbox.
type Server struct {
	// AWS and GCP are the clouds behind the server, for tests in the same process. Their methods are the admin API.
	AWS *aws.Cloud
	GCP *gcp.Cloud

	handler http.Handler
	http    *http.Server
}

// New makes a sandbox that does not listen yet.
func New(config Config) (*Server, error) {
	if config.StateDir != "" {
		if err := os.MkdirAll(config.StateDir, 0o700); err != nil {
			return nil, fmt.Errorf("make state directory: %w", err)
		}
		config.AWS.StateFile = filepath.Join(config.StateDir, "aws.json")
		config.GCP.StateFile = filepath.Join(config.StateDir, "gcp.json")
	}
	if config.AWS.Kubernetes == nil {
		config.AWS.Kubernetes = runKubernetes
	}
	if config.GCP.Kubernetes == nil {
		config.GCP.Kubernetes = runKubernetes
	}
	amazon, err := aws.New(config.AWS)
	if err != nil {
		return nil, fmt.Errorf("make simulated AWS: %w", err)
	}
	google, err := gcp.New(config.GCP)
	if err != nil {
		amazon.Close()
		return nil, fmt.Errorf("make simulated Google Cloud: %w", err)
	}
	s := &Server{AWS: amazon, GCP: google}
	admin := http.StripPrefix("/_sandbox", s.admin())
	// No ServeMux here: it would clean paths such as /tags/arn%3A..., which are part of a signature.
	s.handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.Method == http.MethodConnect:
			s.connect(w, r)
		case r.URL.IsAbs() && !ownHost(r.URL.Hostname()):
			s.relay(w, r)
		case strings.HasPrefix(r.URL.Path, "/_sandbox/"):
			admin.ServeHTTP(w, r)
		case gcp.Serves(r.URL.Path):
			google.ServeHTTP(w, r)
		default:
			amazon.ServeHTTP(w, r)
		}
	})
	return s, nil
}

// Handler serves the clouds and, under /_sandbox/, the admin API. To clients that use it as a proxy it is the way into the
// simulated networks.
func (s *Server) Handler() http.Handler { return s.handler }

// Listen starts serving on a loopback address such as "127.0.0.1:4510" and returns the URL. Port 0 picks a free one.
func (s *Server) Listen(address string) (string, error) {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return "", fmt.Errorf("listen on %q: %w", address, err)
	}
	if ip := net.ParseIP(host); host != "localhost" && (ip == nil || !ip.IsLoopback()) {
		return "", fmt.Errorf("listen on %q: the sandbox has no real authentication and listens on loopback only; use 127.0.0.1", address)
	}
	listener, err := net.Listen("tcp", address)
	if err != nil {
		return "", fmt.Errorf("listen: %w", err)
	}
	s.http = &http.Server{Handler: s.handler, ReadHeaderTimeout: 10 * time.Second}
	go func() { _ = s.http.Serve(listener) }()
	return "http://" + listener.Addr().String(), nil
}

// Close stops serving. Calls that hang are cut off.
func (s *Server) Close() error {
	s.AWS.Close()
	s.GCP.Close()
	if s.http == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	if err := s.http.Shutdown(ctx); err != nil {
		return s.http.Close()
	}
	return nil
}
