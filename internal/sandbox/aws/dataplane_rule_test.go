package aws

import (
	"net/netip"
	"testing"

	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
)

func TestGlob(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		pattern, value string
		fold, want     bool
	}{
		{"", "", false, true}, {"*", "", false, true}, {"?", "", false, false}, {"a", "A", false, false}, {"a", "A", true, true},
		{"/v1/*", "/v1/", false, true}, {"/v1/*", "/v1", false, false}, {"*/x/*/y", "/a/x/b/x/c/y", false, true}, {"*a*b", "aab", false, true},
		{"*a*b", "abc", false, false}, {"a?c", "abc", false, true}, {"a?c", "ac", false, false}, {"**", "x", false, true}, {"ab", "abc", false, false},
	} {
		if got := glob(tc.pattern, tc.value, tc.fold); got != tc.want {
			t.Errorf("glob(%q, %q, %t) = %t", tc.pattern, tc.value, tc.fold, got)
		}
	}
}

func TestCodeMatches(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		matcher, code string
		want          bool
	}{
		{"200", "200", true}, {"200", "201", false}, {"200,202-204", "203", true}, {"200,202-204", "201", false}, {"0-99", "12", true}, {"12", "", false}, {"", "200", false},
	} {
		if got := codeMatches(tc.matcher, tc.code); got != tc.want {
			t.Errorf("codeMatches(%q, %q) = %t", tc.matcher, tc.code, got)
		}
	}
}

func TestPlaceString(t *testing.T) {
	t.Parallel()
	for _, place := range []string{"internet", "192.0.2.1", "vpc-1", "vpc-1/10.0.0.4", "subnet-1", "subnet-1/10.0.0.4"} {
		got, err := ParsePlace(place)
		if err != nil || got.String() != place {
			t.Errorf("%s: %s, %v", place, got, err)
		}
	}
}

func TestACLPasses(t *testing.T) {
	t.Parallel()
	entry := func(number int32, action ec2types.RuleAction, cidr string, from, to int32) ec2types.NetworkAclEntry {
		return ec2types.NetworkAclEntry{
			RuleNumber: &number, RuleAction: action, CidrBlock: &cidr, Egress: new(false), Protocol: new("6"), PortRange: &ec2types.PortRange{From: &from, To: &to},
		}
	}
	acl := &ec2types.NetworkAcl{Entries: []ec2types.NetworkAclEntry{
		entry(300, ec2types.RuleActionAllow, "0.0.0.0/0", 0, 65535), entry(100, ec2types.RuleActionDeny, "192.0.2.0/24", 443, 443),
		entry(200, ec2types.RuleActionDeny, "0.0.0.0/0", 5000, 5001),
		// Several entries let a range pass together.
		entry(20, ec2types.RuleActionAllow, "10.0.0.0/8", 20000, 65535), entry(10, ec2types.RuleActionAllow, "10.0.0.0/8", 1024, 30000),
		entry(30, ec2types.RuleActionDeny, "10.0.0.0/8", 0, 65535),
	}}
	for _, tc := range []struct {
		address  string
		from, to int
		want     bool
	}{
		{"192.0.2.1", 443, 443, false}, {"192.0.2.1", 80, 80, true}, {"198.51.100.1", 443, 443, true}, {"198.51.100.1", 1024, 65535, false},
		{"10.0.0.1", 1024, 65535, true}, {"10.0.0.1", 1023, 65535, false}, {"10.0.0.1", 443, 443, false},
	} {
		if got := aclPasses(acl, false, netip.MustParseAddr(tc.address), tc.from, tc.to); got != tc.want {
			t.Errorf("%s %d-%d: %t", tc.address, tc.from, tc.to, got)
		}
	}
	if aclPasses(acl, true, netip.MustParseAddr("192.0.2.1"), 80, 80) {
		t.Error("an ACL without egress entries lets something out")
	}
}
