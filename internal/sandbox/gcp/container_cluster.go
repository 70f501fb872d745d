package gcp

import (
	"cmp"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"cloud.google.com/go/container/apiv1/containerpb"
	"google.golang.org/protobuf/proto"

	"github.com/modelserving/terraform-provider-serving/internal/sandbox/control"
)

func init() {
	handle("google.container.v1.ClusterManager.CreateCluster", (*call).createCluster)
	handle("google.container.v1.ClusterManager.GetCluster", (*call).getCluster)
	handle("google.container.v1.ClusterManager.ListClusters", (*call).listClusters)
	handle("google.container.v1.ClusterManager.DeleteCluster", (*call).deleteCluster)
	handle("google.container.v1.ClusterManager.SetLabels", (*call).setClusterLabels)
}

func (c *call) createCluster(in *containerpb.CreateClusterRequest) (*containerpb.Operation, error) {
	if err := c.checkGKELocation(); err != nil {
		return nil, err
	}
	body := proto.CloneOf(in.Cluster)
	if err := checkGKEName("cluster", body.Name); err != nil {
		return nil, err
	}
	if c.gke().Clusters[body.Name] != nil {
		return nil, &Error{Status: 409, Message: fmt.Sprintf("Already exists: %s.", c.gkePath("clusters", body.Name))}
	}
	if err := c.checkClusterQuota(); err != nil {
		return nil, err
	}
	pools, err := c.checkCluster(body)
	if err != nil {
		return nil, err
	}
	body.NodePools, body.NodeConfig, body.InitialNodeCount = nil, nil, 0
	body.Status, body.Id, body.CreateTime = containerpb.Cluster_PROVISIONING, c.newHex(64), c.at.Format(time.RFC3339)
	held := &Held[*containerpb.Cluster]{Body: body}
	for _, pool := range pools {
		pool.Status = containerpb.NodePool_PROVISIONING
		c.gke().NodePools[body.Name+"/"+pool.Name] = &Held[*containerpb.NodePool]{Body: pool}
	}
	certificate, key, err := control.CertificateAuthority(c.now(), body.Id)
	if err != nil {
		return nil, err
	}
	body.MasterAuth = &containerpb.MasterAuth{ClusterCaCertificate: certificate}
	c.region(c.Location).Keys[body.Id] = key
	c.gke().Clusters[body.Name] = held
	c.remember(c.Location, "container.cluster/"+body.Name)
	return c.gkeStart(containerpb.Operation_CREATE_CLUSTER, "container.cluster.create", held, nil), nil
}

func (c *call) checkClusterQuota() error {
	n, most := 0, c.quota("container.clusters_per_region")
	for _, key := range control.SortedKeys(c.cloud.state.Regions) {
		project, location, _ := strings.Cut(key, "/")
		if project == c.Project && regionOfLocation(location) == c.gkeRegion() {
			n += len(c.cloud.state.Regions[key].Container.Clusters)
		}
	}
	if n >= most {
		return c.usedUp(403, limit{service: "container", metric: "clusters", name: "ClustersPerRegion", unit: "1/{project}/{region}", value: most, place: c.gkeRegion()})
	}
	return nil
}

func (c *call) getCluster(in *containerpb.GetClusterRequest) (*containerpb.Cluster, error) {
	name, _ := gkeNames(in.Name, in.ClusterId, "")
	held, err := c.cluster(name)
	if err != nil {
		return nil, err
	}
	return c.clusterView(held), nil
}

func (c *call) listClusters(in *containerpb.ListClustersRequest) (*containerpb.ListClustersResponse, error) {
	out := &containerpb.ListClustersResponse{}
	locations, err := c.gkeLocations(in.Parent)
	for _, at := range locations {
		for _, name := range control.SortedKeys(at.gke().Clusters) {
			if at.visible(at.Location, "container.cluster/"+name) {
				out.Clusters = append(out.Clusters, at.clusterView(at.gke().Clusters[name]))
			}
		}
	}
	return out, err
}

// clusterView is a cluster as it is answered: what is stored, with what follows from it and from its node pools.
func (c *call) clusterView(held *Held[*containerpb.Cluster]) *containerpb.Cluster {
	out := proto.CloneOf(held.Body)
	out.Location, out.Zone = c.Location, c.Location
	out.SelfLink = c.gkeLink(c.Project, "clusters", out.Name)
	out.LabelFingerprint = gkeFingerprint(out.ResourceLabels)
	ip := out.ControlPlaneEndpointsConfig.GetIpEndpointsConfig()
	out.Endpoint = ""
	if ip.GetEnabled() {
		out.Endpoint = cmp.Or(ip.PublicEndpoint, ip.PrivateEndpoint)
	}
	// The settings of the older API show what the newer ones say.
	out.MasterAuthorizedNetworksConfig = proto.CloneOf(ip.GetAuthorizedNetworksConfig())
	out.PrivateClusterConfig = &containerpb.PrivateClusterConfig{
		EnablePrivateNodes: out.NetworkConfig.GetDefaultEnablePrivateNodes(), EnablePrivateEndpoint: !ip.GetEnablePublicEndpoint(),
		PrivateEndpoint: ip.GetPrivateEndpoint(), PublicEndpoint: ip.GetPublicEndpoint(),
	}
	for _, pool := range c.pools(out.Name) {
		view := c.poolView(held, pool)
		out.NodePools = append(out.NodePools, view)
		out.InstanceGroupUrls = append(out.InstanceGroupUrls, view.InstanceGroupUrls...)
		out.CurrentNodeCount += c.poolSize(out.Name, view.Name)
	}
	if len(out.NodePools) > 0 {
		out.NodeConfig, out.InitialNodeCount = out.NodePools[0].Config, out.NodePools[0].InitialNodeCount
		out.CurrentNodeVersion = out.NodePools[0].Version
	}
	out.Etag = gkeEtag(out)
	return out
}

