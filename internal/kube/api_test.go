package kube

import (
	"context"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/modelserving/terraform-provider-serving/internal/sandbox/kube/kubetest"
	"github.com/modelserving/terraform-provider-serving/internal/serving"
	"github.com/modelserving/terraform-provider-serving/internal/stack"
)

// testAPI is the client of some endpoint.
func testAPI(t *testing.T, access serving.KubernetesAccess) *API {
	t.Helper()
	access.Cluster = testClusterID
	if access.Token == nil {
		access.Token = func(context.Context) (serving.KubernetesToken, error) {
			return serving.KubernetesToken{Token: serving.Token{Value: "bearer-of-the-test"}, Expires: time.Now().Add(time.Hour)}, nil
		}
	}
	api, err := newAPI(access, nil)
	must(t, err)
	return api
}

// endpoint answers every request alike.
func endpoint(t *testing.T, answer http.HandlerFunc) (address, ca string) {
	t.Helper()
	s := httptest.NewTLSServer(answer)
	t.Cleanup(s.Close)
	return s.URL, string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.Certificate().Raw}))
}

func status(code int, reason string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(code)
		_ = json.NewEncoder(w).Encode(map[string]any{"kind": "Status", "apiVersion": "v1", "status": "Failure", "message": reason + " it is", "reason": reason, "code": code})
	}
}

// nobody is an address where nobody listens.
func nobody(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	must(t, l.Close())
	return l.Addr().String()
}

// TestUnreachable: each way not to reach the API names the endpoint and the ways
// out, in one sentence.
func TestUnreachable(t *testing.T) {
	t.Parallel()
	proxy := httptest.NewServer(status(http.StatusGatewayTimeout, "Timeout"))
	t.Cleanup(proxy.Close)
	silent, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	t.Cleanup(func() { _ = silent.Close() })
	unauthorized, unauthorizedCA := endpoint(t, status(http.StatusUnauthorized, "Unauthorized"))
	forbidden, forbiddenCA := endpoint(t, status(http.StatusForbidden, "Forbidden"))
	authority, _, err := kubetest.NewCA()
	must(t, err)
	otherCA := string(authority)
	stranger, _ := endpoint(t, status(http.StatusOK, ""))
	const out, refusal, right = "kubernetes_api.allowed_cidrs", "does not accept this caller", "does not allow this"
	for _, c := range []struct {
		name   string
		access serving.KubernetesAccess
		says   []string
	}{
		{"refused", serving.KubernetesAccess{URL: "https://" + nobody(t)}, []string{out, "connection refused", "kubernetes_api.proxy_url"}},
		{"no name", serving.KubernetesAccess{URL: "https://kube.invalid"}, []string{out, "kube.invalid"}},
		{"silent", serving.KubernetesAccess{URL: "https://" + silent.Addr().String()}, []string{out, "no answer within 300ms"}},
		{"proxy refused", serving.KubernetesAccess{URL: "https://kube.example.com", ProxyURL: "http://" + nobody(t)}, []string{out, "proxyconnect", "connection refused"}},
		{"proxy without a way", serving.KubernetesAccess{URL: "https://kube.example.com", ProxyURL: proxy.URL}, []string{out, "Gateway Timeout"}},
		{"another authority", serving.KubernetesAccess{URL: stranger, CACertificatePEM: otherCA}, []string{out, "certificate"}},
		{"401", serving.KubernetesAccess{URL: unauthorized, CACertificatePEM: unauthorizedCA}, []string{refusal, "kubernetes_api.admins"}},
		{"403", serving.KubernetesAccess{URL: forbidden, CACertificatePEM: forbiddenCA}, []string{right, "kubernetes_api.admins"}},
		{"no credentials", serving.KubernetesAccess{URL: unauthorized, CACertificatePEM: unauthorizedCA, Token: func(context.Context) (serving.KubernetesToken, error) {
			return serving.KubernetesToken{}, errors.New("the profile has expired")
		}}, []string{refusal, "the profile has expired"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			api := testAPI(t, c.access)
			api.patience = 300 * time.Millisecond
			ctx := LiveReads(t.Context())
			err := api.ping(ctx)
			if err == nil {
				t.Fatal("reached")
			}
			for _, part := range append(c.says, c.access.URL, testClusterID.String()) {
				if !strings.Contains(err.Error(), part) {
					t.Errorf("does not say %q: %v", part, err)
				}
			}
			if strings.Contains(err.Error(), "bearer-of-the-test") || strings.Contains(err.Error(), "\n") {
				t.Errorf("shows the token or has several lines: %v", err)
			}
			if c.name == "silent" {
				return
			}
			err = api.apply(ctx, place{configMaps, "default", "x"}, manifest{fields{"metadata": fields{"name": "x"}}})
			var lost *stack.LostError
			if err == nil || errors.As(err, &lost) {
				t.Errorf("a write that nobody got: %v", err)
			}
		})
	}
}

// TestLostAnswers: a write that met a connection may have been carried out, and so
// may one whose answer is that the server does not know.
func TestLostAnswers(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name   string
		answer http.HandlerFunc
		lost   bool
	}{
		{"cut off", func(w http.ResponseWriter, _ *http.Request) { panic(http.ErrAbortHandler) }, true},
		{"500", status(http.StatusInternalServerError, "InternalError"), true},
		{"504", status(http.StatusGatewayTimeout, "Timeout"), true},
		{"422", status(http.StatusUnprocessableEntity, "Invalid"), false},
		{"403", status(http.StatusForbidden, "Forbidden"), false},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			url, ca := endpoint(t, c.answer)
			api := testAPI(t, serving.KubernetesAccess{URL: url, CACertificatePEM: ca})
			err := api.apply(t.Context(), place{configMaps, "default", "x"}, manifest{fields{"metadata": fields{"name": "x"}}})
			var lost *stack.LostError
			if err == nil || errors.As(err, &lost) != c.lost {
				t.Errorf("%v", err)
			}
		})
	}
}

// TestTokensAreRenewed: a token is made again shortly before its end, and not for
// each request.
func TestTokensAreRenewed(t *testing.T) {
	t.Parallel()
	var seen []string
	url, ca := endpoint(t, func(w http.ResponseWriter, r *http.Request) {
		seen = append(seen, r.Header.Get("Authorization"))
		status(http.StatusNotFound, "NotFound")(w, r)
	})
	made := 0
	ends := []time.Duration{margin + 400*time.Millisecond, time.Hour}
	api := testAPI(t, serving.KubernetesAccess{URL: url, CACertificatePEM: ca, Token: func(context.Context) (serving.KubernetesToken, error) {
		made++
		return serving.KubernetesToken{Token: serving.Token{Value: fmt.Sprint("token-", made)}, Expires: time.Now().Add(ends[min(made, 2)-1])}, nil
	}})
	ctx := LiveReads(t.Context())
	for range 2 {
		must(t, api.ping(ctx))
	}
	time.Sleep(450 * time.Millisecond)
	for range 2 {
		must(t, api.ping(ctx))
	}
	if want := []string{"Bearer token-1", "Bearer token-1", "Bearer token-2", "Bearer token-2"}; !slices.Equal(seen, want) {
		t.Errorf("sent %v", seen)
	}
}
