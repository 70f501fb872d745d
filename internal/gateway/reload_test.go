package gateway_test

import (
	"fmt"
	"io"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/modelserving/terraform-provider-serving/internal/gateway"
)

// TestRotation changes tokens and servers under constant requests on connections
// that are kept, and loses none.
func TestRotation(t *testing.T) {
	t.Parallel()
	m := runModel(t, "fraud")
	oldOnly := []gateway.Server{server("fraud", m, headerAuth("old", appToken)), server("stable", m, headerAuth("app", other))}
	both := []gateway.Server{server("fraud", m, headerAuth("old", appToken, "new", ciToken)), server("stable", m, headerAuth("app", other))}
	newOnly := []gateway.Server{server("fraud", m, headerAuth("new", ciToken)), server("stable", m, headerAuth("app", other)), server("more", m, bodyAuth("app", other))}
	e := start(t, gateway.Config{Servers: oldOnly})

	status := func(path, token string) int {
		req, _ := http.NewRequest(http.MethodPost, e.url+path, nil)
		req.Header.Set("Authorization", "Bearer "+token)
		got, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Error(err)
			return 0
		}
		defer got.Body.Close()
		_, _ = io.Copy(io.Discard, got.Body)
		return got.StatusCode
	}
	expect := func(when, path, token string, want int) {
		t.Helper()
		if got := status(path, token); got != want {
			t.Errorf("%s: %s answers %d, want %d", when, path, got, want)
		}
	}
	var sent, lost atomic.Int64
	done := make(chan struct{})
	var callers sync.WaitGroup
	for range 4 {
		callers.Go(func() {
			for {
				select {
				case <-done:
					return
				default:
				}
				sent.Add(1)
				if got := status("/stable", other); got != http.StatusOK {
					lost.Add(1)
					t.Errorf("a request was answered %d", got)
				}
			}
		})
	}
	version := 1
	for range 5 {
		for _, step := range []struct {
			name           string
			servers        []gateway.Server
			old, new, more int
		}{
			{"both tokens", both, 200, 200, 404},
			{"the new token", newOnly, 401, 200, 401},
			{"both again", both, 200, 200, 404},
			{"the old token", oldOnly, 200, 401, 404},
		} {
			version++
			e.reload(fmt.Sprintf("v%d", version), step.servers...)
			expect(step.name, "/fraud", appToken, step.old)
			expect(step.name, "/fraud", ciToken, step.new)
			expect(step.name, "/more", other, step.more)
		}
	}
	close(done)
	callers.Wait()
	if sent.Load() < 100 {
		t.Errorf("only %d requests were sent", sent.Load())
	}
	t.Logf("%d requests over %d reloads, %d lost", sent.Load(), version-1, lost.Load())
	if text := e.err.String(); text != "" {
		t.Logf("Envoy said: %s", text)
	}
}

// TestBrokenFiles replaces the mounted files with ones that Envoy cannot read: it
// keeps what it has.
func TestBrokenFiles(t *testing.T) {
	t.Parallel()
	m := runModel(t, "fraud")
	servers := []gateway.Server{server("fraud", m, headerAuth("app", appToken))}
	e := start(t, gateway.Config{Servers: servers})
	broken := e.render(e.config)
	for name := range broken {
		broken[name] = []byte(`{"resources":[{"@type":"type.googleapis.com/`)
	}
	e.mount.replace(broken)
	e.until("Envoy complains", func() bool { return e.err.String() != "" })
	e.try(t, m, call{path: "/fraud", headers: []string{"Authorization: Bearer " + appToken}, status: 200, server: "fraud", client: "app", reason: "token"})
	e.try(t, m, call{path: "/fraud", status: 401, server: "fraud", reason: "missing_token"})
	e.reload("v2", servers...)
}
