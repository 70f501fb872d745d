package aws

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"github.com/modelserving/terraform-provider-serving/internal/stack"
)

// subnets of a cluster's own VPC. None hands out public addresses: nodes are
// always private, and load balancers bring their own.
type subnets struct {
	*client
	owner owner
}

type subnetSpec struct {
	VPC, Zone, CIDR string
}

var _ stack.Kind[subnetSpec, ec2types.Subnet] = subnets{}

func (k subnets) Find(ctx context.Context, name string) ([]*ec2types.Subnet, error) {
	return marked(ctx, k.owner, name, k.reader.subnets, func(s ec2types.Subnet) []ec2types.Tag { return s.Tags })
}

func (k subnets) ID(live *ec2types.Subnet) string { return aws.ToString(live.SubnetId) }

func (k subnets) State(live *ec2types.Subnet) stack.State {
	switch live.State {
	case ec2types.SubnetStatePending:
		return stack.State{Phase: stack.Pending}
	case ec2types.SubnetStateFailed, ec2types.SubnetStateFailedInsufficientCapacity:
		return stack.State{Phase: stack.Failed, Reason: string(live.State)}
	}
	return stack.State{}
}

func (k subnets) Diff(name string, want subnetSpec, live *ec2types.Subnet) []stack.Difference {
	diffs := fixed("vpc", aws.ToString(live.VpcId), want.VPC)
	diffs = append(diffs, fixed("cidr", aws.ToString(live.CidrBlock), want.CIDR)...)
	diffs = append(diffs, fixed("zone", aws.ToString(live.AvailabilityZone), want.Zone)...)
	diffs = append(diffs, same("public address on launch", aws.ToBool(live.MapPublicIpOnLaunch), false)...)
	diffs = append(diffs, same("IPv6 address on launch", aws.ToBool(live.AssignIpv6AddressOnCreation), false)...)
	diffs = append(diffs, same("DNS64", aws.ToBool(live.EnableDns64), false)...)
	if o := live.PrivateDnsNameOptionsOnLaunch; o != nil {
		diffs = append(diffs, same("host name type on launch", o.HostnameType, ec2types.HostnameTypeIpName)...)
		diffs = append(diffs, same("resource name A record on launch", aws.ToBool(o.EnableResourceNameDnsARecord), false)...)
		diffs = append(diffs, same("resource name AAAA record on launch", aws.ToBool(o.EnableResourceNameDnsAAAARecord), false)...)
	}
	return append(diffs, k.owner.differ(name, fromEC2(live.Tags))...)
}

func (k subnets) Create(ctx context.Context, name string, want subnetSpec, _ string) error {
	_, err := k.ec2.CreateSubnet(ctx, &ec2.CreateSubnetInput{
		VpcId: &want.VPC, AvailabilityZone: &want.Zone, CidrBlock: &want.CIDR,
		TagSpecifications: k.owner.onCreate(ec2types.ResourceTypeSubnet, name),
	})
	return err
}

func (k subnets) Update(ctx context.Context, name string, _ subnetSpec, live *ec2types.Subnet, diffs []stack.Difference) error {
	off := &ec2types.AttributeBooleanValue{Value: aws.Bool(false)}
	// EC2 changes one attribute per call.
	for field, in := range map[string]*ec2.ModifySubnetAttributeInput{
		"public address on launch": {SubnetId: live.SubnetId, MapPublicIpOnLaunch: off},
		"IPv6 address on launch":   {SubnetId: live.SubnetId, AssignIpv6AddressOnCreation: off},
		"DNS64":                    {SubnetId: live.SubnetId, EnableDns64: off},
		"host name type on launch": {SubnetId: live.SubnetId, PrivateDnsHostnameTypeOnLaunch: ec2types.HostnameTypeIpName},

		"resource name A record on launch":    {SubnetId: live.SubnetId, EnableResourceNameDnsARecordOnLaunch: off},
		"resource name AAAA record on launch": {SubnetId: live.SubnetId, EnableResourceNameDnsAAAARecordOnLaunch: off},
	} {
		if !has(diffs, field) {
			continue
		}
		if _, err := k.ec2.ModifySubnetAttribute(ctx, in); err != nil {
			return err
		}
	}
	return k.retag(ctx, k.owner, name, aws.ToString(live.SubnetId), live.Tags)
}

func (k subnets) Delete(ctx context.Context, live *ec2types.Subnet) error {
	_, err := k.ec2.DeleteSubnet(ctx, &ec2.DeleteSubnetInput{SubnetId: live.SubnetId})
	return k.blocked(ctx, absent(err, "InvalidSubnetID.NotFound"), "subnet-id", aws.ToString(live.SubnetId))
}
