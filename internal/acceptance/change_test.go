package acceptance_test

import (
	"maps"
	"slices"
	"strings"
	"testing"
)

// pools makes a value of node_pools: machine type, least and greatest size.
func pools(list map[string][3]any) map[string]any {
	all := map[string]any{}
	for name, p := range list {
		all[name] = map[string]any{"machine_type": p[0], "min_size": p[1], "max_size": p[2]}
	}
	return all
}

// A step is a change, and what the state has then.
type step struct {
	name      string
	set, want map[string]any
}

// inPlace are changes one after the other.
func inPlace(machine, bigger string) []step {
	return []step{
		{"a pool grows",
			map[string]any{"node_pools": pools(map[string][3]any{"cpu": {machine, 3, 12}})},
			map[string]any{"node_pools.cpu.min_size": 3.0, "node_pools.cpu.max_size": 12.0}},
		{"a pool is added",
			map[string]any{"node_pools": pools(map[string][3]any{"cpu": {machine, 3, 12}, "more": {bigger, 0, 2}})},
			map[string]any{"node_pools.more.machine_type": bigger}},
		{"a pool gets other machines",
			map[string]any{"node_pools": pools(map[string][3]any{"cpu": {bigger, 3, 12}, "more": {bigger, 0, 2}})},
			map[string]any{"node_pools.cpu.machine_type": bigger}},
		{"a pool is removed",
			map[string]any{"node_pools": pools(map[string][3]any{"cpu": {bigger, 3, 12}})},
			map[string]any{"node_pools.more": nil}},
		{"the endpoint",
			map[string]any{"idle_timeout_seconds": 900, "min_tls_version": "1.3", "allowed_cidrs": []string{"10.0.0.0/8"}},
			map[string]any{"endpoint.idle_timeout_seconds": 900.0, "endpoint.min_tls_version": "1.3"}},
		{"the Kubernetes API",
			map[string]any{"api_cidrs": []string{"203.0.113.0/24"}},
			map[string]any{"exposure.kubernetes_api.public_access": true}},
		{"the version",
			map[string]any{"kubernetes_version": "1.32"},
			map[string]any{"kubernetes_version": "1.32"}},
	}
}

// Pools, endpoint and version change in place.
func TestAccChangesInPlace(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.use("cluster.tf")
		w.serve(issue(t)).set("kubernetes_version", "1.31").apply()
		cluster := w.clusterFields()
		for _, step := range inPlace(w.machine, w.bigger) {
			for _, name := range slices.Sorted(maps.Keys(step.set)) {
				w.set(name, step.set[name])
			}
			if c := w.only(clusterAddress); !c.does("update") || len(c.ReplacePaths) > 0 {
				t.Errorf("%s: the plan wants to %v, want an update", step.name, c.Actions)
			}
			w.want(0, w.run("apply", "-no-color", "tfplan"))
			w.plan(0)
			state := w.attributes(clusterAddress)
			for path, want := range step.want {
				if got := at(state, path); got != want {
					t.Errorf("%s: %s is %v, want %v", step.name, path, got, want)
				}
			}
		}
		if got := w.clusterFields(); got != cluster {
			t.Errorf("the cluster was %s and is %s", cluster, got)
		}

		w.set("kubernetes_version", "1.34")
		d := w.fails("plan")
		w.says(d, "Kubernetes version skips a minor version", `Apply "1.33" next`)
		if !strings.HasPrefix(d.code(), "kubernetes_version") {
			t.Errorf("the error points to %q, want kubernetes_version", d.code())
		}
		w.set("kubernetes_version", "1.31")
		if w.upgrades {
			if o := w.plan(2); !strings.Contains(o.all, "Kubernetes version stays as it is") {
				t.Errorf("an older version is planned without a warning:\n%s", o.all)
			}
		} else {
			w.says(w.fails("plan"), "Kubernetes version cannot go back")
		}
		w.set("kubernetes_version", "1.32").finish()
	})
}

// A protected cluster is neither destroyed nor replaced, in one clear error and
// without a call.
func TestAccDeletionProtection(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.use("cluster.tf")
		w.serve(issue(t)).set("deletion_protection", true).apply()
		w.ResetCalls()
		w.says(w.fails("destroy", "-auto-approve"), "Cluster is protected", "Set deletion_protection = false and apply first.")
		w.set("cidr", "10.41.0.0/16")
		w.says(w.fails("plan"), "Change needs a new cluster, and this one is protected")
		if calls := w.mutations(); len(calls) > 0 {
			t.Errorf("the refusals made the calls %v", calls)
		}
		w.set("cidr", "10.40.0.0/16").set("deletion_protection", false).apply()
		w.finish()
	})
}
