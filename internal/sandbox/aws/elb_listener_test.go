package aws_test

import (
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/acm"
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	elbtypes "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"
)

func TestSecureListener(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.network()
	lb := w.balancer("lb")
	cert, second := w.certificate("a.example.com"), w.certificate("b.example.com")
	in := func(change func(in *elb.CreateListenerInput)) *elb.CreateListenerInput {
		out := &elb.CreateListenerInput{
			LoadBalancerArn: &lb, Port: new(int32(443)), Protocol: elbtypes.ProtocolEnumHttps, DefaultActions: fixed("404"),
			Certificates: []elbtypes.Certificate{{CertificateArn: &cert}}, SslPolicy: new("ELBSecurityPolicy-TLS13-1-2-Res-PQ-2025-09"),
		}
		change(out)
		return out
	}
	missing := cert[:len(cert)-4] + "0000"
	for name, tc := range map[string]struct {
		change        func(in *elb.CreateListenerInput)
		code, message string
	}{
		"no certificate":   {func(in *elb.CreateListenerInput) { in.Certificates = nil }, "ValidationError", "certificate must be specified"},
		"two certificates": {func(in *elb.CreateListenerInput) { in.Certificates = append(in.Certificates, in.Certificates[0]) }, "TooManyCertificates", ""},
		"absent":           {func(in *elb.CreateListenerInput) { in.Certificates[0].CertificateArn = &missing }, "CertificateNotFound", ""},
		"policy":           {func(in *elb.CreateListenerInput) { in.SslPolicy = new("ELBSecurityPolicy-None") }, "SSLPolicyNotFound", ""},
		"HTTP with one":    {func(in *elb.CreateListenerInput) { in.Protocol = elbtypes.ProtocolEnumHttp }, "ValidationError", "HTTP listeners"},
		"trust store": {func(in *elb.CreateListenerInput) {
			in.MutualAuthentication = &elbtypes.MutualAuthenticationAttributes{Mode: new("verify"), TrustStoreArn: new("arn")}
		}, "TrustStoreNotFound", ""},
		"no balancer": {func(in *elb.CreateListenerInput) { in.LoadBalancerArn = new(lb[:len(lb)-4] + "0000") }, "LoadBalancerNotFound", ""},
		"downgrade": {func(in *elb.CreateListenerInput) {
			in.DefaultActions = []elbtypes.Action{{Type: elbtypes.ActionTypeEnumRedirect, RedirectConfig: &elbtypes.RedirectActionConfig{StatusCode: elbtypes.RedirectActionStatusCodeEnumHttp301, Protocol: new("HTTP")}}}
		}, "InvalidLoadBalancerAction", "HTTPS to HTTP"},
		"fixed status": {func(in *elb.CreateListenerInput) { in.DefaultActions = fixed("301") }, "ValidationError", ""},
		"fixed body": {func(in *elb.CreateListenerInput) {
			in.DefaultActions[0].FixedResponseConfig.MessageBody = new(strings.Repeat("x", 1025))
		}, "ValidationError", ""},
		"no target group": {func(in *elb.CreateListenerInput) {
			in.DefaultActions = forward(strings.Replace(lb, "loadbalancer/app/", "targetgroup/", 1))
		}, "TargetGroupNotFound", ""},
		"JWT alone": {func(in *elb.CreateListenerInput) {
			in.DefaultActions = []elbtypes.Action{{Type: elbtypes.ActionTypeEnumJwtValidation, JwtValidationConfig: &elbtypes.JwtValidationActionConfig{Issuer: new("i"), JwksEndpoint: new("https://i/jwks")}}}
		}, "InvalidLoadBalancerAction", "last action"},
	} {
		request := in(tc.change)
		t.Run(name, func(t *testing.T) {
			refused(&world{t: t}, w.elb.CreateListener, request, tc.code, tc.message)
		})
	}
	plain := in(func(*elb.CreateListenerInput) {})
	l := do(w, w.elb.CreateListener, plain).Listeners[0]
	if again := do(w, w.elb.CreateListener, plain).Listeners[0]; *again.ListenerArn != *l.ListenerArn {
		t.Error("the same create made another listener")
	}
	refused(w, w.elb.CreateListener, in(func(in *elb.CreateListenerInput) { in.DefaultActions = fixed("500") }), "DuplicateListener", "")
	do(w, w.elb.AddListenerCertificates, &elb.AddListenerCertificatesInput{ListenerArn: l.ListenerArn, Certificates: []elbtypes.Certificate{{CertificateArn: &second}}})
	if certs := do(w, w.elb.DescribeListenerCertificates, &elb.DescribeListenerCertificatesInput{ListenerArn: l.ListenerArn}).Certificates; len(certs) != 2 || !*certs[0].IsDefault || *certs[1].IsDefault {
		t.Errorf("certificates: %+v", certs)
	}
	if users := do(w, w.acm.DescribeCertificate, &acm.DescribeCertificateInput{CertificateArn: &second}).Certificate.InUseBy; len(users) != 1 || users[0] != lb {
		t.Errorf("in use by %v", users)
	}
	refused(w, w.acm.DeleteCertificate, &acm.DeleteCertificateInput{CertificateArn: &second}, "ResourceInUseException", "in use")
	refused(w, w.elb.RemoveListenerCertificates, &elb.RemoveListenerCertificatesInput{ListenerArn: l.ListenerArn, Certificates: []elbtypes.Certificate{{CertificateArn: &cert}}}, "OperationNotPermitted", "")
	do(w, w.elb.RemoveListenerCertificates, &elb.RemoveListenerCertificatesInput{ListenerArn: l.ListenerArn, Certificates: []elbtypes.Certificate{{CertificateArn: &second}}})
	do(w, w.acm.DeleteCertificate, &acm.DeleteCertificateInput{CertificateArn: &second})
	do(w, w.elb.ModifyListenerAttributes, &elb.ModifyListenerAttributesInput{ListenerArn: l.ListenerArn, Attributes: []elbtypes.ListenerAttribute{{Key: new("routing.http.response.server.enabled"), Value: new("false")}}})
	policies := do(w, w.elb.DescribeSSLPolicies, &elb.DescribeSSLPoliciesInput{Names: []string{"ELBSecurityPolicy-TLS13-1-3-PQ-2025-09", "ELBSecurityPolicy-2016-08"}}).SslPolicies
	if len(policies) != 2 || len(policies[0].Ciphers) != 3 {
		t.Errorf("policies: %+v", policies)
	}
}

