package aws

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"

	sdkaws "github.com/aws/aws-sdk-go-v2/aws"
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	elbtypes "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"
)

func init() {
	handle("elasticloadbalancing", "CreateRule", (*call).elbCreateRule)
	handle("elasticloadbalancing", "DescribeRules", (*call).elbDescribeRules)
	handle("elasticloadbalancing", "ModifyRule", (*call).elbModifyRule)
	handle("elasticloadbalancing", "DeleteRule", (*call).elbDeleteRule)
	handle("elasticloadbalancing", "SetRulePriorities", (*call).elbSetRulePriorities)
}

func (c *call) elbCreateRule(in *elb.CreateRuleInput) (*elb.CreateRuleOutput, error) {
	l, err := c.elbListener(in.ListenerArn)
	if err != nil {
		return nil, err
	}
	tags, err := elbTagMap(in.Tags)
	if err != nil {
		return nil, err
	}
	if in.Priority == nil {
		return nil, apiError("ValidationError", "A rule priority must be specified")
	}
	rule := &elbRule{ListenerArn: *in.ListenerArn, Tags: tags}
	rule.Priority, rule.IsDefault = new(fmt.Sprint(*in.Priority)), new(false)
	if rule.Conditions, err = elbConditions(in.Conditions); err != nil {
		return nil, err
	}
	if err := elbTransforms(in.Transforms); err != nil {
		return nil, err
	}
	rule.Transforms = in.Transforms
	lb := c.elb().LoadBalancers[*l.LoadBalancerArn]
	if rule.Actions, err = c.elbActions(lb, l.Protocol, in.Actions); err != nil {
		return nil, err
	}
	count := 0
	for _, other := range c.elb().Rules {
		if other.ListenerArn == rule.ListenerArn && *other.Priority == *rule.Priority {
			return nil, apiError("PriorityInUse", "Priority '%s' is currently in use", *rule.Priority)
		}
		if !*other.IsDefault && *c.elb().Listeners[other.ListenerArn].LoadBalancerArn == *lb.LoadBalancerArn {
			count++
		}
	}
	if count >= c.quota("elb.rules_per_load_balancer") {
		return nil, apiError("TooManyRules", "The maximum number of rules has been reached on load balancer '%s'", *lb.LoadBalancerArn)
	}
	rule.RuleArn = new(c.arn("elasticloadbalancing", "listener-rule/"+elbArnTail(*in.ListenerArn)+"/"+c.newHex(16)))
	c.elb().Rules[*rule.RuleArn] = rule
	return &elb.CreateRuleOutput{Rules: []elbtypes.Rule{c.elbShowRule(rule)}}, nil
}

// elbShowRule renders a rule; a default rule shows its listener's actions.
func (c *call) elbShowRule(rule *elbRule) elbtypes.Rule {
	shown := rule.Rule
	if *rule.IsDefault {
		shown.Actions = c.elb().Listeners[rule.ListenerArn].DefaultActions
	}
	if shown.Conditions == nil {
		shown.Conditions = []elbtypes.RuleCondition{}
	}
	return shown
}

// elbRuleRank orders rules as they are evaluated, the default one last.
func elbRuleRank(rule elbtypes.Rule) int {
	n, err := strconv.Atoi(sdkaws.ToString(rule.Priority))
	if err != nil {
		return 1 << 30
	}
	return n
}

func (c *call) elbDescribeRules(in *elb.DescribeRulesInput) (*elb.DescribeRulesOutput, error) {
	if (in.ListenerArn == nil) == (len(in.RuleArns) == 0) {
		return nil, apiError("ValidationError", "You must specify either listener rule ARNs or a listener ARN")
	}
	if in.ListenerArn != nil {
		if _, err := c.elbListener(in.ListenerArn); err != nil {
			return nil, err
		}
	}
	for _, arn := range in.RuleArns {
		if err := c.elbArn(new(arn), "listener-rule/"); err != nil {
			return nil, err
		}
		if c.elb().Rules[arn] == nil {
			return nil, apiError("RuleNotFound", "One or more rules not found")
		}
	}
	var found []elbtypes.Rule
	for arn, rule := range c.elb().Rules {
		if in.ListenerArn != nil && rule.ListenerArn == *in.ListenerArn || slices.Contains(in.RuleArns, arn) {
			found = append(found, c.elbShowRule(rule))
		}
	}
	slices.SortFunc(found, func(a, b elbtypes.Rule) int {
		return cmp.Or(cmp.Compare(elbRuleRank(a), elbRuleRank(b)), cmp.Compare(*a.RuleArn, *b.RuleArn))
	})
	page, next, err := elbPage(found, in.Marker, in.PageSize)
	if err != nil {
		return nil, err
	}
	return &elb.DescribeRulesOutput{Rules: page, NextMarker: next}, nil
}

