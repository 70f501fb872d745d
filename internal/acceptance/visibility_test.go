package acceptance_test

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
)

// A cluster changes between private and public in place, and whatever the
// moment, a private load balancer is not open.
func TestAccVisibility(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.use("cluster.tf")
		w.serve(issue(t))
		open := w.watch()
		w.apply()
		open()
		cluster := w.clusterFields()
		private := fmt.Sprint(at(w.attributes(clusterAddress), "endpoint.hostname"))

		c := w.set("visibility", "public").only(clusterAddress)
		if !c.does("update") || len(c.ReplacePaths) > 0 {
			t.Errorf("the plan wants to %v for %v, want an update", c.Actions, c.ReplacePaths)
		}
		w.apply()
		w.plan(0)
		public := fmt.Sprint(at(w.attributes(clusterAddress), "endpoint.hostname"))
		w.faces("internet-facing")
		open(public)

		w.set("visibility", "private").apply()
		w.plan(0)
		w.faces("internal")
		// Only the old load balancer was open, until it was gone.
		open(public)
		w.plan(0)
		open()
		if again := fmt.Sprint(at(w.attributes(clusterAddress), "endpoint.hostname")); again == public || public == private {
			t.Errorf("the host names are %s, %s and %s, want new ones", private, public, again)
		}
		if got := w.clusterFields(); got != cluster {
			t.Errorf("the EKS cluster was %s and is %s", cluster, got)
		}
		w.finish()
	})
}

// clusterFields are those of the EKS cluster that no update changes.
func (w *world) clusterFields() string {
	w.Helper()
	var text []string
	for id, f := range w.fields("eks.cluster") {
		text = append(text, fmt.Sprint(id, f["/Arn"], f["/CreatedAt"]))
	}
	return strings.Join(text, "\n")
}

// faces checks that there is one load balancer, of that scheme, which the state
// says as well.
func (w *world) faces(scheme string) {
	w.Helper()
	balancers := w.fields("elb.load_balancer")
	for id, f := range balancers {
		if f["/Scheme"] != scheme {
			w.Errorf("%s is %v, want %s", id, f["/Scheme"], scheme)
		}
	}
	if got := at(w.attributes(clusterAddress), "exposure.endpoint.scheme"); len(balancers) != 1 || got != scheme {
		w.Errorf("there are %d load balancers, and the state says %v; want one and %s", len(balancers), got, scheme)
	}
}

// watch notes after every call which load balancers are open: those that face
// the Internet, and internal ones whose security group lets it in. What it gives
// checks that these alone were open since it was last called.
func (w *world) watch() func(want ...string) {
	var mu sync.Mutex
	seen := map[string]bool{}
	w.then(func(*http.Request) {
		mu.Lock()
		defer mu.Unlock()
		open := map[any]bool{}
		for _, rule := range w.fields("ec2.security_group_rule") {
			if rule["/CidrIpv4"] == "0.0.0.0/0" && rule["/IsEgress"] == false {
				open[rule["/GroupId"]] = true
			}
		}
		for _, f := range w.fields("elb.load_balancer") {
			if f["/Scheme"] != "internal" || open[f["/SecurityGroups/0"]] {
				seen[fmt.Sprint(f["/DNSName"])] = true
			}
		}
	})
	return func(want ...string) {
		w.Helper()
		mu.Lock()
		defer mu.Unlock()
		for _, name := range want {
			if !seen[name] {
				w.Errorf("%s was never seen open, so the watch is no evidence", name)
			}
			delete(seen, name)
		}
		for name := range seen {
			w.Errorf("%s was open to the Internet", name)
		}
		clear(seen)
	}
}
