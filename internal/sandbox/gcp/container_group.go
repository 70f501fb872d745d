package gcp

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"

	"cloud.google.com/go/compute/apiv1/computepb"
	"cloud.google.com/go/container/apiv1/containerpb"
	"google.golang.org/genproto/googleapis/rpc/code"
	rpcstatus "google.golang.org/genproto/googleapis/rpc/status"
	"google.golang.org/protobuf/proto"

	"github.com/modelserving/terraform-provider-serving/internal/sandbox/control"
)

// A node pool is a managed instance group in each of its zones, named "gke-CLUSTER-POOL-HASH-grp", with the instance group of the
// same name behind it. An instance belongs to the group that its metadata "created-by" names, as in reality.

// poolGroup is the name of a pool's group in a zone.
func (c *call) poolGroup(cluster, pool, zone string) string {
	return c.poolPrefix(cluster, pool, zone) + "-grp"
}

func (c *call) poolPrefix(cluster, pool, zone string) string {
	// Long names are cut, as Kubernetes Engine does, so that there is room for the hash.
	return "gke-" + cut(cluster, 16) + "-" + cut(pool, 16) + "-" + gkeHash(c.Project, c.Location, cluster, pool, zone)
}

func cut(name string, length int) string {
	return strings.TrimRight(name[:min(len(name), length)], "-")
}

func gkeHash(parts ...string) string {
	sum := sha256.Sum256([]byte(strings.Join(parts, "/")))
	return hex.EncodeToString(sum[:4])
}

const (
	createdBy = "created-by"
	// nodeTemplate is the metadata that stands for what an instance was made from.
	nodeTemplate = "instance-template"
)

// groupInstances are the instances of an instance group of a zone, by name.
func (c *call) groupInstances(zone, group string) []*Held[*computepb.Instance] {
	var out []*Held[*computepb.Instance]
	all := c.region(zone).Compute.Instances
	for _, name := range control.SortedKeys(all) {
		if strings.HasSuffix(instanceMetadata(all[name].Body, createdBy), "/zones/"+zone+"/instanceGroupManagers/"+group) {
			out = append(out, all[name])
		}
	}
	return out
}

func instanceMetadata(i *computepb.Instance, key string) string {
	for _, item := range i.GetMetadata().GetItems() {
		if item.GetKey() == key {
			return item.GetValue()
		}
	}
	return ""
}

// poolSize is how many nodes a pool has now.
func (c *call) poolSize(cluster, pool string) int32 {
	held := c.gke().NodePools[cluster+"/"+pool]
	if held == nil {
		return 0
	}
	n := 0
	for _, zone := range zonesOf(c.gkeRegion()) {
		n += len(c.groupInstances(zone, c.poolGroup(cluster, pool, zone)))
	}
	return int32(n)
}

// scale makes the pools of a cluster, or one of them, have the nodes that they should have, and gives what failed.
func (c *call) scale(cluster *Held[*containerpb.Cluster], only string) *rpcstatus.Status {
	var failed *rpcstatus.Status
	for _, pool := range c.pools(cluster.Body.Name) {
		if pool.Body.Status == containerpb.NodePool_STOPPING || only != "" && pool.Body.Name != only {
			continue
		}
		pool.Body.Conditions = nil
		pool.Body.Status, pool.Body.StatusMessage = containerpb.NodePool_RUNNING, ""
		why := c.scalePool(cluster.Body, pool.Body)
		if why == nil {
			continue
		}
		pool.Body.Conditions = []*containerpb.StatusCondition{{Code: conditionCode(why), CanonicalCode: code.Code(why.Code), Message: why.Message}}
		pool.Body.Status, pool.Body.StatusMessage = containerpb.NodePool_ERROR, why.Message
		if c.poolSize(cluster.Body.Name, pool.Body.Name) > 0 {
			pool.Body.Status = containerpb.NodePool_RUNNING_WITH_ERROR
		}
		failed = why
	}
	cluster.Body.Conditions = nil
	for _, pool := range c.pools(cluster.Body.Name) {
		cluster.Body.Conditions = append(cluster.Body.Conditions, pool.Body.Conditions...)
	}
	return failed
}

// conditionCode tells what is used up: machines of a zone, or something else that the message names.
func conditionCode(why *rpcstatus.Status) containerpb.StatusCondition_Code {
	if strings.Contains(why.Message, "does not have enough resources") {
		return containerpb.StatusCondition_GCE_STOCKOUT
	}
	return containerpb.StatusCondition_UNKNOWN
}

