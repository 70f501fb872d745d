package aws

import (
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
)

// natHolds reports whether a NAT gateway still has its network interface and its address.
func natHolds(n *ec2types.NatGateway) bool {
	return n.State != ec2types.NatGatewayStateDeleted && n.State != ec2types.NatGatewayStateFailed
}

func (c *call) ec2CreateNatGateway(in *ec2.CreateNatGatewayInput) (*ec2.CreateNatGatewayOutput, error) {
	r := c.region()
	token := in.ClientToken
	in.ClientToken = nil
	made, err := c.repeated("CreateNatGateway", token, in)
	if err != nil {
		return nil, err
	}
	if n := r.NatGateways[made]; n != nil {
		return &ec2.CreateNatGatewayOutput{ClientToken: token, NatGateway: n}, nil
	}
	if in.AvailabilityMode != "" && in.AvailabilityMode != ec2types.AvailabilityModeZonal || in.VpcId != nil || len(in.AvailabilityZoneAddresses) > 0 {
		return nil, unsupported("AvailabilityMode regional")
	}
	if len(in.SecondaryAllocationIds) > 0 || len(in.SecondaryPrivateIpAddresses) > 0 || in.SecondaryPrivateIpAddressCount != nil || in.PrivateIpAddress != nil {
		return nil, unsupported("secondary and chosen addresses")
	}
	s, err := find(r.Subnets, in.SubnetId, "SubnetId", subnetIDs)
	if err != nil {
		return nil, err
	}
	tags, err := newTags(in.TagSpecifications, ec2types.ResourceTypeNatgateway)
	if err != nil {
		return nil, err
	}
	address, err := c.natAddress(in)
	if err != nil {
		return nil, err
	}
	count := 0
	for _, n := range r.NatGateways {
		if other := r.Subnets[*n.SubnetId]; natHolds(n) && other != nil && *other.AvailabilityZone == *s.AvailabilityZone {
			count++
		}
	}
	if count >= c.quota("ec2.nat_gateways_per_zone") {
		return nil, apiError("NatGatewayLimitExceeded", "The maximum number of NAT gateways has been reached.")
	}
	return c.makeNatGateway(in, token, s, address, tags)
}

// natAddress finds the Elastic IP of a public NAT gateway.
func (c *call) natAddress(in *ec2.CreateNatGatewayInput) (*ec2types.Address, error) {
	if in.ConnectivityType == ec2types.ConnectivityTypePrivate {
		if in.AllocationId != nil {
			return nil, apiError("InvalidParameterCombination", "AllocationId cannot be specified with ConnectivityType private.")
		}
		return nil, nil
	}
	a, err := find(c.region().Addresses, in.AllocationId, "AllocationId", addressIDs)
	if err != nil {
		return nil, err
	}
	if a.AssociationId != nil {
		return nil, apiError("Resource.AlreadyAssociated", "Elastic IP address [%s] is already associated", *a.AllocationId)
	}
	return a, nil
}

func (c *call) makeNatGateway(
	in *ec2.CreateNatGatewayInput, token *string, s *ec2types.Subnet, a *ec2types.Address, tags []ec2types.Tag,
) (*ec2.CreateNatGatewayOutput, error) {
	id := c.newID("nat")
	eni, err := c.createENI(*s.SubnetId, "Interface for NAT Gateway "+id, "amazon-nat-gateway", nil, ec2types.NetworkInterfaceTypeNatGateway)
	if err != nil {
		return nil, err
	}
	connectivity := in.ConnectivityType
	if connectivity == "" {
		connectivity = ec2types.ConnectivityTypePublic
	}
	n := &ec2types.NatGateway{
		NatGatewayId: new(id), SubnetId: s.SubnetId, VpcId: s.VpcId, State: ec2types.NatGatewayStatePending, CreateTime: new(c.now()),
		ConnectivityType: connectivity, AvailabilityMode: ec2types.AvailabilityModeZonal, Tags: tags,
		NatGatewayAddresses: []ec2types.NatGatewayAddress{{
			NetworkInterfaceId: eni.NetworkInterfaceId, PrivateIp: eni.PrivateIpAddress, IsPrimary: new(true),
			Status: ec2types.NatGatewayAddressStatusAssociating,
		}},
	}
	if a != nil {
		association := c.newID("eipassoc")
		n.NatGatewayAddresses[0].AllocationId = a.AllocationId
		n.NatGatewayAddresses[0].AssociationId = new(association)
		n.NatGatewayAddresses[0].PublicIp = a.PublicIp
		a.AssociationId, a.NetworkInterfaceId, a.PrivateIpAddress = new(association), eni.NetworkInterfaceId, eni.PrivateIpAddress
		a.NetworkInterfaceOwnerId = new(c.Account)
		eni.Association = &ec2types.NetworkInterfaceAssociation{
			AllocationId: a.AllocationId, AssociationId: new(association), PublicIp: a.PublicIp, IpOwnerId: new(c.Account), PublicDnsName: new(""),
		}
	}
	c.region().NatGateways[id] = n
	c.remember(id)
	c.keepToken("CreateNatGateway", token, in, id)
	if a != nil && !c.hasInternetGateway(*s.VpcId) {
		c.after("ec2.nat_gateway.fail", transition{Kind: "ec2.nat_gateway", ID: id, To: "failed"})
	} else {
		c.after("ec2.nat_gateway.create", transition{Kind: "ec2.nat_gateway", ID: id, To: "available"})
	}
	return &ec2.CreateNatGatewayOutput{ClientToken: token, NatGateway: n}, nil
}

