package gcp

import (
	"fmt"

	"cloud.google.com/go/container/apiv1/containerpb"
	"google.golang.org/protobuf/proto"

	rpcstatus "google.golang.org/genproto/googleapis/rpc/status"
)

func init() {
	handle("google.container.v1.ClusterManager.CreateNodePool", (*call).createNodePool)
	handle("google.container.v1.ClusterManager.GetNodePool", (*call).getNodePool)
	handle("google.container.v1.ClusterManager.ListNodePools", (*call).listNodePools)
	handle("google.container.v1.ClusterManager.DeleteNodePool", (*call).deleteNodePool)
}

func (c *call) createNodePool(in *containerpb.CreateNodePoolRequest) (*containerpb.Operation, error) {
	name, _ := gkeNames(in.Parent, in.ClusterId, "")
	cluster, err := c.cluster(name)
	if err != nil {
		return nil, err
	}
	pool := proto.CloneOf(in.NodePool)
	if err := checkGKEName("node_pool", pool.Name); err != nil {
		return nil, err
	}
	if c.gke().NodePools[name+"/"+pool.Name] != nil {
		return nil, &Error{Status: 409, Message: fmt.Sprintf("Already exists: %s.", c.gkePath("clusters", name, "nodePools", pool.Name))}
	}
	if err := c.free(cluster); err != nil {
		return nil, err
	}
	if n, limit := len(c.pools(name)), c.quota("container.node_pools_per_cluster"); n >= limit {
		return nil, gkeInvalid("Cluster %q has %d node pools already; the limit is %d.", name, n, limit)
	}
	if err := c.checkPool(cluster.Body, pool); err != nil {
		return nil, err
	}
	all := []*containerpb.NodePool{pool}
	for _, other := range c.pools(name) {
		all = append(all, other.Body)
	}
	taintAccelerators(pool, all)
	if err := c.checkPodSpace(cluster.Body, []*containerpb.NodePool{pool}); err != nil {
		return nil, err
	}
	pool.Status = containerpb.NodePool_PROVISIONING
	held := &Held[*containerpb.NodePool]{Body: pool}
	c.gke().NodePools[name+"/"+pool.Name] = held
	return c.gkeStart(containerpb.Operation_CREATE_NODE_POOL, "container.node_pool.create", cluster, held), nil
}

func (c *call) getNodePool(in *containerpb.GetNodePoolRequest) (*containerpb.NodePool, error) {
	name, pool := gkeNames(in.Name, in.ClusterId, in.NodePoolId)
	cluster, held, err := c.nodePool(name, pool)
	if err != nil {
		return nil, err
	}
	return c.poolView(cluster, held), nil
}

func (c *call) listNodePools(in *containerpb.ListNodePoolsRequest) (*containerpb.ListNodePoolsResponse, error) {
	name, _ := gkeNames(in.Parent, in.ClusterId, "")
	cluster, err := c.cluster(name)
	if err != nil {
		return nil, err
	}
	out := &containerpb.ListNodePoolsResponse{}
	for _, pool := range c.pools(name) {
		out.NodePools = append(out.NodePools, c.poolView(cluster, pool))
	}
	return out, nil
}

// poolView is a node pool as it is answered.
func (c *call) poolView(cluster *Held[*containerpb.Cluster], held *Held[*containerpb.NodePool]) *containerpb.NodePool {
	out := proto.CloneOf(held.Body)
	out.SelfLink = c.gkeLink(c.Project, "clusters", cluster.Body.Name, "nodePools", out.Name)
	out.PodIpv4CidrSize = int32(podBits(out.MaxPodsConstraint.GetMaxPodsPerNode()))
	for _, zone := range out.Locations {
		name := c.poolGroup(cluster.Body.Name, out.Name, zone)
		if c.region(zone).Compute.InstanceGroupManagers[name] != nil {
			out.InstanceGroupUrls = append(out.InstanceGroupUrls, target{c.Project, zone, "instanceGroupManagers", name}.link())
		}
	}
	out.Etag = gkeEtag(out)
	return out
}

func (c *call) deleteNodePool(in *containerpb.DeleteNodePoolRequest) (*containerpb.Operation, error) {
	name, pool := gkeNames(in.Name, in.ClusterId, in.NodePoolId)
	cluster, held, err := c.nodePool(name, pool)
	if err != nil {
		return nil, err
	}
	if cluster.Operation != "" {
		return nil, c.free(cluster)
	}
	held.Body.Status = containerpb.NodePool_STOPPING
	return c.gkeStart(containerpb.Operation_DELETE_NODE_POOL, "container.node_pool.delete", cluster, held), nil
}

// finishCluster brings a new cluster's endpoints and nodes up.
func (c *call) finishCluster(name, _ string) *rpcstatus.Status {
	held := c.gke().Clusters[name]
	if held == nil {
		return nil
	}
	if failed := c.openEndpoints(held.Body); failed != nil {
		held.Body.Status, held.Body.StatusMessage = containerpb.Cluster_ERROR, failed.Message
		return failed
	}
	c.makeClusterFirewalls(held.Body)
	held.Body.Status = containerpb.Cluster_RUNNING
	failed := c.scale(held, "")
	if failed != nil {
		held.Body.Status, held.Body.StatusMessage = containerpb.Cluster_ERROR, failed.Message
	}
	return failed
}

// removeCluster takes a cluster away with all that came with it.
func (c *call) removeCluster(name, _ string) *rpcstatus.Status {
	held := c.gke().Clusters[name]
	if held == nil {
		return nil
	}
	for _, pool := range c.pools(name) {
		if failed := c.removePool(name, pool.Body.Name); failed != nil {
			held.Body.Status, held.Body.StatusMessage = containerpb.Cluster_ERROR, failed.Message
			return failed
		}
	}
	c.removeClusterFirewalls(held.Body)
	c.closeEndpoints(held.Body)
	delete(c.region(c.Location).Keys, held.Body.Id)
	delete(c.gke().Clusters, name)
	return nil
}

// finishPool brings a new pool's nodes up.
func (c *call) finishPool(name, pool string) *rpcstatus.Status {
	held := c.gke().Clusters[name]
	if held == nil {
		return nil
	}
	return c.scale(held, pool)
}
