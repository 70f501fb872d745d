package aws

import (
	"maps"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/route53"
	route53types "github.com/aws/aws-sdk-go-v2/service/route53/types"
)

// route53Tagged finds what tags are about. Health checks do not exist here.
func (c *call) route53Tagged(kind route53types.TagResourceType, id *string) (*route53Zone, error) {
	if kind != route53types.TagResourceTypeHostedzone {
		return nil, apiError("NoSuchHealthCheck", "A health check with id %s does not exist.", text(id))
	}
	return c.route53Zone(id)
}

func (c *call) route53ChangeTags(in *route53.ChangeTagsForResourceInput) (*route53.ChangeTagsForResourceOutput, error) {
	zone, err := c.route53Tagged(in.ResourceType, in.ResourceId)
	if err != nil {
		return nil, err
	}
	if len(in.AddTags)+len(in.RemoveTagKeys) == 0 {
		return nil, apiError("InvalidInput", "At least one of AddTags and RemoveTagKeys must be given.")
	}
	tags := map[string]string{}
	maps.Copy(tags, zone.Tags)
	for _, key := range in.RemoveTagKeys {
		delete(tags, key)
	}
	for _, tag := range in.AddTags {
		if strings.HasPrefix(strings.ToLower(text(tag.Key)), "aws:") || text(tag.Key) == "" {
			return nil, apiError("InvalidInput", "The tag key %q is empty or reserved.", text(tag.Key))
		}
		tags[*tag.Key] = text(tag.Value)
	}
	if len(tags) > 50 {
		return nil, apiError("InvalidInput", "A hosted zone can have 50 tags, not %d.", len(tags))
	}
	zone.Tags = tags
	return &route53.ChangeTagsForResourceOutput{}, nil
}

func (c *call) route53ListTags(in *route53.ListTagsForResourceInput) (*route53.ListTagsForResourceOutput, error) {
	zone, err := c.route53Tagged(in.ResourceType, in.ResourceId)
	if err != nil {
		return nil, err
	}
	set := &route53types.ResourceTagSet{ResourceType: in.ResourceType, ResourceId: in.ResourceId, Tags: []route53types.Tag{}}
	for _, key := range sortedKeys(zone.Tags) {
		set.Tags = append(set.Tags, route53types.Tag{Key: new(key), Value: new(zone.Tags[key])})
	}
	return &route53.ListTagsForResourceOutput{ResourceTagSet: set}, nil
}
