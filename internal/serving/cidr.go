package serving

import (
	"net/netip"
)

var (
	ruleRangeSyntax    = mustNot("range_syntax", "Invalid address range")
	ruleRangeIPv6      = mustNot("range_ipv6", "IPv6 is not supported yet")
	ruleRangeCanonical = mustNot("range_canonical", "Address range has host bits")
	ruleRangeRepeated  = mustNot("range_repeated", "Address range is listed twice")
)

// privateRanges are the ranges that nobody on the Internet has: RFC 1918, the
// shared space of RFC 6598, and the half of RFC 2544 that VPCs also take (VPC
// User Guide, "IPv4 CIDR block association restrictions").
var privateRanges = prefixes("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "198.19.0.0/16")

// prefixes reads ranges that are written in this package.
func prefixes(texts ...string) []netip.Prefix {
	all := make([]netip.Prefix, len(texts))
	for i, text := range texts {
		all[i] = netip.MustParsePrefix(text)
	}
	return all
}

// inside reports whether one of the ranges contains all of p.
func inside(p netip.Prefix, ranges []netip.Prefix) bool {
	for _, r := range ranges {
		if r.Bits() <= p.Bits() && r.Contains(p.Addr()) {
			return true
		}
	}
	return false
}

// readRange reads an IPv4 range in its canonical form; on false it has said
// what is wrong.
func (f *findings) readRange(path, text string) (netip.Prefix, bool) {
	p, err := netip.ParsePrefix(text)
	switch {
	case err != nil:
		hint := "Write the network's address, a slash and the prefix length."
		if addr, err := netip.ParseAddr(text); err == nil && addr.Is4() {
			hint = "For this one address write \"" + text + "/32\"."
		}
		f.add(ruleRangeSyntax.at(path, "%q is not a range in CIDR notation, as in \"10.40.0.0/16\". %s", text, hint))
	case !p.Addr().Is4():
		f.add(ruleRangeIPv6.at(path, "%s is an IPv6 range. Clusters are IPv4 only in this version of the provider. Give the IPv4 range.", text))
	case p.Masked() != p:
		f.add(ruleRangeCanonical.at(path, "%s has address bits to the right of its prefix length. The cloud stores %s, which would show as a change in every plan. Write %s.",
			text, p.Masked(), p.Masked()))
	default:
		return p, true
	}
	return netip.Prefix{}, false
}

// ranges judges a list of ranges and hands the good ones to judge.
func (f *findings) ranges(list string, texts []string, judge func(path string, r netip.Prefix)) {
	for i, text := range texts {
		path := item(list, i)
		if !f.known(path) {
			continue
		}
		if r, ok := f.readRange(path, text); ok {
			judge(path, r)
		}
	}
	f.repeated(list, texts, func(path, value string, first int) {
		f.add(ruleRangeRepeated.at(path, "%s is already at index %d. The cloud takes each range once. Remove one of the two.", value, first))
	})
}
