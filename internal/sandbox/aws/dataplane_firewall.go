package aws

import (
	"cmp"
	"fmt"
	"net/netip"
	"slices"
	"strings"

	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
)

// endpoint is one side of a connection as firewalls see it.
type endpoint struct {
	vpc     string
	subnets []string
	// addresses are all that packets may come from or go to; a rule must admit every one of them.
	addresses []netip.Addr
	// groups are its security groups. They guard it only if guarded is set: a host that is just a place has none.
	guarded bool
	groups  []string
}

// String is for messages.
func (e endpoint) String() string {
	var all []string
	for _, a := range e.addresses {
		all = append(all, a.String())
	}
	return strings.Join(all, ", ")
}

// groupsAdmit reports whether the rules of some security groups, taken together, let TCP pass between their owner and every
// address of the other side.
func (c *call) groupsAdmit(groups []string, egress bool, other endpoint, port int) bool {
	admitted := map[netip.Addr]bool{}
	for _, rule := range c.region().SecurityGroupRules {
		if *rule.IsEgress != egress || !slices.Contains(groups, *rule.GroupId) || !ruleCovers(rule, port) {
			continue
		}
		if r := rule.ReferencedGroupInfo; r != nil {
			if slices.Contains(other.groups, text(r.GroupId)) {
				return true
			}
			continue
		}
		block, err := netip.ParsePrefix(text(rule.CidrIpv4))
		if err != nil {
			continue
		}
		for _, a := range other.addresses {
			admitted[a] = admitted[a] || block.Contains(a)
		}
	}
	return len(other.addresses) > 0 && !slices.ContainsFunc(other.addresses, func(a netip.Addr) bool { return !admitted[a] })
}

// ruleCovers reports whether a rule is about a TCP port.
func ruleCovers(rule *ec2types.SecurityGroupRule, port int) bool {
	switch text(rule.IpProtocol) {
	case "-1":
		return true
	case "tcp":
		return rule.FromPort != nil && rule.ToPort != nil && int(*rule.FromPort) <= port && port <= int(*rule.ToPort)
	}
	return false
}

// aclAdmits judges the network ACL of a subnet, which keeps no connections: the answers must pass as well, to any of the ports
// that clients use.
func (c *call) aclAdmits(subnet string, egress bool, other endpoint, port int) error {
	acl := c.networkACL(subnet)
	if acl == nil {
		return nil
	}
	for _, a := range other.addresses {
		for _, way := range []struct {
			egress   bool
			from, to int
		}{{egress, port, port}, {!egress, 1024, 65535}} {
			if !aclPasses(acl, way.egress, a, way.from, way.to) {
				direction := map[bool]string{true: "to", false: "from"}[way.egress]
				return noPath("network ACL "+*acl.NetworkAclId, "it does not let ports %d to %d of subnet %s pass %s %s", way.from, way.to, subnet, direction, a)
			}
		}
	}
	return nil
}

// networkACL is the ACL of a subnet: its own, else the default one of its VPC.
func (c *call) networkACL(subnet string) *ec2types.NetworkAcl {
	s := c.region().Subnets[subnet]
	var standard *ec2types.NetworkAcl
	for _, acl := range c.region().NetworkACLs {
		if slices.ContainsFunc(acl.Associations, func(a ec2types.NetworkAclAssociation) bool { return equal(a.SubnetId, subnet) }) {
			return acl
		}
		if s != nil && text(acl.VpcId) == text(s.VpcId) && acl.IsDefault != nil && *acl.IsDefault {
			standard = acl
		}
	}
	return standard
}

// aclPasses applies the first entry that is about the address and all of the ports. One that is about some of the ports only
// counts when it denies, which is the stricter reading of a range.
func aclPasses(acl *ec2types.NetworkAcl, egress bool, address netip.Addr, from, to int) bool {
	entries := slices.SortedFunc(slices.Values(acl.Entries), func(a, b ec2types.NetworkAclEntry) int {
		return cmp.Compare(*a.RuleNumber, *b.RuleNumber)
	})
	for _, e := range entries {
		block, err := netip.ParsePrefix(text(e.CidrBlock))
		if err != nil || *e.Egress != egress || !block.Contains(address) || !slices.Contains([]string{"-1", "6"}, text(e.Protocol)) {
			continue
		}
		low, high := 0, 65535
		if e.PortRange != nil && text(e.Protocol) == "6" {
			low, high = int(*e.PortRange.From), int(*e.PortRange.To)
		}
		deny := e.RuleAction == ec2types.RuleActionDeny
		if deny && low <= to && from <= high || !deny && low <= from && to <= high {
			return !deny
		}
	}
	return false
}

// interfacesEndpoint is a destination's side of a connection, from its network interfaces by subnet.
func (c *call) interfacesEndpoint(vpc string, interfaces map[string]string, groups []string) (endpoint, error) {
	out := endpoint{vpc: vpc, guarded: true, groups: groups}
	for _, subnet := range sortedKeys(interfaces) {
		eni := c.region().NetworkInterfaces[interfaces[subnet]]
		if eni == nil {
			return out, fmt.Errorf("its network interface in %s is gone", subnet)
		}
		address, err := netip.ParseAddr(text(eni.PrivateIpAddress))
		if err != nil {
			return out, fmt.Errorf("its network interface %s has no address", interfaces[subnet])
		}
		out.subnets, out.addresses = append(out.subnets, subnet), append(out.addresses, address)
	}
	return out, nil
}
