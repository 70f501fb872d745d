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

// gkePoolUnsupported are fields of node pools that the sandbox refuses.
var gkePoolUnsupported = []protoreflect.Name{"placement_policy", "queued_provisioning", "best_effort_provisioning"}

// checkPool checks a node pool that is to be made in a cluster and fills in defaults.
func (c *call) checkPool(cluster *containerpb.Cluster, pool *containerpb.NodePool) error {
	m := pool.ProtoReflect()
	for _, name := range gkePoolUnsupported {
		if m.Has(m.Descriptor().Fields().ByName(name)) {
			return gkeInvalid("The sandbox does not implement 'node_pool.%s'.", name)
		}
	}
	if err := checkGKEName("node_pool", pool.Name); err != nil {
		return err
	}
	if len(pool.Locations) == 0 {
		pool.Locations = slices.Clone(cluster.Locations)
	}
	if err := c.checkLocations(pool.Locations); err != nil {
		return err
	}
	version := cluster.CurrentMasterVersion
	if pool.Version != "" && pool.Version != "-" {
		resolved, err := gkeResolve(pool.Version, cluster.ReleaseChannel.GetChannel())
		if err != nil {
			return err
		}
		version = resolved
	}
	if err := gkeCheckSkew(version, cluster.CurrentMasterVersion); err != nil {
		return err
	}
	pool.Version = version
	fillPool(cluster, pool)
	if err := c.checkPoolNetwork(cluster, pool); err != nil {
		return err
	}
	if err := checkManagement(cluster, pool.Management); err != nil {
		return err
	}
	if err := checkUpgradeSettings(pool.UpgradeSettings); err != nil {
		return err
	}
	if pool.InitialNodeCount < 0 {
		return gkeInvalid("NodePool.initial_node_count must not be negative.")
	}
	if err := checkPoolAutoscaling(pool.Autoscaling); err != nil {
		return err
	}
	return c.checkNodeConfig(cluster, pool)
}

// fillPool fills in what a request leaves to Kubernetes Engine.
func fillPool(cluster *containerpb.Cluster, pool *containerpb.NodePool) {
	pool.MaxPodsConstraint = cmp.Or(pool.MaxPodsConstraint, proto.CloneOf(cluster.DefaultMaxPodsConstraint))
	pool.Management = cmp.Or(pool.Management, &containerpb.NodeManagement{AutoUpgrade: true, AutoRepair: true})
	pool.UpgradeSettings = cmp.Or(pool.UpgradeSettings, &containerpb.NodePool_UpgradeSettings{MaxSurge: 1})
	if pool.UpgradeSettings.Strategy == nil {
		pool.UpgradeSettings.Strategy = containerpb.NodePoolUpdateStrategy_SURGE.Enum()
	}
	pool.NetworkConfig = cmp.Or(pool.NetworkConfig, &containerpb.NodeNetworkConfig{})
	pool.NetworkConfig.EnablePrivateNodes = cmp.Or(pool.NetworkConfig.EnablePrivateNodes, cluster.NetworkConfig.DefaultEnablePrivateNodes)
	pool.Config = cmp.Or(pool.Config, &containerpb.NodeConfig{})
	fillNodeConfig(cluster, pool.Config)
	if a := pool.Autoscaling; a.GetEnabled() && a.LocationPolicy == containerpb.NodePoolAutoscaling_LOCATION_POLICY_UNSPECIFIED {
		a.LocationPolicy = containerpb.NodePoolAutoscaling_BALANCED
		if pool.Config.Spot {
			a.LocationPolicy = containerpb.NodePoolAutoscaling_ANY
		}
	}
}

