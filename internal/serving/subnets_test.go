package serving

import (
	"encoding/binary"
	"math/rand/v2"
	"net/netip"
	"strings"
	"testing"
)

func TestSubnetLayout(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct{ cidr, zone, private, public string }{
		{"10.40.0.0/16", "us-west-2a", "10.40.0.0/19", "10.40.224.0/22"},
		{"10.40.0.0/16", "us-west-2b", "10.40.32.0/19", "10.40.228.0/22"},
		{"10.40.0.0/16", "us-east-1f", "10.40.160.0/19", "10.40.244.0/22"},
		{"192.168.8.0/21", "eu-central-1c", "192.168.10.0/24", "192.168.15.64/27"},
	} {
		private, public, err := SubnetLayout(netip.MustParsePrefix(tc.cidr), tc.zone)
		if err != nil || private.String() != tc.private || public.String() != tc.public {
			t.Errorf("%s in %s: got %s, %s, %v; want %s, %s", tc.zone, tc.cidr, private, public, err, tc.private, tc.public)
		}
	}
}

func TestSubnetLayoutErrors(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		cidr netip.Prefix
		zone string
		want string
	}{
		{netip.MustParsePrefix("10.0.0.0/15"), "us-west-2a", "must be /16 to /21"},
		{netip.MustParsePrefix("10.0.0.0/22"), "us-west-2a", "must be /16 to /21"},
		{netip.MustParsePrefix("10.0.1.0/16"), "us-west-2a", "not an IPv4 network address"},
		{netip.MustParsePrefix("fd00::/16"), "us-west-2a", "not an IPv4 network address"},
		{netip.Prefix{}, "us-west-2a", "not an IPv4 network address"},
		{netip.MustParsePrefix("10.0.0.0/16"), "us-west-2g", `zone "us-west-2g"`},
		{netip.MustParsePrefix("10.0.0.0/16"), "us-west-2", "must end in a letter from a to f"},
		{netip.MustParsePrefix("10.0.0.0/16"), "", `zone ""`},
	} {
		if _, _, err := SubnetLayout(tc.cidr, tc.zone); err == nil || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%s in %s: got %v, want ...%s...", tc.zone, tc.cidr, err, tc.want)
		}
	}
}

// TestSubnetLayoutProperties: for any network all subnets are inside it, apart
// from each other, and large enough for a load balancer.
func TestSubnetLayoutProperties(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(1, 2))
	for range 2000 {
		var address [4]byte
		binary.BigEndian.PutUint32(address[:], random.Uint32())
		cidr := netip.PrefixFrom(netip.AddrFrom4(address), ownVPCMinBits+random.IntN(ownVPCMaxBits-ownVPCMinBits+1)).Masked()
		var subnets []NamedRange
		for letter := 'a'; letter <= 'f'; letter++ {
			private, public, err := SubnetLayout(cidr, "us-west-2"+string(letter))
			if err != nil {
				t.Fatal(err)
			}
			for _, subnet := range []netip.Prefix{private, public} {
				if subnet.Masked() != subnet || !inside(subnet, []netip.Prefix{cidr}) || subnet.Bits() > 27 {
					t.Fatalf("%s: bad subnet %s", cidr, subnet)
				}
				subnets = append(subnets, NamedRange{Name: subnet.String(), Prefix: subnet})
			}
		}
		if conflicts := Overlaps(subnets); len(conflicts) != 0 {
			t.Fatalf("%s: %v", cidr, conflicts)
		}
	}
}

func TestOverlaps(t *testing.T) {
	t.Parallel()
	named := func(name, prefix string) NamedRange {
		p, _ := netip.ParsePrefix(prefix)
		return NamedRange{Name: name, Prefix: p}
	}
	ranges := []NamedRange{
		named("vpc", "10.0.0.0/16"), named("services", "172.20.0.0/16"), named("peer", "10.0.128.0/17"),
		named("broken", "x"), named("v6", "::/0"), named("other peer", "10.1.0.0/16"), named("all", "10.0.0.0/8"),
	}
	want := []string{
		"vpc (10.0.0.0/16) and peer (10.0.128.0/17) share 10.0.128.0/17",
		"vpc (10.0.0.0/16) and all (10.0.0.0/8) share 10.0.0.0/16",
		"peer (10.0.128.0/17) and all (10.0.0.0/8) share 10.0.128.0/17",
		"other peer (10.1.0.0/16) and all (10.0.0.0/8) share 10.1.0.0/16",
	}
	got := Overlaps(ranges)
	if len(got) != len(want) {
		t.Fatalf("got %v, want %v", got, want)
	}
	for i, conflict := range got {
		if conflict.String() != want[i] {
			t.Errorf("conflict %d: got %s, want %s", i, conflict, want[i])
		}
	}
}
