package acceptance_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/modelserving/terraform-provider-serving/internal/sandbox/aws"
)

const (
	clusterAddress     = "serving_cluster.test"
	certificateAddress = "serving_certificate.models"
)

// What somebody changes behind Terraform's back shows in the plan, and apply
// repairs it.
func TestAccDrift(t *testing.T) {
	for name, drift := range map[string]struct {
		spoil func(w *world)
		// shows are what the plan prints. What it does not touch is not printed.
		shows []string
	}{
		"the load balancer is opened": {
			func(w *world) { w.mutate("ec2.security_group_rule", w.ingress(), "/CidrIpv4", "0.0.0.0/0") },
			[]string{"security_group/load_balancer", "0.0.0.0/0", "exposure", "answers to 0.0.0.0/0, which is not private, and the cluster is private"},
		},
		"a pool grows": {
			(*world).growPool,
			[]string{"max_size = 30 -> 10"},
		},
		"the load balancer waits for less": {
			func(w *world) {
				w.mutate("elb.load_balancer", "", "/Attributes/idle_timeout.timeout_seconds", "60")
			},
			[]string{"idle_timeout_seconds = 60 -> 300"},
		},
		"the VPC is renamed": {
			func(w *world) { w.mutate("ec2.vpc", "", "/Tags/0/Value", "something else") },
			[]string{"vpc", "something else"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			each(t, func(t *testing.T, w *world) {
				w.use("cluster.tf")
				w.serve(issue(t)).apply()
				drift.spoil(w)
				o := w.plan(2)
				for _, text := range drift.shows {
					if !o.says(text) {
						t.Errorf("the plan does not show %q:\n%s", text, o.all)
					}
				}
				if o.says("exposure") != slices.Contains(drift.shows, "exposure") {
					t.Errorf("the plan shows the exposure, which nothing touches:\n%s", o.all)
				}
				if c := w.only(clusterAddress); !c.does("update") {
					t.Errorf("the plan wants to %v, want an update", c.Actions)
				}
				w.apply()
				w.plan(0)
				if left := at(w.attributes(clusterAddress), "drift"); fmt.Sprint(left) != "map[]" {
					t.Errorf("the state still has the drift %v", left)
				}
				w.finish()
			})
		})
	}
}

// growPool changes the size of the Auto Scaling group, as EC2's console would.
func (w *world) growPool() {
	w.Helper()
	for _, f := range w.fields("eks.nodegroup") {
		group := aws.Object{Account: account, Region: region, Kind: "autoscaling.auto_scaling_group", ID: fmt.Sprint(f["/Resources/AutoScalingGroups/0/Name"])}
		if err := w.AWS.Mutate(aws.Field{Object: group, Path: "/MaxSize", Value: 30}); err != nil {
			w.Fatal(err)
		}
	}
}

// ingress is the id of the rule that lets callers into the load balancer.
func (w *world) ingress() string {
	w.Helper()
	for id, f := range w.fields("ec2.security_group_rule") {
		// The rules that have tags are in groups of EKS's making.
		if fmt.Sprint(f["/FromPort"]) == "443" && f["/IsEgress"] == false && f["/Tags/0/Key"] == nil {
			return id
		}
	}
	w.Fatal("there is no rule for callers")
	return ""
}

// A cluster that a colleague destroyed is made again.
func TestAccDestroyedElsewhere(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.use("cluster.tf")
		w.serve(issue(t)).apply()
		colleague := w.beside()
		for _, file := range []string{"main.tf", "terraform.tfstate"} {
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
		for _, o := range w.AWS.Census().Objects {
			if strings.HasPrefix(o.Kind, "eks.") || strings.HasPrefix(o.Kind, "autoscaling.") {
				if err := w.AWS.Delete(o); err != nil {
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
			if strings.HasPrefix(kind, "eks.") && n != want[kind] {
				t.Errorf("there are %d of %s, want %d", n, kind, want[kind])
			}
		}
	})
}

// A pool's node group is made anew when it is gone.
func TestAccPoolRemoved(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.use("cluster.tf")
		w.serve(issue(t)).apply()
		groups := slices.DeleteFunc(w.AWS.Census().Objects, func(o aws.Object) bool { return o.Kind != "eks.nodegroup" })
		if len(groups) != 1 {
			t.Fatalf("there are %v, want one node group", groups)
		}
		if err := w.AWS.Delete(groups[0]); err != nil {
			t.Fatal(err)
		}
		if o := w.plan(2); !o.says("node_pool/cpu") {
			t.Errorf("the plan does not name the pool:\n%s", o.all)
		}
		w.apply()
		w.plan(0)
	})
}
