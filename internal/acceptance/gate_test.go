package acceptance_test

import (
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"sync"
)

// A gate stands between the provider and the sandbox and lets a test act
// between a call and its answer.
type gate struct {
	behind http.Handler

	mu    sync.Mutex
	after func(r *http.Request)
}

// ServeHTTP lets the sandbox handle the call, then the test, then answers. What
// is tunnelled to the simulated networks is not a call.
func (g *gate) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method == http.MethodConnect {
		g.behind.ServeHTTP(w, r)
		return
	}
	answer := httptest.NewRecorder()
	g.behind.ServeHTTP(answer, r)
	g.mu.Lock()
	after := g.after
	g.mu.Unlock()
	if after != nil {
		after(r)
	}
	maps.Copy(w.Header(), answer.Header())
	w.WriteHeader(answer.Code)
	_, _ = io.Copy(w, answer.Body) // The client may be gone.
}

// then sets what happens between each call and its answer; nil is nothing.
func (g *gate) then(after func(r *http.Request)) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.after = after
}
