package serving

import (
	"context"
	"time"
)

// Backend is one cloud as the Terraform types see it. Every method is safe for
// concurrent use and makes its clients when it is first called, so that a
// provider that is only configured costs nothing.
//
// Errors of Create, Update and Destroy list every object that failed and, when
// they come from the engine, what exists by now.
type Backend interface {
	// Cloud is the cloud's name in ids.
	Cloud() Cloud
	// DefaultRegion is the region of the provider block or of the environment;
	// empty when neither has one.
	DefaultRegion() string
	// Account is the account or project that the credentials belong to.
	Account(ctx context.Context, region string) (string, error)

	// PreflightCluster judges a spec against the cloud before anything is made:
	// existing networks and certificates that are not in the same plan. It reads
	// only, and skips what is not known yet.
	PreflightCluster(ctx context.Context, spec Cluster) ([]Problem, error)
	// CreateCluster makes a cluster or resumes a create that was interrupted.
	CreateCluster(ctx context.Context, spec Cluster) (ObservedCluster, error)
	// ObserveCluster reads everything that the spec owns and says what differs.
	ObserveCluster(ctx context.Context, spec Cluster) (ObservedCluster, error)
	// UpdateCluster converges an existing cluster.
	UpdateCluster(ctx context.Context, spec Cluster) (ObservedCluster, error)
	// DestroyCluster removes everything the cluster owns.
	DestroyCluster(ctx context.Context, spec Cluster) error
	// ReadCluster reads a cluster of which only the id is known, for import and
	// data sources. Its Spec is whole.
	ReadCluster(ctx context.Context, id ID) (ObservedCluster, error)

	// The same for certificates. The private key is never read back.
	CreateCertificate(ctx context.Context, spec Certificate) (ObservedCertificate, error)
	ObserveCertificate(ctx context.Context, spec Certificate) (ObservedCertificate, error)
	UpdateCertificate(ctx context.Context, spec Certificate) (ObservedCertificate, error)
	DestroyCertificate(ctx context.Context, spec Certificate) error
	ReadCertificate(ctx context.Context, id ID) (ObservedCertificate, error)

	// Kubernetes is how the Kubernetes API of a cluster is reached. The cluster is
	// read at most once in a while; a token is made for every operation.
	Kubernetes(ctx context.Context, cluster ID) (KubernetesAccess, error)
	ModelServers
	Peerings
	Reachabilities
}

// ModelServers are the model servers of a cloud's clusters. They live in
// Kubernetes alone: none of these calls changes anything in the cloud.
type ModelServers interface {
	// PreflightModelServer judges a spec against the cluster as it is: whether it
	// is public, has a gateway, and which paths other servers have. It reads only,
	// and skips what is not known yet or cannot be reached.
	PreflightModelServer(ctx context.Context, spec ModelServer) ([]Problem, error)
	// CreateModelServer makes a server or resumes a create that was interrupted. It
	// returns when the rollout is complete and every gateway pod serves the server.
	CreateModelServer(ctx context.Context, spec ModelServer) (ObservedModelServer, error)
	// ObserveModelServer reads everything that the spec owns and says what differs.
	ObserveModelServer(ctx context.Context, spec ModelServer) (ObservedModelServer, error)
	// UpdateModelServer converges an existing server.
	UpdateModelServer(ctx context.Context, spec ModelServer) (ObservedModelServer, error)
	// DestroyModelServer takes the server off the gateway and removes everything
	// it owns. A cluster that is gone took its servers along.
	DestroyModelServer(ctx context.Context, spec ModelServer) error
	// ReadModelServer reads a server of which only the id is known, for import.
	ReadModelServer(ctx context.Context, id ModelServerID) (ObservedModelServer, error)
}

// KubernetesAccess is what a Kubernetes client of one cluster needs.
type KubernetesAccess struct {
	Cluster ID
	// Account is the account or project that the cluster lives in.
	Account string
	// URL is the endpoint, as https://host, and CACertificatePEM what verifies it.
	URL              string
	CACertificatePEM string
	// ProxyURL is the HTTP proxy on the way; empty leaves that to the environment.
	ProxyURL string
	// Token makes a bearer token for the endpoint.
	Token func(ctx context.Context) (KubernetesToken, error)
}

// KubernetesToken is a bearer token of the Kubernetes API and its end.
type KubernetesToken struct {
	Token
	Expires time.Time
}

// ObservedModelServer is a model server as it was found.
type ObservedModelServer struct {
	Observation
	// Spec is the wanted spec with every attribute replaced by what was found.
	// Secrets are never read back: tokens and secret variables have names only.
	Spec ModelServer
	// URL is where callers reach it: the cluster's URL and the server's path.
	URL string
}

// Observation is what is known of any resource that owns cloud objects.
type Observation struct {
	// Gone says that nothing of the resource exists. Where only its root object is
	// missing, that is drift.
	Gone bool
	// Account is the account or project it lives in.
	Account string
	// Objects maps object names to the cloud's ids (ARN, id or self link).
	Objects map[string]string
	// Drift maps object names to what is not as wanted and is modelled by no
	// attribute of Spec.
	Drift map[string][]string
	// Unseen says what could not be looked at, and why; it is a warning. Empty is
	// nothing.
	Unseen string
	// Advice is what the user should look at and an apply does not change; each is a
	// warning.
	Advice []string
}

// ObservedCluster is a cluster as it was found.
type ObservedCluster struct {
	Observation
	// Spec is the wanted spec with every attribute that the cloud models replaced
	// by what was found there. Defaults that the cloud chose are filled in.
	Spec Cluster

	// Hostname and Address are where the load balancer answers; on AWS only the
	// first is set. ZoneID is the DNS zone of the host name, for alias records.
	Hostname string
	Address  string
	ZoneID   string
	// URL is https://<domain>, or https://<hostname> when there is no domain.
	URL string

	// KubernetesURL and CACertificatePEM are what a Kubernetes client needs.
	KubernetesURL    string
	CACertificatePEM string

	// VPC, PrivateSubnets and PublicSubnets are ids, whoever made them.
	VPC            string
	PrivateSubnets []string
	PublicSubnets  []string

	Exposure Exposure
}

// ObservedCertificate is a certificate as it was found.
type ObservedCertificate struct {
	Observation
	// Spec has the certificate and chain as they are in the cloud, and no key.
	Spec Certificate
	// Info describes the certificate in the cloud.
	Info CertificateInfo
}