func TestRules(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.network()
	lb := w.balancer("lb")
	l := w.listener(lb, 80, fixed("404"))
	tg := w.targetGroup("t")
	condition := func(field string, values ...string) elbtypes.RuleCondition {
		return elbtypes.RuleCondition{Field: &field, Values: values}
	}
	rule := func(priority int32, conditions ...elbtypes.RuleCondition) *elb.CreateRuleInput {
		return &elb.CreateRuleInput{ListenerArn: &l, Priority: &priority, Conditions: conditions, Actions: forward(tg)}
	}
	for name, tc := range map[string]struct {
		in            *elb.CreateRuleInput
		code, message string
	}{
		"priority zero":  {rule(0, condition("path-pattern", "/a")), "ValidationError", ""},
		"unknown field":  {rule(1, condition("cookie", "a")), "ValidationError", "cookie"},
		"host twice":     {rule(1, condition("host-header", "a.b"), condition("host-header", "c.d")), "ValidationError", "only have one"},
		"six values":     {rule(1, condition("path-pattern", "/1", "/2", "/3", "/4", "/5", "/6")), "ValidationError", "'5' condition values"},
		"wildcards":      {rule(1, condition("path-pattern", "/******")), "ValidationError", "wildcards"},
		"host":           {rule(1, condition("host-header", "a b.c")), "ValidationError", "host-header"},
		"host header":    {rule(1, elbtypes.RuleCondition{Field: new("http-header"), HttpHeaderConfig: &elbtypes.HttpHeaderConditionConfig{HttpHeaderName: new("Host"), Values: []string{"a"}}}), "ValidationError", "header name"},
		"source":         {rule(1, elbtypes.RuleCondition{Field: new("source-ip"), SourceIpConfig: &elbtypes.SourceIpConditionConfig{Values: []string{"10.0.0.1"}}}), "ValidationError", "CIDR"},
		"foreign config": {rule(1, elbtypes.RuleCondition{Field: new("source-ip"), PathPatternConfig: &elbtypes.PathPatternConditionConfig{Values: []string{"/"}}}), "ValidationError", ""},
	} {
		t.Run(name, func(t *testing.T) {
			refused(&world{t: t}, w.elb.CreateRule, tc.in, tc.code, tc.message)
		})
	}
	first := do(w, w.elb.CreateRule, rule(10, condition("path-pattern", "/a/*"))).Rules[0]
	refused(w, w.elb.CreateRule, rule(10, condition("path-pattern", "/b")), "PriorityInUse", "10")
	second := do(w, w.elb.CreateRule, rule(20, condition("host-header", "a.example.com"))).Rules[0]
	if first.Actions[0].ForwardConfig == nil || first.Conditions[0].PathPatternConfig == nil {
		t.Errorf("rule: %+v", first)
	}
	do(w, w.elb.SetRulePriorities, &elb.SetRulePrioritiesInput{RulePriorities: []elbtypes.RulePriorityPair{{RuleArn: first.RuleArn, Priority: new(int32(20))}, {RuleArn: second.RuleArn, Priority: new(int32(10))}}})
	rules := do(w, w.elb.DescribeRules, &elb.DescribeRulesInput{ListenerArn: &l}).Rules
	if len(rules) != 3 || *rules[0].RuleArn != *second.RuleArn || *rules[2].Priority != "default" || !*rules[2].IsDefault || rules[2].Actions[0].FixedResponseConfig == nil {
		t.Errorf("rules: %+v", rules)
	}
	refused(w, w.elb.DeleteRule, &elb.DeleteRuleInput{RuleArn: rules[2].RuleArn}, "OperationNotPermitted", "Default rule")
	do(w, w.elb.ModifyRule, &elb.ModifyRuleInput{RuleArn: first.RuleArn, Conditions: []elbtypes.RuleCondition{condition("path-pattern", "/z")}})
	do(w, w.elb.AddTags, &elb.AddTagsInput{ResourceArns: []string{*first.RuleArn, l}, Tags: []elbtypes.Tag{{Key: new("k"), Value: new("v")}}})
	tags := do(w, w.elb.DescribeTags, &elb.DescribeTagsInput{ResourceArns: []string{*first.RuleArn}}).TagDescriptions
	if len(tags) != 1 || len(tags[0].Tags) != 1 {
		t.Errorf("tags: %+v", tags)
	}
	do(w, w.elb.DeleteRule, &elb.DeleteRuleInput{RuleArn: first.RuleArn})
	refused(w, w.elb.DescribeTags, &elb.DescribeTagsInput{ResourceArns: []string{*first.RuleArn}}, "RuleNotFound", "")
}
