package gcp

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"strings"
	"time"

	"cloud.google.com/go/auth"
	"cloud.google.com/go/auth/credentials"
	"cloud.google.com/go/auth/credentials/impersonate"
)

// scope is what every call and the Kubernetes API of GKE ask for.
const scope = "https://www.googleapis.com/auth/cloud-platform"

// sandboxToken is the one that a simulated cloud takes.
const sandboxToken = "sandbox"

// tokenSource makes access tokens and keeps each until it is about to end.
type tokenSource struct {
	auth.TokenProvider
	project func(context.Context) (string, error)
}

// CredentialsError says that there is no access token to call with.
type CredentialsError struct{ Err error }

func (e *CredentialsError) Error() string { return "Google Cloud credentials: " + e.Err.Error() }

// Unwrap gives the reason.
func (e *CredentialsError) Unwrap() error { return e.Err }

// tokenSource gives the tokens of a service account, or of the provider's own
// credentials when there is none.
func (b *Backend) tokenSource(account string) (*tokenSource, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if s := b.tokens[account]; s != nil {
		return s, nil
	}
	s, err := b.ownTokens()
	if err != nil {
		return nil, &CredentialsError{err}
	}
	if account != "" {
		own := s
		taken, err := impersonate.NewCredentials(&impersonate.CredentialsOptions{
			TargetPrincipal: account, Scopes: []string{scope}, Client: b.httpClient(own), Logger: unlogged,
		})
		if err != nil {
			return nil, &CredentialsError{fmt.Errorf("take the service account %s: %w", account, err)}
		}
		s = &tokenSource{TokenProvider: auth.NewCachedTokenProvider(taken, nil), project: own.project}
	}
	b.tokens[account] = s
	return s, nil
}

func (b *Backend) ownTokens() (*tokenSource, error) {
	if b.cfg.Sandbox != "" {
		return &tokenSource{TokenProvider: fixedToken(sandboxToken), project: func(context.Context) (string, error) { return sandboxProject, nil }}, nil
	}
	options := &credentials.DetectOptions{Scopes: []string{scope}, Logger: unlogged}
	given := strings.TrimSpace(b.cfg.Credentials)
	if given == "" {
		found, err := credentials.DetectDefault(options)
		return foundTokens(found, err)
	}
	text := []byte(given)
	if !strings.HasPrefix(given, "{") {
		var err error
		if text, err = os.ReadFile(given); err != nil {
			return nil, fmt.Errorf("gcp.credentials_file is neither JSON nor a file that can be read: %w", errors.Unwrap(err))
		}
	}
	var kind struct{ Type credentials.CredType }
	if err := json.Unmarshal(text, &kind); err != nil {
		return nil, errors.New("gcp.credentials_file is not the JSON of a credentials file")
	}
	found, err := credentials.NewCredentialsFromJSON(kind.Type, text, options)
	return foundTokens(found, err)
}

func foundTokens(found *auth.Credentials, err error) (*tokenSource, error) {
	if err != nil {
		return nil, fmt.Errorf("%w; run \"gcloud auth application-default login\", or set gcp.credentials_file on the provider or GOOGLE_APPLICATION_CREDENTIALS", err)
	}
	return &tokenSource{TokenProvider: found, project: found.ProjectID}, nil
}

// fixedToken is a token that does not end.
type fixedToken string

func (t fixedToken) Token(context.Context) (*auth.Token, error) {
	return &auth.Token{Value: string(t), Type: "Bearer", Expiry: time.Now().Add(time.Hour)}, nil
}

// httpClient is what all API clients of one set of credentials call through.
func (b *Backend) httpClient(tokens *tokenSource) *http.Client {
	return &http.Client{Transport: &transport{
		base: http.DefaultTransport, tokens: tokens, sandbox: b.cfg.Sandbox, writes: &b.writes,
		agent: "terraform-provider-serving/" + b.cfg.Version, attempts: b.cfg.MaxRetries,
	}}
}
