package gcp

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"net/http"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"cloud.google.com/go/compute/apiv1/computepb"

	"github.com/modelserving/terraform-provider-serving/internal/serving"
)

// gatewayTopology is what the load balancer's health checks find, and whether requests
// get there too: those come from its proxies, and health checks from elsewhere.
func (c *client) gatewayTopology(ctx context.Context, id serving.ID, f *front) *serving.GatewayTopology {
	if f == nil || f.service == nil {
		return nil
	}
	out := &serving.GatewayTopology{}
	ports := map[int32]bool{}
	for _, backend := range f.service.GetBackends() {
		group := backend.GetGroup()
		health, err := c.compute.backendServices.GetHealth(ctx, &computepb.GetHealthRegionBackendServiceRequest{
			Project: c.project, Region: c.region, BackendService: f.service.GetName(), ResourceGroupReferenceResource: &computepb.ResourceGroupReference{Group: &group},
		})
		if err != nil {
			out.Unread = "the backends of the load balancer were not read: " + explain(err).Error()
			return out
		}
		for _, node := range health.GetHealthStatus() {
			out.Nodes++
			ports[node.GetPort()] = true
			switch node.GetHealthState() {
			case "HEALTHY":
				out.Healthy++
			case "UNHEALTHY":
				out.Reason = "UNHEALTHY"
			default:
				out.Waiting++
			}
		}
	}
	for _, port := range slices.Sorted(maps.Keys(ports)) {
		c.behindProxies(ctx, id, f, int(port), out)
	}
	return out
}

// behindProxies says whether requests get to a port of healthy nodes.
func (c *client) behindProxies(ctx context.Context, id serving.ID, f *front, port int, out *serving.GatewayTopology) {
	if out.Healthy == 0 {
		return
	}
	verdict, why, err := c.fromProxies(ctx, id, f, port)
	switch {
	case isCode(err, http.StatusForbidden):
		out.Doubt = "the firewall between the load balancer and the nodes was not read: " + explain(err).Error()
	case err != nil:
		out.Unread = explain(err).Error()
	case verdict == serving.VerdictBlock:
		out.Lost = why
	case verdict == serving.VerdictUnknown:
		out.Doubt = why
	case port != nodePort:
		out.Doubt = fmt.Sprintf("requests go to port %d of the nodes, and health checks to port %d; apply the cluster again", port, nodePort)
	}
}

// fromProxies judges the firewall rules between the load balancer's proxies and the
// nodes' port. Firewall policies of the network or the organization are not read.
func (c *client) fromProxies(ctx context.Context, id serving.ID, f *front, port int) (serving.Verdict, string, error) {
	subnetworks, err := c.reader.everySubnetwork.Get(ctx, everything)
	if err != nil {
		return "", "", err
	}
	network := relative(f.GetNetwork())
	at := slices.IndexFunc(subnetworks, func(s *computepb.Subnetwork) bool {
		return relative(s.GetNetwork()) == network && lastOf(s.GetRegion()) == c.region && s.GetPurpose() == purposeProxies && s.GetRole() == "ACTIVE"
	})
	if at < 0 {
		return serving.VerdictBlock, "the network has no active proxy-only subnetwork in " + c.region + ", from which the load balancer would reach nodes", nil
	}
	ranges := prefixes([]string{subnetworks[at].GetIpCidrRange()})
	if len(ranges) == 0 {
		return serving.VerdictUnknown, "the range of the proxy-only subnetwork " + subnetworks[at].GetName() + " was not understood", nil
	}
	from := ranges[0]
	rules, err := c.reader.firewalls.Get(ctx, everything)
	if err != nil {
		return "", "", err
	}
	clusters, err := c.reader.clusters.Get(ctx, everything)
	if err != nil {
		return "", "", err
	}
	verdict, why := serving.Verdict(""), ""
	for _, pool := range find(clusters, id.Name).GetNodePools() {
		v, rule := firewallVerdict(rules, network, pool.GetConfig().GetTags(), from, port)
		reason := fmt.Sprintf("%s stands between the load balancer's proxies (%s) and port %d of the nodes of pool %s, which health checks pass", rule, from, port, pool.GetName())
		switch {
		case verdict == "":
			verdict, why = v, reason
		case v != verdict:
			verdict, why = serving.VerdictUnknown, "nodes of some pools only are let through: "+reason
		}
	}
	return verdict, why, nil
}

