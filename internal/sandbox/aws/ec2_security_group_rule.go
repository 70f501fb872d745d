package aws

import (
	"slices"

	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
)

// inline is the short form of one permission that the calls for rules take besides the list.
func inline(list []ec2types.IpPermission, proto *string, from, to *int32, cidr *string) ([]ec2types.IpPermission, error) {
	short := proto != nil || from != nil || to != nil || cidr != nil
	switch {
	case short && len(list) > 0:
		return nil, apiError("InvalidParameterCombination", "The parameter ipPermissions may not be used together with the parameters of a single rule.")
	case !short:
		return list, nil
	case cidr == nil:
		return nil, missingParameter("CidrIp")
	}
	return []ec2types.IpPermission{{IpProtocol: proto, FromPort: from, ToPort: to, IpRanges: []ec2types.IpRange{{CidrIp: cidr}}}}, nil
}

func (c *call) ec2AuthorizeSecurityGroupIngress(in *ec2.AuthorizeSecurityGroupIngressInput) (*ec2.AuthorizeSecurityGroupIngressOutput, error) {
	if in.GroupName != nil || in.SourceSecurityGroupName != nil || in.SourceSecurityGroupOwnerId != nil {
		return nil, apiError("InvalidParameterValue", "Security groups of a VPC are named by their ids.")
	}
	permissions, err := inline(in.IpPermissions, in.IpProtocol, in.FromPort, in.ToPort, in.CidrIp)
	if err != nil {
		return nil, err
	}
	rules, err := c.authorize(in.GroupId, false, permissions, in.TagSpecifications)
	return &ec2.AuthorizeSecurityGroupIngressOutput{Return: new(true), SecurityGroupRules: rules}, err
}

func (c *call) ec2AuthorizeSecurityGroupEgress(in *ec2.AuthorizeSecurityGroupEgressInput) (*ec2.AuthorizeSecurityGroupEgressOutput, error) {
	if in.CidrIp != nil || in.IpProtocol != nil || in.FromPort != nil || in.ToPort != nil || in.SourceSecurityGroupName != nil || in.SourceSecurityGroupOwnerId != nil {
		return nil, apiError("InvalidParameterValue", "Outbound rules are given by ipPermissions.")
	}
	rules, err := c.authorize(in.GroupId, true, in.IpPermissions, in.TagSpecifications)
	return &ec2.AuthorizeSecurityGroupEgressOutput{Return: new(true), SecurityGroupRules: rules}, err
}

func (c *call) authorize(
	group *string, egress bool, permissions []ec2types.IpPermission, specifications []ec2types.TagSpecification,
) ([]ec2types.SecurityGroupRule, error) {
	g, err := find(c.region().SecurityGroups, group, "GroupId", groupIDs)
	if err != nil {
		return nil, err
	}
	if len(permissions) == 0 {
		return nil, missingParameter("ipPermissions")
	}
	tags, err := newTags(specifications, ec2types.ResourceTypeSecurityGroupRule)
	if err != nil {
		return nil, err
	}
	rules, err := c.expand(g, egress, permissions)
	if err == nil {
		err = c.checkPeerRules(rules)
	}
	if err != nil {
		return nil, err
	}
	for i, rule := range rules {
		if slices.ContainsFunc(rules[:i], func(other *ec2types.SecurityGroupRule) bool { return sameRule(rule, other) }) {
			return nil, apiError("InvalidParameterValue", "The same permission must not appear multiple times")
		}
		if c.findRule(rule) != nil {
			return nil, apiError("InvalidPermission.Duplicate", "the specified rule \"peer: %s, %s, from port: %d, to port: %d, ALLOW\" already exists",
				source(rule), *rule.IpProtocol, *rule.FromPort, *rule.ToPort)
		}
	}
	if len(c.rulesOf(*g.GroupId, egress))+len(rules) > c.quota("ec2.rules_per_security_group") {
		return nil, apiError("RulesPerSecurityGroupLimitExceeded", "The maximum number of rules per security group has been reached.")
	}
	for _, rule := range rules {
		rule.Tags = slices.Clone(tags)
		c.addRule(rule)
	}
	return c.shownRules(rules), nil
}

func (c *call) ec2RevokeSecurityGroupIngress(in *ec2.RevokeSecurityGroupIngressInput) (*ec2.RevokeSecurityGroupIngressOutput, error) {
	permissions, err := inline(in.IpPermissions, in.IpProtocol, in.FromPort, in.ToPort, in.CidrIp)
	if err != nil {
		return nil, err
	}
	revoked, err := c.revoke(in.GroupId, false, permissions, in.SecurityGroupRuleIds)
	return &ec2.RevokeSecurityGroupIngressOutput{Return: new(true), RevokedSecurityGroupRules: revoked}, err
}

