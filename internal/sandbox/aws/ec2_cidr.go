package aws

import (
	"net/netip"
)

// parseCIDR reads an IPv4 block. EC2 rewrites a block with host bits for some calls and refuses it for others; here it is
// always refused, so that what was asked for is what a describe shows.
func parseCIDR(value, parameter string) (netip.Prefix, error) {
	p, err := netip.ParsePrefix(value)
	if err != nil || !p.Addr().Is4() {
		return netip.Prefix{}, apiError("InvalidParameterValue", "Value (%s) for parameter %s is invalid. This is not a valid CIDR block.", value, parameter)
	}
	if p != p.Masked() {
		return netip.Prefix{}, apiError("InvalidParameterValue", "Value (%s) for parameter %s is invalid. The network address is %s.", value, parameter, p.Masked())
	}
	return p, nil
}

// vpcForbidden are the ranges that a VPC cannot have: this network, loopback, link local, multicast and above, and Docker's
// range where AWS services use it themselves is allowed.
var vpcForbidden = []netip.Prefix{
	netip.MustParsePrefix("0.0.0.0/8"), netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("169.254.0.0/16"),
	netip.MustParsePrefix("224.0.0.0/3"),
}

// parseVPCCIDR reads a block that a VPC may have.
func parseVPCCIDR(value *string) (netip.Prefix, error) {
	p, err := parseCIDR(*value, "cidrBlock")
	if err != nil {
		return p, err
	}
	if p.Bits() < 16 || p.Bits() > 28 {
		return p, apiError("InvalidVpc.Range", "The CIDR '%s' is invalid.", p)
	}
	for _, forbidden := range vpcForbidden {
		if p.Overlaps(forbidden) {
			return p, apiError("InvalidVpc.Range", "The CIDR '%s' is invalid.", p)
		}
	}
	return p, nil
}

// within reports whether inner lies in outer.
func within(inner, outer netip.Prefix) bool {
	return inner.Bits() >= outer.Bits() && outer.Contains(inner.Addr())
}

// parseCIDRv6 reads an IPv6 block.
func parseCIDRv6(value string) (netip.Prefix, error) {
	p, err := netip.ParsePrefix(value)
	if err != nil || !p.Addr().Is6() || p != p.Masked() {
		return netip.Prefix{}, apiError("InvalidParameterValue", "CIDR block %s is malformed", value)
	}
	return p, nil
}
