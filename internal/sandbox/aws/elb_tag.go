package aws

import (
	"maps"
	"slices"
	"strings"

	sdkaws "github.com/aws/aws-sdk-go-v2/aws"
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	elbtypes "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"
)

func init() {
	handle("elasticloadbalancing", "AddTags", (*call).elbAddTags)
	handle("elasticloadbalancing", "RemoveTags", (*call).elbRemoveTags)
	handle("elasticloadbalancing", "DescribeTags", (*call).elbDescribeTags)
}

// elbTagged finds the tags of any resource by its ARN.
func (c *call) elbTagged(arn string) (*map[string]string, error) {
	resource := arn[strings.LastIndex(arn, ":")+1:]
	switch kind, _, _ := strings.Cut(resource, "/"); kind {
	case "loadbalancer":
		lb, err := c.elbLoadBalancer(&arn)
		if err != nil {
			return nil, err
		}
		return &lb.Tags, nil
	case "targetgroup":
		tg, err := c.elbTargetGroup(&arn)
		if err != nil {
			return nil, err
		}
		return &tg.Tags, nil
	case "listener":
		l, err := c.elbListener(&arn)
		if err != nil {
			return nil, err
		}
		return &l.Tags, nil
	case "listener-rule":
		rule, err := c.elbRule(&arn)
		if err != nil {
			return nil, err
		}
		return &rule.Tags, nil
	}
	return nil, apiError("ValidationError", "'%s' is not a valid resource ARN", arn)
}

func (c *call) elbAllTagged(arns []string) ([]*map[string]string, error) {
	if len(arns) == 0 || len(arns) > 20 {
		return nil, apiError("ValidationError", "Between '1' and '20' resource ARNs must be specified")
	}
	var out []*map[string]string
	for i, arn := range arns {
		if slices.Contains(arns[:i], arn) {
			return nil, apiError("ValidationError", "Resource '%s' is specified more than once", arn)
		}
		tags, err := c.elbTagged(arn)
		if err != nil {
			return nil, err
		}
		out = append(out, tags)
	}
	return out, nil
}

func (c *call) elbAddTags(in *elb.AddTagsInput) (*elb.AddTagsOutput, error) {
	all, err := c.elbAllTagged(in.ResourceArns)
	if err != nil {
		return nil, err
	}
	added, err := elbTagMap(in.Tags)
	if err != nil {
		return nil, err
	}
	merged := make([]map[string]string, len(all))
	for i, tags := range all {
		merged[i] = maps.Clone(*tags)
		if merged[i] == nil {
			merged[i] = map[string]string{}
		}
		maps.Copy(merged[i], added)
		if len(merged[i]) > 50 {
			return nil, apiError("TooManyTags", "The maximum number of tags per resource is '50'")
		}
	}
	for i, tags := range all {
		*tags = merged[i]
	}
	return &elb.AddTagsOutput{}, nil
}

func (c *call) elbRemoveTags(in *elb.RemoveTagsInput) (*elb.RemoveTagsOutput, error) {
	all, err := c.elbAllTagged(in.ResourceArns)
	if err != nil {
		return nil, err
	}
	for _, tags := range all {
		for _, k := range in.TagKeys {
			delete(*tags, k)
		}
	}
	return &elb.RemoveTagsOutput{}, nil
}

func (c *call) elbDescribeTags(in *elb.DescribeTagsInput) (*elb.DescribeTagsOutput, error) {
	all, err := c.elbAllTagged(in.ResourceArns)
	if err != nil {
		return nil, err
	}
	out := &elb.DescribeTagsOutput{}
	for i, tags := range all {
		out.TagDescriptions = append(out.TagDescriptions, elbtypes.TagDescription{ResourceArn: sdkaws.String(in.ResourceArns[i]), Tags: elbTags(*tags)})
	}
	return out, nil
}
