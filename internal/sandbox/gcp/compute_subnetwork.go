package gcp

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"cloud.google.com/go/compute/apiv1/computepb"
)

// namePattern is that of most names (RFC 1035).
const namePattern = `[a-z](?:[-a-z0-9]{0,61}[a-z0-9])?`

// proxyPurpose is that of the subnetwork which regional load balancers take their addresses from.
const proxyPurpose = "REGIONAL_MANAGED_PROXY"

var subnetworks = &collection[*computepb.Subnetwork]{
	plural: "subnetworks", title: "subnetwork", scope: inRegion, quota: "compute.subnetworks", metric: "SUBNETWORKS",
	objects:   func(s *computeState) map[string]*Held[*computepb.Subnetwork] { return s.Subnetworks },
	immutable: []string{"network", "ipCidrRange", "purpose", "description", "region", "stackType", "privateIpGoogleAccess"},
	missing:   "The referenced subnetwork resource cannot be found.",
}

func init() {
	subnetworks.show, subnetworks.settled = showSubnetwork, subnetworkSettled
	newCollection(subnetworks)
	const service = fullName("google.cloud.compute.v1.Subnetworks")
	handleChange(service+".Insert", (*call).insertSubnetwork)
	handleChange(service+".Patch", (*call).patchSubnetwork)
	handleChange(service+".ExpandIpCidrRange", (*call).expandSubnetwork)
	handleChange(service+".SetPrivateIpGoogleAccess", (*call).setPrivateGoogleAccess)
	handleChange(service+".Delete", (*call).deleteSubnetwork)
	serveGet(service, subnetworks, (*computepb.GetSubnetworkRequest).GetSubnetwork)
	serveList[*computepb.Subnetwork, *computepb.ListSubnetworksRequest](service, subnetworks,
		func(items []*computepb.Subnetwork, next, id *string) *computepb.SubnetworkList {
			return &computepb.SubnetworkList{Items: items, NextPageToken: next, Id: id}
		})
	serveAggregatedList[*computepb.Subnetwork, *computepb.SubnetworksScopedList, *computepb.AggregatedListSubnetworksRequest](service, subnetworks, regionScopes,
		func(items []*computepb.Subnetwork, none *computepb.Warning) *computepb.SubnetworksScopedList {
			return &computepb.SubnetworksScopedList{Subnetworks: items, Warning: none}
		}, func(items map[string]*computepb.SubnetworksScopedList, next, id *string) *computepb.SubnetworkAggregatedList {
			return &computepb.SubnetworkAggregatedList{Items: items, NextPageToken: next, Id: id}
		})
}

func (c *call) insertSubnetwork(in *computepb.InsertSubnetworkRequest) (*computepb.Operation, error) {
	s := in.GetSubnetworkResource()
	network, link, err := networks.refer(c, "resource.network", s.GetNetwork())
	if err != nil {
		return nil, err
	}
	if network.Operation != "" {
		return nil, badRequest("There is a peering operation in progress on the local or peer network. Try again later.")
	}
	s.Network, s.Params, s.Region = new(link), nil, nil
	if s.Purpose == nil {
		s.Purpose = new("PRIVATE")
	}
	if s.StackType == nil && s.GetPurpose() == "PRIVATE" {
		s.StackType = new("IPV4_ONLY")
	}
	if s.PrivateIpGoogleAccess == nil && s.GetPurpose() == "PRIVATE" {
		s.PrivateIpGoogleAccess = new(false)
	}
	if err := c.checkSubnetwork(s); err != nil {
		return nil, err
	}
	if err := c.checkSubnetRanges(s, nil); err != nil {
		return nil, err
	}
	return subnetworks.insert(c, s)
}

// checkSubnetwork holds a subnetwork against the rules that are about itself.
func (c *call) checkSubnetwork(s *computepb.Subnetwork) error {
	switch {
	case s.GetStackType() != "IPV4_ONLY" && s.StackType != nil:
		return unsupported("resource.stackType")
	case s.ReservedInternalRange != nil || s.IpCollection != nil:
		return unsupported("resource.reservedInternalRange")
	case s.GetIpCidrRange() == "":
		return required("resource.ipCidrRange")
	}
	switch s.GetPurpose() {
	case "PRIVATE":
		if s.Role != nil {
			return invalid("resource.role", s.GetRole(), "A role can only be specified for a subnetwork of purpose %s.", proxyPurpose)
		}
	case proxyPurpose:
		return c.checkProxySubnetwork(s)
	default:
		return unsupported("resource.purpose")
	}
	return nil
}

