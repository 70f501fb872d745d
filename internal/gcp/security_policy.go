package gcp

import (
	"context"
	"fmt"
	"math"
	"net/netip"
	"slices"
	"strings"

	compute "cloud.google.com/go/compute/apiv1"
	"cloud.google.com/go/compute/apiv1/computepb"
	"google.golang.org/protobuf/proto"

	"github.com/modelserving/terraform-provider-serving/internal/serving"
	"github.com/modelserving/terraform-provider-serving/internal/stack"
)

// securityPolicies say who may call a load balancer. Its proxies stand between
// callers and nodes, so that no firewall rule sees a caller.
type securityPolicies struct {
	named[computepb.SecurityPolicy, *computepb.SecurityPolicy]
}

var (
	_ stack.Kind[*computepb.SecurityPolicy, computepb.SecurityPolicy] = securityPolicies{}
	_ stack.Replacer                                                  = securityPolicies{}
)

// Replaceable is true because the visibility is part of the name: a private load
// balancer never has the rules of a public one.
func (k securityPolicies) Replaceable() {}

func (c *client) securityPolicies(o owner, names []string) securityPolicies {
	return securityPolicies{named[computepb.SecurityPolicy, *computepb.SecurityPolicy]{
		client: c, owner: o, what: "security policy", names: names, all: c.reader.securityPolicies,
		how: fields{
			fixed:      []string{"name", "type"},
			empty:      []string{"userDefinedFields"},
			attributes: map[string]string{},
		},
	}}
}

const (
	// firstRule is the priority of a policy's first rule. The rules of peerings come
	// after all of the cluster's own.
	firstRule = 1000
	// rangesPerRule is the most that one rule matches (Cloud Armor, "Quotas and
	// limits": IP addresses or ranges per rule).
	rangesPerRule = 10
	actionAllow   = "allow"
	actionDeny    = "deny(403)"
)

// securityPolicy lets ranges in, and nobody else.
func securityPolicy(name string, allowed []string) *computepb.SecurityPolicy {
	policy := &computepb.SecurityPolicy{Name: &name, Type: proto.String("CLOUD_ARMOR")}
	for i, ranges := range slices.Collect(slices.Chunk(sorted(allowed), rangesPerRule)) {
		policy.Rules = append(policy.Rules, sourceRule(int32(firstRule+i), actionAllow, ranges))
	}
	policy.Rules = append(policy.Rules, sourceRule(math.MaxInt32, actionDeny, []string{"*"}))
	return policy
}

// sourceRule is one about callers' addresses.
func sourceRule(priority int32, action string, ranges []string) *computepb.SecurityPolicyRule {
	return &computepb.SecurityPolicyRule{Priority: &priority, Action: &action, Preview: proto.Bool(false), Match: &computepb.SecurityPolicyRuleMatcher{
		VersionedExpr: proto.String("SRC_IPS_V1"), Config: &computepb.SecurityPolicyRuleMatcherConfig{SrcIpRanges: ranges},
	}}
}

// ownRules are those that are not a peering's.
func ownRules(cluster owner, rules []*computepb.SecurityPolicyRule) []*computepb.SecurityPolicyRule {
	return slices.DeleteFunc(slices.Clone(rules), func(r *computepb.SecurityPolicyRule) bool { return peeringOf(cluster, r) != "" })
}

// peeringOf is the stack of the cluster's peering that a rule belongs to, empty when
// it belongs to none. Whatever is wider than a subnetwork can be does not, nor what
// stands where the cluster's own rules do, whoever wrote what into its description.
func peeringOf(cluster owner, rule *computepb.SecurityPolicyRule) string {
	ranges := rule.GetMatch().GetConfig().GetSrcIpRanges()
	wide := func(text string) bool { return !narrow(text) }
	if p := rule.GetPriority(); p < firstPeeringRule || p == math.MaxInt32 || rule.GetMatch().GetExpr() != nil || len(ranges) == 0 || slices.ContainsFunc(ranges, wide) {
		return ""
	}
	mark := wordStack + peeringMark(strings.TrimPrefix(cluster.stack, clusterOwner(serving.Cluster{}).stack))
	for _, word := range strings.Fields(rule.GetDescription()) {
		if strings.HasPrefix(word, mark) {
			return strings.TrimPrefix(word, wordStack)
		}
	}
	return ""
}

// classE is the range whose subnetworks may be wider than any other's, and in which
// nobody on the Internet is (RFC 1112, section 4).
var classE = netip.MustParsePrefix("240.0.0.0/4")

// narrow reports whether a range can be that of a subnetwork (VPC, "Subnets": the
// largest valid range is 10.0.0.0/8, but for 240.0.0.0/4).
func narrow(text string) bool {
	prefix, err := netip.ParsePrefix(text)
	return err == nil && prefix.Addr().Is4() && (prefix.Bits() >= 8 || prefix.Bits() >= classE.Bits() && classE.Contains(prefix.Addr()))
}

