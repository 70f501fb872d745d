package aws

import (
	"net/netip"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
)

func (c *call) ec2CreateVpc(in *ec2.CreateVpcInput) (*ec2.CreateVpcOutput, error) {
	switch {
	case in.Ipv4IpamPoolId != nil, in.Ipv4NetmaskLength != nil:
		return nil, unsupported("Ipv4IpamPoolId")
	case in.AmazonProvidedIpv6CidrBlock != nil && *in.AmazonProvidedIpv6CidrBlock, in.Ipv6CidrBlock != nil, in.Ipv6Pool != nil, in.Ipv6IpamPoolId != nil:
		return nil, unsupported("Ipv6CidrBlock")
	case in.CidrBlock == nil:
		return nil, missingParameter("cidrBlock")
	}
	cidr, err := parseVPCCIDR(in.CidrBlock)
	if err != nil {
		return nil, err
	}
	tags, err := newTags(in.TagSpecifications, ec2types.ResourceTypeVpc)
	if err != nil {
		return nil, err
	}
	r := c.region()
	if len(r.VPCs) >= c.quota("ec2.vpcs") {
		return nil, apiError("VpcLimitExceeded", "The maximum number of VPCs has been reached.")
	}
	tenancy := in.InstanceTenancy
	if tenancy == "" {
		tenancy = ec2types.TenancyDefault
	}
	id := c.newID("vpc")
	v := &VPC{EnableDNSSupport: true}
	v.Vpc = ec2types.Vpc{
		VpcId: new(id), CidrBlock: new(cidr.String()), State: ec2types.VpcStatePending, OwnerId: new(c.Account), IsDefault: new(false),
		InstanceTenancy: tenancy, DhcpOptionsId: new(c.dhcpOptions()), Tags: tags,
		CidrBlockAssociationSet: []ec2types.VpcCidrBlockAssociation{{
			AssociationId: new(c.newID("vpc-cidr-assoc")), CidrBlock: new(cidr.String()),
			CidrBlockState: &ec2types.VpcCidrBlockState{State: ec2types.VpcCidrBlockStateCodeAssociated},
		}},
	}
	r.VPCs[id] = v
	c.remember(id)
	c.makeMainRouteTable(v)
	c.makeDefaultGroup(id)
	c.makeDefaultACL(id)
	c.after("ec2.vpc.create", transition{Kind: "ec2.vpc", ID: id, To: "available"})
	return &ec2.CreateVpcOutput{Vpc: &v.Vpc}, nil
}

func (c *call) settleVPC(id, to string) {
	if v := c.region().VPCs[id]; v != nil {
		v.State = ec2types.VpcState(to)
	}
}

// dhcpOptions is the id of the region's own set of DHCP options, which nobody made.
func (c *call) dhcpOptions() string {
	return "dopt-0" + strings.Repeat("0", 4) + c.Account
}

func (c *call) ec2DescribeVpcs(in *ec2.DescribeVpcsInput) (*ec2.DescribeVpcsOutput, error) {
	found, next, err := describe(c, c.region().VPCs, described[VPC]{
		kind: vpcIDs,
		tags: func(v *VPC) []ec2types.Tag { return v.Tags },
		values: func(v *VPC, filter string) ([]string, bool) {
			switch filter {
			case "vpc-id":
				return []string{text(v.VpcId)}, true
			case "cidr", "cidr-block":
				return []string{text(v.CidrBlock)}, true
			case "state":
				return []string{string(v.State)}, true
			case "is-default", "isDefault":
				return []string{boolText(v.IsDefault)}, true
			case "owner-id":
				return []string{text(v.OwnerId)}, true
			case "dhcp-options-id":
				return []string{text(v.DhcpOptionsId)}, true
			case "cidr-block-association.cidr-block":
				return v.cidrs(), true
			case "cidr-block-association.association-id":
				var ids []string
				for _, a := range v.CidrBlockAssociationSet {
					ids = append(ids, text(a.AssociationId))
				}
				return ids, true
			case "cidr-block-association.state":
				var states []string
				for _, a := range v.CidrBlockAssociationSet {
					states = append(states, string(a.CidrBlockState.State))
				}
				return states, true
			}
			return nil, false
		},
	}, selection{ids: in.VpcIds, filters: in.Filters, max: in.MaxResults, token: in.NextToken})
	if err != nil {
		return nil, err
	}
	out := &ec2.DescribeVpcsOutput{Vpcs: []ec2types.Vpc{}, NextToken: next}
	for _, v := range found {
		out.Vpcs = append(out.Vpcs, v.Vpc)
	}
	return out, nil
}

