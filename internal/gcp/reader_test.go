package gcp

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/modelserving/terraform-provider-serving/internal/serving"
)

// TestPartialLists holds that a list which lacks places is not taken for whole: what
// is there would be called gone.
func TestPartialLists(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		text := `{}`
		switch {
		case strings.HasSuffix(r.URL.Path, "/clusters"):
			text = `{"clusters": [], "missingZones": ["us-central1-f", "us-central1-b"]}`
		case strings.HasSuffix(r.URL.Path, "/certificates"):
			text = `{"unreachable": ["projects/sandbox-project/locations/us-central1"]}`
		}
		_, _ = io.WriteString(w, text) // The client tells what it did not get.
	}))
	defer server.Close()
	b := testBackend(server.URL)
	for what, read := range map[string]func() (bool, error){
		"us-central1-b, us-central1-f": func() (bool, error) {
			seen, err := b.ObserveCluster(t.Context(), inZones(testCluster(serving.Private)))
			return seen.Gone, err
		},
		"projects/sandbox-project/locations/us-central1": func() (bool, error) {
			seen, err := b.ReadCertificate(t.Context(), testCertificate(t).ID())
			return seen.Gone, err
		},
	} {
		if gone, err := read(); gone || err == nil || !strings.Contains(err.Error(), what) {
			t.Errorf("gone %t, error %v, want one that names %s", gone, err, what)
		}
	}
}
