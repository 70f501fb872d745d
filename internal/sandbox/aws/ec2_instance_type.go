package aws

import (
	"slices"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
)

// instanceType is what the sandbox knows about a type: virtual CPUs, GiB of memory and what accelerates it.
type instanceType struct {
	vcpus, memory int32
	arm           bool
	// GPUs: how many of which, MiB each.
	gpus, gpuMemory int32
	gpuMaker, gpu   string
	neurons         int32
	neuron          string
	scarce          bool
}

// sizes are the steps that most families share, with vCPUs; memory is a ratio per family.
var sizes = []struct {
	name  string
	vcpus int32
}{{"large", 2}, {"xlarge", 4}, {"2xlarge", 8}, {"4xlarge", 16}, {"8xlarge", 32}, {"12xlarge", 48}, {"16xlarge", 64}, {"24xlarge", 96}}

// instanceTypes is what DescribeInstanceTypes knows. Figures are those of the public instance type pages.
var instanceTypes = func() map[string]instanceType {
	out := map[string]instanceType{
		"t3.micro": {vcpus: 2, memory: 1}, "t3.small": {vcpus: 2, memory: 2}, "t3.medium": {vcpus: 2, memory: 4},
		"t3.large": {vcpus: 2, memory: 8}, "t3.xlarge": {vcpus: 4, memory: 16}, "t3.2xlarge": {vcpus: 8, memory: 32},
		"p4d.24xlarge": {vcpus: 96, memory: 1152, gpus: 8, gpuMaker: "NVIDIA", gpu: "A100", gpuMemory: 40960, scarce: true},
		"p5.48xlarge":  {vcpus: 192, memory: 2048, gpus: 8, gpuMaker: "NVIDIA", gpu: "H100", gpuMemory: 81920, scarce: true},
		"inf2.xlarge":  {vcpus: 4, memory: 16, neurons: 1, neuron: "Inferentia2"}, "inf2.8xlarge": {vcpus: 32, memory: 128, neurons: 1, neuron: "Inferentia2"},
		"inf2.24xlarge": {vcpus: 96, memory: 384, neurons: 6, neuron: "Inferentia2"}, "inf2.48xlarge": {vcpus: 192, memory: 768, neurons: 12, neuron: "Inferentia2"},
	}
	for family, ratio := range map[string]int32{"m5": 4, "m6i": 4, "m7i": 4, "m7g": 4, "c7i": 2, "r7i": 8} {
		for _, size := range sizes {
			if family == "m7g" && size.vcpus > 64 {
				continue
			}
			out[family+"."+size.name] = instanceType{vcpus: size.vcpus, memory: size.vcpus * ratio, arm: family == "m7g"}
		}
	}
	out["m7g.medium"] = instanceType{vcpus: 1, memory: 4, arm: true}
	for family, g := range map[string]instanceType{
		"g4dn": {memory: 4, gpu: "T4", gpuMemory: 16384}, "g5": {memory: 4, gpu: "A10G", gpuMemory: 24576},
		"g6": {memory: 4, gpu: "L4", gpuMemory: 24576}, "g6e": {memory: 8, gpu: "L40S", gpuMemory: 49152},
	} {
		for _, size := range sizes[1:] {
			if family == "g4dn" && size.vcpus > 64 {
				continue
			}
			g.vcpus, g.gpuMaker = size.vcpus, "NVIDIA"
			this := g
			this.memory, this.gpus = size.vcpus*g.memory, 1
			if size.vcpus == 48 || size.vcpus == 96 || family == "g4dn" && size.vcpus == 48 {
				this.gpus = 4
			}
			out[family+"."+size.name] = this
		}
	}
	out["g5.48xlarge"] = instanceType{vcpus: 192, memory: 768, gpus: 8, gpuMaker: "NVIDIA", gpu: "A10G", gpuMemory: 24576}
	out["g6.48xlarge"] = instanceType{vcpus: 192, memory: 768, gpus: 8, gpuMaker: "NVIDIA", gpu: "L4", gpuMemory: 24576}
	out["g6e.48xlarge"] = instanceType{vcpus: 192, memory: 1536, gpus: 8, gpuMaker: "NVIDIA", gpu: "L40S", gpuMemory: 49152}
	return out
}()

