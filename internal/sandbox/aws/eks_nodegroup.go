package aws

import (
	"maps"
	"slices"

	sdkaws "github.com/aws/aws-sdk-go-v2/aws"
	astypes "github.com/aws/aws-sdk-go-v2/service/autoscaling/types"
	"github.com/aws/aws-sdk-go-v2/service/eks"
	ekstypes "github.com/aws/aws-sdk-go-v2/service/eks/types"
)

func init() {
	handle("eks", "CreateNodegroup", (*call).eksCreateNodegroup)
	handle("eks", "DescribeNodegroup", (*call).eksDescribeNodegroup)
	handle("eks", "ListNodegroups", (*call).eksListNodegroups)
	handle("eks", "DeleteNodegroup", (*call).eksDeleteNodegroup)
	onSettle("eks.nodegroup", (*call).eksSettleNodegroup)
}

func (c *call) eksCreateNodegroup(in *eks.CreateNodegroupInput) (*eks.CreateNodegroupOutput, error) {
	cluster, err := c.eksCluster(in.ClusterName)
	if err != nil {
		return nil, err
	}
	request := *in
	request.ClientRequestToken = nil
	if id, err := c.eksRepeated("CreateNodegroup", in.ClientRequestToken, request); err != nil {
		return nil, err
	} else if ng := c.eks().Nodegroups[id]; ng != nil {
		return &eks.CreateNodegroupOutput{Nodegroup: c.eksShowNodegroup(ng)}, nil
	}
	ng, err := c.eksPlanNodegroup(cluster, in)
	if err != nil {
		return nil, err
	}
	key := *in.ClusterName + "/" + *in.NodegroupName
	if c.eks().Nodegroups[key] != nil {
		return nil, eksError("ResourceInUseException", *in.ClusterName, *in.NodegroupName, "NodeGroup already exists with name %s and cluster name %s", *in.NodegroupName, *in.ClusterName)
	}
	if cluster.Status != ekstypes.ClusterStatusActive {
		return nil, eksError("InvalidRequestException", *in.ClusterName, *in.NodegroupName, "Cluster '%s' is not in ACTIVE status", *in.ClusterName)
	}
	count := 0
	for _, other := range c.eks().Nodegroups {
		if *other.ClusterName == *in.ClusterName {
			count++
		}
	}
	if count >= c.quota("eks.nodegroups_per_cluster") {
		return nil, eksError("ResourceLimitExceededException", *in.ClusterName, *in.NodegroupName, "The maximum number of node groups of cluster %s has been reached.", *in.ClusterName)
	}
	ng.NodegroupArn = new(c.arn("eks", "nodegroup/"+key+"/"+c.newUUID()))
	ng.CreatedAt, ng.ModifiedAt = new(c.now()), new(c.now())
	ng.Status = ekstypes.NodegroupStatusCreating
	ng.Health = &ekstypes.NodegroupHealth{Issues: []ekstypes.Issue{}}
	ng.Resources = &ekstypes.NodegroupResources{}
	c.eks().Nodegroups[key] = ng
	c.eksNodeEntry(cluster, *ng.NodeRole)
	c.eksMakeGroup(cluster, ng)
	c.keepToken("eks.CreateNodegroup", in.ClientRequestToken, request, key)
	c.after("eks.nodegroup.create", transition{Kind: "eks.nodegroup", ID: key, To: "ACTIVE"})
	return &eks.CreateNodegroupOutput{Nodegroup: c.eksShowNodegroup(ng)}, nil
}

