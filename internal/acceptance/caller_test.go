package acceptance_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"
)

// internet is a place of callers, as is what a cloud's place gives.
const internet = "internet"

// A caller is somebody at a place of the simulated world who calls the models:
// TCP from there to the load balancer, TLS to it, HTTP through it to the gateway.
type caller struct {
	testing.TB
	*http.Client
	// host is where the domain leads: what it connects to for the next request.
	host func() string
}

// caller calls the cluster's load balancer of now.
func (w *world) caller(p pair, place string) *caller {
	w.Helper()
	return w.callerOf(clusterAddress, p, place)
}

// callerOf calls that of the cluster at an address of the configuration.
func (w *world) callerOf(cluster string, p pair, place string) *caller {
	w.Helper()
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM([]byte(p.certificate)) {
		w.Fatal("the certificate is none")
	}
	transport := &http.Transport{
		Proxy: http.ProxyURL(w.Proxy(w.TB, place)), MaxIdleConnsPerHost: 8,
		TLSClientConfig: &tls.Config{RootCAs: roots, ServerName: domain},
	}
	w.Cleanup(transport.CloseIdleConnections)
	hostname := fmt.Sprint(at(w.attributes(cluster), "endpoint.hostname"))
	return &caller{w.TB, &http.Client{Transport: transport, Timeout: 30 * time.Second}, func() string { return hostname }}
}

// inside is the place of somebody in the cluster's network.
func (w *world) inside() string {
	return w.placeIn(fmt.Sprint(at(w.attributes(clusterAddress), "network.vpc_id")))
}

// An answer is what came back, with what the model saw when it was asked.
type answer struct {
	code    int
	header  http.Header
	Server  string              `json:"server"`
	Path    string              `json:"path"`
	Headers map[string][]string `json:"headers"`
	Body    string              `json:"body"`
}

// post sends JSON to a path of the domain; headers are names and values. A
// request that is not answered is an error, whatever the reason.
func (c *caller) post(path, body string, headers ...string) (answer, error) {
	r, err := http.NewRequestWithContext(context.Background(), http.MethodPost, "https://"+c.host()+path, strings.NewReader(body))
	if err != nil {
		return answer{}, err
	}
	r.Host = domain
	r.Header.Set("Content-Type", "application/json")
	for i := 0; i < len(headers); i += 2 {
		r.Header.Add(headers[i], headers[i+1])
	}
	response, err := c.Do(r)
	if err != nil {
		return answer{}, err
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	a := answer{code: response.StatusCode, header: response.Header}
	if err == nil && a.code == http.StatusOK {
		err = json.Unmarshal(text, &a)
	}
	return a, err
}

// gets checks the status of the answer to a request.
func (c *caller) gets(want int, path, body string, headers ...string) answer {
	c.Helper()
	a, err := c.post(path, body, headers...)
	if err != nil || a.code != want {
		c.Errorf("%s with %.60q and %.80q: %d, %v; want %d", path, headers, body, a.code, err, want)
	}
	return a
}

// becomes waits until a path answers with a status. A destroy returns when the
// gateway's configuration is written, and its pods read it a moment later.
func (c *caller) becomes(want int, path string) {
	c.Helper()
	got := 0
	for start := time.Now(); time.Since(start) < 20*time.Second; time.Sleep(50 * time.Millisecond) {
		a, err := c.post(path, "{}")
		if got = a.code; err == nil && got == want {
			return
		}
	}
	c.Errorf("%s still answers %d, want %d", path, got, want)
}

// bearer and basic are the spellings of a token in a header.
func bearer(token string) []string { return []string{"Authorization", "Bearer " + token} }

func basic(credential string) []string {
	return []string{"Authorization", "Basic " + base64.StdEncoding.EncodeToString([]byte(credential))}
}

// inBody is a JSON body with a token.
func inBody(token string) string { return fmt.Sprintf(`{"auth": %q, "inputs": [1, 2, 3]}`, token) }

// traffic is a stream of requests, of which none may be lost.
type traffic struct {
	stop chan struct{}
	done sync.WaitGroup

	mu    sync.Mutex
	token string
	sent  int
	lost  []string
}

// traffic sends requests to two servers all the time, with the token in a header
// for the one and in the body for the other, which may be none.
func (c *caller) traffic(token, byHeader, byBody string) *traffic {
	t := &traffic{stop: make(chan struct{}), token: token}
	for i := range 4 {
		t.done.Go(func() {
			for {
				select {
				case <-t.stop:
					return
				case <-time.After(5 * time.Millisecond):
				}
				t.mu.Lock()
				token := t.token
				t.mu.Unlock()
				path, body, headers := byHeader, `{"inputs": []}`, bearer(token)
				if i%2 == 1 && byBody != "" {
					path, body, headers = byBody, inBody(token), nil
				}
				a, err := c.post(path, body, headers...)
				t.mu.Lock()
				t.sent++
				if err != nil || a.code != http.StatusOK {
					t.lost = append(t.lost, fmt.Sprintf("%s: %d %v", path, a.code, err))
				}
				t.mu.Unlock()
			}
		})
	}
	return t
}

// use changes the token of the requests from now on, and returns when those with
// the earlier one are answered.
func (t *traffic) use(token string) {
	t.mu.Lock()
	t.token = token
	t.mu.Unlock()
	time.Sleep(200 * time.Millisecond)
}

// end stops the requests. None may have been lost.
func (t *traffic) end(test testing.TB) {
	test.Helper()
	close(t.stop)
	t.done.Wait()
	test.Logf("%d requests", t.sent)
	if t.sent < 20 || len(t.lost) > 0 {
		test.Errorf("%d of %d requests were lost, such as %.300v", len(t.lost), t.sent, t.lost)
	}
}
