package gcp

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/modelserving/terraform-provider-serving/internal/reads"
	"github.com/modelserving/terraform-provider-serving/internal/serving"
)

// ward stands before a sandbox in which nothing runs on nodes: it tells that those
// behind the old load balancer are healthy, and those behind the new one as soon
// as it is allowed to.
type ward struct {
	url string
	// well says that the new load balancer's nodes are healthy, asked counts the
	// questions about them.
	well  atomic.Bool
	asked atomic.Int32
}

func newWard(t *testing.T, sandbox *simulated, next serving.Cluster) *ward {
	t.Helper()
	target, err := url.Parse(sandbox.URL)
	if err != nil {
		t.Fatal(err)
	}
	w := &ward{}
	proxy := httputil.NewSingleHostReverseProxy(target)
	proxy.ModifyResponse = func(res *http.Response) error {
		path := res.Request.URL.Path
		if !strings.HasSuffix(path, "/getHealth") || res.StatusCode != http.StatusOK {
			return nil
		}
		text, err := io.ReadAll(res.Body)
		if err := errors.Join(err, res.Body.Close()); err != nil {
			return err
		}
		isNew := strings.Contains(path, "/"+namesOf(next).chain+"/")
		if isNew {
			w.asked.Add(1)
		}
		if !isNew || w.well.Load() {
			text = bytes.ReplaceAll(text, []byte(`"UNHEALTHY"`), []byte(`"HEALTHY"`))
		}
		res.Body, res.ContentLength = io.NopCloser(bytes.NewReader(text)), int64(len(text))
		res.Header.Del("Content-Length")
		return nil
	}
	server := httptest.NewServer(proxy)
	t.Cleanup(server.Close)
	w.url = server.URL
	return w
}

// TestCutOverAwaitsHealth asserts that the old load balancer stays until the nodes
// answer the new one.
func TestCutOverAwaitsHealth(t *testing.T) {
	t.Parallel()
	sandbox, next, _ := flipped(t, serving.Public, serving.Private)
	w := newWard(t, sandbox, next)
	ended := make(chan error, 1)
	go func() {
		_, err := testBackend(w.url).UpdateCluster(t.Context(), next)
		ended <- err
	}()
	for start := time.Now(); w.asked.Load() < 10; time.Sleep(5 * time.Millisecond) {
		if time.Since(start) > time.Minute {
			t.Fatal("nobody asked how the nodes are")
		}
	}
	done := actions(changes(sandbox))
	if !slices.Contains(done, "ForwardingRules.Insert") || slices.ContainsFunc(done, func(a string) bool { return strings.HasSuffix(a, ".Delete") }) {
		t.Errorf("before the nodes are healthy there were %v", done)
	}
	select {
	case err := <-ended:
		t.Fatalf("it went on without healthy nodes: %v", err)
	default:
	}
	w.well.Store(true)
	if err := <-ended; err != nil {
		t.Fatal(err)
	}
	if seen, err := testBackend(sandbox.URL).ObserveCluster(t.Context(), next); err != nil || len(seen.Drift) > 0 {
		t.Errorf("drift %v, error %v", seen.Drift, err)
	}
}

// TestCutOverGivesUp asserts that who waits for nodes in vain is told which, both
// when time runs out and when somebody ends the wait.
func TestCutOverGivesUp(t *testing.T) {
	t.Parallel()
	sandbox, next, _ := flipped(t, serving.Private, serving.Public)
	w := newWard(t, sandbox, next)
	ctx, kill := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() {
		_, err := testBackend(w.url).UpdateCluster(ctx, next)
		ended <- err
	}()
	for start := time.Now(); w.asked.Load() < 10; time.Sleep(5 * time.Millisecond) {
		if time.Since(start) > time.Minute {
			t.Fatal("nobody asked how the nodes are")
		}
	}
	kill()
	if err := <-ended; !errors.Is(err, context.Canceled) || !strings.Contains(err.Error(), "wait for nodes_healthy") {
		t.Errorf("ended while it waits: %v", err)
	}
	live := reads.WithLive(t.Context())
	c, err := testBackend(w.url).client(live, testRegion)
	if err != nil {
		t.Fatal(err)
	}
	s := c.wholeCluster(next, remains{})
	if _, err := s.Observe(live); err != nil || !s.replaced() {
		t.Fatalf("there are not both load balancers, error %v", err)
	}
	const wants = "nodes do not answer the new load balancer: gke-prod-cpu-"
	short, end := context.WithTimeout(live, 300*time.Millisecond)
	defer end()
	if err := c.awaitHealth(short, s, time.Hour); !errors.Is(err, context.DeadlineExceeded) || !strings.Contains(err.Error(), wants) {
		t.Errorf("the resource's own time ran out: %v", err)
	}
	if err := c.awaitHealth(live, s, 0); err == nil || !strings.Contains(err.Error(), wants) || !strings.Contains(err.Error(), "the old load balancer still serves") {
		t.Errorf("out of time: %v", err)
	}
	w.well.Store(true)
	if err := c.awaitHealth(live, s, time.Minute); err != nil {
		t.Errorf("all nodes are healthy: %v", err)
	}
}

// TestHealthCostsNothing asserts that who replaces nothing asks for nobody's health.
func TestHealthCostsNothing(t *testing.T) {
	t.Parallel()
	sandbox, next, _ := flipped(t, serving.Private, serving.Private)
	next.Endpoint.IdleTimeoutSeconds = 600
	b := testBackend(sandbox.URL)
	b.cfg.Linger = time.Hour
	if _, err := b.UpdateCluster(t.Context(), next); err != nil {
		t.Fatal(err)
	}
	if done := actions(changes(sandbox)); !slices.Contains(done, "RegionBackendServices.Update") {
		t.Errorf("nothing was changed: %v", done)
	}
	if slices.Contains(actions(sandbox.Calls()), "RegionBackendServices.GetHealth") {
		t.Error("the nodes' health was asked for")
	}
}

func TestLacks(t *testing.T) {
	t.Parallel()
	const well, ill = "HEALTHY", "UNHEALTHY"
	for name, c := range map[string]struct {
		now, before map[string]string
		one         bool
		want        string
	}{
		"all healthy":                  {map[string]string{"z/a": well, "z/b": well}, map[string]string{"z/a": well, "z/b": well}, true, ""},
		"one is ill":                   {map[string]string{"z/a": well, "z/b": ill}, map[string]string{"z/a": well, "z/b": well}, true, "b is UNHEALTHY"},
		"one is not known":             {map[string]string{"z/a": well}, map[string]string{"z/a": well, "z/b": well}, true, "b is not known"},
		"one was ill before":           {map[string]string{"z/a": well, "z/b": ill}, map[string]string{"z/a": well, "z/b": ill}, true, ""},
		"nobody, with a gateway":       {map[string]string{"z/a": ill}, map[string]string{"z/a": ill}, true, "no node answers"},
		"nobody, without one":          {map[string]string{"z/a": ill}, map[string]string{"z/a": ill}, false, ""},
		"one healthy before, without":  {map[string]string{"z/a": ill}, map[string]string{"z/a": well}, false, "a is UNHEALTHY"},
		"nodes left the old one":       {map[string]string{"z/a": well}, nil, true, ""},
		"nodes left, nobody is there":  {nil, nil, true, "no node answers"},
		"nodes left, nobody is needed": {nil, nil, false, ""},
	} {
		if got := lacks(c.now, c.before, c.one); (got == "") != (c.want == "") || !strings.Contains(got, c.want) {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}