// eksMakeGroup makes the Auto Scaling group behind a node group. It launches once the node group proves healthy.
func (c *call) eksMakeGroup(cluster *eksCluster, ng *eksNodegroup) {
	id := c.newUUID()
	ng.Group = "eks-" + *ng.NodegroupName + "-" + id
	g := &autoscalingGroup{VPC: *cluster.ResourcesVpcConfig.VpcId, Subnets: slices.Clone(ng.Subnets), SecurityGroups: []string{cluster.SecurityGroup}, Interfaces: map[string]string{}}
	g.AutoScalingGroupName = new(ng.Group)
	g.AutoScalingGroupARN = new(c.arn("autoscaling", "autoScalingGroup:"+c.newUUID()+":autoScalingGroupName/"+ng.Group))
	g.CreatedTime = new(c.now())
	g.MinSize, g.MaxSize, g.DesiredCapacity = ng.ScalingConfig.MinSize, ng.ScalingConfig.MaxSize, new(*ng.ScalingConfig.DesiredSize)
	g.DefaultCooldown, g.HealthCheckGracePeriod, g.HealthCheckType = new(int32(300)), new(int32(15)), new("EC2")
	g.CapacityRebalance, g.NewInstancesProtectedFromScaleIn = new(true), new(false)
	g.TerminationPolicies = []string{"AllocationStrategy", "OldestLaunchTemplate", "OldestInstance"}
	g.ServiceLinkedRoleARN = new(c.arn("iam", "role/aws-service-role/autoscaling.amazonaws.com/AWSServiceRoleForAutoScaling"))
	zones := map[string]bool{}
	identifier := ""
	for _, subnet := range ng.Subnets {
		zones[*c.region().Subnets[subnet].AvailabilityZone] = true
		identifier += "," + subnet
	}
	g.AvailabilityZones, g.VPCZoneIdentifier = sortedKeys(zones), new(identifier[1:])
	template := &astypes.LaunchTemplateSpecification{LaunchTemplateId: new(c.newID("lt")), LaunchTemplateName: new("eks-" + id), Version: new("1")}
	policy := &astypes.MixedInstancesPolicy{
		LaunchTemplate: &astypes.LaunchTemplate{LaunchTemplateSpecification: template},
		InstancesDistribution: &astypes.InstancesDistribution{
			OnDemandAllocationStrategy: new("prioritized"), OnDemandBaseCapacity: new(int32(0)), OnDemandPercentageAboveBaseCapacity: new(int32(100)),
			SpotAllocationStrategy: new("price-capacity-optimized"),
		},
	}
	if ng.CapacityType == ekstypes.CapacityTypesSpot {
		policy.InstancesDistribution.OnDemandPercentageAboveBaseCapacity = new(int32(0))
	}
	for _, kind := range ng.InstanceTypes {
		policy.LaunchTemplate.Overrides = append(policy.LaunchTemplate.Overrides, astypes.LaunchTemplateOverrides{InstanceType: new(kind)})
	}
	g.MixedInstancesPolicy = policy
	for key, value := range map[string]string{
		"eks:cluster-name": *cluster.Name, "eks:nodegroup-name": *ng.NodegroupName, "k8s.io/cluster-autoscaler/enabled": "true",
		"k8s.io/cluster-autoscaler/" + *cluster.Name: "owned", "kubernetes.io/cluster/" + *cluster.Name: "owned",
	} {
		g.setTag(key, value, true)
	}
	c.autoscaling().Groups[ng.Group] = g
}

// eksNodegroupIssue finds what keeps nodes from joining. AWS takes such a node group and reports it minutes later.
func (c *call) eksNodegroupIssue(ng *eksNodegroup) *ekstypes.Issue {
	missing := c.eksMissingPolicies(*ng.NodeRole, []string{
		"AmazonEKSWorkerNodePolicy|AmazonEKSWorkerNodeMinimalPolicy", "AmazonEKS_CNI_Policy",
		"AmazonEC2ContainerRegistryReadOnly|AmazonEC2ContainerRegistryPullOnly|AmazonEC2ContainerRegistryPowerUser|AmazonEC2ContainerRegistryFullAccess",
	})
	if len(missing) > 0 {
		issue := &ekstypes.Issue{Code: ekstypes.NodegroupIssueCodeAccessDenied, ResourceIds: []string{*ng.NodeRole}}
		issue.Message = new("The node role " + *ng.NodeRole + " lacks the managed policies " + missing[0] + " and what else nodes need to join the cluster")
		return issue
	}
	for _, id := range ng.Subnets {
		subnet := c.region().Subnets[id]
		if subnet == nil {
			return &ekstypes.Issue{Code: ekstypes.NodegroupIssueCodeEc2SubnetNotFound, Message: new("The subnet " + id + " does not exist"), ResourceIds: []string{id}}
		}
		route := c.eksSubnetRoute(id)
		if route == "internet" && !sdkaws.ToBool(subnet.MapPublicIpOnLaunch) {
			return &ekstypes.Issue{Code: ekstypes.NodegroupIssueCodeEc2SubnetInvalidConfiguration, ResourceIds: []string{id}, Message: new("One or more Amazon EC2 Subnets of [" + id +
				"] for node group " + *ng.NodegroupName + " does not automatically assign public IP addresses to instances launched into it. If you want your instances to be assigned a public IP address, then you need to enable auto-assign public IP address for the subnet.")}
		}
		if route == "" && *ng.ScalingConfig.DesiredSize > 0 {
			return &ekstypes.Issue{Code: ekstypes.NodegroupIssueCodeNodeCreationFailure, ResourceIds: []string{id}, Message: new("Instances failed to join the kubernetes cluster: subnet " + id + " has no route to the image registry and the cluster endpoint")}
		}
	}
	return nil
}

