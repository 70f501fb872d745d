package gcp

import (
	"cmp"
	"context"
	"errors"
	"slices"

	"cloud.google.com/go/container/apiv1/containerpb"
	"google.golang.org/protobuf/proto"

	"github.com/modelserving/terraform-provider-serving/internal/kube"
	"github.com/modelserving/terraform-provider-serving/internal/stack"
)

// nodePools are GKE's node pools, one for each of the spec.
type nodePools struct {
	*client
	owner   owner
	cluster *stack.Object[clusterSpec, containerpb.Cluster]
	// name is the cluster's.
	name string
}

type nodePoolSpec struct {
	// Pool is its name in the spec. Least is the version that the spec asks for at
	// least, "<major>.<minor>", and Version the control plane's, which nodes go to.
	Pool, Least, Version string
	// NodePool is all else of it.
	NodePool *containerpb.NodePool
}

var (
	_ stack.Kind[nodePoolSpec, containerpb.NodePool] = nodePools{}
	_ stack.Replacer                                 = nodePools{}
)

// Replaceable is true because the name holds a hash of what cannot change.
func (k nodePools) Replaceable() {}

func (k nodePools) Find(ctx context.Context, object string) ([]*containerpb.NodePool, error) {
	cluster, err := k.cluster.Found(ctx)
	if cluster == nil || err != nil {
		return nil, err
	}
	all, err := k.reader.clusters.Get(ctx, everything)
	var out []*containerpb.NodePool
	for _, pool := range find(all, k.name).GetNodePools() {
		if k.owner.owns(pool.GetConfig().GetResourceLabels(), object, k.ID(pool)) {
			out = append(out, pool)
		}
	}
	return out, err
}

func (k nodePools) ID(live *containerpb.NodePool) string { return k.poolID(k.name, live.GetName()) }

func (k nodePools) State(live *containerpb.NodePool) stack.State {
	reason := "status " + live.GetStatus().String() + conditions(live.GetConditions())
	switch live.GetStatus() {
	case containerpb.NodePool_RUNNING, containerpb.NodePool_RUNNING_WITH_ERROR, containerpb.NodePool_RECONCILING:
		return stack.State{}
	case containerpb.NodePool_STOPPING:
		return stack.State{Phase: stack.Deleting, Reason: reason}
	case containerpb.NodePool_ERROR:
		return stack.State{Phase: stack.Failed, Reason: reason}
	}
	return stack.State{Phase: stack.Pending, Reason: reason}
}

func (k nodePools) Diff(object string, want nodePoolSpec, live *containerpb.NodePool) []stack.Difference {
	at := "node_pools." + want.Pool + "."
	seen := proto.CloneOf(live)
	config := seen.GetConfig()
	if config == nil {
		config = &containerpb.NodeConfig{}
	}
	labels, tags := config.GetLabels(), config.GetResourceLabels()
	config.Taints, config.Labels = userTaints(config.GetTaints()), nil
	wanted := proto.CloneOf(want.NodePool)
	wanted.Config.Labels, wanted.Config.ResourceLabels, wanted.InitialNodeCount = nil, nil, 0
	// A new name comes with a new hash alone.
	diffs := compare(wanted, seen, fields{
		fixed: []string{"name", "config.serviceAccount", "config.spot", "config.preemptible", "config.oauthScopes", "config.shieldedInstanceConfig", "config.metadata"},
		always: []string{
			"config.spot", "config.preemptible", "config.taints", "config.accelerators", "config.shieldedInstanceConfig.enableSecureBoot",
			"autoscaling.totalMinNodeCount", "autoscaling.minNodeCount", "autoscaling.maxNodeCount", "upgradeSettings.maxSurge", "upgradeSettings.maxUnavailable",
		},
		attributes: map[string]string{
			"autoscaling.totalMinNodeCount": at + "min_size", "autoscaling.totalMaxNodeCount": at + "max_size",
			"config.machineType": at + "machine_type", "config.diskSizeGb": at + "disk_gb", "config.taints": at + "taints",
		},
	})
	diffs = append(diffs, of(at+"labels", sameSet("label", lines(userLabels(labels)), lines(userLabels(want.NodePool.GetConfig().GetLabels()))))...)
	diffs = append(diffs, sameSet("label", lines(kube.OwnLabels(labels)), lines(kube.OwnLabels(want.NodePool.GetConfig().GetLabels())))...)
	// GKE upgrades nodes itself, some time after the control plane.
	if older(live.GetVersion(), want.Least) {
		diffs = append(diffs, same("version", minor(live.GetVersion()), want.Least)...)
	}
	return append(diffs, each(k.owner.differ(object, tags), func(d *stack.Difference) { d.Field = "resource " + d.Field })...)
}

// lines writes a map as a set of key=value.
func lines(m map[string]string) []string {
	var out []string
	for key, value := range m {
		out = append(out, key+"="+value)
	}
	return out
}

