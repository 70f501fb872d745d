package gcp

import (
	"cmp"
	"context"
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"cloud.google.com/go/compute/apiv1/computepb"

	"github.com/modelserving/terraform-provider-serving/internal/serving"
	"github.com/modelserving/terraform-provider-serving/internal/stack"
)

// servicePort is where callers connect.
const servicePort = 443

// front is a load balancer of a cluster: its forwarding rule, and what is behind it.
type front struct {
	*computepb.ForwardingRule
	proxy   *computepb.TargetHttpsProxy
	service *computepb.BackendService
	policy  *computepb.SecurityPolicy
}

func (f front) internal() bool { return f.GetLoadBalancingScheme() == "INTERNAL_MANAGED" }

// unanswered says why the load balancer answers nobody in a region; empty is that it
// does.
func (f front) unanswered(region string) string {
	if own := lastOf(f.GetRegion()); f.internal() && !f.GetAllowGlobalAccess() && region != own {
		return "load balancer " + f.GetName() + " answers callers in " + own + " only, and not in " + region + ": its forwarding rule is without global access"
	}
	return ""
}

// front finds the cluster's load balancer, or nil. While one takes the place of
// another, it is the one that more can reach.
func (c *client) front(ctx context.Context, id serving.ID) (*front, error) {
	cluster := serving.Cluster{Name: id.Name, Region: id.Region}
	o, names := clusterOwner(cluster), namesOf(cluster).both
	rules, err := c.reader.forwardingRules.Get(ctx, everything)
	if err != nil {
		return nil, err
	}
	var best *front
	for _, rule := range rules {
		if !slices.Contains(names, rule.GetName()) || !o.marks(rule.GetDescription(), objectForwardingRule) {
			continue
		}
		if f := (&front{ForwardingRule: rule}); best == nil || !f.internal() {
			best = f
		}
	}
	if best == nil {
		return nil, nil
	}
	proxies, err := c.reader.httpsProxies.Get(ctx, everything)
	if err != nil {
		return nil, err
	}
	services, err := c.reader.backendServices.Get(ctx, everything)
	if err != nil {
		return nil, err
	}
	policies, err := c.reader.securityPolicies.Get(ctx, everything)
	best.proxy, best.service = find(proxies, lastOf(best.GetTarget())), find(services, best.GetName())
	if link := best.service.GetSecurityPolicy(); link != "" {
		best.policy = find(policies, lastOf(link))
	}
	return best, err
}

// frontTopology is a load balancer as callers see it.
func (c *client) frontTopology(ctx context.Context, id serving.ID, f *front) (serving.LoadBalancerTopology, error) {
	if f == nil {
		if network, err := c.networkOf(ctx, id.Name); err != nil || network == "" {
			return serving.LoadBalancerTopology{}, cmp.Or(err, error(&stack.MissingError{Err: fmt.Errorf("there is no cluster %s that this provider has made; create it with serving_cluster, or correct the id", id)}))
		}
		return serving.LoadBalancerTopology{Absent: "the cluster has no load balancer: apply it again"}, nil
	}
	out := serving.LoadBalancerTopology{Name: "load balancer " + f.GetName(), Internal: f.internal(), Port: servicePort}
	if f.internal() {
		out.Subnets = []string{lastOf(f.GetSubnetwork())}
	} else if address, err := netip.ParseAddr(f.GetIPAddress()); err == nil {
		out.Address = address
	}
	if f.proxy != nil && f.GetPortRange() == "443-443" {
		out.Listener = &serving.ListenerTopology{HTTPS: true}
		if certificates := f.proxy.GetSslCertificates(); len(certificates) > 0 {
			out.Listener.Certificate = relative(certificates[0])
		}
	}
	if f.service == nil {
		out.Absent = out.Name + " has no backend service: apply the cluster again"
		return out, nil
	}
	out.Groups, out.Rules = f.guards()
	return out, nil
}

// policyTopology is what a security policy lets in: its first rule that matches
// decides. What a rule matches by anything but addresses is not known.
func policyTopology(policy *computepb.SecurityPolicy) []serving.GroupRule {
	rules := slices.DeleteFunc(slices.Clone(policy.GetRules()), func(r *computepb.SecurityPolicyRule) bool { return r.GetPreview() })
	slices.SortFunc(rules, func(a, b *computepb.SecurityPolicyRule) int { return cmp.Compare(a.GetPriority(), b.GetPriority()) })
	var cuts []netip.Prefix
	for _, rule := range rules {
		cuts = append(cuts, sourcePrefixes(rule)...)
	}
	var out []serving.GroupRule
	lists := map[string]bool{}
	decide := func(part netip.Prefix) {
		for _, rule := range rules {
			ranges := rule.GetMatch().GetConfig().GetSrcIpRanges()
			all := slices.Contains(ranges, "*")
			within := slices.ContainsFunc(sourcePrefixes(rule), func(p netip.Prefix) bool { return p.Bits() <= part.Bits() && p.Contains(part.Addr()) })
			switch {
			case rule.GetMatch().GetExpr() != nil || rule.GetAction() != actionAllow && !strings.HasPrefix(rule.GetAction(), "deny") && (all || within):
				lists[fmt.Sprintf("rule %d", rule.GetPriority())] = true
				return
			case !all && !within:
			case rule.GetAction() == actionAllow:
				out = append(out, serving.GroupRule{Low: servicePort, High: servicePort, CIDR: part})
				return
			default:
				return
			}
		}
	}
	apart(netip.MustParsePrefix(anywhere), cuts, decide)
	for list := range lists {
		out = append(out, serving.GroupRule{Low: servicePort, High: servicePort, List: list + " of " + policy.GetName()})
	}
	return out
}

// sourcePrefixes are the ranges of a rule, of which one may be written as an address
// alone.
func sourcePrefixes(rule *computepb.SecurityPolicyRule) []netip.Prefix {
	ranges := rule.GetMatch().GetConfig().GetSrcIpRanges()
	out := prefixes(ranges)
	for _, text := range ranges {
		if address, err := netip.ParseAddr(text); err == nil {
			out = append(out, netip.PrefixFrom(address, address.BitLen()))
		}
	}
	return out
}

// apart gives the parts of a range that no cut tells apart any further.
func apart(p netip.Prefix, cuts []netip.Prefix, judge func(netip.Prefix)) {
	inner := slices.DeleteFunc(slices.Clone(cuts), func(c netip.Prefix) bool { return c.Bits() <= p.Bits() || !p.Contains(c.Addr()) })
	if len(inner) == 0 {
		judge(p)
		return
	}
	middle := p.Addr().As4()
	middle[p.Bits()/8] |= 0x80 >> (p.Bits() % 8)
	apart(netip.PrefixFrom(p.Addr(), p.Bits()+1), inner, judge)
	apart(netip.PrefixFrom(netip.AddrFrom4(middle), p.Bits()+1), inner, judge)
}
