package gateway_test

import (
	"encoding/base64"
	"io"
	"math/rand/v2"
	"net/http"
	"strings"
	"testing"

	"github.com/modelserving/terraform-provider-serving/internal/gateway"
)

// lineEnds are what "echo token | base64" puts behind a token, on Unix and on
// Windows.
var lineEnds = []string{"", "\n", "\r\n"}

// TestCredentials compares what is admitted with what Authorization means, on
// random users and tokens and on what is close to them.
func TestCredentials(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(1, 2))
	text := func(n int, first, last byte) string {
		b := make([]byte, n)
		for i := range b {
			b[i] = first + byte(random.IntN(int(last-first)+1))
		}
		return string(b)
	}
	m := runModel(t, "fraud")
	all := []string{appToken, ciToken, ":" + text(20, 0x21, 0x7e), "--:" + text(16, 0x21, 0x7e), text(40, 0x21, 0x7e), text(1024, 0x21, 0x7e)}
	var servers []gateway.Server
	for i, token := range all {
		servers = append(servers, server("fraud-"+string(rune('a'+i)), m, headerAuth("app", token)))
	}
	e := start(t, gateway.Config{Servers: servers})
	admits := func(server gateway.Server, value string) bool {
		req, _ := http.NewRequest(http.MethodGet, e.url+"/"+server.Name, nil)
		req.Header.Set("Authorization", value)
		got, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		defer got.Body.Close()
		_, _ = io.Copy(io.Discard, got.Body)
		return got.StatusCode == http.StatusOK
	}
	admitted := 0
	for i, token := range all {
		for range 4 {
			user := text(random.IntN(8), 0, 255)
			near := []byte(token)
			near[random.IntN(len(near))] ^= byte(1 << random.IntN(5))
			for _, secret := range []string{token, string(near), token + "x", token[1:], token[:len(token)-1]} {
				if want := secret == token; admits(servers[i], "Bearer "+secret) != want {
					t.Fatalf("token %q, bearer %q: want %t", token, secret, want)
				}
				for _, plain := range []string{secret, user + ":" + secret, user + secret, secret + ":" + user, " " + secret} {
					for _, end := range append(lineEnds, "\r", "\n\n", " ") {
						value := base64.StdEncoding.EncodeToString([]byte(plain + end))
						want := means(value, token)
						if got := admits(servers[i], "Basic "+value); got != want {
							t.Fatalf("token %q, text %q: admitted %t, want %t", token, plain+end, got, want)
						}
						if want {
							admitted++
						}
					}
				}
			}
		}
	}
	if admitted < 100 {
		t.Errorf("only %d values were admitted", admitted)
	}
	// What decodes to a token and is not how anyone writes it.
	odd := func(name, value string) {
		if admits(servers[0], value) {
			t.Errorf("%s is admitted: %s", name, value)
		}
	}
	five := base64.StdEncoding.EncodeToString([]byte("ab:" + appToken + "\n")) // Ends in two bits of nothing.
	odd("a bit where there is nothing", "Basic "+five[:len(five)-2]+string(five[len(five)-2]+1)+"=")
	odd("a user of more than 8 KiB", "Basic "+b64(strings.Repeat("u", 9<<10)+":"+appToken))
	odd("a user behind Bearer", "Bearer me:"+appToken)
	odd("the form that is compared", "Bearer --:"+appToken)
	odd("the form that is compared", "--:"+appToken)
	odd("two schemes", "Basic Bearer "+appToken)
	odd("a byte that is no text", "Bearer "+appToken+"\xff")
	odd("a byte that is no text", "\xff"+appToken)
}

// means decodes and compares: the text is the token, or ends in a colon and the
// token, with at most one line end behind.
func means(value, token string) bool {
	plain, err := base64.StdEncoding.DecodeString(value)
	if err != nil {
		return false
	}
	for _, end := range lineEnds {
		if text, ok := strings.CutSuffix(string(plain), end); ok && (text == token || strings.HasSuffix(text, ":"+token)) {
			return true
		}
	}
	return false
}