func (c *call) checkProxySubnetwork(s *computepb.Subnetwork) error {
	switch {
	case s.Role == nil:
		return required("resource.role")
	case s.GetRole() != "ACTIVE" && s.GetRole() != "BACKUP":
		return invalid("resource.role", s.GetRole(), "The value must be one of [ACTIVE BACKUP].")
	case len(s.SecondaryIpRanges) > 0:
		return invalid("resource.secondaryIpRanges", s.SecondaryIpRanges[0].GetRangeName(), "A proxy-only subnetwork has no secondary ranges.")
	case s.GetPrivateIpGoogleAccess():
		return invalid("resource.privateIpGoogleAccess", "true", "A proxy-only subnetwork does not have it.")
	case s.LogConfig != nil && s.LogConfig.GetEnable():
		return invalid("resource.logConfig", "", "Flow logs are not supported for a proxy-only subnetwork.")
	}
	if prefix, err := netip.ParsePrefix(s.GetIpCidrRange()); err == nil && prefix.Bits() > 26 {
		return invalid("resource.ipCidrRange", s.GetIpCidrRange(), "A proxy-only subnetwork must be at least a /26.")
	}
	return nil
}

func (c *call) patchSubnetwork(in *computepb.PatchSubnetworkRequest) (*computepb.Operation, error) {
	h, err := subnetworks.ready(c, in.GetSubnetwork())
	if err != nil {
		return nil, err
	}
	if in.GetSubnetworkResource().GetFingerprint() != fingerprint(h.Body) {
		return nil, staleFingerprint()
	}
	delete(c.body, "fingerprint")
	if network, ok := c.body["network"].(string); ok {
		if t, ok := c.parseTarget(network); ok {
			c.body["network"] = t.link()
		}
	}
	next, err := mergePatch(h.Body, c.body)
	if err != nil {
		return nil, err
	}
	next.Region = nil
	if err := c.checkSubnetwork(next); err != nil {
		return nil, err
	}
	if err := c.checkSubnetRanges(next, h.Body); err != nil {
		return nil, err
	}
	return subnetworks.replace(c, h, next, "subnetworks.patch")
}

// subnetworkSettled makes the other proxy-only subnetwork a reserve once one is promoted.
func subnetworkSettled(c *call, s *computepb.Subnetwork, verb string) {
	if s.GetPurpose() != proxyPurpose || s.GetRole() != "ACTIVE" || verb != "update" {
		return
	}
	for name, h := range subnetworks.in(c, c.Location) {
		if name != s.GetName() && h.Body.GetPurpose() == proxyPurpose && h.Body.GetNetwork() == s.GetNetwork() {
			h.Body.Role = new("BACKUP")
		}
	}
}

// activeProxySubnet is the one that regional load balancers of a network use, or nil.
func (c *call) activeProxySubnet(region, network string) *Held[*computepb.Subnetwork] {
	for _, h := range subnetworks.in(c, region) {
		if h.Body.GetNetwork() == network && h.Body.GetPurpose() == proxyPurpose && h.Body.GetRole() == "ACTIVE" && h.Verb != "insert" && h.Verb != "delete" {
			return h
		}
	}
	return nil
}

func showSubnetwork(_ *call, s *computepb.Subnetwork) {
	if prefix, err := netip.ParsePrefix(s.GetIpCidrRange()); err == nil {
		s.GatewayAddress = new(prefix.Addr().Next().String())
	}
	if s.GetPurpose() == proxyPurpose {
		s.State = new("READY")
	}
	s.PrivateIpv6GoogleAccess, s.AllowSubnetCidrRoutesOverlap = new("DISABLE_GOOGLE_ACCESS"), new(false)
}

// subnetRanges are all ranges of a subnetwork. What does not parse is left out: it was changed behind everybody's back.
func subnetRanges(s *computepb.Subnetwork) []netip.Prefix {
	var all []netip.Prefix
	texts := []string{s.GetIpCidrRange()}
	for _, r := range s.GetSecondaryIpRanges() {
		texts = append(texts, r.GetIpCidrRange())
	}
	for _, text := range texts {
		if p, err := netip.ParsePrefix(text); err == nil {
			all = append(all, p)
		}
	}
	return all
}

// pathOf is a self link without the host, as messages have it.
func pathOf(link string) string { return strings.TrimPrefix(link, computeURL) }

func sameRange(ranges []*computepb.SubnetworkSecondaryRange, one *computepb.SubnetworkSecondaryRange) bool {
	return slices.ContainsFunc(ranges, func(r *computepb.SubnetworkSecondaryRange) bool {
		return fmt.Sprint(r.GetRangeName(), r.GetIpCidrRange()) == fmt.Sprint(one.GetRangeName(), one.GetIpCidrRange())
	})
}
