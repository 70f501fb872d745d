package aws

import (
	"fmt"
	"strconv"
	"strings"

	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
)

// addRule stores a rule under a new id.
func (c *call) addRule(rule *ec2types.SecurityGroupRule) {
	id := c.newID("sgr")
	rule.SecurityGroupRuleId, rule.SecurityGroupRuleArn = new(id), new(c.arn("ec2", "security-group-rule/"+id))
	rule.GroupOwnerId = new(c.Account)
	c.region().SecurityGroupRules[id] = rule
}

// rulesOf lists a group's rules of one direction in the order of their ids.
func (c *call) rulesOf(group string, egress bool) []*ec2types.SecurityGroupRule {
	var out []*ec2types.SecurityGroupRule
	all := c.region().SecurityGroupRules
	for _, id := range sortedKeys(all) {
		if *all[id].GroupId == group && *all[id].IsEgress == egress {
			out = append(out, all[id])
		}
	}
	return out
}

// permissions is the older view of rules: one entry per protocol and port range with every source in it.
func (c *call) permissions(group string, egress bool) []ec2types.IpPermission {
	out := []ec2types.IpPermission{}
	index := map[string]int{}
	for _, rule := range c.rulesOf(group, egress) {
		key := fmt.Sprint(*rule.IpProtocol, "/", *rule.FromPort, "/", *rule.ToPort)
		i, known := index[key]
		if !known {
			p := ec2types.IpPermission{
				IpProtocol: rule.IpProtocol, IpRanges: []ec2types.IpRange{}, Ipv6Ranges: []ec2types.Ipv6Range{},
				PrefixListIds: []ec2types.PrefixListId{}, UserIdGroupPairs: []ec2types.UserIdGroupPair{},
			}
			if *rule.IpProtocol != "-1" {
				p.FromPort, p.ToPort = rule.FromPort, rule.ToPort
			}
			i = len(out)
			index[key] = i
			out = append(out, p)
		}
		switch {
		case rule.CidrIpv4 != nil:
			out[i].IpRanges = append(out[i].IpRanges, ec2types.IpRange{CidrIp: rule.CidrIpv4, Description: rule.Description})
		case rule.CidrIpv6 != nil:
			out[i].Ipv6Ranges = append(out[i].Ipv6Ranges, ec2types.Ipv6Range{CidrIpv6: rule.CidrIpv6, Description: rule.Description})
		case rule.ReferencedGroupInfo != nil:
			far := c.shownReference(rule.ReferencedGroupInfo)
			out[i].UserIdGroupPairs = append(out[i].UserIdGroupPairs, ec2types.UserIdGroupPair{
				GroupId: far.GroupId, UserId: far.UserId, Description: rule.Description,
				VpcId: far.VpcId, VpcPeeringConnectionId: far.VpcPeeringConnectionId, PeeringStatus: far.PeeringStatus,
			})
		}
	}
	return out
}

var protocolNames = map[string]string{"1": "icmp", "6": "tcp", "17": "udp", "58": "icmpv6"}

// protocol reads a protocol and its ports into the form in which rules are stored.
func protocol(name *string, from, to *int32) (string, int32, int32, error) {
	p := strings.ToLower(text(name))
	if known, ok := protocolNames[p]; ok {
		p = known
	}
	switch p {
	case "":
		return "", 0, 0, missingParameter("ipProtocol")
	case "-1":
		return p, -1, -1, nil
	case "tcp", "udp":
		if from == nil || to == nil {
			return "", 0, 0, apiError("InvalidParameterValue", "Invalid value 'Must specify both from and to ports with %s' for portRange.", strings.ToUpper(p))
		}
		if *from < 0 || *from > 65535 || *to < 0 || *to > 65535 || *from > *to {
			return "", 0, 0, apiError("InvalidParameterValue", "Invalid %s port range (%d to %d)", strings.ToUpper(p), *from, *to)
		}
		return p, *from, *to, nil
	case "icmp", "icmpv6":
		if from == nil || to == nil {
			return "", 0, 0, missingParameter("icmp type and code")
		}
		if *from < -1 || *from > 255 || *to < -1 || *to > 255 {
			return "", 0, 0, apiError("InvalidParameterValue", "Invalid ICMP type or code (%d, %d)", *from, *to)
		}
		return p, *from, *to, nil
	}
	if n, err := strconv.Atoi(p); err != nil || n < 0 || n > 255 {
		return "", 0, 0, apiError("InvalidParameterValue", "Invalid value '%s' for IP protocol. Unknown protocol.", p)
	}
	return p, -1, -1, nil
}