func (c *call) ec2RevokeSecurityGroupEgress(in *ec2.RevokeSecurityGroupEgressInput) (*ec2.RevokeSecurityGroupEgressOutput, error) {
	revoked, err := c.revoke(in.GroupId, true, in.IpPermissions, in.SecurityGroupRuleIds)
	return &ec2.RevokeSecurityGroupEgressOutput{Return: new(true), RevokedSecurityGroupRules: revoked}, err
}

func (c *call) revoke(group *string, egress bool, permissions []ec2types.IpPermission, ids []string) ([]ec2types.RevokedSecurityGroupRule, error) {
	r := c.region()
	g, err := find(r.SecurityGroups, group, "GroupId", groupIDs)
	if err != nil {
		return nil, err
	}
	if len(permissions) > 0 && len(ids) > 0 {
		return nil, apiError("InvalidParameterCombination", "The parameter securityGroupRuleIds may not be used together with ipPermissions.")
	}
	if len(permissions) == 0 && len(ids) == 0 {
		return nil, missingParameter("ipPermissions")
	}
	var doomed []*ec2types.SecurityGroupRule
	for _, id := range ids {
		rule, err := c.ownRule(g, id, egress)
		if err != nil {
			return nil, err
		}
		doomed = append(doomed, rule)
	}
	wanted, err := c.expand(g, egress, permissions)
	if err != nil {
		return nil, err
	}
	for _, want := range wanted {
		rule := c.findRule(want)
		if rule == nil {
			return nil, apiError("InvalidPermission.NotFound", "The specified rule does not exist in this security group.")
		}
		doomed = append(doomed, rule)
	}
	var out []ec2types.RevokedSecurityGroupRule
	for _, rule := range doomed {
		delete(r.SecurityGroupRules, *rule.SecurityGroupRuleId)
		revoked := ec2types.RevokedSecurityGroupRule{
			SecurityGroupRuleId: rule.SecurityGroupRuleId, GroupId: rule.GroupId, IsEgress: rule.IsEgress, IpProtocol: rule.IpProtocol,
			FromPort: rule.FromPort, ToPort: rule.ToPort, CidrIpv4: rule.CidrIpv4, CidrIpv6: rule.CidrIpv6, Description: rule.Description,
		}
		if rule.ReferencedGroupInfo != nil {
			revoked.ReferencedGroupId = rule.ReferencedGroupInfo.GroupId
		}
		out = append(out, revoked)
	}
	return out, nil
}

// ownRule finds a rule by its id in one direction of a group.
func (c *call) ownRule(g *ec2types.SecurityGroup, id string, egress bool) (*ec2types.SecurityGroupRule, error) {
	rule, err := find(c.region().SecurityGroupRules, &id, "SecurityGroupRuleId", ruleIDs)
	if err != nil {
		return nil, err
	}
	if *rule.GroupId != *g.GroupId || *rule.IsEgress != egress {
		return nil, ruleIDs.absent(id)
	}
	return rule, nil
}

func (c *call) ec2DescribeSecurityGroupRules(in *ec2.DescribeSecurityGroupRulesInput) (*ec2.DescribeSecurityGroupRulesOutput, error) {
	found, next, err := describe(c, c.region().SecurityGroupRules, described[ec2types.SecurityGroupRule]{
		kind: ruleIDs,
		tags: func(rule *ec2types.SecurityGroupRule) []ec2types.Tag { return rule.Tags },
		values: func(rule *ec2types.SecurityGroupRule, filter string) ([]string, bool) {
			switch filter {
			case "group-id":
				return []string{text(rule.GroupId)}, true
			case "security-group-rule-id":
				return []string{text(rule.SecurityGroupRuleId)}, true
			}
			return nil, false
		},
	}, selection{ids: in.SecurityGroupRuleIds, filters: in.Filters, max: in.MaxResults, token: in.NextToken})
	return &ec2.DescribeSecurityGroupRulesOutput{SecurityGroupRules: c.shownRules(found), NextToken: next}, err
}

