package gateway_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/modelserving/terraform-provider-serving/internal/gateway"
	"github.com/modelserving/terraform-provider-serving/internal/serving"
)

const bearer = "Authorization: Bearer " + appToken

// TestServerSentEvents holds that events pass one by one and not in a heap.
func TestServerSentEvents(t *testing.T) {
	t.Parallel()
	m := runModel(t, "fraud")
	e := start(t, gateway.Config{Servers: []gateway.Server{server("form", m, bodyAuth("app", appToken))}})
	got, err := http.Post(e.url+"/form/stream", "application/json", strings.NewReader(`{"auth":"`+appToken+`"}`))
	if err != nil {
		t.Fatal(err)
	}
	defer got.Body.Close()
	var events int
	var first, last time.Time
	for lines := bufio.NewScanner(got.Body); lines.Scan(); {
		if strings.HasPrefix(lines.Text(), "data: ") {
			if last = time.Now(); events == 0 {
				first = last
			}
			events++
		}
	}
	if events != 6 || last.Sub(first) < 300*time.Millisecond {
		t.Errorf("%d events within %s, want 6 within half a second", events, last.Sub(first))
	}
}

// TestWebSocket upgrades with and without a token, and sends more than a body may
// have.
func TestWebSocket(t *testing.T) {
	t.Parallel()
	m := runModel(t, "fraud")
	e := start(t, gateway.Config{Servers: []gateway.Server{
		server("fraud", m, headerAuth("app", appToken), limited(1000)), server("form", m, bodyAuth("app", appToken)),
	}})
	upgrade := func(path string, headers ...string) (net.Conn, *bufio.Reader, int) {
		conn, err := net.Dial("tcp", e.addr)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { conn.Close() })
		_ = conn.SetDeadline(time.Now().Add(10 * time.Second))
		headers = append(headers, "Host: x", "Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==", "Sec-WebSocket-Version: 13")
		fmt.Fprintf(conn, "GET %s HTTP/1.1\r\n%s\r\n\r\n", path, strings.Join(headers, "\r\n"))
		in := bufio.NewReader(conn)
		got, err := http.ReadResponse(in, nil) //nolint:bodyclose // what follows is no body
		if err != nil {
			t.Fatal(err)
		}
		return conn, in, got.StatusCode
	}
	for _, c := range [][]string{{"/fraud/chat"}, {"/fraud/chat", "Authorization: Bearer wrong-token-0123456789"}, {"/form/chat"}, {"/form/chat", asJSON}, {"/form/chat", bearer}} {
		if _, _, status := upgrade(c[0], c[1:]...); status != http.StatusUnauthorized {
			t.Errorf("%v is answered %d, want 401", c, status)
		}
	}
	conn, in, status := upgrade("/fraud/chat", bearer)
	if status != http.StatusSwitchingProtocols {
		t.Fatalf("status %d, want 101", status)
	}
	text := strings.Repeat("ping", 1000)
	for range 3 {
		fmt.Fprint(conn, text)
		back := make([]byte, len(text))
		if _, err := io.ReadFull(in, back); err != nil || string(back) != text {
			t.Fatalf("the echo failed: %v", err)
		}
	}
}

// overHTTP2 is a client that speaks HTTP/2 without TLS, as gRPC does.
func overHTTP2() *http.Client {
	protocols := new(http.Protocols)
	protocols.SetUnencryptedHTTP2(true)
	return &http.Client{Transport: &http.Transport{Protocols: protocols}}
}

// TestGRPC sends messages both ways at once, and reads the trailers.
func TestGRPC(t *testing.T) {
	t.Parallel()
	m := runModel(t, "fraud")
	e := start(t, gateway.Config{Servers: []gateway.Server{
		server("fraud", m, headerAuth("app", appToken)), server("forced", m, headerAuth("app", appToken), func(s *gateway.Server) { s.Protocol = serving.ProtocolHTTP2 }),
		server("old", m, headerAuth("app", appToken), func(s *gateway.Server) { s.Protocol = serving.ProtocolHTTP1 }),
	}})
	send := func(path, authorization string) (*http.Response, []byte, *io.PipeWriter) {
		body, out := io.Pipe()
		req, _ := http.NewRequestWithContext(t.Context(), http.MethodPost, e.url+path, body)
		req.Header.Set("Content-Type", "application/grpc")
		req.Header.Set("Te", "trailers")
		req.Header.Set("Authorization", authorization)
		go func() { _, _ = out.Write([]byte("\x00\x00\x00\x00\x04ping")) }()
		got, err := overHTTP2().Do(req)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { got.Body.Close() })
		back := make([]byte, 9)
		n, _ := io.ReadFull(got.Body, back)
		return got, back[:n], out
	}
	for _, path := range []string{"/fraud/grpc", "/forced/grpc"} {
		got, back, out := send(path, "Bearer "+appToken) //nolint:bodyclose // send closes it with the test
		if string(back) != "\x00\x00\x00\x00\x04ping" {
			t.Errorf("%s: before the end of the request, %q came back", path, back)
		}
		out.Close()
		_, _ = io.Copy(io.Discard, got.Body)
		if got.Trailer.Get("Grpc-Status") != "0" || got.Trailer.Get("X-Seen-Proto") != "HTTP/2.0" {
			t.Errorf("%s: the trailers are %v", path, got.Trailer)
		}
	}
	got, _, out := send("/fraud/grpc", "Bearer wrong-token-0123456789") //nolint:bodyclose // send closes it with the test
	out.Close()
	if got.Header.Get("Grpc-Status") != "16" {
		t.Errorf("a wrong token has the gRPC status %q, want 16, unauthenticated", got.Header.Get("Grpc-Status"))
	}
	for path, want := range map[string]string{"/fraud": "HTTP/2.0", "/old": "HTTP/1.1"} {
		req, _ := http.NewRequestWithContext(t.Context(), http.MethodGet, e.url+path, nil)
		req.Header.Set("Authorization", "Bearer "+appToken)
		got, err := overHTTP2().Do(req)
		if err != nil {
			t.Fatal(err)
		}
		text, _ := io.ReadAll(got.Body)
		got.Body.Close()
		if proto := decoded(t, string(text))["Proto"]; proto != want {
			t.Errorf("%s: the model was spoken to in %v, want %s", path, proto, want)
		}
	}
}
