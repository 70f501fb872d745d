package gateway_test

import (
	"bufio"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

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

// TestBrokenFiles replaces the mounted files with ones that end early: Envoy keeps
// what it has. That their contents are in no log, start holds for every test.
func TestBrokenFiles(t *testing.T) {
	t.Parallel()
	m := runModel(t, "fraud")
	servers := []gateway.Server{server("fraud", m, headerAuth("app", appToken))}
	e := start(t, gateway.Config{Servers: servers})
	right := call{path: "/fraud", headers: []string{bearer}, status: 200, server: "fraud", client: "app", reason: "token"}
	missing := call{path: "/fraud", status: 401, server: "fraud", reason: "missing_token"}
	next := e.config
	next.Version, next.Servers = "cut", append(slices.Clone(servers), server("more", m, headerAuth("ci", ciToken)))
	broken := e.render(next)
	for name, content := range broken {
		broken[name] = content[:len(content)-20]
	}
	e.mount.replace(broken)
	e.until("Envoy has refused each", func() bool { return e.refusedUpdates(t) >= len(broken) })
	if got := e.version(); got != "v1" {
		t.Errorf("the version is %q", got)
	}
	e.try(t, m, right)
	e.try(t, m, missing)

	// An empty file has no cluster, which is no error in this form: nobody is
	// answered then, and nobody gets in.
	for name := range broken {
		broken[name] = nil
	}
	e.mount.replace(broken)
	e.until("the clusters are gone", func() bool { return e.version() == "" })
	e.try(t, m, missing)

	e.reload("v2", servers...)
	e.try(t, m, right)
}

// refusedUpdates counts the files that Envoy would not take over.
func (e *envoy) refusedUpdates(t *testing.T) int {
	t.Helper()
	got, err := e.admin.Get("http://admin/stats?filter=update_(rejected|failure)$")
	if err != nil {
		t.Fatal(err)
	}
	defer got.Body.Close()
	sum := 0
	for lines := bufio.NewScanner(got.Body); lines.Scan(); {
		_, value, _ := strings.Cut(lines.Text(), ": ")
		n, _ := strconv.Atoi(value)
		sum += n
	}
	return sum
}

// TestVersion holds that a pod answers a version only when it has all files of it,
// for they come from several Secrets.
func TestVersion(t *testing.T) {
	t.Parallel()
	m := runModel(t, "fraud")
	e := start(t, gateway.Config{Servers: []gateway.Server{server("fraud", m, noAuth)}})
	old, next := e.render(e.config), e.config
	next.Version, next.Servers = "v2", []gateway.Server{server("fraud", m, noAuth), server("more", m, noAuth)}
	for _, late := range []string{gateway.FileRoutes, gateway.FileClusters, gateway.FileJWT} {
		mixed := e.render(next)
		mixed[late] = old[late]
		e.mount.replace(mixed)
		e.until("the late file is missed", func() bool { return e.version() == "" })
		for range 20 {
			time.Sleep(10 * time.Millisecond)
			if got := e.version(); got != "" {
				t.Fatalf("%s is late, and the version is %q", late, got)
			}
		}
		e.reload("v2", next.Servers...)
		e.reload("v1", e.config.Servers...)
	}
}
