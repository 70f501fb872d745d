package kube

import (
	"bytes"
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/types"

	"github.com/modelserving/terraform-provider-serving/internal/serving"
	"github.com/modelserving/terraform-provider-serving/internal/stack"
)

// applied records what a client writes by server-side apply, by the path of the
// request: the fields that it owns.
type applied struct {
	mu     sync.Mutex
	bodies map[string]map[string]any
}

func (a *applied) wrap(next http.RoundTripper) http.RoundTripper {
	return roundTripper(func(r *http.Request) (*http.Response, error) {
		if r.Header.Get("Content-Type") == string(types.ApplyPatchType) && r.URL.Query().Get("fieldManager") == fieldManager {
			text, err := io.ReadAll(r.Body)
			if err != nil {
				return nil, err
			}
			r.Body = io.NopCloser(bytes.NewReader(text))
			var body map[string]any
			if err := json.Unmarshal(text, &body); err != nil {
				return nil, err
			}
			a.mu.Lock()
			a.bodies[r.URL.Path] = body
			a.mu.Unlock()
		}
		return next.RoundTrip(r)
	})
}

// placeOf finds the object of a request's path.
func placeOf(t testing.TB, path string) place {
	t.Helper()
	parts := strings.Split(strings.Trim(path, "/"), "/")
	p := place{name: parts[len(parts)-1]}
	if i := slices.Index(parts, "namespaces"); i >= 0 && i+2 < len(parts) {
		p.namespace = parts[i+1]
	}
	for _, kind := range []resource{namespaces, configMaps, secrets, services, deployments, daemonSets, autoscalers, budgets, networkPolicies} {
		if kind.Resource == parts[len(parts)-2] {
			p.resource = kind
		}
	}
	if p.What == "" {
		t.Fatalf("no kind has the path %s", path)
	}
	return p
}

// driftOf changes every field of every object that has been applied, expects each
// to be told, and each to be mended by one apply.
func (w *world) driftOf(a *applied, observe func() map[string][]stack.Difference, ensure func() error) {
	w.t.Helper()
	total := 0
	exempt := map[string]string{}
	for _, path := range slices.Sorted(maps.Keys(a.bodies)) {
		at, want := placeOf(w.t, path), a.bodies[path]
		if at.resource == deployments {
			// What is wrong need not also run.
			w.merge(at, map[string]any{"spec": map[string]any{"paused": true}})
		}
		changed, refused := w.disturb(at, want)
		total += len(changed)
		for field, reason := range refused {
			exempt[at.String()+" "+field] = reason
		}
		object, _ := want["metadata"].(map[string]any)["annotations"].(map[string]any)[annotationObject].(string)
		diffs := observe()[object]
		for _, l := range changed {
			if !shown(diffs, l.field) {
				w.t.Errorf("%s %s: a change is not told", at, l.field)
			}
		}
		if err := ensure(); err != nil {
			w.t.Errorf("%s: %v", at, err)
		}
		for _, d := range compare("", want, w.get(at).Object) {
			w.t.Errorf("%s: not mended: %s", at, d)
		}
		if at.resource == deployments && (!shown(diffs, ".spec.paused") || paused(w.get(at))) {
			w.t.Errorf("%s: that it is paused is not told, or not mended", at)
		}
	}
	w.t.Logf("%d fields were changed, %d cannot be", total, len(exempt))
	for _, field := range names(exempt) {
		w.t.Logf("exempt: %s: %.160s", field, strings.ReplaceAll(exempt[field], "\n", " "))
	}
}

// TestGatewayDrift is about every field of the gateway's objects.
func TestGatewayDrift(t *testing.T) {
	w := newWorld(t)
	w.gpuNodes()
	a := &applied{bodies: map[string]map[string]any{}}
	c := w.client(a.wrap)
	spec := testGateway()
	spec.DevicePlugin = true
	must(t, c.ensureGateway(spec))
	fixed := maps.Clone(a.bodies)
	spec.MinReplicas, spec.MaxReplicas = 2, 3
	must(t, c.ensureGateway(spec))
	observe := func() map[string][]stack.Difference {
		report, _, err := c.observeGateway(spec)
		must(t, err)
		return report.Drift
	}
	w.driftOf(a, observe, func() error { return c.ensureGateway(spec) })
	spec.MinReplicas, spec.MaxReplicas = 1, 1
	must(t, c.ensureGateway(spec))
	w.driftOf(&applied{bodies: only(fixed, deployments)}, observe, func() error { return c.ensureGateway(spec) })
	c.gatewaySettled(t, spec)
}

