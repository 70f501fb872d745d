package aws

import (
	"maps"
	"net/netip"
	"strings"

	astypes "github.com/aws/aws-sdk-go-v2/service/autoscaling/types"
	ekstypes "github.com/aws/aws-sdk-go-v2/service/eks/types"
)

// nodes are the instances in service of a cluster's node groups.
func (c *Cloud) nodes(ref clusterRef) []KubernetesNode {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.settle()
	if c.findCluster(ref) == nil {
		return nil
	}
	at := c.in(ref.account, ref.region)
	var out []KubernetesNode
	for _, key := range sortedKeys(at.eks().Nodegroups) {
		ng := at.eks().Nodegroups[key]
		g := at.autoscaling().Groups[ng.Group]
		if *ng.ClusterName != ref.name || g == nil {
			continue
		}
		for i := range g.Instances {
			if g.Instances[i].LifecycleState != astypes.LifecycleStateInService {
				continue
			}
			if node, ok := at.node(ng, g, &g.Instances[i]); ok {
				out = append(out, node)
			}
		}
	}
	return out
}

var eksTaintEffects = map[ekstypes.TaintEffect]string{
	ekstypes.TaintEffectNoSchedule: "NoSchedule", ekstypes.TaintEffectNoExecute: "NoExecute", ekstypes.TaintEffectPreferNoSchedule: "PreferNoSchedule",
}

// node describes an instance as its kubelet would.
func (c *call) node(ng *eksNodegroup, g *autoscalingGroup, i *astypes.Instance) (KubernetesNode, bool) {
	eni := c.region().NetworkInterfaces[g.Interfaces[*i.InstanceId]]
	if eni == nil {
		return KubernetesNode{}, false
	}
	address, err := netip.ParseAddr(text(eni.PrivateIpAddress))
	subnet := c.region().Subnets[text(eni.SubnetId)]
	if err != nil || subnet == nil {
		return KubernetesNode{}, false
	}
	podRange, err := netip.ParsePrefix(text(subnet.CidrBlock))
	if err != nil {
		return KubernetesNode{}, false
	}
	kind := instanceTypes[text(i.InstanceType)]
	architecture := "amd64"
	if kind.arm {
		architecture = "arm64"
	}
	node := KubernetesNode{
		Name: c.privateDNSName(address), Address: address, Zone: text(i.AvailabilityZone), Region: c.Region, InstanceType: text(i.InstanceType),
		ProviderID: "aws:///" + text(i.AvailabilityZone) + "/" + *i.InstanceId, Version: kubeletVersion(text(ng.Version)),
		CPU: int64(kind.vcpus), MemoryBytes: int64(kind.memory) << 30, GPUs: int64(kind.gpus), PodRange: podRange,
		Labels: map[string]string{
			"eks.amazonaws.com/nodegroup": *ng.NodegroupName, "eks.amazonaws.com/capacityType": string(ng.CapacityType),
			"kubernetes.io/arch": architecture, "topology.k8s.aws/zone-id": text(i.AvailabilityZoneId),
		},
	}
	maps.Copy(node.Labels, ng.Labels)
	for _, t := range ng.Taints {
		node.Taints = append(node.Taints, KubernetesTaint{Key: text(t.Key), Value: text(t.Value), Effect: eksTaintEffects[t.Effect]})
	}
	return node, true
}

// kubeletVersion is the build of a version that EKS has on its node images.
func kubeletVersion(version string) string {
	release, _ := eksFindRelease(version)
	return "v" + release.patch + "-eks-113cf36"
}

// privateDNSName is an instance's name in its VPC, which is its node's name as well.
func (c *call) privateDNSName(address netip.Addr) string {
	domain := c.Region + ".compute.internal"
	if c.Region == "us-east-1" {
		domain = "ec2.internal"
	}
	return "ip-" + strings.ReplaceAll(address.String(), ".", "-") + "." + domain
}

// machine is an instance as something that load balancers send requests to.
type machine struct {
	endpoint
	address netip.Addr
	// cluster is set if the instance is a node of one.
	cluster *clusterRef
	// name is its private DNS name.
	name string
}

// instance finds an instance of an Auto Scaling group, or nil.
func (c *call) instance(id string) *machine {
	for _, g := range c.autoscaling().Groups {
		eni := c.region().NetworkInterfaces[g.Interfaces[id]]
		if eni == nil {
			continue
		}
		return c.machineOf(g, eni.PrivateIpAddress, text(eni.SubnetId), interfaceGroups(eni))
	}
	return nil
}

// instanceAt finds the instance that has a private address, or nil.
func (c *call) instanceAt(vpc, address string) *machine {
	for _, g := range c.autoscaling().Groups {
		for _, id := range g.Interfaces {
			eni := c.region().NetworkInterfaces[id]
			if eni != nil && text(eni.VpcId) == vpc && text(eni.PrivateIpAddress) == address {
				return c.machineOf(g, eni.PrivateIpAddress, text(eni.SubnetId), interfaceGroups(eni))
			}
		}
	}
	return nil
}

func (c *call) machineOf(g *autoscalingGroup, private *string, subnet string, groups []string) *machine {
	address, err := netip.ParseAddr(text(private))
	if err != nil {
		return nil
	}
	m := &machine{
		address: address, name: c.privateDNSName(address),
		endpoint: endpoint{vpc: g.VPC, subnets: []string{subnet}, addresses: []netip.Addr{address}, guarded: true, groups: groups},
	}
	for _, ng := range c.eks().Nodegroups {
		if ng.Group != *g.AutoScalingGroupName {
			continue
		}
		if cluster := c.eks().Clusters[*ng.ClusterName]; cluster != nil {
			m.cluster = c.clusterRef(cluster)
		}
	}
	return m
}
