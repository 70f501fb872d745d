package aws_test

import (
	"maps"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/autoscaling"
	astypes "github.com/aws/aws-sdk-go-v2/service/autoscaling/types"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/aws/aws-sdk-go-v2/service/eks"
	ekstypes "github.com/aws/aws-sdk-go-v2/service/eks/types"
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	elbtypes "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"

	"github.com/modelserving/terraform-provider-serving/internal/sandbox/sandboxtest"
)

func TestNodegroupIsRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.network()
	w.roles()
	do(w, w.eks.CreateCluster, w.clusterInput())
	other := *do(w, w.ec2.CreateVpc, &ec2.CreateVpcInput{CidrBlock: new("10.9.0.0/16")}).Vpc.VpcId
	foreign := w.subnet(other, "10.9.0.0/24", "eu-west-1b")
	scaling := func(low, desired, high int32) *ekstypes.NodegroupScalingConfig {
		return &ekstypes.NodegroupScalingConfig{MinSize: &low, DesiredSize: &desired, MaxSize: &high}
	}
	for name, tc := range map[string]struct {
		change        func(in *eks.CreateNodegroupInput)
		code, message string
	}{
		"cluster":        {func(in *eks.CreateNodegroupInput) { in.ClusterName = new("none") }, "ResourceNotFoundException", "No cluster found"},
		"trust":          {func(in *eks.CreateNodegroupInput) { in.NodeRole = &w.clusterRole }, "InvalidParameterException", "ec2.amazonaws.com"},
		"foreign subnet": {func(in *eks.CreateNodegroupInput) { in.Subnets = []string{foreign} }, "InvalidParameterException", "not in the VPC"},
		"min > desired":  {func(in *eks.CreateNodegroupInput) { in.ScalingConfig = scaling(3, 2, 4) }, "InvalidParameterException", "Minimum capacity 3"},
		"desired > max":  {func(in *eks.CreateNodegroupInput) { in.ScalingConfig = scaling(1, 5, 4) }, "InvalidParameterException", "max size 4"},
		"max zero":       {func(in *eks.CreateNodegroupInput) { in.ScalingConfig = scaling(0, 0, 0) }, "InvalidParameterException", ""},
		"version":        {func(in *eks.CreateNodegroupInput) { in.Version = new("1.35") }, "InvalidParameterException", "Unsupported"},
		"type":           {func(in *eks.CreateNodegroupInput) { in.InstanceTypes = []string{"x9.huge"} }, "InvalidParameterException", "do not exist"},
		"architecture":   {func(in *eks.CreateNodegroupInput) { in.InstanceTypes = []string{"m7g.large"} }, "InvalidParameterException", "not a valid instance type"},
		"GPU image":      {func(in *eks.CreateNodegroupInput) { in.AmiType = ekstypes.AMITypesAl2023X8664Nvidia }, "InvalidParameterException", "not a valid instance type"},
		"GPU type":       {func(in *eks.CreateNodegroupInput) { in.InstanceTypes = []string{"g5.xlarge"} }, "InvalidParameterException", "not a valid instance type"},
		"old image":      {func(in *eks.CreateNodegroupInput) { in.AmiType = ekstypes.AMITypesAl2X8664 }, "InvalidParameterException", "not supported"},
		"label":          {func(in *eks.CreateNodegroupInput) { in.Labels = map[string]string{"a b": "c"} }, "InvalidParameterException", "label key"},
		"reserved label": {func(in *eks.CreateNodegroupInput) { in.Labels = map[string]string{"eks.amazonaws.com/x": "c"} }, "InvalidParameterException", "reserved prefixes"},
		"taint twice": {func(in *eks.CreateNodegroupInput) {
			in.Taints = []ekstypes.Taint{{Key: new("k"), Effect: ekstypes.TaintEffectNoSchedule}, {Key: new("k"), Effect: ekstypes.TaintEffectNoSchedule}}
		}, "InvalidParameterException", "more than once"},
		"update config": {func(in *eks.CreateNodegroupInput) {
			in.UpdateConfig = &ekstypes.NodegroupUpdateConfig{MaxUnavailable: new(int32(1)), MaxUnavailablePercentage: new(int32(10))}
		}, "InvalidParameterException", "same time"},
	} {
		in := w.nodegroupInput()
		tc.change(in)
		t.Run(name, func(t *testing.T) {
			refused(&world{t: t}, w.eks.CreateNodegroup, in, tc.code, tc.message)
		})
	}
}

