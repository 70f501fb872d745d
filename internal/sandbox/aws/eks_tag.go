package aws

import (
	"maps"
	"strings"

	sdkaws "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eks"
)

func init() {
	handle("eks", "TagResource", (*call).eksTagResource)
	handle("eks", "UntagResource", (*call).eksUntagResource)
	handle("eks", "ListTagsForResource", (*call).eksListTagsForResource)
	handle("eks", "ListAddons", (*call).eksListAddons)
	handle("eks", "DescribeAddon", (*call).eksDescribeAddon)
}

// eksTagged finds the tags of a resource by its ARN.
func (c *call) eksTagged(arn *string) (*map[string]string, error) {
	id := sdkaws.ToString(arn)
	if !strings.HasPrefix(id, c.arn("eks", "")) {
		return nil, apiError("BadRequestException", "Invalid ARN: %s", id)
	}
	for _, cluster := range c.eks().Clusters {
		if *cluster.Arn == id {
			return &cluster.Tags, nil
		}
	}
	for _, ng := range c.eks().Nodegroups {
		if *ng.NodegroupArn == id {
			return &ng.Tags, nil
		}
	}
	for _, entry := range c.eks().AccessEntries {
		if *entry.AccessEntryArn == id {
			return &entry.Tags, nil
		}
	}
	return nil, apiError("NotFoundException", "Resource not found: %s", id)
}

func (c *call) eksTagResource(in *eks.TagResourceInput) (*eks.TagResourceOutput, error) {
	tags, err := c.eksTagged(in.ResourceArn)
	if err != nil {
		return nil, err
	}
	merged := maps.Clone(*tags)
	if merged == nil {
		merged = map[string]string{}
	}
	maps.Copy(merged, in.Tags)
	if err := eksTags(merged); err != nil {
		return nil, apiError("BadRequestException", "%s", asError(err).Message)
	}
	*tags = merged
	return &eks.TagResourceOutput{}, nil
}

func (c *call) eksUntagResource(in *eks.UntagResourceInput) (*eks.UntagResourceOutput, error) {
	tags, err := c.eksTagged(in.ResourceArn)
	if err != nil {
		return nil, err
	}
	for _, k := range in.TagKeys {
		delete(*tags, k)
	}
	return &eks.UntagResourceOutput{}, nil
}

func (c *call) eksListTagsForResource(in *eks.ListTagsForResourceInput) (*eks.ListTagsForResourceOutput, error) {
	tags, err := c.eksTagged(in.ResourceArn)
	if err != nil {
		return nil, err
	}
	return &eks.ListTagsForResourceOutput{Tags: *tags}, nil
}

// eksListAddons has none: the sandbox's clusters come without managed add-ons.
func (c *call) eksListAddons(in *eks.ListAddonsInput) (*eks.ListAddonsOutput, error) {
	if _, err := c.eksCluster(in.ClusterName); err != nil {
		return nil, err
	}
	return &eks.ListAddonsOutput{Addons: []string{}}, nil
}

func (c *call) eksDescribeAddon(in *eks.DescribeAddonInput) (*eks.DescribeAddonOutput, error) {
	if _, err := c.eksCluster(in.ClusterName); err != nil {
		return nil, err
	}
	return nil, eksError("ResourceNotFoundException", *in.ClusterName, "", "No addon: %s found in cluster: %s", sdkaws.ToString(in.AddonName), *in.ClusterName)
}
