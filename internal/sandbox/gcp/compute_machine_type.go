package gcp

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"cloud.google.com/go/compute/apiv1/computepb"

	"github.com/modelserving/terraform-provider-serving/internal/sandbox/control"
)

// family is a family of machine types: every size has the same memory for a CPU.
type family struct {
	cpus []int
	// memory is MiB for a CPU.
	memory int
}

// families are in every zone. The table is a believable one, not Google's of any day.
var families = map[string]family{
	"e2-standard": {[]int{2, 4, 8, 16, 32}, 4096}, "e2-highmem": {[]int{2, 4, 8, 16}, 8192}, "e2-highcpu": {[]int{2, 4, 8, 16, 32}, 1024},
	"n1-standard": {[]int{1, 2, 4, 8, 16, 32, 64, 96}, 3840}, "n1-highmem": {[]int{2, 4, 8, 16, 32, 64, 96}, 6656},
	"n2-standard": {[]int{2, 4, 8, 16, 32, 48, 64, 80, 96, 128}, 4096}, "n2-highmem": {[]int{2, 4, 8, 16, 32, 48, 64, 80, 96, 128}, 8192},
	"n2d-standard": {[]int{2, 4, 8, 16, 32, 48, 64, 80, 96, 128, 224}, 4096}, "n4-standard": {[]int{2, 4, 8, 16, 32, 48, 64, 80}, 4096},
	"c3-standard": {[]int{4, 8, 22, 44, 88, 176}, 4096}, "c4-standard": {[]int{2, 4, 8, 16, 24, 32, 48, 96, 144, 192}, 3840},
	"t2d-standard": {[]int{1, 2, 4, 8, 16, 32, 48, 60}, 4096}, "t2a-standard": {[]int{1, 2, 4, 8, 16, 32, 48}, 4096},
}

// sharedCores are the machine types that have a part of two CPUs, with their memory in MiB.
var sharedCores = map[string]int{"e2-micro": 1024, "e2-small": 2048, "e2-medium": 4096}

// builtIn are the machine types that come with accelerators.
var builtIn = map[string]struct {
	cpus, memory, count int
	accelerator         string
}{
	"g2-standard-4": {4, 16384, 1, "nvidia-l4"}, "g2-standard-8": {8, 32768, 1, "nvidia-l4"}, "g2-standard-12": {12, 49152, 1, "nvidia-l4"},
	"g2-standard-16": {16, 65536, 1, "nvidia-l4"}, "g2-standard-32": {32, 131072, 1, "nvidia-l4"}, "g2-standard-24": {24, 98304, 2, "nvidia-l4"},
	"g2-standard-48": {48, 196608, 4, "nvidia-l4"}, "g2-standard-96": {96, 393216, 8, "nvidia-l4"},
	"a2-highgpu-1g": {12, 87040, 1, "nvidia-tesla-a100"}, "a2-highgpu-2g": {24, 174080, 2, "nvidia-tesla-a100"},
	"a2-highgpu-4g": {48, 348160, 4, "nvidia-tesla-a100"}, "a2-highgpu-8g": {96, 696320, 8, "nvidia-tesla-a100"},
	"a2-ultragpu-1g": {12, 174080, 1, "nvidia-a100-80gb"}, "a2-ultragpu-2g": {24, 348160, 2, "nvidia-a100-80gb"},
	"a2-ultragpu-4g": {48, 696320, 4, "nvidia-a100-80gb"}, "a2-ultragpu-8g": {96, 1392640, 8, "nvidia-a100-80gb"},
	"a3-highgpu-8g": {208, 1916928, 8, "nvidia-h100-80gb"},
}

