package kube

import (
	"fmt"
	"net/http"
	"reflect"
	"slices"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/modelserving/terraform-provider-serving/internal/serving"
)

// settled observes a server and expects the spec, and no drift.
func (c *client) settled(t testing.TB, spec serving.ModelServer) serving.ObservedModelServer {
	t.Helper()
	c.forget()
	seen, err := c.ObserveModelServer(t.Context(), spec)
	must(t, err)
	if len(seen.Drift) > 0 || seen.Gone {
		t.Errorf("%s is gone (%v) or has drifted: %v", spec.Name, seen.Gone, seen.Drift)
	}
	want := withoutSecrets(spec)
	want.Path = spec.PathOrDefault()
	if !reflect.DeepEqual(seen.Spec, want) {
		t.Errorf("%s is seen as\n%#v %#v\nand should be\n%#v %#v", spec.Name, seen.Spec, seen.Spec.Workload, want, want.Workload)
	}
	return seen
}

// TestAuthModes makes a server of each kind, with requests of each kind.
func TestAuthModes(t *testing.T) {
	w, c := withGateway(t)
	call := w.caller()
	json := func(body string) func(string) answer {
		return func(path string) answer { return call.post(path, body) }
	}
	header := func(pairs ...string) func(string) answer {
		return func(path string) answer { return call.post(path, "{}", pairs...) }
	}
	for _, k := range []struct {
		kind  string
		right map[string]func(string) answer
		wrong map[string]func(string) answer
	}{
		{"header", map[string]func(string) answer{
			"bearer": header("Authorization", "Bearer "+tokenA), "basic": header("Authorization", basic(tokenA)),
			"basic with a user": header("Authorization", basic("me:"+tokenA)), "basic with a line end": header("Authorization", basic(tokenA+"\n")),
		}, map[string]func(string) answer{"none": header(), "another": header("Authorization", "Bearer "+tokenB), "bare": header("Authorization", tokenA), "elsewhere": json(`{"auth":"` + tokenA + `"}`)}},
		{"named header", map[string]func(string) answer{"named": header("x-api-key", tokenA)}, map[string]func(string) answer{"standard": header("Authorization", "Bearer "+tokenA), "none": header()}},
		{"body", map[string]func(string) answer{"key": json(`{"inputs":[1],"key":"` + tokenA + `"}`)}, map[string]func(string) answer{"none": json(`{}`), "another key": json(`{"auth":"` + tokenA + `"}`), "no JSON": json(`{"key":"` + tokenA + `"`)}},
		{"jwt", nil, map[string]func(string) answer{"none": header(), "no JWT": header("Authorization", "Bearer "+tokenA)}},
		{"none", map[string]func(string) answer{"none": header()}, nil},
	} {
		t.Run(k.kind, func(t *testing.T) {
			spec := serversOfEveryKind()[k.kind]
			spec.Name = "by-" + map[bool]string{true: "named", false: k.kind}[k.kind == "named header"]
			seen, err := c.CreateModelServer(within(t, 30*time.Second), spec)
			must(t, err)
			if want := testURL + "/" + spec.Name; seen.URL != want {
				t.Errorf("the URL is %s, should be %s", seen.URL, want)
			}
			c.settled(t, spec)
			for name, send := range k.right {
				a := send("/" + spec.Name + "/v1/predict")
				client := ""
				if h := a.Headers["x-serving-client"]; len(h) == 1 {
					client = h[0]
				}
				if a.code != http.StatusOK || a.Server != spec.Name || a.Path != "/v1/predict" || spec.Auth.Mode != serving.AuthNone && client != "blue" {
					t.Errorf("%s: %d from %s at %s for %q", name, a.code, a.Server, a.Path, client)
				}
				if got := a.Headers["authorization"]; spec.Auth.Mode == serving.AuthHeader && (len(got) > 0 || len(a.Headers["x-api-key"]) > 0) {
					t.Errorf("%s: the model sees the credential %v", name, a.Headers)
				}
			}
			for name, send := range k.wrong {
				if a := send("/" + spec.Name); a.code != http.StatusUnauthorized {
					t.Errorf("%s: %d", name, a.code)
				}
			}
		})
	}
	if a := call.post("/nobody", "{}"); a.code != http.StatusNotFound {
		t.Errorf("a server that does not exist: %d", a.code)
	}
}

