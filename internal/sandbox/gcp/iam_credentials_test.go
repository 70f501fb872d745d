package gcp

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"
)

func TestGenerateAccessToken(t *testing.T) {
	t.Parallel()
	now := time.Now()
	_, url := serve(t, func(c *Config) {
		c.Clock = func() time.Time { return now }
		c.TokenCreators = map[string][]string{"closed@peer-project.iam.gserviceaccount.com": {"somebody@example.com"}}
	})
	const scope = `{"scope":["https://www.googleapis.com/auth/cloud-platform"],"lifetime":"600s"}`
	at := func(account string) string {
		return url + "/v1/projects/-/serviceAccounts/" + account + ":generateAccessToken"
	}
	const account = "peering@peer-project.iam.gserviceaccount.com"
	peer := url + "/compute/v1/projects/peer-project/global/networks"
	if status, text := rawAs(t, "sandbox", http.MethodGet, peer, ""); status != 403 {
		t.Fatalf("the built-in token in the peer's project: %d %s", status, text)
	}
	status, text := rawAs(t, "sandbox", http.MethodPost, at(account), scope)
	var issued struct {
		AccessToken string
		ExpireTime  time.Time
	}
	if err := json.Unmarshal(text, &issued); err != nil || status != 200 || issued.AccessToken == "" || !issued.ExpireTime.Equal(now.UTC().Round(0).Add(10*time.Minute)) {
		t.Fatalf("token: %d %s, %v", status, text, err)
	}
	if status, text = rawAs(t, issued.AccessToken, http.MethodGet, peer, ""); status != 200 {
		t.Errorf("the issued token in its project: %d %s", status, text)
	}
	if status, _ = rawAs(t, issued.AccessToken, http.MethodGet, projectURL(url)+"/global/networks", ""); status != 403 {
		t.Errorf("the issued token in another project: %d", status)
	}
	for name, tt := range map[string]struct {
		token, account, body string
		status               int
		want                 string
	}{
		"nobody":           {"", account, scope, 401, "UNAUTHENTICATED"},
		"not allowed":      {"sandbox", "closed@peer-project.iam.gserviceaccount.com", scope, 403, "IAM_PERMISSION_DENIED"},
		"by another":       {issued.AccessToken, account, scope, 403, "IAM_PERMISSION_DENIED"},
		"no such project":  {"sandbox", "a@nowhere.iam.gserviceaccount.com", scope, 403, "IAM_PERMISSION_DENIED"},
		"no account":       {"sandbox", "a@example.com", scope, 403, "IAM_PERMISSION_DENIED"},
		"no scope":         {"sandbox", account, `{}`, 400, "at least one scope"},
		"another scope":    {"sandbox", account, `{"scope":["https://www.googleapis.com/auth/devstorage.read_only"]}`, 400, "cloud-platform"},
		"too long":         {"sandbox", account, strings.Replace(scope, "600s", "3601s", 1), 400, "at most 3600s"},
		"unknown field":    {"sandbox", account, `{"scopes":[]}`, 400, "Cannot find field"},
		"broken lifetime":  {"sandbox", account, strings.Replace(scope, "600s", "ten minutes", 1), 400, "Invalid value"},
		"somebody between": {"sandbox", account, strings.Replace(scope, `{`, `{"delegates":["projects/-/serviceAccounts/x"],`, 1), 400, "delegates"},
	} {
		t.Run(name, func(t *testing.T) {
			status, text := rawAs(t, tt.token, http.MethodPost, at(tt.account), tt.body)
			if status != tt.status || !strings.Contains(string(text), tt.want) {
				t.Errorf("%d %s, want %d %q", status, text, tt.status, tt.want)
			}
		})
	}
	now = now.Add(11 * time.Minute)
	if status, _ = rawAs(t, issued.AccessToken, http.MethodGet, peer, ""); status != 401 {
		t.Errorf("the token after its end: %d", status)
	}
}
