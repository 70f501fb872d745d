package aws

import (
	"context"
	"fmt"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"github.com/modelserving/terraform-provider-serving/internal/stack"
)

// securityGroups hold their rules; one that is not in the spec is drift. Those
// that peerings add to let their ranges in belong to the peerings.
type securityGroups struct {
	*client
	owner owner
}

type securityGroupSpec struct {
	Name, Description, VPC string
	Ingress, Egress        []portRule
}

// portRule lets a range reach a TCP port.
type portRule struct {
	Port int32
	CIDR string
}

var (
	_ stack.Kind[securityGroupSpec, ec2types.SecurityGroup] = securityGroups{}
	_ stack.Replacer                                        = securityGroups{}
)

// Replaceable is true because the name holds the scheme of the load balancer.
func (k securityGroups) Replaceable() {}

func (k securityGroups) Find(ctx context.Context, name string) ([]*ec2types.SecurityGroup, error) {
	return marked(ctx, k.owner, name, k.reader.securityGroups, func(g ec2types.SecurityGroup) []ec2types.Tag { return g.Tags })
}

func (k securityGroups) ID(live *ec2types.SecurityGroup) string { return aws.ToString(live.GroupId) }

func (k securityGroups) State(*ec2types.SecurityGroup) stack.State { return stack.State{} }

func (k securityGroups) Diff(name string, want securityGroupSpec, live *ec2types.SecurityGroup) []stack.Difference {
	diffs := fixed("vpc", aws.ToString(live.VpcId), want.VPC)
	diffs = append(diffs, fixed("name", aws.ToString(live.GroupName), want.Name)...)
	diffs = append(diffs, fixed("description", aws.ToString(live.Description), want.Description)...)
	diffs = append(diffs, sameSet("ingress", lines(withoutPeerings(k.owner, live.IpPermissions, want.Ingress)), spell(want.Ingress))...)
	diffs = append(diffs, sameSet("egress", lines(live.IpPermissionsEgress), spell(want.Egress))...)
	return append(diffs, k.owner.differ(name, fromEC2(live.Tags))...)
}

// spell writes rules as lines reads them.
func spell(rules []portRule) []string {
	var out []string
	for _, r := range rules {
		out = append(out, permissionLine(r.permission(), r.CIDR))
	}
	return out
}

func (r portRule) permission() ec2types.IpPermission {
	return ec2types.IpPermission{IpProtocol: aws.String("tcp"), FromPort: aws.Int32(r.Port), ToPort: aws.Int32(r.Port), IpRanges: []ec2types.IpRange{{CidrIp: aws.String(r.CIDR)}}}
}

// lines writes each rule of a group as one line.
func lines(permissions []ec2types.IpPermission) []string {
	var out []string
	for _, p := range permissions {
		for _, single := range singles(p) {
			out = append(out, permissionLine(single.permission, single.source))
		}
	}
	return out
}

type singleRule struct {
	permission ec2types.IpPermission
	source     string
}

// singles splits a permission into permissions with one source each.
func singles(p ec2types.IpPermission) []singleRule {
	var out []singleRule
	add := func(source *string, set func(*ec2types.IpPermission)) {
		one := ec2types.IpPermission{IpProtocol: p.IpProtocol, FromPort: p.FromPort, ToPort: p.ToPort}
		set(&one)
		out = append(out, singleRule{one, aws.ToString(source)})
	}
	for _, r := range p.IpRanges {
		add(r.CidrIp, func(one *ec2types.IpPermission) { one.IpRanges = []ec2types.IpRange{{CidrIp: r.CidrIp}} })
	}
	for _, r := range p.Ipv6Ranges {
		add(r.CidrIpv6, func(one *ec2types.IpPermission) { one.Ipv6Ranges = []ec2types.Ipv6Range{{CidrIpv6: r.CidrIpv6}} })
	}
	for _, r := range p.PrefixListIds {
		add(r.PrefixListId, func(one *ec2types.IpPermission) {
			one.PrefixListIds = []ec2types.PrefixListId{{PrefixListId: r.PrefixListId}}
		})
	}
	for _, r := range p.UserIdGroupPairs {
		add(r.GroupId, func(one *ec2types.IpPermission) {
			one.UserIdGroupPairs = []ec2types.UserIdGroupPair{{GroupId: r.GroupId, UserId: r.UserId}}
		})
	}
	return out
}

