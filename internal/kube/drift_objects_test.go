package kube

import (
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/modelserving/terraform-provider-serving/internal/serving"
	"github.com/modelserving/terraform-provider-serving/internal/stack"
)

// TestDeletedObjects deletes each object of the gateway and of a server: it is
// told, and made again.
func TestDeletedObjects(t *testing.T) {
	w := newWorld(t)
	w.gpuNodes()
	c := w.client()
	gateway := testGateway()
	gateway.DevicePlugin, gateway.MaxReplicas = true, 2
	must(t, c.ensureGateway(gateway))
	spec := with(server("fraud"), func(s *serving.ModelServer) {
		s.Workload.SecretEnv = map[string]serving.Token{"KEY": {Value: secretValue}}
		s.Workload.Replicas.Max = 2
	})
	_, err := c.CreateModelServer(within(t, 30*time.Second), spec)
	must(t, err)
	in := func(kind resource) place { return place{kind, ModelsNamespace, "fraud"} }
	now := int64(0)
	remove := func(at place) {
		background := metav1.DeletePropagationBackground
		must(t, w.at(at).Delete(t.Context(), at.name, metav1.DeleteOptions{PropagationPolicy: &background, GracePeriodSeconds: &now}))
	}
	for object, at := range map[string]place{
		objectEnvironment: in(secrets), objectDeployment: in(deployments), objectServerService: in(services), objectServerScaling: in(autoscalers),
		objectServerBudget: in(budgets), objectServerPolicy: in(networkPolicies), objectSettings: settingsPlace("fraud"),
	} {
		remove(at)
		c.forget()
		seen, err := c.ObserveModelServer(t.Context(), spec)
		must(t, err)
		if !strings.Contains(strings.Join(seen.Drift[object], "\n"), "does not exist") || seen.Gone {
			t.Errorf("%s: %v", object, seen.Drift)
		}
		_, err = c.UpdateModelServer(within(t, 30*time.Second), spec)
		must(t, err)
		c.settled(t, spec)
	}
	for object, at := range map[string]place{
		objectFacts: factsPlace, objectBootstrap: {configMaps, SystemNamespace, gatewayName}, objectGateway: gatewayPlace, objectService: {services, SystemNamespace, gatewayName},
		objectAutoscaler: gatewayScaling, objectBudget: {budgets, SystemNamespace, gatewayName}, objectPolicy: {networkPolicies, SystemNamespace, gatewayName},
		objectDevicePlugin: {daemonSets, pluginNamespace, pluginName}, objectConfiguration: indexPlace,
	} {
		remove(at)
		report, _, err := c.observeGateway(gateway)
		must(t, err)
		if len(report.Drift[object]) == 0 {
			t.Errorf("%s: %s", object, drift(report))
		}
		must(t, c.ensureGateway(gateway))
		c.gatewaySettled(t, gateway)
	}
	if code := w.caller().status("/fraud", tokenA); code != http.StatusOK {
		t.Errorf("%d", code)
	}
}

