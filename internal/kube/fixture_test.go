package kube

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/dynamic"

	"github.com/modelserving/terraform-provider-serving/internal/sandbox/kube/kubetest"
	"github.com/modelserving/terraform-provider-serving/internal/serving"
	"github.com/modelserving/terraform-provider-serving/internal/stack"
)

func TestMain(m *testing.M) {
	podPatience = time.Second
	os.Exit(kubetest.Main(m))
}

var testClusterID = serving.ID{Cloud: serving.AWS, Region: "us-west-2", Name: "prod"}

const (
	testNodePort = 30080
	testURL      = "https://models.example.com"

	tokenA = "first-token-0123456789abcdef"
	tokenB = "second-token-0123456789abcdef"
	// secretValue is that of a secret variable.
	secretValue = "hunter2-hunter2-hunter2-hunter2"
)

// fastPoll waits as little as a busy machine lets it.
var fastPoll = stack.Poll{Min: 20 * time.Millisecond, Max: 200 * time.Millisecond}

// A world is the cluster of all tests with an administrator's client beside the
// provider.
type world struct {
	*kubetest.Cluster
	t     testing.TB
	admin dynamic.Interface
}

// newWorld is an empty cluster. Tests that use one cannot run at the same time.
func newWorld(t testing.TB) *world {
	t.Helper()
	clear := func(c *kubetest.Cluster) {
		// Pods that end in peace take longer than a test has.
		now := int64(0)
		_ = c.Client(t).CoreV1().Pods(SystemNamespace).DeleteCollection(context.Background(), metav1.DeleteOptions{GracePeriodSeconds: &now}, metav1.ListOptions{})
		_ = c.Client(t).CoreV1().Pods(ModelsNamespace).DeleteCollection(context.Background(), metav1.DeleteOptions{GracePeriodSeconds: &now}, metav1.ListOptions{})
	}
	c := sharedCluster(t, clear)
	admin, err := dynamic.NewForConfig(c.Config(c.AdminToken))
	if err != nil {
		t.Fatal(err)
	}
	return &world{Cluster: c, t: t, admin: admin}
}

var shared struct {
	sync.Mutex
	cluster *kubetest.Cluster
}

func sharedCluster(t testing.TB, clear func(*kubetest.Cluster)) *kubetest.Cluster {
	shared.Lock()
	defer shared.Unlock()
	if shared.cluster != nil {
		for _, n := range []string{SystemNamespace, ModelsNamespace} {
			_ = shared.cluster.Client(t).CoreV1().Namespaces().Delete(context.Background(), n, metav1.DeleteOptions{})
		}
		clear(shared.cluster)
	}
	shared.cluster = kubetest.Shared(t)
	return shared.cluster
}

// access is how the provider reaches the cluster.
func (w *world) access() serving.KubernetesAccess {
	return serving.KubernetesAccess{
		Cluster: testClusterID, URL: w.URL, CACertificatePEM: string(w.CACertificatePEM), ProxyURL: w.ProxyURL,
		Token: func(context.Context) (serving.KubernetesToken, error) {
			return serving.KubernetesToken{Token: serving.Token{Value: w.AdminToken}, Expires: time.Now().Add(time.Hour)}, nil
		},
	}
}

// A client is one process of the provider.
type client struct {
	*Servers
	w     *world
	calls *calls
	log   *strings.Builder
}

// client is a new process. Wrap stands between it and the cluster.
func (w *world) client(wrap ...func(http.RoundTripper) http.RoundTripper) *client {
	c := &client{w: w, calls: &calls{}, log: &strings.Builder{}}
	var mu sync.Mutex
	log := func(_ context.Context, msg string, fields ...map[string]any) {
		mu.Lock()
		defer mu.Unlock()
		fmt.Fprintln(c.log, msg, fields)
	}
	c.Servers = NewServers(func(context.Context, serving.ID) (serving.KubernetesAccess, error) { return w.access(), nil }, log, fastPoll)
	c.wrap = func(next http.RoundTripper) http.RoundTripper {
		for _, more := range wrap {
			next = more(next)
		}
		return c.calls.count(next)
	}
	return c
}

// calls counts the requests of a client.
type calls struct {
	mu    sync.Mutex
	made  map[string]int
	notes []string
}

func (c *calls) count(next http.RoundTripper) http.RoundTripper {
	return roundTripper(func(r *http.Request) (*http.Response, error) {
		c.mu.Lock()
		if c.made == nil {
			c.made = map[string]int{}
		}
		c.made[r.Method]++
		c.notes = append(c.notes, r.Method+" "+r.URL.Path)
		c.mu.Unlock()
		return next.RoundTrip(r)
	})
}

func (c *calls) reset() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.made, c.notes = nil, nil
}

