package aws

import (
	"context"
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
// another Auto Scaling group at any time; the list is read anew each time.
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

type trafficSourcesLive struct {
	Groups []astypes.AutoScalingGroup
}

var _ stack.Kind[trafficSourcesSpec, trafficSourcesLive] = trafficSources{}

func (k trafficSources) Find(ctx context.Context, _ string) ([]*trafficSourcesLive, error) {
	nodeGroup, err := k.nodeGroup.Found(ctx)
	if nodeGroup == nil || err != nil {
		return nil, err
	}
	live := &trafficSourcesLive{}
	attached := false
	for _, name := range scalingGroups(nodeGroup) {
		group, err := k.reader.scalingGroups.Get(ctx, name)
		if err != nil {
			return nil, err
		}
		if group != nil {
			live.Groups = append(live.Groups, *group)
			attached = attached || len(k.ours(*group)) > 0
		}
	}
	if !attached {
		return nil, nil
	}
	return []*trafficSourcesLive{live}, nil
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
		parts := strings.Split(aws.ToString(s.Identifier), "/")
		if len(parts) > 1 && slices.Contains(k.targetGroups, parts[1]) {
			out = append(out, aws.ToString(s.Identifier))
		}
	}
	return out
}

func (k trafficSources) ID(live *trafficSourcesLive) string {
	var names []string
	for _, g := range live.Groups {
		names = append(names, aws.ToString(g.AutoScalingGroupName))
	}
	return strings.Join(names, ",")
}

func (k trafficSources) State(*trafficSourcesLive) stack.State { return stack.State{} }

func (k trafficSources) Diff(_ string, want trafficSourcesSpec, live *trafficSourcesLive) []stack.Difference {
	var diffs []stack.Difference
	for _, g := range live.Groups {
		diffs = append(diffs, sameSet("target group of "+aws.ToString(g.AutoScalingGroupName), k.ours(g), []string{want.TargetGroup})...)
	}
	return diffs
}

func (k trafficSources) Create(ctx context.Context, _ string, want trafficSourcesSpec, _ string) error {
	for _, name := range scalingGroups(k.nodeGroup.Live()) {
		if err := k.attach(ctx, name, want.TargetGroup); err != nil {
			return err
		}
	}
	return nil
}

// Update attaches before it detaches.
func (k trafficSources) Update(ctx context.Context, _ string, want trafficSourcesSpec, live *trafficSourcesLive, _ []stack.Difference) error {
	for _, g := range live.Groups {
		if !slices.Contains(k.ours(g), want.TargetGroup) {
			if err := k.attach(ctx, aws.ToString(g.AutoScalingGroupName), want.TargetGroup); err != nil {
				return err
			}
		}
		for _, arn := range k.ours(g) {
			if arn == want.TargetGroup {
				continue
			}
			if err := k.detach(ctx, aws.ToString(g.AutoScalingGroupName), arn); err != nil {
				return err
			}
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
	for _, g := range live.Groups {
		for _, arn := range k.ours(g) {
			if err := k.detach(ctx, aws.ToString(g.AutoScalingGroupName), arn); err != nil {
				return err
			}
		}
	}
	return nil
}