func (c *call) eksSettleNodegroup(key, to string) {
	ng := c.eks().Nodegroups[key]
	if ng == nil {
		return
	}
	g := c.autoscaling().Groups[ng.Group]
	switch {
	case to == "ACTIVE" && ng.Status == ekstypes.NodegroupStatusCreating:
		ng.Resources = &ekstypes.NodegroupResources{AutoScalingGroups: []ekstypes.AutoScalingGroup{{Name: new(ng.Group)}}}
		ng.Status = ekstypes.NodegroupStatusActive
		issue := c.eksNodegroupIssue(ng)
		if issue == nil && g != nil {
			if err := c.autoscalingScale(g, *g.DesiredCapacity); err != nil {
				issue = &ekstypes.Issue{Code: ekstypes.NodegroupIssueCodeAsgInstanceLaunchFailures, Message: new(err.Error()), ResourceIds: []string{ng.Group}}
			}
		}
		if issue != nil {
			ng.Status = ekstypes.NodegroupStatusCreateFailed
			ng.Health.Issues = []ekstypes.Issue{*issue}
		}
		if g != nil {
			c.eksInService(g)
		}
	case to == "DELETED" && ng.Status == ekstypes.NodegroupStatusDeleting:
		if g != nil {
			for _, i := range slices.Clone(g.Instances) {
				c.autoscalingDrop(g, *i.InstanceId)
			}
			delete(c.autoscaling().Groups, ng.Group)
		}
		for id, update := range c.eks().Updates {
			if update.Cluster == *ng.ClusterName && update.Nodegroup == *ng.NodegroupName {
				delete(c.eks().Updates, id)
			}
		}
		delete(c.eks().Nodegroups, key)
	}
}

// eksInService skips the launch time: a node group is active when its nodes have joined, so they run by then.
func (c *call) eksInService(g *autoscalingGroup) {
	for i := range g.Instances {
		if g.Instances[i].LifecycleState == astypes.LifecycleStatePending {
			g.Instances[i].LifecycleState = astypes.LifecycleStateInService
		}
	}
	c.autoscalingRegister(g)
}

// eksShowNodegroup renders a node group with the sizes of its Auto Scaling group, which a cluster autoscaler may have changed.
func (c *call) eksShowNodegroup(ng *eksNodegroup) *ekstypes.Nodegroup {
	shown := ng.Nodegroup
	if g := c.autoscaling().Groups[ng.Group]; g != nil {
		shown.ScalingConfig = &ekstypes.NodegroupScalingConfig{MinSize: g.MinSize, MaxSize: g.MaxSize, DesiredSize: g.DesiredCapacity}
	}
	return &shown
}

func (c *call) eksDescribeNodegroup(in *eks.DescribeNodegroupInput) (*eks.DescribeNodegroupOutput, error) {
	_, ng, err := c.eksNodegroup(in.ClusterName, in.NodegroupName)
	if err != nil {
		return nil, err
	}
	return &eks.DescribeNodegroupOutput{Nodegroup: c.eksShowNodegroup(ng)}, nil
}

func (c *call) eksListNodegroups(in *eks.ListNodegroupsInput) (*eks.ListNodegroupsOutput, error) {
	if _, err := c.eksCluster(in.ClusterName); err != nil {
		return nil, err
	}
	names := []string{}
	for ng := range maps.Values(c.eks().Nodegroups) {
		if *ng.ClusterName == *in.ClusterName {
			names = append(names, *ng.NodegroupName)
		}
	}
	slices.Sort(names)
	page, next, err := eksPage(names, in.NextToken, in.MaxResults)
	return &eks.ListNodegroupsOutput{Nodegroups: page, NextToken: next}, err
}

func (c *call) eksDeleteNodegroup(in *eks.DeleteNodegroupInput) (*eks.DeleteNodegroupOutput, error) {
	_, ng, err := c.eksNodegroup(in.ClusterName, in.NodegroupName)
	if err != nil {
		return nil, err
	}
	switch ng.Status {
	case ekstypes.NodegroupStatusCreating, ekstypes.NodegroupStatusUpdating, ekstypes.NodegroupStatusDeleting:
		return nil, eksError("ResourceInUseException", *in.ClusterName, *in.NodegroupName, "Nodegroup %s cannot be deleted while it is %s", *in.NodegroupName, ng.Status)
	}
	ng.Status = ekstypes.NodegroupStatusDeleting
	if g := c.autoscaling().Groups[ng.Group]; g != nil {
		g.Status = new("Delete in progress")
		for _, i := range g.Instances {
			c.autoscalingTerminate(g, *i.InstanceId)
		}
	}
	c.after("eks.nodegroup.delete", transition{Kind: "eks.nodegroup", ID: *in.ClusterName + "/" + *in.NodegroupName, To: "DELETED"})
	return &eks.DeleteNodegroupOutput{Nodegroup: c.eksShowNodegroup(ng)}, nil
}
