package control

import (
	"context"
	"net"
	"net/netip"
)

// Kubernetes is the data plane of one cluster: an API server and nodes that run pods.
type Kubernetes interface {
	// DialAPI connects to the API server, which the first call starts. TLS is between the client and it.
	DialAPI(ctx context.Context) (net.Conn, error)
	// DialNodePort connects to a node's port, as far as a Service has it.
	DialNodePort(ctx context.Context, node netip.Addr, port int) (net.Conn, error)
	// Running reports whether the API server has been started.
	Running() bool
	Close() error
}

// KubernetesCluster is what the simulated cloud says about a cluster.
type KubernetesCluster struct {
	Name string
	// CACertificate and CAKey are PEM.
	CACertificate, CAKey []byte
	// Hosts are the names that clients call the API server by.
	Hosts       []string
	ServiceCIDR string
	// StateDir keeps what the cluster stores.
	StateDir string
	// Authenticate tells whose a bearer token is.
	Authenticate func(ctx context.Context, token string) (KubernetesUser, error)
	// Nodes are the machines there are now.
	Nodes func() []KubernetesNode
}

// KubernetesUser is whom a token stands for.
type KubernetesUser struct {
	Name, UID string
	Groups    []string
}

// KubernetesNode is an instance that is a cluster's node.
type KubernetesNode struct {
	Name         string
	Address      netip.Addr
	Zone, Region string
	InstanceType string
	ProviderID   string
	// Version is that of the node's kubelet, as the cloud names its builds.
	Version string
	Labels  map[string]string
	Taints  []KubernetesTaint
	// CPU is in cores.
	CPU, MemoryBytes, GPUs int64
	// DevicePlugin says that the cloud itself tells Kubernetes of the GPUs.
	DevicePlugin bool
	// PodRange is the node's subnet, where its pods get their addresses from.
	PodRange netip.Prefix
}

// KubernetesTaint keeps pods away from a node.
type KubernetesTaint struct{ Key, Value, Effect string }
