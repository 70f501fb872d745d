package aws

import (
	"net/netip"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
)

func (c *call) ec2CreateSubnet(in *ec2.CreateSubnetInput) (*ec2.CreateSubnetOutput, error) {
	r := c.region()
	v, err := find(r.VPCs, in.VpcId, "VpcId", vpcIDs)
	if err != nil {
		return nil, err
	}
	switch {
	case in.Ipv6CidrBlock != nil, in.Ipv6Native != nil && *in.Ipv6Native, in.Ipv6IpamPoolId != nil:
		return nil, unsupported("Ipv6CidrBlock")
	case in.OutpostArn != nil:
		return nil, unsupported("OutpostArn")
	case in.CidrBlock == nil:
		return nil, missingParameter("cidrBlock")
	}
	cidr, err := c.subnetRange(v, *in.CidrBlock)
	if err != nil {
		return nil, err
	}
	place, err := c.subnetZone(text(in.AvailabilityZone), text(in.AvailabilityZoneId))
	if err != nil {
		return nil, err
	}
	tags, err := newTags(in.TagSpecifications, ec2types.ResourceTypeSubnet)
	if err != nil {
		return nil, err
	}
	count := 0
	for _, s := range r.Subnets {
		if *s.VpcId == *v.VpcId {
			count++
		}
	}
	if count >= c.quota("ec2.subnets_per_vpc") {
		return nil, apiError("SubnetLimitExceeded", "The maximum number of subnets has been reached.")
	}
	id := c.newID("subnet")
	s := &ec2types.Subnet{
		SubnetId: new(id), SubnetArn: new(c.arn("ec2", "subnet/"+id)), VpcId: v.VpcId, OwnerId: new(c.Account), CidrBlock: new(cidr.String()),
		AvailabilityZone: new(place.name), AvailabilityZoneId: new(place.id), State: ec2types.SubnetStatePending, Tags: tags,
		AvailableIpAddressCount:     new(int32(1)<<(32-cidr.Bits()) - 5),
		AssignIpv6AddressOnCreation: new(false), DefaultForAz: new(false), EnableDns64: new(false), Ipv6Native: new(false),
		MapCustomerOwnedIpOnLaunch: new(false), MapPublicIpOnLaunch: new(false),
		PrivateDnsNameOptionsOnLaunch: &ec2types.PrivateDnsNameOptionsOnLaunch{
			HostnameType: ec2types.HostnameTypeIpName, EnableResourceNameDnsARecord: new(false), EnableResourceNameDnsAAAARecord: new(false),
		},
	}
	r.Subnets[id] = s
	c.remember(id)
	for _, acl := range r.NetworkACLs {
		if *acl.VpcId == *v.VpcId && *acl.IsDefault {
			acl.Associations = append(acl.Associations, ec2types.NetworkAclAssociation{
				NetworkAclAssociationId: new(c.newID("aclassoc")), NetworkAclId: acl.NetworkAclId, SubnetId: new(id),
			})
		}
	}
	c.after("ec2.subnet.create", transition{Kind: "ec2.subnet", ID: id, To: "available"})
	return &ec2.CreateSubnetOutput{Subnet: s}, nil
}

func (c *call) settleSubnet(id, to string) {
	if s := c.region().Subnets[id]; s != nil {
		s.State = ec2types.SubnetState(to)
	}
}

// subnetRange reads a block and holds it against the VPC and its other subnets.
func (c *call) subnetRange(v *VPC, block string) (netip.Prefix, error) {
	cidr, err := parseCIDR(block, "cidrBlock")
	if err != nil {
		return cidr, err
	}
	inside := slices.ContainsFunc(v.prefixes(), func(p netip.Prefix) bool { return within(cidr, p) })
	if cidr.Bits() < 16 || cidr.Bits() > 28 || !inside {
		return cidr, apiError("InvalidSubnet.Range", "The CIDR '%s' is invalid.", cidr)
	}
	for _, s := range c.region().Subnets {
		if other, err := netip.ParsePrefix(*s.CidrBlock); err == nil && *s.VpcId == *v.VpcId && other.Overlaps(cidr) {
			return cidr, apiError("InvalidSubnet.Conflict", "The CIDR '%s' conflicts with another subnet", cidr)
		}
	}
	return cidr, nil
}

func (c *call) subnetZone(name, id string) (zone, error) {
	if name != "" && id != "" {
		return zone{}, apiError("InvalidParameterCombination", "AvailabilityZone and AvailabilityZoneId cannot be specified together.")
	}
	all := zones(c.Region)
	if name == "" && id == "" {
		return all[0], nil
	}
	if z, ok := findZone(c.Region, name, id); ok {
		return z, nil
	}
	var names []string
	for _, z := range all {
		names = append(names, z.name)
	}
	return zone{}, apiError("InvalidParameterValue",
		"Value (%s) for parameter availabilityZone is invalid. Subnets can currently only be created in the following availability zones: %s.",
		name+id, strings.Join(names, ", "))
}

