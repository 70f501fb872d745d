// Package kubetest runs a cluster for tests: three nodes, one token, and a proxy
// through which an ordinary client reaches it under its cloud's name.
package kubetest

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"math/big"
	"net/netip"
	"net/url"
	"sync"
	"testing"
	"time"

	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"

	"github.com/modelserving/terraform-provider-serving/internal/sandbox/kube"
)

// Host is the name of the API server's endpoint; only the proxy knows it.
const Host = "kube.example.com"

// The tokens that a cluster takes: that of an administrator, and those of people
// in a group of EKS's access policies.
const (
	AdminToken = "admin-token"
	EditToken  = "edit-token"
	ViewToken  = "view-token"
)

// A Cluster is a running one.
type Cluster struct {
	*kube.Cluster
	// URL, CACertificatePEM and AdminToken are what a client needs; it reaches
	// the URL through ProxyURL.
	URL, AdminToken, ProxyURL string
	CACertificatePEM          []byte

	proxy *connectProxy
	mu    sync.Mutex
	nodes []kube.Node
}

// Options change what Start makes; the zero value is what most tests want.
type Options struct {
	StateDir string
	// Nodes are DefaultNodes unless there are some.
	Nodes []kube.Node
	// Authenticate is for further tokens.
	Authenticate func(ctx context.Context, token string) (kube.User, error)
	Resolve      func(ctx context.Context, name string) ([]netip.Addr, error)
	MountRefresh time.Duration
	// CA is kept over restarts where a test needs it: certificate and key as PEM.
	CACertificate, CAKey []byte
}

// Start runs a cluster of the test's own. It skips the test where there is no
// kube-apiserver.
func Start(t testing.TB, options ...Options) *Cluster {
	t.Helper()
	var o Options
	if len(options) > 0 {
		o = options[0]
	}
	if !kube.Available() {
		t.Skip("no kube-apiserver to test with: run `go -C internal/tools run ./install kubernetes`")
	}
	c, err := start(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := c.Close(); err != nil {
			t.Error(err)
		}
	})
	return c
}

var shared struct {
	once    sync.Once
	cluster *Cluster
	err     error
}

// Shared is one cluster for all tests of the process, emptied for this one: tests
// that use it cannot run at the same time. Main closes it.
func Shared(t testing.TB) *Cluster {
	t.Helper()
	if !kube.Available() {
		t.Skip("no kube-apiserver to test with: run `go -C internal/tools run ./install kubernetes`")
	}
	shared.once.Do(func() { shared.cluster, shared.err = start(Options{}) })
	if shared.err != nil {
		t.Fatal(shared.err)
	}
	shared.cluster.Reset(t)
	return shared.cluster
}

// Main runs the tests and closes the shared cluster: os.Exit(kubetest.Main(m)).
func Main(m *testing.M) int {
	code := m.Run()
	if shared.cluster != nil {
		if err := shared.cluster.Close(); err != nil && code == 0 {
			code = 1
		}
	}
	return code
}

func start(o Options) (*Cluster, error) {
	c := &Cluster{URL: "https://" + Host, AdminToken: AdminToken, CACertificatePEM: o.CACertificate, nodes: o.Nodes}
	if c.nodes == nil {
		c.nodes = DefaultNodes()
	}
	key := o.CAKey
	if c.CACertificatePEM == nil {
		var err error
		if c.CACertificatePEM, key, err = NewCA(); err != nil {
			return nil, err
		}
	}
	c.Cluster = kube.New(kube.Config{
		Name: "test", CACertificate: c.CACertificatePEM, CAKey: key, Hosts: []string{Host},
		ServiceCIDR: "172.20.0.0/16", StateDir: o.StateDir, Resolve: o.Resolve, MountRefresh: o.MountRefresh,
		Nodes: c.Nodes,
		Authenticate: func(ctx context.Context, token string) (kube.User, error) {
			if user, ok := users[token]; ok {
				return user, nil
			}
			if o.Authenticate != nil {
				return o.Authenticate(ctx, token)
			}
			return kube.User{}, errors.New("no such token")
		},
	})
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	conn, err := c.DialAPI(ctx)
	if err != nil {
		_ = c.Cluster.Close()
		return nil, err
	}
	_ = conn.Close()
	if c.proxy, err = startProxy(map[string]dialer{Host + ":443": c.DialAPI}); err != nil {
		_ = c.Cluster.Close()
		return nil, err
	}
	c.ProxyURL = c.proxy.url()
	return c, nil
}