func permissionLine(p ec2types.IpPermission, source string) string {
	protocol := aws.ToString(p.IpProtocol)
	if protocol == "-1" {
		return "all traffic " + source
	}
	ports := fmt.Sprint(aws.ToInt32(p.FromPort))
	if aws.ToInt32(p.FromPort) != aws.ToInt32(p.ToPort) {
		ports = fmt.Sprintf("%d-%d", aws.ToInt32(p.FromPort), aws.ToInt32(p.ToPort))
	}
	return fmt.Sprintf("%s %s %s", protocol, ports, source)
}

func (k securityGroups) Create(ctx context.Context, name string, want securityGroupSpec, _ string) error {
	_, err := k.ec2.CreateSecurityGroup(ctx, &ec2.CreateSecurityGroupInput{
		GroupName: &want.Name, Description: &want.Description, VpcId: &want.VPC,
		TagSpecifications: k.owner.onCreate(ec2types.ResourceTypeSecurityGroup, name),
	})
	return err
}

// Update closes before it opens.
func (k securityGroups) Update(ctx context.Context, name string, want securityGroupSpec, live *ec2types.SecurityGroup, _ []stack.Difference) error {
	if extra := surplus(withoutPeerings(k.owner, live.IpPermissions, want.Ingress), want.Ingress); len(extra) > 0 {
		_, err := k.ec2.RevokeSecurityGroupIngress(ctx, &ec2.RevokeSecurityGroupIngressInput{GroupId: live.GroupId, IpPermissions: extra})
		if absent(err, "InvalidPermission.NotFound") != nil {
			return err
		}
	}
	if extra := surplus(live.IpPermissionsEgress, want.Egress); len(extra) > 0 {
		_, err := k.ec2.RevokeSecurityGroupEgress(ctx, &ec2.RevokeSecurityGroupEgressInput{GroupId: live.GroupId, IpPermissions: extra})
		if absent(err, "InvalidPermission.NotFound") != nil {
			return err
		}
	}
	if missing := lacking(live.IpPermissions, want.Ingress); len(missing) > 0 {
		_, err := k.ec2.AuthorizeSecurityGroupIngress(ctx, &ec2.AuthorizeSecurityGroupIngressInput{GroupId: live.GroupId, IpPermissions: missing})
		if absent(err, "InvalidPermission.Duplicate") != nil {
			return err
		}
	}
	if missing := lacking(live.IpPermissionsEgress, want.Egress); len(missing) > 0 {
		_, err := k.ec2.AuthorizeSecurityGroupEgress(ctx, &ec2.AuthorizeSecurityGroupEgressInput{GroupId: live.GroupId, IpPermissions: missing})
		if absent(err, "InvalidPermission.Duplicate") != nil {
			return err
		}
	}
	return k.retag(ctx, k.owner, name, aws.ToString(live.GroupId), live.Tags)
}

// surplus are the live rules that are not wanted.
func surplus(live []ec2types.IpPermission, want []portRule) []ec2types.IpPermission {
	wanted := spell(want)
	var out []ec2types.IpPermission
	for _, p := range live {
		for _, one := range singles(p) {
			if !slices.Contains(wanted, permissionLine(one.permission, one.source)) {
				out = append(out, one.permission)
			}
		}
	}
	return out
}

// lacking are the wanted rules that are not live.
func lacking(live []ec2types.IpPermission, want []portRule) []ec2types.IpPermission {
	have := lines(live)
	var out []ec2types.IpPermission
	for _, r := range want {
		if !slices.Contains(have, permissionLine(r.permission(), r.CIDR)) {
			out = append(out, r.permission())
		}
	}
	return out
}

func (k securityGroups) Delete(ctx context.Context, live *ec2types.SecurityGroup) error {
	_, err := k.ec2.DeleteSecurityGroup(ctx, &ec2.DeleteSecurityGroupInput{GroupId: live.GroupId})
	return k.blocked(ctx, absent(err, "InvalidGroup.NotFound"), "group-id", aws.ToString(live.GroupId))
}
