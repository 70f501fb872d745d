package serving

import (
	"net/url"
	"regexp"
	"slices"
	"strings"
)

var (
	ruleAuthMode       = mustNot("auth_mode", "Invalid authentication mode")
	ruleAuthHeader     = mustNot("auth_header", "Header cannot carry a credential")
	ruleAuthBodyKey    = mustNot("auth_body_key", "Invalid body key")
	ruleAuthUnused     = mustNot("auth_unused", "Setting does not belong to this mode")
	ruleAuthNoTokens   = mustNot("auth_tokens_missing", "Authentication has no token")
	ruleAuthManyTokens = mustNot("auth_tokens_count", "Too many tokens")
	ruleTokenName      = mustNot("token_name", "Invalid token name")
	ruleTokenShort     = mustNot("token_short", "Token is too short")
	ruleTokenLong      = mustNot("token_long", "Token is too long")
	ruleTokenText      = mustNot("token_text", "Token is not printable")
	ruleTokenTwice     = mustNot("token_twice", "Two tokens are the same")
	ruleJWTMissing     = mustNot("jwt_missing", "JWT settings are missing")
	ruleJWTIssuer      = mustNot("jwt_issuer", "Invalid issuer")
	ruleJWTAudiences   = mustNot("jwt_audiences", "Invalid audiences")
	ruleJWTKeys        = mustNot("jwt_jwks_url", "Invalid JWKS URL")
)

const (
	minToken = 16
	// A token three times in its server's configuration, and a header of 60 KiB
	// at most, leave room for far more; a longer one is a mistake.
	maxToken  = 1024
	maxTokens = 20
)

var (
	tokenName = upTo(40, `^[a-z0-9]([a-z0-9._-]*[a-z0-9])?$`)
	// Visible ASCII: HTTP trims spaces around a header's value, and servers differ
	// on what else they take.
	tokenText  = regexp.MustCompile(`^[\x21-\x7e]*$`)
	headerName = upTo(64, `^[A-Za-z][A-Za-z0-9-]*$`)
	// printable has no quotes or backslashes, which one writes by mistake.
	bodyKey = upTo(64, `^[\x20\x21\x23-\x5b\x5d-\x7e]+$`)
)

// Headers that HTTP, the gateway or the load balancer read or set themselves.
var (
	reservedHeaders = []string{
		"accept", "connection", "content-encoding", "content-length", "content-type", "cookie", "date", "expect", "host", "keep-alive",
		"te", "trailer", "transfer-encoding", "upgrade", "user-agent", "via", "www-authenticate",
	}
	reservedHeaderPrefixes = []string{"x-envoy-", "x-forwarded-", "x-serving-", "x-request-id", "x-amzn-", "proxy-", "sec-"}
)

func (f *findings) auth(a Auth) {
	if !f.known("auth.mode") {
		return
	}
	switch a.Mode {
	case AuthNone:
		f.unused(a.Mode, a.Header != "", "header")
		f.unused(a.Mode, a.BodyKey != "", "body_key")
		f.unused(a.Mode, len(a.Tokens) > 0, "tokens")
		f.unused(a.Mode, a.JWT != nil, "jwt")
	case AuthBody:
		f.unused(a.Mode, a.Header != "", "header")
		f.bodyKey(a)
		f.tokens(a)
		f.unused(a.Mode, a.JWT != nil, "jwt")
	case AuthHeader:
		f.authHeader(a)
		f.unused(a.Mode, a.BodyKey != "", "body_key")
		f.tokens(a)
		f.unused(a.Mode, a.JWT != nil, "jwt")
	case AuthJWT:
		f.authHeader(a)
		f.unused(a.Mode, a.BodyKey != "", "body_key")
		f.unused(a.Mode, len(a.Tokens) > 0, "tokens")
		f.jwt(a.JWT)
	default:
		f.add(ruleAuthMode.at("auth.mode", "The mode is %q. It is one of \"none\", \"body\", \"header\" and \"jwt\". Write one of them.", string(a.Mode)))
	}
}

// unused holds that a setting which changes nothing is not written: who wrote it
// expects protection that is not there.
func (f *findings) unused(mode AuthMode, set bool, attribute string) {
	if path := sub("auth", attribute); set && f.known(path) {
		f.add(ruleAuthUnused.at(path, "The mode is %q, which does not use %s. Remove it or change the mode.", string(mode), attribute))
	}
}

func (f *findings) authHeader(a Auth) {
	lower := strings.ToLower(a.Header)
	if a.Header == "" || !f.known("auth.header") {
		return
	}
	if !headerName.MatchString(a.Header) || slices.Contains(reservedHeaders, lower) ||
		slices.ContainsFunc(reservedHeaderPrefixes, func(p string) bool { return strings.HasPrefix(lower, p) }) {
		f.add(ruleAuthHeader.at("auth.header", "The header is %q. It is a name of letters, digits and hyphens that HTTP and the gateway do not use themselves. "+
			"Leave it out for Authorization, or write one as in \"X-API-Key\".", a.Header))
	}
}