var users = map[string]kube.User{
	AdminToken: {Name: "admin", UID: "1", Groups: []string{"system:masters"}},
	EditToken:  {Name: "editor", UID: "2", Groups: []string{"eks:access:edit"}},
	ViewToken:  {Name: "viewer", UID: "3", Groups: []string{"eks:access:view"}},
}

// Close ends the cluster before its test does.
func (c *Cluster) Close() error {
	c.proxy.close()
	return c.Cluster.Close()
}

// Nodes are those that the cluster is told of.
func (c *Cluster) Nodes() []kube.Node {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.nodes
}

// SetNodes is what the cloud does when a node group changes.
func (c *Cluster) SetNodes(nodes []kube.Node) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.nodes = nodes
}

// DefaultNodes are two machines without and one with a GPU.
func DefaultNodes() []kube.Node {
	machine := func(name, address, zone, kind, pods string) kube.Node {
		return kube.Node{
			Name: name, Address: netip.MustParseAddr(address), Zone: zone, Region: "us-west-2", InstanceType: kind,
			ProviderID: "aws:///" + zone + "/i-" + name, CPU: 4, MemoryBytes: 16 << 30, PodRange: netip.MustParsePrefix(pods),
		}
	}
	gpu := machine("ip-10-0-33-10.us-west-2.compute.internal", "10.0.33.10", "us-west-2b", "g6.xlarge", "10.0.32.0/19")
	gpu.GPUs = 1
	gpu.Labels = map[string]string{"serving.example.com/pool": "gpu"}
	gpu.Taints = []kube.Taint{{Key: "nvidia.com/gpu", Value: "present", Effect: "NoSchedule"}}
	return []kube.Node{
		machine("ip-10-0-1-10.us-west-2.compute.internal", "10.0.1.10", "us-west-2a", "m7i.xlarge", "10.0.0.0/19"),
		machine("ip-10-0-33-11.us-west-2.compute.internal", "10.0.33.11", "us-west-2b", "m7i.xlarge", "10.0.32.0/19"),
		gpu,
	}
}

// Config is for an ordinary client with a token.
func (c *Cluster) Config(token string) *rest.Config {
	proxy := c.ProxyURL
	return &rest.Config{
		Host: c.URL, BearerToken: token, TLSClientConfig: rest.TLSClientConfig{CAData: c.CACertificatePEM},
		Proxy: asProxy(proxy), QPS: -1, WarningHandler: rest.NoWarnings{},
	}
}

// Client is an administrator's.
func (c *Cluster) Client(t testing.TB) kubernetes.Interface {
	t.Helper()
	client, err := kubernetes.NewForConfig(c.Config(c.AdminToken))
	if err != nil {
		t.Fatal(err)
	}
	return client
}

// NewCA makes an authority as a cloud does for each cluster, as PEM.
func NewCA() (certificate, key []byte, err error) {
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, nil, err
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "kubernetes"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().AddDate(10, 0, 0),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, private.Public(), private)
	if err != nil {
		return nil, nil, err
	}
	keyDER, err := x509.MarshalECPrivateKey(private)
	if err != nil {
		return nil, nil, err
	}
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: keyDER}), nil
}

func mustParse(text string) *url.URL {
	u, err := url.Parse(text)
	if err != nil {
		panic(err)
	}
	return u
}
