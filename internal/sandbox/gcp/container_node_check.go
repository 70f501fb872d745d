package gcp

import (
	"maps"
	"regexp"
	"slices"
	"strings"

	"cloud.google.com/go/container/apiv1/containerpb"
	"google.golang.org/protobuf/reflect/protoreflect"
)

// gkeNodeUnsupported are fields of node configurations that the sandbox refuses.
var gkeNodeUnsupported = []protoreflect.Name{
	"sandbox_config", "node_group", "preemptible", "flex_start", "sole_tenant_config", "storage_pools", "local_ssd_count", "gpu_direct_config",
	"node_image_config", "windows_node_config", "confidential_nodes", "boot_disk_kms_key", "resource_manager_tags", "max_run_duration",
}

var (
	networkTag = regexp.MustCompile(`^[a-z]([-a-z0-9]{0,61}[a-z0-9])?$`)
	labelName  = regexp.MustCompile(`^[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$`)
	diskTypes  = []string{"pd-standard", "pd-balanced", "pd-ssd", "pd-extreme", "hyperdisk-balanced", "hyperdisk-throughput", "hyperdisk-extreme", "hyperdisk-ml"}
)

// checkNodeConfig checks what a pool's nodes are made of against what its zones have.
func (c *call) checkNodeConfig(cluster *containerpb.Cluster, pool *containerpb.NodePool) error {
	config := pool.Config
	m := config.ProtoReflect()
	for _, name := range gkeNodeUnsupported {
		if m.Has(m.Descriptor().Fields().ByName(name)) {
			return gkeInvalid("The sandbox does not implement 'node_config.%s'.", name)
		}
	}
	if !slices.Contains(gkeImageTypes, config.ImageType) {
		return gkeInvalid("Image type %q is not supported. Valid image types are: %s.", config.ImageType, strings.Join(gkeImageTypes, ", "))
	}
	if config.DiskSizeGb < 10 || config.DiskSizeGb > 65536 {
		return gkeInvalid("Disk size %d GB is not supported: the smallest is 10 GB and the largest 65536 GB.", config.DiskSizeGb)
	}
	if !slices.Contains(diskTypes, config.DiskType) {
		return gkeInvalid("Disk type %q is not supported.", config.DiskType)
	}
	if account := config.ServiceAccount; account != "default" && !strings.HasSuffix(account, ".gserviceaccount.com") {
		return gkeInvalid("Service account %q is not valid: it must be \"default\" or the e-mail address of a service account.", account)
	}
	gkeMetadata := config.WorkloadMetadataConfig.GetMode() == containerpb.WorkloadMetadataConfig_GKE_METADATA
	if gkeMetadata && cluster.WorkloadIdentityConfig.GetWorkloadPool() == "" {
		return gkeInvalid("Workload Identity is not enabled on the cluster: node pools cannot have the workload metadata mode GKE_METADATA.")
	}
	for i, tag := range config.Tags {
		if !networkTag.MatchString(tag) {
			return gkeInvalid("Invalid network tag %q.", tag)
		}
		if slices.Contains(config.Tags[:i], tag) {
			return gkeInvalid("Duplicate network tag %q.", tag)
		}
	}
	if err := checkNodeLabels(config); err != nil {
		return err
	}
	for _, zone := range pool.Locations {
		if err := c.checkMachine(zone, config); err != nil {
			return err
		}
	}
	return nil
}