func init() {
	const machines, accelerators = fullName("google.cloud.compute.v1.MachineTypes"), fullName("google.cloud.compute.v1.AcceleratorTypes")
	handle(machines+".Get", func(c *call, in *computepb.GetMachineTypeRequest) (*computepb.MachineType, error) {
		if m := c.machineType(in.GetZone(), in.GetMachineType()); m != nil {
			return m, nil
		}
		return nil, notFound(target{c.Project, in.GetZone(), "machineTypes", in.GetMachineType()}.path())
	})
	handle(machines+".List", func(c *call, in *computepb.ListMachineTypesRequest) (*computepb.MachineTypeList, error) {
		if err := checkPlace(inZone, in.GetZone()); err != nil {
			return nil, err
		}
		list, next, err := items(paged(c.machineTypesIn(in.GetZone()), in))
		return &computepb.MachineTypeList{Items: list, NextPageToken: next, Id: c.listID("machineTypes")}, err
	})
	handle(machines+".AggregatedList", func(c *call, in *computepb.AggregatedListMachineTypesRequest) (*computepb.MachineTypeAggregatedList, error) {
		all, next, err := aggregated(everyZone(c.machineTypesIn), in, zoneScopes(),
			func(items []*computepb.MachineType, none *computepb.Warning) *computepb.MachineTypesScopedList {
				return &computepb.MachineTypesScopedList{MachineTypes: items, Warning: none}
			})
		return &computepb.MachineTypeAggregatedList{Items: all, NextPageToken: next, Id: new("projects/" + c.Project + "/aggregated/machineTypes")}, err
	})
	handle(accelerators+".Get", func(c *call, in *computepb.GetAcceleratorTypeRequest) (*computepb.AcceleratorType, error) {
		if a := c.acceleratorType(in.GetZone(), in.GetAcceleratorType()); a != nil {
			return a, nil
		}
		return nil, notFound(target{c.Project, in.GetZone(), "acceleratorTypes", in.GetAcceleratorType()}.path())
	})
	handle(accelerators+".List", func(c *call, in *computepb.ListAcceleratorTypesRequest) (*computepb.AcceleratorTypeList, error) {
		if err := checkPlace(inZone, in.GetZone()); err != nil {
			return nil, err
		}
		list, next, err := items(paged(c.acceleratorTypesIn(in.GetZone()), in))
		return &computepb.AcceleratorTypeList{Items: list, NextPageToken: next, Id: c.listID("acceleratorTypes")}, err
	})
	handle(accelerators+".AggregatedList", func(c *call, in *computepb.AggregatedListAcceleratorTypesRequest) (*computepb.AcceleratorTypeAggregatedList, error) {
		all, next, err := aggregated(everyZone(c.acceleratorTypesIn), in, zoneScopes(),
			func(items []*computepb.AcceleratorType, none *computepb.Warning) *computepb.AcceleratorTypesScopedList {
				return &computepb.AcceleratorTypesScopedList{AcceleratorTypes: items, Warning: none}
			})
		return &computepb.AcceleratorTypeAggregatedList{Items: all, NextPageToken: next, Id: new("projects/" + c.Project + "/aggregated/acceleratorTypes")}, err
	})
}

func everyZone[M any](in func(zone string) []placed[M]) []placed[M] {
	var all []placed[M]
	for _, region := range regionNames() {
		for _, zone := range zonesOf(region) {
			all = append(all, in(zone)...)
		}
	}
	return all
}

// missing reports whether settings say that a zone, or its region, does not have a type.
func (c *call) missing(zone, name string) bool {
	return c.cloud.config.Missing[zone+"/"+name] || c.cloud.config.Missing[regionOfZone(zone)+"/"+name]
}

// machineType is a machine type of a zone, or nil.
func (c *call) machineType(zone, name string) *computepb.MachineType {
	if !zoneExists(zone) || c.missing(zone, name) {
		return nil
	}
	m := &computepb.MachineType{
		Kind: new("compute#machineType"), Name: new(name), Zone: new(zone), Architecture: new("X86_64"), IsSharedCpu: new(false),
		MaximumPersistentDisks: new(int32(128)), MaximumPersistentDisksSizeGb: new(int64(263168)),
		SelfLink: new(target{c.Project, zone, "machineTypes", name}.link()),
	}
	if special, ok := builtIn[name]; ok {
		// The machine is where its accelerator is.
		if c.acceleratorType(zone, special.accelerator) == nil {
			return nil
		}
		m.GuestCpus, m.MemoryMb = new(int32(special.cpus)), new(int32(special.memory))
		m.Accelerators = []*computepb.Accelerators{{GuestAcceleratorType: new(special.accelerator), GuestAcceleratorCount: new(int32(special.count))}}
	} else if memory := sharedCores[name]; memory > 0 {
		m.IsSharedCpu, m.GuestCpus, m.MemoryMb = new(true), new(int32(2)), new(int32(memory))
	} else {
		i := strings.LastIndex(name, "-")
		cpus, err := strconv.Atoi(name[i+1:])
		f, known := families[name[:max(i, 0)]]
		if err != nil || !known || !slices.Contains(f.cpus, cpus) {
			return nil
		}
		m.GuestCpus, m.MemoryMb = new(int32(cpus)), new(int32(cpus*f.memory))
		if strings.HasPrefix(name, "t2a-") {
			m.Architecture = new("ARM64")
		}
	}
	m.Description = new(fmt.Sprintf("%d vCPUs, %d MiB RAM", m.GetGuestCpus(), m.GetMemoryMb()))
	m.Id = new(stableID("machineTypes/" + zone + "/" + name))
	return m
}

func (c *call) machineTypesIn(zone string) []placed[*computepb.MachineType] {
	var names []string
	for _, prefix := range control.SortedKeys(families) {
		for _, cpus := range families[prefix].cpus {
			names = append(names, prefix+"-"+strconv.Itoa(cpus))
		}
	}
	var all []placed[*computepb.MachineType]
	for _, name := range slices.Concat(names, control.SortedKeys(sharedCores), control.SortedKeys(builtIn)) {
		if m := c.machineType(zone, name); m != nil {
			all = append(all, placed[*computepb.MachineType]{"zones/" + zone, m})
		}
	}
	return all
}
