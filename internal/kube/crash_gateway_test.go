package kube

import (
	"errors"
	"fmt"
	"net/http"
	"sync"
	"testing"
	"time"
)

// TestGatewayCrash: one process after the other makes one call and dies at the
// next, until the gateway is there, is changed, is off, and all is gone. So each
// number of calls is one after which a process has died.
func TestGatewayCrash(t *testing.T) {
	for _, lost := range []bool{false, true} {
		t.Run(fmt.Sprintf("lost=%v", lost), func(t *testing.T) {
			w := newWorld(t)
			spec := testGateway()
			spec.DevicePlugin = true
			other := spec
			other.MinReplicas, other.MaxReplicas, other.TrustedHops, other.DevicePlugin = 2, 3, 2, false
			off := other
			off.Enabled = false
			for _, step := range []struct {
				name string
				spec GatewaySpec
				run  func(*client) error
			}{
				{"create", spec, func(c *client) error { return c.ensureGateway(spec) }},
				{"update", other, func(c *client) error { return c.ensureGateway(other) }},
				{"off", off, func(c *client) error { return c.ensureGateway(off) }},
				{"on", spec, func(c *client) error { return c.ensureGateway(spec) }},
				{"destroy", off, func(c *client) error {
					s, _ := c.gatewayStack(spec)
					return s.Destroy(LiveReads(within(t, time.Minute)))
				}},
			} {
				deaths := 0
				for ; ; deaths++ {
					d := &death{at: 2, lost: lost}
					if lost {
						d.at = 1
					}
					err := step.run(w.client(d.wrap))
					if !d.came() {
						must(t, err)
						break
					}
					if err != nil && !errors.Is(err, errDead) {
						t.Fatalf("%s: died of something else: %v", step.name, err)
					}
					if deaths > 60 {
						t.Fatalf("%s never comes to its end", step.name)
					}
				}
				t.Logf("%s: %d deaths", step.name, deaths)
				if step.name != "destroy" {
					w.client().gatewaySettled(t, step.spec)
				}
			}
			if left := w.ours(); len(left) > 0 {
				t.Errorf("left: %v", left)
			}
		})
	}
}

// TestHeals: the first answer of each call that changes something is lost,
// and one apply heals it all.
func TestHeals(t *testing.T) {
	w := newWorld(t)
	forgetful := func(next http.RoundTripper) http.RoundTripper {
		var mu sync.Mutex
		seen := map[string]bool{}
		return roundTripper(func(r *http.Request) (*http.Response, error) {
			response, err := next.RoundTrip(r)
			mu.Lock()
			defer mu.Unlock()
			if key := r.Method + r.URL.Path; r.Method != http.MethodGet && !seen[key] {
				seen[key] = true
				if err == nil {
					_ = response.Body.Close()
				}
				return nil, errDead
			}
			return response, err
		})
	}
	spec := testGateway()
	must(t, w.client(forgetful).ensureGateway(spec))
	w.client().gatewaySettled(t, spec)
	spec.MinReplicas, spec.MaxReplicas, spec.TrustedHops = 2, 3, 2
	must(t, w.client(forgetful).ensureGateway(spec))
	w.client().gatewaySettled(t, spec)
	for _, verb := range deadlyVerbs() {
		target := verb.before
		if verb.after != nil {
			target = verb.after
		}
		must(t, verb.run(t, w.client(forgetful), named(*target, "fraud")))
		if verb.after != nil {
			w.client().settled(t, named(*target, "fraud"))
		}
	}
	if left := w.left("fraud"); len(left) > 0 {
		t.Errorf("left: %v", left)
	}
}
