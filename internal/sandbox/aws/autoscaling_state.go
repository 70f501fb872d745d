package aws

import (
	"slices"

	sdkaws "github.com/aws/aws-sdk-go-v2/aws"
	astypes "github.com/aws/aws-sdk-go-v2/service/autoscaling/types"
)

// autoscalingState is what Auto Scaling holds in one region, keyed by group name.
type autoscalingState struct {
	Groups map[string]*autoscalingGroup
}

// autoscalingGroup is a group with what describes of other actions show. TrafficSources and TargetGroupARNs of the
// embedded type are derived from Traffic when shown.
type autoscalingGroup struct {
	astypes.AutoScalingGroup
	Traffic []astypes.TrafficSourceState
	// VPC, Subnets and SecurityGroups place the instances.
	VPC            string
	Subnets        []string
	SecurityGroups []string
	// Interfaces maps an instance to its network interface.
	Interfaces map[string]string
	// Launched counts instances over the group's life, which spreads them over its subnets.
	Launched int
}

func (c *call) autoscaling() *autoscalingState { return &c.region().AutoScaling }

func init() {
	// Groups come and go with node groups here, so they are nobody's own.
	registerKind("autoscaling.auto_scaling_group", func(r *Region) any { return r.AutoScaling.Groups },
		live(func(_ *Region, g *autoscalingGroup) bool {
			return !slices.ContainsFunc(g.Tags, func(t astypes.TagDescription) bool { return sdkaws.ToString(t.Key) == "eks:nodegroup-name" })
		}))
}

func (c *call) autoscalingGroup(name *string) (*autoscalingGroup, error) {
	g := c.autoscaling().Groups[sdkaws.ToString(name)]
	if g == nil {
		return nil, apiError("ValidationError", "AutoScalingGroup name not found - AutoScalingGroup '%s' not found", sdkaws.ToString(name))
	}
	return g, nil
}

// autoscalingInstanceVPC is the VPC of a running instance, or empty.
func (c *call) autoscalingInstanceVPC(id string) string {
	for _, g := range c.autoscaling().Groups {
		for _, i := range g.Instances {
			if sdkaws.ToString(i.InstanceId) == id && i.LifecycleState == astypes.LifecycleStateInService {
				return g.VPC
			}
		}
	}
	return ""
}
