package aws

import (
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
)

func init() {
	handle("ec2", "CreateVpc", (*call).ec2CreateVpc)
	handle("ec2", "DescribeVpcs", (*call).ec2DescribeVpcs)
	handle("ec2", "ModifyVpcAttribute", (*call).ec2ModifyVpcAttribute)
	handle("ec2", "DescribeVpcAttribute", (*call).ec2DescribeVpcAttribute)
	handle("ec2", "DeleteVpc", (*call).ec2DeleteVpc)
	handle("ec2", "AssociateVpcCidrBlock", (*call).ec2AssociateVpcCidrBlock)
	handle("ec2", "DisassociateVpcCidrBlock", (*call).ec2DisassociateVpcCidrBlock)
	handle("ec2", "CreateSubnet", (*call).ec2CreateSubnet)
	handle("ec2", "DescribeSubnets", (*call).ec2DescribeSubnets)
	handle("ec2", "ModifySubnetAttribute", (*call).ec2ModifySubnetAttribute)
	handle("ec2", "DeleteSubnet", (*call).ec2DeleteSubnet)
	handle("ec2", "CreateInternetGateway", (*call).ec2CreateInternetGateway)
	handle("ec2", "AttachInternetGateway", (*call).ec2AttachInternetGateway)
	handle("ec2", "DetachInternetGateway", (*call).ec2DetachInternetGateway)
	handle("ec2", "DescribeInternetGateways", (*call).ec2DescribeInternetGateways)
	handle("ec2", "DeleteInternetGateway", (*call).ec2DeleteInternetGateway)
	handle("ec2", "AllocateAddress", (*call).ec2AllocateAddress)
	handle("ec2", "DescribeAddresses", (*call).ec2DescribeAddresses)
	handle("ec2", "DescribeAddressesAttribute", (*call).ec2DescribeAddressesAttribute)
	handle("ec2", "DisassociateAddress", (*call).ec2DisassociateAddress)
	handle("ec2", "ReleaseAddress", (*call).ec2ReleaseAddress)
	handle("ec2", "CreateNatGateway", (*call).ec2CreateNatGateway)
	handle("ec2", "DescribeNatGateways", (*call).ec2DescribeNatGateways)
	handle("ec2", "DeleteNatGateway", (*call).ec2DeleteNatGateway)
	handle("ec2", "CreateRouteTable", (*call).ec2CreateRouteTable)
	handle("ec2", "DescribeRouteTables", (*call).ec2DescribeRouteTables)
	handle("ec2", "AssociateRouteTable", (*call).ec2AssociateRouteTable)
	handle("ec2", "DisassociateRouteTable", (*call).ec2DisassociateRouteTable)
	handle("ec2", "ReplaceRouteTableAssociation", (*call).ec2ReplaceRouteTableAssociation)
	handle("ec2", "DeleteRouteTable", (*call).ec2DeleteRouteTable)
	handle("ec2", "CreateRoute", (*call).ec2CreateRoute)
	handle("ec2", "ReplaceRoute", (*call).ec2ReplaceRoute)
	handle("ec2", "DeleteRoute", (*call).ec2DeleteRoute)
	handle("ec2", "CreateSecurityGroup", (*call).ec2CreateSecurityGroup)
	handle("ec2", "DescribeSecurityGroups", (*call).ec2DescribeSecurityGroups)
	handle("ec2", "DeleteSecurityGroup", (*call).ec2DeleteSecurityGroup)
	handle("ec2", "AuthorizeSecurityGroupIngress", (*call).ec2AuthorizeSecurityGroupIngress)
	handle("ec2", "AuthorizeSecurityGroupEgress", (*call).ec2AuthorizeSecurityGroupEgress)
	handle("ec2", "RevokeSecurityGroupIngress", (*call).ec2RevokeSecurityGroupIngress)
	handle("ec2", "RevokeSecurityGroupEgress", (*call).ec2RevokeSecurityGroupEgress)
	handle("ec2", "DescribeSecurityGroupRules", (*call).ec2DescribeSecurityGroupRules)
	handle("ec2", "ModifySecurityGroupRules", (*call).ec2ModifySecurityGroupRules)
	handle("ec2", "UpdateSecurityGroupRuleDescriptionsIngress", (*call).ec2UpdateSecurityGroupRuleDescriptionsIngress)
	handle("ec2", "UpdateSecurityGroupRuleDescriptionsEgress", (*call).ec2UpdateSecurityGroupRuleDescriptionsEgress)
	handle("ec2", "DescribeNetworkInterfaces", (*call).ec2DescribeNetworkInterfaces)
	handle("ec2", "DescribeNetworkAcls", (*call).ec2DescribeNetworkAcls)
	handle("ec2", "DescribeAvailabilityZones", (*call).ec2DescribeAvailabilityZones)
	handle("ec2", "DescribeRegions", (*call).ec2DescribeRegions)
	handle("ec2", "DescribeAccountAttributes", (*call).ec2DescribeAccountAttributes)
	handle("ec2", "CreateTags", (*call).ec2CreateTags)
	handle("ec2", "DeleteTags", (*call).ec2DeleteTags)
	handle("ec2", "DescribeTags", (*call).ec2DescribeTags)
	handle("ec2", "DescribeInstanceTypes", (*call).ec2DescribeInstanceTypes)
	handle("ec2", "DescribeInstanceTypeOfferings", (*call).ec2DescribeInstanceTypeOfferings)

	registerKind("ec2.vpc", func(r *Region) any { return r.VPCs })
	registerKind("ec2.subnet", func(r *Region) any { return r.Subnets })
	registerKind("ec2.internet_gateway", func(r *Region) any { return r.InternetGateways })
	registerKind("ec2.address", func(r *Region) any { return r.Addresses })
	registerKind("ec2.network_interface", func(r *Region) any { return r.NetworkInterfaces })
	registerKind("ec2.nat_gateway", func(r *Region) any { return r.NatGateways },
		live(func(_ *Region, n *ec2types.NatGateway) bool { return natHolds(n) }))
	registerKind("ec2.route_table", func(r *Region) any { return r.RouteTables },
		live(func(_ *Region, t *ec2types.RouteTable) bool { return !isMain(t) }))
	registerKind("ec2.security_group", func(r *Region) any { return r.SecurityGroups },
		live(func(_ *Region, g *ec2types.SecurityGroup) bool { return *g.GroupName != "default" }))
	registerKind("ec2.security_group_rule", func(r *Region) any { return r.SecurityGroupRules },
		live(func(r *Region, rule *ec2types.SecurityGroupRule) bool {
			g := r.SecurityGroups[*rule.GroupId]
			return g != nil && *g.GroupName != "default"
		}))
	registerKind("ec2.network_acl", func(r *Region) any { return r.NetworkACLs },
		live(func(_ *Region, a *ec2types.NetworkAcl) bool { return !*a.IsDefault }))

	onSettle("ec2.vpc", (*call).settleVPC)
	onSettle("ec2.vpc_cidr_block", (*call).settleVPCCIDRBlock)
	onSettle("ec2.subnet", (*call).settleSubnet)
	onSettle("ec2.nat_gateway", (*call).settleNatGateway)
	onSettle("ec2.network_interface", (*call).settleNetworkInterface)
}
