package aws

import (
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
)

// ec2Call is an operation of EC2.
type ec2Call[In, Out any] = call[In, Out, ec2.Options]

// ec2Operations are those that the provider calls.
type ec2Operations struct {
	AcceptVpcPeeringConnection                 ec2Call[ec2.AcceptVpcPeeringConnectionInput, ec2.AcceptVpcPeeringConnectionOutput]
	AllocateAddress                            ec2Call[ec2.AllocateAddressInput, ec2.AllocateAddressOutput]
	AssociateRouteTable                        ec2Call[ec2.AssociateRouteTableInput, ec2.AssociateRouteTableOutput]
	AttachInternetGateway                      ec2Call[ec2.AttachInternetGatewayInput, ec2.AttachInternetGatewayOutput]
	AuthorizeSecurityGroupEgress               ec2Call[ec2.AuthorizeSecurityGroupEgressInput, ec2.AuthorizeSecurityGroupEgressOutput]
	AuthorizeSecurityGroupIngress              ec2Call[ec2.AuthorizeSecurityGroupIngressInput, ec2.AuthorizeSecurityGroupIngressOutput]
	CreateInternetGateway                      ec2Call[ec2.CreateInternetGatewayInput, ec2.CreateInternetGatewayOutput]
	CreateNatGateway                           ec2Call[ec2.CreateNatGatewayInput, ec2.CreateNatGatewayOutput]
	CreateRoute                                ec2Call[ec2.CreateRouteInput, ec2.CreateRouteOutput]
	CreateRouteTable                           ec2Call[ec2.CreateRouteTableInput, ec2.CreateRouteTableOutput]
	CreateSecurityGroup                        ec2Call[ec2.CreateSecurityGroupInput, ec2.CreateSecurityGroupOutput]
	CreateSubnet                               ec2Call[ec2.CreateSubnetInput, ec2.CreateSubnetOutput]
	CreateTags                                 ec2Call[ec2.CreateTagsInput, ec2.CreateTagsOutput]
	CreateVpc                                  ec2Call[ec2.CreateVpcInput, ec2.CreateVpcOutput]
	CreateVpcPeeringConnection                 ec2Call[ec2.CreateVpcPeeringConnectionInput, ec2.CreateVpcPeeringConnectionOutput]
	DeleteInternetGateway                      ec2Call[ec2.DeleteInternetGatewayInput, ec2.DeleteInternetGatewayOutput]
	DeleteNatGateway                           ec2Call[ec2.DeleteNatGatewayInput, ec2.DeleteNatGatewayOutput]
	DeleteRoute                                ec2Call[ec2.DeleteRouteInput, ec2.DeleteRouteOutput]
	DeleteRouteTable                           ec2Call[ec2.DeleteRouteTableInput, ec2.DeleteRouteTableOutput]
	DeleteSecurityGroup                        ec2Call[ec2.DeleteSecurityGroupInput, ec2.DeleteSecurityGroupOutput]
	DeleteSubnet                               ec2Call[ec2.DeleteSubnetInput, ec2.DeleteSubnetOutput]
	DeleteTags                                 ec2Call[ec2.DeleteTagsInput, ec2.DeleteTagsOutput]
	DeleteVpc                                  ec2Call[ec2.DeleteVpcInput, ec2.DeleteVpcOutput]
	DeleteVpcPeeringConnection                 ec2Call[ec2.DeleteVpcPeeringConnectionInput, ec2.DeleteVpcPeeringConnectionOutput]
	DescribeAddresses                          ec2Call[ec2.DescribeAddressesInput, ec2.DescribeAddressesOutput]
	DescribeAvailabilityZones                  ec2Call[ec2.DescribeAvailabilityZonesInput, ec2.DescribeAvailabilityZonesOutput]
	DescribeInstanceTypeOfferings              ec2Call[ec2.DescribeInstanceTypeOfferingsInput, ec2.DescribeInstanceTypeOfferingsOutput]
	DescribeInternetGateways                   ec2Call[ec2.DescribeInternetGatewaysInput, ec2.DescribeInternetGatewaysOutput]
	DescribeNatGateways                        ec2Call[ec2.DescribeNatGatewaysInput, ec2.DescribeNatGatewaysOutput]
	DescribeNetworkAcls                        ec2Call[ec2.DescribeNetworkAclsInput, ec2.DescribeNetworkAclsOutput]
	DescribeNetworkInterfaces                  ec2Call[ec2.DescribeNetworkInterfacesInput, ec2.DescribeNetworkInterfacesOutput]
	DescribeRouteTables                        ec2Call[ec2.DescribeRouteTablesInput, ec2.DescribeRouteTablesOutput]
	DescribeSecurityGroupRules                 ec2Call[ec2.DescribeSecurityGroupRulesInput, ec2.DescribeSecurityGroupRulesOutput]
	DescribeSecurityGroups                     ec2Call[ec2.DescribeSecurityGroupsInput, ec2.DescribeSecurityGroupsOutput]
	DescribeSubnets                            ec2Call[ec2.DescribeSubnetsInput, ec2.DescribeSubnetsOutput]
	DescribeVpcAttribute                       ec2Call[ec2.DescribeVpcAttributeInput, ec2.DescribeVpcAttributeOutput]
	DescribeVpcPeeringConnections              ec2Call[ec2.DescribeVpcPeeringConnectionsInput, ec2.DescribeVpcPeeringConnectionsOutput]
	DescribeVpcs                               ec2Call[ec2.DescribeVpcsInput, ec2.DescribeVpcsOutput]
	DetachInternetGateway                      ec2Call[ec2.DetachInternetGatewayInput, ec2.DetachInternetGatewayOutput]
	DisableVgwRoutePropagation                 ec2Call[ec2.DisableVgwRoutePropagationInput, ec2.DisableVgwRoutePropagationOutput]
	DisassociateRouteTable                     ec2Call[ec2.DisassociateRouteTableInput, ec2.DisassociateRouteTableOutput]
	DisassociateVpcCidrBlock                   ec2Call[ec2.DisassociateVpcCidrBlockInput, ec2.DisassociateVpcCidrBlockOutput]
	ModifySubnetAttribute                      ec2Call[ec2.ModifySubnetAttributeInput, ec2.ModifySubnetAttributeOutput]
	ModifyVpcAttribute                         ec2Call[ec2.ModifyVpcAttributeInput, ec2.ModifyVpcAttributeOutput]
	ModifyVpcPeeringConnectionOptions          ec2Call[ec2.ModifyVpcPeeringConnectionOptionsInput, ec2.ModifyVpcPeeringConnectionOptionsOutput]
	ReleaseAddress                             ec2Call[ec2.ReleaseAddressInput, ec2.ReleaseAddressOutput]
	ReplaceRoute                               ec2Call[ec2.ReplaceRouteInput, ec2.ReplaceRouteOutput]
	ReplaceRouteTableAssociation               ec2Call[ec2.ReplaceRouteTableAssociationInput, ec2.ReplaceRouteTableAssociationOutput]
	RevokeSecurityGroupEgress                  ec2Call[ec2.RevokeSecurityGroupEgressInput, ec2.RevokeSecurityGroupEgressOutput]
	RevokeSecurityGroupIngress                 ec2Call[ec2.RevokeSecurityGroupIngressInput, ec2.RevokeSecurityGroupIngressOutput]
	UpdateSecurityGroupRuleDescriptionsIngress ec2Call[ec2.UpdateSecurityGroupRuleDescriptionsIngressInput, ec2.UpdateSecurityGroupRuleDescriptionsIngressOutput]
}

