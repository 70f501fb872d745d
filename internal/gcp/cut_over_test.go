package gcp

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/modelserving/terraform-provider-serving/internal/sandbox/control"
	"github.com/modelserving/terraform-provider-serving/internal/serving"
	"github.com/modelserving/terraform-provider-serving/internal/stack"
)

// flips are the changes of visibility.
var flips = []struct{ from, to serving.Visibility }{{serving.Private, serving.Public}, {serving.Public, serving.Private}}

// flipped is a cluster before a change of visibility, and what it is to be.
func flipped(t *testing.T, from, to serving.Visibility) (sandbox *simulated, next serving.Cluster, before serving.ObservedCluster) {
	t.Helper()
	sandbox, b := prepared(t)
	spec, next := inZones(testCluster(from)), inZones(testCluster(to))
	for _, s := range []*serving.Cluster{&spec, &next} {
		if s.Visibility == serving.Public {
			s.Endpoint.AllowedCIDRs = []string{"203.0.113.0/24"}
		}
	}
	before, err := b.CreateCluster(t.Context(), spec)
	if err != nil {
		t.Fatal(err)
	}
	next.LastSeen = before.Objects
	sandbox.ResetCalls()
	return sandbox, next, before
}

// changes are the mutating calls that did something.
func changes(sandbox *simulated) []control.LoggedCall {
	return slices.DeleteFunc(sandbox.Calls(), func(c control.LoggedCall) bool { return !c.Mutating || c.Code != "" })
}

// TestCutOverOrder asserts that everything new is there before callers are given
// time to change over, that nodes leave the old load balancer after it, and that
// its forwarding rule goes when they had time to answer.
func TestCutOverOrder(t *testing.T) {
	t.Parallel()
	for _, f := range flips {
		t.Run(fmt.Sprintf("%s to %s", f.from, f.to), func(t *testing.T) {
			t.Parallel()
			sandbox, next, before := flipped(t, f.from, f.to)
			b := testBackend(sandbox.URL)
			b.cfg.Linger = 700 * time.Millisecond
			after, err := b.UpdateCluster(t.Context(), next)
			if err != nil || len(after.Drift) > 0 || after.Address == before.Address {
				t.Fatalf("the change: drift %v, error %v, address %s and then %s", after.Drift, err, before.Address, after.Address)
			}
			first, last := map[string]time.Time{}, map[string]time.Time{}
			for _, c := range changes(sandbox) {
				if first[c.Action].IsZero() {
					first[c.Action] = c.Time
				}
				last[c.Action] = c.Time
			}
			// The last update of a backend service is that of the old one.
			for _, step := range []struct {
				before, after time.Time
				gap           time.Duration
				what          string
			}{
				{last["ForwardingRules.Insert"], last["RegionBackendServices.Update"], b.cfg.Linger, "nodes left the old load balancer after the new one was there"},
				{last["RegionBackendServices.Update"], first["ForwardingRules.Delete"], b.cfg.Linger, "a forwarding rule went after the nodes had left"},
				{first["ForwardingRules.Delete"], first["RegionTargetHttpsProxies.Delete"], 0, "the proxy went after the rule"},
				{first["RegionTargetHttpsProxies.Delete"], first["RegionBackendServices.Delete"], 0, "the backend service went after the proxy"},
				{first["RegionBackendServices.Delete"], first["RegionSecurityPolicies.Delete"], 0, "the security policy went after the backend service"},
			} {
				if step.before.IsZero() || step.after.IsZero() || step.after.Sub(step.before) < step.gap {
					t.Errorf("%s by %s, want %s: %v", step.what, step.after.Sub(step.before), step.gap, actions(changes(sandbox)))
				}
			}
		})
	}
}

func actions(calls []control.LoggedCall) []string {
	var out []string
	for _, c := range calls {
		out = append(out, c.Action)
	}
	return out
}

