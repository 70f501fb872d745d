package kube

import (
	"net/http"
	"sync/atomic"
	"testing"
	"time"

	"github.com/modelserving/terraform-provider-serving/internal/serving"
)

// TestRotation changes the token of a server under constant requests, with both
// valid in between, and loses none.
func TestRotation(t *testing.T) {
	w, c := withGateway(t)
	spec := server("fraud")
	_, err := c.CreateModelServer(within(t, 30*time.Second), spec)
	must(t, err)
	var token atomic.Value
	token.Store(tokenA)
	requests := w.traffic("/fraud", func() string { s, _ := token.Load().(string); return s })
	both := with(spec, func(s *serving.ModelServer) { s.Auth.Tokens["green"] = serving.Token{Value: tokenB} })
	start := time.Now()
	_, err = c.UpdateModelServer(within(t, 30*time.Second), both)
	must(t, err)
	t.Logf("both tokens after %s", time.Since(start).Round(time.Millisecond))
	// The apply has returned, so that each gateway knows the new one.
	token.Store(tokenB)
	time.Sleep(50 * time.Millisecond) // The last requests with the old one.
	start = time.Now()
	last := with(both, func(s *serving.ModelServer) { delete(s.Auth.Tokens, "blue") })
	_, err = c.UpdateModelServer(within(t, 30*time.Second), last)
	must(t, err)
	t.Logf("the old one is out after %s", time.Since(start).Round(time.Millisecond))
	if code := w.caller().status("/fraud", tokenA); code != http.StatusUnauthorized {
		t.Errorf("the old token: %d", code)
	}
	requests.end(t)
	c.settled(t, last)
}

// TestRollingUpdate changes the image of a server with two pods under constant
// requests, then the gateway itself, and loses none.
func TestRollingUpdate(t *testing.T) {
	w := newWorld(t)
	c := w.client()
	spec := testGateway()
	spec.MinReplicas, spec.MaxReplicas = 2, 2
	must(t, c.ensureGateway(spec))
	two := with(server("fraud"), func(s *serving.ModelServer) { s.Workload.Replicas = serving.Replicas{Min: 2, Max: 2} })
	_, err := c.CreateModelServer(within(t, 30*time.Second), two)
	must(t, err)
	token := func() string { return tokenA }
	requests := w.traffic("/fraud", token)
	next := with(two, func(s *serving.ModelServer) { s.Workload.Image = "registry.example.com/echo:2" })
	start := time.Now()
	_, err = c.UpdateModelServer(within(t, time.Minute), next)
	must(t, err)
	t.Logf("the model is another after %s", time.Since(start).Round(time.Millisecond))
	// Old pods go on for as long as they may be asked.
	time.Sleep(500 * time.Millisecond)
	requests.end(t)
	c.settled(t, next)

	requests = w.traffic("/fraud", token)
	spec.Image = "registry.example.com/envoy:other"
	start = time.Now()
	must(t, c.ensureGateway(spec))
	t.Logf("the gateway is another after %s", time.Since(start).Round(time.Millisecond))
	time.Sleep(500 * time.Millisecond)
	requests.end(t)
}

// TestSwitch moves a server from an image to an existing Service and back, under
// constant requests.
func TestSwitch(t *testing.T) {
	w, c := withGateway(t)
	w.service("triton")
	image := server("fraud")
	_, err := c.CreateModelServer(within(t, 30*time.Second), image)
	must(t, err)
	requests := w.traffic("/fraud", func() string { return tokenA })
	service := with(image, func(s *serving.ModelServer) {
		s.Workload, s.Service = nil, &serving.ServiceReference{Namespace: "default", Name: "triton", Port: 8000}
	})
	_, err = c.UpdateModelServer(within(t, 30*time.Second), service)
	must(t, err)
	c.settled(t, service)
	if a := w.caller().post("/fraud", "{}", "Authorization", "Bearer "+tokenA); a.Server != "triton" {
		t.Errorf("%d from %q", a.code, a.Server)
	}
	for _, kind := range []resource{deployments, services, budgets, networkPolicies} {
		if w.get(place{kind, ModelsNamespace, "fraud"}) != nil {
			t.Errorf("the %s is still there", kind.What)
		}
	}
	_, err = c.UpdateModelServer(within(t, 30*time.Second), image)
	must(t, err)
	c.settled(t, image)
	if a := w.caller().post("/fraud", "{}", "Authorization", "Bearer "+tokenA); a.Server != "fraud" {
		t.Errorf("%d from %q", a.code, a.Server)
	}
	requests.end(t)
}
