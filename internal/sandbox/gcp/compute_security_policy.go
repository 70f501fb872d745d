package gcp

import (
	"fmt"
	"net/netip"
	"slices"
	"strconv"

	"cloud.google.com/go/compute/apiv1/computepb"
)

// lastPriority is that of the rule which every policy has, for everybody whom no other rule is about.
const lastPriority = 2147483647

var securityPolicies = newCollection(&collection[*computepb.SecurityPolicy]{
	plural: "securityPolicies", title: "security policy", scope: inRegion, quota: "compute.security_policies", metric: "SECURITY_POLICIES",
	objects:   func(s *computeState) map[string]*Held[*computepb.SecurityPolicy] { return s.SecurityPolicies },
	immutable: []string{"type", "rules", "labels"},
})

func init() {
	const service = "google.cloud.compute.v1.RegionSecurityPolicies"
	handleChange(service+".Insert", (*call).insertSecurityPolicy)
	handleChange(service+".Patch", (*call).patchSecurityPolicy)
	handle(service+".AddRule", (*call).addRule)
	handle(service+".PatchRule", (*call).patchRule)
	handle(service+".RemoveRule", (*call).removeRule)
	handle(service+".GetRule", (*call).getRule)
	handleChange(service+".SetLabels", func(c *call, in *computepb.SetLabelsRegionSecurityPolicyRequest) (*computepb.Operation, error) {
		body := in.GetRegionSetLabelsRequestResource()
		return setLabels(c, securityPolicies, in.GetResource(), body.GetLabelFingerprint(), body.GetLabels(),
			func(next *computepb.SecurityPolicy) { next.Labels = body.GetLabels() })
	})
	serveGet(service, securityPolicies, (*computepb.GetRegionSecurityPolicyRequest).GetSecurityPolicy)
	serveDelete(service, securityPolicies, (*computepb.DeleteRegionSecurityPolicyRequest).GetSecurityPolicy)
	serveList[*computepb.SecurityPolicy, *computepb.ListRegionSecurityPoliciesRequest](service, securityPolicies,
		func(items []*computepb.SecurityPolicy, next, id *string) *computepb.SecurityPolicyList {
			return &computepb.SecurityPolicyList{Items: items, NextPageToken: next, Id: id}
		})
	serveAggregatedList[*computepb.SecurityPolicy, *computepb.SecurityPoliciesScopedList, *computepb.AggregatedListSecurityPoliciesRequest]("google.cloud.compute.v1.SecurityPolicies", securityPolicies, everyScope,
		func(items []*computepb.SecurityPolicy, none *computepb.Warning) *computepb.SecurityPoliciesScopedList {
			return &computepb.SecurityPoliciesScopedList{SecurityPolicies: items, Warning: none}
		}, func(items map[string]*computepb.SecurityPoliciesScopedList, next, id *string) *computepb.SecurityPoliciesAggregatedList {
			return &computepb.SecurityPoliciesAggregatedList{Items: items, NextPageToken: next, Id: id}
		})
}

func (c *call) insertSecurityPolicy(in *computepb.InsertRegionSecurityPolicyRequest) (*computepb.Operation, error) {
	p := in.GetSecurityPolicyResource()
	if p.Type == nil {
		p.Type = new("CLOUD_ARMOR")
	}
	if err := checkSecurityPolicy(p); err != nil {
		return nil, err
	}
	if err := checkLabels("resource.labels", p.Labels); err != nil {
		return nil, err
	}
	seen := map[int32]bool{}
	for i, rule := range p.Rules {
		if err := completeRule("resource.rules["+strconv.Itoa(i)+"]", rule); err != nil {
			return nil, err
		}
		if seen[rule.GetPriority()] {
			return nil, samePriority(rule.GetPriority())
		}
		seen[rule.GetPriority()] = true
	}
	if !seen[lastPriority] {
		p.Rules = append(p.Rules, &computepb.SecurityPolicyRule{
			Action: new("allow"), Priority: new(int32(lastPriority)), Preview: new(false), Description: new("default rule"),
			Match: &computepb.SecurityPolicyRuleMatcher{
				VersionedExpr: new("SRC_IPS_V1"), Config: &computepb.SecurityPolicyRuleMatcherConfig{SrcIpRanges: []string{"*"}},
			},
		})
	}
	if err := c.checkRules(p); err != nil {
		return nil, err
	}
	return securityPolicies.insert(c, p)
}

