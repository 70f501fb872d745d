package serving

import (
	"regexp"
	"slices"
	"strings"
)

var (
	ruleAcceleratorType  = mustNot("accelerator_type_missing", "Type of the accelerator is missing")
	ruleAcceleratorOther = mustNot("accelerator_type", "Machine type does not take the accelerator")
)

// A machine type is <family>-<kind>-<vCPUs> with more behind it for some
// (Compute Engine, "Machine families resource and comparison guide"):
// n2-standard-4, e2-medium, a3-megagpu-8g, c3-standard-22-lssd, n1-custom-4-16384.
var gcpMachineSyntax = regexp.MustCompile(`^[a-z][a-z0-9]*(-[a-z0-9]+)+$`)

// gcpGPUs are the machine types that come with GPUs (Compute Engine, "GPU machine
// types"). Types newer than this table are absent: what is asked for is taken as
// given.
var gcpGPUs = map[string]Accelerator{
	"g2-standard-4": {"nvidia-l4", 1}, "g2-standard-8": {"nvidia-l4", 1}, "g2-standard-12": {"nvidia-l4", 1}, "g2-standard-16": {"nvidia-l4", 1},
	"g2-standard-24": {"nvidia-l4", 2}, "g2-standard-32": {"nvidia-l4", 1}, "g2-standard-48": {"nvidia-l4", 4}, "g2-standard-96": {"nvidia-l4", 8},
	"g4-standard-48": {"nvidia-rtx-pro-6000", 1}, "g4-standard-96": {"nvidia-rtx-pro-6000", 2}, "g4-standard-192": {"nvidia-rtx-pro-6000", 4}, "g4-standard-384": {"nvidia-rtx-pro-6000", 8},
	"a2-highgpu-1g": {"nvidia-tesla-a100", 1}, "a2-highgpu-2g": {"nvidia-tesla-a100", 2}, "a2-highgpu-4g": {"nvidia-tesla-a100", 4}, "a2-highgpu-8g": {"nvidia-tesla-a100", 8},
	"a2-megagpu-16g": {"nvidia-tesla-a100", 16},
	"a2-ultragpu-1g": {"nvidia-a100-80gb", 1}, "a2-ultragpu-2g": {"nvidia-a100-80gb", 2}, "a2-ultragpu-4g": {"nvidia-a100-80gb", 4}, "a2-ultragpu-8g": {"nvidia-a100-80gb", 8},
	"a3-highgpu-1g": {"nvidia-h100-80gb", 1}, "a3-highgpu-2g": {"nvidia-h100-80gb", 2}, "a3-highgpu-4g": {"nvidia-h100-80gb", 4}, "a3-highgpu-8g": {"nvidia-h100-80gb", 8},
	"a3-edgegpu-8g": {"nvidia-h100-80gb", 8}, "a3-megagpu-8g": {"nvidia-h100-mega-80gb", 8}, "a3-ultragpu-8g": {"nvidia-h200-141gb", 8},
	"a4-highgpu-8g": {"nvidia-b200", 8}, "a4x-highgpu-4g": {"nvidia-gb200", 4},
}

// attachedGPUs are those that machines of the family n1 take, and in which numbers
// (same page, "N1 general-purpose machine series").
var attachedGPUs = map[string][]int64{
	"nvidia-tesla-t4": {1, 2, 4}, "nvidia-tesla-v100": {1, 2, 4, 8}, "nvidia-tesla-p100": {1, 2, 4}, "nvidia-tesla-p4": {1, 2, 4},
}

// attachingFamily is the one family whose machines come without GPUs and take some.
const attachingFamily = "n1"

// A family that is in neither set is taken as it is.
var (
	gpuFamilies = setOf("a2", "a3", "a4", "a4x", "g2", "g4")
	cpuFamilies = setOf("e2", "f1", "g1", "n2", "n2d", "n4", "n4d", "n4a", "c2", "c2d", "c3", "c3d", "c4", "c4a", "c4d", "m1", "m2", "m3", "m4", "t2a", "t2d", "x4", "z3", "h3", "h4d")
)

