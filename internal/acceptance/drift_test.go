package acceptance_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/modelserving/terraform-provider-serving/internal/sandbox/control"
)

const (
	clusterAddress     = "serving_cluster.test"
	certificateAddress = "serving_certificate.models"
)

// A drift is what somebody changes behind Terraform's back.
type drift struct {
	spoil func(w *world)
	// shows are what the plan prints.
	shows []string
}

// What somebody changes shows in the plan, and apply repairs it.
func TestAccDrift(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		for name, d := range w.drifts {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				drifted(newWorld(t, w.command, w.cloud), d)
			})
		}
	})
}

func drifted(w *world, d drift) {
	w.Helper()
	w.use("cluster.tf")
	w.serve(issue(w)).apply()
	d.spoil(w)
	o := w.plan(2)
	for _, text := range d.shows {
		if !o.says(text) {
			w.Errorf("the plan does not show %q:\n%s", text, o.all)
		}
	}
	if o.says("exposure") != slices.Contains(d.shows, "exposure") {
		w.Errorf("the plan shows the exposure, which nothing touches:\n%s", o.all)
	}
	if c := w.only(clusterAddress); !c.does("update") {
		w.Errorf("the plan wants to %v, want an update", c.Actions)
	}
	w.apply()
	w.plan(0)
	if left := at(w.attributes(clusterAddress), "drift"); fmt.Sprint(left) != "map[]" {
		w.Errorf("the state still has the drift %v", left)
	}
	w.finish()
}

// A cluster that a colleague destroyed is made again.
func TestAccDestroyedElsewhere(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.use("cluster.tf")
		w.serve(issue(t)).apply()
		colleague := w.beside()
		for _, file := range []string{"provider.tf", "main.tf", "terraform.tfstate"} {
			colleague.copy(w.dir+"/"+file, file)
		}
		colleague.finish()
		changes := w.changes()
		if len(changes) != 2 || !changes[clusterAddress].does("create") || !changes[certificateAddress].does("create") {
			t.Errorf("the plan is %v, want both created", changes)
		}
		w.apply()
		w.plan(0)
		w.finish()
	})
}

// Without its control plane a cluster is not gone: what is left of it is
// remembered, and the plan makes the rest.
func TestAccControlPlaneRemoved(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.use("cluster.tf")
		w.serve(issue(t)).apply()
		before, want := w.attributes(clusterAddress), w.kinds()
		isManaged := func(kind string) bool {
			return slices.ContainsFunc(w.managed, func(beginning string) bool { return strings.HasPrefix(kind, beginning) })
		}
		for _, o := range w.Census().Objects {
			if isManaged(o.Kind) {
				if err := w.Delete(o); err != nil {
					t.Fatal(err)
				}
			}
		}
		c := w.only(clusterAddress)
		if !c.does("update") || at(c.Before, "drift.cluster") == nil {
			t.Errorf("the plan wants to %v because of %v, want an update because of the cluster", c.Actions, at(c.Before, "drift"))
		}
		w.apply()
		w.plan(0)
		after := w.attributes(clusterAddress)
		for _, kept := range []string{"network.vpc_id", "endpoint.hostname"} {
			if at(after, kept) != at(before, kept) {
				t.Errorf("%s was %v and is %v", kept, at(before, kept), at(after, kept))
			}
		}
		if url := at(after, "kubernetes_api.url"); url == nil || url == at(before, "kubernetes_api.url") {
			t.Errorf("kubernetes_api.url is %v, want that of the new cluster", url)
		}
		for kind, n := range w.kinds() {
			if isManaged(kind) && n != want[kind] {
				t.Errorf("there are %d of %s, want %d", n, kind, want[kind])
			}
		}
	})
}

// A pool is made anew when it is gone.
func TestAccPoolRemoved(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.use("cluster.tf")
		w.serve(issue(t)).apply()
		pools := slices.DeleteFunc(w.Census().Objects, func(o control.Object) bool { return o.Kind != w.poolKind })
		if len(pools) != 1 {
			t.Fatalf("there are %v, want one %s", pools, w.poolKind)
		}
		if err := w.Delete(pools[0]); err != nil {
			t.Fatal(err)
		}
		if o := w.plan(2); !o.says("node_pool/cpu") {
			t.Errorf("the plan does not name the pool:\n%s", o.all)
		}
		w.apply()
		w.plan(0)
	})
}