func (f *findings) bodyKey(a Auth) {
	if a.BodyKey != "" && f.known("auth.body_key") && !bodyKey.MatchString(a.BodyKey) {
		f.add(ruleAuthBodyKey.at("auth.body_key", "The key is %q. It is the name of a top-level key of the JSON body: 1 to 64 printable ASCII characters without quotes and backslashes. "+
			"Leave it out for \"auth\".", a.BodyKey))
	}
}

func (f *findings) tokens(a Auth) {
	const path = "auth.tokens"
	if f.unknown[path] {
		return
	}
	switch n := len(a.Tokens); {
	case n == 0:
		f.add(ruleAuthNoTokens.at(path, "The mode is %q and there is no token, so nobody could call the server. Write tokens = { app = { value_wo = var.token } }.", string(a.Mode)))
	case n > maxTokens:
		f.add(ruleAuthManyTokens.at(path, "There are %d tokens. A server has at most %d: tokens are for applications, not for people. Use mode \"jwt\" for many callers.", n, maxTokens))
	}
	first := map[string]string{}
	for _, name := range sortedKeys(a.Tokens) {
		at := sub(path, name)
		if !tokenName.MatchString(name) {
			f.add(ruleTokenName.at(at, "The token's name is %q. The model and the access log see it: 1 to 40 lower-case letters, digits and . _ -, a letter or digit first and last. Rename it.", name))
		}
		value := sub(at, "value_wo")
		if !f.known(value) {
			continue
		}
		f.token(value, a.Tokens[name].Value)
		if other, twice := first[a.Tokens[name].Value]; twice {
			f.add(ruleTokenTwice.at(value, "The token has the same value as %q, so the access log could not tell the two apart. Give each its own.", other))
		}
		first[a.Tokens[name].Value] = name
	}
}

func (f *findings) token(path, value string) {
	for _, p := range (Token{Value: value}).Problems() {
		p.Path = path
		f.add(p)
	}
}

// Problems judges a token on its own. It says nothing of the value but its
// length.
func (t Token) Problems() []Problem {
	f := &findings{}
	switch n := len(t.Value); {
	case n < minToken:
		f.add(ruleTokenShort.at("", "The token has %d bytes. It has at least %d, or it could be guessed. Make one with \"openssl rand -hex 32\".", n, minToken))
	case n > maxToken:
		f.add(ruleTokenLong.at("", "The token has %d bytes. It has at most %d. Make one with \"openssl rand -hex 32\".", n, maxToken))
	case !tokenText.MatchString(t.Value):
		f.add(ruleTokenText.at("", "The token has a character that is not visible ASCII: a space, a line break or a letter of another alphabet, which HTTP may change on its way. "+
			"Make one with \"openssl rand -hex 32\", and use chomp() on a value read from a file."))
	}
	return f.problems
}

func (f *findings) jwt(j *JWT) {
	if f.unknown["auth.jwt"] {
		return
	}
	if j == nil {
		f.add(ruleJWTMissing.at("auth.jwt", "The mode is \"jwt\" and nobody is named who signs the tokens. Write jwt = { issuer = ..., audiences = [...], jwks_url = ... }."))
		return
	}
	if f.known("auth.jwt.issuer") && (j.Issuer == "" || len(j.Issuer) > 1024 || !tokenText.MatchString(j.Issuer)) {
		f.add(ruleJWTIssuer.at("auth.jwt.issuer", "The issuer is %q. It is the \"iss\" claim of the tokens, letter for letter, as in \"https://accounts.example.com\". Give it.", j.Issuer))
	}
	if f.known("auth.jwt.audiences") && (len(j.Audiences) == 0 || slices.Contains(j.Audiences, "")) {
		f.add(ruleJWTAudiences.at("auth.jwt.audiences", "There are %d audiences, or one is empty. Without an audience a token that the issuer made for another service would open this one. "+
			"Give the \"aud\" claim to expect.", len(j.Audiences)))
	}
	if f.known("auth.jwt.jwks_url") && !jwksURL(j.JWKSURL) {
		f.add(ruleJWTKeys.at("auth.jwt.jwks_url", "The URL is %q. It is the https URL of the issuer's key set, without user and fragment, as in \"https://accounts.example.com/.well-known/jwks.json\". Give it.", j.JWKSURL))
	}
}

func jwksURL(text string) bool {
	u, err := url.Parse(text)
	return err == nil && tokenText.MatchString(text) && u.Scheme == "https" && u.Hostname() != "" && u.User == nil && u.Fragment == ""
}