// cidrs are all blocks of the VPC, the first one included.
func (v *VPC) cidrs() []string {
	var out []string
	for _, a := range v.CidrBlockAssociationSet {
		out = append(out, text(a.CidrBlock))
	}
	return out
}

// prefixes are the blocks that are in use.
func (v *VPC) prefixes() []netip.Prefix {
	var out []netip.Prefix
	for _, a := range v.CidrBlockAssociationSet {
		if p, err := netip.ParsePrefix(text(a.CidrBlock)); err == nil && a.CidrBlockState.State == ec2types.VpcCidrBlockStateCodeAssociated {
			out = append(out, p)
		}
	}
	return out
}

func (c *call) ec2DeleteVpc(in *ec2.DeleteVpcInput) (*ec2.DeleteVpcOutput, error) {
	r := c.region()
	v, err := find(r.VPCs, in.VpcId, "VpcId", vpcIDs)
	if err != nil {
		return nil, err
	}
	id := *v.VpcId
	if c.vpcInUse(id) {
		return nil, apiError("DependencyViolation", "The vpc '%s' has dependencies and cannot be deleted.", id)
	}
	c.dropPeerings(id)
	delete(r.VPCs, id)
	// What came with the VPC goes with it.
	dropWhere(r.RouteTables, func(t *ec2types.RouteTable) bool { return *t.VpcId == id })
	dropWhere(r.NetworkACLs, func(a *ec2types.NetworkAcl) bool { return *a.VpcId == id })
	dropWhere(r.SecurityGroups, func(g *ec2types.SecurityGroup) bool { return *g.VpcId == id })
	dropWhere(r.SecurityGroupRules, func(rule *ec2types.SecurityGroupRule) bool { return r.SecurityGroups[*rule.GroupId] == nil })
	return &ec2.DeleteVpcOutput{}, nil
}

// vpcInUse reports whether something stands in the way of the VPC's deletion.
func (c *call) vpcInUse(id string) bool {
	r := c.region()
	return anyOf(r.Subnets, func(s *ec2types.Subnet) bool { return *s.VpcId == id }) ||
		anyOf(r.InternetGateways, func(g *ec2types.InternetGateway) bool { return attachedTo(g, id) }) ||
		anyOf(r.SecurityGroups, func(g *ec2types.SecurityGroup) bool { return *g.VpcId == id && *g.GroupName != "default" }) ||
		anyOf(r.RouteTables, func(t *ec2types.RouteTable) bool { return *t.VpcId == id && !isMain(t) }) ||
		anyOf(r.NetworkInterfaces, func(n *ec2types.NetworkInterface) bool { return *n.VpcId == id }) ||
		anyOf(r.NatGateways, func(n *ec2types.NatGateway) bool { return *n.VpcId == id && natHolds(n) }) ||
		c.peeringHolds(id)
}

func anyOf[T any](objects map[string]*T, test func(*T) bool) bool {
	for _, o := range objects {
		if test(o) {
			return true
		}
	}
	return false
}

func dropWhere[T any](objects map[string]*T, test func(*T) bool) {
	for id, o := range objects {
		if test(o) {
			delete(objects, id)
		}
	}
}
