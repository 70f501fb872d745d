package kube

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/modelserving/terraform-provider-serving/internal/serving"
	"github.com/modelserving/terraform-provider-serving/internal/stack"
)

// left are the objects that carry a server's labels, but for pods, which take
// their time to end.
func (w *world) left(name string) []string {
	w.t.Helper()
	var list []string
	for _, kind := range []resource{configMaps, secrets, services, deployments, replicaSets, daemonSets, autoscalers, budgets, networkPolicies} {
		all, err := w.admin.Resource(kind.GroupVersionResource).List(context.Background(), metav1.ListOptions{LabelSelector: labelName + "=" + name})
		must(w.t, err)
		for i := range all.Items {
			if kind == replicaSets && all.Items[i].GetDeletionTimestamp() == nil && w.get(place{deployments, ModelsNamespace, name}) == nil {
				continue // Garbage collection has not come by yet.
			}
			list = append(list, id(&all.Items[i]))
		}
	}
	return list
}

// TestServerLife makes a server, imports it and removes it.
func TestServerLife(t *testing.T) {
	w, c := withGateway(t)
	spec := with(server("fraud"), func(s *serving.ModelServer) {
		s.Workload.SecretEnv = map[string]serving.Token{"KEY": {Value: secretValue}}
	})
	c.calls.reset()
	start := time.Now()
	_, err := c.CreateModelServer(within(t, 30*time.Second), spec)
	must(t, err)
	t.Logf("create: %s, %d reads, %d writes", time.Since(start).Round(time.Millisecond), c.calls.reads(), len(c.calls.writes()))

	c.calls.reset()
	start = time.Now()
	_, err = c.UpdateModelServer(within(t, 30*time.Second), spec)
	must(t, err)
	t.Logf("nothing to do: %s, %d reads", time.Since(start).Round(time.Millisecond), c.calls.reads())
	if writes := c.calls.writes(); len(writes) > 0 {
		t.Errorf("a second apply writes: %v", writes)
	}
	c.calls.reset()
	c.settled(t, spec)
	t.Logf("plan: %d reads", c.calls.reads())
	if writes := c.calls.writes(); len(writes) > 0 {
		t.Errorf("a plan writes: %v", writes)
	}

	_, err = w.client().CreateModelServer(within(t, 30*time.Second), spec)
	var exists *stack.ExistsError
	if !errors.As(err, &exists) {
		t.Errorf("created twice: %v", err)
	}

	imported, err := w.client().ReadModelServer(t.Context(), spec.ID())
	must(t, err)
	if len(imported.Drift) > 0 || imported.Gone {
		t.Errorf("the import has drifted: %v", imported.Drift)
	}
	c.settled(t, imported.Spec)

	call := w.caller()
	if code := call.status("/fraud", tokenA); code != http.StatusOK {
		t.Errorf("%d", code)
	}
	c.calls.reset()
	start = time.Now()
	must(t, c.DestroyModelServer(within(t, 30*time.Second), spec))
	t.Logf("destroy: %s, %d reads, %d writes", time.Since(start).Round(time.Millisecond), c.calls.reads(), len(c.calls.writes()))
	if left := w.left("fraud"); len(left) > 0 {
		t.Errorf("left: %v", left)
	}
	if code := call.status("/fraud", tokenA); code != http.StatusNotFound {
		t.Errorf("after the destroy: %d", code)
	}
	must(t, w.client().DestroyModelServer(within(t, 30*time.Second), spec))
	c.forget()
	if seen, err := c.ObserveModelServer(t.Context(), spec); err != nil || !seen.Gone {
		t.Errorf("%v %v", seen.Gone, err)
	}
	if gone, err := c.ReadModelServer(t.Context(), spec.ID()); err != nil || !gone.Gone {
		t.Errorf("%v %v", gone.Gone, err)
	}
	report, _, err := c.observeGateway(testGateway())
	must(t, err)
	if d := drift(report); d != "" {
		t.Errorf("the gateway has drifted: %s", d)
	}
}

