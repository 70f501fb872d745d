package aws

import (
	"cmp"
	"reflect"
	"slices"
	"strconv"
	"strings"

	sdkaws "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling"
	astypes "github.com/aws/aws-sdk-go-v2/service/autoscaling/types"
)

func init() {
	handle("autoscaling", "DescribeAutoScalingGroups", (*call).autoscalingDescribeGroups)
	handle("autoscaling", "UpdateAutoScalingGroup", (*call).autoscalingUpdateGroup)
	handle("autoscaling", "SetDesiredCapacity", (*call).autoscalingSetDesiredCapacity)
	handle("autoscaling", "DescribeScalingActivities", (*call).autoscalingDescribeActivities)
}

// autoscalingShow renders a group with its traffic sources.
func autoscalingShow(g *autoscalingGroup, instances bool) astypes.AutoScalingGroup {
	shown := g.AutoScalingGroup
	shown.TargetGroupARNs, shown.TrafficSources = []string{}, []astypes.TrafficSourceIdentifier{}
	for _, t := range g.Traffic {
		if sdkaws.ToString(t.State) == "Removing" {
			continue
		}
		shown.TargetGroupARNs = append(shown.TargetGroupARNs, *t.Identifier)
		shown.TrafficSources = append(shown.TrafficSources, astypes.TrafficSourceIdentifier{Identifier: t.Identifier, Type: t.Type})
	}
	if !instances {
		shown.Instances = nil
	}
	return shown
}

func (c *call) autoscalingDescribeGroups(in *autoscaling.DescribeAutoScalingGroupsInput) (*autoscaling.DescribeAutoScalingGroupsOutput, error) {
	var found []astypes.AutoScalingGroup
	for _, name := range sortedKeys(c.autoscaling().Groups) {
		g := c.autoscaling().Groups[name]
		if len(in.AutoScalingGroupNames) > 0 && !slices.Contains(in.AutoScalingGroupNames, name) && !slices.Contains(in.AutoScalingGroupNames, *g.AutoScalingGroupARN) {
			continue
		}
		match := true
		for _, f := range in.Filters {
			ok, err := autoscalingMatch(g, f)
			if err != nil {
				return nil, err
			}
			match = match && ok
		}
		if match {
			found = append(found, autoscalingShow(g, in.IncludeInstances == nil || *in.IncludeInstances))
		}
	}
	if sdkaws.ToInt32(in.MaxRecords) > 100 {
		return nil, apiError("ValidationError", "The maximum value of MaxRecords is 100")
	}
	page, next, err := autoscalingPage(found, in.NextToken, in.MaxRecords, 50)
	return &autoscaling.DescribeAutoScalingGroupsOutput{AutoScalingGroups: page, NextToken: next}, err
}

func autoscalingMatch(g *autoscalingGroup, f astypes.Filter) (bool, error) {
	name := sdkaws.ToString(f.Name)
	key, byKey := strings.CutPrefix(name, "tag:")
	if !byKey && name != "tag-key" && name != "tag-value" {
		return false, apiError("ValidationError", "Filter type %s is not correct. Allowed Filter types are: tag-key, tag-value, tag:<key>", name)
	}
	for _, t := range g.Tags {
		switch {
		case byKey && *t.Key == key && slices.Contains(f.Values, sdkaws.ToString(t.Value)),
			name == "tag-key" && slices.Contains(f.Values, *t.Key),
			name == "tag-value" && slices.Contains(f.Values, sdkaws.ToString(t.Value)):
			return true, nil
		}
	}
	return false, nil
}

func autoscalingPage[T any](items []T, token *string, size *int32, normal int) ([]T, *string, error) {
	start := 0
	if token != nil {
		n, err := strconv.Atoi(strings.TrimPrefix(*token, "asg-"))
		if err != nil || n < 1 || n > len(items) {
			return nil, nil, apiError("InvalidNextToken", "The NextToken value is not valid.")
		}
		start = n
	}
	end := min(len(items), start+cmp.Or(int(sdkaws.ToInt32(size)), normal))
	page := append([]T{}, items[start:end]...)
	if end < len(items) {
		return page, new("asg-" + strconv.Itoa(end)), nil
	}
	return page, nil, nil
}

func (c *call) autoscalingUpdateGroup(in *autoscaling.UpdateAutoScalingGroupInput) (*autoscaling.UpdateAutoScalingGroupOutput, error) {
	g, err := c.autoscalingGroup(in.AutoScalingGroupName)
	if err != nil {
		return nil, err
	}
	only := autoscaling.UpdateAutoScalingGroupInput{AutoScalingGroupName: in.AutoScalingGroupName, MinSize: in.MinSize, MaxSize: in.MaxSize, DesiredCapacity: in.DesiredCapacity}
	if !reflect.DeepEqual(*in, only) {
		return nil, apiError("ValidationError", "The sandbox changes only the sizes of an Auto Scaling group")
	}
	low, high := cmp.Or(in.MinSize, g.MinSize), cmp.Or(in.MaxSize, g.MaxSize)
	if *low < 0 || *high < 0 {
		return nil, apiError("ValidationError", "Sizes must not be negative")
	}
	if *high < *low {
		return nil, apiError("ValidationError", "Max bound, %d, must be greater than or equal to min bound, %d", *high, *low)
	}
	// Without a desired capacity the present one is moved into the bounds; a given one must fit.
	desired := min(max(*g.DesiredCapacity, *low), *high)
	if in.DesiredCapacity != nil {
		desired = *in.DesiredCapacity
	}
	if err := autoscalingBounds(desired, *low, *high); err != nil {
		return nil, err
	}
	if sdkaws.ToString(g.Status) != "" {
		return nil, apiError("ScalingActivityInProgress", "AutoScalingGroup '%s' is being deleted", *g.AutoScalingGroupName)
	}
	g.MinSize, g.MaxSize = new(*low), new(*high)
	return &autoscaling.UpdateAutoScalingGroupOutput{}, c.autoscalingScale(g, desired)
}

func autoscalingBounds(desired, low, high int32) error {
	if desired > high {
		return apiError("ValidationError", "New SetDesiredCapacity value %d is above max value %d for the AutoScalingGroup.", desired, high)
	}
	if desired < low {
		return apiError("ValidationError", "New SetDesiredCapacity value %d is below min value %d for the AutoScalingGroup.", desired, low)
	}
	return nil
}

func (c *call) autoscalingSetDesiredCapacity(in *autoscaling.SetDesiredCapacityInput) (*autoscaling.SetDesiredCapacityOutput, error) {
	g, err := c.autoscalingGroup(in.AutoScalingGroupName)
	if err != nil {
		return nil, err
	}
	if err := autoscalingBounds(*in.DesiredCapacity, *g.MinSize, *g.MaxSize); err != nil {
		return nil, err
	}
	return &autoscaling.SetDesiredCapacityOutput{}, c.autoscalingScale(g, *in.DesiredCapacity)
}

// autoscalingDescribeActivities has no history to tell.
func (c *call) autoscalingDescribeActivities(in *autoscaling.DescribeScalingActivitiesInput) (*autoscaling.DescribeScalingActivitiesOutput, error) {
	if in.AutoScalingGroupName != nil && !sdkaws.ToBool(in.IncludeDeletedGroups) {
		if _, err := c.autoscalingGroup(in.AutoScalingGroupName); err != nil {
			return nil, err
		}
	}
	return &autoscaling.DescribeScalingActivitiesOutput{Activities: []astypes.Activity{}}, nil
}