func (c *call) ec2DescribeSubnets(in *ec2.DescribeSubnetsInput) (*ec2.DescribeSubnetsOutput, error) {
	found, next, err := describe(c, c.region().Subnets, described[ec2types.Subnet]{
		kind: subnetIDs,
		tags: func(s *ec2types.Subnet) []ec2types.Tag { return s.Tags },
		values: func(s *ec2types.Subnet, filter string) ([]string, bool) {
			switch filter {
			case "subnet-id":
				return []string{text(s.SubnetId)}, true
			case "vpc-id":
				return []string{text(s.VpcId)}, true
			case "availability-zone", "availabilityZone":
				return []string{text(s.AvailabilityZone)}, true
			case "availability-zone-id", "availabilityZoneId":
				return []string{text(s.AvailabilityZoneId)}, true
			case "cidr-block", "cidr", "cidrBlock":
				return []string{text(s.CidrBlock)}, true
			case "state":
				return []string{string(s.State)}, true
			case "default-for-az", "defaultForAz":
				return []string{boolText(s.DefaultForAz)}, true
			case "map-public-ip-on-launch":
				return []string{boolText(s.MapPublicIpOnLaunch)}, true
			case "owner-id":
				return []string{text(s.OwnerId)}, true
			case "subnet-arn":
				return []string{text(s.SubnetArn)}, true
			case "outpost-arn", "ipv6-cidr-block-association.ipv6-cidr-block", "ipv6-cidr-block-association.association-id":
				return nil, true
			}
			return nil, false
		},
	}, selection{ids: in.SubnetIds, filters: in.Filters, max: in.MaxResults, token: in.NextToken})
	return &ec2.DescribeSubnetsOutput{Subnets: values(found), NextToken: next}, err
}

func (c *call) ec2ModifySubnetAttribute(in *ec2.ModifySubnetAttributeInput) (*ec2.ModifySubnetAttributeOutput, error) {
	s, err := find(c.region().Subnets, in.SubnetId, "SubnetId", subnetIDs)
	if err != nil {
		return nil, err
	}
	options := s.PrivateDnsNameOptionsOnLaunch
	var apply []func()
	set := func(attribute *ec2types.AttributeBooleanValue, target **bool) {
		if attribute != nil {
			apply = append(apply, func() { *target = new(attribute.Value != nil && *attribute.Value) })
		}
	}
	set(in.MapPublicIpOnLaunch, &s.MapPublicIpOnLaunch)
	set(in.EnableDns64, &s.EnableDns64)
	set(in.EnableResourceNameDnsARecordOnLaunch, &options.EnableResourceNameDnsARecord)
	set(in.EnableResourceNameDnsAAAARecordOnLaunch, &options.EnableResourceNameDnsAAAARecord)
	if in.PrivateDnsHostnameTypeOnLaunch != "" {
		apply = append(apply, func() { options.HostnameType = in.PrivateDnsHostnameTypeOnLaunch })
	}
	if a := in.AssignIpv6AddressOnCreation; a != nil {
		if a.Value != nil && *a.Value {
			return nil, apiError("InvalidParameterValue", "Invalid value 'true' for assignIpv6AddressOnCreation. Subnet %s does not have IPv6 CIDR blocks.", *s.SubnetId)
		}
		apply = append(apply, func() { s.AssignIpv6AddressOnCreation = new(false) })
	}
	switch len(apply) {
	case 0:
		return nil, missingParameter("Attribute")
	case 1:
		apply[0]()
		return &ec2.ModifySubnetAttributeOutput{}, nil
	}
	return nil, apiError("InvalidParameterCombination", "Fields for multiple attribute types specified; only one may be modified per request.")
}

func (c *call) ec2DeleteSubnet(in *ec2.DeleteSubnetInput) (*ec2.DeleteSubnetOutput, error) {
	r := c.region()
	s, err := find(r.Subnets, in.SubnetId, "SubnetId", subnetIDs)
	if err != nil {
		return nil, err
	}
	id := *s.SubnetId
	if anyOf(r.NetworkInterfaces, func(n *ec2types.NetworkInterface) bool { return *n.SubnetId == id }) {
		return nil, apiError("DependencyViolation", "The subnet '%s' has dependencies and cannot be deleted.", id)
	}
	delete(r.Subnets, id)
	for _, t := range r.RouteTables {
		t.Associations = slices.DeleteFunc(t.Associations, func(a ec2types.RouteTableAssociation) bool { return equal(a.SubnetId, id) })
	}
	for _, acl := range r.NetworkACLs {
		acl.Associations = slices.DeleteFunc(acl.Associations, func(a ec2types.NetworkAclAssociation) bool { return equal(a.SubnetId, id) })
	}
	return &ec2.DeleteSubnetOutput{}, nil
}