func (c *call) ec2ModifySecurityGroupRules(in *ec2.ModifySecurityGroupRulesInput) (*ec2.ModifySecurityGroupRulesOutput, error) {
	g, err := find(c.region().SecurityGroups, in.GroupId, "GroupId", groupIDs)
	if err != nil {
		return nil, err
	}
	var targets, changed []*ec2types.SecurityGroupRule
	for _, update := range in.SecurityGroupRules {
		rule, err := find(c.region().SecurityGroupRules, update.SecurityGroupRuleId, "SecurityGroupRuleId", ruleIDs)
		if err != nil {
			return nil, err
		}
		if *rule.GroupId != *g.GroupId {
			return nil, ruleIDs.absent(*rule.SecurityGroupRuleId)
		}
		want := update.SecurityGroupRule
		if want == nil {
			return nil, missingParameter("SecurityGroupRule")
		}
		permission := ec2types.IpPermission{IpProtocol: want.IpProtocol, FromPort: want.FromPort, ToPort: want.ToPort}
		if want.CidrIpv4 != nil {
			permission.IpRanges = []ec2types.IpRange{{CidrIp: want.CidrIpv4, Description: want.Description}}
		}
		if want.CidrIpv6 != nil {
			permission.Ipv6Ranges = []ec2types.Ipv6Range{{CidrIpv6: want.CidrIpv6, Description: want.Description}}
		}
		if want.ReferencedGroupId != nil {
			permission.UserIdGroupPairs = []ec2types.UserIdGroupPair{{GroupId: want.ReferencedGroupId, Description: want.Description}}
		}
		rules, err := c.expand(g, *rule.IsEgress, []ec2types.IpPermission{permission})
		if err == nil {
			err = c.checkPeerRules(rules)
		}
		if err != nil {
			return nil, err
		}
		if len(rules) != 1 {
			return nil, apiError("InvalidParameterCombination", "A security group rule has exactly one source or destination.")
		}
		if twin := c.findRule(rules[0]); twin != nil && twin != rule {
			return nil, apiError("InvalidPermission.Duplicate", "the specified rule already exists: %s", *twin.SecurityGroupRuleId)
		}
		targets, changed = append(targets, rule), append(changed, rules[0])
	}
	for i, rule := range targets {
		next := *changed[i]
		next.SecurityGroupRuleId, next.SecurityGroupRuleArn, next.GroupOwnerId, next.Tags = rule.SecurityGroupRuleId, rule.SecurityGroupRuleArn, rule.GroupOwnerId, rule.Tags
		*rule = next
	}
	return &ec2.ModifySecurityGroupRulesOutput{Return: new(true)}, nil
}

func (c *call) ec2UpdateSecurityGroupRuleDescriptionsIngress(
	in *ec2.UpdateSecurityGroupRuleDescriptionsIngressInput,
) (*ec2.UpdateSecurityGroupRuleDescriptionsIngressOutput, error) {
	err := c.describeRules(in.GroupId, false, in.IpPermissions, in.SecurityGroupRuleDescriptions)
	return &ec2.UpdateSecurityGroupRuleDescriptionsIngressOutput{Return: new(true)}, err
}

func (c *call) ec2UpdateSecurityGroupRuleDescriptionsEgress(
	in *ec2.UpdateSecurityGroupRuleDescriptionsEgressInput,
) (*ec2.UpdateSecurityGroupRuleDescriptionsEgressOutput, error) {
	err := c.describeRules(in.GroupId, true, in.IpPermissions, in.SecurityGroupRuleDescriptions)
	return &ec2.UpdateSecurityGroupRuleDescriptionsEgressOutput{Return: new(true)}, err
}

func (c *call) describeRules(group *string, egress bool, permissions []ec2types.IpPermission, byID []ec2types.SecurityGroupRuleDescription) error {
	g, err := find(c.region().SecurityGroups, group, "GroupId", groupIDs)
	if err != nil {
		return err
	}
	if (len(permissions) == 0) == (len(byID) == 0) {
		return apiError("InvalidParameterCombination", "Exactly one of ipPermissions and securityGroupRuleDescriptions must be given.")
	}
	var targets []*ec2types.SecurityGroupRule
	var descriptions []*string
	for _, d := range byID {
		rule, err := c.ownRule(g, text(d.SecurityGroupRuleId), egress)
		if err == nil {
			err = checkDescription(d.Description)
		}
		if err != nil {
			return err
		}
		targets, descriptions = append(targets, rule), append(descriptions, d.Description)
	}
	wanted, err := c.expand(g, egress, permissions)
	if err != nil {
		return err
	}
	for _, want := range wanted {
		rule := c.findRule(want)
		if rule == nil {
			return apiError("InvalidPermission.NotFound", "The specified rule does not exist in this security group.")
		}
		targets, descriptions = append(targets, rule), append(descriptions, want.Description)
	}
	for i, rule := range targets {
		rule.Description = descriptions[i]
	}
	return nil
}
