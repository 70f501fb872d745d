package gateway_test

import (
	"bufio"
	"bytes"
	"crypto/rand"
	"crypto/sha256"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/modelserving/terraform-provider-serving/internal/gateway"
)

// limited is a server whose bodies have n bytes at most.
func limited(n int64) func(*gateway.Server) {
	return func(s *gateway.Server) { s.MaxBodyBytes = n }
}

// TestBodyLimits holds each server's limit on bodies, sent with their length and
// in chunks, and that bodies up to it arrive unchanged.
func TestBodyLimits(t *testing.T) {
	t.Parallel()
	m := runModel(t, "fraud")
	signer := runIssuer(t)
	named := headerAuth("app", appToken)
	named.Header = "X-API-Key"
	e := start(t, gateway.Config{CABundle: signer.ca, Servers: []gateway.Server{
		server("small", m, headerAuth("app", appToken), limited(1000)),
		server("large", m, headerAuth("app", appToken), limited(20<<20)),
		server("usual", m, headerAuth("app", appToken)),
		server("open", m, noAuth, limited(1000)),
		server("form", m, bodyAuth("app", appToken), limited(1000)),
		server("form-large", m, bodyAuth("app", appToken), limited(20<<20)),
		server("form-usual", m, bodyAuth("app", appToken)),
		server("signed", m, signer.auth("signed"), limited(1000)),
		server("signed-large", m, signer.auth("signed"), limited(20<<20)),
		server("named", m, named, limited(20<<20)),
	}})
	e.keysOf(t, signer, "signed")
	for _, c := range []struct {
		server string
		limit  int
		form   bool
	}{
		{"small", 1000, false}, {"large", 20 << 20, false}, {"usual", 10 << 20, false}, {"open", 1000, false},
		{"form", 1000, true}, {"form-large", 20 << 20, true}, {"form-usual", 10 << 20, true},
		{"signed", 1000, false}, {"signed-large", 20 << 20, false}, {"named", 20 << 20, false},
	} {
		for _, over := range []int{0, 1} {
			for _, chunked := range []bool{false, true} {
				t.Run(fmt.Sprintf("%s, %d over, chunked %t", c.server, over, chunked), func(t *testing.T) {
					t.Parallel()
					body := make([]byte, c.limit+over)
					_, _ = rand.Read(body)
					if c.form {
						for i := range body {
							body[i] = 'a' + body[i]%26
						}
						copy(body, `{"auth":"`+appToken+`","x":"`)
						copy(body[len(body)-2:], `"}`)
					}
					call := call{path: "/" + c.server, headers: []string{asJSON}, server: c.server, status: 200, client: "app", reason: "token"}
					switch {
					case c.server == "open":
						call.client, call.reason = "", "open"
					case c.server == "named":
						call.headers = []string{"X-Api-Key: " + appToken}
					case strings.HasPrefix(c.server, "signed"):
						call.client, call.reason = "alice", "jwt"
						call.headers = []string{"Authorization: Bearer " + signer.token(t, map[string]any{"aud": "signed"})}
					case !c.form:
						call.headers = []string{bearer, "Content-Type: application/octet-stream"}
					}
					if chunked {
						call.reader = io.MultiReader(bytes.NewReader(body))
					} else {
						call.body = string(body)
					}
					if over == 0 {
						if got := e.try(t, m, call); got.seen.Sum != fmt.Sprintf("%x", sha256.Sum256(body)) {
							t.Errorf("the model got another body, of %d bytes", got.seen.Size)
						}
						return
					}
					if got := e.status(t, call); got != http.StatusRequestEntityTooLarge {
						t.Errorf("status %d, want 413", got)
					}
				})
			}
		}
	}
}