// scalePool makes and removes the nodes of a pool. A zone without the pool any more loses its group.
func (c *call) scalePool(cluster *containerpb.Cluster, pool *containerpb.NodePool) *rpcstatus.Status {
	sizes := poolSizes(pool)
	var failed *rpcstatus.Status
	for _, zone := range zonesOf(c.gkeRegion()) {
		group := c.poolGroup(cluster.Name, pool.Name, zone)
		if !slices.Contains(pool.Locations, zone) {
			c.removeGroup(zone, group)
			continue
		}
		c.makeGroup(cluster, pool, zone, group)
		have := c.groupInstances(zone, group)
		template := templateHash(pool)
		for len(have) > 0 && (len(have) > sizes[zone] || instanceMetadata(have[0].Body, nodeTemplate) != template) {
			delete(c.region(zone).Compute.Instances, have[0].Body.GetName())
			have = have[1:]
		}
		for _, node := range have {
			node.Body.Tags = &computepb.Tags{Items: c.nodeTags(cluster, pool)}
		}
		for n := len(have); n < sizes[zone]; n++ {
			if why := c.makeNode(cluster, pool, zone, group, template); why != nil {
				failed = why
				break
			}
		}
	}
	return failed
}

// templateHash stands for what nodes are made anew for when it changes. Tags, labels and taints change in place.
func templateHash(pool *containerpb.NodePool) string {
	config := proto.CloneOf(pool.Config)
	config.Tags, config.Labels, config.Taints, config.ResourceLabels, config.WorkloadMetadataConfig = nil, nil, nil, nil, nil
	raw, _ := proto.MarshalOptions{Deterministic: true}.Marshal(config)
	return "gke-" + pool.Name + "-" + gkeHash(string(raw), pool.Version, fmt.Sprint(pool.NetworkConfig.GetEnablePrivateNodes()))
}

// makeGroup makes a pool's group in a zone unless it is there.
func (c *call) makeGroup(cluster *containerpb.Cluster, pool *containerpb.NodePool, zone, name string) {
	s := &c.region(zone).Compute
	subnet := target{c.Project, c.gkeRegion(), "subnetworks", cluster.Subnetwork}.link()
	if s.InstanceGroupManagers[name] == nil {
		s.InstanceGroupManagers[name] = &Held[*computepb.InstanceGroupManager]{Body: &computepb.InstanceGroupManager{
			Id: new(c.newID()), Name: new(name), CreationTimestamp: new(c.timestamp()), BaseInstanceName: new(strings.TrimSuffix(name, "-grp")),
			InstanceGroup: new(target{c.Project, zone, "instanceGroups", name}.link()),
		}}
	}
	s.InstanceGroupManagers[name].Body.TargetSize = new(int32(poolSizes(pool)[zone]))
	if s.InstanceGroups[name] == nil {
		s.InstanceGroups[name] = &Held[*computepb.InstanceGroup]{Body: &computepb.InstanceGroup{
			Id: new(c.newID()), Name: new(name), CreationTimestamp: new(c.timestamp()), Network: new(networks.link(c, global, cluster.Network)), Subnetwork: new(subnet),
			Description: new("This instance group is controlled by Instance Group Manager '" + name + "'. To modify instances in this group, use the Instance Group Manager API."),
		}}
	}
}

// removeGroup takes a group and its instances away.
func (c *call) removeGroup(zone, name string) {
	s := &c.region(zone).Compute
	for _, node := range c.groupInstances(zone, name) {
		delete(s.Instances, node.Body.GetName())
	}
	delete(s.InstanceGroupManagers, name)
	delete(s.InstanceGroups, name)
}

// removePool takes a pool away, unless a load balancer still sends requests to its groups.
func (c *call) removePool(cluster, name string) *rpcstatus.Status {
	for _, zone := range zonesOf(c.gkeRegion()) {
		group := c.poolGroup(cluster, name, zone)
		t := target{c.Project, zone, "instanceGroups", group}
		if c.region(zone).Compute.InstanceGroups[group] == nil {
			continue
		}
		// The group's own manager goes with it.
		if user := c.userOf(t); user != "" && !strings.Contains(user, "/instanceGroupManagers/") {
			why := gkeFailed(code.Code_FAILED_PRECONDITION, "Google Compute Engine: The instance_group resource '%s' is already being used by '%s'.", t.path(), user)
			if pool := c.gke().NodePools[cluster+"/"+name]; pool != nil {
				pool.Body.Status, pool.Body.StatusMessage = containerpb.NodePool_ERROR, why.Message
			}
			return why
		}
	}
	for _, zone := range zonesOf(c.gkeRegion()) {
		c.removeGroup(zone, c.poolGroup(cluster, name, zone))
	}
	delete(c.gke().NodePools, cluster+"/"+name)
	if k := c.gke().Clusters[cluster]; k != nil {
		k.Body.Conditions = nil
		for _, pool := range c.pools(cluster) {
			k.Body.Conditions = append(k.Body.Conditions, pool.Body.Conditions...)
		}
	}
	return nil
}