// offered reports whether a zone has the type: the scarcest ones are missing in a region's last zone.
func offered(t instanceType, region, zoneName string) bool {
	all := zones(region)
	return !t.scarce || zoneName != all[len(all)-1].name
}

func (t instanceType) info(name string) ec2types.InstanceTypeInfo {
	architecture := ec2types.ArchitectureTypeX8664
	if t.arm {
		architecture = ec2types.ArchitectureTypeArm64
	}
	info := ec2types.InstanceTypeInfo{
		InstanceType: ec2types.InstanceType(name), CurrentGeneration: new(true), BareMetal: new(false), FreeTierEligible: new(false),
		BurstablePerformanceSupported: new(strings.HasPrefix(name, "t3.")), HibernationSupported: new(false), AutoRecoverySupported: new(true),
		DedicatedHostsSupported: new(true), InstanceStorageSupported: new(false), Hypervisor: ec2types.InstanceTypeHypervisorNitro,
		VCpuInfo:                     &ec2types.VCpuInfo{DefaultVCpus: new(t.vcpus)},
		MemoryInfo:                   &ec2types.MemoryInfo{SizeInMiB: new(int64(t.memory) * 1024)},
		ProcessorInfo:                &ec2types.ProcessorInfo{SupportedArchitectures: []ec2types.ArchitectureType{architecture}},
		SupportedUsageClasses:        []ec2types.UsageClassType{ec2types.UsageClassTypeOnDemand, ec2types.UsageClassTypeSpot},
		SupportedRootDeviceTypes:     []ec2types.RootDeviceType{ec2types.RootDeviceTypeEbs},
		SupportedVirtualizationTypes: []ec2types.VirtualizationType{ec2types.VirtualizationTypeHvm},
		NetworkInfo: &ec2types.NetworkInfo{
			MaximumNetworkInterfaces: new(int32(4)), Ipv4AddressesPerInterface: new(int32(15)), EnaSupport: ec2types.EnaSupportRequired,
			Ipv6Supported: new(true), Ipv6AddressesPerInterface: new(int32(15)), EfaSupported: new(t.scarce), EncryptionInTransitSupported: new(true),
			NetworkPerformance: new("Up to 12.5 Gigabit"), MaximumNetworkCards: new(int32(1)), DefaultNetworkCardIndex: new(int32(0)),
			NetworkCards: []ec2types.NetworkCardInfo{{
				NetworkCardIndex: new(int32(0)), MaximumNetworkInterfaces: new(int32(4)), NetworkPerformance: new("Up to 12.5 Gigabit"),
			}},
		},
		EbsInfo: &ec2types.EbsInfo{
			EbsOptimizedSupport: ec2types.EbsOptimizedSupportDefault, EncryptionSupport: ec2types.EbsEncryptionSupportSupported, NvmeSupport: ec2types.EbsNvmeSupportRequired,
		},
		PlacementGroupInfo: &ec2types.PlacementGroupInfo{SupportedStrategies: []ec2types.PlacementGroupStrategy{
			ec2types.PlacementGroupStrategyCluster, ec2types.PlacementGroupStrategyPartition, ec2types.PlacementGroupStrategySpread,
		}},
	}
	if t.gpus > 0 {
		info.GpuInfo = &ec2types.GpuInfo{
			TotalGpuMemoryInMiB: new(t.gpus * t.gpuMemory),
			Gpus: []ec2types.GpuDeviceInfo{{
				Count: new(t.gpus), Manufacturer: new(t.gpuMaker), Name: new(t.gpu), MemoryInfo: &ec2types.GpuDeviceMemoryInfo{SizeInMiB: new(t.gpuMemory)},
			}},
		}
	}
	if t.neurons > 0 {
		info.NeuronInfo = &ec2types.NeuronInfo{NeuronDevices: []ec2types.NeuronDeviceInfo{{Count: new(t.neurons), Name: new(t.neuron)}}}
	}
	return info
}

