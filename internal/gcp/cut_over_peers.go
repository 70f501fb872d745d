package gcp

import (
	"context"
	"maps"
	"slices"

	"cloud.google.com/go/compute/apiv1/computepb"

	"github.com/modelserving/terraform-provider-serving/internal/stack"
)

// admitPeers adds the gate that lets peers through a new security policy where an
// older one had let them in. The peering itself looks after its rules only when the
// cluster is done, and the old load balancer is gone then.
func (c *client) admitPeers(s *clusterStack) *stack.Gate {
	look := func(context.Context) ([]stack.Difference, error) { return nil, nil }
	return stack.AddGate(s.Stack, "peers_admitted", look, func(ctx context.Context) error {
		for _, rule := range c.unadmitted(s) {
			op, err := c.compute.securityPolicies.AddRule(ctx, &computepb.AddRuleRegionSecurityPolicyRequest{
				Project: c.project, Region: c.region, SecurityPolicy: s.securityPolicy.Live().GetName(), SecurityPolicyRuleResource: rule,
			})
			if err := c.done(ctx, op, err); err != nil {
				return err
			}
			// The exposure that the apply ends with has it, without another look.
			live := s.securityPolicy.Live()
			live.Rules = append(live.Rules, rule)
		}
		return nil
	}, s.securityPolicy)
}

// unadmitted are the rules, mark and all, that the present policy needs for what
// peerings have let in by older ones.
func (c *client) unadmitted(s *clusterStack) []*computepb.SecurityPolicyRule {
	live, cluster := s.securityPolicy.Live(), clusterOwner(s.spec)
	admitted := map[string][]string{}
	for _, old := range s.securityPolicy.All() {
		for _, rule := range old.GetRules() {
			if peering := peeringOf(cluster, rule); old != live && peering != "" && rule.GetAction() == actionAllow && !rule.GetPreview() {
				admitted[peering] = append(admitted[peering], rule.GetMatch().GetConfig().GetSrcIpRanges()...)
			}
		}
	}
	var out []*computepb.SecurityPolicyRule
	for _, peering := range slices.Sorted(maps.Keys(admitted)) {
		for _, rule := range inOrder(peeringIngress{client: c, owner: owner{stack: peering}}.rules(admitted[peering])) {
			there := func(r *computepb.SecurityPolicyRule) bool { return r.GetPriority() == rule.GetPriority() }
			if !slices.ContainsFunc(live.GetRules(), there) {
				out = append(out, rule)
			}
		}
	}
	return out
}