func (c *call) elbModifyRule(in *elb.ModifyRuleInput) (*elb.ModifyRuleOutput, error) {
	rule, err := c.elbRule(in.RuleArn)
	if err != nil {
		return nil, err
	}
	if *rule.IsDefault {
		return nil, apiError("OperationNotPermitted", "Default rule '%s' cannot be modified", *in.RuleArn)
	}
	if len(in.Conditions) == 0 && len(in.Actions) == 0 && len(in.Transforms) == 0 && !sdkaws.ToBool(in.ResetTransforms) {
		return nil, apiError("ValidationError", "At least one of conditions, actions and transforms must be specified")
	}
	if sdkaws.ToBool(in.ResetTransforms) && len(in.Transforms) > 0 {
		return nil, apiError("ValidationError", "Transforms cannot be specified and reset at the same time")
	}
	changed := *rule
	if len(in.Conditions) > 0 {
		if changed.Conditions, err = elbConditions(in.Conditions); err != nil {
			return nil, err
		}
	}
	if len(in.Actions) > 0 {
		l := c.elb().Listeners[rule.ListenerArn]
		if changed.Actions, err = c.elbActions(c.elb().LoadBalancers[*l.LoadBalancerArn], l.Protocol, in.Actions); err != nil {
			return nil, err
		}
	}
	if len(in.Transforms) > 0 {
		if err := elbTransforms(in.Transforms); err != nil {
			return nil, err
		}
		changed.Transforms = in.Transforms
	}
	if sdkaws.ToBool(in.ResetTransforms) {
		changed.Transforms = nil
	}
	*rule = changed
	return &elb.ModifyRuleOutput{Rules: []elbtypes.Rule{c.elbShowRule(rule)}}, nil
}

func (c *call) elbDeleteRule(in *elb.DeleteRuleInput) (*elb.DeleteRuleOutput, error) {
	rule, err := c.elbRule(in.RuleArn)
	if err != nil {
		return nil, err
	}
	if *rule.IsDefault {
		return nil, apiError("OperationNotPermitted", "Default rule '%s' cannot be deleted", *in.RuleArn)
	}
	delete(c.elb().Rules, *in.RuleArn)
	return &elb.DeleteRuleOutput{}, nil
}

func (c *call) elbSetRulePriorities(in *elb.SetRulePrioritiesInput) (*elb.SetRulePrioritiesOutput, error) {
	want := map[string]string{}
	listener := ""
	for _, pair := range in.RulePriorities {
		rule, err := c.elbRule(pair.RuleArn)
		if err != nil {
			return nil, err
		}
		if *rule.IsDefault {
			return nil, apiError("OperationNotPermitted", "The priority of the default rule cannot be changed")
		}
		if pair.Priority == nil {
			return nil, apiError("ValidationError", "A priority must be specified for rule '%s'", *pair.RuleArn)
		}
		if _, twice := want[*pair.RuleArn]; twice {
			return nil, apiError("ValidationError", "Rule '%s' is specified more than once", *pair.RuleArn)
		}
		if listener != "" && listener != rule.ListenerArn {
			return nil, apiError("ValidationError", "The rules must belong to the same listener")
		}
		listener = rule.ListenerArn
		want[*pair.RuleArn] = fmt.Sprint(*pair.Priority)
	}
	// The whole set is checked as it will be, so two rules can swap their places.
	taken := map[string]bool{}
	for arn, rule := range c.elb().Rules {
		if rule.ListenerArn != listener {
			continue
		}
		priority := cmp.Or(want[arn], *rule.Priority)
		if taken[priority] {
			return nil, apiError("PriorityInUse", "Priority '%s' is currently in use", priority)
		}
		taken[priority] = true
	}
	out := &elb.SetRulePrioritiesOutput{}
	for _, pair := range in.RulePriorities {
		rule := c.elb().Rules[*pair.RuleArn]
		rule.Priority = new(want[*pair.RuleArn])
		out.Rules = append(out.Rules, c.elbShowRule(rule))
	}
	return out, nil
}
