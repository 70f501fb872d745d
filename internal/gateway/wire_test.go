package gateway_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/modelserving/terraform-provider-serving/internal/gateway"
)

// TestSmuggling sends requests that two HTTP parsers could read differently, each
// with a second request inside that must never reach the protected model, and one
// well-formed request after them on the same connection.
func TestSmuggling(t *testing.T) {
	t.Parallel()
	open, secret := runModel(t, "open"), runModel(t, "secret")
	e := start(t, gateway.Config{Servers: []gateway.Server{
		server("open", open, noAuth), server("secret", secret, headerAuth("app", appToken)),
	}})
	inner := "GET /secret/smuggled HTTP/1.1\r\nHost: x\r\n\r\n"
	for _, c := range []struct {
		name, text string
		statuses   []int // Of all answers on the connection.
	}{
		{"well-formed, two in a row", "POST /open HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n\r\nx" + inner, []int{200, 401}},
		{"length and chunks", "POST /open HTTP/1.1\r\nHost: x\r\nContent-Length: 6\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + inner, []int{400}},
		{"chunks and length", "POST /open HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nContent-Length: 6\r\n\r\n0\r\n\r\n" + inner, []int{400}},
		{"two lengths", "POST /open HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\nContent-Length: 5\r\n\r\n" + inner, []int{400}},
		{"two lengths in one", "POST /open HTTP/1.1\r\nHost: x\r\nContent-Length: 0, 5\r\n\r\n" + inner, []int{400}},
		{"length with a sign", "POST /open HTTP/1.1\r\nHost: x\r\nContent-Length: +0\r\n\r\n" + inner, []int{400}},
		{"length in hexadecimal", "POST /open HTTP/1.1\r\nHost: x\r\nContent-Length: 0x0\r\n\r\n" + inner, []int{400}},
		{"negative length", "POST /open HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n" + inner, []int{400}},
		{"length too large to count", "POST /open HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999999999999\r\n\r\n" + inner, []int{400}},
		{"space before the colon", "POST /open HTTP/1.1\r\nHost: x\r\nContent-Length : 5\r\n\r\n" + inner, []int{400}},
		{"length with an underscore is no length", "POST /open HTTP/1.1\r\nHost: x\r\nContent_Length: 44\r\n\r\n" + inner, []int{200, 401}},
		{"encoding with a control character", "POST /open HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: \x0bchunked\r\n\r\n0\r\n\r\n" + inner, []int{400}},
		{"unknown encoding", "POST /open HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: xchunked\r\n\r\n0\r\n\r\n" + inner, []int{501}},
		{"encoding of two", "POST /open HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: identity, chunked\r\n\r\n0\r\n\r\n" + inner, []int{501}},
		{"folded header is one header", "POST /open HTTP/1.1\r\nHost: x\r\nX-A: b\r\n Content-Length: 42\r\n\r\n" + inner, []int{200, 401}},
		{"bare line feed ends a header", "POST /open HTTP/1.1\r\nHost: x\r\nX-A: b\nContent-Length: 42\r\n\r\n" + inner, []int{200}},
		{"bare carriage return does not end a header", "POST /open HTTP/1.1\r\nHost: x\r\nX-A: b\rContent-Length: 42\r\n\r\n" + inner, []int{200, 401}},
		{"zero byte in a header", "POST /open HTTP/1.1\r\nHost: x\r\nX-A: b\x00c\r\n\r\n" + inner, []int{400}},
		{"invalid chunk length", "POST /open HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n\r\n" + inner, []int{400}},
		{"chunk length too large", "POST /open HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n" + strings.Repeat("f", 17) + "\r\n\r\n" + inner, []int{400}},
		{"no host", "GET /open HTTP/1.1\r\n\r\n" + inner, []int{400}},
		{"two hosts, by which nothing is decided", "GET /open HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n" + inner, []int{200, 401}},
		{"HTTP/1.0", "GET /open HTTP/1.0\r\nHost: x\r\n\r\n" + inner, []int{426}},
		{"HTTP/0.9", "GET /open\r\n" + inner, []int{426}},
		{"space in the path", "GET /open /secret HTTP/1.1\r\nHost: x\r\n\r\n" + inner, []int{400}},
		{"CONNECT", "CONNECT secret:80 HTTP/1.1\r\nHost: secret:80\r\n\r\n" + inner, []int{404}},
		{"upgrade to HTTP/2 with a request inside", "GET /open HTTP/1.1\r\nHost: x\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA\r\n\r\n", []int{200}},
		{"credential named as a hop's own", "GET /secret HTTP/1.1\r\nHost: x\r\nConnection: close, authorization\r\nAuthorization: Bearer wrong-token-0123456789\r\n\r\n", []int{401}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if got := e.raw(t, c.text); !slices.Equal(got, c.statuses) {
				t.Errorf("answers %v, want %v", got, c.statuses)
			}
		})
	}
	t.Cleanup(func() {
		for _, s := range open.all() {
			if strings.ContainsAny(fmt.Sprint(s.Header), "\r\n\x00") {
				t.Errorf("the open model saw a header with a line end: %q", s.Header)
			}
		}
		if got := secret.all(); len(got) > 0 {
			t.Errorf("the secret model saw requests without a token: %+v", got)
		}
	})
}

// TestHeaderLimits sends more and larger headers than are taken.
func TestHeaderLimits(t *testing.T) {
	t.Parallel()
	m := runModel(t, "fraud")
	e := start(t, gateway.Config{Servers: []gateway.Server{server("fraud", m, headerAuth("app", appToken))}})
	many := func(n int) string {
		var lines strings.Builder
		for i := range n {
			fmt.Fprintf(&lines, "X-H-%d: v\r\n", i)
		}
		return lines.String()
	}
	for name, c := range map[string]struct {
		headers string
		status  int
	}{
		"fine":            {many(50) + "X-Long: " + strings.Repeat("x", 50<<10) + "\r\n", 200},
		"too many":        {many(120), 431},
		"too long":        {"X-Long: " + strings.Repeat("x", 61<<10) + "\r\n", 431},
		"long credential": {"Authorization: Basic " + strings.Repeat("QUFB", 15<<8) + "\r\n", 401},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := e.raw(t, "GET /fraud HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: Bearer "+appToken+"\r\n"+c.headers+"\r\n")
			if !slices.Equal(got, []int{c.status}) {
				t.Errorf("answers %v, want %d", got, c.status)
			}
		})
	}
}
