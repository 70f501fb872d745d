package serving

import (
	"regexp"
	"strings"
)

var (
	ruleAcceleratorCount  = mustNot("accelerator_count", "Invalid number of accelerators")
	ruleAcceleratorFamily = mustNot("accelerator_machine", "Machine type has no accelerator")
	ruleAcceleratorMatch  = mustNot("accelerator_mismatch", "Machine type has another number of accelerators")
	ruleAcceleratorDriver = shouldNot("accelerator_driver", "Node image has no driver for the accelerator")
	ruleAcceleratorUnused = shouldNot("accelerator_unused", "Accelerator of the machine type is not used")
)

// acceleratorCounts is the number of accelerators of an instance type, by
// family and size: GPUs, or for inf and trn the Neuron devices that Kubernetes
// counts as aws.amazon.com/neuron (EC2 Instance Types, "Accelerated
// computing"). Fractional GPUs (g6f, gr6f) and types newer than this table are
// absent: their count is taken as given.
var acceleratorCounts = map[string]map[string]int64{
	"g4dn":    {"xlarge": 1, "2xlarge": 1, "4xlarge": 1, "8xlarge": 1, "12xlarge": 4, "16xlarge": 1, "metal": 8},
	"g5":      {"xlarge": 1, "2xlarge": 1, "4xlarge": 1, "8xlarge": 1, "12xlarge": 4, "16xlarge": 1, "24xlarge": 4, "48xlarge": 8},
	"g5g":     {"xlarge": 1, "2xlarge": 1, "4xlarge": 1, "8xlarge": 1, "16xlarge": 2, "metal": 2},
	"g6":      {"xlarge": 1, "2xlarge": 1, "4xlarge": 1, "8xlarge": 1, "12xlarge": 4, "16xlarge": 1, "24xlarge": 4, "48xlarge": 8},
	"g6e":     {"xlarge": 1, "2xlarge": 1, "4xlarge": 1, "8xlarge": 1, "12xlarge": 4, "16xlarge": 1, "24xlarge": 4, "48xlarge": 8},
	"gr6":     {"4xlarge": 1, "8xlarge": 1},
	"p3":      {"2xlarge": 1, "8xlarge": 4, "16xlarge": 8},
	"p3dn":    {"24xlarge": 8},
	"p4d":     {"24xlarge": 8},
	"p4de":    {"24xlarge": 8},
	"p5":      {"4xlarge": 1, "48xlarge": 8},
	"p5e":     {"48xlarge": 8},
	"p5en":    {"48xlarge": 8},
	"p6-b200": {"48xlarge": 8},
	"p6-b300": {"48xlarge": 8},
	"inf1":    {"xlarge": 1, "2xlarge": 1, "6xlarge": 4, "24xlarge": 16},
	"inf2":    {"xlarge": 1, "8xlarge": 1, "24xlarge": 6, "48xlarge": 12},
	"trn1":    {"2xlarge": 1, "32xlarge": 16},
	"trn1n":   {"32xlarge": 16},
	"trn2":    {"3xlarge": 1, "48xlarge": 16},
	"trn2u":   {"48xlarge": 16},
}

// AcceleratorsOf is the number of accelerators of a machine type; zero when it
// has none or is newer than what is known here.
func AcceleratorsOf(machineType string) int64 {
	family, size, _ := strings.Cut(machineType, ".")
	return acceleratorCounts[family][size]
}

// The series of an instance type is the letters before the generation (EC2
// User Guide, "Naming conventions"). A series that is in neither set is taken
// as it is.
var (
	seriesSyntax      = regexp.MustCompile(`^[a-z]+`)
	cpuSeries         = setOf("a", "c", "d", "h", "hpc", "i", "im", "is", "m", "mac", "r", "t", "u", "x", "z")
	acceleratorSeries = setOf("g", "gr", "p", "inf", "trn")
	// EKS has images with drivers for NVIDIA and Neuron only (eks
	// types.AMITypes): not for AMD, Gaudi, Qualcomm, Xilinx and FPGA.
	undrivenFamilies = setOf("g4ad", "dl1", "dl2q", "vt1", "f1", "f2")
)

func setOf(members ...string) map[string]bool {
	set := make(map[string]bool, len(members))
	for _, m := range members {
		set[m] = true
	}
	return set
}

// awsAccelerator holds the accelerator against the machine type, whose syntax is
// known to be right.
func (f *findings) awsAccelerator(path string, pool NodePool) {
	at := sub(path, "accelerator")
	if f.unknown[at] {
		return
	}
	family, size, _ := strings.Cut(pool.MachineType, ".")
	series := seriesSyntax.FindString(family)
	if pool.Accelerator == nil {
		if acceleratorSeries[series] && !undrivenFamilies[family] {
			f.add(ruleAcceleratorUnused.at(at, "%s has an accelerator, and the pool does not ask for it: its nodes start from an image without drivers, and pods cannot use it. "+
				"Add accelerator = { count = %d }, or choose a machine type without one.", pool.MachineType, max(1, acceleratorCounts[family][size])))
		}
		return
	}
	switch {
	case cpuSeries[series]:
		f.add(ruleAcceleratorFamily.at(at, "%s has no accelerator. Choose a machine type that has one, as \"g6.2xlarge\", or remove accelerator.", pool.MachineType))
	case undrivenFamilies[family]:
		f.add(ruleAcceleratorDriver.at(at, "EKS's node images bring drivers for NVIDIA GPUs and AWS Neuron devices, not for those of %s. "+
			"Install a driver and a device plugin yourself, or choose another family.", family))
	case f.known(sub(at, "count")) && pool.Accelerator.Count >= 1:
		if has, ok := acceleratorCounts[family][size]; ok && has != pool.Accelerator.Count {
			f.add(ruleAcceleratorMatch.at(sub(at, "count"), "The count is %d and %s has %d. A node has all of its machine's accelerators. Write count = %d, or choose another size.",
				pool.Accelerator.Count, pool.MachineType, has, has))
		}
	}
}
