package serving

import (
	"encoding/binary"
	"fmt"
	"net/netip"
)

// An own VPC is between /16, the largest that EC2 makes, and /21: an eighth of
// an eighth of a /21 is a /27, the smallest subnet an Application Load Balancer
// takes (ELB User Guide, "Subnets for your load balancer": at least a /27 with
// 8 free addresses).
const (
	ownVPCMinBits = 16
	ownVPCMaxBits = 21
)

// The layout has room for the zones a to f; no region has more.
const (
	firstZoneLetter = 'a'
	lastZoneLetter  = 'f'
	maxZones        = lastZoneLetter - firstZoneLetter + 1
	publicBlock     = 7
)

// SubnetLayout gives a zone's private and public subnet in a VPC of the
// cluster's own.
//
// The VPC is split into eight equal blocks. The private subnet of the zone with
// letter index i (a is 0) is block i; block 6 stays free; block 7 is split
// into eight once more, and part i is the public subnet. A zone's place
// depends on its letter alone, so subnets stay where they are when other zones
// come and go.
func SubnetLayout(cidr netip.Prefix, zone string) (private, public netip.Prefix, err error) {
	switch {
	case !cidr.IsValid() || !cidr.Addr().Is4() || cidr.Masked() != cidr:
		return private, public, fmt.Errorf("laying out subnets in %s: not an IPv4 network address", cidr)
	case cidr.Bits() < ownVPCMinBits || cidr.Bits() > ownVPCMaxBits:
		return private, public, fmt.Errorf("laying out subnets in %s: the VPC must be /%d to /%d", cidr, ownVPCMinBits, ownVPCMaxBits)
	}
	index, ok := zoneIndex(zone)
	if !ok {
		return private, public, fmt.Errorf("laying out subnets of zone %q: its name must end in a letter from %c to %c", zone, firstZoneLetter, lastZoneLetter)
	}
	private = eighth(cidr, index)
	public = eighth(eighth(cidr, publicBlock), index)
	return private, public, nil
}

// zoneIndex is the place of a zone in the layout: that of its letter.
func zoneIndex(zone string) (int, bool) {
	if !awsZoneSyntax.MatchString(zone) {
		return 0, false
	}
	letter := zone[len(zone)-1]
	if letter < firstZoneLetter || letter > lastZoneLetter {
		return 0, false
	}
	return int(letter - firstZoneLetter), true
}

// eighth is the i-th of the eight equal parts of an IPv4 range.
func eighth(p netip.Prefix, i int) netip.Prefix {
	bits := p.Bits() + 3
	start := p.Addr().As4()
	n := binary.BigEndian.Uint32(start[:]) + uint32(i)<<(32-bits)
	binary.BigEndian.PutUint32(start[:], n)
	return netip.PrefixFrom(netip.AddrFrom4(start), bits)
}