// Diff leaves the rules of peerings alone.
func (k securityPolicies) Diff(object string, want *computepb.SecurityPolicy, live *computepb.SecurityPolicy) []stack.Difference {
	seen := proto.CloneOf(live)
	seen.Rules = ownRules(k.owner, live.GetRules())
	diffs := k.named.Diff(object, want, seen)
	for _, rule := range seen.GetRules() {
		for _, path := range []string{"rateLimitOptions", "redirectOptions", "headerAction", "preconfiguredWafConfig", "networkMatch"} {
			for _, d := range unexpected(path, rule.ProtoReflect()) {
				d.Field = fmt.Sprintf("rules.%d.%s", rule.GetPriority(), path)
				diffs = append(diffs, d)
			}
		}
	}
	return diffs
}

func (k securityPolicies) Create(ctx context.Context, object string, want *computepb.SecurityPolicy, token string) error {
	return k.insert(ctx, want.GetName(), token, func(id *string) (*compute.Operation, error) {
		return k.compute.securityPolicies.Insert(ctx, &computepb.InsertRegionSecurityPolicyRequest{Project: k.project, Region: k.region, RequestId: id, SecurityPolicyResource: k.marked(object, want)})
	})
}

// Update changes rule by rule, as the API demands. A rule that goes does so
// before others come, so that a policy is never wider than before and after.
func (k securityPolicies) Update(ctx context.Context, object string, want *computepb.SecurityPolicy, live *computepb.SecurityPolicy, diffs []stack.Difference) error {
	wanted := map[int32]*computepb.SecurityPolicyRule{}
	for _, rule := range want.GetRules() {
		wanted[rule.GetPriority()] = rule
	}
	present := map[int32]bool{}
	for _, rule := range ownRules(k.owner, live.GetRules()) {
		priority := rule.GetPriority()
		present[priority] = true
		if wanted[priority] != nil && plain(rule) {
			continue
		}
		if priority == math.MaxInt32 {
			continue // The last cannot go.
		}
		op, err := k.compute.securityPolicies.RemoveRule(ctx, &computepb.RemoveRuleRegionSecurityPolicyRequest{Project: k.project, Region: k.region, SecurityPolicy: live.GetName(), Priority: &priority})
		if err := k.done(ctx, op, err); err != nil {
			return err
		}
		delete(present, priority)
	}
	for _, rule := range want.GetRules() {
		priority := rule.GetPriority()
		if err := k.setRule(ctx, live, rule, present[priority]); err != nil {
			return err
		}
	}
	if !has(diffs, "description", "userDefinedFields") {
		return nil
	}
	op, err := k.compute.securityPolicies.Patch(ctx, &computepb.PatchRegionSecurityPolicyRequest{Project: k.project, Region: k.region, SecurityPolicy: live.GetName(),
		SecurityPolicyResource: &computepb.SecurityPolicy{Fingerprint: live.Fingerprint, Description: k.marked(object, want).Description}})
	return outdated(k.done(ctx, op, err))
}

// plain reports whether a rule has nothing but a match and an action, which are
// all that a patch can put right.
func plain(rule *computepb.SecurityPolicyRule) bool {
	return rule.RateLimitOptions == nil && rule.RedirectOptions == nil && rule.HeaderAction == nil && rule.PreconfiguredWafConfig == nil && rule.NetworkMatch == nil &&
		rule.GetMatch().GetExpr() == nil
}

func (k securityPolicies) setRule(ctx context.Context, live *computepb.SecurityPolicy, rule *computepb.SecurityPolicyRule, there bool) error {
	priority := rule.GetPriority()
	if !there {
		op, err := k.compute.securityPolicies.AddRule(ctx, &computepb.AddRuleRegionSecurityPolicyRequest{Project: k.project, Region: k.region, SecurityPolicy: live.GetName(), SecurityPolicyRuleResource: rule})
		return k.done(ctx, op, err)
	}
	for _, now := range live.GetRules() {
		if now.GetPriority() == priority && len(compare(rule, now, fields{})) == 0 {
			return nil
		}
	}
	op, err := k.compute.securityPolicies.PatchRule(ctx, &computepb.PatchRuleRegionSecurityPolicyRequest{Project: k.project, Region: k.region, SecurityPolicy: live.GetName(), Priority: &priority, SecurityPolicyRuleResource: rule})
	return k.done(ctx, op, err)
}

func (k securityPolicies) Delete(ctx context.Context, live *computepb.SecurityPolicy) error {
	op, err := k.compute.securityPolicies.Delete(ctx, &computepb.DeleteRegionSecurityPolicyRequest{Project: k.project, Region: k.region, SecurityPolicy: live.GetName()})
	return blocked(absent(k.done(ctx, op, err)))
}
