package sandbox_test

import (
	"testing"

	sdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"github.com/modelserving/terraform-provider-serving/internal/sandbox/aws"
	"github.com/modelserving/terraform-provider-serving/internal/sandbox/sandboxtest"
)

// network is what a private cluster's network is made of.
type network struct {
	vpc, subnet, gateway, address, nat, table, association, group string
}

// makeNetwork makes one with the SDK, as a provider would.
func makeNetwork(t *testing.T, c *ec2.Client) network {
	t.Helper()
	ctx := t.Context()
	var n network
	vpc := must(c.CreateVpc(ctx, &ec2.CreateVpcInput{
		CidrBlock:         new("10.40.0.0/16"),
		TagSpecifications: tagged(ec2types.ResourceTypeVpc, "Name", "prod <&> \"x\""),
	}))(t)
	n.vpc = *vpc.Vpc.VpcId
	if vpc.Vpc.State != ec2types.VpcStatePending {
		t.Errorf("state in the answer of CreateVpc = %s, want pending", vpc.Vpc.State)
	}
	n.subnet = *must(c.CreateSubnet(ctx, &ec2.CreateSubnetInput{VpcId: &n.vpc, CidrBlock: new("10.40.0.0/20"), AvailabilityZone: new("us-west-2a")}))(t).Subnet.SubnetId
	n.gateway = *must(c.CreateInternetGateway(ctx, &ec2.CreateInternetGatewayInput{}))(t).InternetGateway.InternetGatewayId
	must(c.AttachInternetGateway(ctx, &ec2.AttachInternetGatewayInput{InternetGatewayId: &n.gateway, VpcId: &n.vpc}))(t)
	n.address = *must(c.AllocateAddress(ctx, &ec2.AllocateAddressInput{Domain: ec2types.DomainTypeVpc}))(t).AllocationId
	n.nat = *must(c.CreateNatGateway(ctx, natInput(n)))(t).NatGateway.NatGatewayId
	n.table = *must(c.CreateRouteTable(ctx, &ec2.CreateRouteTableInput{VpcId: &n.vpc, ClientToken: new("table")}))(t).RouteTable.RouteTableId
	must(c.CreateRoute(ctx, &ec2.CreateRouteInput{RouteTableId: &n.table, DestinationCidrBlock: new("0.0.0.0/0"), NatGatewayId: &n.nat}))(t)
	n.association = *must(c.AssociateRouteTable(ctx, &ec2.AssociateRouteTableInput{RouteTableId: &n.table, SubnetId: &n.subnet}))(t).AssociationId
	n.group = *must(c.CreateSecurityGroup(ctx, &ec2.CreateSecurityGroupInput{VpcId: &n.vpc, GroupName: new("lb"), Description: new("load balancer")}))(t).GroupId
	must(c.AuthorizeSecurityGroupIngress(ctx, &ec2.AuthorizeSecurityGroupIngressInput{
		GroupId: &n.group, IpPermissions: []ec2types.IpPermission{https("0.0.0.0/0")},
		TagSpecifications: tagged(ec2types.ResourceTypeSecurityGroupRule, "serving:object", "rule"),
	}))(t)
	return n
}

func natInput(n network) *ec2.CreateNatGatewayInput {
	return &ec2.CreateNatGatewayInput{SubnetId: &n.subnet, AllocationId: &n.address, ClientToken: new("nat")}
}

func https(cidr string) ec2types.IpPermission {
	return ec2types.IpPermission{
		IpProtocol: new("tcp"), FromPort: new(int32(443)), ToPort: new(int32(443)), IpRanges: []ec2types.IpRange{{CidrIp: &cidr, Description: new("HTTPS")}},
	}
}

func tagged(kind ec2types.ResourceType, key, value string) []ec2types.TagSpecification {
	return []ec2types.TagSpecification{{ResourceType: kind, Tags: []ec2types.Tag{{Key: &key, Value: &value}}}}
}

