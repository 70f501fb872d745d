package serving

import "strings"

// Peering joins a cluster's VPC with another one, so that callers in the other
// reach the cluster's load balancer. It is both sides at once.
type Peering struct {
	// Cluster is the id of the cluster whose VPC asks for the peering.
	Cluster ID
	Peer    Peer
	Accept  Accept
	// DNS lets each side resolve the other's public host names to private
	// addresses.
	DNS bool
	// ClusterRouteTables and PeerRouteTables get the routes; empty is the tables of
	// the cluster's subnets, and those that the subnets of the peer VPC use.
	ClusterRouteTables []string
	PeerRouteTables    []string
	// CIDRs are the ranges of the peer that are routed and may reach the load
	// balancer; empty is all of its IPv4 ranges.
	CIDRs []string
	// Tags are the user's own, provider defaults merged in.
	Tags map[string]string
	// LastSeen maps object names to the cloud ids of the last observation: hints
	// that save a search, verified and never trusted.
	LastSeen map[string]string
	// Planned is the cluster as planned, where it does not exist yet. Only a
	// preflight reads it.
	Planned *Cluster

	Unknown Unknown
}

// Peer is the other VPC and how it is reached. AccountID, Region and AssumeRoleARN
// are AWS's; Project and ImpersonateServiceAccount are GCP's, where a network has
// no region.
type Peer struct {
	// VPC is the id of the VPC on AWS, and the name of the network on GCP.
	VPC string
	// AccountID is the account of the VPC; empty is that of AssumeRoleARN, or else
	// the cluster's own.
	AccountID string
	// Region is where it is; empty is the cluster's.
	Region string
	// AssumeRoleARN is the role to take for the peer's side; empty is none.
	AssumeRoleARN string
	// Project is the project of the network; empty is the cluster's own.
	Project string
	// ImpersonateServiceAccount is the e-mail address of the service account to act
	// as on the peer's side; empty is none.
	ImpersonateServiceAccount string
}

// Accept says who accepts the peering on the peer's side.
type Accept string

// A peering is accepted with the peer's credentials, or by somebody else.
const (
	AcceptAuto   Accept = "auto"
	AcceptManual Accept = "manual"
)

// The states of a peering that a user meets, on every cloud as AWS writes them.
const (
	PeeringActive  = "active"
	PeeringPending = "pending-acceptance"
)

// ID is the peering's Terraform id.
func (p Peering) ID() PeeringID {
	id := PeeringID{Cluster: p.Cluster, VPC: p.Peer.VPC}
	if p.Peer.Project != "" {
		id.VPC = p.Peer.Project + "/" + p.Peer.VPC
	}
	return id
}

// Known reports whether the attributes at these paths are known.
func (p Peering) Known(paths ...string) bool { return p.Unknown.Known(paths...) }

// PeerRegion is the region of the peer.
func (p Peering) PeerRegion() string {
	if p.Peer.Region != "" {
		return p.Peer.Region
	}
	return p.Cluster.Region
}

// PeerAccount is the account of the peer as far as the spec tells; empty is the
// cluster's own.
func (p Peering) PeerAccount() string {
	if p.Peer.AccountID != "" {
		return p.Peer.AccountID
	}
	return RoleAccount(p.Peer.AssumeRoleARN)
}

// RoleAccount is the account in the ARN of a role; empty when there is none.
func RoleAccount(role string) string {
	a, ok := parseARN(role)
	if !ok {
		return ""
	}
	return a.account
}

// PeeringID names a peering: <cloud>/<region>/<cluster>/<peer vpc>, where a network
// on GCP has its project and a slash before it unless that is the cluster's.
type PeeringID struct {
	Cluster ID
	VPC     string
}

// String renders the id as users see and import it.
func (id PeeringID) String() string { return id.Cluster.String() + "/" + id.VPC }

// Peer is the other network as far as the id tells.
func (id PeeringID) Peer() Peer {
	project, network, ok := strings.Cut(id.VPC, "/")
	if !ok {
		return Peer{VPC: id.VPC}
	}
	return Peer{VPC: network, Project: project}
}

// ParsePeeringID reads an id of the form <cloud>/<region>/<cluster>/<peer vpc>.
// The second result is false when the text has another form.
func ParsePeeringID(text string) (PeeringID, bool) {
	parts := strings.Split(text, "/")
	most := 4
	if !RegionalNetworks(Cloud(parts[0])) {
		most = 5
	}
	if len(parts) < 4 || len(parts) > most || parts[3] == "" || parts[len(parts)-1] == "" {
		return PeeringID{}, false
	}
	cluster, ok := ParseID(strings.Join(parts[:3], "/"))
	return PeeringID{Cluster: cluster, VPC: strings.Join(parts[3:], "/")}, ok
}
