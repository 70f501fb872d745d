package main

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"math/big"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"time"
)

// signer is an issuer of JWTs with its keys on loopback.
type signer struct {
	issuer, url, ca string
	key             *rsa.PrivateKey
	close           func()
}

func newSigner(dir string) (*signer, error) {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		return nil, err
	}
	keys := map[string]any{"keys": []any{map[string]any{
		"kty": "RSA", "alg": "RS256", "use": "sig", "kid": "bench",
		"n": base64.RawURLEncoding.EncodeToString(key.N.Bytes()), "e": base64.RawURLEncoding.EncodeToString(big.NewInt(int64(key.E)).Bytes()),
	}}}
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _ = json.NewEncoder(w).Encode(keys) }))
	ca := filepath.Join(dir, "issuer.pem")
	err = os.WriteFile(ca, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw}), 0o600)
	return &signer{issuer: "https://issuer.example", url: server.URL + "/keys", ca: ca, key: key, close: server.Close}, err
}

// token is good for an hour.
func (s *signer) token() (string, error) {
	var text string
	for _, part := range []map[string]any{
		{"alg": "RS256", "kid": "bench", "typ": "JWT"},
		{"iss": s.issuer, "aud": "bench", "sub": "bench", "exp": time.Now().Add(time.Hour).Unix()},
	} {
		raw, err := json.Marshal(part)
		if err != nil {
			return "", err
		}
		text += base64.RawURLEncoding.EncodeToString(raw) + "."
	}
	text = text[:len(text)-1]
	sum := sha256.Sum256([]byte(text))
	signature, err := rsa.SignPKCS1v15(rand.Reader, s.key, crypto.SHA256, sum[:])
	return text + "." + base64.RawURLEncoding.EncodeToString(signature), err
}