func TestNetworkLifecycle(t *testing.T) {
	t.Parallel()
	s := sandboxtest.Start(t)
	c, ctx := ec2Client(s.URL), t.Context()
	n := makeNetwork(t, c)

	found := must(c.DescribeVpcs(ctx, &ec2.DescribeVpcsInput{Filters: []ec2types.Filter{{Name: new("tag:Name"), Values: []string{"prod <*"}}}}))(t)
	if len(found.Vpcs) != 1 || *found.Vpcs[0].VpcId != n.vpc || found.Vpcs[0].State != ec2types.VpcStateAvailable || *found.Vpcs[0].Tags[0].Value != "prod <&> \"x\"" {
		t.Errorf("DescribeVpcs by a tag = %+v", found.Vpcs)
	}
	nat := must(c.DescribeNatGateways(ctx, &ec2.DescribeNatGatewaysInput{NatGatewayIds: []string{n.nat}}))(t).NatGateways[0]
	if nat.State != ec2types.NatGatewayStateAvailable {
		t.Errorf("NAT gateway is %s, want available", nat.State)
	}
	tables := must(c.DescribeRouteTables(ctx, &ec2.DescribeRouteTablesInput{Filters: []ec2types.Filter{{Name: new("association.subnet-id"), Values: []string{n.subnet}}}}))(t)
	if len(tables.RouteTables) != 1 || len(tables.RouteTables[0].Routes) != 2 || tables.RouteTables[0].Routes[1].State != ec2types.RouteStateActive {
		t.Errorf("route tables of the subnet = %+v", tables.RouteTables)
	}
	rules := must(c.DescribeSecurityGroupRules(ctx, &ec2.DescribeSecurityGroupRulesInput{Filters: []ec2types.Filter{{Name: new("tag-key"), Values: []string{"serving:object"}}}}))(t)
	if len(rules.SecurityGroupRules) != 1 || *rules.SecurityGroupRules[0].CidrIpv4 != "0.0.0.0/0" {
		t.Errorf("rules with the tag = %+v", rules.SecurityGroupRules)
	}

	// A repeated token finds what it made; with other parameters it is refused.
	if again := must(c.CreateNatGateway(ctx, natInput(n)))(t); *again.NatGateway.NatGatewayId != n.nat {
		t.Errorf("second CreateNatGateway made %s, want %s", *again.NatGateway.NatGatewayId, n.nat)
	}
	_, err := c.CreateRouteTable(ctx, &ec2.CreateRouteTableInput{VpcId: &n.vpc, ClientToken: new("table"), TagSpecifications: tagged(ec2types.ResourceTypeRouteTable, "a", "b")})
	wantCode(t, err, "IdempotentParameterMismatch")

	// Everything in the way of a deletion is in the way.
	del := func() error { _, err := c.DeleteVpc(ctx, &ec2.DeleteVpcInput{VpcId: &n.vpc}); return err }
	wantCode(t, del(), "DependencyViolation")
	_, err = c.DeleteSubnet(ctx, &ec2.DeleteSubnetInput{SubnetId: &n.subnet})
	wantCode(t, err, "DependencyViolation")
	_, err = c.DetachInternetGateway(ctx, &ec2.DetachInternetGatewayInput{InternetGatewayId: &n.gateway, VpcId: &n.vpc})
	wantCode(t, err, "DependencyViolation")
	_, err = c.ReleaseAddress(ctx, &ec2.ReleaseAddressInput{AllocationId: &n.address})
	wantCode(t, err, "InvalidIPAddress.InUse")
	_, err = c.DeleteRouteTable(ctx, &ec2.DeleteRouteTableInput{RouteTableId: &n.table})
	wantCode(t, err, "DependencyViolation")

	must(c.DeleteNatGateway(ctx, &ec2.DeleteNatGatewayInput{NatGatewayId: &n.nat}))(t)
	gone := must(c.DescribeNatGateways(ctx, &ec2.DescribeNatGatewaysInput{NatGatewayIds: []string{n.nat}}))(t).NatGateways[0]
	if gone.State != ec2types.NatGatewayStateDeleted {
		t.Errorf("deleted NAT gateway is %s", gone.State)
	}
	if again := must(c.CreateNatGateway(ctx, natInput(n)))(t); *again.NatGateway.NatGatewayId != n.nat || again.NatGateway.State != ec2types.NatGatewayStateDeleted {
		t.Errorf("CreateNatGateway with the token of a deleted one answers %+v, want the deleted one", again.NatGateway)
	}
	table := must(c.DescribeRouteTables(ctx, &ec2.DescribeRouteTablesInput{RouteTableIds: []string{n.table}}))(t).RouteTables[0]
	if table.Routes[1].State != ec2types.RouteStateBlackhole {
		t.Errorf("route to a deleted NAT gateway is %s, want blackhole", table.Routes[1].State)
	}
	must(c.ReleaseAddress(ctx, &ec2.ReleaseAddressInput{AllocationId: &n.address}))(t)
	must(c.DisassociateRouteTable(ctx, &ec2.DisassociateRouteTableInput{AssociationId: &n.association}))(t)
	must(c.DeleteRouteTable(ctx, &ec2.DeleteRouteTableInput{RouteTableId: &n.table}))(t)
	must(c.DetachInternetGateway(ctx, &ec2.DetachInternetGatewayInput{InternetGatewayId: &n.gateway, VpcId: &n.vpc}))(t)
	must(c.DeleteInternetGateway(ctx, &ec2.DeleteInternetGatewayInput{InternetGatewayId: &n.gateway}))(t)
	must(c.DeleteSubnet(ctx, &ec2.DeleteSubnetInput{SubnetId: &n.subnet}))(t)
	wantCode(t, del(), "DependencyViolation")
	must(c.DeleteSecurityGroup(ctx, &ec2.DeleteSecurityGroupInput{GroupId: &n.group}))(t)
	if err := del(); err != nil {
		t.Fatal(err)
	}
	if census := s.AWS.Census(); census.Total != 0 {
		t.Errorf("left over: %+v", census.Objects)
	}
}

