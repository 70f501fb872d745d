package aws

import (
	"slices"
	"strings"

	sdkaws "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling"
	astypes "github.com/aws/aws-sdk-go-v2/service/autoscaling/types"
)

func init() {
	handle("autoscaling", "CreateOrUpdateTags", (*call).autoscalingCreateTags)
	handle("autoscaling", "DeleteTags", (*call).autoscalingDeleteTags)
	handle("autoscaling", "DescribeTags", (*call).autoscalingDescribeTags)
}

// autoscalingTagged checks a tag and finds its group.
func (c *call) autoscalingTagged(t astypes.Tag) (*autoscalingGroup, error) {
	if sdkaws.ToString(t.ResourceType) != "auto-scaling-group" {
		return nil, apiError("ValidationError", "The resource type '%s' must be 'auto-scaling-group'", sdkaws.ToString(t.ResourceType))
	}
	if strings.HasPrefix(strings.ToLower(sdkaws.ToString(t.Key)), "aws:") {
		return nil, apiError("ValidationError", "Tag keys that begin with 'aws:' are reserved: '%s'", *t.Key)
	}
	return c.autoscalingGroup(t.ResourceId)
}

func (g *autoscalingGroup) setTag(key, value string, propagate bool) {
	tag := astypes.TagDescription{Key: new(key), Value: new(value), PropagateAtLaunch: new(propagate), ResourceId: g.AutoScalingGroupName, ResourceType: new("auto-scaling-group")}
	if at := slices.IndexFunc(g.Tags, func(have astypes.TagDescription) bool { return *have.Key == key }); at >= 0 {
		g.Tags[at] = tag
		return
	}
	g.Tags = append(g.Tags, tag)
	slices.SortFunc(g.Tags, func(a, b astypes.TagDescription) int { return strings.Compare(*a.Key, *b.Key) })
}

func (c *call) autoscalingCreateTags(in *autoscaling.CreateOrUpdateTagsInput) (*autoscaling.CreateOrUpdateTagsOutput, error) {
	count := map[*autoscalingGroup]int{}
	for _, t := range in.Tags {
		g, err := c.autoscalingTagged(t)
		if err != nil {
			return nil, err
		}
		if !slices.ContainsFunc(g.Tags, func(have astypes.TagDescription) bool { return *have.Key == *t.Key }) {
			count[g]++
		}
		if len(g.Tags)+count[g] > 50 {
			return nil, apiError("LimitExceeded", "The maximum number of tags per Auto Scaling group is 50")
		}
	}
	for _, t := range in.Tags {
		g, err := c.autoscalingTagged(t)
		if err != nil {
			return nil, err
		}
		g.setTag(*t.Key, sdkaws.ToString(t.Value), sdkaws.ToBool(t.PropagateAtLaunch))
	}
	return &autoscaling.CreateOrUpdateTagsOutput{}, nil
}

func (c *call) autoscalingDeleteTags(in *autoscaling.DeleteTagsInput) (*autoscaling.DeleteTagsOutput, error) {
	for _, t := range in.Tags {
		if _, err := c.autoscalingTagged(t); err != nil {
			return nil, err
		}
	}
	for _, t := range in.Tags {
		g := c.autoscaling().Groups[*t.ResourceId]
		g.Tags = slices.DeleteFunc(g.Tags, func(have astypes.TagDescription) bool {
			return *have.Key == *t.Key && (t.Value == nil || *t.Value == sdkaws.ToString(have.Value))
		})
	}
	return &autoscaling.DeleteTagsOutput{}, nil
}

func (c *call) autoscalingDescribeTags(in *autoscaling.DescribeTagsInput) (*autoscaling.DescribeTagsOutput, error) {
	var found []astypes.TagDescription
	for _, name := range sortedKeys(c.autoscaling().Groups) {
		for _, t := range c.autoscaling().Groups[name].Tags {
			match := true
			for _, f := range in.Filters {
				var have string
				switch filter := sdkaws.ToString(f.Name); filter {
				case "auto-scaling-group":
					have = name
				case "key":
					have = *t.Key
				case "value":
					have = sdkaws.ToString(t.Value)
				case "propagate-at-launch":
					have = map[bool]string{true: "true", false: "false"}[*t.PropagateAtLaunch]
				default:
					return nil, apiError("ValidationError", "Filter type %s is not correct. Allowed Filter types are: auto-scaling-group key value propagate-at-launch", filter)
				}
				match = match && slices.Contains(f.Values, have)
			}
			if match {
				found = append(found, t)
			}
		}
	}
	page, next, err := autoscalingPage(found, in.NextToken, in.MaxRecords, 50)
	return &autoscaling.DescribeTagsOutput{Tags: page, NextToken: next}, err
}
