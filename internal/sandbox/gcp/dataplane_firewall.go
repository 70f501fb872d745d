package gcp

import (
	"net/netip"
	"slices"
	"strings"

	"cloud.google.com/go/compute/apiv1/computepb"

	"github.com/modelserving/terraform-provider-serving/internal/sandbox/control"
)

const (
	ingress = "INGRESS"
	egress  = "EGRESS"
)

// firewall names the rule of a network that stops TCP packets to or from an instance with tags, or nothing. Of the rules that apply
// the one with the lowest number decides, and at the same number one that denies. Without any, egress is let through and ingress is
// not (the implied rules).
func (c *call) firewall(network, direction string, tags, peerTags []string, peer netip.Addr, port int) string {
	var best *computepb.Firewall
	rules := firewalls.in(c.in(c.Project, global), global)
	for _, name := range control.SortedKeys(rules) {
		r := rules[name].Body
		if rules[name].Verb == "insert" || r.GetNetwork() != network || r.GetDirection() != direction || r.GetDisabled() {
			continue
		}
		if !firewallTargets(r, tags) || !firewallPeers(r, peer, peerTags) || !firewallPort(r, port) {
			continue
		}
		if best == nil || r.GetPriority() < best.GetPriority() || r.GetPriority() == best.GetPriority() && len(r.Denied) > 0 {
			best = r
		}
	}
	switch {
	case best == nil && direction == egress, best != nil && len(best.Denied) == 0:
		return ""
	case best == nil:
		return "implied deny of ingress in " + pathOf(network)
	}
	return best.GetName()
}

func firewallTargets(r *computepb.Firewall, tags []string) bool {
	if len(r.TargetServiceAccounts) > 0 {
		return false
	}
	return len(r.TargetTags) == 0 || slices.ContainsFunc(r.TargetTags, func(tag string) bool { return slices.Contains(tags, tag) })
}

func firewallPeers(r *computepb.Firewall, peer netip.Addr, tags []string) bool {
	ranges := r.SourceRanges
	if r.GetDirection() == egress {
		ranges = r.DestinationRanges
	}
	for _, text := range ranges {
		if p, err := netip.ParsePrefix(text); err == nil && p.Contains(peer) || text == peer.String() {
			return true
		}
	}
	if slices.ContainsFunc(r.SourceTags, func(tag string) bool { return slices.Contains(tags, tag) }) {
		return true
	}
	return len(ranges) == 0 && len(r.SourceTags) == 0
}

// firewallPort reports whether a rule is about TCP at a port.
func firewallPort(r *computepb.Firewall, port int) bool {
	covers := func(protocol string, ports []string) bool {
		switch strings.ToLower(protocol) {
		case "all":
			return true
		case "tcp", "6":
			return len(ports) == 0 || slices.ContainsFunc(ports, func(text string) bool { return portInRange(text, port) })
		}
		return false
	}
	return slices.ContainsFunc(r.Allowed, func(a *computepb.Allowed) bool { return covers(a.GetIPProtocol(), a.Ports) }) ||
		slices.ContainsFunc(r.Denied, func(d *computepb.Denied) bool { return covers(d.GetIPProtocol(), d.Ports) })
}

// admits judges packets from a range to a port of an instance: every address of the range must get through, since any of them may be
// the one.
func (c *call) admits(network string, from netip.Prefix, to *computepb.Instance, port int) error {
	for _, ip := range []netip.Addr{from.Masked().Addr(), lastAddress(from)} {
		if rule := c.firewall(network, ingress, to.GetTags().GetItems(), nil, ip, port); rule != "" {
			return control.Lost("firewall "+rule, "no rule admits port %d of node %s from %s", port, to.GetName(), from)
		}
	}
	return nil
}

// lastAddress is the highest address of an IPv4 range.
func lastAddress(p netip.Prefix) netip.Addr { return nextBlock(p.Masked()).Prev() }