func (c *call) ec2DescribeInstanceTypes(in *ec2.DescribeInstanceTypesInput) (*ec2.DescribeInstanceTypesOutput, error) {
	var unknown []string
	for _, name := range in.InstanceTypes {
		if _, ok := instanceTypes[string(name)]; !ok {
			unknown = append(unknown, string(name))
		}
	}
	if len(unknown) > 0 {
		return nil, apiError("InvalidInstanceType", "The following supplied instance types do not exist: [%s]", strings.Join(unknown, ", "))
	}
	if len(in.InstanceTypes) > 0 && in.MaxResults != nil {
		return nil, apiError("InvalidParameterCombination", "The parameter MaxResults cannot be used together with InstanceTypes.")
	}
	field := func(name, filter string) ([]string, bool) {
		t := instanceTypes[name]
		switch filter {
		case "instance-type":
			return []string{name}, true
		case "vcpu-info.default-vcpus":
			return []string{strconv.Itoa(int(t.vcpus))}, true
		case "memory-info.size-in-mib":
			return []string{strconv.Itoa(int(t.memory) * 1024)}, true
		case "processor-info.supported-architecture":
			if t.arm {
				return []string{"arm64"}, true
			}
			return []string{"x86_64"}, true
		case "current-generation":
			return []string{"true"}, true
		case "bare-metal":
			return []string{"false"}, true
		case "supported-usage-class":
			return []string{"on-demand", "spot"}, true
		}
		return nil, false
	}
	if err := checkFilters(in.Filters, func(f string) bool { _, known := field("", f); return known }); err != nil {
		return nil, err
	}
	found := []ec2types.InstanceTypeInfo{}
	for _, name := range sortedKeys(instanceTypes) {
		if len(in.InstanceTypes) > 0 && !slices.Contains(in.InstanceTypes, ec2types.InstanceType(name)) {
			continue
		}
		if matches(in.Filters, nil, func(f string) []string { values, _ := field(name, f); return values }) {
			found = append(found, instanceTypes[name].info(name))
		}
	}
	page, next, err := paginate(found, in.MaxResults, in.NextToken, 100)
	return &ec2.DescribeInstanceTypesOutput{InstanceTypes: page, NextToken: next}, err
}

func (c *call) ec2DescribeInstanceTypeOfferings(in *ec2.DescribeInstanceTypeOfferingsInput) (*ec2.DescribeInstanceTypeOfferingsOutput, error) {
	if err := checkFilters(in.Filters, func(f string) bool { return f == "location" || f == "instance-type" }); err != nil {
		return nil, err
	}
	kind := in.LocationType
	if kind == "" {
		kind = ec2types.LocationTypeRegion
	}
	found := []ec2types.InstanceTypeOffering{}
	add := func(name, location string) {
		field := map[string][]string{"instance-type": {name}, "location": {location}}
		if matches(in.Filters, nil, func(f string) []string { return field[f] }) {
			found = append(found, ec2types.InstanceTypeOffering{InstanceType: ec2types.InstanceType(name), LocationType: kind, Location: new(location)})
		}
	}
	for _, name := range sortedKeys(instanceTypes) {
		if kind == ec2types.LocationTypeRegion {
			add(name, c.Region)
			continue
		}
		for _, z := range zones(c.Region) {
			switch {
			case !offered(instanceTypes[name], c.Region, z.name):
			case kind == ec2types.LocationTypeAvailabilityZone:
				add(name, z.name)
			case kind == ec2types.LocationTypeAvailabilityZoneId:
				add(name, z.id)
			}
		}
	}
	page, next, err := paginate(found, in.MaxResults, in.NextToken, 1000)
	return &ec2.DescribeInstanceTypeOfferingsOutput{InstanceTypeOfferings: page, NextToken: next}, err
}
