package gateway_test

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// A model is a stub upstream: it answers with what it was asked, and remembers
// every request that reached it.
type model struct {
	name string
	host string
	mu   sync.Mutex
	got  []seen
}

// seen is a request as the model got it.
type seen struct {
	Model  string
	Method string
	Path   string
	Query  string
	Header http.Header
	Proto  string
	Size   int
	Sum    string
	// Trailer is what came after the body.
	Trailer http.Header
}

// runModel serves HTTP/1.1 and, without TLS, HTTP/2.
func runModel(t testing.TB, name string) *model {
	t.Helper()
	m := &model{name: name}
	server := httptest.NewUnstartedServer(m)
	protocols := new(http.Protocols)
	protocols.SetHTTP1(true)
	protocols.SetUnencryptedHTTP2(true)
	server.Config.Protocols = protocols
	server.Start()
	t.Cleanup(server.Close)
	m.host = server.Listener.Addr().String()
	return m
}

func (m *model) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch r.URL.Path {
	case "/stream":
		m.stream(w, r)
		return
	case "/chat":
		m.chat(w, r)
		return
	case "/grpc":
		m.grpc(w, r)
		return
	case "/slow":
		wait, _ := time.ParseDuration(r.URL.Query().Get("for"))
		_, _ = io.Copy(io.Discard, r.Body)
		time.Sleep(wait)
	}
	sum := sha256.New()
	n, err := io.Copy(sum, r.Body)
	if err != nil {
		return // The gateway has cut the body: nobody waits for an answer.
	}
	s := seen{
		Model: m.name, Method: r.Method, Path: r.URL.EscapedPath(), Query: r.URL.RawQuery, Header: r.Header, Proto: r.Proto,
		Size: int(n), Sum: fmt.Sprintf("%x", sum.Sum(nil)), Trailer: r.Trailer,
	}
	m.mu.Lock()
	m.got = append(m.got, s)
	m.mu.Unlock()
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(s)
}

// stream sends an event each 100 ms, six in all.
func (m *model) stream(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/event-stream")
	for i := range 6 {
		fmt.Fprintf(w, "data: %d\n\n", i)
		w.(http.Flusher).Flush()
		time.Sleep(100 * time.Millisecond)
	}
}

// chat switches protocols and then sends back what it gets.
func (m *model) chat(w http.ResponseWriter, r *http.Request) {
	if !strings.EqualFold(r.Header.Get("Upgrade"), "websocket") {
		http.Error(w, "not a WebSocket", http.StatusBadRequest)
		return
	}
	conn, rw, err := w.(http.Hijacker).Hijack()
	if err != nil {
		return
	}
	defer conn.Close()
	fmt.Fprintf(rw, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n")
	_ = rw.Flush()
	_, _ = io.Copy(conn, rw)
}

// grpc answers as a gRPC method would that sends back the message it gets.
func (m *model) grpc(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "application/grpc")
	w.Header().Set("Trailer", "Grpc-Status, X-Seen-Proto")
	for chunk := make([]byte, 1024); ; {
		n, err := r.Body.Read(chunk)
		_, _ = w.Write(chunk[:n])
		w.(http.Flusher).Flush()
		if err != nil {
			break
		}
	}
	w.Header().Set("Grpc-Status", "0")
	w.Header().Set("X-Seen-Proto", r.Proto)
}

// saw gives the request of an id, if it reached the model.
func (m *model) saw(id string) (seen, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, s := range m.got {
		if s.Header.Get("X-Request-Id") == id {
			return s, true
		}
	}
	return seen{}, false
}

// all gives every request that reached the model.
func (m *model) all() []seen {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Clone(m.got)
}
