package aws

import (
	"cmp"
	"maps"
	"regexp"
	"slices"
	"strings"

	sdkaws "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eks"
	ekstypes "github.com/aws/aws-sdk-go-v2/service/eks/types"
)

// eksPlanNodegroup checks a create request and answers the node group it asks for.
func (c *call) eksPlanNodegroup(cluster *eksCluster, in *eks.CreateNodegroupInput) (*eksNodegroup, error) {
	name := sdkaws.ToString(in.NodegroupName)
	bad := func(format string, args ...any) (*eksNodegroup, error) {
		return nil, eksError("InvalidParameterException", *cluster.Name, name, format, args...)
	}
	if !eksNamePattern.MatchString(name) || len(name) > 63 {
		return bad("The nodegroup name %s must have 1 to 63 letters, digits, hyphens and underscores, the first one a letter or digit.", name)
	}
	if in.LaunchTemplate != nil {
		return bad("Launch template details can't be resolved: the specified launch template does not exist")
	}
	if in.RemoteAccess != nil {
		return bad("The key pair '%s' does not exist", sdkaws.ToString(in.RemoteAccess.Ec2SshKey))
	}
	if err := c.eksRole("nodeRole", sdkaws.ToString(in.NodeRole), "ec2.amazonaws.com"); err != nil {
		return nil, err
	}
	if err := c.eksNodeSubnets(cluster, name, in.Subnets); err != nil {
		return nil, err
	}
	version := cmp.Or(sdkaws.ToString(in.Version), *cluster.Version)
	if err := eksNodeVersion(cluster, name, version); err != nil {
		return nil, err
	}
	release, _ := eksFindRelease(version)
	if in.ReleaseVersion != nil && *in.ReleaseVersion != release.nodeRelease() {
		return bad("Requested release version %s is not valid for kubernetes version %s", *in.ReleaseVersion, version)
	}
	ng := &eksNodegroup{Nodegroup: ekstypes.Nodegroup{
		ClusterName: in.ClusterName, NodegroupName: in.NodegroupName, NodeRole: in.NodeRole, Subnets: in.Subnets, Version: new(version), ReleaseVersion: new(release.nodeRelease()),
		AmiType: cmp.Or(in.AmiType, ekstypes.AMITypesAl2023X8664Standard), CapacityType: cmp.Or(in.CapacityType, ekstypes.CapacityTypesOnDemand),
		InstanceTypes: in.InstanceTypes, DiskSize: cmp.Or(in.DiskSize, new(int32(20))), Labels: maps.Clone(in.Labels), Tags: maps.Clone(in.Tags), Taints: in.Taints,
		NodeRepairConfig: in.NodeRepairConfig, WarmPoolConfig: in.WarmPoolConfig,
	}}
	if len(ng.InstanceTypes) == 0 {
		ng.InstanceTypes = []string{"t3.medium"}
	}
	if ng.Labels == nil {
		ng.Labels = map[string]string{}
	}
	if ng.Tags == nil {
		ng.Tags = map[string]string{}
	}
	if ng.CapacityType == ekstypes.CapacityTypesCapacityBlock {
		return bad("Capacity type CAPACITY_BLOCK needs a launch template")
	}
	if *ng.DiskSize < 1 || *ng.DiskSize > 16384 {
		return bad("Disk size %d must be between 1 and 16384 GiB", *ng.DiskSize)
	}
	if err := eksCheckInstances(cluster, ng); err != nil {
		return nil, err
	}
	var err error
	if ng.ScalingConfig, err = eksScaling(cluster, name, &ekstypes.NodegroupScalingConfig{MinSize: new(int32(1)), MaxSize: new(int32(2)), DesiredSize: new(int32(2))}, in.ScalingConfig); err != nil {
		return nil, err
	}
	if ng.UpdateConfig, err = eksUpdateConfig(cluster, name, in.UpdateConfig); err != nil {
		return nil, err
	}
	if err := eksCheckLabels(cluster, name, in.Labels); err != nil {
		return nil, err
	}
	if err := eksCheckTaints(cluster, name, in.Taints); err != nil {
		return nil, err
	}
	return ng, eksTags(in.Tags)
}