// userTaints are the taints without the one that GKE gives nodes with GPUs.
func userTaints(live []*containerpb.NodeTaint) []*containerpb.NodeTaint {
	return slices.DeleteFunc(slices.Clone(live), func(t *containerpb.NodeTaint) bool {
		return t.GetKey() == "nvidia.com/gpu" && t.GetValue() == "present"
	})
}

func (k nodePools) Create(ctx context.Context, object string, want nodePoolSpec, _ string) error {
	return k.operate(ctx, k.name, func() (*containerpb.Operation, error) {
		return k.gke.CreateNodePool(ctx, &containerpb.CreateNodePoolRequest{Parent: k.clusterName(k.name), NodePool: want.NodePool})
	})
}

// desired are the updates that remove differences, each about one thing. GKE wants
// the version and the image type in all of them: those that the pool has, or has
// by then, so that nothing else changes.
func (s nodePoolSpec) desired(diffs []stack.Difference, live *containerpb.NodePool) []*containerpb.UpdateNodePoolRequest {
	w, c := s.NodePool, s.NodePool.GetConfig()
	version, image := live.GetVersion(), live.GetConfig().GetImageType()
	var out []*containerpb.UpdateNodePoolRequest
	for _, update := range []struct {
		fields []string
		update *containerpb.UpdateNodePoolRequest
	}{
		{[]string{"version"}, &containerpb.UpdateNodePoolRequest{NodeVersion: s.Version}},
		{[]string{"config.machineType", "config.diskSizeGb"}, &containerpb.UpdateNodePoolRequest{MachineType: c.GetMachineType(), DiskSizeGb: int64(c.GetDiskSizeGb())}},
		{[]string{"config.accelerators"}, &containerpb.UpdateNodePoolRequest{Accelerators: c.GetAccelerators()}},
		{[]string{"config.imageType"}, &containerpb.UpdateNodePoolRequest{ImageType: c.GetImageType()}},
		{[]string{"config.taints"}, &containerpb.UpdateNodePoolRequest{Taints: &containerpb.NodeTaints{Taints: c.GetTaints()}}},
		{[]string{"label"}, &containerpb.UpdateNodePoolRequest{Labels: &containerpb.NodeLabels{Labels: c.GetLabels()}}},
		{[]string{"resource label "}, &containerpb.UpdateNodePoolRequest{ResourceLabels: &containerpb.ResourceLabels{Labels: c.GetResourceLabels()}}},
		{[]string{"config.tags"}, &containerpb.UpdateNodePoolRequest{Tags: &containerpb.NetworkTags{Tags: c.GetTags()}}},
		{[]string{"config.workloadMetadataConfig"}, &containerpb.UpdateNodePoolRequest{WorkloadMetadataConfig: c.GetWorkloadMetadataConfig()}},
		{[]string{"networkConfig"}, &containerpb.UpdateNodePoolRequest{NodeNetworkConfig: w.GetNetworkConfig()}},
		{[]string{"upgradeSettings"}, &containerpb.UpdateNodePoolRequest{UpgradeSettings: w.GetUpgradeSettings()}},
		{[]string{"locations"}, &containerpb.UpdateNodePoolRequest{Locations: w.GetLocations()}},
	} {
		if !has(diffs, update.fields...) {
			continue
		}
		version, image = cmp.Or(update.update.NodeVersion, version), cmp.Or(update.update.ImageType, image)
		update.update.NodeVersion, update.update.ImageType = version, image
		out = append(out, update.update)
	}
	return out
}

func (k nodePools) Update(ctx context.Context, _ string, want nodePoolSpec, live *containerpb.NodePool, diffs []stack.Difference) error {
	name := k.ID(live)
	for _, update := range want.desired(diffs, live) {
		update.Name = name
		err := k.operate(ctx, k.name, func() (*containerpb.Operation, error) { return k.gke.UpdateNodePool(ctx, update) })
		if err != nil {
			return err
		}
	}
	if has(diffs, "autoscaling") {
		err := k.operate(ctx, k.name, func() (*containerpb.Operation, error) {
			return k.gke.SetNodePoolAutoscaling(ctx, &containerpb.SetNodePoolAutoscalingRequest{Name: name, Autoscaling: want.NodePool.GetAutoscaling()})
		})
		if err != nil {
			return err
		}
	}
	if !has(diffs, "management") {
		return nil
	}
	return k.operate(ctx, k.name, func() (*containerpb.Operation, error) {
		return k.gke.SetNodePoolManagement(ctx, &containerpb.SetNodePoolManagementRequest{Name: name, Management: want.NodePool.GetManagement()})
	})
}

// Delete is tried again while a load balancer that is on its way out still has the
// pool's instance groups.
func (k nodePools) Delete(ctx context.Context, live *containerpb.NodePool) error {
	err := absent(k.operate(ctx, k.name, func() (*containerpb.Operation, error) {
		return k.gke.DeleteNodePool(ctx, &containerpb.DeleteNodePoolRequest{Name: k.ID(live)})
	}))
	var operation *operationError
	if errors.As(err, &operation) && isReason(err, "failedPrecondition") {
		return &stack.BlockedError{Err: err}
	}
	return err
}
