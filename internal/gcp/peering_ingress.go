package gcp

import (
	"context"
	"fmt"
	"hash/fnv"
	"slices"
	"strings"

	"cloud.google.com/go/compute/apiv1/computepb"
	"google.golang.org/protobuf/proto"

	"github.com/modelserving/terraform-provider-serving/internal/serving"
	"github.com/modelserving/terraform-provider-serving/internal/stack"
)

// peeringIngress are the rules that let a peer's ranges reach the load balancer, in
// every security policy that the cluster's load balancers have: while one is
// replaced there are two. They are there even where the cluster's own rules let the
// peer in as well: when those get narrower, or another load balancer takes over, the
// peer is admitted without a moment between. The mark of such a rule is its
// description, by which the cluster leaves it alone.
type peeringIngress struct {
	*client
	owner   owner
	cluster serving.ID
	// goes says that the rules are to be removed: without any, there is nothing then.
	goes bool
}

type peeringIngressSpec struct{ Ranges []string }

// peeringIngressLive are the rules of one or two policies.
type peeringIngressLive struct {
	Policies []peeringPolicy
}

// peeringPolicy is a policy with the rules of it that are ours.
type peeringPolicy struct {
	Name string
	Ours []*computepb.SecurityPolicyRule
}

var _ stack.Kind[peeringIngressSpec, peeringIngressLive] = peeringIngress{}

// Each peering has a slot of priorities in the middle of the scale, after the rules
// of the cluster and before the one that refuses the rest, with room for the ranges
// of more subnetworks than a network can have.
const (
	firstPeeringRule = 1 << 20
	peeringSlots     = 1 << 20
	slotSize         = 1 << 10
)

// slot is the first priority of the peering's rules.
func (k peeringIngress) slot() int32 {
	hash := fnv.New32a()
	_, _ = hash.Write([]byte(k.owner.stack)) // A hash takes everything.
	return firstPeeringRule + int32(hash.Sum32()%peeringSlots)*slotSize
}

// policies reads the policies of the cluster.
func (k peeringIngress) policies(ctx context.Context) ([]peeringPolicy, error) {
	all, err := k.reader.securityPolicies.Get(ctx, everything)
	if err != nil {
		return nil, err
	}
	cluster := serving.Cluster{Name: k.cluster.Name, Region: k.cluster.Region}
	var out []peeringPolicy
	for _, policy := range all {
		if !slices.Contains(namesOf(cluster).both, policy.GetName()) || !clusterOwner(cluster).marks(policy.GetDescription(), objectSecurityPolicy) {
			continue
		}
		read := peeringPolicy{Name: policy.GetName()}
		for _, rule := range policy.GetRules() {
			if k.ours(policy.GetName(), rule) {
				read.Ours = append(read.Ours, rule)
			}
		}
		out = append(out, read)
	}
	slices.SortFunc(out, func(a, b peeringPolicy) int { return strings.Compare(a.Name, b.Name) })
	return out, nil
}

// ours reports whether a rule carries the mark, or was last seen with it.
func (k peeringIngress) ours(policy string, rule *computepb.SecurityPolicyRule) bool {
	return k.owner.marks(rule.GetDescription(), objectIngress) ||
		slices.Contains(strings.Split(k.owner.lastSeen[objectIngress], ", "), ruleID(policy, rule))
}

func ruleID(policy string, rule *computepb.SecurityPolicyRule) string {
	return fmt.Sprintf("%s rule %d", policy, rule.GetPriority())
}

func (k peeringIngress) Find(ctx context.Context, _ string) ([]*peeringIngressLive, error) {
	policies, err := k.policies(ctx)
	if err != nil {
		return nil, err
	}
	live := &peeringIngressLive{Policies: policies}
	if len(policies) == 0 || k.goes && k.ID(live) == "" {
		return nil, nil
	}
	// A peer without ranges needs none.
	return []*peeringIngressLive{live}, nil
}

// rules are those that a policy needs beside the cluster's own.
func (k peeringIngress) rules(ranges []string) map[int32]*computepb.SecurityPolicyRule {
	out := map[int32]*computepb.SecurityPolicyRule{}
	for i, some := range slices.Collect(slices.Chunk(sorted(ranges), rangesPerRule)) {
		rule := sourceRule(k.slot()+int32(i), actionAllow, some)
		rule.Description = proto.String(k.owner.describe(objectIngress))
		out[rule.GetPriority()] = rule
	}
	return out
}