func TestNodegroupFails(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.network()
	w.roles()
	bare := w.role("bare", "ec2.amazonaws.com", "AmazonEKSWorkerNodePolicy")
	lonely := w.subnet(w.vpc, "10.0.50.0/24", "eu-west-1a")
	do(w, w.eks.CreateCluster, w.clusterInput())
	for name, tc := range map[string]struct {
		change func(in *eks.CreateNodegroupInput)
		want   ekstypes.NodegroupIssueCode
	}{
		"policies":  {func(in *eks.CreateNodegroupInput) { in.NodeRole = &bare }, ekstypes.NodegroupIssueCodeAccessDenied},
		"public":    {func(in *eks.CreateNodegroupInput) { in.Subnets = w.public }, ekstypes.NodegroupIssueCodeEc2SubnetInvalidConfiguration},
		"no-egress": {func(in *eks.CreateNodegroupInput) { in.Subnets = []string{lonely} }, ekstypes.NodegroupIssueCodeNodeCreationFailure},
	} {
		in := w.nodegroupInput()
		in.NodegroupName = &name
		tc.change(in)
		do(w, w.eks.CreateNodegroup, in)
		ng := do(w, w.eks.DescribeNodegroup, &eks.DescribeNodegroupInput{ClusterName: new("c"), NodegroupName: &name}).Nodegroup
		if ng.Status != ekstypes.NodegroupStatusCreateFailed || len(ng.Health.Issues) != 1 || ng.Health.Issues[0].Code != tc.want {
			t.Errorf("%s: %s, %+v", name, ng.Status, ng.Health)
		}
		do(w, w.eks.DeleteNodegroup, &eks.DeleteNodegroupInput{ClusterName: new("c"), NodegroupName: &name})
	}
}

func TestNodegroupLifecycle(t *testing.T) {
	t.Parallel()
	w, clock := slow(t)
	w.network()
	w.roles()
	do(w, w.eks.CreateCluster, w.clusterInput())
	clock.advance(9 * time.Minute)
	in := w.nodegroupInput()
	in.Labels = map[string]string{"a": "1", "b": "2"}
	in.Taints = []ekstypes.Taint{{Key: new("k"), Value: new("v"), Effect: ekstypes.TaintEffectNoSchedule}}
	if ng := do(w, w.eks.CreateNodegroup, in).Nodegroup; ng.Status != ekstypes.NodegroupStatusCreating {
		t.Errorf("a new node group is %s", ng.Status)
	}
	refused(w, w.eks.DeleteCluster, &eks.DeleteClusterInput{Name: new("c")}, "ResourceInUseException", "nodegroups attached")
	update := &eks.UpdateNodegroupConfigInput{
		ClusterName: new("c"), NodegroupName: new("n"),
		Labels:        &ekstypes.UpdateLabelsPayload{AddOrUpdateLabels: map[string]string{"a": "9"}, RemoveLabels: []string{"b"}},
		Taints:        &ekstypes.UpdateTaintsPayload{AddOrUpdateTaints: []ekstypes.Taint{{Key: new("k"), Value: new("w"), Effect: ekstypes.TaintEffectNoSchedule}}},
		ScalingConfig: &ekstypes.NodegroupScalingConfig{MaxSize: new(int32(4)), DesiredSize: new(int32(3))},
	}
	refused(w, w.eks.UpdateNodegroupConfig, update, "InvalidRequestException", "Active State")
	clock.advance(2 * time.Minute)
	do(w, w.eks.UpdateNodegroupConfig, update)
	describe := func() *ekstypes.Nodegroup {
		return do(w, w.eks.DescribeNodegroup, &eks.DescribeNodegroupInput{ClusterName: new("c"), NodegroupName: new("n")}).Nodegroup
	}
	if ng := describe(); ng.Status != ekstypes.NodegroupStatusUpdating || ng.Labels["a"] != "1" {
		t.Errorf("while it updates: %s, %v", ng.Status, ng.Labels)
	}
	// The SDK leaves the token it made in the input, and the same token would answer the update that runs.
	update.ClientRequestToken = nil
	refused(w, w.eks.UpdateNodegroupConfig, update, "ResourceInUseException", "in progress")
	clock.advance(time.Minute)
	ng := describe()
	if ng.Status != ekstypes.NodegroupStatusActive || !maps.Equal(ng.Labels, map[string]string{"a": "9"}) || len(ng.Taints) != 1 || *ng.Taints[0].Value != "w" || *ng.ScalingConfig.DesiredSize != 3 {
		t.Errorf("after the update: %+v", ng)
	}
	// What changes the group behind EKS' back shows in the node group.
	name := ng.Resources.AutoScalingGroups[0].Name
	do(w, w.asg.UpdateAutoScalingGroup, &autoscaling.UpdateAutoScalingGroupInput{AutoScalingGroupName: name, DesiredCapacity: new(int32(4))})
	if got := *describe().ScalingConfig.DesiredSize; got != 4 {
		t.Errorf("desired size %d", got)
	}
	refused(w, w.asg.UpdateAutoScalingGroup, &autoscaling.UpdateAutoScalingGroupInput{AutoScalingGroupName: name, DesiredCapacity: new(int32(5))}, "ValidationError", "above max value")
	do(w, w.eks.DeleteNodegroup, &eks.DeleteNodegroupInput{ClusterName: new("c"), NodegroupName: new("n")})
	clock.advance(5 * time.Minute)
	refused(w, w.eks.DescribeNodegroup, &eks.DescribeNodegroupInput{ClusterName: new("c"), NodegroupName: new("n")}, "ResourceNotFoundException", "No node group found")
	if left := do(w, w.asg.DescribeAutoScalingGroups, &autoscaling.DescribeAutoScalingGroupsInput{}).AutoScalingGroups; len(left) != 0 {
		t.Errorf("%d groups left", len(left))
	}
	workers := do(w, w.ec2.DescribeNetworkInterfaces, &ec2.DescribeNetworkInterfacesInput{Filters: []ec2types.Filter{{Name: new("attachment.instance-id"), Values: []string{"i-*"}}}})
	if len(workers.NetworkInterfaces) != 0 {
		t.Errorf("%d interfaces left", len(workers.NetworkInterfaces))
	}
}

