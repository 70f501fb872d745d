package kube

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/modelserving/terraform-provider-serving/internal/serving"
)

// TestUnhappyRollouts: an apply that cannot succeed says what the pods say, leaves
// the old pods serving, and another with a good image heals.
func TestUnhappyRollouts(t *testing.T) {
	w, c := withGateway(t)
	good := server("fraud")
	_, err := c.CreateModelServer(within(t, 30*time.Second), good)
	must(t, err)
	call := w.caller()
	for _, b := range []struct {
		name   string
		change func(*serving.Workload)
		wait   time.Duration
		says   []string
	}{
		{"unpullable", func(w *serving.Workload) { w.Image = "registry.example.com/unpullable:1" }, 20 * time.Second, []string{"the image registry.example.com/unpullable:1 cannot be pulled", "not found"}},
		{"crashes", func(w *serving.Workload) { w.Image = "registry.example.com/crashes:1" }, 30 * time.Second, []string{"the container ended", "exit code 1", "last lines of fraud-", "no such file or directory"}},
		{"no GPU", func(w *serving.Workload) { w.Resources.GPUs = 1 }, 2 * time.Second, []string{"no node takes it", "nvidia.com/gpu"}},
		{"not ready", func(w *serving.Workload) {
			w.Image, w.HealthPath = "registry.example.com/unready:1", "/ready"
		}, 3 * time.Second, []string{"it does not answer its readiness probe", "deadline exceeded"}},
	} {
		bad := with(good, func(s *serving.ModelServer) { b.change(s.Workload) })
		start := time.Now()
		_, err := c.UpdateModelServer(within(t, b.wait), bad)
		took := time.Since(start).Round(10 * time.Millisecond)
		if err == nil {
			t.Errorf("%s: succeeds", b.name)
			continue
		}
		t.Logf("%s after %s: %v", b.name, took, err)
		for _, part := range append(b.says, "1 of 1 pods are ready", "pod fraud-") {
			if !strings.Contains(err.Error(), part) {
				t.Errorf("%s does not say %q", b.name, part)
			}
		}
		if code := call.status("/fraud", tokenA); code != http.StatusOK {
			t.Errorf("%s: the old pod does not serve: %d", b.name, code)
		}
		c.forget()
		seen, err := c.ObserveModelServer(t.Context(), bad)
		must(t, err)
		if lines := strings.Join(seen.Drift[objectServerRollout], "\n"); !strings.Contains(lines, "the last rollout is not complete") {
			t.Errorf("%s: the plan says %v", b.name, seen.Drift)
		}
		_, err = c.UpdateModelServer(within(t, 20*time.Second), good)
		if err != nil {
			t.Errorf("%s: not healed: %v", b.name, err)
		}
		c.settled(t, good)
	}
	// The first rollout of a server fails in the same way, and a create is resumed.
	_, err = c.CreateModelServer(within(t, 30*time.Second), with(server("spam"), func(s *serving.ModelServer) { s.Workload.Image = "registry.example.com/unpullable:1" }))
	if err == nil || !strings.Contains(err.Error(), "cannot be pulled") {
		t.Errorf("%v", err)
	}
	if code := call.status("/spam", tokenA); code != http.StatusNotFound {
		t.Errorf("a server that never ran: %d", code)
	}
	_, err = c.CreateModelServer(within(t, 30*time.Second), server("spam"))
	must(t, err)
	c.settled(t, server("spam"))
}

// TestUnhappyGateway: the cluster's apply says what the gateway's pods say.
func TestUnhappyGateway(t *testing.T) {
	w, c := withGateway(t)
	bad := testGateway()
	bad.Image = "registry.example.com/unpullable:1"
	if err := c.ensureGateway(bad); err == nil || !strings.Contains(err.Error(), "cannot be pulled") {
		t.Errorf("%v", err)
	}
	// The old pod serves, with new servers as well.
	_, err := c.CreateModelServer(within(t, 30*time.Second), server("fraud"))
	must(t, err)
	if code := w.caller().status("/fraud", tokenA); code != http.StatusOK {
		t.Errorf("%d", code)
	}
	must(t, c.ensureGateway(testGateway()))
	c.gatewaySettled(t, testGateway())
}
