package gcp

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"strings"

	"cloud.google.com/go/container/apiv1/containerpb"
	"google.golang.org/protobuf/proto"

	"github.com/modelserving/terraform-provider-serving/internal/kube"
	"github.com/modelserving/terraform-provider-serving/internal/serving"
)

// maxPoolName is the longest name of a node pool (container API reference,
// NodePool.name, has that of a cluster).
const maxPoolName = 40

// poolName is the node pool's name in GKE: it differs whenever something differs
// that a living pool cannot change, so that a new one fits beside it.
func poolName(pool string, config *containerpb.NodeConfig) string {
	sum := sha256.Sum256(fmt.Appendf(nil, "%s\x00%t", config.GetServiceAccount(), config.GetSpot()))
	return serving.Fit(maxPoolName, pool, hex.EncodeToString(sum[:4]))
}

// nodePool is the wanted form of a pool.
func nodePool(name string, p serving.NodePool, spec serving.Cluster, o owner) *containerpb.NodePool {
	config := &containerpb.NodeConfig{
		MachineType: p.MachineType, DiskSizeGb: int32(p.DiskGB), ImageType: "COS_CONTAINERD", Spot: p.Spot,
		ServiceAccount: "default", OauthScopes: []string{scope}, Labels: poolLabels(name, p), ResourceLabels: o.mark(objectNodePool + name),
		Tags: []string{networkTag(spec.Name)}, Metadata: map[string]string{"disable-legacy-endpoints": "true"},
		WorkloadMetadataConfig: &containerpb.WorkloadMetadataConfig{Mode: containerpb.WorkloadMetadataConfig_GKE_METADATA},
		ShieldedInstanceConfig: &containerpb.ShieldedInstanceConfig{EnableSecureBoot: true, EnableIntegrityMonitoring: true},
	}
	if account := spec.GCP.NodeServiceAccount; account != "" {
		config.ServiceAccount = account
	}
	surge := containerpb.NodePoolUpdateStrategy_SURGE
	pool := &containerpb.NodePool{
		Config: config, Locations: poolZones(p, spec.Network.Zones),
		NetworkConfig:   &containerpb.NodeNetworkConfig{EnablePrivateNodes: proto.Bool(true)},
		Autoscaling:     &containerpb.NodePoolAutoscaling{Enabled: true, TotalMinNodeCount: int32(p.MinSize), TotalMaxNodeCount: int32(p.MaxSize), LocationPolicy: containerpb.NodePoolAutoscaling_BALANCED},
		Management:      &containerpb.NodeManagement{AutoUpgrade: true, AutoRepair: true},
		UpgradeSettings: &containerpb.NodePool_UpgradeSettings{Strategy: &surge, MaxSurge: 1},
	}
	pool.InitialNodeCount = initial(p, len(pool.Locations))
	if p.Spot || acceleratorOf(p) != nil {
		// What is scarce is taken where there is any.
		pool.Autoscaling.LocationPolicy = containerpb.NodePoolAutoscaling_ANY
	}
	if a := acceleratorOf(p); a != nil {
		config.Accelerators = []*containerpb.AcceleratorConfig{{
			AcceleratorType: a.Type, AcceleratorCount: a.Count,
			GpuDriverInstallationConfig: &containerpb.GPUDriverInstallationConfig{GpuDriverVersion: containerpb.GPUDriverInstallationConfig_DEFAULT.Enum()},
		}}
		// One node more for an upgrade is one that a quota of GPUs may not have.
		pool.UpgradeSettings.MaxSurge, pool.UpgradeSettings.MaxUnavailable = 0, 1
	}
	for _, t := range p.Taints {
		config.Taints = append(config.Taints, &containerpb.NodeTaint{Key: t.Key, Value: t.Value, Effect: effects[t.Effect]})
	}
	pool.Name = poolName(name, config)
	return pool
}

// poolZones are the zones of a pool: no more than it may have nodes.
func poolZones(p serving.NodePool, zones []string) []string {
	zones = sorted(zones)
	return zones[:min(len(zones), max(int(p.MaxSize), 1))]
}

// initial is the number of nodes that each zone begins with: enough for the least
// size, unless that would be more than the greatest.
func initial(p serving.NodePool, zones int) int32 {
	if zones == 0 {
		return int32(p.MinSize)
	}
	each := (int(p.MinSize) + zones - 1) / zones
	if each*zones > int(p.MaxSize) {
		each = int(p.MinSize) / zones
	}
	return int32(each)
}

// acceleratorOf is the accelerator of a pool's nodes, with the type that the
// machine type implies.
func acceleratorOf(p serving.NodePool) *serving.Accelerator {
	if p.Accelerator == nil {
		return nil
	}
	out := *p.Accelerator
	if implied, ok := serving.ImpliedAccelerator(p.MachineType); ok && out.Type == "" {
		out.Type = implied.Type
	}
	return &out
}

// poolLabels are the user's, and those by which pods find the pool.
func poolLabels(name string, p serving.NodePool) map[string]string {
	labels := map[string]string{kube.LabelPool: name}
	if acceleratorOf(p) != nil {
		labels[kube.LabelAccelerator] = kube.AcceleratorNVIDIA
	}
	maps.Copy(labels, p.Labels)
	return labels
}

// userLabels are the labels without those of poolLabels and of GKE.
func userLabels(live map[string]string) map[string]string {
	labels := maps.Clone(live)
	maps.DeleteFunc(labels, func(key, _ string) bool {
		return key == kube.LabelPool || key == kube.LabelAccelerator || strings.HasPrefix(key, "cloud.google.com/")
	})
	if len(labels) == 0 {
		return nil
	}
	return labels
}

// effects are GKE's words for Kubernetes' taint effects.
var effects = map[string]containerpb.NodeTaint_Effect{
	"NoSchedule":       containerpb.NodeTaint_NO_SCHEDULE,
	"NoExecute":        containerpb.NodeTaint_NO_EXECUTE,
	"PreferNoSchedule": containerpb.NodeTaint_PREFER_NO_SCHEDULE,
}