func only(bodies map[string]map[string]any, kind resource) map[string]map[string]any {
	out := map[string]map[string]any{}
	for path, body := range bodies {
		if strings.Contains(path, "/"+kind.Resource+"/") {
			out[path] = body
		}
	}
	return out
}

// TestServerDrift is about every field of a model server's objects.
func TestServerDrift(t *testing.T) {
	w := newWorld(t)
	w.gpuNodes()
	gateway := testGateway()
	gateway.DevicePlugin = true
	must(t, w.client().ensureGateway(gateway))
	for _, spec := range []serving.ModelServer{fullServer("full"), server("plain")} {
		t.Run(spec.Name, func(t *testing.T) {
			w := &world{w.Cluster, t, w.admin}
			a := &applied{bodies: map[string]map[string]any{}}
			c := w.client(a.wrap)
			_, err := c.CreateModelServer(within(t, 30*time.Second), spec)
			must(t, err)
			if spec.Name == "full" {
				// The first manifest has the number of pods to begin with.
				spec.Workload.Env["LEVEL"] = "warning"
				_, err = c.UpdateModelServer(within(t, 30*time.Second), spec)
				must(t, err)
			}
			api, err := c.API(w.access())
			must(t, err)
			w.driftOf(a, func() map[string][]stack.Difference {
				c.forget()
				report, err := c.serverStack(api, spec, false).Observe(t.Context())
				must(t, err)
				return report.Drift
			}, func() error {
				_, err := c.UpdateModelServer(within(t, 30*time.Second), spec)
				return err
			})
			c.settled(t, spec)
		})
	}
}

// TestAttributeDrift: what an attribute models is seen there, and nowhere else.
func TestAttributeDrift(t *testing.T) {
	w, c := withGateway(t)
	spec := with(server("fraud"), func(s *serving.ModelServer) { s.Workload.Args = []string{"--model", "a"} })
	_, err := c.CreateModelServer(within(t, 30*time.Second), spec)
	must(t, err)
	container := func(field string, value any) map[string]any {
		return map[string]any{"spec": map[string]any{"template": map[string]any{"spec": map[string]any{"containers": []any{map[string]any{"name": containerName, field: value}}}}}}
	}
	for name, c2 := range map[string]struct {
		patch map[string]any
		seen  func(serving.Workload) any
		want  any
	}{
		"image":    {container("image", "registry.example.com/other:1"), func(w serving.Workload) any { return w.Image }, "registry.example.com/other:1"},
		"command":  {container("command", []any{"sh"}), func(w serving.Workload) any { return w.Command }, []string{"sh"}},
		"args":     {container("args", []any{"--model"}), func(w serving.Workload) any { return w.Args }, []string{"--model"}},
		"replicas": {map[string]any{"spec": map[string]any{"replicas": 2}}, func(w serving.Workload) any { return w.Replicas }, serving.Replicas{Min: 2, Max: 2}},
	} {
		must(t, w.patch(place{deployments, ModelsNamespace, "fraud"}, types.StrategicMergePatchType, c2.patch))
		c.forget()
		seen, err := c.ObserveModelServer(t.Context(), spec)
		must(t, err)
		if got := c2.seen(*seen.Spec.Workload); !reflect.DeepEqual(got, c2.want) {
			t.Errorf("%s is seen as %v", name, got)
		}
		if len(seen.Drift[objectDeployment]) > 0 {
			t.Errorf("%s is told twice: %v", name, seen.Drift)
		}
		_, err = c.UpdateModelServer(within(t, 30*time.Second), spec)
		must(t, err)
		c.settled(t, spec)
	}
}
