package gcp

import (
	"encoding/binary"
	"net/netip"
	"slices"

	"cloud.google.com/go/compute/apiv1/computepb"
)

var addresses = &collection[*computepb.Address]{
	plural: "addresses", title: "address", scope: inRegion, quota: "compute.static_addresses", metric: "STATIC_ADDRESSES",
	objects: func(s *computeState) map[string]*Held[*computepb.Address] { return s.Addresses },
}

func init() {
	const service = "google.cloud.compute.v1.Addresses"
	addresses.show = showAddress
	newCollection(addresses, live(func(_ *Region, h *Held[*computepb.Address]) bool { return !madeByCluster(h.Body.GetName()) }))
	handleChange(service+".Insert", (*call).insertAddress)
	handleChange(service+".Delete", (*call).deleteAddress)
	handleChange(service+".SetLabels", func(c *call, in *computepb.SetLabelsAddressRequest) (*computepb.Operation, error) {
		body := in.GetRegionSetLabelsRequestResource()
		return setLabels(c, addresses, in.GetResource(), body.GetLabelFingerprint(), body.GetLabels(), func(next *computepb.Address) { next.Labels = body.GetLabels() })
	})
	serveGet(service, addresses, (*computepb.GetAddressRequest).GetAddress)
	serveList[*computepb.Address, *computepb.ListAddressesRequest](service, addresses, func(items []*computepb.Address, next, id *string) *computepb.AddressList {
		return &computepb.AddressList{Items: items, NextPageToken: next, Id: id}
	})
	serveAggregatedList[*computepb.Address, *computepb.AddressesScopedList, *computepb.AggregatedListAddressesRequest](service, addresses, regionScopes,
		func(items []*computepb.Address, none *computepb.Warning) *computepb.AddressesScopedList {
			return &computepb.AddressesScopedList{Addresses: items, Warning: none}
		}, func(items map[string]*computepb.AddressesScopedList, next, id *string) *computepb.AddressAggregatedList {
			return &computepb.AddressAggregatedList{Items: items, NextPageToken: next, Id: id}
		})
}

func (c *call) insertAddress(in *computepb.InsertAddressRequest) (*computepb.Operation, error) {
	a := in.GetAddressResource()
	if a.AddressType == nil {
		a.AddressType = new("EXTERNAL")
	}
	if a.IpVersion == nil {
		a.IpVersion = new("IPV4")
	}
	switch {
	case a.GetIpVersion() != "IPV4", a.Ipv6EndpointType != nil, a.IpCollection != nil, a.PrefixLength != nil:
		return nil, unsupported("resource.ipVersion")
	case a.GetAddressType() != "EXTERNAL" && a.GetAddressType() != "INTERNAL":
		return nil, invalid("resource.addressType", a.GetAddressType(), "The value must be one of [EXTERNAL INTERNAL].")
	}
	if err := checkLabels("resource.labels", a.Labels); err != nil {
		return nil, err
	}
	complete := c.completeExternal
	if a.GetAddressType() == "INTERNAL" {
		complete = c.completeInternal
	}
	if err := complete(a); err != nil {
		return nil, err
	}
	return addresses.insert(c, a)
}

func (c *call) completeExternal(a *computepb.Address) error {
	switch {
	case a.Address != nil:
		return invalid("resource.address", a.GetAddress(), "The address of an external address cannot be chosen.")
	case a.Subnetwork != nil || a.Network != nil:
		return invalid("resource.subnetwork", a.GetSubnetwork(), "An external address has no subnetwork.")
	case a.Purpose != nil:
		return invalid("resource.purpose", a.GetPurpose(), "An external address has no purpose.")
	case a.NetworkTier != nil && a.GetNetworkTier() != "PREMIUM" && a.GetNetworkTier() != "STANDARD":
		return invalid("resource.networkTier", a.GetNetworkTier(), "The value must be one of [PREMIUM STANDARD].")
	}
	if a.NetworkTier == nil {
		a.NetworkTier = new("PREMIUM")
	}
	if err := addresses.vacant(c, a.GetName()); err != nil {
		return err
	}
	a.Address = new(c.publicAddress())
	return nil
}

func (c *call) completeInternal(a *computepb.Address) error {
	if a.Network != nil || a.NetworkTier != nil {
		return invalid("resource.networkTier", a.GetNetworkTier(), "An internal address has no network tier, and its network is that of the subnetwork.")
	}
	if a.Purpose == nil {
		a.Purpose = new("GCE_ENDPOINT")
	}
	if p := a.GetPurpose(); p != "GCE_ENDPOINT" && p != "SHARED_LOADBALANCER_VIP" {
		return unsupported("resource.purpose")
	}
	h, link, err := subnetworks.refer(c, "resource.subnetwork", a.GetSubnetwork())
	if err != nil {
		return err
	}
	if h.Body.GetPurpose() != "PRIVATE" {
		return invalid("resource.subnetwork", a.GetSubnetwork(), "A subnetwork of purpose %s has no addresses for this.", h.Body.GetPurpose())
	}
	a.Subnetwork = new(link)
	if a.Address == nil {
		free, err := c.freeAddress(h.Body)
		a.Address = new(free)
		return err
	}
	return c.checkAddressFree("resource.address", a.GetAddress(), h.Body)
}

