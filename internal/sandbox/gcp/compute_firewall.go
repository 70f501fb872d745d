package gcp

import (
	"fmt"
	"net/netip"
	"strconv"
	"strings"

	"cloud.google.com/go/compute/apiv1/computepb"
)

var firewalls = newCollection(&collection[*computepb.Firewall]{
	plural: "firewalls", title: "firewall", scope: inProject, quota: "compute.firewalls", metric: "FIREWALLS",
	objects:   func(s *computeState) map[string]*Held[*computepb.Firewall] { return s.Firewalls },
	immutable: []string{"network", "direction"},
}, live(func(_ *Region, h *Held[*computepb.Firewall]) bool { return !madeByCluster(h.Body.GetName()) }))

func init() {
	const service = "google.cloud.compute.v1.Firewalls"
	handleChange(service+".Insert", (*call).insertFirewall)
	handleChange(service+".Patch", func(c *call, in *computepb.PatchFirewallRequest) (*computepb.Operation, error) {
		return c.changeFirewall(in.GetFirewall(), nil, "firewalls.patch")
	})
	handleChange(service+".Update", func(c *call, in *computepb.UpdateFirewallRequest) (*computepb.Operation, error) {
		return c.changeFirewall(in.GetFirewall(), in.GetFirewallResource(), "firewalls.update")
	})
	serveGet(service, firewalls, (*computepb.GetFirewallRequest).GetFirewall)
	serveDelete(service, firewalls, (*computepb.DeleteFirewallRequest).GetFirewall)
	serveList[*computepb.Firewall, *computepb.ListFirewallsRequest](service, firewalls, func(items []*computepb.Firewall, next, id *string) *computepb.FirewallList {
		return &computepb.FirewallList{Items: items, NextPageToken: next, Id: id}
	})
}

func (c *call) insertFirewall(in *computepb.InsertFirewallRequest) (*computepb.Operation, error) {
	f := in.GetFirewallResource()
	if err := c.completeFirewall(f); err != nil {
		return nil, err
	}
	return firewalls.insert(c, f)
}

// changeFirewall is patch, and update when there is a whole.
func (c *call) changeFirewall(name string, whole *computepb.Firewall, delay string) (*computepb.Operation, error) {
	h, err := firewalls.ready(c, name)
	if err != nil {
		return nil, err
	}
	next := whole
	if next == nil {
		if next, err = mergePatch(h.Body, c.body); err != nil {
			return nil, err
		}
	}
	if err := c.completeFirewall(next); err != nil {
		return nil, err
	}
	return firewalls.replace(c, h, next, delay)
}

// completeFirewall checks a rule and adds what Compute Engine fills in.
func (c *call) completeFirewall(f *computepb.Firewall) error {
	_, link, err := networks.refer(c, "resource.network", f.GetNetwork())
	if err != nil {
		return err
	}
	f.Network, f.Params = new(link), nil
	if f.Direction == nil {
		f.Direction = new("INGRESS")
	}
	if f.Priority == nil {
		f.Priority = new(int32(1000))
	}
	if f.Disabled == nil {
		f.Disabled = new(false)
	}
	if f.LogConfig == nil {
		f.LogConfig = &computepb.FirewallLogConfig{Enable: new(false)}
	}
	switch p := f.GetPriority(); {
	case p < 0 || p > 65535:
		return invalid("resource.priority", strconv.Itoa(int(p)), "Must be between 0 and 65535.")
	case (len(f.Allowed) > 0) == (len(f.Denied) > 0):
		return invalid("resource.allowed", "", "Exactly one of allowed and denied must be specified.")
	case len(f.TargetTags) > 70 || len(f.SourceTags) > 30:
		return invalid("resource.targetTags", "", "There may be at most 70 target tags and 30 source tags.")
	case len(f.TargetServiceAccounts) > 0 || len(f.SourceServiceAccounts) > 0:
		return unsupported("resource.targetServiceAccounts")
	}
	if err := checkFirewallSides(f); err != nil {
		return err
	}
	for _, rule := range f.Allowed {
		if err := checkProtocol("resource.allowed", rule.GetIPProtocol(), rule.Ports); err != nil {
			return err
		}
	}
	for _, rule := range f.Denied {
		if err := checkProtocol("resource.denied", rule.GetIPProtocol(), rule.Ports); err != nil {
			return err
		}
	}
	return nil
}

func checkFirewallSides(f *computepb.Firewall) error {
	if f.GetDirection() == "EGRESS" {
		if len(f.SourceRanges) > 0 || len(f.SourceTags) > 0 {
			return invalid("resource.sourceRanges", "", "A rule for egress has no sources.")
		}
		if len(f.DestinationRanges) == 0 {
			f.DestinationRanges = []string{"0.0.0.0/0"}
		}
	} else {
		if len(f.DestinationRanges) > 0 {
			return unsupported("resource.destinationRanges")
		}
		if len(f.SourceRanges) == 0 && len(f.SourceTags) == 0 {
			f.SourceRanges = []string{"0.0.0.0/0"}
		}
	}
	for field, ranges := range map[string][]string{"resource.sourceRanges": f.SourceRanges, "resource.destinationRanges": f.DestinationRanges} {
		var first netip.Addr
		for i, text := range ranges {
			prefix, err := netip.ParsePrefix(text)
			if ip, ipErr := netip.ParseAddr(text); err != nil && ipErr == nil {
				prefix, err = netip.PrefixFrom(ip, ip.BitLen()), nil
			}
			if err != nil || prefix != prefix.Masked() {
				return invalid(fmt.Sprintf("%s[%d]", field, i), text, "Must be a valid CIDR range.")
			}
			if i == 0 {
				first = prefix.Addr()
			}
			if prefix.Addr().Is4() != first.Is4() {
				return invalid(fmt.Sprintf("%s[%d]", field, i), text, "A rule has IPv4 ranges or IPv6 ranges, not both.")
			}
		}
	}
	for field, tags := range map[string][]string{"resource.targetTags": f.TargetTags, "resource.sourceTags": f.SourceTags} {
		for i, tag := range tags {
			if !pattern(namePattern).MatchString(tag) {
				return invalid(fmt.Sprintf("%s[%d]", field, i), tag, "Must be a match of regex '%s'", namePattern)
			}
		}
	}
	return nil
}

// firewallProtocols are those with names, and whether they have ports.
var firewallProtocols = map[string]bool{"tcp": true, "udp": true, "sctp": true, "icmp": false, "esp": false, "ah": false, "ipip": false, "all": false}

func checkProtocol(field, protocol string, ports []string) error {
	withPorts, named := firewallProtocols[strings.ToLower(protocol)]
	number, err := strconv.Atoi(protocol)
	switch {
	case protocol == "":
		return required(field + ".IPProtocol")
	case !named && (err != nil || number < 0 || number > 255):
		return invalid(field+".IPProtocol", protocol, "It must be one of tcp, udp, icmp, esp, ah, ipip, sctp, all or a protocol number.")
	case len(ports) > 0 && !withPorts && number != 6 && number != 17:
		return invalid(field+".ports", ports[0], "Ports may only be specified for tcp, udp and sctp.")
	}
	for _, text := range ports {
		low, high, ranged := strings.Cut(text, "-")
		from, err1 := strconv.Atoi(low)
		to, err2 := from, error(nil)
		if ranged {
			to, err2 = strconv.Atoi(high)
		}
		if err1 != nil || err2 != nil || from < 0 || to > 65535 || from > to {
			return invalid(field+".ports", text, "Must be a port or a range of ports such as 8080-8090.")
		}
	}
	return nil
}
