package kube

import (
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/modelserving/terraform-provider-serving/internal/serving"
)

// openServer asks nobody for a credential.
func openServer(name string) serving.ModelServer {
	return with(server(name), func(s *serving.ModelServer) { s.Auth = serving.Auth{Mode: serving.AuthNone} })
}

func publicGateway() GatewaySpec {
	spec := testGateway()
	spec.Facts = func() Facts { return testFacts(serving.Public) }
	return spec
}

// TestTurnsPublic: a cluster with an open server does not, and one that is public
// takes none.
func TestTurnsPublic(t *testing.T) {
	w, c := withGateway(t)
	api, err := c.API(w.access())
	must(t, err)
	_, err = c.CreateModelServer(within(t, 30*time.Second), openServer("open"))
	must(t, err)
	c.calls.reset()
	if err := api.BeginPublic(t.Context()); err == nil || !strings.Contains(err.Error(), "open") {
		t.Errorf("%v", err)
	}
	if writes := c.calls.writes(); len(writes) > 0 {
		t.Errorf("a cluster that stays private is written to: %v", writes)
	}
	problems, err := api.OpenServers(t.Context())
	must(t, err)
	if len(problems) != 1 || !strings.Contains(problems[0].Detail, "open") {
		t.Errorf("%v", problems)
	}
	meant := with(openServer("open"), func(s *serving.ModelServer) { s.AllowUnauthenticated = true })
	_, err = c.UpdateModelServer(within(t, 30*time.Second), meant)
	must(t, err)
	must(t, api.BeginPublic(t.Context()))
	if facts, err := api.facts(LiveReads(t.Context())); err != nil || facts.Visibility != serving.Public {
		t.Errorf("%v %v", facts.Visibility, err)
	}
	if _, err := c.CreateModelServer(within(t, 30*time.Second), openServer("other")); err == nil || !strings.Contains(err.Error(), "auth.mode") {
		t.Errorf("%v", err)
	}
	must(t, c.ensureGateway(publicGateway()))
	c.gatewaySettled(t, publicGateway())
	must(t, api.BeginPublic(t.Context()))
	if code := w.caller().status("/open", ""); code != http.StatusOK {
		t.Errorf("one that is meant to be open: %d", code)
	}
	// Facts that somebody has deleted hide no server.
	c.forget()
	must(t, c.ensureGateway(testGateway()))
	_, err = c.UpdateModelServer(within(t, 30*time.Second), openServer("open"))
	must(t, err)
	must(t, w.at(factsPlace).Delete(t.Context(), factsPlace.name, metav1.DeleteOptions{}))
	if err := api.BeginPublic(t.Context()); err == nil || !strings.Contains(err.Error(), "open") {
		t.Errorf("without facts: %v", err)
	}
}

// TestPublicRace makes an open server while its cluster turns public, again and
// again: never do both succeed.
func TestPublicRace(t *testing.T) {
	w, c := withGateway(t)
	outcomes := map[string]int{}
	for round := range 8 {
		other := w.client()
		spec := openServer("open")
		var created, public error
		var both sync.WaitGroup
		both.Go(func() {
			time.Sleep(time.Duration(round) * 2 * time.Millisecond)
			_, created = c.CreateModelServer(within(t, 30*time.Second), spec)
		})
		both.Go(func() {
			api, err := other.API(w.access())
			if err == nil {
				err = api.BeginPublic(within(t, 30*time.Second))
			}
			public = err
		})
		both.Wait()
		switch {
		case created == nil && public == nil:
			t.Errorf("round %d: an open server on a public cluster", round)
		case created == nil:
			outcomes["the server"]++
		case public == nil:
			outcomes["the cluster"]++
			if code := w.caller().status("/open", ""); code != http.StatusNotFound {
				t.Errorf("round %d: the server that was refused answers %d", round, code)
			}
		default:
			outcomes["neither"]++
		}
		must(t, c.ensureGateway(testGateway())) // Private again.
		must(t, c.DestroyModelServer(within(t, 30*time.Second), spec))
	}
	t.Logf("who succeeds: %v", outcomes)
}

// TestPublicBetween: the cluster turns public after a server was judged and before
// it writes its settings.
func TestPublicBetween(t *testing.T) {
	w, c := withGateway(t)
	var once sync.Once
	var public error
	late := w.client(func(next http.RoundTripper) http.RoundTripper {
		return roundTripper(func(r *http.Request) (*http.Response, error) {
			if r.Method != http.MethodGet {
				once.Do(func() {
					api, err := c.API(w.access())
					if err == nil {
						err = api.BeginPublic(t.Context())
					}
					public = err
				})
			}
			return next.RoundTrip(r)
		})
	})
	_, err := late.CreateModelServer(within(t, 30*time.Second), openServer("open"))
	must(t, public)
	if err == nil || !strings.Contains(err.Error(), "auth.mode") {
		t.Errorf("%v", err)
	}
	if code := w.caller().status("/open", ""); code != http.StatusNotFound {
		t.Errorf("%d", code)
	}
	// Nor does another server's rendering take it in.
	_, err = c.CreateModelServer(within(t, 30*time.Second), server("fraud"))
	must(t, err)
	if code := w.caller().status("/open", ""); code != http.StatusNotFound {
		t.Errorf("%d", code)
	}
}
