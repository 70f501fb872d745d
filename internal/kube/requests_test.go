package kube

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// A caller sends requests to the gateway, through the port of a node.
type caller struct {
	*http.Client
	t testing.TB
}

func (w *world) caller() *caller {
	node := w.Nodes()[0].Address
	transport := &http.Transport{MaxIdleConnsPerHost: 8, DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return w.DialNodePort(ctx, node, testNodePort)
	}}
	w.t.Cleanup(transport.CloseIdleConnections)
	return &caller{&http.Client{Transport: transport, Timeout: 20 * time.Second}, w.t}
}

// An answer is what came back, and what the model saw when it was asked.
type answer struct {
	code    int
	header  http.Header
	Server  string              `json:"server"`
	Pod     string              `json:"pod"`
	Path    string              `json:"path"`
	Headers map[string][]string `json:"headers"`
	Body    string              `json:"body"`
}

func (c *caller) try(method, path, body string, headers ...string) (answer, error) {
	r, err := http.NewRequestWithContext(c.t.Context(), method, "http://models.example.com"+path, strings.NewReader(body))
	if err != nil {
		return answer{}, err
	}
	for i := 0; i < len(headers); i += 2 {
		r.Header.Add(headers[i], headers[i+1])
	}
	response, err := c.Do(r)
	if err != nil {
		return answer{}, err
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		return answer{}, err
	}
	a := answer{code: response.StatusCode, header: response.Header}
	if response.StatusCode == http.StatusOK {
		err = json.Unmarshal(text, &a)
	}
	return a, err
}

func (c *caller) post(path, body string, headers ...string) answer {
	c.t.Helper()
	a, err := c.try(http.MethodPost, path, body, append(headers, "Content-Type", "application/json")...)
	must(c.t, err)
	return a
}

// status sends a request with a token and gives the answer's status.
func (c *caller) status(path, token string) int {
	c.t.Helper()
	return c.post(path, "{}", "Authorization", "Bearer "+token).code
}

func basic(token string) string { return "Basic " + base64.StdEncoding.EncodeToString([]byte(token)) }

// A stream of requests goes on until it is stopped.
type traffic struct {
	stop chan struct{}
	done sync.WaitGroup

	mu   sync.Mutex
	sent int
	lost []string
	// by counts the answers of each pod, and of each client name.
	by map[string]int
}

// traffic sends requests from some callers all the time. Token tells what each is
// to be sent with.
func (w *world) traffic(path string, token func() string) *traffic {
	t := &traffic{stop: make(chan struct{}), by: map[string]int{}}
	for range 4 {
		c := w.caller()
		t.done.Go(func() {
			for {
				select {
				case <-t.stop:
					return
				case <-time.After(2 * time.Millisecond):
				}
				a, err := c.try(http.MethodPost, path, "{}", "Authorization", "Bearer "+token(), "Content-Type", "application/json")
				t.mu.Lock()
				t.sent++
				t.by[a.Pod]++
				if err != nil || a.code != http.StatusOK {
					t.lost = append(t.lost, fmt.Sprintf("request %d: %d %v", t.sent, a.code, err))
				}
				t.mu.Unlock()
			}
		})
	}
	return t
}

// end stops the requests. None may have been lost.
func (t *traffic) end(test testing.TB) {
	test.Helper()
	close(t.stop)
	t.done.Wait()
	test.Logf("%d requests, answered by %v", t.sent, t.by)
	if t.sent == 0 || len(t.lost) > 0 {
		test.Errorf("%d of %d requests were lost, such as %.300v", len(t.lost), t.sent, t.lost)
	}
}

// service makes what somebody runs without the provider, in the namespace default.
func (w *world) service(name string) {
	w.t.Helper()
	labels := map[string]any{"app": name}
	apps := place{deployments, "default", name}
	ports := []any{map[string]any{"containerPort": int64(8000)}}
	pod := map[string]any{"containers": []any{map[string]any{"name": "model", "image": "registry.example.com/triton:1", "ports": ports}}}
	for at, object := range map[place]map[string]any{
		apps: {"apiVersion": "apps/v1", "kind": "Deployment", "spec": map[string]any{
			"selector": map[string]any{"matchLabels": labels}, "template": map[string]any{"metadata": map[string]any{"labels": labels}, "spec": pod}}},
		{services, "default", name}: {"apiVersion": "v1", "kind": "Service", "spec": map[string]any{"selector": labels, "ports": []any{map[string]any{"port": int64(8000)}}}},
	} {
		object["metadata"] = map[string]any{"name": name}
		_, err := w.at(at).Create(w.t.Context(), &unstructured.Unstructured{Object: object}, metav1.CreateOptions{})
		must(w.t, err)
	}
	w.until(func() bool {
		n, _, _ := unstructured.NestedInt64(w.get(apps).Object, "status", "readyReplicas")
		return n > 0
	})
}

// until waits for something that another does.
func (w *world) until(done func() bool) {
	w.t.Helper()
	for start := time.Now(); !done(); time.Sleep(20 * time.Millisecond) {
		if time.Since(start) > 30*time.Second {
			w.t.Fatal("has not happened")
		}
	}
}
