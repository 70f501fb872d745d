package gcp

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"cloud.google.com/go/container/apiv1/containerpb"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
)

func init() {
	handle("google.container.v1.ClusterManager.UpdateNodePool", (*call).updateNodePool)
	handle("google.container.v1.ClusterManager.SetNodePoolSize", (*call).setNodePoolSize)
	handle("google.container.v1.ClusterManager.SetNodePoolAutoscaling", (*call).setNodePoolAutoscaling)
	handle("google.container.v1.ClusterManager.SetNodePoolManagement", (*call).setNodePoolManagement)
}

// poolToChange finds a pool on which nothing else is under way, and a copy of it.
func (c *call) poolToChange(name, cluster, pool string) (*Held[*containerpb.Cluster], *Held[*containerpb.NodePool], *containerpb.NodePool, error) {
	cluster, pool = gkeNames(name, cluster, pool)
	k, held, err := c.nodePool(cluster, pool)
	if err != nil {
		return nil, nil, nil, err
	}
	if err := c.free(k); err != nil {
		return nil, nil, nil, err
	}
	return k, held, proto.CloneOf(held.Body), nil
}

// changePool starts an operation after which the pool is what is given.
func (c *call) changePool(k *Held[*containerpb.Cluster], held *Held[*containerpb.NodePool], next *containerpb.NodePool, kind containerpb.Operation_Type, delay string) *containerpb.Operation {
	held.Next = next
	held.Body.Status = containerpb.NodePool_RECONCILING
	return c.gkeStart(kind, delay, k, held)
}

func (c *call) setNodePoolSize(in *containerpb.SetNodePoolSizeRequest) (*containerpb.Operation, error) {
	k, held, next, err := c.poolToChange(in.Name, in.ClusterId, in.NodePoolId)
	if err != nil {
		return nil, err
	}
	if in.NodeCount < 0 {
		return nil, gkeInvalid("node_count must not be negative.")
	}
	before := proto.CloneOf(next)
	next.InitialNodeCount = in.NodeCount
	if err := c.checkGrowth(k.Body, before, next); err != nil {
		return nil, err
	}
	return c.changePool(k, held, next, containerpb.Operation_SET_NODE_POOL_SIZE, "container.node_pool.update"), nil
}

// checkGrowth refuses more nodes than there are addresses for their pods.
func (c *call) checkGrowth(k *containerpb.Cluster, before, after *containerpb.NodePool) error {
	total := func(p *containerpb.NodePool) (n int32) {
		for _, size := range poolSizes(p) {
			n += int32(size)
		}
		return n
	}
	more := total(after) - total(before)
	if more <= 0 {
		return nil
	}
	extra := proto.CloneOf(after)
	extra.Locations, extra.Autoscaling, extra.InitialNodeCount = after.Locations[:1], nil, more
	return c.checkPodSpace(k, []*containerpb.NodePool{extra})
}

func (c *call) setNodePoolAutoscaling(in *containerpb.SetNodePoolAutoscalingRequest) (*containerpb.Operation, error) {
	k, held, next, err := c.poolToChange(in.Name, in.ClusterId, in.NodePoolId)
	if err != nil {
		return nil, err
	}
	return c.autoscalePool(k, held, next, in.Autoscaling)
}

func (c *call) autoscalePool(k *Held[*containerpb.Cluster], held *Held[*containerpb.NodePool], next *containerpb.NodePool, a *containerpb.NodePoolAutoscaling) (*containerpb.Operation, error) {
	if err := checkPoolAutoscaling(a); err != nil {
		return nil, err
	}
	before := proto.CloneOf(next)
	next.Autoscaling = a
	fillPool(k.Body, next)
	if err := c.checkGrowth(k.Body, before, next); err != nil {
		return nil, err
	}
	return c.changePool(k, held, next, containerpb.Operation_UPDATE_CLUSTER, "container.node_pool.update"), nil
}

func (c *call) setNodePoolManagement(in *containerpb.SetNodePoolManagementRequest) (*containerpb.Operation, error) {
	k, held, next, err := c.poolToChange(in.Name, in.ClusterId, in.NodePoolId)
	if err != nil {
		return nil, err
	}
	next.Management = in.Management
	if err := checkManagement(k.Body, next.Management); err != nil {
		return nil, err
	}
	return c.changePool(k, held, next, containerpb.Operation_SET_NODE_POOL_MANAGEMENT, "container.node_pool.update"), nil
}

// updatePoolByCluster changes pools by the older way, an update of the cluster.
func (c *call) updatePoolByCluster(k *Held[*containerpb.Cluster], u *containerpb.ClusterUpdate) (*containerpb.Operation, error) {
	if u.DesiredNodePoolId == "" {
		return nil, gkeInvalid("The sandbox wants 'update.desired_node_pool_id' with changes of nodes.")
	}
	_, held, err := c.nodePool(k.Body.Name, u.DesiredNodePoolId)
	if err != nil {
		return nil, err
	}
	next := proto.CloneOf(held.Body)
	if u.DesiredNodePoolAutoscaling != nil {
		return c.autoscalePool(k, held, next, u.DesiredNodePoolAutoscaling)
	}
	if u.DesiredImageType != "" {
		next.Config.ImageType = strings.ToUpper(u.DesiredImageType)
	}
	return c.upgradePool(k, held, next, u.DesiredNodeVersion)
}

