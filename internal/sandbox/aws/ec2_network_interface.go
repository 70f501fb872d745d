package aws

import (
	"net/netip"

	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
)

// createENI makes a network interface for a service, such as a load balancer, in a subnet. No groups means that the
// interface has none, as a NAT gateway's.
func (c *call) createENI(
	subnetID, description, requesterID string, groups []string, kind ec2types.NetworkInterfaceType,
) (*ec2types.NetworkInterface, error) {
	r := c.region()
	s, err := find(r.Subnets, &subnetID, "SubnetId", subnetIDs)
	if err != nil {
		return nil, err
	}
	identifiers := make([]ec2types.GroupIdentifier, 0, len(groups))
	for _, id := range groups {
		g, err := find(r.SecurityGroups, &id, "SecurityGroupId", groupIDs)
		if err != nil {
			return nil, err
		}
		if *g.VpcId != *s.VpcId {
			return nil, apiError("InvalidParameterValue", "You have specified two resources that belong to different networks: %s and %s.", id, subnetID)
		}
		identifiers = append(identifiers, ec2types.GroupIdentifier{GroupId: new(id), GroupName: g.GroupName})
	}
	if len(groups) > c.quota("ec2.security_groups_per_interface") {
		return nil, apiError("SecurityGroupsPerInterfaceLimitExceeded", "The maximum number of security groups per interface has been reached.")
	}
	address, err := c.freeAddress(s)
	if err != nil {
		return nil, err
	}
	id := c.newID("eni")
	mac := c.newHex(10)
	n := &ec2types.NetworkInterface{
		NetworkInterfaceId: new(id), SubnetId: s.SubnetId, VpcId: s.VpcId, OwnerId: new(c.Account), AvailabilityZone: s.AvailabilityZone,
		AvailabilityZoneId: s.AvailabilityZoneId, Description: new(description), InterfaceType: kind, Groups: identifiers,
		RequesterId: new(requesterID), RequesterManaged: new(true), SourceDestCheck: new(kind != ec2types.NetworkInterfaceTypeNatGateway),
		Status: ec2types.NetworkInterfaceStatusInUse, PrivateIpAddress: new(address),
		MacAddress:         new("02:" + mac[0:2] + ":" + mac[2:4] + ":" + mac[4:6] + ":" + mac[6:8] + ":" + mac[8:10]),
		PrivateIpAddresses: []ec2types.NetworkInterfacePrivateIpAddress{{Primary: new(true), PrivateIpAddress: new(address)}},
		Attachment: &ec2types.NetworkInterfaceAttachment{
			AttachmentId: new("ela-attach-" + c.newHex(17)), AttachTime: new(c.now()), DeleteOnTermination: new(false), DeviceIndex: new(int32(1)),
			InstanceOwnerId: new(requesterID), Status: ec2types.AttachmentStatusAttached,
		},
	}
	r.NetworkInterfaces[id] = n
	s.AvailableIpAddressCount = new(*s.AvailableIpAddressCount - 1)
	return n, nil
}

// freeAddress finds the first address of a subnet that no interface has. AWS keeps the first four and the last.
func (c *call) freeAddress(s *ec2types.Subnet) (string, error) {
	cidr, err := netip.ParsePrefix(*s.CidrBlock)
	if err != nil {
		return "", apiError("InternalError", "The subnet's block %s is broken.", *s.CidrBlock)
	}
	used := map[string]bool{}
	for _, n := range c.region().NetworkInterfaces {
		if *n.SubnetId == *s.SubnetId {
			used[*n.PrivateIpAddress] = true
		}
	}
	address := cidr.Addr()
	for range 4 {
		address = address.Next()
	}
	for ; cidr.Contains(address.Next()); address = address.Next() {
		if !used[address.String()] {
			return address.String(), nil
		}
	}
	return "", apiError("InsufficientFreeAddressesInSubnet", "The subnet '%s' does not have enough free addresses.", *s.SubnetId)
}