func TestGroupsThatNameEachOther(t *testing.T) {
	t.Parallel()
	s := sandboxtest.Start(t)
	c, ctx := ec2Client(s.URL), t.Context()
	n := makeNetwork(t, c)
	other := *must(c.CreateSecurityGroup(ctx, &ec2.CreateSecurityGroupInput{VpcId: &n.vpc, GroupName: new("nodes"), Description: new("nodes")}))(t).GroupId
	pair := []ec2types.IpPermission{{
		IpProtocol: new("tcp"), FromPort: new(int32(30080)), ToPort: new(int32(30080)), UserIdGroupPairs: []ec2types.UserIdGroupPair{{GroupId: &n.group}},
	}}
	must(c.AuthorizeSecurityGroupIngress(ctx, &ec2.AuthorizeSecurityGroupIngressInput{GroupId: &other, IpPermissions: pair}))(t)
	_, err := c.AuthorizeSecurityGroupIngress(ctx, &ec2.AuthorizeSecurityGroupIngressInput{GroupId: &other, IpPermissions: pair})
	wantCode(t, err, "InvalidPermission.Duplicate")
	_, err = c.DeleteSecurityGroup(ctx, &ec2.DeleteSecurityGroupInput{GroupId: &n.group})
	wantCode(t, err, "DependencyViolation")
	must(c.RevokeSecurityGroupIngress(ctx, &ec2.RevokeSecurityGroupIngressInput{GroupId: &other, IpPermissions: pair}))(t)
	_, err = c.RevokeSecurityGroupIngress(ctx, &ec2.RevokeSecurityGroupIngressInput{GroupId: &other, IpPermissions: pair})
	wantCode(t, err, "InvalidPermission.NotFound")
	must(c.DeleteSecurityGroup(ctx, &ec2.DeleteSecurityGroupInput{GroupId: &n.group}))(t)
}

