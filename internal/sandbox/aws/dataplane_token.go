package aws

import (
	"encoding/base64"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

const (
	tokenPrefix = "k8s-aws-v1."
	// tokenHeader carries the cluster's name. Only because it is signed is a token good for one cluster and no other.
	tokenHeader = "x-k8s-aws-id"
	maxToken    = 4096
)

// tokenParameters are those that the URL of a token may have. Any other could change what STS does.
var tokenParameters = []string{
	"action", "version", "x-amz-algorithm", "x-amz-credential", "x-amz-date", "x-amz-expires", "x-amz-security-token",
	"x-amz-signature", "x-amz-signedheaders",
}

// tokenRequest reads a bearer token: a presigned GetCallerIdentity call, by the rules of aws-iam-authenticator's verifier. The
// request that comes out is the one that EKS would send to STS, with the cluster's name in the header.
func tokenRequest(token, cluster string) (*http.Request, error) {
	encoded, ok := strings.CutPrefix(token, tokenPrefix)
	if !ok || len(token) > maxToken {
		return nil, fmt.Errorf("a token starts with %s and has at most %d bytes", tokenPrefix, maxToken)
	}
	raw, err := base64.RawURLEncoding.DecodeString(encoded)
	if err != nil {
		return nil, fmt.Errorf("decode token: %w", err)
	}
	u, err := url.Parse(string(raw))
	if err != nil {
		return nil, fmt.Errorf("parse the URL of the token: %w", err)
	}
	if err := tokenHost(u); err != nil {
		return nil, err
	}
	if u.Path != "/" || u.User != nil || u.Fragment != "" {
		return nil, fmt.Errorf("unexpected path %q in the URL of the token", u.Path)
	}
	query, err := url.ParseQuery(u.RawQuery)
	if err != nil {
		return nil, fmt.Errorf("parse the query of the token: %w", err)
	}
	lower := url.Values{}
	for name, values := range query {
		key := strings.ToLower(name)
		if !slices.Contains(tokenParameters, key) || len(values) != 1 || lower.Has(key) {
			return nil, fmt.Errorf("the token's parameter %q is not allowed or given twice", name)
		}
		lower.Set(key, values[0])
	}
	if lower.Get("action") != "GetCallerIdentity" {
		return nil, fmt.Errorf("the token's action is %q, not GetCallerIdentity", lower.Get("action"))
	}
	signed := strings.Split(strings.ToLower(lower.Get("x-amz-signedheaders")), ";")
	for _, name := range []string{"host", tokenHeader} {
		if !slices.Contains(signed, name) {
			return nil, fmt.Errorf("the token's signature does not cover the header %s", name)
		}
	}
	if seconds, err := strconv.Atoi(lower.Get("x-amz-expires")); err != nil || seconds < 0 || seconds > 900 {
		return nil, fmt.Errorf("the token's X-Amz-Expires is %q, not a number up to 900", lower.Get("x-amz-expires"))
	}
	return &http.Request{
		Method: http.MethodGet, URL: u, Host: u.Host, Header: http.Header{http.CanonicalHeaderKey(tokenHeader): {cluster}},
	}, nil
}

// tokenHost admits STS. Clients whose endpoints are overridden presign for the override, so the sandbox's own host is STS too;
// it listens on loopback only, and without TLS.
func tokenHost(u *url.URL) error {
	if ip, err := netip.ParseAddr(u.Hostname()); u.Hostname() == "localhost" || err == nil && ip.IsLoopback() {
		return nil
	}
	if u.Scheme != "https" {
		return fmt.Errorf("unexpected scheme %q in the URL of the token", u.Scheme)
	}
	if u.Host == "sts.amazonaws.com" {
		return nil
	}
	region, ok := strings.CutPrefix(strings.TrimSuffix(u.Host, ".amazonaws.com"), "sts.")
	if _, _, port := net.SplitHostPort(u.Host); !ok || !strings.HasSuffix(u.Host, ".amazonaws.com") || port == nil || !regionExists(region) {
		return fmt.Errorf("unexpected host %q in the URL of the token", u.Host)
	}
	return nil
}

// tokenScope holds the region that a token was signed for against the host that it is for: STS refuses another region's.
func tokenScope(host string, s *signature) error {
	want := s.region
	switch name := strings.TrimSuffix(host, ".amazonaws.com"); {
	case name == "sts":
		want = "us-east-1"
	case strings.HasPrefix(name, "sts."):
		want = strings.TrimPrefix(name, "sts.")
	}
	if s.service != "sts" || s.region != want || !s.presigned {
		return fmt.Errorf("the token is signed for %s in %s, not for sts in %s", s.service, s.region, want)
	}
	return nil
}