func checkSecurityPolicy(p *computepb.SecurityPolicy) error {
	if p.GetType() != "CLOUD_ARMOR" || p.AdaptiveProtectionConfig != nil || p.AdvancedOptionsConfig != nil || p.DdosProtectionConfig != nil ||
		p.RecaptchaOptionsConfig != nil || len(p.UserDefinedFields) > 0 || p.ShortName != nil {
		return unsupported("resource.type")
	}
	return nil
}

// checkRules sorts the rules of a policy and checks that the last one is there, for everybody.
func (c *call) checkRules(p *computepb.SecurityPolicy) error {
	slices.SortFunc(p.Rules, func(a, b *computepb.SecurityPolicyRule) int { return int(a.GetPriority()) - int(b.GetPriority()) })
	if limit := c.quota("compute.security_policy_rules"); len(p.Rules) > limit {
		return quotaExceeded("SECURITY_POLICY_RULES", limit, "in region "+c.Location+".")
	}
	last := p.Rules[len(p.Rules)-1]
	if last.GetPriority() != lastPriority || !slices.Equal(last.GetMatch().GetConfig().GetSrcIpRanges(), []string{"*"}) {
		return invalid("resource.rules", strconv.Itoa(int(last.GetPriority())), "The rule of priority %d must match every address.", lastPriority)
	}
	return nil
}

// completeRule checks a rule and adds what Compute Engine fills in.
func completeRule(field string, r *computepb.SecurityPolicyRule) error {
	switch {
	case r.Priority == nil:
		return required(field + ".priority")
	case r.GetPriority() < 0:
		return invalid(field+".priority", strconv.Itoa(int(r.GetPriority())), "Must be between 0 and %d.", lastPriority)
	case r.Action == nil:
		return required(field + ".action")
	case !slices.Contains([]string{"allow", "deny(403)", "deny(404)", "deny(502)"}, r.GetAction()):
		if slices.Contains([]string{"redirect", "throttle", "rate_based_ban"}, r.GetAction()) {
			return unsupported(field + ".action")
		}
		return invalid(field+".action", r.GetAction(), "It must be allow, deny(403), deny(404) or deny(502).")
	case r.HeaderAction != nil, r.NetworkMatch != nil, r.PreconfiguredWafConfig != nil, r.RateLimitOptions != nil, r.RedirectOptions != nil:
		return unsupported(field + ".rateLimitOptions")
	case r.Match == nil:
		return required(field + ".match")
	case r.Match.Expr != nil || r.Match.ExprOptions != nil:
		return unsupported(field + ".match.expr")
	case r.Match.GetVersionedExpr() != "SRC_IPS_V1":
		return invalid(field+".match.versionedExpr", r.Match.GetVersionedExpr(), "The value must be SRC_IPS_V1.")
	}
	if r.Preview == nil {
		r.Preview = new(false)
	}
	ranges := r.Match.GetConfig().GetSrcIpRanges()
	if n := len(ranges); n == 0 || n > 10 {
		return invalid(field+".match.config.srcIpRanges", strconv.Itoa(n), "Between 1 and 10 ranges must be specified.")
	}
	for i, text := range ranges {
		if text == "*" {
			continue
		}
		prefix, err := netip.ParsePrefix(text)
		if ip, ipErr := netip.ParseAddr(text); err != nil && ipErr == nil {
			prefix, err = netip.PrefixFrom(ip, ip.BitLen()), nil
		}
		if err != nil || prefix != prefix.Masked() {
			return invalid(fmt.Sprintf("%s.match.config.srcIpRanges[%d]", field, i), text, "Must be a valid CIDR range, or *.")
		}
	}
	return nil
}

func samePriority(priority int32) error {
	return invalid("resource.priority", strconv.Itoa(int(priority)), "Cannot have rules with the same priorities.")
}

func (c *call) patchSecurityPolicy(in *computepb.PatchRegionSecurityPolicyRequest) (*computepb.Operation, error) {
	h, err := securityPolicies.ready(c, in.GetSecurityPolicy())
	if err != nil {
		return nil, err
	}
	if in.GetSecurityPolicyResource().GetFingerprint() != fingerprint(h.Body) {
		return nil, staleFingerprint()
	}
	delete(c.body, "fingerprint")
	delete(c.body, "labelFingerprint")
	next, err := mergePatch(h.Body, c.body)
	if err != nil {
		return nil, err
	}
	if err := checkSecurityPolicy(next); err != nil {
		return nil, err
	}
	return securityPolicies.replace(c, h, next, "securityPolicies.patch")
}
