package gcp

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
)

// serviceAccount is a credentials file whose tokens come from a server.
func serviceAccount(t *testing.T, tokens string) string {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	file, err := json.Marshal(map[string]string{
		"type": "service_account", "project_id": "ml-prod", "client_email": "terraform@ml-prod.iam.gserviceaccount.com", "token_uri": tokens,
		"private_key": string(pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key)})),
	})
	if err != nil {
		t.Fatal(err)
	}
	return string(file)
}

// stderrOf is what the process writes to its standard error meanwhile.
func stderrOf(t *testing.T, do func()) string {
	t.Helper()
	file, err := os.CreateTemp(t.TempDir(), "stderr")
	if err != nil {
		t.Fatal(err)
	}
	before := os.Stderr
	os.Stderr = file
	defer func() { os.Stderr = before }()
	do()
	if err := file.Close(); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(file.Name())
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// TestSDKLogsNoSecret asks Google's SDK to log every body, and holds that it does not
// where they have keys or tokens: Terraform keeps what a provider writes to its
// standard error.
//
//nolint:paralleltest // The environment and the standard error are the process's.
func TestSDKLogsNoSecret(t *testing.T) {
	t.Setenv("GOOGLE_SDK_GO_LOGGING_LEVEL", "debug")
	sandbox := newSandbox(t)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, `{"access_token": "hunter2", "token_type": "Bearer", "expires_in": 3600}`)
	}))
	defer server.Close()
	tokenOf := func(tokens *tokenSource, err error) (string, error) {
		if err != nil {
			return "", err
		}
		token, err := tokens.Token(t.Context())
		if err != nil {
			return "", err
		}
		return token.Value, nil
	}
	for what, do := range map[string]func() (secret string, err error){
		"a certificate's key": func() (string, error) {
			spec := testCertificate(t)
			_, err := testBackend(sandbox.URL).CreateCertificate(t.Context(), spec)
			block, _ := pem.Decode([]byte(spec.Imported.PrivateKeyPEM))
			return base64.StdEncoding.EncodeToString(block.Bytes)[:40], err
		},
		"the token of a credentials file": func() (string, error) {
			return tokenOf(New(Config{Region: testRegion, Credentials: serviceAccount(t, server.URL)}).ownTokens())
		},
		"the token of a service account": func() (string, error) {
			return tokenOf(testBackend(sandbox.URL).tokenSource("peering@" + peerProject + ".iam.gserviceaccount.com"))
		},
	} {
		var secret string
		text := stderrOf(t, func() {
			var err error
			if secret, err = do(); err != nil || secret == "" {
				t.Errorf("%s is %q, error %v", what, secret, err)
			}
		})
		if strings.Contains(text, secret) {
			t.Errorf("%s is logged", what)
		}
	}
}
