package aws

import (
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
)

// makeDefaultACL makes the network ACL that every VPC has: everything is allowed both ways.
func (c *call) makeDefaultACL(vpc string) {
	id := c.newID("acl")
	entry := func(egress bool, number int32, action ec2types.RuleAction) ec2types.NetworkAclEntry {
		return ec2types.NetworkAclEntry{CidrBlock: new("0.0.0.0/0"), Egress: new(egress), Protocol: new("-1"), RuleAction: action, RuleNumber: new(number)}
	}
	c.region().NetworkACLs[id] = &ec2types.NetworkAcl{
		NetworkAclId: new(id), VpcId: new(vpc), OwnerId: new(c.Account), IsDefault: new(true), Associations: []ec2types.NetworkAclAssociation{},
		Entries: []ec2types.NetworkAclEntry{
			entry(true, 100, ec2types.RuleActionAllow), entry(true, 32767, ec2types.RuleActionDeny),
			entry(false, 100, ec2types.RuleActionAllow), entry(false, 32767, ec2types.RuleActionDeny),
		},
	}
}

func (c *call) ec2DescribeNetworkAcls(in *ec2.DescribeNetworkAclsInput) (*ec2.DescribeNetworkAclsOutput, error) {
	found, next, err := describe(c, c.region().NetworkACLs, described[ec2types.NetworkAcl]{
		kind: aclIDs,
		tags: func(a *ec2types.NetworkAcl) []ec2types.Tag { return a.Tags },
		values: func(a *ec2types.NetworkAcl, filter string) ([]string, bool) {
			switch filter {
			case "network-acl-id":
				return []string{text(a.NetworkAclId)}, true
			case "vpc-id":
				return []string{text(a.VpcId)}, true
			case "default":
				return []string{boolText(a.IsDefault)}, true
			case "owner-id":
				return []string{text(a.OwnerId)}, true
			case "association.subnet-id":
				var ids []string
				for _, association := range a.Associations {
					ids = append(ids, text(association.SubnetId))
				}
				return ids, true
			}
			return nil, false
		},
	}, selection{ids: in.NetworkAclIds, filters: in.Filters, max: in.MaxResults, token: in.NextToken})
	return &ec2.DescribeNetworkAclsOutput{NetworkAcls: values(found), NextToken: next}, err
}
