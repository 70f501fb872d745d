package gateway_test

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"maps"
	"math/big"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/modelserving/terraform-provider-serving/internal/gateway"
	"github.com/modelserving/terraform-provider-serving/internal/serving"
)

// An issuer signs tokens and publishes its key over https.
type issuer struct {
	key *rsa.PrivateKey
	url string
	ca  string
}

func runIssuer(t *testing.T) *issuer {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	i := &issuer{key: key}
	raw := base64.RawURLEncoding.EncodeToString
	keys := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_ = json.NewEncoder(w).Encode(map[string]any{"keys": []any{map[string]any{
			"kty": "RSA", "alg": "RS256", "use": "sig", "kid": "k1", "n": raw(key.N.Bytes()), "e": raw(big.NewInt(int64(key.E)).Bytes()),
		}}})
	}))
	t.Cleanup(keys.Close)
	i.url = keys.URL
	i.ca = filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(i.ca, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: keys.Certificate().Raw}), 0o600); err != nil {
		t.Fatal(err)
	}
	return i
}

func (i *issuer) auth(audience string) serving.Auth {
	return serving.Auth{Mode: serving.AuthJWT, JWT: &serving.JWT{Issuer: "https://issuer.example", Audiences: []string{audience}, JWKSURL: i.url + "/keys"}}
}

// token signs good claims with some of them changed; nil takes one away.
func (i *issuer) token(t *testing.T, changes map[string]any) string {
	t.Helper()
	claims := map[string]any{"iss": "https://issuer.example", "aud": "fraud", "sub": "alice", "exp": time.Now().Add(time.Hour).Unix()}
	maps.Copy(claims, changes)
	maps.DeleteFunc(claims, func(_ string, v any) bool { return v == nil })
	text := part(t, map[string]any{"alg": "RS256", "kid": "k1", "typ": "JWT"}) + "." + part(t, claims)
	sum := sha256.Sum256([]byte(text))
	signature, err := rsa.SignPKCS1v15(rand.Reader, i.key, crypto.SHA256, sum[:])
	if err != nil {
		t.Fatal(err)
	}
	return text + "." + base64.RawURLEncoding.EncodeToString(signature)
}

func part(t *testing.T, value any) string {
	t.Helper()
	text, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	return base64.RawURLEncoding.EncodeToString(text)
}

// keysOf waits until Envoy has fetched the issuer's keys.
func (e *envoy) keysOf(t *testing.T, i *issuer, server string) {
	t.Helper()
	e.until("the issuer's keys are there", func() bool {
		req, _ := http.NewRequest(http.MethodGet, e.url+"/"+server, nil)
		req.Header.Set("Authorization", "Bearer "+i.token(t, map[string]any{"aud": server}))
		got, err := http.DefaultClient.Do(req)
		if err != nil {
			return false
		}
		got.Body.Close()
		return got.StatusCode == http.StatusOK
	})
}

