package gateway

import (
	"fmt"

	"github.com/modelserving/terraform-provider-serving/internal/serving"
)

// What the gateway's container and its Service are made of.
const (
	// Port is where the container listens: above 1024, so that it needs no
	// privilege.
	Port = 8080
	// HealthPath answers 200 as soon as Envoy has a configuration, for probes and
	// load balancers.
	HealthPath = serving.HealthPath
	// VersionPath answers 200 and VersionHeader when a pod serves the whole of a
	// version: routes, clusters and JWT settings.
	VersionPath   = serving.HealthPath + "/version"
	VersionHeader = "x-serving-version"
	// VersionAsks is how many answers in a row, each on a connection of its own,
	// must say the version: each thread of Envoy takes a configuration over when it
	// gets to it, which is some tenths of a second apart with 1,000 servers, and
	// answers for itself.
	VersionAsks = 10
	// MountDir is where the volume with the files of Render is mounted, and
	// BootstrapPath the file of Bootstrap, which must not be in that directory:
	// it is no secret and does not change.
	MountDir      = "/etc/serving/gateway"
	BootstrapPath = "/etc/serving/bootstrap/" + FileBootstrap
	// AdminPath is in a directory that the container can write to, an emptyDir
	// where the root file system is read-only.
	AdminPath = "/var/run/serving/admin.sock"
)

// DrainSeconds is how old a caller's connection gets: after that the next answer
// on it asks the caller to open another. So that long after a pod has left its
// Service, no load balancer sends it requests any more, although it keeps its
// connections.
const DrainSeconds = 60

// PreStopSeconds is how long the container must sleep before it is sent the
// signal to end, so that no request is lost which takes that many seconds at most:
// on the signal Envoy ends at once, whatever is under way. It is for a lifecycle
// hook of the kind "sleep", since the image has no shell; terminationGracePeriodSeconds
// must be some seconds longer.
func PreStopSeconds(longestRequest int64) int64 { return DrainSeconds + longestRequest }

// ServiceUpstream is the Upstream of a Kubernetes Service. The dot at the end
// keeps the resolver from trying the search domains first; the cluster's domain is
// that of EKS and GKE.
func ServiceUpstream(service, namespace string, port int) string {
	return fmt.Sprintf("%s.%s.svc.cluster.local.:%d", service, namespace, port)
}

// HeapFor is the MaxHeapBytes for a container with a memory limit: the rest is
// for stacks, buffers of the kernel and what the allocator holds back.
func HeapFor(limitBytes int64) uint64 { return uint64(limitBytes) / 5 * 4 }
