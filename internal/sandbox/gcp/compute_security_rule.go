package gcp

import (
	"slices"
	"strings"

	"google.golang.org/protobuf/reflect/protoreflect"

	"cloud.google.com/go/compute/apiv1/computepb"
)

// Rules have no request ids and no fingerprints of their own: they are told apart by their priorities.

func (c *call) addRule(in *computepb.AddRuleRegionSecurityPolicyRequest) (*computepb.Operation, error) {
	h, err := securityPolicies.ready(c, in.GetSecurityPolicy())
	if err != nil {
		return nil, err
	}
	if in.GetValidateOnly() {
		return nil, unsupported("validateOnly")
	}
	rule := in.GetSecurityPolicyRuleResource()
	if err := completeRule("resource", rule); err != nil {
		return nil, err
	}
	if ruleAt(h.Body, rule.GetPriority()) >= 0 {
		return nil, samePriority(rule.GetPriority())
	}
	next := cloned(h.Body)
	next.Rules = append(next.Rules, rule)
	return c.replaceRules(h, next, "securityPolicies.addRule")
}

func (c *call) patchRule(in *computepb.PatchRuleRegionSecurityPolicyRequest) (*computepb.Operation, error) {
	h, err := securityPolicies.ready(c, in.GetSecurityPolicy())
	if err != nil {
		return nil, err
	}
	i := ruleAt(h.Body, in.GetPriority())
	if in.Priority == nil || i < 0 {
		return nil, noRule(c, in.GetSecurityPolicy())
	}
	if in.GetValidateOnly() {
		return nil, unsupported("validateOnly")
	}
	if err := clearMasked(in.GetUpdateMask(), in.GetSecurityPolicyRuleResource().ProtoReflect().Descriptor(), c.body); err != nil {
		return nil, err
	}
	next := cloned(h.Body)
	rule, err := mergePatch(next.Rules[i], c.body)
	if err != nil {
		return nil, err
	}
	if err := completeRule("resource", rule); err != nil {
		return nil, err
	}
	if rule.GetPriority() != in.GetPriority() && (ruleAt(h.Body, rule.GetPriority()) >= 0 || in.GetPriority() == lastPriority) {
		return nil, samePriority(rule.GetPriority())
	}
	next.Rules[i] = rule
	return c.replaceRules(h, next, "securityPolicies.patchRule")
}

// clearMasked makes a patch clear what a mask names and its body does not have: "leave the fields empty and specify them in the
// updateMask".
func clearMasked(mask string, md protoreflect.MessageDescriptor, patch map[string]any) error {
	for _, path := range strings.FieldsFunc(mask, func(r rune) bool { return r == ',' }) {
		at, in, steps := patch, md, strings.Split(path, ".")
		for i, step := range steps {
			var field protoreflect.FieldDescriptor
			if in != nil {
				field = fieldNamed(in, step)
			}
			if field == nil {
				return invalid("updateMask", path, "There is no such field.")
			}
			value, given := at[field.JSONName()]
			child, isObject := value.(map[string]any)
			if i == len(steps)-1 || given && !isObject {
				if !given {
					at[field.JSONName()] = nil
				}
				break
			}
			if !given {
				child = map[string]any{}
				at[field.JSONName()] = child
			}
			at, in = child, field.Message()
		}
	}
	return nil
}

func (c *call) removeRule(in *computepb.RemoveRuleRegionSecurityPolicyRequest) (*computepb.Operation, error) {
	h, err := securityPolicies.ready(c, in.GetSecurityPolicy())
	if err != nil {
		return nil, err
	}
	i := ruleAt(h.Body, in.GetPriority())
	switch {
	case in.Priority == nil || i < 0:
		return nil, noRule(c, in.GetSecurityPolicy())
	case in.GetPriority() == lastPriority:
		return nil, badRequest("The default rule of a security policy cannot be removed.")
	}
	next := cloned(h.Body)
	next.Rules = slices.Delete(next.Rules, i, i+1)
	return c.replaceRules(h, next, "securityPolicies.removeRule")
}

func (c *call) getRule(in *computepb.GetRuleRegionSecurityPolicyRequest) (*computepb.SecurityPolicyRule, error) {
	h, err := securityPolicies.get(c, in.GetSecurityPolicy())
	if err != nil {
		return nil, err
	}
	i := ruleAt(h.Body, in.GetPriority())
	if in.Priority == nil || i < 0 {
		return nil, noRule(c, in.GetSecurityPolicy())
	}
	return h.Body.Rules[i], nil
}

func ruleAt(p *computepb.SecurityPolicy, priority int32) int {
	return slices.IndexFunc(p.Rules, func(r *computepb.SecurityPolicyRule) bool { return r.GetPriority() == priority })
}

func noRule(c *call, policy string) error {
	return badRequest("The security policy '%s' does not contain a rule at that priority.", securityPolicies.path(c, c.Location, policy))
}

// replaceRules is replace for the one field that no patch of a policy reaches.
func (c *call) replaceRules(h *Held[*computepb.SecurityPolicy], next *computepb.SecurityPolicy, delay string) (*computepb.Operation, error) {
	if err := c.checkRules(next); err != nil {
		return nil, err
	}
	h.Next = next
	return startOperation(c, securityPolicies, h, "update", delay), nil
}
