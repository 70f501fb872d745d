package gcp

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"google.golang.org/api/googleapi"
)

// TestCredentialsMistakes asserts that what is wrong with credentials names the
// attribute as the provider's schema has it, and never what is in it.
func TestCredentialsMistakes(t *testing.T) {
	t.Setenv("GOOGLE_APPLICATION_CREDENTIALS", filepath.Join(t.TempDir(), "none.json"))
	text := filepath.Join(t.TempDir(), "key.txt")
	if err := os.WriteFile(text, []byte("hunter2"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, given := range map[string]string{
		"nothing":     "",
		"no file":     filepath.Join(t.TempDir(), "none.json"),
		"not JSON":    text,
		"broken JSON": `{"private_key": "hunter2"`,
		"no kind":     `{"private_key": "hunter2"}`,
	} {
		_, err := New(Config{Region: testRegion, Credentials: given}).ownTokens()
		if err == nil || !strings.Contains(err.Error(), "gcp.credentials_file") || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%s: %v", name, err)
		}
	}
	if got := explain(&googleapi.Error{Code: 401, Message: "no"}).Error(); !strings.Contains(got, "check gcp.credentials_file and") {
		t.Errorf("credentials that are refused: %s", got)
	}
}
