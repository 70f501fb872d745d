package gcp

import (
	"net/netip"

	"cloud.google.com/go/compute/apiv1/computepb"
)

// notForSubnets are ranges that no subnetwork may have ("Prohibited IPv4 subnet ranges").
var notForSubnets = []netip.Prefix{
	netip.MustParsePrefix("0.0.0.0/8"), netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("169.254.0.0/16"),
	netip.MustParsePrefix("224.0.0.0/4"), netip.MustParsePrefix("255.255.255.255/32"), netip.MustParsePrefix("199.36.153.4/30"),
	netip.MustParsePrefix("199.36.153.8/30"), netip.MustParsePrefix("34.126.0.0/18"),
}

// rangeUsers are asked for objects of other services that use a secondary range: they return the name of one, or nothing.
var rangeUsers []func(c *call, subnet target, name string) string

// checkSubnetRanges holds the ranges of a subnetwork against each other, against those of its network, and against those of active
// peers. Before is the subnetwork as it was, or nil.
func (c *call) checkSubnetRanges(s, before *computepb.Subnetwork) error {
	if limit := c.quota("compute.secondary_ranges_per_subnetwork"); len(s.SecondaryIpRanges) > limit {
		return quotaExceeded("SECONDARY_RANGES_PER_SUBNETWORK", limit, "in region "+c.Location+".")
	}
	own := []ownedRange{}
	add := func(field, text string) error {
		prefix, err := parseRange(field, text)
		if err != nil {
			return err
		}
		for _, other := range own {
			if other.prefix.Overlaps(prefix) {
				return invalid(field, text, "The ranges %s and %s of the subnetwork overlap.", other.prefix, prefix)
			}
		}
		own = append(own, ownedRange{prefix, subnetworks.link(c, c.Location, s.GetName())})
		return nil
	}
	if err := add("resource.ipCidrRange", s.GetIpCidrRange()); err != nil {
		return err
	}
	names := map[string]bool{}
	for _, r := range s.SecondaryIpRanges {
		switch name := r.GetRangeName(); {
		case name == "":
			return required("resource.secondaryIpRanges.rangeName")
		case !pattern(namePattern).MatchString(name):
			return invalid("resource.secondaryIpRanges.rangeName", name, "Must be a match of regex '%s'", namePattern)
		case names[name]:
			return invalid("resource.secondaryIpRanges.rangeName", name, "The name is there twice.")
		case r.ReservedInternalRange != nil:
			return unsupported("resource.secondaryIpRanges.reservedInternalRange")
		}
		names[r.GetRangeName()] = true
		if err := add("resource.secondaryIpRanges.ipCidrRange", r.GetIpCidrRange()); err != nil {
			return err
		}
	}
	if err := c.checkRangesGone(s, before); err != nil {
		return err
	}
	return c.checkRangesFree(s, own)
}

// checkRangesGone refuses to take a secondary range away, or to change one, that somebody uses.
func (c *call) checkRangesGone(s, before *computepb.Subnetwork) error {
	t := target{c.Project, c.Location, subnetworks.plural, s.GetName()}
	for _, r := range before.GetSecondaryIpRanges() {
		if sameRange(s.SecondaryIpRanges, r) {
			continue
		}
		for _, ask := range rangeUsers {
			if user := ask(c, t, r.GetRangeName()); user != "" {
				return inUse("subnetwork", t.path()+"/"+r.GetRangeName(), user)
			}
		}
	}
	return nil
}

func (c *call) checkRangesFree(s *computepb.Subnetwork, own []ownedRange) error {
	self := subnetworks.link(c, c.Location, s.GetName())
	for _, mine := range own {
		for _, other := range c.rangesOf(s.GetNetwork()) {
			if other.owner != self && other.prefix.Overlaps(mine.prefix) {
				t, _ := c.parseTarget(other.owner)
				return &Error{Status: 400, Reason: "invalid", Message: "Invalid IPCidrRange: " + mine.prefix.String() +
					" conflicts with existing subnetwork '" + t.name + "' in region '" + t.location + "'."}
			}
		}
		if err := c.checkPeerRange(s.GetNetwork(), "", mine); err != nil {
			return err
		}
	}
	if s.GetPurpose() == proxyPurpose && s.GetRole() == "ACTIVE" {
		for name, h := range subnetworks.in(c, c.Location) {
			if name != s.GetName() && h.Verb != "delete" && h.Body.GetNetwork() == s.GetNetwork() && h.Body.GetPurpose() == proxyPurpose &&
				h.Body.GetRole() == "ACTIVE" && subnetworks.in(c, c.Location)[s.GetName()] == nil {
				return badRequest("An active proxy-only subnetwork exists already in the network and region: '%s'.", subnetworks.path(c, c.Location, name))
			}
		}
	}
	return nil
}

