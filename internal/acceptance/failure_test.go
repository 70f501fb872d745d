package acceptance_test

import (
	"net/http"
	"strings"
	"testing"
)

// A model that does not start is an error that says why in the words of its pods,
// and the next apply mends it.
func TestAccModelServerFailures(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		p := issue(t)
		w.cluster(p)
		tokens := []string{"app"}
		all := servers{
			"fraud":  {"mode": "header", "tokens": tokens},
			"absent": {"mode": "header", "tokens": tokens, "image": "registry.example.com/unpullable:v1"},
			"broken": {"mode": "header", "tokens": tokens, "image": "registry.example.com/crashes:v1"},
			"huge":   {"mode": "header", "tokens": tokens, "resources": map[string]any{"cpu": "500", "memory": "1Gi"}},
		}
		w.have(all).set("patience", "12s")
		says := map[string][]string{
			"absent": {"registry.example.com/unpullable:v1 cannot be pulled", "not found"},
			"broken": {"the container ended", "exit code 1", "fatal: /models/model.bin: no such file or directory"},
			"huge":   {"no node takes it", "Insufficient cpu"},
		}
		found := map[string]bool{}
		o := w.want(1, w.run("apply", "-auto-approve", "-json"))
		for _, e := range w.errors(o) {
			for name, texts := range says {
				if e.Address == serverAddress(name) {
					found[name] = true
					w.says(e, append(texts, w.id("test/"+name))...)
				}
			}
		}
		if len(found) != len(says) || len(w.errors(o)) != len(says) {
			t.Errorf("errors of %v, want one for each server that does not start:\n%s", found, o.stdout)
		}
		call := w.caller(p, w.inside())
		call.gets(http.StatusOK, "/fraud/predict", "{}", bearer(secretValues["app"])...)

		for name := range says {
			delete(all[name], "image")
			delete(all[name], "resources")
		}
		w.have(all).apply()
		w.plan(0)
		for name := range says {
			call.gets(http.StatusOK, "/"+name+"/predict", "{}", bearer(secretValues["app"])...)
		}

		// An update that fails takes nothing away: the pods of before go on.
		requests := call.traffic(secretValues["app"], "/fraud/predict", "")
		all["fraud"]["image"] = "registry.example.com/unpullable:v2"
		w.have(all).set("patience", "5s")
		w.says(w.fails("apply", "-auto-approve"), "unpullable:v2 cannot be pulled")
		if o := w.plan(2); !strings.Contains(o.all, "unpullable") && !o.says("rollout") {
			t.Errorf("the plan does not show that the rollout is not complete:\n%s", o.all)
		}
		all["fraud"]["image"] = echoV1
		w.have(all).apply()
		w.plan(0)
		requests.end(t)
		w.finish()
	})
}
