package kube

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/modelserving/terraform-provider-serving/internal/serving"
)

// TestManyAtOnce: servers that are applied together share renderings.
func TestManyAtOnce(t *testing.T) {
	w, c := withGateway(t)
	const many = 20
	spec := func(i int) serving.ModelServer {
		return with(server(fmt.Sprintf("s%02d", i)), func(s *serving.ModelServer) {
			s.Workload.Resources.CPU = "10m"
		})
	}
	run := func(what string, verb func(serving.ModelServer) error) int {
		t.Helper()
		c.calls.reset()
		start := time.Now()
		var all sync.WaitGroup
		for i := range many {
			all.Go(func() {
				if err := verb(spec(i)); err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
		renderings := 0
		for _, call := range c.calls.writes() {
			if strings.HasPrefix(call, "PUT ") && strings.HasSuffix(call, "/"+configurationSecrets[indexSecret]) {
				renderings++
			}
		}
		t.Logf("%s of %d: %s, %d reads, %d writes, %d renderings", what, many, time.Since(start).Round(time.Millisecond), c.calls.reads(), len(c.calls.writes()), renderings)
		return renderings
	}
	if n := run("create", func(s serving.ModelServer) error {
		_, err := c.CreateModelServer(within(t, time.Minute), s)
		return err
	}); n > many/2 {
		t.Errorf("%d renderings", n)
	}
	call := w.caller()
	for i := range many {
		if a := call.post(fmt.Sprintf("/s%02d", i), "{}", "Authorization", "Bearer "+tokenA); a.code != http.StatusOK {
			t.Errorf("s%02d: %d", i, a.code)
		}
	}
	c.forget()
	run("plan", func(s serving.ModelServer) error {
		seen, err := c.ObserveModelServer(t.Context(), s)
		if err == nil && len(seen.Drift) > 0 {
			err = fmt.Errorf("%s has drifted: %v", s.Name, seen.Drift)
		}
		return err
	})
	if n := c.calls.reads(); n > 12 {
		t.Errorf("a plan of %d servers reads %d times", many, n)
	}
	if n := run("destroy", func(s serving.ModelServer) error { return c.DestroyModelServer(within(t, time.Minute), s) }); n > many/2 {
		t.Errorf("%d renderings", n)
	}
}
