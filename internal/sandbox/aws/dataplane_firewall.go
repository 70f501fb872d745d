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
// address of the other side. A rule about a group that no peering leads to any more is stale and admits nobody.
func (c *call) groupsAdmit(groups []string, egress bool, other endpoint, port int) bool {
	admitted := map[netip.Addr]bool{}
	for _, rule := range c.region().SecurityGroupRules {
		if *rule.IsEgress != egress || !slices.Contains(groups, *rule.GroupId) || !ruleCovers(rule, port) || !c.peerRuleHolds(rule) {
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
// that clients use. Between addresses of the subnet itself there is no ACL.
func (c *call) aclAdmits(subnet string, egress bool, other endpoint, port int) error {
	acl := c.networkACL(subnet)
	if acl == nil {
		return nil
	}
	for _, a := range other.addresses {
		if c.inSubnet(subnet, other.vpc, a) {
			continue
		}
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

// inSubnet reports whether an address of a VPC is one of a subnet.
func (c *call) inSubnet(id, vpc string, address netip.Addr) bool {
	s := c.region().Subnets[id]
	if s == nil || text(s.VpcId) != vpc {
		return false
	}
	block, err := netip.ParsePrefix(text(s.CidrBlock))
	return err == nil && block.Contains(address)
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

// aclPasses reports whether every port of a range passes, each by the first entry that is about it.
func aclPasses(acl *ec2types.NetworkAcl, egress bool, address netip.Addr, from, to int) bool {
	entries := slices.SortedFunc(slices.Values(acl.Entries), func(a, b ec2types.NetworkAclEntry) int {
		return cmp.Compare(*a.RuleNumber, *b.RuleNumber)
	})
	for port := from; port <= to; {
		allowed, last := false, to
		for i := range entries {
			low, high, about := aclPorts(&entries[i], egress, address)
			if !about || high < port {
				continue
			}
			if low > port {
				// Up to there, later entries decide.
				last = min(last, low-1)
				continue
			}
			allowed, last = entries[i].RuleAction == ec2types.RuleActionAllow, min(last, high)
			break
		}
		if !allowed {
			return false
		}
		port = last + 1
	}
	return true
}

// aclPorts are the TCP ports that an entry is about for an address.
func aclPorts(e *ec2types.NetworkAclEntry, egress bool, address netip.Addr) (low, high int, about bool) {
	block, err := netip.ParsePrefix(text(e.CidrBlock))
	if err != nil || *e.Egress != egress || !block.Contains(address) || !slices.Contains([]string{"-1", "6"}, text(e.Protocol)) {
		return 0, 0, false
	}
	if e.PortRange != nil && text(e.Protocol) == "6" {
		return int(*e.PortRange.From), int(*e.PortRange.To), true
	}
	return 0, 65535, true
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
