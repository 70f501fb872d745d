package aws

import (
	"fmt"
	"net/netip"

	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"github.com/modelserving/terraform-provider-serving/internal/sandbox/control"
)

// host is a place that was found: somebody who can open connections.
type host struct {
	endpoint
	// at is the account and region of its VPC; nil is the Internet.
	at *call
	// address is its own one.
	address netip.Addr
}

// locate finds a place. The cloud's lock is held.
func (c *Cloud) locate(p Place) (*host, error) {
	if p.VPC == "" && p.Subnet == "" {
		if !p.Address.IsValid() {
			p.Address = control.InternetHost
		}
		return &host{address: p.Address}, nil
	}
	unknown := func(format string, args ...any) error {
		return &PathError{Kind: UnknownPlace, Hop: "place " + p.String(), Reason: fmt.Sprintf(format, args...)}
	}
	for _, key := range sortedKeys(c.state.Regions) {
		account, region := splitRegionKey(key)
		at := c.in(account, region)
		if p.VPC != "" && at.region().VPCs[p.VPC] == nil || p.Subnet != "" && at.region().Subnets[p.Subnet] == nil {
			continue
		}
		subnet := at.seat(p)
		if subnet == nil {
			return nil, unknown("there is no subnet with that address")
		}
		h := &host{at: at, address: p.Address, endpoint: endpoint{vpc: *subnet.VpcId, subnets: []string{*subnet.SubnetId}}}
		if !h.address.IsValid() {
			free, err := at.freeAddress(subnet)
			if err != nil {
				return nil, unknown("%s", asError(err).Message)
			}
			h.address = netip.MustParseAddr(free)
		}
		h.addresses = []netip.Addr{h.address}
		// An address that is taken, such as a node's, comes with the security groups of its interface.
		for _, eni := range at.region().NetworkInterfaces {
			if text(eni.VpcId) == h.vpc && text(eni.PrivateIpAddress) == h.address.String() {
				h.guarded, h.groups = true, interfaceGroups(eni)
			}
		}
		return h, nil
	}
	return nil, unknown("no account or region of this sandbox has it")
}

// seat picks the subnet of a place: the one with its address, else the first that does not face the Internet.
func (c *call) seat(p Place) *ec2types.Subnet {
	var best *ec2types.Subnet
	for _, id := range sortedKeys(c.region().Subnets) {
		subnet := c.region().Subnets[id]
		if p.Subnet != "" && id != p.Subnet || p.VPC != "" && *subnet.VpcId != p.VPC {
			continue
		}
		block, err := netip.ParsePrefix(text(subnet.CidrBlock))
		if err != nil || p.Address.IsValid() && !block.Contains(p.Address) {
			continue
		}
		if best == nil || c.eksSubnetRoute(*best.SubnetId) == "internet" && c.eksSubnetRoute(id) != "internet" {
			best = subnet
		}
	}
	return best
}

func interfaceGroups(eni *ec2types.NetworkInterface) []string {
	var ids []string
	for _, g := range eni.Groups {
		ids = append(ids, text(g.GroupId))
	}
	return ids
}