func TestTrafficSources(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.cluster()
	groups := do(w, w.asg.DescribeAutoScalingGroups, &autoscaling.DescribeAutoScalingGroupsInput{
		Filters: []astypes.Filter{{Name: new("tag:eks:nodegroup-name"), Values: []string{"n"}}},
	}).AutoScalingGroups
	if len(groups) != 1 || len(groups[0].Instances) != 2 || groups[0].Instances[0].LifecycleState != astypes.LifecycleStateInService {
		t.Fatalf("groups: %+v", groups)
	}
	name := groups[0].AutoScalingGroupName
	tg := do(w, w.elb.CreateTargetGroup, &elb.CreateTargetGroupInput{Name: new("t"), Protocol: elbtypes.ProtocolEnumHttp, Port: new(int32(30080)), VpcId: &w.vpc}).TargetGroups[0]
	source := []astypes.TrafficSourceIdentifier{{Identifier: tg.TargetGroupArn, Type: new("elbv2")}}
	missing := []astypes.TrafficSourceIdentifier{{Identifier: new(*tg.TargetGroupArn + "0"), Type: new("elbv2")}}
	refused(w, w.asg.AttachTrafficSources, &autoscaling.AttachTrafficSourcesInput{AutoScalingGroupName: name, TrafficSources: missing}, "ValidationError", "Provided Target Groups may not be valid")
	refused(w, w.asg.DetachTrafficSources, &autoscaling.DetachTrafficSourcesInput{AutoScalingGroupName: name, TrafficSources: source}, "ValidationError", "not part of the group")
	for range 2 {
		do(w, w.asg.AttachTrafficSources, &autoscaling.AttachTrafficSourcesInput{AutoScalingGroupName: name, TrafficSources: source})
	}
	states := do(w, w.asg.DescribeTrafficSources, &autoscaling.DescribeTrafficSourcesInput{AutoScalingGroupName: name}).TrafficSources
	if len(states) != 1 || *states[0].State != "Added" {
		t.Errorf("traffic sources: %+v", states)
	}
	health := do(w, w.elb.DescribeTargetHealth, &elb.DescribeTargetHealthInput{TargetGroupArn: tg.TargetGroupArn}).TargetHealthDescriptions
	if len(health) != 2 || *health[0].Target.Port != 30080 {
		t.Errorf("targets: %+v", health)
	}
	do(w, w.asg.DetachTrafficSources, &autoscaling.DetachTrafficSourcesInput{AutoScalingGroupName: name, TrafficSources: source})
	if left := do(w, w.asg.DescribeTrafficSources, &autoscaling.DescribeTrafficSourcesInput{AutoScalingGroupName: name}).TrafficSources; len(left) != 0 {
		t.Errorf("after the detach: %+v", left)
	}
	tag := astypes.Tag{Key: new("k"), Value: new("v"), ResourceId: name, ResourceType: new("auto-scaling-group"), PropagateAtLaunch: new(true)}
	do(w, w.asg.CreateOrUpdateTags, &autoscaling.CreateOrUpdateTagsInput{Tags: []astypes.Tag{tag}})
	tags := do(w, w.asg.DescribeTags, &autoscaling.DescribeTagsInput{Filters: []astypes.Filter{{Name: new("key"), Values: []string{"k"}}}}).Tags
	if len(tags) != 1 || *tags[0].Value != "v" {
		t.Errorf("tags: %+v", tags)
	}
}

func TestStateSurvivesRestart(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	before := newWorld(t, sandboxtest.WithStateDir(dir))
	before.cluster()
	lb, tg := before.balancer("lb"), before.targetGroup("t")
	before.listener(lb, 80, forward(tg))
	before.certificate("a.example.com")
	if err := before.sandbox.Close(); err != nil {
		t.Fatal(err)
	}
	after := newWorld(t, sandboxtest.WithStateDir(dir))
	was, is := before.sandbox.AWS.Census(), after.sandbox.AWS.Census()
	if is.Total == 0 || is.Total != was.Total {
		t.Errorf("%d objects, there were %d", is.Total, was.Total)
	}
	ng := do(after, after.eks.DescribeNodegroup, &eks.DescribeNodegroupInput{ClusterName: new("c"), NodegroupName: new("n")}).Nodegroup
	if ng.Status != ekstypes.NodegroupStatusActive || *ng.ScalingConfig.DesiredSize != 2 {
		t.Errorf("node group: %+v", ng)
	}
	if groups := do(after, after.elb.DescribeTargetGroups, &elb.DescribeTargetGroupsInput{LoadBalancerArn: &lb}).TargetGroups; len(groups) != 1 {
		t.Errorf("%d target groups", len(groups))
	}
}
