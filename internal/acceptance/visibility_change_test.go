package acceptance_test

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	sandboxaws "github.com/modelserving/terraform-provider-serving/internal/sandbox/aws"
)

// With a record of the cluster's, a change of visibility loses no request of a
// caller inside, whichever way it goes; and while the cluster is private, nobody
// outside gets an answer.
func TestAccVisibilityChange(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		p := issue(t)
		w.cluster(p)
		zone, remove := w.HostedZone(t, "example.com")
		w.set("dns", map[string]string{"zone_id": zone})
		w.have(servers{"fraud": {"mode": "header", "tokens": []string{"app"}}}).apply()
		w.plan(0)
		private := fmt.Sprint(at(w.attributes(clusterAddress), "endpoint.hostname"))
		w.leads(private)

		// Nodes come and name servers learn as late as they do: the nodes last.
		late := map[string]sandboxaws.Duration{
			"autoscaling.traffic_source.attach": sandboxaws.Duration(5 * time.Second),
			"elb.target.register":               sandboxaws.Duration(time.Second),
			"route53.change.sync":               sandboxaws.Duration(2 * time.Second),
		}
		if err := w.AWS.Configure(sandboxaws.Settings{Delays: late}); err != nil {
			t.Fatal(err)
		}
		outside := w.byName(p, internet)
		attempts := outside.attempts(secretValues["app"], "/fraud/predict")
		wrong := w.byName(p, w.inside()).attempts("not-a-token-at-all", "/fraud/predict")
		requests := w.byName(p, w.inside()).traffic(secretValues["app"], "/fraud/predict", "")
		attempts.nobodyFor(t, time.Second)

		plan := w.set("visibility", "public").plan(2)
		for _, text := range []string{"endpoint.hostname changes", "The record of " + domain + " is moved as part of it", "nobody has to do anything"} {
			if !plan.says(text) {
				t.Errorf("the plan does not say %q:\n%s", text, plan.all)
			}
		}
		c := w.only(clusterAddress)
		if !c.does("update") || len(c.ReplacePaths) > 0 || at(c.After, "endpoint.hostname") != nil || at(c.After, "endpoint.zone_id") != nil {
			t.Errorf("the plan wants to %v for %v and the endpoint %v, want an update with another host name", c.Actions, c.ReplacePaths, at(c.After, "endpoint"))
		}
		attempts.nobodyFor(t, time.Millisecond)
		w.apply()
		w.plan(0)
		w.faces("internet-facing")
		public := fmt.Sprint(at(w.attributes(clusterAddress), "endpoint.hostname"))
		w.leads(public)
		attempts.somebodyIn(t, 10*time.Second)

		w.set("visibility", "private").apply()
		attempts.forget()
		w.plan(0)
		w.faces("internal")
		w.leads(fmt.Sprint(at(w.attributes(clusterAddress), "endpoint.hostname")))
		attempts.nobodyFor(t, 2*time.Second)

		attempts.end(t, http.StatusOK)
		wrong.end(t, http.StatusUnauthorized)
		requests.end(t)
		w.destroy()
		if err := remove(); err != nil {
			t.Errorf("the zone cannot be removed, so something is left in it: %v", err)
		}
		w.leaves(nil)
	})
}

// leads checks where the one record leads.
func (w *world) leads(to string) {
	w.Helper()
	records := w.fields("route53.record_set")
	for id, f := range records {
		if got := strings.TrimSuffix(fmt.Sprint(f["/AliasTarget/DNSName"]), "."); got != to {
			w.Errorf("%s leads to %s, want %s", id, got, to)
		}
	}
	if len(records) != 1 {
		w.Errorf("there are %d records, want one", len(records))
	}
}

// byName is a caller who looks the domain up for each request.
func (w *world) byName(p pair, place string) *caller {
	w.Helper()
	c := w.caller(p, place)
	c.hostname = domain
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

// end stops the requests. All that were answered must have been so.
func (a *attempts) end(t testing.TB, want int) {
	t.Helper()
	close(a.stop)
	a.done.Wait()
	t.Logf("%d attempts, answered %v", a.tried, a.all)
	if a.all[want] == 0 || len(a.all) > 1 {
		t.Errorf("%d attempts were answered %v, want %d alone", a.tried, a.all, want)
	}
}
