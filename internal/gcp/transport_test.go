package gcp

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/modelserving/terraform-provider-serving/internal/reads"
	"github.com/modelserving/terraform-provider-serving/internal/stack"
)

// TestTransport meets everything that may become of a call.
func TestTransport(t *testing.T) {
	t.Parallel()
	refusal := func(code int, reason string) func(int) (int, string) {
		return func(int) (int, string) {
			return code, fmt.Sprintf(`{"error": {"code": %d, "message": "said so", "errors": [{"reason": %q}]}}`, code, reason)
		}
	}
	first := func(answer func(int) (int, string)) func(int) (int, string) {
		return func(call int) (int, string) {
			if call == 1 {
				return answer(call)
			}
			return http.StatusOK, "{}"
		}
	}
	for name, test := range map[string]struct {
		method string
		answer func(call int) (int, string)
		calls  int
		status int
		lost   bool
		failed string
	}{
		"a success":                         {http.MethodGet, func(int) (int, string) { return 200, "{}" }, 1, 200, false, ""},
		"throttled for a while":             {http.MethodPost, first(refusal(403, "rateLimitExceeded")), 2, 200, false, ""},
		"too many requests for a while":     {http.MethodPost, first(refusal(429, "")), 2, 200, false, ""},
		"throttled for good":                {http.MethodGet, refusal(429, ""), 3, 0, false, "in 3 attempts"},
		"no permission":                     {http.MethodPost, refusal(403, "forbidden"), 1, 403, false, ""},
		"not ready for a while":             {http.MethodPost, first(refusal(400, "resourceNotReady")), 2, 200, false, ""},
		"a bad request":                     {http.MethodPost, refusal(400, "invalid"), 1, 400, false, ""},
		"unavailable while reading":         {http.MethodGet, first(refusal(503, "backendError")), 2, 200, false, ""},
		"unavailable while making":          {http.MethodPost, first(refusal(503, "backendError")), 1, 0, true, "said so"},
		"unavailable while changing":        {http.MethodPatch, first(refusal(503, "backendError")), 2, 200, false, ""},
		"no answer while making":            {http.MethodPost, first(func(int) (int, string) { return 0, "" }), 1, 0, true, "EOF"},
		"no answer while removing":          {http.MethodDelete, first(func(int) (int, string) { return 0, "" }), 2, 200, false, ""},
		"a stale fingerprint is for others": {http.MethodPut, refusal(412, "conditionNotMet"), 1, 412, false, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var calls atomic.Int64
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if got := r.Header.Get("Authorization") + " " + r.Header.Get("User-Agent"); got != "Bearer sandbox agent/1" {
					t.Errorf("headers %q", got)
				}
				if body, err := io.ReadAll(r.Body); err != nil || r.Method != http.MethodGet && string(body) != "body" {
					t.Errorf("body %q, error %v", body, err)
				}
				status, text := test.answer(int(calls.Add(1)))
				if status == 0 {
					panic(http.ErrAbortHandler)
				}
				w.WriteHeader(status)
				_, _ = io.WriteString(w, text) // The client is gone then, and fails by itself.
			}))
			defer server.Close()
			var writes reads.Epoch
			own := &tokenSource{TokenProvider: fixedToken(sandboxToken)}
			client := http.Client{Transport: &transport{base: &http.Transport{DisableKeepAlives: true}, tokens: own, sandbox: server.URL, agent: "agent/1", attempts: 3, writes: &writes}}
			var body io.Reader
			if test.method != http.MethodGet {
				body = strings.NewReader("body")
			}
			req, err := http.NewRequestWithContext(t.Context(), test.method, "https://compute.googleapis.com/compute/v1/x", body)
			if err != nil {
				t.Fatal(err)
			}
			start := time.Now()
			res, err := client.Do(req)
			status := 0
			if res != nil {
				status = res.StatusCode
				_ = res.Body.Close() // Nobody reads it.
			}
			var lost *stack.LostError
			if status != test.status || errors.As(err, &lost) != test.lost || test.failed != "" && (err == nil || !strings.Contains(err.Error(), test.failed)) || test.failed == "" && err != nil {
				t.Errorf("status %d, error %v", status, err)
			}
			if calls.Load() != int64(test.calls) {
				t.Errorf("%d calls, want %d", calls.Load(), test.calls)
			}
			if wrote := writes.Load() > 0; wrote != (test.method != http.MethodGet) {
				t.Errorf("a new epoch: %t", wrote)
			}
			if took := time.Since(start); took > 10*time.Second {
				t.Errorf("took %s", took)
			}
		})
	}
}
