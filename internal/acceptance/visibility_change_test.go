package acceptance_test

import (
	"fmt"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/modelserving/terraform-provider-serving/internal/sandbox/control"
)

// With a record that follows, a change of visibility loses no request of a caller
// inside, whichever way it goes, and a peer is never refused; and while the cluster is
// private, nobody else outside gets an answer.
func TestAccVisibilityChange(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		p := issue(t)
		w.cluster(p)
		w.copy("testdata/peering.tf", "peering.tf")
		w.withPeer(w)
		before := w.kinds()
		r := w.record(w, p)
		w.have(servers{"fraud": {"mode": "header", "tokens": []string{"app"}}})
		r.follows(func() { w.apply() })
		w.plan(0)
		r.leads(w.balancer())

		// Nodes come and name servers learn as late as they do: the nodes last.
		w.configure(control.Settings{Delays: w.late})
		outside := w.byName(p, internet, r.host).attempts(secretValues["app"], "/fraud/predict")
		wrong := w.byName(p, w.inside(), r.host).attempts("not-a-token-at-all", "/fraud/predict")
		requests := w.byName(p, w.inside(), r.host).traffic(secretValues["app"], "/fraud/predict", "")
		// Neither network has a way out to the Internet: a public load balancer is out of
		// their reach.
		peer := w.byName(p, w.place("peer"), r.host).attempts(secretValues["app"], "/fraud/predict")
		unpeered := w.byName(p, w.place("unpeered"), r.host).attempts(secretValues["app"], "/fraud/predict")
		outside.nobodyFor(t, time.Second)
		peer.somebodyIn(t, 10*time.Second)

		plan := w.set("visibility", "public").plan(2)
		for _, text := range append(r.says(), "endpoint.hostname changes") {
			if !plan.says(text) {
				t.Errorf("the plan does not say %q:\n%s", text, plan.all)
			}
		}
		c := w.changes()[clusterAddress]
		if !c.does("update") || len(c.ReplacePaths) > 0 || at(c.After, "endpoint.hostname") != nil || at(c.After, "endpoint.zone_id") != nil {
			t.Errorf("the plan wants to %v for %v and the endpoint %v, want an update with another host name", c.Actions, c.ReplacePaths, at(c.After, "endpoint"))
		}
		outside.nobodyFor(t, time.Millisecond)
		r.follows(func() { w.apply() })
		w.plan(0)
		w.faces(w.external)
		r.leads(w.balancer())
		outside.somebodyIn(t, 10*time.Second)
		// Who has noted the public load balancer needs no record.
		noted := w.caller(p, internet).attempts(secretValues["app"], "/fraud/predict")
		noted.somebodyIn(t, 10*time.Second)

		w.set("visibility", "private")
		r.follows(func() { w.apply() })
		for _, a := range []*attempts{outside, noted, peer} {
			a.forget()
		}
		w.plan(0)
		w.faces(w.internal)
		r.leads(w.balancer())
		outside.nobodyFor(t, 2*time.Second)
		noted.nobodyFor(t, time.Second)
		unpeered.nobodyFor(t, time.Millisecond)
		peer.somebodyIn(t, 10*time.Second)

		noted.halt()
		unpeered.halt()
		outside.end(t, http.StatusOK)
		peer.end(t, http.StatusOK)
		wrong.end(t, http.StatusUnauthorized)
		requests.end(t)
		w.destroy()
		r.remove()
		w.leaves(before)
	})
}

// balancer is what the record of the domain should lead to.
func (w *world) balancer() string {
	w.Helper()
	return fmt.Sprint(at(w.attributes(clusterAddress), "endpoint.hostname"))
}

// byName is a caller who looks the domain up for each request.
func (w *world) byName(p pair, place string, host func() string) *caller {
	w.Helper()
	c := w.caller(p, place)
	c.host = host
	if transport, ok := c.Transport.(*http.Transport); ok {
		transport.DisableKeepAlives = true
	}
	return c
}

// attempts are requests of somebody who may have no path: how each was answered,
// if at all.
type attempts struct {
	stop chan struct{}
	done sync.WaitGroup

	mu    sync.Mutex
	tried int
	// answers counts codes since the last look, all those of the whole time.
	answers, all map[int]int
}

func (c *caller) attempts(token, path string) *attempts {
	a := &attempts{stop: make(chan struct{}), answers: map[int]int{}, all: map[int]int{}}
	a.done.Go(func() {
		for {
			select {
			case <-a.stop:
				return
			case <-time.After(10 * time.Millisecond):
			}
			got, err := c.post(path, "{}", bearer(token)...)
			a.mu.Lock()
			a.tried++
			if err == nil {
				a.answers[got.code]++
				a.all[got.code]++
			}
			a.mu.Unlock()
		}
	})
	return a
}

// forget begins a new count, without what was under way.
func (a *attempts) forget() {
	a.mu.Lock()
	tried := a.tried
	a.mu.Unlock()
	for range 1000 {
		time.Sleep(5 * time.Millisecond)
		a.mu.Lock()
		if a.tried > tried {
			clear(a.answers)
			a.mu.Unlock()
			return
		}
		a.mu.Unlock()
	}
}

// nobodyFor demands that there was no answer since the last look, and is none for
// a while.
func (a *attempts) nobodyFor(t testing.TB, while time.Duration) {
	t.Helper()
	a.mu.Lock()
	before := a.tried
	a.mu.Unlock()
	time.Sleep(while)
	a.mu.Lock()
	defer a.mu.Unlock()
	if len(a.answers) > 0 || while >= time.Second && a.tried == before {
		t.Errorf("of %d requests from outside in %s some were answered: %v", a.tried-before, while, a.answers)
	}
	clear(a.answers)
}

// somebodyIn demands an answer before long.
func (a *attempts) somebodyIn(t testing.TB, limit time.Duration) {
	t.Helper()
	for start := time.Now(); time.Since(start) < limit; time.Sleep(20 * time.Millisecond) {
		a.mu.Lock()
		n := a.answers[http.StatusOK]
		a.mu.Unlock()
		if n > 0 {
			return
		}
	}
	t.Errorf("from outside there was no answer in %s", limit)
}

// halt stops the requests.
func (a *attempts) halt() {
	close(a.stop)
	a.done.Wait()
}

// end stops the requests. All that were answered must have been so.
func (a *attempts) end(t testing.TB, want int) {
	t.Helper()
	a.halt()
	t.Logf("%d attempts, answered %v", a.tried, a.all)
	if a.all[want] == 0 || len(a.all) > 1 {
		t.Errorf("%d attempts were answered %v, want %d alone", a.tried, a.all, want)
	}
}
