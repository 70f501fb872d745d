package gateway_test

import (
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/modelserving/terraform-provider-serving/internal/gateway"
)

// The frames of HTTP/2 that the tests write, for no client sends what they send.
const (
	frameData     = 0
	frameHeaders  = 1
	frameReset    = 3
	frameSettings = 4
	frameGoAway   = 7
	endStream     = 1
	endHeaders    = 4
)

func frame(kind, flags byte, stream uint32, payload string) string {
	head := binary.BigEndian.AppendUint32(nil, uint32(len(payload)))[1:]
	head = append(head, kind, flags)
	return string(binary.BigEndian.AppendUint32(head, stream)) + payload
}

// fields are header fields in HPACK, each literal and new. Names and values have
// less than 127 bytes.
func fields(pairs ...string) string {
	var out strings.Builder
	for i := 0; i < len(pairs); i += 2 {
		fmt.Fprintf(&out, "\x00%c%s%c%s", len(pairs[i]), pairs[i], len(pairs[i+1]), pairs[i+1])
	}
	return out.String()
}

// finished reads until the gateway has answered the request or given it up.
func finished(conn net.Conn) {
	_ = conn.SetReadDeadline(time.Now().Add(10 * time.Second))
	for {
		head := make([]byte, 9)
		if _, err := io.ReadFull(conn, head); err != nil {
			return
		}
		if _, err := io.CopyN(io.Discard, conn, int64(binary.BigEndian.Uint32(head)>>8)); err != nil {
			return
		}
		switch kind := head[3]; {
		case kind == frameReset, kind == frameGoAway, kind <= frameHeaders && head[4]&endStream != 0:
			return
		}
	}
}

// TestSmugglingHTTP2 sends over HTTP/2 what would be another request if it were
// written down as HTTP/1.1 for the model, and fields that HTTP/2 forbids.
func TestSmugglingHTTP2(t *testing.T) {
	t.Parallel()
	open, secret := runModel(t, "open"), runModel(t, "secret")
	plain := func(s *gateway.Server) { s.Protocol = "http1" }
	e := start(t, gateway.Config{Servers: []gateway.Server{server("open", open, noAuth, plain), server("secret", secret, headerAuth("app", appToken), plain)}})
	inner := "GET /secret/smuggled HTTP/1.1\r\nHost: x\r\nX-Request-Id: inner\r\n\r\n"
	for _, c := range []struct {
		name, path string
		more       []string
		data       string
		// reaches names the model that gets the request.
		reaches *model
	}{
		{name: "well-formed", path: "/open", reaches: open},
		{name: "right token", path: "/secret", more: []string{"authorization", "Bearer " + appToken}, reaches: secret},
		{name: "request in the body", path: "/open", data: inner, reaches: open},
		{name: "no token", path: "/secret"},
		{name: "two credentials", path: "/secret", more: []string{"authorization", "Bearer " + appToken, "authorization", "Bearer " + appToken}},
		{name: "encoding of HTTP/1.1", path: "/secret", more: []string{"transfer-encoding", "chunked"}, data: "0\r\n\r\n" + inner},
		{name: "encoding of HTTP/1.1, open", path: "/open", more: []string{"transfer-encoding", "chunked"}, data: "0\r\n\r\n" + inner},
		{name: "length too short", path: "/secret", more: []string{"content-length", "1"}, data: inner},
		{name: "line end in a value", path: "/open", more: []string{"x-a", "b\r\nauthorization: Bearer " + appToken}},
		{name: "line feed in a value", path: "/open", more: []string{"x-a", "b\nx-b: c"}},
		{name: "zero byte in a value", path: "/open", more: []string{"x-a", "b\x00"}},
		{name: "line end in a name", path: "/open", more: []string{"x-a: b\r\nx-b", "c"}},
		{name: "capitals in a name", path: "/secret", more: []string{"Authorization", "Bearer " + appToken}},
		{name: "second path", path: "/open", more: []string{":path", "/secret"}},
		{name: "path behind a header", path: "/open", more: []string{"x-a", "b", ":path", "/secret"}},
		{name: "space in the path", path: "/open HTTP/1.1\r\nx: y"},
		{name: "path with a fragment", path: "/open#/secret"},
		{name: "path of no slash", path: "secret"},
		{name: "empty path", path: ""},
		{name: "header of the connection", path: "/open", more: []string{"connection", "x-serving-client"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			conn, err := net.Dial("tcp", e.addr)
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
			id := fmt.Sprintf("frame-%d", calls.Add(1))
			head := fields(append([]string{":method", "POST", ":scheme", "http", ":authority", "x", ":path", c.path, "x-request-id", id}, c.more...)...)
			last := byte(endStream)
			if c.data != "" {
				last = 0
			}
			text := "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + frame(frameSettings, 0, 0, "") + frame(frameHeaders, endHeaders|last, 1, head)
			if c.data != "" {
				text += frame(frameData, endStream, 1, c.data)
			}
			if _, err := io.WriteString(conn, text); err != nil {
				t.Fatal(err)
			}
			finished(conn)
			for _, m := range []*model{open, secret} {
				if s, ok := m.saw(id); ok != (m == c.reaches) {
					t.Errorf("model %s: saw the request: %t, %+v", m.name, ok, s)
				}
			}
		})
	}
	t.Cleanup(func() {
		for _, m := range []*model{open, secret} {
			if s, ok := m.saw("inner"); ok {
				t.Errorf("model %s saw a request in a request: %+v", m.name, s)
			}
		}
	})
}
