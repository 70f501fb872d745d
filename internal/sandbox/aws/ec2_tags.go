package aws

import (
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
)

const maxTags = 50

// newTags checks the tags of a create call. Specifications must name the type that is made.
func newTags(specifications []ec2types.TagSpecification, resource ec2types.ResourceType) ([]ec2types.Tag, error) {
	var tags []ec2types.Tag
	for i, s := range specifications {
		if s.ResourceType != resource {
			return nil, apiError("InvalidParameterValue", "'%s' is not a valid taggable resource type for this operation.", s.ResourceType)
		}
		if i > 0 {
			return nil, apiError("InvalidParameterValue", "Duplicate resource type '%s' in tag specifications.", resource)
		}
		if len(s.Tags) == 0 {
			return nil, apiError("InvalidParameterValue", "Tag specification must have at least one tag")
		}
		if err := checkTags(s.Tags); err != nil {
			return nil, err
		}
		tags = mergeTags(nil, s.Tags)
	}
	if len(tags) > maxTags {
		return nil, apiError("TagLimitExceeded", "You have reached the maximum number of tags: %d", maxTags)
	}
	return tags, nil
}

func checkTags(tags []ec2types.Tag) error {
	seen := map[string]bool{}
	for _, tag := range tags {
		key := text(tag.Key)
		switch {
		case key == "":
			return apiError("InvalidParameterValue", "Tag key cannot be null or empty.")
		case strings.HasPrefix(strings.ToLower(key), "aws:"):
			return apiError("InvalidParameterValue", "Tag keys starting with 'aws:' are reserved for internal use")
		case utf8.RuneCountInString(key) > 128:
			return apiError("InvalidParameterValue", "Tag key exceeds the maximum length of 128 characters")
		case utf8.RuneCountInString(text(tag.Value)) > 256:
			return apiError("InvalidParameterValue", "Tag value exceeds the maximum length of 256 characters")
		case seen[key]:
			return apiError("InvalidParameterValue", "Duplicate tag key '%s' specified.", key)
		}
		seen[key] = true
	}
	return nil
}

// mergeTags overwrites and adds. A tag without a value has the empty one.
func mergeTags(have, add []ec2types.Tag) []ec2types.Tag {
	out := slices.Clone(have)
	for _, tag := range add {
		tag = ec2types.Tag{Key: tag.Key, Value: new(text(tag.Value))}
		if i := slices.IndexFunc(out, func(t ec2types.Tag) bool { return *t.Key == *tag.Key }); i >= 0 {
			out[i] = tag
		} else {
			out = append(out, tag)
		}
	}
	return out
}

// taggable is an object that CreateTags can reach.
type taggable struct {
	tags *[]ec2types.Tag
	kind ec2types.ResourceType
}

// tagged finds an object's tags by its id, whatever its kind.
func (c *call) tagged(id string) (taggable, error) {
	r := c.region()
	prefix, _, _ := strings.Cut(id, "-")
	switch prefix {
	case "vpc":
		o, err := find(r.VPCs, &id, "ResourceId", vpcIDs)
		return taggableOf(o, err, func(o *VPC) *[]ec2types.Tag { return &o.Tags }, ec2types.ResourceTypeVpc)
	case "subnet":
		o, err := find(r.Subnets, &id, "ResourceId", subnetIDs)
		return taggableOf(o, err, func(o *ec2types.Subnet) *[]ec2types.Tag { return &o.Tags }, ec2types.ResourceTypeSubnet)
	case "igw":
		o, err := find(r.InternetGateways, &id, "ResourceId", igwIDs)
		return taggableOf(o, err, func(o *ec2types.InternetGateway) *[]ec2types.Tag { return &o.Tags }, ec2types.ResourceTypeInternetGateway)
	case "eipalloc":
		o, err := find(r.Addresses, &id, "ResourceId", addressIDs)
		return taggableOf(o, err, func(o *ec2types.Address) *[]ec2types.Tag { return &o.Tags }, ec2types.ResourceTypeElasticIp)
	case "nat":
		o, err := find(r.NatGateways, &id, "ResourceId", natIDs)
		return taggableOf(o, err, func(o *ec2types.NatGateway) *[]ec2types.Tag { return &o.Tags }, ec2types.ResourceTypeNatgateway)
	case "rtb":
		o, err := find(r.RouteTables, &id, "ResourceId", routeTableIDs)
		return taggableOf(o, err, func(o *ec2types.RouteTable) *[]ec2types.Tag { return &o.Tags }, ec2types.ResourceTypeRouteTable)
	case "sg":
		o, err := find(r.SecurityGroups, &id, "ResourceId", groupIDs)
		return taggableOf(o, err, func(o *ec2types.SecurityGroup) *[]ec2types.Tag { return &o.Tags }, ec2types.ResourceTypeSecurityGroup)
	case "sgr":
		o, err := find(r.SecurityGroupRules, &id, "ResourceId", ruleIDs)
		return taggableOf(o, err, func(o *ec2types.SecurityGroupRule) *[]ec2types.Tag { return &o.Tags }, ec2types.ResourceTypeSecurityGroupRule)
	case "eni":
		o, err := find(r.NetworkInterfaces, &id, "ResourceId", interfaceIDs)
		return taggableOf(o, err, func(o *ec2types.NetworkInterface) *[]ec2types.Tag { return &o.TagSet }, ec2types.ResourceTypeNetworkInterface)
	case "pcx":
		o, err := c.findPeering(&id)
		return taggableOf(o, err, c.peeringTags, ec2types.ResourceTypeVpcPeeringConnection)
	case "acl":
		o, err := find(r.NetworkACLs, &id, "ResourceId", aclIDs)
		return taggableOf(o, err, func(o *ec2types.NetworkAcl) *[]ec2types.Tag { return &o.Tags }, ec2types.ResourceTypeNetworkAcl)
	}
	return taggable{}, apiError("InvalidID", "The ID '%s' is not valid", id)
}

