package gcp

import (
	"net/netip"

	"cloud.google.com/go/compute/apiv1/computepb"
)

// completeForwardingAddress gives a rule the address that it asks for, or one of its own.
func (c *call) completeForwardingAddress(f *computepb.ForwardingRule) error {
	reserved, err := c.forwardingAddress(f)
	if err != nil {
		return err
	}
	if reserved != nil {
		if err := fitsAddress(f, reserved); err != nil {
			return err
		}
		f.IPAddress = reserved.Address
	}
	if f.NetworkTier == nil {
		f.NetworkTier = new("PREMIUM")
	}
	if f.IPAddress != nil {
		return c.checkAddressShared(f, reserved)
	}
	if f.GetLoadBalancingScheme() == "EXTERNAL_MANAGED" {
		f.IPAddress = new(c.publicAddress())
		return nil
	}
	t, _ := c.parseTarget(f.GetSubnetwork())
	free, err := c.freeAddress(subnetworks.in(c, t.location)[t.name].Body)
	f.IPAddress = new(free)
	return err
}

// forwardingAddress finds the reserved address that a rule names, by URL or by number. Nil is none.
func (c *call) forwardingAddress(f *computepb.ForwardingRule) (*computepb.Address, error) {
	text := f.GetIPAddress()
	if text == "" {
		f.IPAddress = nil
		return nil, nil
	}
	if _, err := netip.ParseAddr(text); err != nil {
		h, _, err := addresses.refer(c, "resource.IPAddress", text)
		if err != nil {
			return nil, err
		}
		return h.Body, nil
	}
	for _, h := range addresses.in(c, c.Location) {
		if h.Body.GetAddress() == text && h.Verb != "insert" {
			return h.Body, nil
		}
	}
	if f.GetLoadBalancingScheme() == "EXTERNAL_MANAGED" {
		return nil, invalid("resource.IPAddress", text, "Specified IP address is not a reserved one of the region.")
	}
	t, _ := c.parseTarget(f.GetSubnetwork())
	return nil, c.checkAddressFree("resource.IPAddress", text, subnetworks.in(c, t.location)[t.name].Body)
}

// fitsAddress holds a rule against its reserved address.
func fitsAddress(f *computepb.ForwardingRule, a *computepb.Address) error {
	switch internal := f.GetLoadBalancingScheme() == "INTERNAL_MANAGED"; {
	case internal != (a.GetAddressType() == "INTERNAL"):
		return invalid("resource.IPAddress", f.GetIPAddress(), "The address is %s, which does not fit the load balancing scheme %s.", a.GetAddressType(), f.GetLoadBalancingScheme())
	case internal && a.GetSubnetwork() != f.GetSubnetwork():
		return invalid("resource.IPAddress", f.GetIPAddress(), "The address is in another subnetwork than the forwarding rule.")
	case !internal && f.NetworkTier != nil && f.GetNetworkTier() != a.GetNetworkTier():
		return invalid("resource.networkTier", f.GetNetworkTier(), "The network tier of the address is %s.", a.GetNetworkTier())
	case !internal:
		f.NetworkTier = a.NetworkTier
	}
	return nil
}

// checkTier holds the network tier of a rule that is there against its address, which keeps the tier that it was made with.
func (c *call) checkTier(f *computepb.ForwardingRule) error {
	tier, internal := f.GetNetworkTier(), f.GetLoadBalancingScheme() == "INTERNAL_MANAGED"
	if tier != "PREMIUM" && (tier != "STANDARD" || internal) {
		return invalid("resource.networkTier", tier, "It does not fit the load balancing scheme %s.", f.GetLoadBalancingScheme())
	}
	if internal {
		return nil
	}
	for _, h := range addresses.in(c, c.Location) {
		if h.Body.GetAddress() == f.GetIPAddress() {
			return fitsAddress(f, h.Body)
		}
	}
	return nil
}

// checkAddressShared refuses a rule whose address and port another one has, and an internal address that is not made to be shared.
func (c *call) checkAddressShared(f *computepb.ForwardingRule, reserved *computepb.Address) error {
	for name, other := range forwardingRules.in(c, c.Location) {
		// Networks may have the same internal addresses.
		elsewhere := f.GetLoadBalancingScheme() == "INTERNAL_MANAGED" && other.Body.GetNetwork() != f.GetNetwork()
		if other.Body.GetIPAddress() != f.GetIPAddress() || elsewhere {
			continue
		}
		if other.Body.GetPortRange() == f.GetPortRange() {
			return invalid("resource.IPAddress", f.GetIPAddress(), "Specified IP address is in-use and would result in a conflict with '%s'.",
				forwardingRules.path(c, c.Location, name))
		}
		if f.GetLoadBalancingScheme() == "INTERNAL_MANAGED" && reserved.GetPurpose() != "SHARED_LOADBALANCER_VIP" {
			return invalid("resource.IPAddress", f.GetIPAddress(), "Only an address of purpose SHARED_LOADBALANCER_VIP can be shared with '%s'.",
				forwardingRules.path(c, c.Location, name))
		}
	}
	return nil
}