func (c *call) settleNatGateway(id, to string) {
	n := c.region().NatGateways[id]
	if n == nil {
		return
	}
	switch to {
	case "available":
		// A gateway that was deleted while it was still being made stays deleted.
		if n.State == ec2types.NatGatewayStatePending {
			n.State = ec2types.NatGatewayStateAvailable
			n.NatGatewayAddresses[0].Status = ec2types.NatGatewayAddressStatusSucceeded
		}
	case "failed":
		if n.State == ec2types.NatGatewayStatePending {
			c.deleteENI(*n.NatGatewayAddresses[0].NetworkInterfaceId)
			n.State, n.NatGatewayAddresses[0].Status = ec2types.NatGatewayStateFailed, ec2types.NatGatewayAddressStatusFailed
			n.FailureCode, n.FailureMessage = new("Gateway.NotAttached"), new("Network "+*n.VpcId+" has no Internet gateway attached")
			n.DeleteTime = new(c.now())
			c.after("ec2.nat_gateway.forget", transition{Kind: "ec2.nat_gateway", ID: id, To: "forgotten"})
		}
	case "deleted":
		c.deleteENI(*n.NatGatewayAddresses[0].NetworkInterfaceId)
		n.State, n.DeleteTime = ec2types.NatGatewayStateDeleted, new(c.now())
		c.after("ec2.nat_gateway.forget", transition{Kind: "ec2.nat_gateway", ID: id, To: "forgotten"})
	case "forgotten":
		delete(c.region().NatGateways, id)
	}
}

func (c *call) ec2DescribeNatGateways(in *ec2.DescribeNatGatewaysInput) (*ec2.DescribeNatGatewaysOutput, error) {
	found, next, err := describe(c, c.region().NatGateways, described[ec2types.NatGateway]{
		kind: natIDs,
		tags: func(n *ec2types.NatGateway) []ec2types.Tag { return n.Tags },
		values: func(n *ec2types.NatGateway, filter string) ([]string, bool) {
			switch filter {
			case "nat-gateway-id":
				return []string{text(n.NatGatewayId)}, true
			case "state":
				return []string{string(n.State)}, true
			case "subnet-id":
				return []string{text(n.SubnetId)}, true
			case "vpc-id":
				return []string{text(n.VpcId)}, true
			}
			return nil, false
		},
	}, selection{ids: in.NatGatewayIds, filters: in.Filter, max: in.MaxResults, token: in.NextToken})
	return &ec2.DescribeNatGatewaysOutput{NatGateways: values(found), NextToken: next}, err
}

func (c *call) ec2DeleteNatGateway(in *ec2.DeleteNatGatewayInput) (*ec2.DeleteNatGatewayOutput, error) {
	n, err := find(c.region().NatGateways, in.NatGatewayId, "NatGatewayId", natIDs)
	if err != nil {
		return nil, err
	}
	switch n.State {
	case ec2types.NatGatewayStateDeleted, ec2types.NatGatewayStateFailed:
		return nil, natIDs.absent(*n.NatGatewayId)
	case ec2types.NatGatewayStatePending, ec2types.NatGatewayStateAvailable:
		n.State = ec2types.NatGatewayStateDeleting
		c.after("ec2.nat_gateway.delete", transition{Kind: "ec2.nat_gateway", ID: *n.NatGatewayId, To: "deleted"})
	}
	return &ec2.DeleteNatGatewayOutput{NatGatewayId: n.NatGatewayId}, nil
}