func TestEC2Refusals(t *testing.T) {
	t.Parallel()
	s := sandboxtest.Start(t, sandboxtest.WithAWS(func(c *aws.Config) { c.Quotas = map[string]int{"ec2.vpcs": 2} }))
	c, ctx := ec2Client(s.URL), t.Context()
	n := makeNetwork(t, c)
	for name, test := range map[string]struct {
		call func() error
		code string
	}{
		"VPC without a block": {func() error { _, err := c.CreateVpc(ctx, &ec2.CreateVpcInput{}); return err }, "MissingParameter"},
		"VPC too large":       {func() error { return makeVPC(t, c, "10.0.0.0/8", nil) }, "InvalidVpc.Range"},
		"VPC with host bits":  {func() error { return makeVPC(t, c, "10.0.0.1/16", nil) }, "InvalidParameterValue"},
		"VPC with a wrong type of tags": {
			func() error { return makeVPC(t, c, "10.0.0.0/16", tagged(ec2types.ResourceTypeSubnet, "a", "b")) }, "InvalidParameterValue",
		},
		"VPC with a reserved tag": {
			func() error { return makeVPC(t, c, "10.0.0.0/16", tagged(ec2types.ResourceTypeVpc, "aws:x", "b")) }, "InvalidParameterValue",
		},
		"subnet outside":       {func() error { return makeSubnet(t, c, n.vpc, "10.41.0.0/24", "us-west-2a") }, "InvalidSubnet.Range"},
		"subnet that overlaps": {func() error { return makeSubnet(t, c, n.vpc, "10.40.1.0/24", "us-west-2a") }, "InvalidSubnet.Conflict"},
		"zone elsewhere":       {func() error { return makeSubnet(t, c, n.vpc, "10.40.240.0/24", "us-east-1a") }, "InvalidParameterValue"},
		"VPC that is not there": {
			func() error { return makeSubnet(t, c, "vpc-0123456789abcdef0", "10.40.240.0/24", "us-west-2a") }, "InvalidVpcID.NotFound",
		},
		"malformed id":  {func() error { return makeSubnet(t, c, "vpc-x", "10.40.240.0/24", "us-west-2a") }, "InvalidVpcID.Malformed"},
		"route twice":   {func() error { return makeRoute(t, c, n.table, "0.0.0.0/0", n.gateway) }, "RouteAlreadyExists"},
		"route local":   {func() error { return makeRoute(t, c, n.table, "10.40.0.0/16", n.gateway) }, "RouteAlreadyExists"},
		"route nowhere": {func() error { return makeRoute(t, c, n.table, "10.50.0.0/16", "igw-0123456789abcdef0") }, "InvalidGatewayID.NotFound"},
		"group twice": {func() error {
			_, err := c.CreateSecurityGroup(ctx, &ec2.CreateSecurityGroupInput{VpcId: &n.vpc, GroupName: new("lb"), Description: new("x")})
			return err
		}, "InvalidGroup.Duplicate"},
		"group description with umlaut": {func() error {
			_, err := c.CreateSecurityGroup(ctx, &ec2.CreateSecurityGroupInput{VpcId: &n.vpc, GroupName: new("x"), Description: new("für")})
			return err
		}, "InvalidParameterValue"},
		"filter that is not": {func() error {
			_, err := c.DescribeVpcs(ctx, &ec2.DescribeVpcsInput{Filters: []ec2types.Filter{{Name: new("nope"), Values: []string{"x"}}}})
			return err
		}, "InvalidParameterValue"},
		"enum that is not": {func() error {
			_, err := c.AllocateAddress(ctx, &ec2.AllocateAddressInput{Domain: "moon"})
			return err
		}, "InvalidParameterValue"},
		"dry run": {func() error {
			_, err := c.CreateVpc(ctx, &ec2.CreateVpcInput{CidrBlock: new("10.0.0.0/16"), DryRun: new(true)})
			return err
		}, "DryRunOperation"},
		"address in use": {func() error {
			_, err := c.CreateNatGateway(ctx, &ec2.CreateNatGatewayInput{SubnetId: &n.subnet, AllocationId: &n.address})
			return err
		}, "Resource.AlreadyAssociated"},
		"default group deleted": {func() error {
			groups, err := c.DescribeSecurityGroups(ctx, &ec2.DescribeSecurityGroupsInput{Filters: []ec2types.Filter{{Name: new("group-name"), Values: []string{"default"}}}})
			if err != nil {
				return err
			}
			_, err = c.DeleteSecurityGroup(ctx, &ec2.DeleteSecurityGroupInput{GroupId: groups.SecurityGroups[0].GroupId})
			return err
		}, "CannotDelete"},
		"unsupported action": {func() error { _, err := c.DescribeInstances(ctx, &ec2.DescribeInstancesInput{}); return err }, "InvalidAction"},
	} {
		t.Run(name, func(t *testing.T) { wantCode(t, test.call(), test.code) })
	}
	if err := makeVPC(t, c, "10.1.0.0/16", nil); err != nil {
		t.Fatal(err)
	}
	wantCode(t, makeVPC(t, c, "10.2.0.0/16", nil), "VpcLimitExceeded")
}

