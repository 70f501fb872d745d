package gcp

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
)

// recorder stands before a cloud and keeps what it is sent.
type recorder struct {
	URL string

	mu   sync.Mutex
	sent []sentCall
}

type sentCall struct{ method, path, body string }

// recorded puts a recorder before a sandbox.
func recorded(t *testing.T, cloud http.Handler) *recorder {
	t.Helper()
	r := &recorder{}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		body, err := io.ReadAll(req.Body)
		if err != nil {
			t.Error(err)
		}
		r.mu.Lock()
		r.sent = append(r.sent, sentCall{req.Method, req.URL.Path, string(body)})
		r.mu.Unlock()
		req.Body = io.NopCloser(bytes.NewReader(body))
		cloud.ServeHTTP(w, req)
	}))
	t.Cleanup(server.Close)
	r.URL = server.URL
	return r
}

// bodies are those of calls with a method to paths that end so.
func (r *recorder) bodies(method, path string) []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	var out []string
	for _, c := range r.sent {
		if c.method == method && strings.HasSuffix(c.path, path) {
			out = append(out, c.body)
		}
	}
	return out
}