func (c *calls) reads() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.made[http.MethodGet]
}

// writes are the requests that change something.
func (c *calls) writes() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(c.notes), func(n string) bool { return strings.HasPrefix(n, http.MethodGet+" ") })
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func testGateway() GatewaySpec {
	return GatewaySpec{
		Enabled: true, MinReplicas: 1, MaxReplicas: 1, NodePort: testNodePort, TrustedHops: 1,
		Facts: func() Facts { return testFacts(serving.Private) },
	}
}

func testFacts(v serving.Visibility) Facts {
	return Facts{Cluster: testClusterID, Visibility: v, URL: testURL, Pools: map[string]int64{"cpu": 0, "gpu": 1}}
}

// gatewayStack is a cluster's stack that has nothing but what is inside.
func (c *client) gatewayStack(spec GatewaySpec) (*stack.Stack, *Gateway) {
	s := &stack.Stack{Name: "cluster/prod", Log: c.Servers.log, Poll: fastPoll}
	cluster := stack.Look(s, "cluster", func(context.Context) (*string, error) { return new(string), nil })
	g := AddGateway(s, func(context.Context) (*API, error) { return c.API(c.w.access()) }, spec, cluster, nil, nil)
	return s, g
}

// ensureGateway applies the cluster.
func (c *client) ensureGateway(spec GatewaySpec) error {
	s, _ := c.gatewayStack(spec)
	ctx, cancel := context.WithTimeout(withLiveReads(context.Background()), time.Minute)
	defer cancel()
	return s.Ensure(ctx, stack.Update)
}

// observeGateway plans the cluster.
func (c *client) observeGateway(spec GatewaySpec) (*stack.Report, *Gateway, error) {
	c.forget()
	s, g := c.gatewayStack(spec)
	report, err := s.Observe(context.Background())
	return report, g, err
}

// forget is the end of what a plan has read.
func (c *client) forget() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, api := range c.apis {
		api.reader.wrote()
	}
}

// within bounds a verb.
func within(t testing.TB, d time.Duration) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), d)
	t.Cleanup(cancel)
	return ctx
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// withGateway is a world whose gateway runs.
func withGateway(t testing.TB) (*world, *client) {
	t.Helper()
	w := newWorld(t)
	c := w.client()
	must(t, c.ensureGateway(testGateway()))
	return w, c
}

// server is a model server with mode header and one token.
func server(name string) serving.ModelServer {
	return serving.ModelServer{
		Cluster: testClusterID, Name: name, TimeoutSeconds: 600, MaxBodyBytes: 1 << 20,
		Auth: serving.Auth{Mode: serving.AuthHeader, Tokens: map[string]serving.Token{"blue": {Value: tokenA}}},
		Workload: &serving.Workload{
			Image: "registry.example.com/echo:1", Port: 8000, Replicas: serving.Replicas{Min: 1, Max: 1},
			Resources: serving.Resources{CPU: "50m", Memory: "64Mi"},
		},
	}
}

// with changes a copy of a spec.
func with(spec serving.ModelServer, change func(*serving.ModelServer)) serving.ModelServer {
	spec.Auth.Tokens = maps.Clone(spec.Auth.Tokens)
	if spec.Workload != nil {
		w := *spec.Workload
		w.Env, w.SecretEnv = maps.Clone(w.Env), maps.Clone(w.SecretEnv)
		spec.Workload = &w
	}
	change(&spec)
	return spec
}

// get reads an object as the administrator, or nil.
func (w *world) get(at place) *unstructured.Unstructured {
	w.t.Helper()
	live, err := w.at(at).Get(context.Background(), at.name, metav1.GetOptions{})
	if err != nil {
		return nil
	}
	return live
}

func (w *world) at(p place) dynamic.ResourceInterface {
	if p.namespace == "" {
		return w.admin.Resource(p.GroupVersionResource)
	}
	return w.admin.Resource(p.GroupVersionResource).Namespace(p.namespace)
}

// patch changes an object behind the provider's back.
func (w *world) patch(at place, kind types.PatchType, content any) error {
	text, err := json.Marshal(content)
	if err != nil {
		return err
	}
	_, err = w.at(at).Patch(context.Background(), at.name, kind, text, metav1.PatchOptions{FieldManager: "somebody"})
	return err
}

// merge is a patch that must succeed.
func (w *world) merge(at place, content map[string]any) {
	w.t.Helper()
	must(w.t, w.patch(at, types.MergePatchType, content))
}

func drift(report *stack.Report) string {
	var lines []string
	for _, object := range names(report.Drift) {
		for _, d := range report.Drift[object] {
			lines = append(lines, object+" "+d.String())
		}
	}
	return strings.Join(lines, "\n")
}