// deleteENI removes a network interface and frees its addresses.
func (c *call) deleteENI(id string) {
	r := c.region()
	n := r.NetworkInterfaces[id]
	if n == nil {
		return
	}
	delete(r.NetworkInterfaces, id)
	for _, a := range r.Addresses {
		if equal(a.NetworkInterfaceId, id) {
			a.AssociationId, a.NetworkInterfaceId, a.NetworkInterfaceOwnerId, a.PrivateIpAddress = nil, nil, nil, nil
		}
	}
	if s := r.Subnets[*n.SubnetId]; s != nil {
		s.AvailableIpAddressCount = new(*s.AvailableIpAddressCount + 1)
	}
}

// deleteENIAfter removes a network interface when the named delay is over: AWS keeps them for a while after what they
// belonged to is gone, and groups and subnets cannot go before.
func (c *call) deleteENIAfter(delayName, id string) {
	c.after(delayName, transition{Kind: "ec2.network_interface", ID: id, To: "deleted"})
}

func (c *call) settleNetworkInterface(id, _ string) { c.deleteENI(id) }

func (c *call) ec2DescribeNetworkInterfaces(in *ec2.DescribeNetworkInterfacesInput) (*ec2.DescribeNetworkInterfacesOutput, error) {
	found, next, err := describe(c, c.region().NetworkInterfaces, described[ec2types.NetworkInterface]{
		kind:   interfaceIDs,
		tags:   func(n *ec2types.NetworkInterface) []ec2types.Tag { return n.TagSet },
		values: networkInterfaceFilter,
	}, selection{ids: in.NetworkInterfaceIds, filters: in.Filters, max: in.MaxResults, token: in.NextToken})
	return &ec2.DescribeNetworkInterfacesOutput{NetworkInterfaces: values(found), NextToken: next}, err
}

func networkInterfaceFilter(n *ec2types.NetworkInterface, filter string) ([]string, bool) {
	attachment, association := n.Attachment, n.Association
	if attachment == nil {
		attachment = &ec2types.NetworkInterfaceAttachment{}
	}
	if association == nil {
		association = &ec2types.NetworkInterfaceAssociation{}
	}
	switch filter {
	case "network-interface-id":
		return []string{text(n.NetworkInterfaceId)}, true
	case "vpc-id":
		return []string{text(n.VpcId)}, true
	case "subnet-id":
		return []string{text(n.SubnetId)}, true
	case "availability-zone":
		return []string{text(n.AvailabilityZone)}, true
	case "availability-zone-id":
		return []string{text(n.AvailabilityZoneId)}, true
	case "description":
		return []string{text(n.Description)}, true
	case "group-id":
		var ids []string
		for _, g := range n.Groups {
			ids = append(ids, text(g.GroupId))
		}
		return ids, true
	case "group-name":
		var names []string
		for _, g := range n.Groups {
			names = append(names, text(g.GroupName))
		}
		return names, true
	case "interface-type":
		return []string{string(n.InterfaceType)}, true
	case "status":
		return []string{string(n.Status)}, true
	case "requester-id":
		return []string{text(n.RequesterId)}, true
	case "requester-managed":
		return []string{boolText(n.RequesterManaged)}, true
	case "owner-id":
		return []string{text(n.OwnerId)}, true
	case "private-ip-address", "addresses.private-ip-address":
		return []string{text(n.PrivateIpAddress)}, true
	case "mac-address":
		return []string{text(n.MacAddress)}, true
	case "association.public-ip", "addresses.association.public-ip":
		return []string{text(association.PublicIp)}, true
	case "association.allocation-id":
		return []string{text(association.AllocationId)}, true
	case "association.association-id":
		return []string{text(association.AssociationId)}, true
	case "attachment.attachment-id":
		return []string{text(attachment.AttachmentId)}, true
	case "attachment.instance-id":
		return []string{text(attachment.InstanceId)}, true
	case "attachment.instance-owner-id":
		return []string{text(attachment.InstanceOwnerId)}, true
	case "attachment.status":
		return []string{string(attachment.Status)}, true
	}
	return nil, false
}
