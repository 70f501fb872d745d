package aws

import (
	"regexp"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
)

// groupText is what names and descriptions of groups and rules may consist of.
var groupText = regexp.MustCompile(`^[a-zA-Z0-9 ._\-:/()#,@\[\]+=&;{}!$*]*$`)

func (c *call) newGroup(vpc, name, description string, tags []ec2types.Tag) *ec2types.SecurityGroup {
	id := c.newID("sg")
	g := &ec2types.SecurityGroup{
		GroupId: new(id), GroupName: new(name), Description: new(description), VpcId: new(vpc), OwnerId: new(c.Account),
		SecurityGroupArn: new(c.arn("ec2", "security-group/"+id)), Tags: tags,
	}
	c.region().SecurityGroups[id] = g
	c.remember(id)
	c.addRule(&ec2types.SecurityGroupRule{
		GroupId: new(id), IsEgress: new(true), IpProtocol: new("-1"), FromPort: new(int32(-1)), ToPort: new(int32(-1)), CidrIpv4: new("0.0.0.0/0"),
	})
	return g
}

// makeDefaultGroup makes the group that every VPC has: open within, open outwards.
func (c *call) makeDefaultGroup(vpc string) {
	g := c.newGroup(vpc, "default", "default VPC security group", nil)
	c.addRule(&ec2types.SecurityGroupRule{
		GroupId: g.GroupId, IsEgress: new(false), IpProtocol: new("-1"), FromPort: new(int32(-1)), ToPort: new(int32(-1)),
		ReferencedGroupInfo: &ec2types.ReferencedSecurityGroup{GroupId: g.GroupId, UserId: new(c.Account)},
	})
}

// createSecurityGroup makes a group for a service, such as EKS, without the checks on a customer's own: services may use
// tags of theirs.
func (c *call) createSecurityGroup(vpc, name, description string, tags []ec2types.Tag) *ec2types.SecurityGroup {
	return c.newGroup(vpc, name, description, tags)
}

func (c *call) ec2CreateSecurityGroup(in *ec2.CreateSecurityGroupInput) (*ec2.CreateSecurityGroupOutput, error) {
	name, description := text(in.GroupName), text(in.Description)
	switch {
	case name == "":
		return nil, missingParameter("GroupName")
	case description == "":
		return nil, missingParameter("GroupDescription")
	case len(name) > 255 || !groupText.MatchString(name) || strings.TrimSpace(name) != name:
		return nil, apiError("InvalidParameterValue", "Value (%s) for parameter groupName is invalid. Character sets beyond ASCII are not supported.", name)
	case strings.HasPrefix(strings.ToLower(name), "sg-"):
		return nil, apiError("InvalidParameterValue", "Value (%s) for parameter groupName is invalid. Group names may not be in the format sg-*.", name)
	case strings.EqualFold(name, "default"):
		return nil, apiError("InvalidParameterValue", "Cannot use reserved security group name: default")
	case len(description) > 255 || !groupText.MatchString(description):
		return nil, apiError("InvalidParameterValue", "Value (%s) for parameter GroupDescription is invalid. Character sets beyond ASCII are not supported.", description)
	case in.VpcId == nil:
		return nil, apiError("VPCIdNotSpecified", "No default VPC for this user")
	}
	r := c.region()
	v, err := find(r.VPCs, in.VpcId, "VpcId", vpcIDs)
	if err != nil {
		return nil, err
	}
	tags, err := newTags(in.TagSpecifications, ec2types.ResourceTypeSecurityGroup)
	if err != nil {
		return nil, err
	}
	if anyOf(r.SecurityGroups, func(g *ec2types.SecurityGroup) bool { return *g.VpcId == *v.VpcId && *g.GroupName == name }) {
		return nil, apiError("InvalidGroup.Duplicate", "The security group '%s' already exists for VPC '%s'", name, *v.VpcId)
	}
	if len(r.SecurityGroups) >= c.quota("ec2.security_groups") {
		return nil, apiError("SecurityGroupLimitExceeded", "The maximum number of security groups has been reached.")
	}
	g := c.newGroup(*v.VpcId, name, description, tags)
	return &ec2.CreateSecurityGroupOutput{GroupId: g.GroupId, SecurityGroupArn: g.SecurityGroupArn, Tags: g.Tags}, nil
}