func TestNatGatewayWithoutInternetGatewayFails(t *testing.T) {
	t.Parallel()
	s := sandboxtest.Start(t)
	c, ctx := ec2Client(s.URL), t.Context()
	vpc := must(c.CreateVpc(ctx, &ec2.CreateVpcInput{CidrBlock: new("10.0.0.0/16")}))(t).Vpc
	subnet := must(c.CreateSubnet(ctx, &ec2.CreateSubnetInput{VpcId: vpc.VpcId, CidrBlock: new("10.0.0.0/24")}))(t).Subnet
	address := must(c.AllocateAddress(ctx, &ec2.AllocateAddressInput{}))(t)
	nat := must(c.CreateNatGateway(ctx, &ec2.CreateNatGatewayInput{SubnetId: subnet.SubnetId, AllocationId: address.AllocationId}))(t).NatGateway
	got := must(c.DescribeNatGateways(ctx, &ec2.DescribeNatGatewaysInput{NatGatewayIds: []string{*nat.NatGatewayId}}))(t).NatGateways[0]
	if got.State != ec2types.NatGatewayStateFailed || sdk.ToString(got.FailureCode) != "Gateway.NotAttached" {
		t.Errorf("NAT gateway = %s %s, want failed Gateway.NotAttached", got.State, sdk.ToString(got.FailureCode))
	}
	must(c.ReleaseAddress(ctx, &ec2.ReleaseAddressInput{AllocationId: address.AllocationId}))(t)
	must(c.DeleteSubnet(ctx, &ec2.DeleteSubnetInput{SubnetId: subnet.SubnetId}))(t)
}

func TestPages(t *testing.T) {
	t.Parallel()
	s := sandboxtest.Start(t)
	c, ctx := ec2Client(s.URL), t.Context()
	n := makeNetwork(t, c)
	for i := range 11 {
		must(c.CreateSecurityGroup(ctx, &ec2.CreateSecurityGroupInput{VpcId: &n.vpc, GroupName: new(string(rune('a' + i))), Description: new("x")}))(t)
	}
	seen := map[string]bool{}
	pages := ec2.NewDescribeSecurityGroupsPaginator(c, &ec2.DescribeSecurityGroupsInput{MaxResults: new(int32(5))})
	count := 0
	for ; pages.HasMorePages(); count++ {
		for _, g := range must(pages.NextPage(ctx))(t).SecurityGroups {
			seen[*g.GroupId] = true
		}
	}
	if count != 3 || len(seen) != 13 {
		t.Errorf("%d groups on %d pages, want 13 on 3", len(seen), count)
	}
	_, err := c.DescribeSecurityGroups(ctx, &ec2.DescribeSecurityGroupsInput{NextToken: new("garbage")})
	wantCode(t, err, "InvalidNextToken")
}

func makeVPC(t *testing.T, c *ec2.Client, cidr string, tags []ec2types.TagSpecification) error {
	_, err := c.CreateVpc(t.Context(), &ec2.CreateVpcInput{CidrBlock: &cidr, TagSpecifications: tags})
	return err
}

func makeSubnet(t *testing.T, c *ec2.Client, vpc, cidr, zone string) error {
	_, err := c.CreateSubnet(t.Context(), &ec2.CreateSubnetInput{VpcId: &vpc, CidrBlock: &cidr, AvailabilityZone: &zone})
	return err
}

func makeRoute(t *testing.T, c *ec2.Client, table, cidr, gateway string) error {
	_, err := c.CreateRoute(t.Context(), &ec2.CreateRouteInput{RouteTableId: &table, DestinationCidrBlock: &cidr, GatewayId: &gateway})
	return err
}