func (c *call) eksNodeSubnets(cluster *eksCluster, name string, ids []string) error {
	if len(ids) == 0 {
		return eksError("InvalidParameterException", *cluster.Name, name, "Subnets are not specified")
	}
	for i, id := range ids {
		subnet := c.region().Subnets[id]
		if subnet == nil {
			return eksError("InvalidParameterException", *cluster.Name, name, "The subnet ID '%s' does not exist (Service: AmazonEC2; Status Code: 400; Error Code: InvalidSubnetID.NotFound)", id)
		}
		if *subnet.VpcId != *cluster.ResourcesVpcConfig.VpcId {
			return eksError("InvalidParameterException", *cluster.Name, name, "Subnet %s is not in the VPC %s of the cluster", id, *cluster.ResourcesVpcConfig.VpcId)
		}
		if slices.Contains(ids[:i], id) {
			return eksError("InvalidParameterException", *cluster.Name, name, "Subnet %s is specified more than once", id)
		}
	}
	return nil
}

// eksNodeVersion checks nodes' version against the control plane's.
func eksNodeVersion(cluster *eksCluster, name, version string) error {
	if _, ok := eksFindRelease(version); !ok {
		return eksError("InvalidParameterException", *cluster.Name, name, "Unsupported kubernetes version %s", version)
	}
	skew := eksMinor(*cluster.Version) - eksMinor(version)
	if skew < 0 {
		return eksError("InvalidParameterException", *cluster.Name, name, "Nodegroup kubernetes version %s can't be greater than the cluster's version %s", version, *cluster.Version)
	}
	if skew > 3 {
		return eksError("InvalidParameterException", *cluster.Name, name, "Nodegroup kubernetes version %s is too old for the cluster's version %s", version, *cluster.Version)
	}
	return nil
}

// eksCheckInstances holds instance types against the image: architecture and accelerators must fit.
func eksCheckInstances(cluster *eksCluster, ng *eksNodegroup) error {
	bad := func(format string, args ...any) error {
		return eksError("InvalidParameterException", *cluster.Name, *ng.NodegroupName, format, args...)
	}
	ami := string(ng.AmiType)
	if ng.AmiType == ekstypes.AMITypesCustom {
		return bad("Requested amiType CUSTOM needs a launch template with an image")
	}
	if strings.HasPrefix(ami, "AL2_") && eksMinor(*ng.Version) >= 33 {
		return bad("Requested amiType %s is not supported for kubernetes version %s", ami, *ng.Version)
	}
	if strings.HasPrefix(ami, "WINDOWS") {
		return bad("The sandbox has no amiType %s", ami)
	}
	if len(ng.InstanceTypes) > 20 {
		return bad("The maximum number of instance types is 20")
	}
	for i, name := range ng.InstanceTypes {
		t, ok := instanceTypes[name]
		if !ok {
			return bad("The following supplied instance types do not exist: [%s]", name)
		}
		if slices.Contains(ng.InstanceTypes[:i], name) {
			return bad("Instance type %s is specified more than once", name)
		}
		arm := strings.Contains(ami, "ARM_64")
		nvidia := strings.Contains(ami, "NVIDIA") || strings.HasSuffix(ami, "_GPU")
		// The image for GPUs of Amazon Linux 2 serves Inferentia as well.
		neuron := strings.Contains(ami, "NEURON") || strings.HasSuffix(ami, "_GPU")
		if t.arm != arm || (t.gpus > 0) && !nvidia || (t.neurons > 0) && !neuron || nvidia && t.gpus == 0 && (!neuron || t.neurons == 0) || neuron && t.neurons == 0 && (!nvidia || t.gpus == 0) {
			return bad("[%s] is not a valid instance type for requested amiType %s", name, ami)
		}
	}
	return nil
}