// TestCutOverGoesOn kills the provider while it waits for callers: both load
// balancers are there, a plan says so, and the next apply waits again and goes on.
func TestCutOverGoesOn(t *testing.T) {
	t.Parallel()
	sandbox, next, _ := flipped(t, serving.Public, serving.Private)
	b := testBackend(sandbox.URL)
	b.cfg.Linger = time.Hour
	waits := make(chan string, 100)
	b.cfg.Log = func(_ context.Context, msg string, fields ...map[string]any) {
		if strings.Contains(msg, "lead your DNS record") {
			waits <- fmt.Sprint(fields)
		}
	}
	ctx, kill := context.WithCancel(t.Context())
	ended := make(chan error)
	go func() {
		_, err := b.UpdateCluster(ctx, next)
		ended <- err
	}()
	select {
	case told := <-waits:
		if !strings.Contains(told, "address:10.40.") || !strings.Contains(told, "at_most:1h0m0s") {
			t.Errorf("the wait is told as %s", told)
		}
	case err := <-ended:
		t.Fatalf("it did not wait: %v", err)
	}
	kill()
	var failed *stack.Error
	if err := <-ended; !errors.As(err, &failed) || !strings.Contains(err.Error(), "wait for drain/callers") {
		t.Errorf("killed while it waits: %v", err)
	}
	seen, err := testBackend(sandbox.URL).ObserveCluster(t.Context(), next)
	if err != nil || len(seen.Drift[objectForwardingRule]) == 0 || !seen.Exposure.Endpoint.InternetReachable {
		t.Errorf("the old load balancer does not show: %v, exposure %+v, error %v", seen.Drift, seen.Exposure.Endpoint, err)
	}
	if got := faces(t, sandbox, next); got != serving.Public {
		t.Errorf("with both there it faces %s: model servers without authentication would be admitted", got)
	}
	if slices.Contains(actions(changes(sandbox)), "ForwardingRules.Delete") {
		t.Error("the old load balancer went before its time")
	}
	again := testBackend(sandbox.URL)
	again.cfg.Linger = 600 * time.Millisecond
	start := time.Now()
	after, err := again.UpdateCluster(t.Context(), next)
	if err != nil || len(after.Drift) > 0 || time.Since(start) < again.cfg.Linger || after.Exposure.Endpoint.InternetReachable {
		t.Errorf("going on took %s: drift %v, exposure %+v, error %v", time.Since(start), after.Drift, after.Exposure.Endpoint, err)
	}
	if got := faces(t, sandbox, next); got != serving.Private {
		t.Errorf("at the end it faces %s", got)
	}
}

// faces is what model servers are told of who may call them.
func faces(t *testing.T, sandbox *simulated, spec serving.Cluster) serving.Visibility {
	t.Helper()
	c, err := testBackend(sandbox.URL).client(t.Context(), testRegion)
	if err != nil {
		t.Fatal(err)
	}
	s := c.clusterStack(spec, remains{})
	if _, err := s.Observe(t.Context()); err != nil {
		t.Fatal(err)
	}
	return s.faces()
}

// TestNothingOpensUnasked asserts that a cluster whose servers cannot be asked
// whether they may be public changes in nothing.
func TestNothingOpensUnasked(t *testing.T) {
	t.Parallel()
	sandbox, next, _ := flipped(t, serving.Private, serving.Public)
	next.Gateway.Disabled = false
	if _, err := testBackend(sandbox.URL).UpdateCluster(t.Context(), next); err == nil {
		t.Error("a cluster became public although nobody could ask its servers")
	}
	if done := actions(changes(sandbox)); len(done) > 0 {
		t.Errorf("it was changed by %v", done)
	}
}

// TestLinger asserts what a provider that says nothing waits for.
func TestLinger(t *testing.T) {
	t.Parallel()
	for given, want := range map[time.Duration]time.Duration{0: 5 * time.Minute, time.Second: time.Second} {
		c, err := New(Config{Region: testRegion, Sandbox: "http://127.0.0.1:1", Linger: given}).client(t.Context(), testRegion)
		if err != nil || c.linger != want {
			t.Errorf("with %s it is %s, error %v; want %s", given, c.linger, err, want)
		}
	}
}
