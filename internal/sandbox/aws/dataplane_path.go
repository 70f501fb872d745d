package aws

import (
	"net/netip"
	"slices"
	"strings"

	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
)

// path is the address that a host shows to a destination, or where its packets are lost. This is the one place that knows
// which networks lead to each other.
func (h *host) path(to destination) (netip.Addr, error) {
	local := h.at != nil && h.vpc == to.vpc
	switch {
	case local && to.private:
		return h.address, h.within(to)
	case to.public:
		source, err := h.onInternet(to)
		if err != nil {
			return source, err
		}
		return source, to.fromInternet(source)
	case h.at == nil:
		return netip.Addr{}, noPath(to.name, "its name resolves to private addresses of %s, which no packet from the Internet reaches", to.vpc)
	case local:
		return netip.Addr{}, noPath(to.name, "it has no address in %s", to.vpc)
	}
	return h.address, h.across(to)
}

// within judges a connection inside one VPC.
func (h *host) within(to destination) error {
	if err := h.leave(to.endpoint, to.port, to.name); err != nil {
		return err
	}
	return to.at.enter(to, h.endpoint)
}

// leave judges the first step: what the caller's subnet and its own security groups let out.
func (h *host) leave(to endpoint, port int, name string) error {
	for _, subnet := range h.subnets {
		if err := h.at.aclAdmits(subnet, true, to, port); err != nil {
			return err
		}
	}
	if h.guarded && !h.at.groupsAdmit(h.groups, true, to, port) {
		return noPath("security groups "+strings.Join(h.groups, ", "), "no egress rule of the caller admits port %d to %s", port, name)
	}
	return nil
}

// enter judges the last step: network ACLs and security groups in front of a destination.
func (c *call) enter(to destination, from endpoint) error {
	for _, subnet := range to.subnets {
		if err := c.aclAdmits(subnet, false, from, to.port); err != nil {
			return err
		}
	}
	if !c.groupsAdmit(to.groups, false, from, to.port) {
		return noPath("security groups "+strings.Join(to.groups, ", "), "no ingress rule of %s admits port %d from %s", to.name, to.port, from)
	}
	return nil
}

// onInternet is the public address that a host's packets come from when they leave its network.
func (h *host) onInternet(to destination) (netip.Addr, error) {
	if h.at == nil {
		return h.address, nil
	}
	subnet := h.subnets[0]
	route, err := h.at.routeOut(subnet, somewhere)
	if err != nil {
		return netip.Addr{}, err
	}
	outside := endpoint{addresses: []netip.Addr{somewhere}}
	if err := h.leave(outside, to.port, to.name); err != nil {
		return netip.Addr{}, err
	}
	if route.NatGatewayId == nil {
		for _, eni := range h.at.region().NetworkInterfaces {
			if text(eni.PrivateIpAddress) == h.address.String() && text(eni.VpcId) == h.vpc && eni.Association != nil {
				return netip.ParseAddr(text(eni.Association.PublicIp))
			}
		}
		return netip.Addr{}, noPath("internet gateway "+text(route.GatewayId), "%s in %s has no public address to leave with", h.address, subnet)
	}
	nat := h.at.region().NatGateways[*route.NatGatewayId]
	for _, a := range nat.NatGatewayAddresses {
		if a.PublicIp == nil {
			continue
		}
		out, err := h.at.routeOut(text(nat.SubnetId), somewhere)
		if err != nil {
			return netip.Addr{}, err
		}
		if out.NatGatewayId != nil {
			return netip.Addr{}, noPath("NAT gateway "+*nat.NatGatewayId, "its subnet %s leads to a NAT gateway, not to an internet gateway", text(nat.SubnetId))
		}
		if subnet != text(nat.SubnetId) {
			if err := h.at.aclAdmits(*nat.SubnetId, false, h.endpoint, to.port); err != nil {
				return netip.Addr{}, err
			}
		}
		if err := h.at.aclAdmits(*nat.SubnetId, true, outside, to.port); err != nil {
			return netip.Addr{}, err
		}
		return netip.ParseAddr(*a.PublicIp)
	}
	return netip.Addr{}, noPath("NAT gateway "+*nat.NatGatewayId, "it is a private one and has no public address")
}

// fromInternet judges a connection from a public address to the destination's public ones.
func (d destination) fromInternet(source netip.Addr) error {
	if d.callers != nil {
		if !slices.ContainsFunc(d.callers, func(p netip.Prefix) bool { return p.Contains(source) }) {
			return noPath(d.name, "%s is not in its public access CIDRs %v", source, d.callers)
		}
		return nil
	}
	// A client gets any of the addresses, so all of them must work.
	for _, subnet := range d.subnets {
		route, err := d.at.routeOut(subnet, source)
		if err != nil {
			return err
		}
		if route.NatGatewayId != nil {
			return noPath("subnet "+subnet, "its route to %s leads to a NAT gateway, through which nobody comes in", source)
		}
	}
	return d.at.enter(d, endpoint{addresses: []netip.Addr{source}})
}

// somewhere stands for the public addresses of a destination, which the sandbox does not hand out: an address on the Internet
// that no narrower route or rule is about.
var somewhere = netip.MustParseAddr("198.51.100.1")

// routeOut is the route of a subnet to an address on the Internet. It leads to an internet gateway or a NAT gateway that works.
func (c *call) routeOut(subnet string, to netip.Addr) (*ec2types.Route, error) {
	hop := "subnet " + subnet
	table := c.routeTable(subnet)
	if table == nil {
		return nil, noPath(hop, "it does not exist or has no route table")
	}
	route := routeTo(table, to)
	switch {
	case route == nil:
		return nil, noPath(hop, "its route table %s has no route to the Internet", *table.RouteTableId)
	case c.routeState(table, route) == ec2types.RouteStateBlackhole:
		return nil, noPath(hop, "the route to %s in its route table %s is a black hole", *route.DestinationCidrBlock, *table.RouteTableId)
	case strings.HasPrefix(text(route.GatewayId), "igw-"), route.NatGatewayId != nil:
		return route, nil
	}
	return nil, noPath(hop, "the route to %s in its route table %s does not lead to the Internet", *route.DestinationCidrBlock, *table.RouteTableId)
}

// routeTable is the table of a subnet: its own, else the main one of its VPC.
func (c *call) routeTable(subnet string) *ec2types.RouteTable {
	s := c.region().Subnets[subnet]
	if s == nil {
		return nil
	}
	var main *ec2types.RouteTable
	for _, t := range c.region().RouteTables {
		for _, a := range t.Associations {
			if equal(a.SubnetId, subnet) {
				return t
			}
			if a.Main != nil && *a.Main && text(t.VpcId) == *s.VpcId {
				main = t
			}
		}
	}
	return main
}

// routeTo is the narrowest route to an address.
func routeTo(table *ec2types.RouteTable, to netip.Addr) *ec2types.Route {
	var best *ec2types.Route
	bits := -1
	for i := range table.Routes {
		p, err := netip.ParsePrefix(text(table.Routes[i].DestinationCidrBlock))
		if err == nil && p.Contains(to) && p.Bits() > bits {
			best, bits = &table.Routes[i], p.Bits()
		}
	}
	return best
}
