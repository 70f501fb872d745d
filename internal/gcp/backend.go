// Package gcp turns serving specs into stacks of Google Cloud objects. One file
// per kind of object says how that kind is found, compared, made, changed and
// removed; cluster.go and certificate.go say which objects there are and in what
// order.
package gcp

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/modelserving/terraform-provider-serving/internal/kube"
	"github.com/modelserving/terraform-provider-serving/internal/reads"
	"github.com/modelserving/terraform-provider-serving/internal/serving"
	"github.com/modelserving/terraform-provider-serving/internal/stack"
)

// Config is how the provider reaches Google Cloud. Everything is optional: what
// is absent comes from the usual environment and from application default
// credentials.
type Config struct {
	Project string
	Region  string
	// Credentials is the JSON of a credentials file, or the path of one.
	Credentials string
	// ImpersonateServiceAccount is the e-mail address of a service account to take
	// before anything else.
	ImpersonateServiceAccount string
	// MaxRetries bounds the attempts of one call; zero means 8.
	MaxRetries int
	// Sandbox is the URL of a simulated cloud; it replaces endpoints and
	// credentials.
	Sandbox string
	// KubernetesProxyURL is the HTTP proxy on the way to the Kubernetes APIs; empty
	// leaves that to the environment, or to the sandbox.
	KubernetesProxyURL string
	// Linger is how long an old load balancer goes on beside the one that replaces
	// it, while callers change over; zero means 5 minutes.
	Linger time.Duration
	// Version is the provider's, for the user agent.
	Version string
	// Log takes the engine's progress.
	Log stack.LogFunc
	// Poll paces waiting; the zero value is right for a cloud.
	Poll stack.Poll
}

// Backend is Google Cloud for the Terraform types.
type Backend struct {
	*kube.Servers
	cfg Config

	// writes counts those of all clients.
	writes reads.Epoch

	mu      sync.Mutex
	clients map[string]*client
	tokens  map[string]*tokenSource
	// locks hold one writer of each GKE cluster.
	locks sync.Map
}

var _ serving.Backend = (*Backend)(nil)

// New makes a backend. It does no I/O: clients are made on first use.
func New(cfg Config) *Backend {
	b := &Backend{cfg: cfg, clients: map[string]*client{}, tokens: map[string]*tokenSource{}}
	b.Servers = kube.NewServers(b.Kubernetes, cfg.Log, cfg.Poll)
	return b
}

// Cloud is Google Cloud.
func (b *Backend) Cloud() serving.Cloud { return serving.GCP }

// DefaultRegion is the configured one or that of the environment.
func (b *Backend) DefaultRegion() string {
	return cmp.Or(b.cfg.Region, os.Getenv("GOOGLE_REGION"), os.Getenv("CLOUDSDK_COMPUTE_REGION"))
}

// Account is the project that everything is made in. Asking for it calls nobody.
func (b *Backend) Account(ctx context.Context, _ string) (string, error) {
	return b.project(ctx)
}

// sandboxProject is the one that a simulated cloud begins with.
const sandboxProject = "sandbox-project"

// project is the configured one, that of the environment, or that of the
// credentials.
func (b *Backend) project(ctx context.Context) (string, error) {
	named := cmp.Or(b.cfg.Project, os.Getenv("GOOGLE_PROJECT"), os.Getenv("GOOGLE_CLOUD_PROJECT"), os.Getenv("CLOUDSDK_CORE_PROJECT"))
	switch {
	case named != "":
		return named, nil
	case b.cfg.Sandbox != "":
		return sandboxProject, nil
	}
	tokens, err := b.tokenSource(b.cfg.ImpersonateServiceAccount)
	if err != nil {
		return "", err
	}
	project, err := tokens.project(ctx)
	if err != nil || project == "" {
		return "", errors.Join(errors.New("no project: set gcp.project on the provider, or GOOGLE_PROJECT"), err)
	}
	return project, nil
}

// client gives the clients of a region, the same for everyone who asks.
func (b *Backend) client(ctx context.Context, region string) (*client, error) {
	project, err := b.project(ctx)
	if err != nil {
		return nil, err
	}
	return b.clientAs(ctx, project, region, b.cfg.ImpersonateServiceAccount)
}

// clientAs gives the clients of a project and region with the credentials of a
// service account; an empty one leaves the provider's own.
func (b *Backend) clientAs(ctx context.Context, project, region, account string) (*client, error) {
	if region == "" {
		return nil, fmt.Errorf("no region: set region on the resource, gcp.region on the provider, or GOOGLE_REGION")
	}
	tokens, err := b.tokenSource(account)
	if err != nil {
		return nil, err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	key := strings.Join([]string{project, region, account}, " ")
	if c := b.clients[key]; c != nil {
		return c, nil
	}
	c := &client{
		project: project, region: region, tokens: tokens,
		servers: b.Servers, proxyURL: cmp.Or(b.cfg.KubernetesProxyURL, b.cfg.Sandbox),
		locks: &b.locks, writes: &b.writes, log: b.cfg.Log, poll: b.cfg.Poll, linger: cmp.Or(b.cfg.Linger, defaultLinger),
	}
	if err := c.open(ctx, b.httpClient(tokens)); err != nil {
		return nil, err
	}
	c.reader = newReader(c)
	b.clients[key] = c
	return c, nil
}
