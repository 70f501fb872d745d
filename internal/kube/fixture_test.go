package kube

import (
	"context"
	"encoding/json"
	"maps"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/kubernetes"

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
	c := emptied(t)
	admin, err := dynamic.NewForConfig(c.Config(c.AdminToken))
	if err != nil {
		t.Fatal(err)
	}
	lastClient = c.Client(t)
	return &world{Cluster: c, t: t, admin: admin}
}

// used says that a test has been here before.
var used atomic.Bool

// emptied is the cluster without what an earlier test has made. Pods that end in
// peace take longer than a test has.
func emptied(t testing.TB) *kubetest.Cluster {
	if !used.Swap(true) {
		return kubetest.Shared(t)
	}
	ctx, cancel := context.WithCancel(context.Background())
	var all sync.WaitGroup
	all.Go(func() {
		for ctx.Err() == nil {
			endPods(ctx, lastClient)
			select {
			case <-ctx.Done():
			case <-time.After(200 * time.Millisecond):
			}
		}
	})
	defer all.Wait()
	defer cancel()
	return kubetest.Shared(t)
}

var lastClient kubernetes.Interface

func endPods(ctx context.Context, client kubernetes.Interface) {
	now := int64(0)
	for _, namespace := range []string{SystemNamespace, ModelsNamespace, "default"} {
		_ = client.CoreV1().Pods(namespace).DeleteCollection(ctx, metav1.DeleteOptions{GracePeriodSeconds: &now}, metav1.ListOptions{})
	}
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
	ctx, cancel := context.WithTimeout(LiveReads(context.Background()), time.Minute)
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
