package aws

import (
	"encoding/binary"
	"net/netip"
	"slices"

	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
)

// publicAddress makes a public address that nobody else has. 198.18.0.0/15 is kept for benchmarks (RFC 2544), so a client
// that takes the simulation for the Internet reaches nobody.
func (c *call) publicAddress() string {
	c.cloud.state.Addresses++
	var raw [4]byte
	binary.BigEndian.PutUint32(raw[:], 198<<24|18<<16+c.cloud.state.Addresses)
	return netip.AddrFrom4(raw).String()
}

func (c *call) ec2AllocateAddress(in *ec2.AllocateAddressInput) (*ec2.AllocateAddressOutput, error) {
	switch {
	case in.Domain == ec2types.DomainTypeStandard:
		return nil, apiError("InvalidParameterCombination", "EC2-Classic addresses do not exist any more.")
	case in.Address != nil, in.PublicIpv4Pool != nil, in.CustomerOwnedIpv4Pool != nil, in.IpamPoolId != nil:
		return nil, unsupported("Address, PublicIpv4Pool, CustomerOwnedIpv4Pool, IpamPoolId")
	case in.NetworkBorderGroup != nil && *in.NetworkBorderGroup != c.Region:
		return nil, invalidParameter(*in.NetworkBorderGroup, "NetworkBorderGroup")
	}
	tags, err := newTags(in.TagSpecifications, ec2types.ResourceTypeElasticIp)
	if err != nil {
		return nil, err
	}
	r := c.region()
	if len(r.Addresses) >= c.quota("ec2.addresses") {
		return nil, apiError("AddressLimitExceeded", "The maximum number of addresses has been reached.")
	}
	id := c.newID("eipalloc")
	a := &ec2types.Address{
		AllocationId: new(id), PublicIp: new(c.publicAddress()), Domain: ec2types.DomainTypeVpc, NetworkBorderGroup: new(c.Region),
		PublicIpv4Pool: new("amazon"), Tags: tags,
	}
	r.Addresses[id] = a
	c.remember(id)
	return &ec2.AllocateAddressOutput{
		AllocationId: a.AllocationId, PublicIp: a.PublicIp, Domain: a.Domain, NetworkBorderGroup: a.NetworkBorderGroup, PublicIpv4Pool: a.PublicIpv4Pool,
	}, nil
}

func (c *call) ec2DescribeAddresses(in *ec2.DescribeAddressesInput) (*ec2.DescribeAddressesOutput, error) {
	for _, ip := range in.PublicIps {
		if !anyOf(c.region().Addresses, func(a *ec2types.Address) bool { return *a.PublicIp == ip }) {
			return nil, apiError("InvalidAddress.NotFound", "Address '%s' not found.", ip)
		}
	}
	found, _, err := describe(c, c.region().Addresses, described[ec2types.Address]{
		kind: addressIDs,
		tags: func(a *ec2types.Address) []ec2types.Tag { return a.Tags },
		values: func(a *ec2types.Address, filter string) ([]string, bool) {
			switch filter {
			case "allocation-id":
				return []string{text(a.AllocationId)}, true
			case "association-id":
				return []string{text(a.AssociationId)}, true
			case "domain":
				return []string{string(a.Domain)}, true
			case "instance-id":
				return []string{text(a.InstanceId)}, true
			case "network-border-group":
				return []string{text(a.NetworkBorderGroup)}, true
			case "network-interface-id":
				return []string{text(a.NetworkInterfaceId)}, true
			case "network-interface-owner-id":
				return []string{text(a.NetworkInterfaceOwnerId)}, true
			case "private-ip-address":
				return []string{text(a.PrivateIpAddress)}, true
			case "public-ip":
				return []string{text(a.PublicIp)}, true
			}
			return nil, false
		},
	}, selection{ids: in.AllocationIds, filters: in.Filters, most: 1 << 20})
	if err != nil {
		return nil, err
	}
	if len(in.PublicIps) > 0 {
		found = slices.DeleteFunc(found, func(a *ec2types.Address) bool { return !slices.Contains(in.PublicIps, *a.PublicIp) })
	}
	return &ec2.DescribeAddressesOutput{Addresses: values(found)}, nil
}

// ec2DescribeAddressesAttribute answers addresses with a reverse DNS name, which none has here.
func (c *call) ec2DescribeAddressesAttribute(in *ec2.DescribeAddressesAttributeInput) (*ec2.DescribeAddressesAttributeOutput, error) {
	for _, id := range in.AllocationIds {
		if _, err := find(c.region().Addresses, &id, "AllocationId", addressIDs); err != nil {
			return nil, err
		}
	}
	return &ec2.DescribeAddressesAttributeOutput{Addresses: []ec2types.AddressAttribute{}}, nil
}

// ec2DisassociateAddress refuses what it finds: every association here belongs to a service's interface. Clients call it for
// associations that are gone by then.
func (c *call) ec2DisassociateAddress(in *ec2.DisassociateAddressInput) (*ec2.DisassociateAddressOutput, error) {
	if in.AssociationId == nil {
		return nil, missingParameter("AssociationId")
	}
	if anyOf(c.region().Addresses, func(a *ec2types.Address) bool { return equal(a.AssociationId, *in.AssociationId) }) {
		return nil, apiError("AuthFailure", "You do not have permission to access the specified resource.")
	}
	return nil, apiError("InvalidAssociationID.NotFound", "The association ID '%s' does not exist", *in.AssociationId)
}

func (c *call) ec2ReleaseAddress(in *ec2.ReleaseAddressInput) (*ec2.ReleaseAddressOutput, error) {
	if in.PublicIp != nil {
		return nil, apiError("InvalidParameterValue", "You must specify an allocation id when releasing a VPC elastic IP address")
	}
	r := c.region()
	a, err := find(r.Addresses, in.AllocationId, "AllocationId", addressIDs)
	if err != nil {
		return nil, err
	}
	if a.AssociationId != nil {
		return nil, apiError("InvalidIPAddress.InUse", "Address %s is in use.", *a.PublicIp)
	}
	delete(r.Addresses, *a.AllocationId)
	return &ec2.ReleaseAddressOutput{}, nil
}