// ID lists the rules, which have no names.
func (k peeringIngress) ID(live *peeringIngressLive) string {
	var out []string
	for _, policy := range live.Policies {
		for _, rule := range policy.Ours {
			out = append(out, ruleID(policy.Name, rule))
		}
	}
	return strings.Join(sorted(out), ", ")
}

func (k peeringIngress) State(*peeringIngressLive) stack.State { return stack.State{} }

func (k peeringIngress) Diff(_ string, want peeringIngressSpec, live *peeringIngressLive) []stack.Difference {
	var diffs []stack.Difference
	for _, policy := range live.Policies {
		wanted := k.rules(want.Ranges)
		for _, rule := range policy.Ours {
			next := wanted[rule.GetPriority()]
			if next == nil {
				diffs = append(diffs, stack.Difference{Field: ruleID(policy.Name, rule), Got: spell(rule.ProtoReflect(), nil)})
				continue
			}
			for _, d := range ruleDifferences(next, rule) {
				d.Field = ruleID(policy.Name, rule) + " " + d.Field
				diffs = append(diffs, d)
			}
			delete(wanted, rule.GetPriority())
		}
		for _, rule := range inOrder(wanted) {
			diffs = append(diffs, stack.Difference{Field: ruleID(policy.Name, rule), Want: strings.Join(rule.GetMatch().GetConfig().GetSrcIpRanges(), " ")})
		}
	}
	return diffs
}

// ruleDifferences are those between a rule and what it should be, with what nobody
// should add to it.
func ruleDifferences(want, live *computepb.SecurityPolicyRule) []stack.Difference {
	return compare(want, live, fields{empty: []string{"rateLimitOptions", "redirectOptions", "headerAction", "preconfiguredWafConfig", "networkMatch", "match.expr"}})
}

func inOrder(rules map[int32]*computepb.SecurityPolicyRule) []*computepb.SecurityPolicyRule {
	var out []*computepb.SecurityPolicyRule
	for _, rule := range rules {
		out = append(out, rule)
	}
	slices.SortFunc(out, func(a, b *computepb.SecurityPolicyRule) int { return int(a.GetPriority() - b.GetPriority()) })
	return out
}

func (k peeringIngress) Create(ctx context.Context, object string, want peeringIngressSpec, _ string) error {
	policies, err := k.policies(ctx)
	if err != nil {
		return err
	}
	return k.Update(ctx, object, want, &peeringIngressLive{Policies: policies}, nil)
}

// Update closes before it opens. A rule that a patch cannot put right is made anew.
func (k peeringIngress) Update(ctx context.Context, _ string, want peeringIngressSpec, live *peeringIngressLive, _ []stack.Difference) error {
	for _, policy := range live.Policies {
		wanted := k.rules(want.Ranges)
		for _, rule := range policy.Ours {
			if next := wanted[rule.GetPriority()]; next != nil && len(ruleDifferences(next, rule)) == 0 {
				delete(wanted, rule.GetPriority())
				continue
			}
			if next := wanted[rule.GetPriority()]; next != nil && plain(rule) {
				op, err := k.compute.securityPolicies.PatchRule(ctx, &computepb.PatchRuleRegionSecurityPolicyRequest{Project: k.project, Region: k.region, SecurityPolicy: policy.Name, Priority: rule.Priority, SecurityPolicyRuleResource: next})
				if err := k.done(ctx, op, err); err != nil {
					return err
				}
				delete(wanted, rule.GetPriority())
				continue
			}
			if err := k.remove(ctx, policy.Name, rule); err != nil {
				return err
			}
		}
		for _, rule := range inOrder(wanted) {
			op, err := k.compute.securityPolicies.AddRule(ctx, &computepb.AddRuleRegionSecurityPolicyRequest{Project: k.project, Region: k.region, SecurityPolicy: policy.Name, SecurityPolicyRuleResource: rule})
			if err := k.done(ctx, op, err); err != nil {
				return err
			}
		}
	}
	return nil
}

func (k peeringIngress) remove(ctx context.Context, policy string, rule *computepb.SecurityPolicyRule) error {
	op, err := k.compute.securityPolicies.RemoveRule(ctx, &computepb.RemoveRuleRegionSecurityPolicyRequest{Project: k.project, Region: k.region, SecurityPolicy: policy, Priority: rule.Priority})
	return absent(k.done(ctx, op, err))
}

// Delete takes away what carries the mark, or is known to have carried it.
func (k peeringIngress) Delete(ctx context.Context, live *peeringIngressLive) error {
	for _, policy := range live.Policies {
		for _, rule := range policy.Ours {
			if err := k.remove(ctx, policy.Name, rule); err != nil {
				return err
			}
		}
	}
	return nil
}