// eksScaling is a scaling configuration after a change.
func eksScaling(cluster *eksCluster, name string, have, change *ekstypes.NodegroupScalingConfig) (*ekstypes.NodegroupScalingConfig, error) {
	out := *have
	if change != nil {
		out.MinSize, out.MaxSize, out.DesiredSize = cmp.Or(change.MinSize, out.MinSize), cmp.Or(change.MaxSize, out.MaxSize), cmp.Or(change.DesiredSize, out.DesiredSize)
	}
	low, high, desired := *out.MinSize, *out.MaxSize, *out.DesiredSize
	switch {
	case low < 0 || desired < 0 || high < 1:
		return nil, eksError("InvalidParameterException", *cluster.Name, name, "Sizes must not be negative, and the maximum size must be at least 1")
	case low > desired:
		return nil, eksError("InvalidParameterException", *cluster.Name, name, "Minimum capacity %d can't be greater than desired size %d", low, desired)
	case desired > high:
		return nil, eksError("InvalidParameterException", *cluster.Name, name, "Desired capacity %d can't be greater than max size %d", desired, high)
	}
	return &out, nil
}

func eksUpdateConfig(cluster *eksCluster, name string, in *ekstypes.NodegroupUpdateConfig) (*ekstypes.NodegroupUpdateConfig, error) {
	if in == nil {
		return &ekstypes.NodegroupUpdateConfig{MaxUnavailable: new(int32(1))}, nil
	}
	out := *in
	number, percentage := out.MaxUnavailable, out.MaxUnavailablePercentage
	switch {
	case number != nil && percentage != nil:
		return nil, eksError("InvalidParameterException", *cluster.Name, name, "maxUnavailable and maxUnavailablePercentage cannot be specified at the same time")
	case number != nil && (*number < 1 || *number > 100), percentage != nil && (*percentage < 1 || *percentage > 100):
		return nil, eksError("InvalidParameterException", *cluster.Name, name, "maxUnavailable and maxUnavailablePercentage must be between 1 and 100")
	case number == nil && percentage == nil:
		out.MaxUnavailable = new(int32(1))
	}
	return &out, nil
}

var (
	eksKeyName   = regexp.MustCompile(`^[A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?$`)
	eksKeyPrefix = regexp.MustCompile(`^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$`)
)

// eksLabelKey reports whether a key has Kubernetes' form.
func eksLabelKey(key string) bool {
	prefix, name, ok := strings.Cut(key, "/")
	if !ok {
		return eksKeyName.MatchString(key)
	}
	return eksKeyPrefix.MatchString(prefix) && eksKeyName.MatchString(name)
}

func eksCheckLabels(cluster *eksCluster, nodegroup string, labels map[string]string) error {
	bad := func(format string, args ...any) error {
		return eksError("InvalidParameterException", *cluster.Name, nodegroup, format, args...)
	}
	for key, value := range labels {
		prefix, _, hasPrefix := strings.Cut(key, "/")
		if !eksLabelKey(key) {
			return bad("The label key %s is not valid", key)
		}
		if value != "" && !eksKeyName.MatchString(value) {
			return bad("The value %s of the label %s is not valid", value, key)
		}
		// Kubelets may not set labels of Kubernetes' own domains but for these two, and eks.amazonaws.com is reserved.
		if hasPrefix && prefix != "node.kubernetes.io" && prefix != "kubelet.kubernetes.io" {
			for _, reserved := range []string{"kubernetes.io", "k8s.io", "eks.amazonaws.com"} {
				if prefix == reserved || strings.HasSuffix(prefix, "."+reserved) {
					return bad("Label cannot contain reserved prefixes [kubernetes.io/, k8s.io/, eks.amazonaws.com/]: %s", key)
				}
			}
		}
	}
	return nil
}

func eksCheckTaints(cluster *eksCluster, nodegroup string, taints []ekstypes.Taint) error {
	bad := func(format string, args ...any) error {
		return eksError("InvalidParameterException", *cluster.Name, nodegroup, format, args...)
	}
	if len(taints) > 50 {
		return bad("The maximum number of taints is 50")
	}
	seen := map[string]bool{}
	for _, t := range taints {
		key, value := sdkaws.ToString(t.Key), sdkaws.ToString(t.Value)
		switch {
		case !eksLabelKey(key):
			return bad("The taint key %s is not valid", key)
		case value != "" && !eksKeyName.MatchString(value):
			return bad("The value %s of the taint %s is not valid", value, key)
		case t.Effect == "":
			return bad("The taint %s needs an effect", key)
		case seen[key+string(t.Effect)]:
			return bad("The taint %s with effect %s is specified more than once", key, t.Effect)
		}
		seen[key+string(t.Effect)] = true
	}
	return nil
}