// TestTampering is about what no manifest of server-side apply has: values of
// Secrets, the gateway's configuration, marks.
func TestTampering(t *testing.T) {
	w, c := withGateway(t)
	spec := with(server("fraud"), func(s *serving.ModelServer) {
		s.Workload.SecretEnv = map[string]serving.Token{"KEY": {Value: secretValue}}
	})
	_, err := c.CreateModelServer(within(t, 30*time.Second), spec)
	must(t, err)
	inFraud := func(content map[string]any) func() {
		return func() { w.merge(settingsPlace("fraud"), content) }
	}
	annotations := func(key string, value any) map[string]any {
		return map[string]any{"metadata": map[string]any{"annotations": map[string]any{key: value}}}
	}
	settings := func(change func(*serving.ModelServer)) map[string]any {
		return map[string]any{"data": map[string]any{settingsKey: settingsOf(with(spec, change)).text()}}
	}
	for _, c2 := range []struct {
		name   string
		do     func()
		object string
		says   string
	}{
		{"another token", inFraud(settings(func(s *serving.ModelServer) { s.Auth.Tokens["blue"] = serving.Token{Value: tokenB} })), objectSettings, "values were changed by somebody else"},
		{"one token more", inFraud(settings(func(s *serving.ModelServer) { s.Auth.Tokens["intruder"] = serving.Token{Value: tokenB} })), objectSettings, "values were changed by somebody else"},
		{"no authentication", inFraud(settings(func(s *serving.ModelServer) { s.Auth = serving.Auth{Mode: serving.AuthNone} })), objectSettings, "values were changed by somebody else"},
		{"a key more", inFraud(map[string]any{"data": map[string]any{"x": "eA=="}}), objectSettings, "values were changed by somebody else"},
		{"no settings", inFraud(map[string]any{"data": map[string]any{settingsKey: nil}}), objectSettings, "not readable"},
		{"an interrupted destroy", inFraud(annotations(annotationRemoving, "true")), objectSettings, "interrupted destroy"},
		{"no seal", inFraud(annotations(annotationSealed, nil)), objectSettings, "interrupted apply"},
		{"no mark", inFraud(annotations(annotationStack, nil)), objectSettings, "missing model_server/fraud"},
		{"no label", inFraud(map[string]any{"metadata": map[string]any{"labels": map[string]any{labelManagedBy: nil}}}), objectSettings, "does not exist"},
		{"no mark on pods", func() { w.merge(place{deployments, ModelsNamespace, "fraud"}, annotations(annotationStack, nil)) }, objectDeployment, "missing model_server/fraud"},
		{"a variable", func() {
			w.merge(place{secrets, ModelsNamespace, "fraud"}, map[string]any{"data": map[string]any{"KEY": "eA=="}})
		}, objectEnvironment, "values were changed by somebody else"},
		{"a variable more", func() {
			w.merge(place{secrets, ModelsNamespace, "fraud"}, map[string]any{"data": map[string]any{"OTHER": "eA=="}})
		}, objectEnvironment, "variable: unexpected OTHER"},
		{"a field more than wanted", func() {
			w.merge(place{services, ModelsNamespace, "fraud"}, annotations(annotationApplied, "older"))
		}, objectServerService, "no longer wanted"},
	} {
		c2.do()
		c.forget()
		seen, err := c.ObserveModelServer(t.Context(), spec)
		must(t, err)
		if lines := strings.Join(seen.Drift[c2.object], "\n"); !strings.Contains(lines, c2.says) || strings.Contains(lines, tokenB) {
			t.Errorf("%s: %v", c2.name, seen.Drift)
		}
		if _, err = c.UpdateModelServer(within(t, 30*time.Second), spec); err != nil {
			t.Fatalf("%s: %v", c2.name, err)
		}
		c.settled(t, spec)
		call := w.caller()
		if right, wrong := call.status("/fraud", tokenA), call.status("/fraud", tokenB); right != http.StatusOK || wrong != http.StatusUnauthorized {
			t.Errorf("%s: %d and %d", c2.name, right, wrong)
		}
	}

	// Another stack's mark is not ours to take.
	w.merge(place{services, ModelsNamespace, "fraud"}, annotations(annotationStack, "model_server/other"))
	c.forget()
	var foreign *stack.ForeignError
	if _, err := c.ObserveModelServer(t.Context(), spec); !errors.As(err, &foreign) {
		t.Errorf("another's mark: %v", err)
	}
	w.merge(place{services, ModelsNamespace, "fraud"}, annotations(annotationStack, "model_server/fraud"))

	for _, c2 := range []struct {
		name string
		do   func()
		says string
	}{
		{"routes", func() {
			w.merge(place{secrets, SystemNamespace, configurationSecrets[0]}, map[string]any{"data": map[string]any{"rds.pb": "eA=="}})
		}, "rds.pb is not what the servers' settings say"},
		{"a file more", func() { w.merge(indexPlace, map[string]any{"data": map[string]any{"x": "eA=="}}) }, "file: unexpected x"},
		{"no index", func() { w.merge(indexPlace, map[string]any{"data": map[string]any{indexKey: nil}}) }, "index.json is not"},
		{"no mark", func() { w.merge(indexPlace, annotations(annotationStack, nil)) }, "missing cluster/prod"},
		{"no label", func() {
			w.merge(indexPlace, map[string]any{"metadata": map[string]any{"labels": map[string]any{labelComponent: "x"}}})
		}, "is x, should be gateway"},
		{"no checksum", func() { w.merge(indexPlace, map[string]any{"data": map[string]any{checksumKey: nil}}) }, ""},
	} {
		c2.do()
		report, _, err := c.observeGateway(testGateway())
		must(t, err)
		if d := drift(report); !strings.Contains(d, c2.says) {
			t.Errorf("%s: %s", c2.name, d)
		}
		must(t, c.ensureGateway(testGateway()))
		c.gatewaySettled(t, testGateway())
		w.until(func() bool { return w.caller().status("/fraud", tokenA) == http.StatusOK })
	}

	// A server that is published meanwhile mends the mark as well.
	w.merge(indexPlace, annotations(annotationStack, nil))
	rotated := with(spec, func(s *serving.ModelServer) { s.Auth.Tokens["blue"] = serving.Token{Value: tokenB} })
	_, err = c.UpdateModelServer(within(t, 30*time.Second), rotated)
	must(t, err)
	c.gatewaySettled(t, testGateway())
}