// parseRange reads the range of a subnetwork.
func parseRange(field, text string) (netip.Prefix, error) {
	prefix, err := netip.ParsePrefix(text)
	if err != nil || !prefix.Addr().Is4() || prefix != prefix.Masked() {
		return prefix, invalid(field, text, "Must be a valid IPv4 CIDR range.")
	}
	if prefix.Bits() > 29 || prefix.Bits() < 4 {
		return prefix, invalid(field, text, "The prefix length must be between /4 and /29.")
	}
	for _, forbidden := range notForSubnets {
		if forbidden.Overlaps(prefix) {
			return prefix, invalid(field, text, "The range is reserved: %s.", forbidden)
		}
	}
	return prefix, nil
}

func (c *call) expandSubnetwork(in *computepb.ExpandIpCidrRangeSubnetworkRequest) (*computepb.Operation, error) {
	h, err := subnetworks.ready(c, in.GetSubnetwork())
	if err != nil {
		return nil, err
	}
	text := in.GetSubnetworksExpandIpCidrRangeRequestResource().GetIpCidrRange()
	if text == "" {
		return nil, required("resource.ipCidrRange")
	}
	wider, err := parseRange("resource.ipCidrRange", text)
	if err != nil {
		return nil, err
	}
	if now, err := netip.ParsePrefix(h.Body.GetIpCidrRange()); err == nil && (wider.Bits() >= now.Bits() || !wider.Contains(now.Addr())) {
		return nil, invalid("resource.ipCidrRange", text, "The new range must contain the current one, %s.", now)
	}
	next := cloned(h.Body)
	next.IpCidrRange = new(text)
	if err := c.checkSubnetRanges(next, h.Body); err != nil {
		return nil, err
	}
	return c.replaceSubnetwork(h, next, "subnetworks.expandIpCidrRange")
}

func (c *call) setPrivateGoogleAccess(in *computepb.SetPrivateIpGoogleAccessSubnetworkRequest) (*computepb.Operation, error) {
	h, err := subnetworks.ready(c, in.GetSubnetwork())
	if err != nil {
		return nil, err
	}
	if h.Body.GetPurpose() == proxyPurpose {
		return nil, invalid("subnetwork", in.GetSubnetwork(), "A proxy-only subnetwork does not have private Google access.")
	}
	next := cloned(h.Body)
	next.PrivateIpGoogleAccess = new(in.GetSubnetworksSetPrivateIpGoogleAccessRequestResource().GetPrivateIpGoogleAccess())
	return c.replaceSubnetwork(h, next, "subnetworks.setPrivateIpGoogleAccess")
}

// replaceSubnetwork is replace for the fields that no patch reaches.
func (c *call) replaceSubnetwork(h *Held[*computepb.Subnetwork], next *computepb.Subnetwork, delay string) (*computepb.Operation, error) {
	h.Next = next
	return startOperation(c, subnetworks, h, "update", delay), nil
}

func (c *call) deleteSubnetwork(in *computepb.DeleteSubnetworkRequest) (*computepb.Operation, error) {
	h, err := subnetworks.ready(c, in.GetSubnetwork())
	if err != nil {
		return nil, err
	}
	if h.Body.GetPurpose() == proxyPurpose && h.Body.GetRole() == "ACTIVE" {
		for name, rule := range forwardingRules.in(c, c.Location) {
			if rule.Body.GetNetwork() == h.Body.GetNetwork() {
				return nil, inUse("subnetwork", subnetworks.path(c, c.Location, in.GetSubnetwork()), forwardingRules.path(c, c.Location, name))
			}
		}
	}
	return subnetworks.remove(c, in.GetSubnetwork())
}
