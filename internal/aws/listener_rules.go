package aws

import (
	"context"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	elbtypes "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"

	"github.com/modelserving/terraform-provider-serving/internal/stack"
)

// listenerRules are all rules of one listener, as one object: a rule that
// somebody adds diverts requests past the gateway, and is drift.
type listenerRules struct {
	*client
	listener *stack.Object[listenerSpec, listenerLive]
}

type listenerRulesSpec struct {
	Listener string
	Rules    []ruleSpec
}

// ruleSpec forwards requests to a host, or all requests, to a target group.
type ruleSpec struct {
	Priority    int
	Host        string
	TargetGroup string
}

type listenerRulesLive struct {
	Listener string
	// Rules are those besides the default.
	Rules []elbtypes.Rule
}

var _ stack.Kind[listenerRulesSpec, listenerRulesLive] = listenerRules{}

func (k listenerRules) Find(ctx context.Context, _ string) ([]*listenerRulesLive, error) {
	listener, err := k.listener.Found(ctx)
	if listener == nil || err != nil {
		return nil, err
	}
	all, err := k.reader.rules.Get(ctx, aws.ToString(listener.ListenerArn))
	if err != nil {
		return nil, err
	}
	live := &listenerRulesLive{Listener: aws.ToString(listener.ListenerArn)}
	for _, r := range all {
		if !aws.ToBool(r.IsDefault) {
			live.Rules = append(live.Rules, r)
		}
	}
	if len(live.Rules) == 0 {
		return nil, nil
	}
	return []*listenerRulesLive{live}, nil
}

func (k listenerRules) ID(live *listenerRulesLive) string {
	return strings.Replace(live.Listener, ":listener/", ":listener-rule/", 1)
}

func (k listenerRules) State(*listenerRulesLive) stack.State { return stack.State{} }

func (k listenerRules) Diff(_ string, want listenerRulesSpec, live *listenerRulesLive) []stack.Difference {
	var got, wanted []string
	for _, r := range live.Rules {
		got = append(got, ruleLine(r))
	}
	for _, r := range want.Rules {
		wanted = append(wanted, r.line())
	}
	return sameSet("rule", got, wanted)
}

func (r ruleSpec) line() string {
	return ruleLine(elbtypes.Rule{Priority: aws.String(fmt.Sprint(r.Priority)), Conditions: r.conditions(), Actions: r.actions()})
}

func (r ruleSpec) conditions() []elbtypes.RuleCondition {
	if r.Host == "" {
		return []elbtypes.RuleCondition{{Field: aws.String("path-pattern"), PathPatternConfig: &elbtypes.PathPatternConditionConfig{Values: []string{"/*"}}}}
	}
	return []elbtypes.RuleCondition{{Field: aws.String("host-header"), HostHeaderConfig: &elbtypes.HostHeaderConditionConfig{Values: []string{r.Host}}}}
}

func (r ruleSpec) actions() []elbtypes.Action {
	return []elbtypes.Action{{Type: elbtypes.ActionTypeEnumForward, TargetGroupArn: aws.String(r.TargetGroup)}}
}

// ruleLine writes a rule as one line.
func ruleLine(r elbtypes.Rule) string {
	line := aws.ToString(r.Priority) + ":"
	for _, c := range r.Conditions {
		values := c.Values
		switch {
		case c.HostHeaderConfig != nil:
			values = append(c.HostHeaderConfig.Values, c.HostHeaderConfig.RegexValues...)
		case c.PathPatternConfig != nil:
			values = append(c.PathPatternConfig.Values, c.PathPatternConfig.RegexValues...)
		case c.HttpHeaderConfig != nil:
			values = append([]string{aws.ToString(c.HttpHeaderConfig.HttpHeaderName)}, c.HttpHeaderConfig.Values...)
		case c.SourceIpConfig != nil:
			values = c.SourceIpConfig.Values
		case c.HttpRequestMethodConfig != nil:
			values = c.HttpRequestMethodConfig.Values
		case c.QueryStringConfig != nil:
			values = nil
			for _, q := range c.QueryStringConfig.Values {
				values = append(values, aws.ToString(q.Key)+"="+aws.ToString(q.Value))
			}
		}
		line += fmt.Sprintf(" %s %s", aws.ToString(c.Field), strings.Join(values, ","))
	}
	line += " -> " + actionLine(r.Actions)
	if len(r.Transforms) > 0 {
		line += fmt.Sprintf(" with %d transforms", len(r.Transforms))
	}
	return line
}

func (k listenerRules) Create(ctx context.Context, object string, want listenerRulesSpec, _ string) error {
	return k.Update(ctx, object, want, &listenerRulesLive{}, nil)
}

// Update changes rules in place where the priority is wanted, so that requests
// always find one.
func (k listenerRules) Update(ctx context.Context, _ string, want listenerRulesSpec, live *listenerRulesLive, _ []stack.Difference) error {
	wanted := map[string]ruleSpec{}
	for _, r := range want.Rules {
		wanted[fmt.Sprint(r.Priority)] = r
	}
	for _, r := range live.Rules {
		w, ok := wanted[aws.ToString(r.Priority)]
		delete(wanted, aws.ToString(r.Priority))
		var err error
		switch {
		case !ok:
			_, err = k.elb.DeleteRule(ctx, &elb.DeleteRuleInput{RuleArn: r.RuleArn})
			err = absent(err, "RuleNotFound")
		case ruleLine(r) != w.line():
			_, err = k.elb.ModifyRule(ctx, &elb.ModifyRuleInput{RuleArn: r.RuleArn, Conditions: w.conditions(), Actions: w.actions(), ResetTransforms: resetTransforms(r)})
		}
		if err != nil {
			return err
		}
	}
	for _, w := range want.Rules {
		if _, ok := wanted[fmt.Sprint(w.Priority)]; !ok {
			continue
		}
		_, err := k.elb.CreateRule(ctx, &elb.CreateRuleInput{ListenerArn: &want.Listener, Priority: aws.Int32(int32(w.Priority)), Conditions: w.conditions(), Actions: w.actions()})
		if err != nil {
			return err
		}
	}
	return nil
}

// resetTransforms asks for the removal of transforms only where there are some.
func resetTransforms(r elbtypes.Rule) *bool {
	if len(r.Transforms) == 0 {
		return nil
	}
	return aws.Bool(true)
}

func (k listenerRules) Delete(ctx context.Context, live *listenerRulesLive) error {
	for _, r := range live.Rules {
		_, err := k.elb.DeleteRule(ctx, &elb.DeleteRuleInput{RuleArn: r.RuleArn})
		if absent(err, "RuleNotFound", "ListenerNotFound") != nil {
			return err
		}
	}
	return nil
}