func fillNodeConfig(cluster *containerpb.Cluster, config *containerpb.NodeConfig) {
	config.MachineType = cmp.Or(config.MachineType, "e2-medium")
	config.ImageType = strings.ToUpper(cmp.Or(config.ImageType, gkeImageTypes[0]))
	disk := cmp.Or(config.BootDisk, &containerpb.BootDisk{})
	config.DiskSizeGb = cmp.Or(config.DiskSizeGb, int32(disk.SizeGb), 100)
	config.DiskType = cmp.Or(config.DiskType, disk.DiskType, "pd-balanced")
	config.BootDisk = disk
	disk.DiskType, disk.SizeGb = config.DiskType, int64(config.DiskSizeGb)
	config.ServiceAccount = cmp.Or(config.ServiceAccount, "default")
	if len(config.OauthScopes) == 0 {
		for _, scope := range []string{"devstorage.read_only", "logging.write", "monitoring", "service.management.readonly", "servicecontrol", "trace.append"} {
			config.OauthScopes = append(config.OauthScopes, "https://www.googleapis.com/auth/"+scope)
		}
	}
	config.ShieldedInstanceConfig = cmp.Or(config.ShieldedInstanceConfig, &containerpb.ShieldedInstanceConfig{EnableIntegrityMonitoring: true})
	if config.WorkloadMetadataConfig == nil && cluster.WorkloadIdentityConfig.GetWorkloadPool() != "" {
		config.WorkloadMetadataConfig = &containerpb.WorkloadMetadataConfig{Mode: containerpb.WorkloadMetadataConfig_GKE_METADATA}
	}
	metadata := map[string]string{"disable-legacy-endpoints": "true"}
	maps.Copy(metadata, config.Metadata)
	config.Metadata = metadata
	labels := map[string]string{"goog-gke-node-pool-provisioning-model": "on-demand"}
	if config.Spot {
		labels["goog-gke-node-pool-provisioning-model"] = "spot"
	}
	maps.Copy(labels, config.ResourceLabels)
	config.ResourceLabels = labels
	config.EffectiveCgroupMode = containerpb.NodeConfig_EFFECTIVE_CGROUP_MODE_V2
	for _, a := range config.Accelerators {
		if a.GpuDriverInstallationConfig == nil {
			// "Default is DISABLED" was before 1.30.1; since then drivers are installed.
			a.GpuDriverInstallationConfig = &containerpb.GPUDriverInstallationConfig{GpuDriverVersion: containerpb.GPUDriverInstallationConfig_DEFAULT.Enum()}
		}
	}
}

// checkPoolNetwork finds the range that the pool's pods live in.
func (c *call) checkPoolNetwork(cluster *containerpb.Cluster, pool *containerpb.NodePool) error {
	n := pool.NetworkConfig
	switch {
	case n.CreatePodRange:
		return gkeInvalid("The sandbox does not implement 'node_pool.network_config.create_pod_range'.")
	case n.Subnetwork != "" && n.Subnetwork != cluster.NetworkConfig.Subnetwork:
		return gkeInvalid("The sandbox does not implement node pools in another subnetwork than their cluster's.")
	}
	n.PodRange = cmp.Or(n.PodRange, cluster.IpAllocationPolicy.ClusterSecondaryRangeName)
	subnet := subnetworks.in(c, c.gkeRegion())[cluster.Subnetwork]
	if subnet != nil {
		n.PodIpv4CidrBlock = secondaryRange(subnet.Body, n.PodRange)
	}
	if n.PodIpv4CidrBlock == "" {
		return gkeInvalid("Pod secondary range %q not found in network %q, subnetwork %q.", n.PodRange, networks.link(c, global, cluster.Network), cluster.Subnetwork)
	}
	if pods := pool.MaxPodsConstraint.GetMaxPodsPerNode(); pods < 8 || pods > 256 {
		return gkeInvalid("Invalid value for field \"node_pool.max_pods_constraint.max_pods_per_node\": %d. It must be between 8 and 256.", pods)
	}
	return nil
}

// checkManagement refuses node pools without automatic upgrades and repairs in clusters of a release channel.
func checkManagement(cluster *containerpb.Cluster, m *containerpb.NodeManagement) error {
	if cluster.ReleaseChannel == nil {
		return nil
	}
	channel := cluster.ReleaseChannel.Channel
	if !m.AutoUpgrade {
		return gkeInvalid("Auto_upgrade must be true when release_channel %s is set.", channel)
	}
	if !m.AutoRepair {
		return gkeInvalid("Auto_repair must be true when release_channel %s is set.", channel)
	}
	return nil
}

