package kube

import (
	"context"
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/modelserving/terraform-provider-serving/internal/serving"
	"github.com/modelserving/terraform-provider-serving/internal/stack"
)

// gatewaySettled observes a cluster and expects no drift.
func (c *client) gatewaySettled(t testing.TB, spec GatewaySpec) *Gateway {
	t.Helper()
	report, g, err := c.observeGateway(spec)
	must(t, err)
	if d := drift(report); d != "" {
		t.Errorf("drift: %s", d)
	}
	return g
}

// TestGatewayLife turns a gateway on, changes it and turns it off.
func TestGatewayLife(t *testing.T) {
	w := newWorld(t)
	c := w.client()
	spec := testGateway()
	spec.DevicePlugin = true
	start := time.Now()
	must(t, c.ensureGateway(spec))
	t.Logf("create: %s, %d reads, %d writes", time.Since(start).Round(time.Millisecond), c.calls.reads(), len(c.calls.writes()))
	c.gatewaySettled(t, spec)
	c.calls.reset()
	start = time.Now()
	must(t, c.ensureGateway(spec))
	t.Logf("nothing to do: %s, %d reads", time.Since(start).Round(time.Millisecond), c.calls.reads())
	if writes := c.calls.writes(); len(writes) > 0 {
		t.Errorf("a second apply writes: %v", writes)
	}
	c.calls.reset()
	c.gatewaySettled(t, spec)
	t.Logf("plan: %d reads", c.calls.reads())
	if writes := c.calls.writes(); len(writes) > 0 {
		t.Errorf("a plan writes: %v", writes)
	}
	api, err := c.API(w.access())
	must(t, err)
	facts, err := api.facts(LiveReads(t.Context()))
	must(t, err)
	if want := testFacts(serving.Private); facts.URL != want.URL || facts.Cluster != want.Cluster || facts.Visibility != want.Visibility || facts.Pools["gpu"] != 1 {
		t.Errorf("the facts are %+v", facts)
	}
	pods := func() int64 {
		n, _, _ := unstructured.NestedInt64(w.get(gatewayPlace).Object, "status", "readyReplicas")
		return n
	}
	for _, change := range []struct {
		name string
		to   func(*GatewaySpec)
		pods int64
	}{
		{"more pods", func(s *GatewaySpec) { s.MinReplicas, s.MaxReplicas = 2, 2 }, 2},
		{"autoscaler", func(s *GatewaySpec) { s.MaxReplicas = 4 }, 2},
		{"higher bounds", func(s *GatewaySpec) { s.MinReplicas = 3 }, 3},
		{"fixed again", func(s *GatewaySpec) { s.MinReplicas, s.MaxReplicas = 2, 2 }, 2},
		{"another image", func(s *GatewaySpec) { s.Image = "registry.example.com/envoy:2" }, 2},
		{"no plugin", func(s *GatewaySpec) { s.DevicePlugin = false }, 2},
		{"other hops", func(s *GatewaySpec) { s.TrustedHops = 2 }, 2},
	} {
		change.to(&spec)
		must(t, c.ensureGateway(spec))
		g := c.gatewaySettled(t, spec)
		if n := pods(); n < change.pods {
			t.Errorf("%s: the apply returned with %d pods", change.name, n)
		}
		wanted := serving.Gateway{Image: spec.Image, MinReplicas: spec.MinReplicas, MaxReplicas: spec.MaxReplicas}
		seen := wanted
		g.ReadBack(&seen)
		if seen != wanted {
			t.Errorf("%s: seen as %+v, wanted %+v", change.name, seen, wanted)
		}
		imported, err := api.ReadGateway(LiveReads(t.Context()))
		must(t, err)
		a, b := imported.Replicas()
		if x, y := wanted.Replicas(); a != x || b != y || imported.Image != wanted.Image || imported.Disabled {
			t.Errorf("%s: imported as %+v, wanted %+v", change.name, imported, wanted)
		}
	}
	if scaled := w.get(gatewayScaling); scaled != nil {
		t.Error("the autoscaler is still there")
	}

	// A gateway with servers is in use.
	_, err = c.CreateModelServer(within(t, 30*time.Second), server("fraud"))
	must(t, err)
	if err := api.InUse(t.Context()); err == nil || !strings.Contains(err.Error(), "fraud") {
		t.Errorf("%v", err)
	}
	must(t, c.DestroyModelServer(within(t, 30*time.Second), server("fraud")))
	must(t, api.InUse(t.Context()))
	spec.Enabled = false
	must(t, c.ensureGateway(spec))
	if left := w.ours(); strings.Join(left, " ") != "namespace/serving-models namespace/serving-system" {
		t.Errorf("left of a gateway that is off: %v", left)
	}
	if imported, err := api.ReadGateway(LiveReads(t.Context())); err != nil || !imported.Disabled {
		t.Errorf("%+v %v", imported, err)
	}
	if _, err := c.CreateModelServer(within(t, 30*time.Second), server("fraud")); err == nil || !strings.Contains(err.Error(), "has no gateway") {
		t.Errorf("%v", err)
	}
	spec.Enabled = true
	must(t, c.ensureGateway(spec))
	s, _ := c.gatewayStack(spec)
	start = time.Now()
	must(t, s.Destroy(LiveReads(within(t, time.Minute))))
	t.Logf("destroy: %s", time.Since(start).Round(time.Millisecond))
	if left := w.ours(); len(left) > 0 {
		t.Errorf("left after a destroy: %v", left)
	}
}

