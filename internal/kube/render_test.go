package kube

import (
	"fmt"
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/modelserving/terraform-provider-serving/internal/serving"
)

// kept are settings Secrets as the API server has them.
type kept map[string]*unstructured.Unstructured

// add writes a server's settings, which are so many seconds old.
func (k kept) add(spec serving.ModelServer, age int) *unstructured.Unstructured {
	at := settingsPlace(spec.Name)
	kind := settingsSecrets{objects{stack: serverStackName(spec.Name), place: at}, spec.Name}
	live := &unstructured.Unstructured{Object: kind.written(objectSettings, settingsOf(spec)).content}
	live.SetCreationTimestamp(metav1.NewTime(time.Unix(1_700_000_000-int64(age), 0)))
	k[at.name] = live
	return live
}

func at(path string) func(*serving.ModelServer) {
	return func(s *serving.ModelServer) { s.Path = path }
}

func TestRenderLeavesOut(t *testing.T) {
	t.Parallel()
	in := surroundings{cluster: testClusterID, stack: "cluster/prod", hops: 1}
	open := with(server("open"), func(s *serving.ModelServer) { s.Auth = serving.Auth{Mode: serving.AuthNone} })
	meant := with(open, func(s *serving.ModelServer) { s.Name, s.AllowUnauthenticated = "meant", true })
	for _, c := range []struct {
		name    string
		in      surroundings
		write   func(kept)
		servers string
		// left are parts of the reasons.
		left map[string]string
	}{
		{"nothing", in, func(kept) {}, "", nil},
		{"all", in, func(k kept) { k.add(server("a1"), 0); k.add(server("b1"), 0) }, "a1 b1", nil},
		{"the older one has a path", in, func(k kept) { k.add(with(server("a1"), at("/x")), 1); k.add(with(server("b1"), at("/x")), 2) }, "b1", map[string]string{"a1": `"b1"`}},
		{"by name in the same second", in, func(k kept) { k.add(with(server("a1"), at("/x")), 1); k.add(with(server("b1"), at("/x/y")), 1) }, "a1", map[string]string{"b1": `"a1"`}},
		{"whoever has it keeps it", surroundings{cluster: testClusterID, paths: map[string]string{"a1": "/x"}},
			func(k kept) { k.add(with(server("a1"), at("/x")), 1); k.add(with(server("b1"), at("/x")), 2) }, "a1", map[string]string{"b1": `"a1"`}},
		{"whoever had another does not", surroundings{cluster: testClusterID, paths: map[string]string{"a1": "/y", "b1": "/x"}},
			func(k kept) { k.add(with(server("a1"), at("/x")), 9); k.add(with(server("b1"), at("/x")), 2) }, "b1", map[string]string{"a1": `"b1"`}},
		{"unreadable", in, func(k kept) {
			k.add(server("a1"), 1)
			child(k.add(server("b1"), 1).Object, "data")[settingsKey] = "e30x"
		}, "a1", map[string]string{"b1": "not readable"}},
		{"a token that is too short", in, func(k kept) {
			k.add(server("a1"), 1)
			k.add(with(server("b1"), func(s *serving.ModelServer) { s.Auth.Tokens["blue"] = serving.Token{Value: "short"} }), 1)
		}, "a1", map[string]string{"b1": "auth.tokens"}},
		{"what only matters to pods", in, func(k kept) { k.add(with(server("a1"), func(s *serving.ModelServer) { s.Workload.Image = "" }), 1) }, "a1", nil},
		{"marked as removing", in, func(k kept) {
			k.add(server("a1"), 1)
			k.add(server("b1"), 1).SetAnnotations(map[string]string{annotationRemoving: "true"})
		}, "a1", nil},
		{"being deleted", in, func(k kept) {
			now := metav1.Now()
			k.add(server("a1"), 1).SetDeletionTimestamp(&now)
		}, "", nil},
		{"no settings", in, func(k kept) {
			k.add(server("a1"), 1).SetLabels(map[string]string{labelComponent: "other", labelName: "a1"})
		}, "", nil},
		{"open on a private cluster", in, func(k kept) { k.add(open, 1) }, "open", nil},
		{"open on a public cluster", surroundings{cluster: testClusterID, public: true}, func(k kept) { k.add(open, 1); k.add(meant, 1); k.add(server("a1"), 1) }, "a1 meant", map[string]string{"open": "auth.mode"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			all := kept{}
			c.write(all)
			r, err := render(c.in, all)
			must(t, err)
			if got := strings.Join(names(r.index.Servers), " "); got != c.servers {
				t.Errorf("takes in %q, should take in %q", got, c.servers)
			}
			if len(r.left) != len(c.left) {
				t.Errorf("leaves out %v", r.left)
			}
			for name, reason := range c.left {
				if err := r.left[name]; err == nil || !strings.Contains(err.Error(), reason) {
					t.Errorf("leaves out %s because of %v, should say %s", name, err, reason)
				}
			}
		})
	}
}

// TestVersion: equal servers make an equal version, and others another.
func TestVersion(t *testing.T) {
	t.Parallel()
	in := surroundings{cluster: testClusterID, stack: "cluster/prod", hops: 1}
	version := func(in surroundings, specs ...serving.ModelServer) string {
		all := kept{}
		for i, s := range specs {
			all.add(s, i)
		}
		r, err := render(in, all)
		must(t, err)
		return r.index.Version
	}
	a, b := server("a1"), server("b1")
	if version(in, a, b) != version(in, b, a) {
		t.Error("the version depends on age")
	}
	versions := map[string]string{}
	hops := in
	hops.hops = 2
	for name, v := range map[string]string{
		"none": version(in), "one": version(in, a), "two": version(in, a, b), "hops": version(hops, a),
		"token": version(in, with(a, func(s *serving.ModelServer) { s.Auth.Tokens["blue"] = serving.Token{Value: tokenB} })),
		"path":  version(in, with(a, at("/x"))),
	} {
		if versions[v] != "" {
			t.Errorf("%s and %s have one version", name, versions[v])
		}
		versions[v] = name
	}
	if version(in, a) != version(in, with(a, func(s *serving.ModelServer) { s.Workload.Image = "other" })) {
		t.Error("the version depends on the image")
	}
}

// TestRenderFits: servers that the Secrets cannot hold are left out, the last
// first, and the others can still be changed.
func TestRenderFits(t *testing.T) {
	t.Parallel()
	all := kept{}
	for i := range 60 {
		all.add(with(server(fmt.Sprintf("s%02d", i)), func(s *serving.ModelServer) {
			for n := range 19 {
				s.Auth.Tokens[fmt.Sprint("t", n)] = serving.Token{Value: fmt.Sprintf("%01000d", n)}
			}
		}), 100-i)
	}
	r, err := render(surroundings{cluster: testClusterID, stack: "cluster/prod", hops: 1}, all)
	must(t, err)
	in, out := names(r.index.Servers), names(r.left)
	if len(in) == 0 || len(out) == 0 || in[len(in)-1] > out[0] {
		t.Fatalf("takes in %v and leaves out %v", in, out)
	}
	size := 0
	for _, value := range r.data[0] {
		size += len(value)
	}
	t.Logf("%d servers in %d bytes", len(r.index.Servers), size)
	delete(all, settingsPlace("s00").name)
	again, err := render(surroundings{cluster: testClusterID, stack: "cluster/prod", hops: 1, paths: r.index.Paths}, all)
	must(t, err)
	if again.index.Servers[out[0]] == "" {
		t.Errorf("one server less made no room: %v", names(again.left))
	}
}
