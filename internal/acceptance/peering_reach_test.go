package acceptance_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"
)

// A private cluster answers those who are in a peered VPC, with a token, and nobody
// else; what serving_reachability says of each is what becomes of real connections.
func TestAccPeeringReach(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		withPeer(w)
		p := issue(w)
		w.serve(p).example("vpc-peering")
		w.apply()
		w.plan(0)
		var callers map[string]struct {
			Reachable bool
			Partly    bool
			Hops      []string
			Header    string
		}
		w.read(w.want(0, w.run("output", "-json", "callers")).stdout, &callers)
		for name, place := range map[string]string{"peer": w.place("peer"), "unpeered": w.place("unpeered"), "internet": internet} {
			reachable, why := name == "peer", w.reach[name]
			said, ok := callers[name]
			if !ok || said.Reachable != reachable || said.Partly || said.Header != "Authorization" || !slices.EqualFunc(said.Hops, why, strings.HasPrefix) {
				t.Errorf("of %s serving_reachability says %+v, want %t by %q", name, said, reachable, why)
			}
			from := w.callerOf("serving_cluster.private", p, place)
			if !reachable {
				from.silence("/fraud/predict", bearer(secretValues["app"])...)
				continue
			}
			from.gets(http.StatusUnauthorized, "/fraud/predict", "{}")
			from.gets(http.StatusUnauthorized, "/fraud/predict", "{}", bearer("wrong")...)
			from.gets(http.StatusOK, "/fraud/predict", "{}", bearer(secretValues["app"])...)
			from.gets(http.StatusNotFound, "/unknown", "{}", bearer(secretValues["app"])...)
		}
		w.destroy()
	})
}

// place is where the VPC of a variable is.
func (w *world) place(variable string) string {
	w.Helper()
	var v struct{ VPC string }
	w.read(w.env["TF_VAR_"+variable], &v)
	return w.placeIn(v.VPC)
}

// silence checks that a request does not get to the load balancer.
func (c *caller) silence(path string, headers ...string) {
	c.Helper()
	if a, err := c.post(path, "{}", headers...); err == nil || !strings.Contains(err.Error(), http.StatusText(http.StatusGatewayTimeout)) {
		c.Errorf("%s: %d, %v; want the network's silence", path, a.code, err)
	}
}
