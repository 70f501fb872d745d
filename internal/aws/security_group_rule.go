package aws

import (
	"context"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"github.com/modelserving/terraform-provider-serving/internal/stack"
)

// securityGroupRules are single rules in a group that somebody else makes: EKS
// makes the one of the nodes.
type securityGroupRules struct {
	*client
	owner owner
}

type securityGroupRuleSpec struct {
	// Group gets the rule; members of Source, which is a group's id or a range, may
	// then reach its port.
	Group, Source string
	Port          int32
}

var (
	_ stack.Kind[securityGroupRuleSpec, ec2types.SecurityGroupRule] = securityGroupRules{}
	_ stack.Replacer                                                = securityGroupRules{}
)

// Replaceable is true because a rule is cheaper to make anew than to change.
func (k securityGroupRules) Replaceable() {}

func (k securityGroupRules) Find(ctx context.Context, name string) ([]*ec2types.SecurityGroupRule, error) {
	return marked(ctx, k.owner, name, k.reader.groupRules, func(r ec2types.SecurityGroupRule) []ec2types.Tag { return r.Tags })
}

func (k securityGroupRules) ID(live *ec2types.SecurityGroupRule) string {
	return aws.ToString(live.SecurityGroupRuleId)
}

func (k securityGroupRules) State(*ec2types.SecurityGroupRule) stack.State { return stack.State{} }

func (k securityGroupRules) Diff(name string, want securityGroupRuleSpec, live *ec2types.SecurityGroupRule) []stack.Difference {
	source := aws.ToString(live.CidrIpv4) + aws.ToString(live.CidrIpv6) + aws.ToString(live.PrefixListId)
	if live.ReferencedGroupInfo != nil {
		source += aws.ToString(live.ReferencedGroupInfo.GroupId)
	}
	diffs := fixed("group", aws.ToString(live.GroupId), want.Group)
	diffs = append(diffs, fixed("direction", aws.ToBool(live.IsEgress), false)...)
	diffs = append(diffs, fixed("source", source, want.Source)...)
	diffs = append(diffs, fixed("protocol", aws.ToString(live.IpProtocol), "tcp")...)
	diffs = append(diffs, fixed("ports", fmt.Sprintf("%d-%d", aws.ToInt32(live.FromPort), aws.ToInt32(live.ToPort)), fmt.Sprintf("%d-%d", want.Port, want.Port))...)
	return append(diffs, k.owner.differ(name, fromEC2(live.Tags))...)
}

func (k securityGroupRules) Create(ctx context.Context, name string, want securityGroupRuleSpec, _ string) error {
	permission := ec2types.IpPermission{IpProtocol: aws.String("tcp"), FromPort: &want.Port, ToPort: &want.Port}
	if strings.Contains(want.Source, "/") {
		permission.IpRanges = []ec2types.IpRange{{CidrIp: &want.Source}}
	} else {
		permission.UserIdGroupPairs = []ec2types.UserIdGroupPair{{GroupId: &want.Source}}
	}
	_, err := k.ec2.AuthorizeSecurityGroupIngress(ctx, &ec2.AuthorizeSecurityGroupIngressInput{
		GroupId:           &want.Group,
		IpPermissions:     []ec2types.IpPermission{permission},
		TagSpecifications: k.owner.onCreate(ec2types.ResourceTypeSecurityGroupRule, name),
	})
	if isCode(err, "InvalidPermission.Duplicate") {
		return &advised{err, fmt.Sprintf("The rule exists without our tags: remove it, or tag it %s=%s and %s=%s.", tagStack, k.owner.stack, tagObject, name)}
	}
	return err
}

func (k securityGroupRules) Update(ctx context.Context, name string, _ securityGroupRuleSpec, live *ec2types.SecurityGroupRule, _ []stack.Difference) error {
	return k.retag(ctx, k.owner, name, aws.ToString(live.SecurityGroupRuleId), live.Tags)
}

func (k securityGroupRules) Delete(ctx context.Context, live *ec2types.SecurityGroupRule) error {
	var err error
	if ids := []string{aws.ToString(live.SecurityGroupRuleId)}; aws.ToBool(live.IsEgress) {
		_, err = k.ec2.RevokeSecurityGroupEgress(ctx, &ec2.RevokeSecurityGroupEgressInput{GroupId: live.GroupId, SecurityGroupRuleIds: ids})
	} else {
		_, err = k.ec2.RevokeSecurityGroupIngress(ctx, &ec2.RevokeSecurityGroupIngressInput{GroupId: live.GroupId, SecurityGroupRuleIds: ids})
	}
	return absent(err, "InvalidSecurityGroupRuleId.NotFound", "InvalidGroup.NotFound", "InvalidPermission.NotFound")
}
