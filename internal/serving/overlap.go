package serving

import (
	"fmt"
	"net/netip"
)

// NamedRange is an address range and what it is, as users should read it:
// "network.cidr", "the peer VPC's second range".
type NamedRange struct {
	Name   string
	Prefix netip.Prefix
}

// Conflict is a pair of ranges that share addresses, in the order they were
// given.
type Conflict struct {
	A, B NamedRange
}

// String says which ranges overlap and in what.
func (c Conflict) String() string {
	shared := c.A.Prefix
	if c.B.Prefix.Bits() > shared.Bits() {
		shared = c.B.Prefix
	}
	return fmt.Sprintf("%s (%s) and %s (%s) share %s", c.A.Name, c.A.Prefix, c.B.Name, c.B.Prefix, shared)
}

// Overlaps finds all pairs of ranges that share addresses. IPv4 and IPv6 ranges
// never conflict, nor do invalid prefixes.
func Overlaps(ranges []NamedRange) []Conflict {
	var conflicts []Conflict
	for i, a := range ranges {
		for _, b := range ranges[i+1:] {
			if a.Prefix.Overlaps(b.Prefix) {
				conflicts = append(conflicts, Conflict{A: a, B: b})
			}
		}
	}
	return conflicts
}
