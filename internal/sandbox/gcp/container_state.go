package gcp

import (
	"fmt"
	"strings"

	"cloud.google.com/go/container/apiv1/containerpb"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/protobuf/proto"

	"github.com/modelserving/terraform-provider-serving/internal/sandbox/control"
)

// containerState is what Kubernetes Engine has in one location.
type containerState struct {
	// Clusters by name. A cluster's node pools are objects of their own, by "cluster/pool".
	Clusters   map[string]*Held[*containerpb.Cluster]
	NodePools  map[string]*Held[*containerpb.NodePool]
	Operations map[string]*Held[*containerpb.Operation]
	// PublicEndpoints are the public addresses of clusters, in use or not, by the clusters' ids.
	PublicEndpoints map[string]string
}

func init() {
	registerKind("container.cluster", func(r *Region) any { return r.Container.Clusters })
	registerKind("container.node_pool", func(r *Region) any { return r.Container.NodePools })
}

// gke is the state of the call's location.
func (c *call) gke() *containerState { return &c.region(c.Location).Container }

// gkeInvalid is about a value in a request.
func gkeInvalid(format string, args ...any) error {
	return &Error{Status: 400, Message: fmt.Sprintf(format, args...)}
}

// gkePrecondition is about a request that does not fit the state of its object.
func gkePrecondition(reason, format string, args ...any) error {
	return &Error{
		Status: 400, Code: "FAILED_PRECONDITION", Message: fmt.Sprintf(format, args...),
		Details: []proto.Message{&errdetails.ErrorInfo{Reason: reason, Domain: "container.googleapis.com"}},
	}
}

// gkePath is the name of something in the call's location, as in messages and target links.
func (c *call) gkePath(parts ...string) string {
	kind := "locations"
	if zoneExists(c.Location) {
		kind = "zones"
	}
	return strings.Join(append([]string{"projects", c.Project, kind, c.Location}, parts...), "/")
}

// gkeLink is the URL of something in the call's location. Operations name the project by its number there.
func (c *call) gkeLink(project string, parts ...string) string {
	at := c.in(project, c.Location)
	return "https://container.googleapis.com/v1/" + at.gkePath(parts...)
}

// gkeRegion is the region of the call's location.
func (c *call) gkeRegion() string { return regionOfLocation(c.Location) }

// regionOfLocation is the region of a zone, or the region itself.
func regionOfLocation(location string) string {
	if zoneExists(location) {
		return regionOfZone(location)
	}
	return location
}

// cluster finds a cluster of the call's location.
func (c *call) cluster(name string) (*Held[*containerpb.Cluster], error) {
	held := c.gke().Clusters[name]
	if held == nil || !c.visible(c.Location, "container.cluster/"+name) {
		return nil, &Error{Status: 404, Message: fmt.Sprintf("Not found: %s.", c.gkePath("clusters", name))}
	}
	return held, nil
}

// nodePool finds a pool of a cluster of the call's location.
func (c *call) nodePool(cluster, name string) (*Held[*containerpb.Cluster], *Held[*containerpb.NodePool], error) {
	held, err := c.cluster(cluster)
	if err != nil {
		return nil, nil, err
	}
	pool := c.gke().NodePools[cluster+"/"+name]
	if pool == nil {
		return nil, nil, &Error{Status: 404, Message: fmt.Sprintf("Not found: %s.", c.gkePath("clusters", cluster, "nodePools", name))}
	}
	return held, pool, nil
}

// pools are the node pools of a cluster, by name.
func (c *call) pools(cluster string) []*Held[*containerpb.NodePool] {
	var out []*Held[*containerpb.NodePool]
	for _, key := range control.SortedKeys(c.gke().NodePools) {
		if strings.HasPrefix(key, cluster+"/") {
			out = append(out, c.gke().NodePools[key])
		}
	}
	return out
}

// gkeNames reads the parts of a name such as "projects/p/locations/l/clusters/c/nodePools/n". Requests of older clients have the
// parts in fields of their own.
func gkeNames(name, cluster, pool string) (string, string) {
	segments := strings.Split(name, "/")
	for i := 0; i+1 < len(segments); i += 2 {
		switch segments[i] {
		case "clusters":
			cluster = segments[i+1]
		case "nodePools":
			pool = segments[i+1]
		}
	}
	return cluster, pool
}

// free refuses a change of a cluster on which something else is under way.
func (c *call) free(cluster *Held[*containerpb.Cluster]) error {
	if cluster.Operation != "" && c.quota("container.concurrent_operations") <= 1 {
		return &Error{Status: 429, Message: fmt.Sprintf(
			"Too many operations: cluster %q hits the concurrent operations quota %d, please try again later.", cluster.Body.Name, c.quota("container.concurrent_operations"))}
	}
	if cluster.Operation != "" {
		return gkePrecondition("CLUSTER_ALREADY_HAS_OPERATION", "Cluster is running incompatible operation %s.", cluster.Operation)
	}
	if cluster.Body.Status == containerpb.Cluster_ERROR {
		return gkePrecondition("CLUSTER_NOT_RUNNING", "Cluster %s is in status ERROR: %s It can only be deleted.", cluster.Body.Name, cluster.Body.StatusMessage)
	}
	return nil
}

// checkGKELocation refuses locations that do not exist.
func (c *call) checkGKELocation() error {
	if !regionExists(c.Location) && !zoneExists(c.Location) {
		return gkeInvalid("Location %q does not exist.", c.Location)
	}
	return nil
}
