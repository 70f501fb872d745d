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
		w.faces(w.external)
		open(public)

		w.set("visibility", "private").apply()
		w.plan(0)
		w.faces(w.internal)
		// Only the old load balancer was open, until it was gone.
		open(public)
		w.plan(0)
		open()
		if again := fmt.Sprint(at(w.attributes(clusterAddress), "endpoint.hostname")); again == public || public == private {
			t.Errorf("the host names are %s, %s and %s, want new ones", private, public, again)
		}
		if got := w.clusterFields(); got != cluster {
			t.Errorf("the cluster was %s and is %s", cluster, got)
		}
		w.finish()
	})
}

// clusterFields are those of the cloud's cluster that no update changes.
func (w *world) clusterFields() string {
	w.Helper()
	var text []string
	for id, f := range w.fields(w.clusterKind) {
		text = append(text, id)
		for _, path := range w.born {
			text = append(text, fmt.Sprint(f[path]))
		}
	}
	return strings.Join(text, "\n")
}

// faces checks that there is one load balancer, of that scheme, which the state
// says as well.
func (w *world) faces(scheme string) {
	w.Helper()
	found := 0
	for id, f := range w.fields(w.balancerKind) {
		found++
		if f[w.scheme] != scheme {
			w.Errorf("%s is %v, want %s", id, f[w.scheme], scheme)
		}
	}
	// Where a public one has a redirect beside it, that is of the same scheme.
	if got := at(w.attributes(clusterAddress), "exposure.endpoint.scheme"); found == 0 || got != scheme {
		w.Errorf("there are %d load balancers, and the state says %v; want %s", found, got, scheme)
	}
}

// watch notes after every call which load balancers are open. What it gives checks
// that these alone were open since it was last called.
func (w *world) watch() func(want ...string) {
	var mu sync.Mutex
	seen := map[string]bool{}
	w.then(func(*http.Request) {
		mu.Lock()
		defer mu.Unlock()
		for _, host := range w.open(w) {
			seen[host] = true
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
