package serving

import "strings"

// ModelServer is one model behind a cluster's gateway: where callers find it,
// what its gateway lets through, and how they show who they are.
type ModelServer struct {
	Name string
	// Path is the prefix of its URLs, as "/fraud". Use PathOrDefault to read it.
	Path string
	// Protocol is what the model speaks.
	Protocol Protocol
	// TimeoutSeconds is the longest silence: how long a request may go without
	// a byte in either direction. A response that streams may take longer.
	TimeoutSeconds int64
	// MaxBodyBytes bounds the body of a request.
	MaxBodyBytes int64
	Auth         Auth

	Unknown Unknown
}

// The values that take the place of absent ones.
const (
	DefaultTimeoutSeconds = 600
	DefaultMaxBodyBytes   = 10 << 20
	DefaultBodyKey        = "auth"
	DefaultAuthHeader     = "Authorization"
)

// HealthPath is where the gateway itself answers the load balancer's health
// checks; no server can have it.
const HealthPath = "/healthz"

// PathOrDefault is the prefix of the server's URLs: "/<name>" unless one is given.
func (s ModelServer) PathOrDefault() string {
	if s.Path == "" {
		return "/" + s.Name
	}
	return s.Path
}

// Known reports whether the attributes at these paths are known.
func (s ModelServer) Known(paths ...string) bool { return s.Unknown.Known(paths...) }

// Protocol is what a model server speaks behind the gateway.
type Protocol string

const (
	// ProtocolSame is the caller's: HTTP/1.1 stays HTTP/1.1, and HTTP/2, hence
	// gRPC, stays HTTP/2.
	ProtocolSame  Protocol = ""
	ProtocolHTTP1 Protocol = "http1"
	ProtocolHTTP2 Protocol = "http2"
)

// AuthMode says how a caller proves to be allowed.
type AuthMode string

const (
	// AuthNone asks nothing.
	AuthNone AuthMode = "none"
	// AuthBody wants a token in a key of the JSON body.
	AuthBody AuthMode = "body"
	// AuthHeader wants a token in a header.
	AuthHeader AuthMode = "header"
	// AuthJWT wants a signed JSON Web Token in a header.
	AuthJWT AuthMode = "jwt"
)

// Auth is what a server asks of its callers.
type Auth struct {
	Mode AuthMode
	// Header is where mode header and mode jwt look; empty is Authorization.
	Header string
	// BodyKey is the top-level key that holds the token in mode body.
	BodyKey string
	// Tokens are the accepted tokens by the name that the access log and the
	// model see. Several overlap during a rotation.
	Tokens map[string]Token
	JWT    *JWT
}

// HeaderOrDefault is the header that modes header and jwt read.
func (a Auth) HeaderOrDefault() string {
	if a.Header == "" {
		return DefaultAuthHeader
	}
	return a.Header
}

// UsesAuthorization reports whether the credential comes in the standard header
// with a scheme before it.
func (a Auth) UsesAuthorization() bool {
	return strings.EqualFold(a.HeaderOrDefault(), DefaultAuthHeader)
}

// BodyKeyOrDefault is the key that mode body reads.
func (a Auth) BodyKeyOrDefault() string {
	if a.BodyKey == "" {
		return DefaultBodyKey
	}
	return a.BodyKey
}

// Token is a shared secret. It prints as dots, so that no error text or log can
// show it by accident.
type Token struct{ Value string }

// String hides the value.
func (Token) String() string { return "(secret)" }

// GoString hides the value from %#v as well.
func (Token) GoString() string { return "serving.Token{(secret)}" }

// JWT names who signs the tokens of mode jwt.
type JWT struct {
	Issuer    string
	Audiences []string
	// JWKSURL is where the issuer publishes its keys; https only, for whoever can
	// change the answer can sign tokens.
	JWKSURL string
}