// firewallVerdict is what the VPC firewall rules of a network do with TCP packets from
// a range to a port of hosts with tags, and the rule that does it. Rules for service
// accounts, and those for the tags that GKE gives its nodes, may be about them or not.
func firewallVerdict(all []*computepb.Firewall, network string, tags []string, from netip.Prefix, port int) (serving.Verdict, string) {
	rules := slices.DeleteFunc(slices.Clone(all), func(r *computepb.Firewall) bool {
		return relative(r.GetNetwork()) != network || r.GetDirection() != "INGRESS" || r.GetDisabled() || !aboutPort(r, port)
	})
	slices.SortStableFunc(rules, func(a, b *computepb.Firewall) int {
		return cmp.Or(cmp.Compare(a.GetPriority(), b.GetPriority()), cmp.Compare(len(b.GetDenied()), len(a.GetDenied())))
	})
	var doubts []*computepb.Firewall
	// decide ends with what a rule says, unless an earlier one may say otherwise.
	decide := func(allows bool, name string) (serving.Verdict, string) {
		other := slices.IndexFunc(doubts, func(r *computepb.Firewall) bool { return (len(r.GetDenied()) == 0) != allows })
		switch {
		case other >= 0:
			return serving.VerdictUnknown, "firewall rule " + doubts[other].GetName() + ", which may be about some of them,"
		case allows:
			return serving.VerdictPass, name
		}
		return serving.VerdictBlock, name
	}
	for _, r := range rules {
		target, source := aboutHosts(r, tags), aboutRange(r, from)
		switch {
		case target == serving.VerdictBlock || source == serving.VerdictBlock:
		case target == serving.VerdictUnknown || source == serving.VerdictUnknown:
			doubts = append(doubts, r)
		default:
			return decide(len(r.GetDenied()) == 0, "firewall rule "+r.GetName())
		}
	}
	return decide(false, "the implied rule of the network, since no firewall rule lets requests in,")
}

// aboutHosts says whether a rule is about hosts with tags: pass is that it is.
func aboutHosts(r *computepb.Firewall, tags []string) serving.Verdict {
	targets := r.GetTargetTags()
	switch {
	case len(r.GetTargetServiceAccounts()) > 0:
		return serving.VerdictUnknown
	case len(targets) == 0 || slices.ContainsFunc(targets, func(tag string) bool { return slices.Contains(tags, tag) }):
		return serving.VerdictPass
	case slices.ContainsFunc(targets, func(tag string) bool { return strings.HasPrefix(tag, "gke-") }):
		return serving.VerdictUnknown
	}
	return serving.VerdictBlock
}

// aboutRange says whether a rule is about packets from a range: unknown is a part of
// it. Proxies have no tags and no service account.
func aboutRange(r *computepb.Firewall, from netip.Prefix) serving.Verdict {
	ranges := prefixes(r.GetSourceRanges())
	switch {
	case len(r.GetSourceRanges()) == 0 && len(r.GetSourceTags()) == 0 && len(r.GetSourceServiceAccounts()) == 0,
		slices.ContainsFunc(ranges, func(p netip.Prefix) bool { return p.Bits() <= from.Bits() && p.Contains(from.Addr()) }):
		return serving.VerdictPass
	case slices.ContainsFunc(ranges, from.Overlaps):
		return serving.VerdictUnknown
	}
	return serving.VerdictBlock
}

// aboutPort reports whether a rule is about a TCP port.
func aboutPort(r *computepb.Firewall, port int) bool {
	covers := func(protocol string, ports []string) bool {
		switch strings.ToLower(protocol) {
		case "all":
			return true
		case "tcp", "6":
			return len(ports) == 0 || slices.ContainsFunc(ports, func(text string) bool { return inPorts(text, port) })
		}
		return false
	}
	return slices.ContainsFunc(r.GetAllowed(), func(a *computepb.Allowed) bool { return covers(a.GetIPProtocol(), a.GetPorts()) }) ||
		slices.ContainsFunc(r.GetDenied(), func(d *computepb.Denied) bool { return covers(d.GetIPProtocol(), d.GetPorts()) })
}

// inPorts reads "30080" and "30000-32767".
func inPorts(text string, port int) bool {
	low, high, isRange := strings.Cut(text, "-")
	if !isRange {
		high = low
	}
	from, err := strconv.Atoi(low)
	to, failed := strconv.Atoi(high)
	return err == nil && failed == nil && from <= port && port <= to
}
