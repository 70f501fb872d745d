package aws

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"golang.org/x/sync/errgroup"

	"github.com/modelserving/terraform-provider-serving/internal/stack"
)

// vpcs are the VPCs that clusters make for themselves. DNS support and host
// names are on: the private endpoint of EKS needs both.
type vpcs struct {
	*client
	owner owner
}

type vpcSpec struct {
	CIDR string
}

type vpcLive struct {
	ec2types.Vpc
	vpcAttributes
}

// vpcAttributes are what DescribeVpcs leaves out.
type vpcAttributes struct {
	DNSSupport, DNSHostnames bool
}

var _ stack.Kind[vpcSpec, vpcLive] = vpcs{}

func (k vpcs) Find(ctx context.Context, name string) ([]*vpcLive, error) {
	found, err := marked(ctx, k.owner, name, k.reader.vpcs, func(v ec2types.Vpc) []ec2types.Tag { return v.Tags })
	if err != nil {
		return nil, err
	}
	var out []*vpcLive
	for _, v := range found {
		attributes, err := k.reader.vpcAttributes.Get(ctx, aws.ToString(v.VpcId))
		if isCode(err, "InvalidVpcID.NotFound") {
			continue
		}
		if err != nil {
			return nil, err
		}
		out = append(out, &vpcLive{*v, attributes})
	}
	return out, nil
}

func (k vpcs) ID(live *vpcLive) string { return aws.ToString(live.VpcId) }

func (k vpcs) State(live *vpcLive) stack.State {
	if live.State == ec2types.VpcStatePending {
		return stack.State{Phase: stack.Pending}
	}
	return stack.State{}
}

func (k vpcs) Diff(name string, want vpcSpec, live *vpcLive) []stack.Difference {
	diffs := fixed("cidr", aws.ToString(live.CidrBlock), want.CIDR)
	diffs = append(diffs, fixed("instance tenancy", live.InstanceTenancy, ec2types.TenancyDefault)...)
	for _, id := range secondary(live.Vpc) {
		diffs = append(diffs, stack.Difference{Field: "secondary range", Got: id})
	}
	diffs = append(diffs, same("dns support", live.DNSSupport, true)...)
	diffs = append(diffs, same("dns host names", live.DNSHostnames, true)...)
	return append(diffs, k.owner.differ(name, fromEC2(live.Tags))...)
}

// secondary lists the associations of ranges besides the VPC's first.
func secondary(v ec2types.Vpc) []string {
	var out []string
	for _, a := range v.CidrBlockAssociationSet {
		live := a.CidrBlockState == nil || a.CidrBlockState.State == ec2types.VpcCidrBlockStateCodeAssociated || a.CidrBlockState.State == ec2types.VpcCidrBlockStateCodeAssociating
		if live && aws.ToString(a.CidrBlock) != aws.ToString(v.CidrBlock) {
			out = append(out, aws.ToString(a.CidrBlock)+" ("+aws.ToString(a.AssociationId)+")")
		}
	}
	return out
}

func (k vpcs) Create(ctx context.Context, name string, want vpcSpec, _ string) error {
	_, err := k.ec2.CreateVpc(ctx, &ec2.CreateVpcInput{
		CidrBlock:         &want.CIDR,
		TagSpecifications: k.owner.onCreate(ec2types.ResourceTypeVpc, name),
	})
	return err
}

func (k vpcs) Update(ctx context.Context, name string, _ vpcSpec, live *vpcLive, diffs []stack.Difference) error {
	// EC2 changes one attribute per call, and host names only with support.
	if has(diffs, "dns support") {
		if _, err := k.ec2.ModifyVpcAttribute(ctx, &ec2.ModifyVpcAttributeInput{VpcId: live.VpcId, EnableDnsSupport: &ec2types.AttributeBooleanValue{Value: aws.Bool(true)}}); err != nil {
			return err
		}
	}
	if has(diffs, "dns host names") {
		if _, err := k.ec2.ModifyVpcAttribute(ctx, &ec2.ModifyVpcAttributeInput{VpcId: live.VpcId, EnableDnsHostnames: &ec2types.AttributeBooleanValue{Value: aws.Bool(true)}}); err != nil {
			return err
		}
	}
	if has(diffs, "secondary range") {
		for _, a := range live.CidrBlockAssociationSet {
			if aws.ToString(a.CidrBlock) == aws.ToString(live.CidrBlock) {
				continue
			}
			if _, err := k.ec2.DisassociateVpcCidrBlock(ctx, &ec2.DisassociateVpcCidrBlockInput{AssociationId: a.AssociationId}); err != nil {
				return err
			}
		}
	}
	return k.retag(ctx, k.owner, name, aws.ToString(live.VpcId), live.Tags)
}

func (k vpcs) Delete(ctx context.Context, live *vpcLive) error {
	_, err := k.ec2.DeleteVpc(ctx, &ec2.DeleteVpcInput{VpcId: live.VpcId})
	return k.blocked(ctx, absent(err, "InvalidVpcID.NotFound"), "vpc-id", aws.ToString(live.VpcId))
}

// vpcAttributes reads both DNS attributes, which have no batch form.
func (c *client) vpcAttributes(ctx context.Context, id string) (vpcAttributes, error) {
	var out vpcAttributes
	var g errgroup.Group
	g.Go(func() error {
		o, err := c.ec2.DescribeVpcAttribute(ctx, &ec2.DescribeVpcAttributeInput{VpcId: &id, Attribute: ec2types.VpcAttributeNameEnableDnsSupport})
		if err == nil && o.EnableDnsSupport != nil {
			out.DNSSupport = aws.ToBool(o.EnableDnsSupport.Value)
		}
		return err
	})
	g.Go(func() error {
		o, err := c.ec2.DescribeVpcAttribute(ctx, &ec2.DescribeVpcAttributeInput{VpcId: &id, Attribute: ec2types.VpcAttributeNameEnableDnsHostnames})
		if err == nil && o.EnableDnsHostnames != nil {
			out.DNSHostnames = aws.ToBool(o.EnableDnsHostnames.Value)
		}
		return err
	})
	return out, g.Wait()
}