// TestForeign: what somebody else has made under a name is left alone.
func TestForeign(t *testing.T) {
	w, c := withGateway(t)
	object := func(kind, version, name string) *unstructured.Unstructured {
		return &unstructured.Unstructured{Object: map[string]any{"apiVersion": version, "kind": kind, "metadata": map[string]any{"name": name}}}
	}
	_, err := w.at(place{secrets, ModelsNamespace, ""}).Create(t.Context(), object("Secret", "v1", "fraud"), metav1.CreateOptions{})
	must(t, err)
	_, err = w.at(place{secrets, SystemNamespace, ""}).Create(t.Context(), object("Secret", "v1", "model-server-spam"), metav1.CreateOptions{})
	must(t, err)
	spec := with(server("fraud"), func(s *serving.ModelServer) {
		s.Workload.SecretEnv = map[string]serving.Token{"KEY": {Value: secretValue}}
	})
	var foreign *stack.ForeignError
	if _, err := c.CreateModelServer(within(t, 30*time.Second), spec); !errors.As(err, &foreign) || !strings.Contains(err.Error(), "Secret serving-models/fraud") {
		t.Errorf("%v", err)
	}
	if _, err := c.CreateModelServer(within(t, 30*time.Second), server("spam")); !errors.As(err, &foreign) {
		t.Errorf("%v", err)
	}
	if _, err := c.ReadModelServer(t.Context(), server("spam").ID()); !errors.As(err, &foreign) {
		t.Errorf("%v", err)
	}
	if live := w.get(place{secrets, ModelsNamespace, "fraud"}); len(live.GetAnnotations()) > 0 || len(live.GetLabels()) > 0 {
		t.Errorf("changed: %v", live)
	}
	// Another server does not mind.
	_, err = c.CreateModelServer(within(t, 30*time.Second), server("other"))
	must(t, err)
	// One that appears between look and create is left alone as well.
	kind := objects{api: func(context.Context) (*API, error) { return c.API(w.access()) }, stack: "model_server/fraud", place: place{secrets, ModelsNamespace, "fraud"}}
	if err := kind.Create(t.Context(), "x", manifest{fields{"apiVersion": "v1", "kind": "Secret", "metadata": fields{"name": "fraud"}}}, ""); !errors.As(err, &foreign) {
		t.Errorf("%v", err)
	}
	must(t, c.DestroyModelServer(within(t, 30*time.Second), server("fraud")))
	if w.get(place{secrets, ModelsNamespace, "fraud"}) == nil {
		t.Error("a destroy removed what is somebody else's")
	}
}

// TestOnePath: of two servers that claim a path the first has it and keeps it.
func TestOnePath(t *testing.T) {
	w, c := withGateway(t)
	first, second := with(server("zeta"), at("/x")), with(server("alpha"), at("/x"))
	_, err := c.CreateModelServer(within(t, 30*time.Second), first)
	must(t, err)
	if _, err := c.CreateModelServer(within(t, 30*time.Second), second); err == nil || !strings.Contains(err.Error(), `"zeta"`) {
		t.Errorf("%v", err)
	}
	if left := w.left("alpha"); len(left) > 0 {
		t.Errorf("a server that was refused has %v", left)
	}
	if problems, err := c.PreflightModelServer(t.Context(), second); err != nil || firstError(problems) == nil {
		t.Errorf("the plan says %v %v", problems, err)
	}
	// One that slipped through, as two applies at the same moment do: its name and age
	// would put it first.
	api, err := c.API(w.access())
	must(t, err)
	kind := settingsSecrets{objects{api: func(context.Context) (*API, error) { return api, nil }, stack: serverStackName("alpha"), place: settingsPlace("alpha")}, "alpha"}
	must(t, kind.Create(t.Context(), objectSettings, settingsOf(second), ""))
	if err := api.publish.server(within(t, 30*time.Second), "alpha"); err == nil || !strings.Contains(err.Error(), `"zeta"`) {
		t.Errorf("%v", err)
	}
	if a := w.caller().post("/x", "{}", "Authorization", "Bearer "+tokenA); a.Server != "zeta" {
		t.Errorf("%d from %q", a.code, a.Server)
	}
	c.settled(t, first)
	report, _, err := c.observeGateway(testGateway())
	must(t, err)
	if d := drift(report); d != "" {
		t.Errorf("a create that has failed is the cluster's drift: %s", d)
	}
	must(t, kind.Seal(t.Context(), nil))
	report, _, err = c.observeGateway(testGateway())
	must(t, err)
	if d := drift(report); !strings.Contains(d, "the server alpha is left out") {
		t.Errorf("drift: %s", d)
	}
	_, err = c.UpdateModelServer(within(t, 30*time.Second), first)
	must(t, err)
}

// TestNoPod: a server without a healthy pod answers 503.
func TestNoPod(t *testing.T) {
	w, c := withGateway(t)
	service := with(server("fraud"), func(s *serving.ModelServer) {
		s.Workload, s.Service = nil, &serving.ServiceReference{Namespace: "default", Name: "nothing", Port: 80}
	})
	_, err := c.CreateModelServer(within(t, 30*time.Second), service)
	must(t, err)
	c.settled(t, service)
	if code := w.caller().status("/fraud", tokenA); code != http.StatusServiceUnavailable {
		t.Errorf("%d", code)
	}
	if code := w.caller().status("/fraud", tokenB); code != http.StatusUnauthorized {
		t.Errorf("a stranger learns of it: %d", code)
	}
}