func checkDescription(description *string) error {
	if description != nil && (len(*description) > 255 || !groupText.MatchString(*description)) {
		return apiError("InvalidParameterValue",
			"Invalid rule description. Valid descriptions are strings less than 256 characters from the following set:  a-zA-Z0-9. _-:/()#,@[]+=&;{}!$*")
	}
	return nil
}

// expand turns permissions into single rules, checked, not stored.
func (c *call) expand(group *ec2types.SecurityGroup, egress bool, permissions []ec2types.IpPermission) ([]*ec2types.SecurityGroupRule, error) {
	var out []*ec2types.SecurityGroupRule
	for _, p := range permissions {
		name, from, to, err := protocol(p.IpProtocol, p.FromPort, p.ToPort)
		if err != nil {
			return nil, err
		}
		add := func(description *string, set func(rule *ec2types.SecurityGroupRule)) error {
			rule := &ec2types.SecurityGroupRule{
				GroupId: group.GroupId, IsEgress: new(egress), IpProtocol: new(name), FromPort: new(from), ToPort: new(to), Description: description,
			}
			set(rule)
			out = append(out, rule)
			return checkDescription(description)
		}
		before := len(out)
		for _, source := range p.IpRanges {
			cidr, err := parseCIDR(text(source.CidrIp), "cidrIp")
			if err == nil {
				err = add(source.Description, func(rule *ec2types.SecurityGroupRule) { rule.CidrIpv4 = new(cidr.String()) })
			}
			if err != nil {
				return nil, err
			}
		}
		for _, source := range p.Ipv6Ranges {
			cidr, err := parseCIDRv6(text(source.CidrIpv6))
			if err == nil {
				err = add(source.Description, func(rule *ec2types.SecurityGroupRule) { rule.CidrIpv6 = new(cidr.String()) })
			}
			if err != nil {
				return nil, err
			}
		}
		for _, source := range p.UserIdGroupPairs {
			referenced, err := c.referenced(group, source)
			if err == nil {
				err = add(source.Description, func(rule *ec2types.SecurityGroupRule) { rule.ReferencedGroupInfo = referenced })
			}
			if err != nil {
				return nil, err
			}
		}
		if len(p.PrefixListIds) > 0 {
			return nil, apiError("InvalidPrefixListID.NotFound", "The prefix list ID '%s' does not exist", text(p.PrefixListIds[0].PrefixListId))
		}
		if len(out) == before {
			return nil, missingParameter("ipRanges, ipv6Ranges, groups or prefixListIds")
		}
	}
	return out, nil
}

// referenced checks a group that a rule names; it must be in the same VPC or in one that is peered with it.
func (c *call) referenced(group *ec2types.SecurityGroup, source ec2types.UserIdGroupPair) (*ec2types.ReferencedSecurityGroup, error) {
	switch {
	case source.GroupName != nil:
		return nil, unsupported("GroupName of a group pair")
	case text(source.GroupId) == "":
		return nil, missingParameter("GroupId")
	}
	if err := groupIDs.check(*source.GroupId); err != nil {
		return nil, err
	}
	other := c.region().SecurityGroups[*source.GroupId]
	if other == nil || *other.VpcId != *group.VpcId || source.UserId != nil && *source.UserId != c.Account {
		return c.peerGroup(group, source)
	}
	if source.VpcPeeringConnectionId != nil || source.VpcId != nil && *source.VpcId != *other.VpcId {
		return nil, apiError("InvalidParameterValue", "The security group %s is not in a peer VPC.", *other.GroupId)
	}
	return &ec2types.ReferencedSecurityGroup{GroupId: other.GroupId, UserId: new(c.Account)}, nil
}

// source is what a rule is about, for messages and to compare.
func source(rule *ec2types.SecurityGroupRule) string {
	switch {
	case rule.CidrIpv4 != nil:
		return *rule.CidrIpv4
	case rule.CidrIpv6 != nil:
		return *rule.CidrIpv6
	case rule.ReferencedGroupInfo != nil:
		return text(rule.ReferencedGroupInfo.GroupId)
	}
	return ""
}

// sameRule compares all but the description, the id and the tags, as AWS does.
func sameRule(a, b *ec2types.SecurityGroupRule) bool {
	return *a.GroupId == *b.GroupId && *a.IsEgress == *b.IsEgress && *a.IpProtocol == *b.IpProtocol && *a.FromPort == *b.FromPort &&
		*a.ToPort == *b.ToPort && source(a) == source(b)
}

// findRule is a stored rule equal to the one given.
func (c *call) findRule(want *ec2types.SecurityGroupRule) *ec2types.SecurityGroupRule {
	for _, rule := range c.rulesOf(*want.GroupId, *want.IsEgress) {
		if sameRule(rule, want) {
			return rule
		}
	}
	return nil
}