// TestShrink: what is no longer wanted is taken out of living objects.
func TestShrink(t *testing.T) {
	w, c := withGateway(t)
	full := with(server("fraud"), func(s *serving.ModelServer) {
		s.Workload.Env, s.Workload.Command, s.Workload.HealthPath = map[string]string{"A": "1", "B": "2"}, []string{"serve"}, "/ready"
		s.Auth.Tokens["green"] = serving.Token{Value: tokenB}
	})
	_, err := c.CreateModelServer(within(t, 30*time.Second), full)
	must(t, err)
	small := with(server("fraud"), func(s *serving.ModelServer) {
		s.Workload.Env, s.Workload.Resources = map[string]string{"A": "1"}, serving.Resources{}
	})
	_, err = c.UpdateModelServer(within(t, 30*time.Second), small)
	must(t, err)
	c.settled(t, small)
	live := w.get(place{deployments, ModelsNamespace, "fraud"})
	if env := variablesOf(live); len(env) != 1 || env[0] != "A" {
		t.Errorf("the variables are %v", env)
	}
	containers, _ := valueAt(live.Object, "/spec/template/spec/containers").([]any)
	for _, field := range []string{"command", "readinessProbe/httpGet", "resources/requests", "resources/limits"} {
		if v := valueAt(containers[0], "/"+field); v != nil {
			t.Errorf("%s is still %v", field, v)
		}
	}
	if code := w.caller().status("/fraud", tokenB); code != http.StatusUnauthorized {
		t.Errorf("the token that is gone: %d", code)
	}
}

// TestSwitchedOffAutoscaler: no pods at all is no number of an autoscaler's.
func TestSwitchedOffAutoscaler(t *testing.T) {
	w, c := withGateway(t)
	spec := with(server("fraud"), func(s *serving.ModelServer) { s.Workload.Replicas = serving.Replicas{Min: 2, Max: 3} })
	_, err := c.CreateModelServer(within(t, 30*time.Second), spec)
	must(t, err)
	at := place{deployments, ModelsNamespace, "fraud"}
	must(t, w.patch(at, types.MergePatchType, map[string]any{"spec": map[string]any{"replicas": 0}}))
	c.forget()
	seen, err := c.ObserveModelServer(t.Context(), spec)
	must(t, err)
	if len(seen.Drift[objectDeployment]) != 1 {
		t.Errorf("%v", seen.Drift)
	}
	_, err = c.UpdateModelServer(within(t, 30*time.Second), spec)
	must(t, err)
	c.settled(t, spec)
	if n := valueAt(w.get(at).Object, "/spec/replicas"); n != int64(2) {
		t.Errorf("%v pods", n)
	}
}
