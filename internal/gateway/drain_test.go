package gateway_test

import (
	"context"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/modelserving/terraform-provider-serving/internal/gateway"
)

// TestDrain ends a pod as Kubernetes does, under constant requests on connections
// that are kept: first it gets no new connection, then preStop sleeps, then comes
// the signal. No request is lost that is shorter than the sleep leaves time for.
// The listener's minute is a second here.
func TestDrain(t *testing.T) {
	t.Parallel()
	m := runModel(t, "fraud")
	config := gateway.Config{Servers: []gateway.Server{server("fraud", m, noAuth)}}
	age := edit{`"max_connection_duration":"60s"`, `"max_connection_duration":"1s"`}
	old, next := start(t, config, age), start(t, config, age)

	// The endpoint that new connections go to.
	var endpoint atomic.Value
	endpoint.Store(old.addr)
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 10, DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "tcp", endpoint.Load().(string))
	}}}
	var sent, lost atomic.Int64
	done := make(chan struct{})
	var callers sync.WaitGroup
	for _, path := range []string{"/fraud", "/fraud", "/fraud/slow?for=100ms", "/fraud/slow?for=1s", "/fraud/slow?for=1s"} {
		callers.Go(func() {
			for {
				select {
				case <-done:
					return
				default:
				}
				sent.Add(1)
				got, err := client.Post("http://gateway"+path, "text/plain", strings.NewReader("x"))
				if err == nil {
					got.Body.Close()
				}
				if err != nil || got.StatusCode != http.StatusOK {
					lost.Add(1)
					t.Errorf("%s: %v", path, err)
					return
				}
			}
		})
	}
	time.Sleep(500 * time.Millisecond)
	endpoint.Store(next.addr)
	const connections, longest, margin = time.Second, time.Second, time.Second
	time.Sleep(connections + longest + margin)
	_ = old.process.Signal(syscall.SIGTERM)
	<-old.ended
	time.Sleep(200 * time.Millisecond)
	close(done)
	callers.Wait()
	if sent.Load() < 100 {
		t.Errorf("only %d requests were sent", sent.Load())
	}
	if strings.Count(next.out.String(), "\n") == 0 {
		t.Error("no request has moved to the other pod")
	}
	t.Logf("%d requests, %d lost", sent.Load(), lost.Load())
}

// TestTermination holds what the package comment says of the signal alone: Envoy
// ends at once and cuts what is under way. Were this no longer so, preStop could be
// shorter.
func TestTermination(t *testing.T) {
	t.Parallel()
	m := runModel(t, "fraud")
	e := start(t, gateway.Config{Servers: []gateway.Server{server("fraud", m, noAuth)}})
	result := make(chan error, 1)
	go func() {
		got, err := http.Post(e.url+"/fraud/slow?for=3s", "text/plain", strings.NewReader("x"))
		if err == nil {
			got.Body.Close()
		}
		result <- err
	}()
	time.Sleep(500 * time.Millisecond)
	_ = e.process.Signal(syscall.SIGTERM)
	select {
	case err := <-result:
		if err == nil {
			t.Error("a request outlived the signal")
		}
	case <-time.After(2 * time.Second):
		t.Error("Envoy waited for the request")
	}
	<-e.ended
}
