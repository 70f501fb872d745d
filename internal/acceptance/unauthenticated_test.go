package acceptance_test

import (
	"net/http"
	"strings"
	"testing"
)

// A server that asks nobody for a credential is not on the Internet unless
// somebody has said so: neither by a new server nor by a change of its cluster,
// and not by two applies that pass each other either.
func TestAccUnauthenticated(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		p := issue(t)
		w.cluster(p)
		open := servers{"one": {"mode": "none"}, "two": {"mode": "none"}}
		w.have(open).apply()
		w.plan(0)
		w.caller(p, w.inside()).gets(http.StatusOK, "/one/predict", "{}")

		// With servers in the same plan, each of them is an error, and so is the cluster.
		w.set("visibility", "public")
		var summaries []string
		for _, e := range w.errors(w.want(1, w.run("plan", "-json"))) {
			summaries = append(summaries, e.Summary)
			if !strings.HasPrefix(e.code(), "visibility") && !strings.HasPrefix(e.code(), "auth") && !strings.HasPrefix(e.code(), "mode") {
				t.Errorf("%s points to %q", e.Summary, e.code())
			}
		}
		if len(summaries) == 0 {
			t.Error("the plan has no error")
		}
		// Where they are somebody else's, the cluster lists them.
		w.says(w.fails("plan", "-target="+clusterAddress), "one, two", "allow_unauthenticated = true")

		for _, server := range open {
			server["allow_unauthenticated"] = true
		}
		// To say so and to open at once is too early: the cluster goes first.
		w.set("visibility", "private").have(open).apply()
		if c := w.set("visibility", "public").changes(); len(c) == 0 || !c[clusterAddress].does("update") {
			t.Errorf("the plan is %v, want an update of the cluster", c)
		}
		w.want(0, w.run("apply", "-no-color", "tfplan"))
		w.plan(0)
		w.caller(p, internet).gets(http.StatusOK, "/one/predict", "{}")

		other := w.colleague()
		other.have(servers{"three": {"mode": "none"}})
		d := other.fails("plan")
		w.says(d, "everyone on the Internet could call the server", "allow_unauthenticated = true")
		passing(w, other)
		w.finish()
	})
}

// passing applies plans that were made before the other one's was applied.
func passing(w *world, other *world) {
	w.Helper()
	public, private := "public", "private"
	w.set("visibility", private).apply()
	w.set("visibility", public).plan(2, "-out=tfplan")
	other.plan(2, "-out=tfplan")
	other.want(0, other.run("apply", "-no-color", "tfplan"))
	w.says(w.fails("apply", "tfplan"), "three")
	w.set("visibility", private)
	w.faces(w.internal)
	w.plan(0)

	other.destroy()
	other.plan(2, "-out=tfplan")
	w.set("visibility", public).apply()
	w.says(other.fails("apply", "tfplan"), "public", "allow_unauthenticated = true")
	if names := w.kubernetes().Secret(systemNamespace, "model-server-three"); len(names) > 0 {
		w.Error("the server is there all the same")
	}
}