func taggableOf[T any](o *T, err error, tags func(*T) *[]ec2types.Tag, kind ec2types.ResourceType) (taggable, error) {
	if err != nil {
		return taggable{}, err
	}
	return taggable{tags: tags(o), kind: kind}, nil
}

func (c *call) ec2CreateTags(in *ec2.CreateTagsInput) (*ec2.CreateTagsOutput, error) {
	if len(in.Resources) == 0 {
		return nil, missingParameter("ResourceId")
	}
	if len(in.Tags) == 0 {
		return nil, missingParameter("Tag")
	}
	if err := checkTags(in.Tags); err != nil {
		return nil, err
	}
	// All resources are checked before any is changed.
	merged := make([][]ec2types.Tag, len(in.Resources))
	targets := make([]taggable, len(in.Resources))
	for i, id := range in.Resources {
		var err error
		if targets[i], err = c.tagged(id); err != nil {
			return nil, err
		}
		merged[i] = mergeTags(*targets[i].tags, in.Tags)
		own := slices.DeleteFunc(slices.Clone(merged[i]), func(t ec2types.Tag) bool { return strings.HasPrefix(*t.Key, "aws:") })
		if len(own) > maxTags {
			return nil, apiError("TagLimitExceeded", "The maximum number of tags is %d", maxTags)
		}
	}
	for i := range targets {
		*targets[i].tags = merged[i]
	}
	return &ec2.CreateTagsOutput{}, nil
}

func (c *call) ec2DeleteTags(in *ec2.DeleteTagsInput) (*ec2.DeleteTagsOutput, error) {
	if len(in.Resources) == 0 {
		return nil, missingParameter("ResourceId")
	}
	targets := make([]taggable, len(in.Resources))
	for i, id := range in.Resources {
		var err error
		if targets[i], err = c.tagged(id); err != nil {
			return nil, err
		}
	}
	for _, tag := range in.Tags {
		if strings.HasPrefix(strings.ToLower(text(tag.Key)), "aws:") {
			return nil, apiError("InvalidParameterValue", "Tag keys starting with 'aws:' are reserved for internal use")
		}
	}
	for _, target := range targets {
		*target.tags = slices.DeleteFunc(slices.Clone(*target.tags), func(have ec2types.Tag) bool {
			if strings.HasPrefix(*have.Key, "aws:") {
				return false
			}
			return len(in.Tags) == 0 || slices.ContainsFunc(in.Tags, func(t ec2types.Tag) bool {
				return *t.Key == *have.Key && (t.Value == nil || *t.Value == *have.Value)
			})
		})
	}
	return &ec2.DeleteTagsOutput{}, nil
}

func (c *call) ec2DescribeTags(in *ec2.DescribeTagsInput) (*ec2.DescribeTagsOutput, error) {
	known := func(name string) bool {
		return slices.Contains([]string{"key", "resource-id", "resource-type", "value"}, name)
	}
	if err := checkFilters(in.Filters, known); err != nil {
		return nil, err
	}
	r := c.region()
	var ids []string
	ids = append(ids, sortedKeys(r.VPCs)...)
	ids = append(ids, sortedKeys(r.Subnets)...)
	ids = append(ids, sortedKeys(r.InternetGateways)...)
	ids = append(ids, sortedKeys(r.Addresses)...)
	ids = append(ids, sortedKeys(r.NatGateways)...)
	ids = append(ids, sortedKeys(r.RouteTables)...)
	ids = append(ids, sortedKeys(r.SecurityGroups)...)
	ids = append(ids, sortedKeys(r.SecurityGroupRules)...)
	ids = append(ids, sortedKeys(r.NetworkInterfaces)...)
	ids = append(ids, sortedKeys(r.NetworkACLs)...)
	ids = append(ids, sortedKeys(c.seenPeerings())...)
	var found []ec2types.TagDescription
	for _, id := range ids {
		target, err := c.tagged(id)
		if err != nil || !c.visible(id) {
			continue
		}
		for _, tag := range *target.tags {
			value := map[string]string{"key": *tag.Key, "value": text(tag.Value), "resource-id": id, "resource-type": string(target.kind)}
			if matches(in.Filters, []ec2types.Tag{tag}, func(name string) []string { return []string{value[name]} }) {
				found = append(found, ec2types.TagDescription{Key: tag.Key, Value: tag.Value, ResourceId: new(id), ResourceType: target.kind})
			}
		}
	}
	page, next, err := paginate(found, in.MaxResults, in.NextToken, 1000)
	return &ec2.DescribeTagsOutput{Tags: page, NextToken: next}, err
}