// ImpliedAccelerator is what a machine type of GCP comes with; false when that is
// nothing, or the type is newer than what is known here.
func ImpliedAccelerator(machineType string) (Accelerator, bool) {
	a, ok := gcpGPUs[machineType]
	return a, ok
}

func (gcpRules) machine(f *findings, path string, pool NodePool) {
	if !gcpMachineSyntax.MatchString(pool.MachineType) {
		f.add(ruleMachineType.at(sub(path, "machine_type"), "%q is not a machine type of Compute Engine, which is <family>-<kind>-<vCPUs>, as \"n2-standard-4\" or \"g2-standard-8\". "+
			"See \"gcloud compute machine-types list\" for those of a zone.", pool.MachineType))
		return
	}
	at := sub(path, "accelerator")
	if f.unknown[at] {
		return
	}
	implied, has := gcpGPUs[pool.MachineType]
	switch family, _, _ := strings.Cut(pool.MachineType, "-"); {
	case pool.Accelerator == nil && has:
		f.add(ruleAcceleratorUnused.at(at, "%s has an accelerator, and the pool does not ask for it: its nodes start without drivers, and pods cannot use it. "+
			"Add accelerator = { count = %d }, or choose a machine type without one.", pool.MachineType, implied.Count))
	case pool.Accelerator == nil:
	case cpuFamilies[family]:
		f.add(ruleAcceleratorFamily.at(at, "%s takes no accelerator. Choose a machine type that has one, as \"g2-standard-8\", or one of the family n1, or remove accelerator.", pool.MachineType))
	case family == attachingFamily:
		f.attached(at, *pool.Accelerator)
	default:
		f.implied(at, pool, implied, has, gpuFamilies[family])
	}
}

// implied holds what is asked for against what the machine type comes with.
func (f *findings) implied(at string, pool NodePool, implied Accelerator, has, implies bool) {
	kind, count := sub(at, "type"), sub(at, "count")
	asked := *pool.Accelerator
	if !has {
		if !implies && f.known(kind) && asked.Type == "" {
			f.add(ruleAcceleratorType.at(kind, "No machine type %s with an accelerator is known here, so the type has to be given. Write type, as \"nvidia-l4\". See \"gcloud compute accelerator-types list\".", pool.MachineType))
		}
		return
	}
	if f.known(kind) && asked.Type != "" && asked.Type != implied.Type {
		f.add(ruleAcceleratorOther.at(kind, "The type is %q, and %s comes with %s. Remove type, or choose another machine type.", asked.Type, pool.MachineType, implied.Type))
	}
	if f.known(count) && asked.Count >= 1 && asked.Count != implied.Count {
		f.add(ruleAcceleratorMatch.at(count, "The count is %d and %s has %d. A node has all of its machine's accelerators. Write count = %d, or choose another size.",
			asked.Count, pool.MachineType, implied.Count, implied.Count))
	}
}

// attached judges GPUs that are attached to a machine.
func (f *findings) attached(at string, asked Accelerator) {
	kind, count := sub(at, "type"), sub(at, "count")
	if !f.known(kind) {
		return
	}
	counts, known := attachedGPUs[asked.Type]
	switch {
	case asked.Type == "":
		f.add(ruleAcceleratorType.at(kind, "Machines of the family n1 come without an accelerator and take several types. Write type, one of %s.", strings.Join(sortedKeys(attachedGPUs), ", ")))
	case !known:
		f.add(ruleAcceleratorOther.at(kind, "The type is %q. Machines of the family n1 take %s. Write one of them, or choose a machine type that comes with its accelerator, as \"g2-standard-8\".",
			asked.Type, strings.Join(sortedKeys(attachedGPUs), ", ")))
	case f.known(count) && asked.Count >= 1 && !slices.Contains(counts, asked.Count):
		f.add(ruleAcceleratorMatch.at(count, "The count is %d, and of %s a machine takes %v. Write one of those.", asked.Count, asked.Type, counts))
	}
}