// TestJWT runs mode jwt, with a second server that the same issuer signs for.
func TestJWT(t *testing.T) {
	t.Parallel()
	m := runModel(t, "fraud")
	good, stranger := runIssuer(t), runIssuer(t)
	named := good.auth("named")
	named.Header = "X-Token"
	e := start(t, gateway.Config{CABundle: good.ca, Servers: []gateway.Server{
		server("fraud", m, good.auth("fraud")), server("spam", m, good.auth("spam")), server("named", m, named), server("open", m, noAuth),
	}})
	e.keysOf(t, good, "fraud")
	denied := func(why string) string { return "jwt_authn_access_denied{" + why + "}" }
	shape := denied("Jwt_is_not_in_the_form_of_Header.Payload.Signature_with_two_dots_and_3_sections")
	right := good.token(t, nil)
	unsigned := part(t, map[string]any{"alg": "none"}) + "." + strings.Split(right, ".")[1] + "."
	for _, c := range []call{
		{name: "right", headers: []string{"Authorization: Bearer " + right}, status: 200, client: "alice", reason: "jwt"},
		{name: "several audiences", headers: []string{"Authorization: Bearer " + good.token(t, map[string]any{"aud": []string{"x", "fraud"}})}, status: 200, client: "alice", reason: "jwt"},
		{name: "no subject", headers: []string{"Authorization: Bearer " + good.token(t, map[string]any{"sub": nil}), "X-Serving-Client: forged"}, status: 200, reason: "jwt"},
		{name: "none", status: 401, reason: denied("Jwt_is_missing")},
		{name: "not a JWT", headers: []string{"Authorization: Bearer " + appToken}, status: 401, reason: shape},
		{name: "basic", headers: []string{"Authorization: Basic " + b64(right)}, status: 401, reason: denied("Jwt_is_missing")},
		{name: "expired", headers: []string{"Authorization: Bearer " + good.token(t, map[string]any{"exp": time.Now().Add(-time.Hour).Unix()})}, status: 401, reason: denied("Jwt_is_expired")},
		{name: "without expiry", headers: []string{"Authorization: Bearer " + good.token(t, map[string]any{"exp": nil})}, status: 401, reason: denied("Jwt_verification_fails")},
		{name: "other issuer", headers: []string{"Authorization: Bearer " + good.token(t, map[string]any{"iss": "https://other.example"})}, status: 401, reason: denied("Jwt_issuer_is_not_configured")},
		{name: "no issuer", headers: []string{"Authorization: Bearer " + good.token(t, map[string]any{"iss": nil})}, status: 401, reason: denied("Jwt_issuer_is_not_configured")},
		{name: "audience of another server", headers: []string{"Authorization: Bearer " + good.token(t, map[string]any{"aud": "spam"})}, status: 403, reason: denied("Audiences_in_Jwt_are_not_allowed")},
		{name: "no audience", headers: []string{"Authorization: Bearer " + good.token(t, map[string]any{"aud": nil})}, status: 403, reason: denied("Audiences_in_Jwt_are_not_allowed")},
		{name: "other key", headers: []string{"Authorization: Bearer " + stranger.token(t, nil)}, status: 401, reason: denied("Jwt_verification_fails")},
		{name: "unsigned", headers: []string{"Authorization: Bearer " + unsigned}, status: 401, reason: shape},
		{name: "algorithm none with a signature", headers: []string{"Authorization: Bearer " + unsigned + "AAAA"}, status: 401, reason: denied("Jwt_header_[alg]_is_not_supported")},
		{name: "signature cut off", headers: []string{"Authorization: Bearer " + right[:strings.LastIndex(right, ".")+1]}, status: 401, reason: shape},
		{name: "in the query", path: "?access_token=" + right, status: 401, reason: denied("Jwt_is_missing")},
		{name: "twice", headers: []string{"Authorization: Bearer " + right, "Authorization: Bearer " + right}, status: 401, reason: shape},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			c.server, c.path = "fraud", "/fraud"+c.path
			got := e.try(t, m, c)
			if c.status == 401 && !strings.HasPrefix(got.header.Get("Www-Authenticate"), "Bearer realm=") {
				t.Errorf("the challenge is %q", got.header.Get("Www-Authenticate"))
			}
			if _, sent := got.seen.Header["Authorization"]; sent {
				t.Error("the model saw the credential")
			}
		})
	}
	t.Run("header of its own", func(t *testing.T) {
		t.Parallel()
		token := good.token(t, map[string]any{"aud": "named"})
		got := e.try(t, m, call{path: "/named/x", headers: []string{"X-Token: " + token}, status: 200, server: "named", client: "alice", reason: "jwt"})
		if _, sent := got.seen.Header["X-Token"]; sent {
			t.Error("the model saw the credential")
		}
		e.try(t, m, call{path: "/named/x", headers: []string{"Authorization: Bearer " + token}, status: 401, server: "named", reason: denied("Jwt_is_missing")})
	})
}