// gkeFingerprint stands for a set of labels.
func gkeFingerprint(labels map[string]string) string {
	sum := sha256.New()
	for _, key := range control.SortedKeys(labels) {
		fmt.Fprintf(sum, "%q=%q\n", key, labels[key])
	}
	return hex.EncodeToString(sum.Sum(nil)[:4])
}

// gkeEtag stands for everything that an object shows.
func gkeEtag(m proto.Message) string {
	raw, _ := proto.MarshalOptions{Deterministic: true}.Marshal(m)
	sum := sha256.Sum256(raw)
	return base64.StdEncoding.EncodeToString(sum[:12])
}

func (c *call) deleteCluster(in *containerpb.DeleteClusterRequest) (*containerpb.Operation, error) {
	name, _ := gkeNames(in.Name, in.ClusterId, "")
	held, err := c.cluster(name)
	if err != nil {
		return nil, err
	}
	if held.Operation != "" {
		return nil, c.free(held)
	}
	held.Body.Status = containerpb.Cluster_STOPPING
	for _, pool := range c.pools(name) {
		pool.Body.Status = containerpb.NodePool_STOPPING
	}
	return c.gkeStart(containerpb.Operation_DELETE_CLUSTER, "container.cluster.delete", held, nil), nil
}

func (c *call) setClusterLabels(in *containerpb.SetLabelsRequest) (*containerpb.Operation, error) {
	name, _ := gkeNames(in.Name, in.ClusterId, "")
	held, err := c.cluster(name)
	if err != nil {
		return nil, err
	}
	if err := c.free(held); err != nil {
		return nil, err
	}
	if in.LabelFingerprint != gkeFingerprint(held.Body.ResourceLabels) {
		return nil, gkePrecondition("LABEL_FINGERPRINT_MISMATCH", "Labels could not be set due to fingerprint mismatch: the labels of cluster %s have changed since they were read.", name)
	}
	if err := checkGKELabels(in.ResourceLabels); err != nil {
		return nil, err
	}
	next := proto.CloneOf(held.Body)
	next.ResourceLabels = maps.Clone(in.ResourceLabels)
	return c.changeCluster(held, next, containerpb.Operation_SET_LABELS, "container.cluster.labels"), nil
}

// changeCluster starts an operation after which the cluster is what is given.
func (c *call) changeCluster(held *Held[*containerpb.Cluster], next *containerpb.Cluster, kind containerpb.Operation_Type, delay string) *containerpb.Operation {
	held.Next = next
	if kind != containerpb.Operation_SET_LABELS {
		held.Body.Status = containerpb.Cluster_RECONCILING
	}
	return c.gkeStart(kind, delay, held, nil)
}

// checkGKEName checks the name of a cluster or a node pool.
func checkGKEName(kind, name string) error {
	valid := name != "" && len(name) <= 40 && name[0] >= 'a' && name[0] <= 'z' && name[len(name)-1] != '-' &&
		!strings.ContainsFunc(name, func(r rune) bool { return r != '-' && (r < '0' || r > '9') && (r < 'a' || r > 'z') })
	if !valid {
		return gkeInvalid("Invalid value for field \"%s.name\": %q. Names have lowercase letters, digits and hyphens, at most 40 of them, start with a letter and end with a letter or a digit.", kind, name)
	}
	return nil
}

// checkGKELabels checks resource labels ("Requirements for labels").
func checkGKELabels(labels map[string]string) error {
	allowed := func(text string) bool {
		return !strings.ContainsFunc(text, func(r rune) bool {
			return r != '-' && r != '_' && (r < '0' || r > '9') && (r < 'a' || r > 'z')
		})
	}
	if len(labels) > 64 {
		return gkeInvalid("Too many resource labels: %d. The limit is 64.", len(labels))
	}
	for _, key := range slices.Sorted(maps.Keys(labels)) {
		if key == "" || len(key) > 63 || key[0] < 'a' || key[0] > 'z' || !allowed(key) {
			return gkeInvalid("Invalid label key %q: keys start with a lowercase letter and have at most 63 lowercase letters, digits, underscores and hyphens.", key)
		}
		if strings.HasPrefix(key, "goog-") {
			return gkeInvalid("Invalid label key %q: the prefix \"goog-\" is reserved.", key)
		}
		if len(labels[key]) > 63 || !allowed(labels[key]) {
			return gkeInvalid("Invalid value %q of label %q: values have at most 63 lowercase letters, digits, underscores and hyphens.", labels[key], key)
		}
	}
	return nil
}
