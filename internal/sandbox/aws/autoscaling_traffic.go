package aws

import (
	"slices"
	"strings"

	sdkaws "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling"
	astypes "github.com/aws/aws-sdk-go-v2/service/autoscaling/types"
	elbtypes "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"
)

func init() {
	handle("autoscaling", "AttachTrafficSources", (*call).autoscalingAttachTrafficSources)
	handle("autoscaling", "DetachTrafficSources", (*call).autoscalingDetachTrafficSources)
	handle("autoscaling", "DescribeTrafficSources", (*call).autoscalingDescribeTrafficSources)
	handle("autoscaling", "AttachLoadBalancerTargetGroups", (*call).autoscalingAttachTargetGroups)
	handle("autoscaling", "DetachLoadBalancerTargetGroups", (*call).autoscalingDetachTargetGroups)
	handle("autoscaling", "DescribeLoadBalancerTargetGroups", (*call).autoscalingDescribeTargetGroups)
	onSettle("autoscaling.traffic_source", func(c *call, id, to string) {
		name, arn, _ := strings.Cut(id, "|")
		g := c.autoscaling().Groups[name]
		if g == nil {
			return
		}
		at := g.trafficIndex(arn)
		if at < 0 {
			return
		}
		switch state := *g.Traffic[at].State; {
		case to == "Removed" && state == "Removing":
			g.Traffic = slices.Delete(g.Traffic, at, at+1)
		case to == "Added" && state == "Adding":
			g.Traffic[at].State = new(to)
			// InService needs ELB health checks on the group, which node groups do not turn on.
			if sdkaws.ToString(g.HealthCheckType) == "ELB" {
				g.Traffic[at].State = new("InService")
			}
			c.autoscalingRegister(g)
		}
	})
}

func (g *autoscalingGroup) trafficIndex(arn string) int {
	return slices.IndexFunc(g.Traffic, func(t astypes.TrafficSourceState) bool { return *t.Identifier == arn })
}

func (c *call) autoscalingAttachTrafficSources(in *autoscaling.AttachTrafficSourcesInput) (*autoscaling.AttachTrafficSourcesOutput, error) {
	arns, err := autoscalingTargetGroupARNs(in.TrafficSources)
	if err != nil {
		return nil, err
	}
	return &autoscaling.AttachTrafficSourcesOutput{}, c.autoscalingAttach(in.AutoScalingGroupName, arns)
}

func autoscalingTargetGroupARNs(sources []astypes.TrafficSourceIdentifier) ([]string, error) {
	var arns []string
	for _, s := range sources {
		if kind := sdkaws.ToString(s.Type); kind != "" && kind != "elbv2" {
			return nil, apiError("ValidationError", "The sandbox has traffic sources of type 'elbv2' only, not '%s'", kind)
		}
		arns = append(arns, sdkaws.ToString(s.Identifier))
	}
	return arns, nil
}

func (c *call) autoscalingAttach(name *string, arns []string) error {
	g, err := c.autoscalingGroup(name)
	if err != nil {
		return err
	}
	if len(arns) > 10 {
		return apiError("ValidationError", "Trying to update too many Target Groups at once. The limit is 10")
	}
	for i, arn := range arns {
		tg := c.elb().TargetGroups[arn]
		if tg == nil || slices.Contains(arns[:i], arn) {
			return apiError("ValidationError", "Provided Target Groups may not be valid. Please ensure they exist and try again.")
		}
		if tg.TargetType != elbtypes.TargetTypeEnumInstance {
			return apiError("ValidationError", "Provided Target Groups may not be valid. Target group '%s' must have the target type 'instance'.", arn)
		}
		if *tg.VpcId != g.VPC {
			return apiError("ValidationError", "Provided Target Groups may not be valid. Target group '%s' is in another VPC than the Auto Scaling group.", arn)
		}
	}
	if sdkaws.ToString(g.Status) != "" {
		return apiError("ValidationError", "AutoScalingGroup '%s' is being deleted", *g.AutoScalingGroupName)
	}
	added := slices.DeleteFunc(slices.Clone(arns), func(arn string) bool { return g.trafficIndex(arn) >= 0 })
	if len(g.Traffic)+len(added) > 50 {
		return apiError("LimitExceeded", "The maximum number of target groups per Auto Scaling group is 50")
	}
	for _, arn := range arns {
		at := g.trafficIndex(arn)
		switch {
		case at < 0:
			g.Traffic = append(g.Traffic, astypes.TrafficSourceState{Identifier: new(arn), TrafficSource: new(arn), Type: new("elbv2"), State: new("Adding")})
		case *g.Traffic[at].State == "Removing":
			g.Traffic[at].State = new("Adding")
		default:
			// Attaching is additive: what is attached already stays as it is.
			continue
		}
		c.after("autoscaling.traffic_source.attach", transition{Kind: "autoscaling.traffic_source", ID: *name + "|" + arn, To: "Added"})
	}
	return nil
}

