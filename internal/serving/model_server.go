package serving

import "strings"

// ModelServer is one model behind a cluster's gateway: what runs, where callers
// find it, what the gateway lets through, and how callers show who they are.
type ModelServer struct {
	// Cluster is the id of the cluster that it runs on.
	Cluster ID
	Name    string
	// Workload is what to run; nil when Service names something that runs already.
	Workload *Workload
	// Service is an existing Service that the gateway is put in front of.
	Service *ServiceReference
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
	// AllowUnauthenticated is the second word that mode none needs on a public
	// cluster.
	AllowUnauthenticated bool

	Unknown Unknown
}

// ID is the server's Terraform id.
func (s ModelServer) ID() ModelServerID { return ModelServerID{Cluster: s.Cluster, Name: s.Name} }

// Workload is a container image that serves a model, and how many of it run
// where.
type Workload struct {
	Image   string
	Command []string
	Args    []string
	Env     map[string]string
	// SecretEnv are environment variables whose values are secrets. The values are
	// empty where they are not known: in everything that is read back.
	SecretEnv map[string]Token
	// Port is where the container listens.
	Port int64
	// HealthPath answers 2xx or 3xx when the model can serve; empty asks only
	// whether the port is open.
	HealthPath string
	Replicas   Replicas
	Resources  Resources
	// NodePool is the pool of the cluster to run on; empty is any without taints.
	NodePool string
}

// Replicas bounds the number of pods. Where Max is above Min, an autoscaler
// moves between them.
type Replicas struct {
	Min, Max int64
	// TargetCPUPercent is the share of the requested CPU that the autoscaler aims
	// at; zero is its default.
	TargetCPUPercent int64
}

// DefaultTargetCPUPercent is what the autoscaler aims at.
const DefaultTargetCPUPercent = 70

// Resources are what each pod is promised, as Kubernetes quantities, and its
// GPUs. Memory and GPUs are limits as well.
type Resources struct {
	CPU    string
	Memory string
	GPUs   int64
}

// ServiceReference names a Kubernetes Service.
type ServiceReference struct {
	Namespace, Name string
	Port            int64
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

// MarshalJSON hides the value as well: what keeps tokens writes them itself.
func (Token) MarshalJSON() ([]byte, error) { return []byte(`"(secret)"`), nil }

// JWT names who signs the tokens of mode jwt.
type JWT struct {
	Issuer    string
	Audiences []string
	// JWKSURL is where the issuer publishes its keys; https only, for whoever can
	// change the answer can sign tokens.
	JWKSURL string
}
