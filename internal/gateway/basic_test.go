package gateway

import (
	"encoding/base64"
	"math/rand/v2"
	"regexp"
	"strings"
	"testing"
)

// TestAuthorizationPattern compares the pattern with what it stands for, decoding
// and comparing, on random users and tokens and on what is close to them.
func TestAuthorizationPattern(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(1, 2))
	text := func(n int, first, last byte) string {
		b := make([]byte, n)
		for i := range b {
			b[i] = first + byte(random.IntN(int(last-first)+1))
		}
		return string(b)
	}
	admitted := 0
	for range 100 {
		token := text(16+random.IntN(20), 0x21, 0x7e)
		pattern := regexp.MustCompile(`^(?:` + authorizationPattern(token) + `)$`)
		for range 20 {
			user := text(random.IntN(8), 0, 255)
			near := []byte(token)
			near[random.IntN(len(near))] ^= byte(1 << random.IntN(7))
			for _, secret := range []string{token, string(near), token + text(1, 0x21, 0x7e), token[1:], token[:len(token)-1]} {
				for _, plain := range []string{secret, user + ":" + secret, user + secret, secret + ":" + user} {
					for _, end := range append(lineEnds, "\n\n", " ") {
						value := base64.StdEncoding.EncodeToString([]byte(plain + end))
						want := means(value, token)
						if got := pattern.MatchString("Basic " + value); got != want {
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
	if admitted < 1000 {
		t.Errorf("only %d values were admitted", admitted)
	}
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