func (c *call) deleteAddress(in *computepb.DeleteAddressRequest) (*computepb.Operation, error) {
	h, err := addresses.ready(c, in.GetAddress())
	if err != nil {
		return nil, err
	}
	for name, rule := range forwardingRules.in(c, c.Location) {
		if rule.Body.GetIPAddress() == h.Body.GetAddress() {
			return nil, inUse("address", addresses.path(c, c.Location, in.GetAddress()), forwardingRules.path(c, c.Location, name))
		}
	}
	return addresses.remove(c, in.GetAddress())
}

// showAddress adds who uses an address.
func showAddress(c *call, a *computepb.Address) {
	for name, rule := range forwardingRules.in(c, c.Location) {
		if rule.Body.GetIPAddress() == a.GetAddress() {
			a.Users = append(a.Users, forwardingRules.link(c, c.Location, name))
		}
	}
	for name, router := range routers.in(c, c.Location) {
		for _, nat := range router.Body.Nats {
			if slices.Contains(nat.NatIps, addresses.link(c, c.Location, a.GetName())) {
				a.Users = append(a.Users, routers.link(c, c.Location, name))
			}
		}
	}
	slices.Sort(a.Users)
	a.Status = new("RESERVED")
	if len(a.Users) > 0 {
		a.Status = new("IN_USE")
	}
}

// publicAddress makes a public address that nobody else has. 198.19.0.0/16 is the half of the block for benchmarks (RFC 2544) that
// the sandbox's other clouds leave, so a client that takes the simulation for the Internet reaches nobody.
func (c *call) publicAddress() string {
	c.cloud.state.Addresses++
	var raw [4]byte
	binary.BigEndian.PutUint32(raw[:], 198<<24|19<<16+c.cloud.state.Addresses)
	return netip.AddrFrom4(raw).String()
}

// freeAddress is the lowest address of a subnetwork that nobody has.
func (c *call) freeAddress(s *computepb.Subnetwork) (string, error) {
	block, err := netip.ParsePrefix(s.GetIpCidrRange())
	if err != nil {
		return "", invalid("subnetwork", s.GetName(), "The range of the subnetwork is broken.")
	}
	taken := c.takenAddresses(s.GetNetwork())
	for ip := block.Addr().Next().Next(); block.Contains(ip); ip = ip.Next() {
		if !taken[ip.String()] && !reserved(block, ip) {
			return ip.String(), nil
		}
	}
	return "", &Error{Status: 400, Reason: "invalid", Message: "IP_SPACE_EXHAUSTED: IP space of '" + subnetworks.path(c, c.Location, s.GetName()) + "' is exhausted."}
}

func (c *call) checkAddressFree(field, text string, s *computepb.Subnetwork) error {
	ip, err := netip.ParseAddr(text)
	if err != nil {
		return invalid(field, text, "Must be a valid IPv4 address.")
	}
	block, err := netip.ParsePrefix(s.GetIpCidrRange())
	if err != nil || !block.Contains(ip) || reserved(block, ip) {
		return invalid(field, text, "Requested internal IP address is outside the subnetwork CIDR range, or reserved there.")
	}
	if c.takenAddresses(s.GetNetwork())[ip.String()] {
		return invalid(field, text, "IP address is in-use.")
	}
	return nil
}

// reserved reports whether an address is one of the two first or the two last of its range, which Google keeps.
func reserved(block netip.Prefix, ip netip.Addr) bool {
	first := block.Addr()
	return ip == first || ip == first.Next() || !block.Contains(ip.Next()) || !block.Contains(ip.Next().Next())
}

// takenAddresses are the private addresses that somebody has in a network of the call's project.
func (c *call) takenAddresses(network string) map[string]bool {
	taken := map[string]bool{}
	in := map[string]bool{}
	for _, s := range c.subnetsOf(network) {
		in[s.link] = true
		for _, h := range addresses.in(c, s.region) {
			if in[h.Body.GetSubnetwork()] {
				taken[h.Body.GetAddress()] = true
			}
		}
		for _, h := range forwardingRules.in(c, s.region) {
			if h.Body.GetSubnetwork() == s.link {
				taken[h.Body.GetIPAddress()] = true
			}
		}
		for _, zone := range zonesOf(s.region) {
			for _, h := range instances.in(c, zone) {
				for _, nic := range h.Body.NetworkInterfaces {
					taken[nic.GetNetworkIP()] = taken[nic.GetNetworkIP()] || nic.GetSubnetwork() == s.link
				}
			}
		}
	}
	return taken
}