func (c *call) autoscalingDetachTrafficSources(in *autoscaling.DetachTrafficSourcesInput) (*autoscaling.DetachTrafficSourcesOutput, error) {
	arns, err := autoscalingTargetGroupARNs(in.TrafficSources)
	if err != nil {
		return nil, err
	}
	return &autoscaling.DetachTrafficSourcesOutput{}, c.autoscalingDetach(in.AutoScalingGroupName, arns)
}

func (c *call) autoscalingDetach(name *string, arns []string) error {
	g, err := c.autoscalingGroup(name)
	if err != nil {
		return err
	}
	if len(arns) > 10 {
		return apiError("ValidationError", "Trying to update too many Target Groups at once. The limit is 10")
	}
	for _, arn := range arns {
		if at := g.trafficIndex(arn); at < 0 || *g.Traffic[at].State == "Removing" {
			return apiError("ValidationError", "Trying to remove Target Groups that are not part of the group")
		}
	}
	for _, arn := range arns {
		g.Traffic[g.trafficIndex(arn)].State = new("Removing")
		for _, i := range g.Instances {
			c.autoscalingDeregister(arn, *i.InstanceId)
		}
		c.after("autoscaling.traffic_source.detach", transition{Kind: "autoscaling.traffic_source", ID: *name + "|" + arn, To: "Removed"})
	}
	return nil
}

func (c *call) autoscalingDescribeTrafficSources(in *autoscaling.DescribeTrafficSourcesInput) (*autoscaling.DescribeTrafficSourcesOutput, error) {
	g, err := c.autoscalingGroup(in.AutoScalingGroupName)
	if err != nil {
		return nil, err
	}
	var found []astypes.TrafficSourceState
	switch kind := sdkaws.ToString(in.TrafficSourceType); kind {
	case "", "elbv2":
		found = g.Traffic
	case "elb", "vpc-lattice":
	default:
		return nil, apiError("ValidationError", "Traffic source type '%s' must be one of elb, elbv2, vpc-lattice", kind)
	}
	page, next, err := autoscalingPage(found, in.NextToken, in.MaxRecords, 50)
	return &autoscaling.DescribeTrafficSourcesOutput{TrafficSources: page, NextToken: next}, err
}

func (c *call) autoscalingAttachTargetGroups(in *autoscaling.AttachLoadBalancerTargetGroupsInput) (*autoscaling.AttachLoadBalancerTargetGroupsOutput, error) {
	return &autoscaling.AttachLoadBalancerTargetGroupsOutput{}, c.autoscalingAttach(in.AutoScalingGroupName, in.TargetGroupARNs)
}

func (c *call) autoscalingDetachTargetGroups(in *autoscaling.DetachLoadBalancerTargetGroupsInput) (*autoscaling.DetachLoadBalancerTargetGroupsOutput, error) {
	return &autoscaling.DetachLoadBalancerTargetGroupsOutput{}, c.autoscalingDetach(in.AutoScalingGroupName, in.TargetGroupARNs)
}

func (c *call) autoscalingDescribeTargetGroups(in *autoscaling.DescribeLoadBalancerTargetGroupsInput) (*autoscaling.DescribeLoadBalancerTargetGroupsOutput, error) {
	g, err := c.autoscalingGroup(in.AutoScalingGroupName)
	if err != nil {
		return nil, err
	}
	var found []astypes.LoadBalancerTargetGroupState
	for _, t := range g.Traffic {
		found = append(found, astypes.LoadBalancerTargetGroupState{LoadBalancerTargetGroupARN: t.Identifier, State: t.State})
	}
	page, next, err := autoscalingPage(found, in.NextToken, in.MaxRecords, 100)
	return &autoscaling.DescribeLoadBalancerTargetGroupsOutput{LoadBalancerTargetGroups: page, NextToken: next}, err
}
