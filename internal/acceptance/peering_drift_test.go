package acceptance_test

import (
	"fmt"
	"net/http"
	"slices"
	"testing"
)

const peeringAddress = "serving_vpc_peering.test"

// A peeringDrift is what somebody takes from a peering behind Terraform's back.
type peeringDrift struct {
	name  string
	spoil func(w *world)
	// shows are what the plan prints.
	shows []string
	// cuts is what becomes of a caller in the peer's network.
	cuts cut
}

// A cut is what meets a caller on the way to the load balancer.
type cut int

const (
	// through: the caller gets to the load balancer as before.
	through cut = iota
	// silent: the network drops what the caller sends.
	silent
	// refused: the load balancer answers that it does not serve the caller.
	refused
)

// meets checks what becomes of a caller. No gateway is there to answer, and a load
// balancer that lets somebody in says so itself, in the code of its cloud.
func (c *caller) meets(want cut, when string) {
	c.Helper()
	c.CloseIdleConnections()
	if want == silent {
		c.silence("/")
		return
	}
	codes := map[cut][]int{through: {http.StatusBadGateway, http.StatusServiceUnavailable}, refused: {http.StatusForbidden}}[want]
	if a, err := c.post("/", "{}"); err != nil || !slices.Contains(codes, a.code) {
		c.Errorf("%s: the peer gets %d, %v; want one of %v", when, a.code, err, codes)
	}
}

// What somebody takes from a peering behind Terraform's back cuts the callers off,
// shows in the plan, and apply brings it back.
func TestAccPeeringDrift(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		p := issue(w)
		w.use("cluster.tf")
		w.copy("testdata/peering.tf", "peering.tf")
		w.withPeer(w)
		before := w.kinds()
		w.serve(p).apply()
		w.plan(0)
		from := w.caller(p, w.place("peer"))
		from.meets(through, "before anything")
		for _, drift := range w.peeringDrifts {
			drift.spoil(w)
			from.meets(drift.cuts, drift.name)
			o := w.plan(2)
			for _, text := range drift.shows {
				if !o.says(text) {
					t.Errorf("%s: the plan does not show %q:\n%s", drift.name, text, o.all)
				}
			}
			if c := w.only(peeringAddress); !c.does("update") {
				t.Errorf("%s: the plan wants to %v, want an update", drift.name, c.Actions)
			}
			w.apply()
			w.plan(0)
			if left := at(w.attributes(peeringAddress), "drift"); fmt.Sprint(left) != "map[]" {
				t.Errorf("%s: the state still has the drift %v", drift.name, left)
			}
			from.meets(through, drift.name+": after the repair")
		}
		w.destroy()
		w.leaves(before)
	})
}
