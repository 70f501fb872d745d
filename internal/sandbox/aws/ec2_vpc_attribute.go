package aws

import (
	"slices"

	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
)

func (c *call) ec2ModifyVpcAttribute(in *ec2.ModifyVpcAttributeInput) (*ec2.ModifyVpcAttributeOutput, error) {
	v, err := find(c.region().VPCs, in.VpcId, "VpcId", vpcIDs)
	if err != nil {
		return nil, err
	}
	given := 0
	for _, attribute := range []*ec2types.AttributeBooleanValue{in.EnableDnsHostnames, in.EnableDnsSupport, in.EnableNetworkAddressUsageMetrics} {
		if attribute == nil {
			continue
		}
		given++
		if attribute.Value == nil {
			return nil, missingParameter("Value")
		}
	}
	switch {
	case given == 0:
		return nil, missingParameter("Attribute")
	case given > 1:
		return nil, apiError("InvalidParameterCombination", "Fields for multiple attribute types specified; only one may be modified per request.")
	case in.EnableDnsHostnames != nil:
		if *in.EnableDnsHostnames.Value && !v.EnableDNSSupport {
			return nil, apiError("InvalidParameterValue", "DNS hostnames can only be enabled when DNS support is enabled.")
		}
		v.EnableDNSHostnames = *in.EnableDnsHostnames.Value
	case in.EnableDnsSupport != nil:
		v.EnableDNSSupport = *in.EnableDnsSupport.Value
		v.EnableDNSHostnames = v.EnableDNSHostnames && v.EnableDNSSupport
	default:
		v.EnableNetworkAddressUsageMetrics = *in.EnableNetworkAddressUsageMetrics.Value
	}
	return &ec2.ModifyVpcAttributeOutput{}, nil
}

func (c *call) ec2DescribeVpcAttribute(in *ec2.DescribeVpcAttributeInput) (*ec2.DescribeVpcAttributeOutput, error) {
	v, err := find(c.region().VPCs, in.VpcId, "VpcId", vpcIDs)
	if err != nil {
		return nil, err
	}
	if !c.visible(*v.VpcId) {
		return nil, vpcIDs.absent(*v.VpcId)
	}
	out := &ec2.DescribeVpcAttributeOutput{VpcId: v.VpcId}
	switch in.Attribute {
	case ec2types.VpcAttributeNameEnableDnsHostnames:
		out.EnableDnsHostnames = &ec2types.AttributeBooleanValue{Value: new(v.EnableDNSHostnames)}
	case ec2types.VpcAttributeNameEnableDnsSupport:
		out.EnableDnsSupport = &ec2types.AttributeBooleanValue{Value: new(v.EnableDNSSupport)}
	case ec2types.VpcAttributeNameEnableNetworkAddressUsageMetrics:
		out.EnableNetworkAddressUsageMetrics = &ec2types.AttributeBooleanValue{Value: new(v.EnableNetworkAddressUsageMetrics)}
	default:
		return nil, missingParameter("Attribute")
	}
	return out, nil
}

func (c *call) ec2AssociateVpcCidrBlock(in *ec2.AssociateVpcCidrBlockInput) (*ec2.AssociateVpcCidrBlockOutput, error) {
	v, err := find(c.region().VPCs, in.VpcId, "VpcId", vpcIDs)
	if err != nil {
		return nil, err
	}
	if in.CidrBlock == nil {
		return nil, unsupported("every way to associate a block but CidrBlock")
	}
	cidr, err := parseVPCCIDR(in.CidrBlock)
	if err != nil {
		return nil, err
	}
	for _, have := range v.prefixes() {
		if have.Overlaps(cidr) {
			return nil, apiError("InvalidVpc.Range", "The CIDR '%s' conflicts with the block %s of the VPC.", cidr, have)
		}
	}
	if err := c.peeringAdmitsBlock(v, cidr); err != nil {
		return nil, err
	}
	if len(v.CidrBlockAssociationSet) >= c.quota("ec2.cidr_blocks_per_vpc") {
		return nil, apiError("CidrLimitExceeded", "This network '%s' has met its maximum number of allowed CIDRs: %d", *v.VpcId, c.quota("ec2.cidr_blocks_per_vpc"))
	}
	association := ec2types.VpcCidrBlockAssociation{
		AssociationId: new(c.newID("vpc-cidr-assoc")), CidrBlock: new(cidr.String()),
		CidrBlockState: &ec2types.VpcCidrBlockState{State: ec2types.VpcCidrBlockStateCodeAssociating},
	}
	v.CidrBlockAssociationSet = append(v.CidrBlockAssociationSet, association)
	c.failOverlapping(v)
	c.after("ec2.vpc_cidr_block.associate", transition{Kind: "ec2.vpc_cidr_block", ID: *association.AssociationId, To: "associated"})
	return &ec2.AssociateVpcCidrBlockOutput{VpcId: v.VpcId, CidrBlockAssociation: &association}, nil
}

