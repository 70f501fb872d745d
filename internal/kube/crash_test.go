package kube

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/modelserving/terraform-provider-serving/internal/serving"
	"github.com/modelserving/terraform-provider-serving/internal/stack"
)

var errDead = errors.New("the process is dead")

// A death ends a process at one of its calls that change something.
type death struct {
	// at is the call, from 1; zero never comes.
	at int
	// lost says that the call is carried out and its answer lost; else it is refused.
	lost bool

	mu   sync.Mutex
	made int
	dead bool
}

func (d *death) wrap(next http.RoundTripper) http.RoundTripper {
	return roundTripper(func(r *http.Request) (*http.Response, error) {
		d.mu.Lock()
		if d.dead {
			d.mu.Unlock()
			return nil, errDead
		}
		now := false
		// A nudge may fail as it likes.
		if r.Method != http.MethodGet && (r.Method != http.MethodPatch || !strings.Contains(r.URL.Path, "/pods/")) {
			d.made++
			now = d.made == d.at
		}
		d.dead = d.dead || now
		d.mu.Unlock()
		if !now {
			return next.RoundTrip(r)
		}
		if d.lost {
			response, err := next.RoundTrip(r)
			if err != nil {
				return nil, err
			}
			_, _ = io.Copy(io.Discard, response.Body)
			_ = response.Body.Close()
		}
		return nil, errDead
	})
}

// came reports whether the process died.
func (d *death) came() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.dead
}

// A deadly verb of a server, from what is there before to what is there after.
type deadly struct {
	name   string
	before *serving.ModelServer
	// after is nil for nothing.
	after *serving.ModelServer
}

func (d deadly) run(t testing.TB, c *client, spec serving.ModelServer) error {
	ctx := within(t, 40*time.Second)
	switch d.name {
	case "create":
		_, err := c.CreateModelServer(ctx, spec)
		return err
	case "destroy":
		return c.DestroyModelServer(ctx, spec)
	}
	_, err := c.UpdateModelServer(ctx, spec)
	return err
}

// named gives a spec another name, and with it another path.
func named(spec serving.ModelServer, name string) serving.ModelServer {
	return with(spec, func(s *serving.ModelServer) { s.Name, s.Path = name, "" })
}

func deadlyVerbs() []deadly {
	plain := with(server("x"), func(s *serving.ModelServer) {
		s.Workload.Resources.CPU = "5m"
		s.Workload.SecretEnv = map[string]serving.Token{"KEY": {Value: secretValue}}
	})
	// Everything changes: token, image, variables, an autoscaler comes.
	other := with(plain, func(s *serving.ModelServer) {
		s.Auth.Tokens["blue"] = serving.Token{Value: tokenB}
		s.Workload.Image, s.Workload.SecretEnv = "registry.example.com/echo:2", nil
		s.Workload.Replicas.Max = 2
	})
	return []deadly{{"create", nil, &plain}, {"update", &plain, &other}, {"destroy", &other, nil}}
}

// TestServerCrash lets the provider die at its n-th call that changes something,
// for every n and every verb, with the call refused or carried out and its answer
// lost; then another process runs the same verb. Each n has a server of its own,
// some at the same time.
func TestServerCrash(t *testing.T) {
	w, c := withGateway(t)
	for _, verb := range deadlyVerbs() {
		for _, kind := range []string{"refused", "lost"} {
			t.Run(verb.name+"/"+kind, func(t *testing.T) {
				// As many at once as there may be calls; those that die of nothing are few.
				for first, more := 1, true; more; first += 5 {
					var all sync.WaitGroup
					var survived atomic.Bool
					for n := first; n < first+5; n++ {
						all.Go(func() {
							if !crash(t, w, verb, &death{at: n, lost: kind == "lost"}, fmt.Sprintf("%s-%s-%d", verb.name, kind, n)) {
								survived.Store(true)
							}
						})
					}
					all.Wait()
					more = !survived.Load()
				}
			})
		}
	}
	c.gatewaySettled(t, testGateway())
	if left := w.left("x"); len(left) > 0 {
		t.Errorf("left: %v", left)
	}
}

// crash runs a verb to its death and once more, and reports whether death came.
func crash(t *testing.T, w *world, verb deadly, d *death, name string) bool {
	healthy := w.client()
	target := verb.before
	if verb.after != nil {
		target = verb.after
	}
	spec := named(*target, name)
	if verb.before != nil {
		if _, err := healthy.CreateModelServer(within(t, 40*time.Second), named(*verb.before, name)); err != nil {
			t.Errorf("%s: before: %v", name, err)
			return false
		}
	}
	err := verb.run(t, w.client(d.wrap), spec)
	if !d.came() {
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
	} else if err != nil && !errors.Is(err, errDead) {
		t.Errorf("%s: died of something else: %v", name, err)
	}
	if d.came() {
		err = verb.run(t, w.client(), spec)
		// A death at the seal's answer leaves a stack that is whole.
		var exists *stack.ExistsError
		if verb.name == "create" && errors.As(err, &exists) {
			_, err = w.client().UpdateModelServer(within(t, 40*time.Second), spec)
		}
		if err != nil {
			t.Errorf("%s: resumed: %v", name, err)
		}
	}
	if verb.after != nil {
		w.client().settled(t, spec)
		if code := w.caller().status("/"+name, spec.Auth.Tokens["blue"].Value); code != http.StatusOK {
			t.Errorf("%s: %d", name, code)
		}
		if err := healthy.DestroyModelServer(within(t, 40*time.Second), spec); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	if left := w.left(name); len(left) > 0 {
		t.Errorf("%s: left: %v", name, left)
	}
	return d.came()
}
