package gcp

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/modelserving/terraform-provider-serving/internal/reads"
)

// TestReadingByPost holds that a POST which changes nothing is tried again after an
// answer that was lost, and leaves what was read as it is.
func TestReadingByPost(t *testing.T) {
	t.Parallel()
	for path, changes := range map[string]bool{
		"/compute/v1/projects/p/regions/r/backendServices/b/getHealth":                                    false,
		"/v1/projects/-/serviceAccounts/peering@peer-project.iam.gserviceaccount.com:generateAccessToken": false,
		"/compute/v1/projects/p/global/networks/n/addPeering":                                             true,
	} {
		calls := 0
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			if calls++; calls == 1 {
				w.WriteHeader(http.StatusServiceUnavailable)
			}
		}))
		var writes reads.Epoch
		before := writes.Load()
		client := http.Client{Transport: &transport{
			base: http.DefaultTransport, tokens: &tokenSource{TokenProvider: fixedToken(sandboxToken)}, sandbox: server.URL, attempts: 3, writes: &writes,
		}}
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "https://example.com"+path, strings.NewReader("{}"))
		if err != nil {
			t.Fatal(err)
		}
		res, err := client.Do(req)
		if err == nil {
			_ = res.Body.Close()
		}
		server.Close()
		if (err != nil) != changes || (writes.Load() != before) != changes || (calls == 1) != changes {
			t.Errorf("%s: %d calls, counted as a change %t, error %v", path, calls, writes.Load() != before, err)
		}
	}
}