// TestFullServer has everything that a workload can have: a GPU of a pool,
// variables, an autoscaler.
func TestFullServer(t *testing.T) {
	w := newWorld(t)
	c := w.client()
	w.gpuNodes()
	spec := testGateway()
	spec.DevicePlugin = true
	must(t, c.ensureGateway(spec))
	full := fullServer("fraud")
	_, err := c.CreateModelServer(within(t, 30*time.Second), full)
	must(t, err)
	c.settled(t, full)
	call := w.caller()
	if a := call.post("/team/fraud/x", "{}", "Authorization", "Bearer "+tokenB); a.code != http.StatusOK || a.Headers["x-serving-client"][0] != "green" {
		t.Errorf("%d %v", a.code, a.Headers)
	}
	if n, _, _ := unstructured.NestedInt64(w.get(place{deployments, ModelsNamespace, "fraud"}).Object, "status", "readyReplicas"); n < 2 {
		t.Errorf("the apply returned with %d pods", n)
	}

	// What the autoscaler sets is its own.
	w.merge(place{deployments, ModelsNamespace, "fraud"}, map[string]any{"spec": map[string]any{"replicas": 3}})
	w.until(func() bool {
		n, _, _ := unstructured.NestedInt64(w.get(place{deployments, ModelsNamespace, "fraud"}).Object, "status", "readyReplicas")
		return n == 3
	})
	c.settled(t, full)
	changed := with(full, func(s *serving.ModelServer) { s.Workload.Env["LEVEL"] = "info"; delete(s.Workload.Env, "MODE") })
	_, err = c.UpdateModelServer(within(t, 30*time.Second), changed)
	must(t, err)
	c.settled(t, changed)
	live := w.get(place{deployments, ModelsNamespace, "fraud"})
	if n, _, _ := unstructured.NestedInt64(live.Object, "spec", "replicas"); n != 3 {
		t.Errorf("an update set the number of pods to %d", n)
	}
	if env := variablesOf(live); !reflect.DeepEqual(env, []string{"LEVEL", "API_KEY", "OTHER_KEY"}) {
		t.Errorf("the variables are %v", env)
	}

	// A secret variable that changes makes new pods.
	before := templateOf(live)
	secret := with(changed, func(s *serving.ModelServer) {
		s.Workload.SecretEnv["API_KEY"] = serving.Token{Value: secretValue + "3"}
		delete(s.Workload.SecretEnv, "OTHER_KEY")
	})
	_, err = c.UpdateModelServer(within(t, 30*time.Second), secret)
	must(t, err)
	c.settled(t, secret)
	if live = w.get(place{deployments, ModelsNamespace, "fraud"}); reflect.DeepEqual(before, templateOf(live)) {
		t.Error("the pods have the old secret")
	}
	data := secretData(w.get(place{secrets, ModelsNamespace, "fraud"}))
	if string(data["API_KEY"]) != secretValue+"3" || data["OTHER_KEY"] != nil {
		t.Errorf("the Secret has %v", names(data))
	}

	// From the autoscaler to a fixed number and back, never with fewer pods than
	// either.
	for _, replicas := range []serving.Replicas{{Min: 2, Max: 2}, {Min: 2, Max: 4}, {Min: 3, Max: 3}} {
		scaled := with(secret, func(s *serving.ModelServer) { s.Workload.Replicas = replicas })
		var fewest int64 = 99
		watched := w.client(func(next http.RoundTripper) http.RoundTripper {
			return roundTripper(func(r *http.Request) (*http.Response, error) {
				defer func() {
					if n, ok, _ := unstructured.NestedInt64(w.get(place{deployments, ModelsNamespace, "fraud"}).Object, "spec", "replicas"); ok && r.Method != http.MethodGet {
						fewest = min(fewest, n)
					}
				}()
				return next.RoundTrip(r)
			})
		})
		_, err = watched.UpdateModelServer(within(t, 30*time.Second), scaled)
		must(t, err)
		c.settled(t, scaled)
		if fewest < 2 {
			t.Errorf("on the way to %v there were %d pods", replicas, fewest)
		}
		if gone := w.get(place{autoscalers, ModelsNamespace, "fraud"}) == nil; gone != (replicas.Min == replicas.Max) {
			t.Errorf("the autoscaler of %v is gone: %v", replicas, gone)
		}
	}
}

// gpuNodes are nodes as a backend labels them, one of them with GPUs.
func (w *world) gpuNodes() {
	nodes := slices.Clone(w.Nodes())
	for i := range nodes {
		nodes[i].Labels = map[string]string{LabelPool: "cpu"}
		if nodes[i].GPUs > 0 {
			nodes[i].Labels, nodes[i].GPUs = map[string]string{LabelPool: "gpu", LabelAccelerator: AcceleratorNVIDIA}, 4
		}
	}
	w.SetNodes(nodes)
}

func variablesOf(live *unstructured.Unstructured) []string {
	var list []string
	containers, _, _ := unstructured.NestedSlice(live.Object, "spec", "template", "spec", "containers")
	for _, c := range containers {
		if container, ok := c.(map[string]any); ok {
			env, _ := container["env"].([]any)
			for _, e := range env {
				if variable, ok := e.(map[string]any); ok {
					list = append(list, fmt.Sprint(variable["name"]))
				}
			}
		}
	}
	return list
}

func templateOf(live *unstructured.Unstructured) any {
	template, _, _ := unstructured.NestedMap(live.Object, "spec", "template")
	return template
}
