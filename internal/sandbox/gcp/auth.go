package gcp

import (
	"net/http"
	"slices"
	"strings"
	"time"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/protobuf/proto"
)

// accessToken is a token that generateAccessToken handed out.
type accessToken struct {
	Email   string
	Expires time.Time
}

// builtinToken is the access token that everybody has, and whom it stands for.
const (
	builtinToken     = "sandbox"
	builtinPrincipal = "sandbox@" + homeProject + ".iam.gserviceaccount.com"
)

// tokenParameters are the query parameters that carry an access token where there is no header for it.
var tokenParameters = []string{"access_token", "oauth_token"}

// authenticate returns who calls.
func (c *Cloud) authenticate(r *http.Request) (string, error) {
	header := r.Header.Get("Authorization")
	for _, name := range tokenParameters {
		if token := r.URL.Query().Get(name); header == "" && token != "" {
			header = "Bearer " + token
		}
	}
	if header == "" {
		return "", unauthenticated("CREDENTIALS_MISSING",
			"Request is missing required authentication credential. Expected OAuth 2 access token, login cookie or other valid authentication credential.")
	}
	token, ok := strings.CutPrefix(header, "Bearer ")
	if !ok {
		return "", unauthenticated("CREDENTIALS_MISSING", "Request had an authentication credential of another kind. Expected OAuth 2 access token.")
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	who, ok := c.principal(token)
	if !ok {
		return "", unauthenticated("ACCESS_TOKEN_TYPE_UNSUPPORTED",
			"Request had invalid authentication credentials. Expected OAuth 2 access token, login cookie or other valid authentication credential.")
	}
	return who, nil
}

// principal is whom an access token stands for. The cloud's lock is held.
func (c *Cloud) principal(token string) (string, bool) {
	if token == builtinToken {
		return builtinPrincipal, true
	}
	if who, ok := c.config.Tokens[token]; ok {
		return who, true
	}
	issued := c.state.Tokens[token]
	if issued == nil || !c.clock().Before(issued.Expires) {
		return "", false
	}
	return issued.Email, true
}

func unauthenticated(reason, message string) error {
	return &Error{
		Status: http.StatusUnauthorized, Reason: "authError", Message: message, Code: "UNAUTHENTICATED", Location: "Authorization",
		Details: []proto.Message{&errdetails.ErrorInfo{Reason: reason, Domain: "googleapis.com"}},
	}
}

// mayUse reports whether somebody has a role in a project: service accounts do in their own.
func (c *Cloud) mayUse(who, project string) bool {
	_, domain, _ := strings.Cut(who, "@")
	home, _, isAccount := strings.Cut(domain, ".iam.gserviceaccount.com")
	return isAccount && home == project || slices.Contains(c.config.Grants[who], project)
}
