package serving

// Cluster is a Kubernetes cluster with a load balancer in front of it, as the
// user wants it or as it was observed. Absent values are zero; what is not
// known while planning is listed in Unknown.
type Cluster struct {
	Cloud      Cloud
	Region     string
	Name       string
	Visibility Visibility
	// KubernetesVersion is "<major>.<minor>"; empty means the cloud's default.
	KubernetesVersion string
	Network           Network
	NodePools         map[string]NodePool
	Endpoint          Endpoint
	KubernetesAPI     KubernetesAPI
	Gateway           Gateway
	// DeletionProtection makes the cloud itself refuse to delete the cluster
	// and its load balancer.
	DeletionProtection bool
	AWS                ClusterAWS
	GCP                ClusterGCP
	// Tags are the user's own, provider defaults merged in.
	Tags map[string]string
	// LastSeen maps object names to the cloud ids of the last observation: hints
	// that save a search, verified and never trusted.
	LastSeen map[string]string

	Unknown Unknown
}

// ID is the cluster's Terraform id.
func (c Cluster) ID() ID { return ID{Cloud: c.Cloud, Region: c.Region, Name: c.Name} }

// Known reports whether the attributes at these paths are known.
func (c Cluster) Known(paths ...string) bool { return c.Unknown.Known(paths...) }

// NATMode says how many NAT gateways carry the nodes' outgoing traffic.
type NATMode string

const (
	// NATPerZone lets no zone depend on another: one in each on AWS. On GCP the one of
	// the region is in all zones already.
	NATPerZone NATMode = "per_zone"
	// NATSingle has one for all zones: cheaper, and on AWS lost with its zone.
	NATSingle NATMode = "single"
	// NATNone has none: nodes reach the cloud's services only through private
	// endpoints that the user brings.
	NATNone NATMode = "none"
)

// Network is where a cluster lives: a VPC of its own (CIDR) or an existing one
// (VPC, Subnets, PublicSubnets).
type Network struct {
	// CIDR is the range of a VPC to be made, as "10.40.0.0/16".
	CIDR string
	// VPC is the id of an existing VPC, with the subnets to use in it; on GCP names,
	// of the network and its one subnetwork.
	VPC           string
	Subnets       []string
	PublicSubnets []string
	// Zones are availability zone names; empty lets the backend choose two.
	Zones []string
	NAT   NATMode
	// PodCIDR and ServiceCIDR are ranges that only the cluster itself uses.
	PodCIDR     string
	ServiceCIDR string
}

// Own reports whether the cluster makes its VPC itself.
func (n Network) Own() bool { return n.VPC == "" }

// NodePool is a group of equal nodes.
type NodePool struct {
	MachineType string
	MinSize     int64
	MaxSize     int64
	// DiskGB is the size of a node's boot disk in GiB.
	DiskGB      int64
	Spot        bool
	Accelerator *Accelerator
	Labels      map[string]string
	Taints      []Taint
}

// Accelerator is the GPU or other accelerator of a pool's nodes.
type Accelerator struct {
	// Type is the cloud's name of it; empty is what the machine type implies.
	Type string
	// Count is per node.
	Count int64
}

// Taint keeps pods without a matching toleration off a node.
type Taint struct {
	Key   string
	Value string
	// Effect is NoSchedule, PreferNoSchedule or NoExecute.
	Effect string
}

// Endpoint is the load balancer's side towards callers.
type Endpoint struct {
	// Domain is the host name that callers use; empty accepts any.
	Domain string
	// CertificateID is the id of a serving_certificate, or the cloud's name (ARN) of
	// a certificate that is managed elsewhere.
	CertificateID string
	// AllowedCIDRs are the ranges the load balancer answers to; empty means
	// everywhere on a public cluster and the VPC's own ranges on a private one.
	AllowedCIDRs []string
	// MinTLSVersion is "1.2" or "1.3".
	MinTLSVersion string
	// IdleTimeoutSeconds is how long a connection may be silent: 1 to 4000.
	IdleTimeoutSeconds int64
	// DNS is nil where the record of Domain is the user's own business.
	DNS *DNS
}

// DNS is the record of an endpoint's domain, kept with the cluster and moved
// when the load balancer is replaced.
type DNS struct {
	// ZoneID is the hosted zone that the domain lies in.
	ZoneID string
}

// KubernetesAPI is the cluster's control plane as clients reach it.
type KubernetesAPI struct {
	// AllowedCIDRs may reach the public endpoint; empty means that there is none.
	AllowedCIDRs []string
	// Admins are IAM principals (ARNs) with administrator access; AWS only.
	Admins []string
	// DNSEndpoint is a further endpoint on Google's front end that any caller with
	// credentials reaches from anywhere; GCP only.
	DNSEndpoint bool
}

// Gateway is the proxy inside the cluster that checks callers and hands requests
// to model servers.
type Gateway struct {
	// Disabled leaves the node port to an ingress of the user's own; there are no
	// model servers then.
	Disabled bool
	// MinReplicas and MaxReplicas bound the number of its pods; zero is the default.
	MinReplicas, MaxReplicas int64
	// Image is the Envoy image; empty is the official one of the tested version.
	Image string
}

// The number of gateway pods where the user says nothing: two, so that a node
// can fail or be replaced.
const (
	DefaultGatewayMinReplicas = 2
	DefaultGatewayMaxReplicas = 10
)

// Replicas are the bounds with defaults in the place of absent ones. A bound
// that is given moves the default of the other.
func (g Gateway) Replicas() (least, most int64) {
	least, most = g.MinReplicas, g.MaxReplicas
	switch {
	case least == 0 && most == 0:
		return DefaultGatewayMinReplicas, DefaultGatewayMaxReplicas
	case least == 0:
		least = min(DefaultGatewayMinReplicas, most)
	case most == 0:
		most = max(DefaultGatewayMaxReplicas, least)
	}
	return least, most
}

// ClusterAWS holds what only AWS has.
type ClusterAWS struct {
	// ClusterRoleARN and NodeRoleARN replace the roles the cluster would make.
	ClusterRoleARN string
	NodeRoleARN    string
	// KMSKeyARN encrypts Kubernetes Secrets with the user's own key.
	KMSKeyARN string
}

// ClusterGCP holds what only GCP has.
type ClusterGCP struct {
	// ReleaseChannel decides how early Google upgrades the cluster; empty is
	// DefaultReleaseChannel.
	ReleaseChannel ReleaseChannel
	// NodeServiceAccount is the e-mail address of the service account of the nodes;
	// empty is the project's default one for Compute Engine.
	NodeServiceAccount string
}

// ReleaseChannel is a GKE release channel, in lower case.
type ReleaseChannel string

// The release channels (container ReleaseChannel.Channel). Every cluster is in one,
// as GKE has it for whoever says nothing.
const (
	ChannelRapid    ReleaseChannel = "rapid"
	ChannelRegular  ReleaseChannel = "regular"
	ChannelStable   ReleaseChannel = "stable"
	ChannelExtended ReleaseChannel = "extended"

	DefaultReleaseChannel = ChannelRegular
)