func (c *call) upgradePool(k *Held[*containerpb.Cluster], held *Held[*containerpb.NodePool], next *containerpb.NodePool, version string) (*containerpb.Operation, error) {
	switch version {
	case "":
	case "-":
		next.Version = k.Body.CurrentMasterVersion
	default:
		resolved, err := gkeResolve(version, k.Body.ReleaseChannel.GetChannel())
		if err != nil {
			return nil, err
		}
		next.Version = resolved
	}
	if err := gkeCheckSkew(next.Version, k.Body.CurrentMasterVersion); err != nil {
		return nil, err
	}
	if err := c.checkNodeConfig(k.Body, next); err != nil {
		return nil, err
	}
	if next.Version == held.Body.Version {
		return c.changePool(k, held, next, containerpb.Operation_UPDATE_CLUSTER, "container.node_pool.update"), nil
	}
	return c.changePool(k, held, next, containerpb.Operation_UPGRADE_NODES, "container.node_pool.version"), nil
}

// poolChanges are the fields of UpdateNodePoolRequest that the sandbox implements.
var poolChanges = map[protoreflect.Name]bool{
	"node_version": true, "image_type": true, "locations": true, "workload_metadata_config": true, "upgrade_settings": true, "tags": true,
	"taints": true, "labels": true, "node_network_config": true, "resource_labels": true, "accelerators": true, "machine_type": true,
	"disk_type": true, "disk_size_gb": true, "boot_disk": true, "logging_config": true, "gvnic": true, "kubelet_config": true,
	"gcfs_config": true,
}

// poolIdentity are the fields that change nothing.
var poolIdentity = map[protoreflect.Name]bool{"name": true, "project_id": true, "zone": true, "cluster_id": true, "node_pool_id": true, "etag": true}

func (c *call) updateNodePool(in *containerpb.UpdateNodePoolRequest) (*containerpb.Operation, error) {
	k, held, next, err := c.poolToChange(in.Name, in.ClusterId, in.NodePoolId)
	if err != nil {
		return nil, err
	}
	if in.Etag != "" && in.Etag != c.poolView(k, held).Etag {
		return nil, &Error{Status: 409, Code: "ABORTED", Message: "The etag of node pool " + next.Name + " does not match: somebody else has changed it."}
	}
	n := 0
	in.ProtoReflect().Range(func(field protoreflect.FieldDescriptor, _ protoreflect.Value) bool {
		if !poolChanges[field.Name()] && !poolIdentity[field.Name()] {
			err = gkeInvalid("The sandbox does not implement '%s' in updates of node pools.", field.Name())
		}
		if !poolIdentity[field.Name()] {
			n++
		}
		return true
	})
	if err == nil && n == 0 {
		err = gkeInvalid("Must specify a field to update.")
	}
	if err != nil {
		return nil, err
	}
	if len(in.Locations) > 0 {
		if err := c.checkLocations(in.Locations); err != nil {
			return nil, err
		}
		next.Locations = in.Locations
	}
	if s := in.UpgradeSettings; s != nil {
		next.UpgradeSettings = s
		fillPool(k.Body, next)
		if err := checkUpgradeSettings(next.UpgradeSettings); err != nil {
			return nil, err
		}
	}
	if nn := in.NodeNetworkConfig; nn != nil {
		next.NetworkConfig.EnablePrivateNodes = cmp.Or(nn.EnablePrivateNodes, next.NetworkConfig.EnablePrivateNodes)
	}
	changeNodeConfig(next.Config, in)
	if err := c.checkGrowth(k.Body, held.Body, next); err != nil {
		return nil, err
	}
	return c.upgradePool(k, held, next, in.NodeVersion)
}

// changeNodeConfig puts what a request sets into a pool's configuration. Lists and maps come as a whole.
func changeNodeConfig(config *containerpb.NodeConfig, in *containerpb.UpdateNodePoolRequest) {
	config.MachineType = cmp.Or(in.MachineType, config.MachineType)
	config.ImageType = strings.ToUpper(cmp.Or(in.ImageType, config.ImageType))
	config.DiskType = cmp.Or(in.DiskType, in.BootDisk.GetDiskType(), config.DiskType)
	config.DiskSizeGb = cmp.Or(int32(in.DiskSizeGb), int32(in.BootDisk.GetSizeGb()), config.DiskSizeGb)
	config.BootDisk = &containerpb.BootDisk{DiskType: config.DiskType, SizeGb: int64(config.DiskSizeGb)}
	config.WorkloadMetadataConfig = cmp.Or(in.WorkloadMetadataConfig, config.WorkloadMetadataConfig)
	config.LoggingConfig = cmp.Or(in.LoggingConfig, config.LoggingConfig)
	config.KubeletConfig = cmp.Or(in.KubeletConfig, config.KubeletConfig)
	config.GcfsConfig = cmp.Or(in.GcfsConfig, config.GcfsConfig)
	config.Gvnic = cmp.Or(in.Gvnic, config.Gvnic)
	if in.Tags != nil {
		config.Tags = in.Tags.Tags
	}
	if in.Taints != nil {
		config.Taints = in.Taints.Taints
	}
	if in.Labels != nil {
		config.Labels = in.Labels.Labels
	}
	if in.ResourceLabels != nil {
		kept := maps.Clone(config.ResourceLabels)
		maps.DeleteFunc(kept, func(key, _ string) bool { return !strings.HasPrefix(key, "goog-") })
		maps.Copy(kept, in.ResourceLabels.Labels)
		config.ResourceLabels = kept
	}
	if len(in.Accelerators) > 0 {
		config.Accelerators = slices.Clone(in.Accelerators)
	}
}