// newEC2Operations fills the fields in their order: without names, the compiler
// misses one that is forgotten.
func newEC2Operations(cfg aws.Config) ec2Operations {
	api := ec2.NewFromConfig(cfg)
	return ec2Operations{
		api.AcceptVpcPeeringConnection,
		api.AllocateAddress,
		api.AssociateRouteTable,
		api.AttachInternetGateway,
		api.AuthorizeSecurityGroupEgress,
		api.AuthorizeSecurityGroupIngress,
		api.CreateInternetGateway,
		api.CreateNatGateway,
		api.CreateRoute,
		api.CreateRouteTable,
		api.CreateSecurityGroup,
		api.CreateSubnet,
		api.CreateTags,
		api.CreateVpc,
		api.CreateVpcPeeringConnection,
		api.DeleteInternetGateway,
		api.DeleteNatGateway,
		api.DeleteRoute,
		api.DeleteRouteTable,
		api.DeleteSecurityGroup,
		api.DeleteSubnet,
		api.DeleteTags,
		api.DeleteVpc,
		api.DeleteVpcPeeringConnection,
		api.DescribeAddresses,
		api.DescribeAvailabilityZones,
		api.DescribeInstanceTypeOfferings,
		api.DescribeInternetGateways,
		api.DescribeNatGateways,
		api.DescribeNetworkAcls,
		api.DescribeNetworkInterfaces,
		api.DescribeRouteTables,
		api.DescribeSecurityGroupRules,
		api.DescribeSecurityGroups,
		api.DescribeSubnets,
		api.DescribeVpcAttribute,
		api.DescribeVpcPeeringConnections,
		api.DescribeVpcs,
		api.DetachInternetGateway,
		api.DisableVgwRoutePropagation,
		api.DisassociateRouteTable,
		api.DisassociateVpcCidrBlock,
		api.ModifySubnetAttribute,
		api.ModifyVpcAttribute,
		api.ModifyVpcPeeringConnectionOptions,
		api.ReleaseAddress,
		api.ReplaceRoute,
		api.ReplaceRouteTableAssociation,
		api.RevokeSecurityGroupEgress,
		api.RevokeSecurityGroupIngress,
		api.UpdateSecurityGroupRuleDescriptionsIngress,
	}
}