func (c *call) ec2DescribeSecurityGroups(in *ec2.DescribeSecurityGroupsInput) (*ec2.DescribeSecurityGroupsOutput, error) {
	if len(in.GroupNames) > 0 {
		return nil, apiError("InvalidParameterValue", "Invalid value '%s' for groupName. You may not reference Amazon VPC security groups by name. Please use the corresponding id for this operation.", in.GroupNames[0])
	}
	found, next, err := describe(c, c.region().SecurityGroups, described[ec2types.SecurityGroup]{
		kind:   groupIDs,
		tags:   func(g *ec2types.SecurityGroup) []ec2types.Tag { return g.Tags },
		values: c.groupFilter,
	}, selection{ids: in.GroupIds, filters: in.Filters, max: in.MaxResults, token: in.NextToken})
	out := &ec2.DescribeSecurityGroupsOutput{SecurityGroups: []ec2types.SecurityGroup{}, NextToken: next}
	for _, g := range found {
		shown := *g
		shown.IpPermissions, shown.IpPermissionsEgress = c.permissions(*g.GroupId, false), c.permissions(*g.GroupId, true)
		out.SecurityGroups = append(out.SecurityGroups, shown)
	}
	return out, err
}

func (c *call) groupFilter(g *ec2types.SecurityGroup, filter string) ([]string, bool) {
	direction, isRule := strings.CutSuffix(filter, ".cidr")
	if !isRule {
		direction, isRule = strings.CutSuffix(filter, ".group-id")
	}
	if isRule && (direction == "ip-permission" || direction == "egress.ip-permission") {
		var out []string
		for _, rule := range c.rulesOf(text(g.GroupId), direction != "ip-permission") {
			if strings.HasSuffix(filter, ".cidr") {
				out = append(out, text(rule.CidrIpv4))
			} else if rule.ReferencedGroupInfo != nil {
				out = append(out, text(rule.ReferencedGroupInfo.GroupId))
			}
		}
		return out, true
	}
	switch filter {
	case "group-id":
		return []string{text(g.GroupId)}, true
	case "group-name":
		return []string{text(g.GroupName)}, true
	case "description":
		return []string{text(g.Description)}, true
	case "vpc-id":
		return []string{text(g.VpcId)}, true
	case "owner-id":
		return []string{text(g.OwnerId)}, true
	}
	return nil, false
}

func (c *call) ec2DeleteSecurityGroup(in *ec2.DeleteSecurityGroupInput) (*ec2.DeleteSecurityGroupOutput, error) {
	r := c.region()
	g, err := find(r.SecurityGroups, in.GroupId, "GroupId", groupIDs)
	if err != nil {
		return nil, err
	}
	if *g.GroupName == "default" {
		return nil, apiError("CannotDelete", "the specified group: \"%s\" name: \"default\" cannot be deleted by a user", *g.GroupId)
	}
	if c.groupInUse(*g.GroupId) {
		return nil, apiError("DependencyViolation", "resource %s has a dependent object", *g.GroupId)
	}
	c.deleteSecurityGroup(*g.GroupId)
	return &ec2.DeleteSecurityGroupOutput{GroupId: g.GroupId, Return: new(true)}, nil
}

// groupInUse reports whether an interface has the group or another group's rule names it. Rules in a peer VPC do not hold a
// group: they go stale when it goes.
func (c *call) groupInUse(id string) bool {
	r := c.region()
	return anyOf(r.NetworkInterfaces, func(n *ec2types.NetworkInterface) bool {
		return slices.ContainsFunc(n.Groups, func(g ec2types.GroupIdentifier) bool { return equal(g.GroupId, id) })
	}) || anyOf(r.SecurityGroupRules, func(rule *ec2types.SecurityGroupRule) bool {
		far := rule.ReferencedGroupInfo
		return *rule.GroupId != id && far != nil && far.VpcPeeringConnectionId == nil && equal(far.GroupId, id)
	})
}

// deleteSecurityGroup removes a group and its rules without asking.
func (c *call) deleteSecurityGroup(id string) {
	r := c.region()
	delete(r.SecurityGroups, id)
	dropWhere(r.SecurityGroupRules, func(rule *ec2types.SecurityGroupRule) bool { return *rule.GroupId == id })
}
