package kube

import (
	"context"
	"net/netip"
	"time"
)

// Config says what one cluster is. The first group of fields is needed; the rest
// has defaults.
type Config struct {
	// Name is for messages.
	Name string
	// CACertificate and CAKey are PEM; they sign the API server's certificate.
	CACertificate, CAKey []byte
	// Hosts are the DNS names that the API server's certificate carries.
	Hosts []string
	// ServiceCIDR is where Services get their addresses, as 172.20.0.0/16.
	ServiceCIDR string
	// Authenticate tells who a bearer token is. An error is a 401.
	Authenticate func(ctx context.Context, token string) (User, error)
	// Nodes are the machines that the cloud says exist now. The loop asks every
	// 200 ms, so it must be quick.
	Nodes func() []Node

	// StateDir keeps etcd's data between runs. Empty is a temporary folder that
	// Close removes.
	StateDir string
	// Resolve answers pods for names outside of the cluster. Nil, an error or no
	// address is NXDOMAIN.
	Resolve func(ctx context.Context, name string) ([]netip.Addr, error)
	// TimeScale is how much faster than in reality time passes for pods: probes,
	// back-off, preStop, grace periods, progress deadlines and Envoy's asking of
	// DNS. 0 is 0.1.
	TimeScale float64
	// MountRefresh is how long a changed Secret or ConfigMap takes to reach the
	// pods that mount it, unless something else changes them. 0 is one second.
	MountRefresh time.Duration
}

// User is who a token belongs to.
type User struct {
	Name, UID string
	Groups    []string
}

// Node is a machine of the cloud.
type Node struct {
	Name         string
	Address      netip.Addr
	Zone, Region string
	InstanceType string
	ProviderID   string
	// Version is that of the kubelet, as in "v1.33.7-gke.1088000". Empty is defaultVersion.
	Version string
	Labels  map[string]string
	Taints  []Taint
	// CPU is in cores.
	CPU         int64
	MemoryBytes int64
	// GPUs count as the resource nvidia.com/gpu once a device plugin runs there, which the cloud may bring.
	GPUs         int64
	DevicePlugin bool
	// PodRange is the subnet that addresses of pods come from.
	PodRange netip.Prefix
}

// Taint keeps pods off a node. Effect is NoSchedule, PreferNoSchedule or
// NoExecute.
type Taint struct{ Key, Value, Effect string }

const (
	defaultTimeScale    = 0.1
	defaultMountRefresh = time.Second
	defaultServiceCIDR  = "172.20.0.0/16"
	defaultVersion      = "v1.34.2"
)

// scaled is a duration of reality in this cluster's time.
func (c *Config) scaled(d time.Duration) time.Duration {
	return time.Duration(float64(d) * c.TimeScale)
}