// checkUpgradeSettings is from the comment on NodePool.UpgradeSettings.
func checkUpgradeSettings(s *containerpb.NodePool_UpgradeSettings) error {
	if s.GetStrategy() == containerpb.NodePoolUpdateStrategy_BLUE_GREEN {
		return gkeInvalid("The sandbox does not implement blue-green upgrades.")
	}
	if s.MaxSurge < 0 || s.MaxUnavailable < 0 || s.MaxSurge+s.MaxUnavailable < 1 || s.MaxSurge+s.MaxUnavailable > 20 {
		return gkeInvalid("Invalid upgrade settings: max_surge (%d) and max_unavailable (%d) must not be negative, and their sum must be between 1 and 20.", s.MaxSurge, s.MaxUnavailable)
	}
	return nil
}

func checkPoolAutoscaling(a *containerpb.NodePoolAutoscaling) error {
	if !a.GetEnabled() {
		if a.GetMinNodeCount() != 0 || a.GetMaxNodeCount() != 0 || a.GetTotalMinNodeCount() != 0 || a.GetTotalMaxNodeCount() != 0 {
			return gkeInvalid("Node counts of autoscaling must not be set when it is disabled.")
		}
		return nil
	}
	perZone, total := a.MinNodeCount != 0 || a.MaxNodeCount != 0, a.TotalMinNodeCount != 0 || a.TotalMaxNodeCount != 0
	low, high := a.MinNodeCount, a.MaxNodeCount
	if total {
		low, high = a.TotalMinNodeCount, a.TotalMaxNodeCount
	}
	switch {
	case perZone && total:
		return gkeInvalid("Autoscaling limits are per zone or in total, not both.")
	case a.Autoprovisioned:
		return gkeInvalid("The sandbox does not implement 'autoscaling.autoprovisioned'.")
	case low < 0:
		return gkeInvalid("Autoscaling min_node_count (%d) must not be negative.", low)
	case high < 1 || high < low:
		return gkeInvalid("Autoscaling max_node_count (%d) must be at least one and not less than min_node_count (%d).", high, low)
	case high > 15000:
		return gkeInvalid("Autoscaling max_node_count (%d) must be at most 15000.", high)
	}
	return nil
}

// poolSizes is how many nodes a pool has in each of its zones: what was asked for, within what autoscaling allows. Nothing scales
// by load here.
func poolSizes(pool *containerpb.NodePool) map[string]int {
	zones, a := len(pool.Locations), pool.Autoscaling
	total := int(pool.InitialNodeCount) * zones
	switch {
	case a.GetEnabled() && a.TotalMaxNodeCount > 0:
		total = min(max(total, int(a.TotalMinNodeCount)), int(a.TotalMaxNodeCount))
	case a.GetEnabled():
		total = min(max(total, int(a.MinNodeCount)*zones), int(a.MaxNodeCount)*zones)
	}
	out := map[string]int{}
	for i, zone := range pool.Locations {
		out[zone] = total / zones
		if i < total%zones {
			out[zone]++
		}
	}
	return out
}

// gpuTaint keeps pods without accelerators away from expensive nodes.
const gpuTaint = "nvidia.com/gpu"

// taintAccelerators adds the taint that a pool with accelerators gets in a cluster that has nodes without, as Kubernetes Engine does.
func taintAccelerators(pool *containerpb.NodePool, all []*containerpb.NodePool) {
	plain := slices.ContainsFunc(all, func(p *containerpb.NodePool) bool { return len(p.Config.GetAccelerators()) == 0 })
	tainted := slices.ContainsFunc(pool.Config.Taints, func(t *containerpb.NodeTaint) bool { return t.Key == gpuTaint })
	if len(pool.Config.Accelerators) > 0 && plain && !tainted {
		pool.Config.Taints = append(pool.Config.Taints, &containerpb.NodeTaint{Key: gpuTaint, Value: "present", Effect: containerpb.NodeTaint_NO_SCHEDULE})
	}
}