func (c *call) ec2DisassociateVpcCidrBlock(in *ec2.DisassociateVpcCidrBlockInput) (*ec2.DisassociateVpcCidrBlockOutput, error) {
	if in.AssociationId == nil {
		return nil, missingParameter("AssociationId")
	}
	v, i := c.findCIDRAssociation(*in.AssociationId)
	if v == nil {
		return nil, apiError("InvalidVpcCidrBlockAssociationID.NotFound", "The vpc CIDR block association ID '%s' does not exist", *in.AssociationId)
	}
	association := &v.CidrBlockAssociationSet[i]
	if *association.CidrBlock == *v.CidrBlock {
		return nil, apiError("OperationNotPermitted", "The vpc CIDR block with association ID %s may not be disassociated. It is the primary IPv4 CIDR block of the VPC", *in.AssociationId)
	}
	cidr, err := parseCIDR(*association.CidrBlock, "cidrBlock")
	if err != nil {
		return nil, err
	}
	for _, s := range c.region().Subnets {
		if subnet, err := parseCIDR(*s.CidrBlock, "cidrBlock"); err == nil && *s.VpcId == *v.VpcId && within(subnet, cidr) {
			return nil, apiError("InvalidCidrBlock.InUse", "The vpc %s currently has a subnet within CIDR block %s", *v.VpcId, cidr)
		}
	}
	association.CidrBlockState = &ec2types.VpcCidrBlockState{State: ec2types.VpcCidrBlockStateCodeDisassociating}
	for _, t := range c.region().RouteTables {
		if *t.VpcId == *v.VpcId {
			t.Routes = slices.DeleteFunc(t.Routes, func(r ec2types.Route) bool {
				return equal(r.GatewayId, "local") && equal(r.DestinationCidrBlock, cidr.String())
			})
		}
	}
	c.after("ec2.vpc_cidr_block.disassociate", transition{Kind: "ec2.vpc_cidr_block", ID: *in.AssociationId, To: "gone"})
	return &ec2.DisassociateVpcCidrBlockOutput{VpcId: v.VpcId, CidrBlockAssociation: association}, nil
}

func (c *call) findCIDRAssociation(id string) (*VPC, int) {
	for _, v := range c.region().VPCs {
		for i, a := range v.CidrBlockAssociationSet {
			if *a.AssociationId == id {
				return v, i
			}
		}
	}
	return nil, 0
}

// settleVPCCIDRBlock ends an association's coming or going; routes to the block follow it.
func (c *call) settleVPCCIDRBlock(id, to string) {
	v, i := c.findCIDRAssociation(id)
	if v == nil {
		return
	}
	if to == "gone" {
		v.CidrBlockAssociationSet = slices.Delete(v.CidrBlockAssociationSet, i, i+1)
		return
	}
	v.CidrBlockAssociationSet[i].CidrBlockState = &ec2types.VpcCidrBlockState{State: ec2types.VpcCidrBlockStateCodeAssociated}
	for _, t := range c.region().RouteTables {
		if *t.VpcId == *v.VpcId {
			t.Routes = append(t.Routes, localRoute(*v.CidrBlockAssociationSet[i].CidrBlock))
		}
	}
}
