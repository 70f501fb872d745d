package aws

import (
	"context"
	"maps"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling"
	astypes "github.com/aws/aws-sdk-go-v2/service/autoscaling/types"
	ekstypes "github.com/aws/aws-sdk-go-v2/service/eks/types"

	"github.com/modelserving/terraform-provider-serving/internal/stack"
)

// trafficSources attach a node group's Auto Scaling groups to the target group,
// so that every node that comes registers itself. EKS may give a node group
// another Auto Scaling group at any time; the list is read anew each time. When
// the load balancer is replaced, nodes serve the old target group until its
// callers are gone.
type trafficSources struct {
	*client
	nodeGroup *stack.Object[nodeGroupSpec, ekstypes.Nodegroup]
	// targetGroups are the names that the stack's target groups can have; other
	// target groups on the Auto Scaling group are somebody else's.
	targetGroups []string
}

type trafficSourcesSpec struct {
	TargetGroup string
}

// trafficSourcesLive is one target group and who is attached to it.
type trafficSourcesLive struct {
	TargetGroup string
	// Groups are all Auto Scaling groups of the node group, Attached those that
	// register their nodes.
	Groups, Attached []string
}

var (
	_ stack.Kind[trafficSourcesSpec, trafficSourcesLive] = trafficSources{}
	_ stack.Replacer                                     = trafficSources{}
)

// Replaceable is true because a new load balancer has a new target group.
func (k trafficSources) Replaceable() {}

func (k trafficSources) Find(ctx context.Context, _ string) ([]*trafficSourcesLive, error) {
	nodeGroup, err := k.nodeGroup.Found(ctx)
	if nodeGroup == nil || err != nil {
		return nil, err
	}
	var groups []string
	attached := map[string][]string{}
	for _, name := range scalingGroups(nodeGroup) {
		group, err := k.reader.scalingGroups.Get(ctx, name)
		if err != nil {
			return nil, err
		}
		if group == nil {
			continue
		}
		groups = append(groups, name)
		for _, arn := range k.ours(*group) {
			attached[arn] = append(attached[arn], name)
		}
	}
	var out []*trafficSourcesLive
	for _, arn := range slices.Sorted(maps.Keys(attached)) {
		out = append(out, &trafficSourcesLive{TargetGroup: arn, Groups: groups, Attached: attached[arn]})
	}
	return out, nil
}

func scalingGroups(live *ekstypes.Nodegroup) []string {
	var out []string
	if live.Resources != nil {
		for _, g := range live.Resources.AutoScalingGroups {
			out = append(out, aws.ToString(g.Name))
		}
	}
	return out
}

// ours are the target groups of the stack that a group is attached to.
func (k trafficSources) ours(g astypes.AutoScalingGroup) []string {
	var out []string
	for _, s := range g.TrafficSources {
		if slices.Contains(k.targetGroups, targetGroupName(aws.ToString(s.Identifier))) {
			out = append(out, aws.ToString(s.Identifier))
		}
	}
	return out
}

// targetGroupName is the name in a target group's ARN, empty in any other.
func targetGroupName(arn string) string {
	if parts := strings.Split(arn, "/"); len(parts) > 1 {
		return parts[1]
	}
	return ""
}

// ID names the target group and the Auto Scaling groups that there are: nothing
// of the cloud's own does.
func (k trafficSources) ID(live *trafficSourcesLive) string {
	return targetGroupName(live.TargetGroup) + "/" + strings.Join(live.Groups, ",")
}

func (k trafficSources) State(*trafficSourcesLive) stack.State { return stack.State{} }

func (k trafficSources) Diff(_ string, want trafficSourcesSpec, live *trafficSourcesLive) []stack.Difference {
	diffs := fixed("target group", live.TargetGroup, want.TargetGroup)
	return append(diffs, sameSet("attached Auto Scaling group", live.Attached, live.Groups)...)
}

func (k trafficSources) Create(ctx context.Context, _ string, want trafficSourcesSpec, _ string) error {
	return k.attachAll(ctx, scalingGroups(k.nodeGroup.Live()), want.TargetGroup)
}

func (k trafficSources) Update(ctx context.Context, _ string, want trafficSourcesSpec, live *trafficSourcesLive, _ []stack.Difference) error {
	return k.attachAll(ctx, without(live.Groups, live.Attached), want.TargetGroup)
}

func (k trafficSources) attachAll(ctx context.Context, groups []string, targetGroup string) error {
	for _, group := range groups {
		if err := k.attach(ctx, group, targetGroup); err != nil {
			return err
		}
	}
	return nil
}

func (k trafficSources) attach(ctx context.Context, group, targetGroup string) error {
	_, err := k.autoscaling.AttachTrafficSources(ctx, &autoscaling.AttachTrafficSourcesInput{AutoScalingGroupName: &group, TrafficSources: []astypes.TrafficSourceIdentifier{{Identifier: &targetGroup, Type: aws.String("elbv2")}}})
	return err
}

func (k trafficSources) detach(ctx context.Context, group, targetGroup string) error {
	_, err := k.autoscaling.DetachTrafficSources(ctx, &autoscaling.DetachTrafficSourcesInput{AutoScalingGroupName: &group, TrafficSources: []astypes.TrafficSourceIdentifier{{Identifier: &targetGroup, Type: aws.String("elbv2")}}})
	return err
}

func (k trafficSources) Delete(ctx context.Context, live *trafficSourcesLive) error {
	for _, group := range live.Attached {
		if err := k.detach(ctx, group, live.TargetGroup); err != nil {
			return err
		}
	}
	return nil
}