// ours is everything that carries the provider's label.
func (w *world) ours() []string {
	w.t.Helper()
	var list []string
	for _, kind := range []resource{configMaps, daemonSets, deployments, autoscalers, namespaces, networkPolicies, budgets, secrets, services} {
		all, err := w.admin.Resource(kind.GroupVersionResource).List(context.Background(), metav1.ListOptions{LabelSelector: labelManagedBy + "=" + fieldManager})
		must(w.t, err)
		for i := range all.Items {
			list = append(list, id(&all.Items[i]))
		}
	}
	return list
}

// TestGatewayWritesFacts asserts that facts which change at the end of an apply are
// written, and that nothing is where there is no gateway.
func TestGatewayWritesFacts(t *testing.T) {
	w := newWorld(t)
	c := w.client()
	spec, now := testGateway(), serving.Public
	spec.Facts = func() Facts { return testFacts(now) }
	s, g := c.gatewayStack(spec)
	must(t, s.Ensure(LiveReads(t.Context()), stack.Update))
	now = serving.Private
	must(t, g.WriteFacts(LiveReads(t.Context())))
	if d := drift(s.Report()); d != "" {
		t.Errorf("drift: %s", d)
	}
	if got := readFacts(w.get(factsPlace)).Visibility; got != serving.Private {
		t.Errorf("the facts say %s", got)
	}
	must(t, (*Gateway)(nil).WriteFacts(t.Context()))
}

// TestGatewayForeign: what somebody else has made is neither changed nor removed.
func TestGatewayForeign(t *testing.T) {
	w := newWorld(t)
	c := w.client()
	_, err := w.at(place{resource: namespaces}).Create(t.Context(), &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": "v1", "kind": "Namespace", "metadata": map[string]any{"name": ModelsNamespace}}}, metav1.CreateOptions{})
	must(t, err)
	if err := c.ensureGateway(testGateway()); err == nil || !strings.Contains(err.Error(), "Namespace serving-models exists and is not managed here") {
		t.Errorf("%v", err)
	}
	other := w.client()
	s, _ := other.gatewayStack(testGateway())
	s.Name = "cluster/other"
	if err := s.Ensure(LiveReads(within(t, 30*time.Second)), stack.Update); err == nil || !strings.Contains(err.Error(), "is not managed here") {
		t.Errorf("another cluster's gateway: %v", err)
	}
}

// TestEnforcement turns the network policies of the Amazon VPC CNI on.
func TestEnforcement(t *testing.T) {
	w := newWorld(t)
	c := w.client()
	spec := testGateway()
	spec.VPCCNI = true
	must(t, c.ensureGateway(spec)) // A cluster with another CNI.
	labels := map[string]any{"k8s-app": cniDaemonSet}
	agent := func(args ...any) []any {
		return []any{map[string]any{"name": "aws-node", "image": "cni:1"}, map[string]any{"name": cniContainer, "image": "agent:1", "args": args}}
	}
	for at, object := range map[place]map[string]any{
		{daemonSets, cniNamespace, cniDaemonSet}: {"apiVersion": "apps/v1", "kind": "DaemonSet", "spec": map[string]any{"selector": map[string]any{"matchLabels": labels},
			"template": map[string]any{"metadata": map[string]any{"labels": labels}, "spec": map[string]any{"containers": agent("--enable-ipv6=false", "--enable-network-policy=false")}}}},
		{configMaps, cniNamespace, cniConfigMap}: {"apiVersion": "v1", "kind": "ConfigMap", "data": map[string]any{cniControlPlane: "false", "other": "x"}},
	} {
		object["metadata"] = map[string]any{"name": at.name}
		_, err := w.at(at).Create(t.Context(), &unstructured.Unstructured{Object: object}, metav1.CreateOptions{})
		must(t, err)
	}
	report, _, err := c.observeGateway(spec)
	must(t, err)
	if n := len(report.Drift[objectEnforcement]); n != 2 {
		t.Errorf("drift: %s", drift(report))
	}
	must(t, c.ensureGateway(spec))
	c.gatewaySettled(t, spec)
	data, _, _ := unstructured.NestedStringMap(w.get(place{configMaps, cniNamespace, cniConfigMap}).Object, "data")
	if data[cniControlPlane] != "true" || data["other"] != "x" {
		t.Errorf("%v", data)
	}
	containers, _, _ := unstructured.NestedSlice(w.get(place{daemonSets, cniNamespace, cniDaemonSet}).Object, "spec", "template", "spec", "containers")
	if args, _, _ := unstructured.NestedStringSlice(containers[1].(map[string]any), "args"); strings.Join(args, " ") != "--enable-ipv6=false --enable-network-policy=true" {
		t.Errorf("%v", args)
	}
	s, _ := c.gatewayStack(spec)
	must(t, s.Destroy(LiveReads(within(t, time.Minute))))
	if w.get(place{daemonSets, cniNamespace, cniDaemonSet}) == nil {
		t.Error("a destroy removed the CNI")
	}
}