// status sends a call whose body the gateway may not read to its end.
func (e *envoy) status(t *testing.T, c call) int {
	t.Helper()
	conn, err := net.Dial("tcp", e.addr)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	go func() {
		head := fmt.Sprintf("POST %s HTTP/1.1\r\nHost: x\r\n%s\r\n", c.path, strings.Join(c.headers, "\r\n"))
		if c.reader == nil {
			fmt.Fprintf(conn, "%sContent-Length: %d\r\n\r\n%s", head, len(c.body), c.body)
			return
		}
		all, _ := io.ReadAll(c.reader)
		fmt.Fprintf(conn, "%sTransfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n0\r\n\r\n", head, len(all), all)
	}()
	_ = conn.SetReadDeadline(time.Now().Add(10 * time.Second))
	got, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer got.Body.Close()
	return got.StatusCode
}

// TestTimeouts holds that silence is cut after the server's own time, in each mode,
// and that a stream which speaks is not.
func TestTimeouts(t *testing.T) {
	t.Parallel()
	m := runModel(t, "fraud")
	second := func(s *gateway.Server) { s.TimeoutSeconds = 1 }
	e := start(t, gateway.Config{Servers: []gateway.Server{
		server("short", m, noAuth, second), server("form", m, bodyAuth("app", appToken), second), server("long", m, bodyAuth("app", appToken)),
	}})
	for _, c := range []struct {
		path   string
		status int
	}{
		{"/short/slow?for=3s", 504}, {"/form/slow?for=3s", 504}, {"/short/slow?for=300ms", 200}, {"/long/slow?for=3s", 200},
	} {
		t.Run(c.path, func(t *testing.T) {
			t.Parallel()
			got, err := http.Post(e.url+c.path, "application/json", strings.NewReader(`{"auth":"`+appToken+`"}`))
			if err != nil {
				t.Fatal(err)
			}
			got.Body.Close()
			if got.StatusCode != c.status {
				t.Errorf("status %d, want %d", got.StatusCode, c.status)
			}
		})
	}
}

// TestLongSilence holds that a request which has a server may be silent for longer
// than one that has none yet, in each mode: the route that admits sets the time
// anew. The listener's minute is a second here.
func TestLongSilence(t *testing.T) {
	t.Parallel()
	m := runModel(t, "fraud")
	e := start(t, gateway.Config{Servers: []gateway.Server{
		server("form", m, bodyAuth("app", appToken)), server("fraud", m, headerAuth("app", appToken)), server("open", m, noAuth),
	}}, edit{`"stream_idle_timeout":"60s"`, `"stream_idle_timeout":"1s"`})
	for _, path := range []string{"/form/slow?for=3s", "/fraud/slow?for=3s", "/open/slow?for=3s"} {
		t.Run(path, func(t *testing.T) {
			t.Parallel()
			if got := e.status(t, call{path: path, body: `{"auth":"` + appToken + `"}`, headers: []string{asJSON, bearer}}); got != http.StatusOK {
				t.Errorf("status %d", got)
			}
		})
	}
	// A stranger does not get that time: neither one whose body is held to find a
	// token in it, nor one who is refused and goes on sending.
	for _, path := range []string{"/form", "/fraud"} {
		t.Run(path+", stalled", func(t *testing.T) {
			t.Parallel()
			began := time.Now()
			got := e.raw(t, "POST "+path+" HTTP/1.1\r\nHost: x\r\n"+asJSON+"\r\nContent-Length: 1000\r\n\r\n{")
			if took := time.Since(began); took > 4*time.Second || len(got) != 1 || got[0] != http.StatusRequestTimeout && got[0] != http.StatusUnauthorized {
				t.Errorf("answers %v after %s", got, took)
			}
		})
	}
}

// TestNoModel asks for a server whose Service has nobody behind it, and one whose
// name does not resolve.
func TestNoModel(t *testing.T) {
	t.Parallel()
	gone := &model{host: "127.0.0.1:1"}
	nameless := &model{host: "nobody.invalid:80"}
	e := start(t, gateway.Config{Servers: []gateway.Server{
		server("gone", gone, noAuth), server("nameless", nameless, noAuth), server("locked", gone, headerAuth("app", appToken)),
	}})
	for path, want := range map[string]int{"/gone": 503, "/nameless": 503, "/locked": 401, "/unknown": 404} {
		if got := e.status(t, call{path: path}); got != want {
			t.Errorf("%s: %d, want %d", path, got, want)
		}
	}
}
