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
	// What the APIs answer of quotas, as their guides and google/api/error_reason.proto have it.
	limited := func(code int, reason, limit, unit string) func(int) (int, string) {
		return func(int) (int, string) {
			return code, fmt.Sprintf(`{"error": {"code": %d, "message": "said so", "status": "RESOURCE_EXHAUSTED", "errors": [{"reason": "rateLimitExceeded"}], "details": [
				{"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": %q, "metadata": {"quota_limit": %q, "quota_unit": %q, "quota_limit_value": "7"}}]}}`, code, reason, limit, unit)
		}
	}
	said := func(code int, fields string) func(int) (int, string) {
		return func(int) (int, string) { return code, `{"error": {` + fields + `}}` }
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
		"a rate for a while":                {http.MethodPost, first(limited(429, "RATE_LIMIT_EXCEEDED", "WritesPerMinute", "1/min/{project}")), 2, 200, false, ""},
		"a rate by its name":                {http.MethodPost, first(limited(403, "RATE_LIMIT_EXCEEDED", "WritesPerMinute", "")), 2, 200, false, ""},
		"a rate for good":                   {http.MethodPost, limited(429, "RATE_LIMIT_EXCEEDED", "WritesPerMinute", "1/min/{project}"), 3, 0, false, "said so, in 3 attempts"},
		"too many operations for a while":   {http.MethodPost, first(limited(403, "CONCURRENT_OPERATIONS_QUOTA_EXCEEDED", "", "")), 2, 200, false, ""},
		"a quota of objects":                {http.MethodPost, limited(429, "RESOURCE_QUOTA_EXCEEDED", "CertificatesPerProject", ""), 1, 429, false, ""},
		"a quota of objects, called a rate": {http.MethodPost, limited(429, "RATE_LIMIT_EXCEEDED", "CertificatesPerProject", "1/{project}/{region}"), 1, 429, false, ""},
		"a quota of objects in 403":         {http.MethodPost, limited(403, "RATE_LIMIT_EXCEEDED", "CertificatesPerProject", "1/{project}"), 1, 403, false, ""},
		"a quota of a day":                  {http.MethodGet, limited(429, "RATE_LIMIT_EXCEEDED", "ReadsPerDay", "1/d/{project}"), 1, 429, false, ""},
		"a violation":                       {http.MethodPost, said(429, `"details": [{"violations": [{"quotaId": "CPUS-per-project-region", "quotaValue": "24"}]}]`), 1, 429, false, ""},
		"a violation of a rate":             {http.MethodGet, first(said(429, `"details": [{"violations": [{"quotaId": "ReadsPerMinutePerProject", "quotaValue": "60"}]}]`)), 2, 200, false, ""},
		"a rate of nothing":                 {http.MethodGet, said(429, `"details": [{"reason": "RATE_LIMIT_EXCEEDED", "metadata": {"quota_unit": "1/min/{project}", "quota_limit_value": "0"}}]`), 1, 429, false, ""},
		"a quota of Compute Engine":         {http.MethodPost, refusal(403, "quotaExceeded"), 1, 403, false, ""},
		"operations of a GKE cluster":       {http.MethodPost, said(429, `"message": "Too many operations: cluster \"prod\" hits the concurrent operations quota 5, please try again later."`), 1, 429, false, ""},
		"no permission":                     {http.MethodPost, refusal(403, "forbidden"), 1, 403, false, ""},
		"not ready for a while":             {http.MethodPost, first(refusal(400, "resourceNotReady")), 2, 200, false, ""},
		"a bad request":                     {http.MethodPost, refusal(400, "invalid"), 1, 400, false, ""},
		"unavailable while reading":         {http.MethodGet, first(refusal(503, "backendError")), 2, 200, false, ""},
		"broken while reading":              {http.MethodGet, first(refusal(500, "internalError")), 2, 200, false, ""},
		"broken for good":                   {http.MethodGet, refusal(500, "internalError"), 3, 0, false, "in 3 attempts"},
		"broken while changing":             {http.MethodPatch, refusal(500, "internalError"), 1, 500, false, ""},
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