func checkNodeLabels(config *containerpb.NodeConfig) error {
	for _, key := range slices.Sorted(maps.Keys(config.Labels)) {
		if !validLabelKey(key) {
			return gkeInvalid("Invalid node label key %q.", key)
		}
		if domain, _, ok := strings.Cut(key, "/"); ok && (domain == "kubernetes.io" || strings.HasSuffix(domain, ".kubernetes.io") || domain == "cloud.google.com") {
			return gkeInvalid("Node label key %q is in a reserved namespace.", key)
		}
		if v := config.Labels[key]; v != "" && !labelName.MatchString(v) {
			return gkeInvalid("Invalid value %q of node label %q.", v, key)
		}
	}
	seen := map[string]bool{}
	for _, t := range config.Taints {
		if !validLabelKey(t.Key) || t.Value != "" && !labelName.MatchString(t.Value) {
			return gkeInvalid("Invalid taint \"%s=%s\".", t.Key, t.Value)
		}
		if t.Effect == containerpb.NodeTaint_EFFECT_UNSPECIFIED {
			return gkeInvalid("Taint %q has no effect.", t.Key)
		}
		if id := t.Key + ":" + t.Effect.String(); seen[id] {
			return gkeInvalid("Duplicate taint %q with effect %s.", t.Key, t.Effect)
		} else {
			seen[id] = true
		}
	}
	return checkPoolLabels(config.ResourceLabels)
}

// checkPoolLabels leaves out the labels that Kubernetes Engine adds itself.
func checkPoolLabels(labels map[string]string) error {
	own := maps.Clone(labels)
	delete(own, "goog-gke-node-pool-provisioning-model")
	return checkGKELabels(own)
}

func validLabelKey(key string) bool {
	domain, name, prefixed := strings.Cut(key, "/")
	if !prefixed {
		domain, name = "", key
	}
	return labelName.MatchString(name) && (!prefixed || domain != "" && len(domain) <= 253)
}

// checkMachine checks machine and accelerator types against what a zone offers, and whether they fit each other.
func (c *call) checkMachine(zone string, config *containerpb.NodeConfig) error {
	machine := c.machineType(zone, config.MachineType)
	if machine == nil {
		return gkeInvalid("Machine type with name '%s' does not exist in zone '%s'.", config.MachineType, zone)
	}
	for _, a := range config.Accelerators {
		if c.acceleratorType(zone, a.AcceleratorType) == nil {
			return gkeInvalid("Accelerator type \"%s\" does not exist in zone %s.", a.AcceleratorType, zone)
		}
		if a.AcceleratorCount < 1 {
			return gkeInvalid("Accelerator count must be at least 1; got %d.", a.AcceleratorCount)
		}
	}
	if len(config.Accelerators) > 1 {
		return gkeInvalid("Only one type of accelerator can be attached to a node; got %d.", len(config.Accelerators))
	}
	built := machine.GetAccelerators()
	switch {
	case len(built) > 0 && len(config.Accelerators) == 0:
		// The machine brings its own, and the pool shows them.
		config.Accelerators = []*containerpb.AcceleratorConfig{{
			AcceleratorType: built[0].GetGuestAcceleratorType(), AcceleratorCount: int64(built[0].GetGuestAcceleratorCount()),
			GpuDriverInstallationConfig: &containerpb.GPUDriverInstallationConfig{GpuDriverVersion: containerpb.GPUDriverInstallationConfig_DEFAULT.Enum()},
		}}
	case len(built) > 0:
		a := config.Accelerators[0]
		if a.AcceleratorType != built[0].GetGuestAcceleratorType() || a.AcceleratorCount != int64(built[0].GetGuestAcceleratorCount()) {
			return gkeInvalid("Machine type %s has %d accelerators of type %s; the node pool must request these, not %d of type %s.",
				config.MachineType, built[0].GetGuestAcceleratorCount(), built[0].GetGuestAcceleratorType(), a.AcceleratorCount, a.AcceleratorType)
		}
	case len(config.Accelerators) > 0 && !strings.HasPrefix(config.MachineType, "n1-"):
		return gkeInvalid("Accelerators cannot be attached to machine type %s: only N1 machines take them.", config.MachineType)
	case len(config.Accelerators) > 0:
		if limit := c.acceleratorType(zone, config.Accelerators[0].AcceleratorType).GetMaximumCardsPerInstance(); config.Accelerators[0].AcceleratorCount > int64(limit) {
			return gkeInvalid("A node can have at most %d accelerators of type %s; got %d.", limit, config.Accelerators[0].AcceleratorType, config.Accelerators[0].AcceleratorCount)
		}
	}
	return nil
}
