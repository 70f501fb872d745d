package aws

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	elbtypes "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"

	"github.com/modelserving/terraform-provider-serving/internal/stack"
)

// listeners are known by the port they have on the stack's load balancer; they
// live and die with it and need no mark of their own.
type listeners struct {
	*client
	loadBalancer *stack.Object[loadBalancerSpec, loadBalancerLive]
	port         int32
}

// anyOther is the port of the kind that finds what nobody of ours has put there.
const anyOther = 0

type listenerLive struct {
	elbtypes.Listener
	// Attributes are read of an HTTPS listener; the other only redirects.
	Attributes map[string]string
}

type listenerSpec struct {
	LoadBalancer string
	// Policy and Certificate are set on an HTTPS listener.
	Policy, Certificate string
	// Redirect sends callers to HTTPS; otherwise what no rule takes is a 404.
	Redirect bool
}

var _ stack.Kind[listenerSpec, listenerLive] = listeners{}

func (k listeners) Find(ctx context.Context, _ string) ([]*listenerLive, error) {
	lb, err := k.loadBalancer.Found(ctx)
	if lb == nil || err != nil {
		return nil, err
	}
	all, err := k.reader.listeners.Get(ctx, aws.ToString(lb.LoadBalancerArn))
	var stray []*listenerLive
	for _, l := range all {
		if k.port == anyOther && aws.ToInt32(l.Port) != 443 && aws.ToInt32(l.Port) != 80 {
			stray = append(stray, &listenerLive{Listener: l})
		}
		if aws.ToInt32(l.Port) != k.port {
			continue
		}
		live := &listenerLive{Listener: l}
		if l.Protocol == elbtypes.ProtocolEnumHttps {
			if live.Attributes, err = k.reader.listenerAttributes.Get(ctx, aws.ToString(l.ListenerArn)); err != nil {
				return nil, absent(err, "ListenerNotFound")
			}
		}
		return []*listenerLive{live}, nil
	}
	return stray, err
}

func (k listeners) ID(live *listenerLive) string { return aws.ToString(live.ListenerArn) }

func (k listeners) State(*listenerLive) stack.State { return stack.State{} }

func (k listeners) Diff(_ string, want listenerSpec, live *listenerLive) []stack.Difference {
	diffs := fixed("load balancer", aws.ToString(live.LoadBalancerArn), want.LoadBalancer)
	diffs = append(diffs, same("protocol", live.Protocol, want.protocol())...)
	if want.protocol() == elbtypes.ProtocolEnumHttps {
		diffs = append(diffs, same("TLS policy", aws.ToString(live.SslPolicy), want.Policy)...)
		diffs = append(diffs, same("certificate", firstCertificate(&live.Listener), want.Certificate)...)
		if m := live.MutualAuthentication; m != nil && aws.ToString(m.Mode) != "" {
			diffs = append(diffs, same("mutual authentication", aws.ToString(m.Mode), "off")...)
		}
		diffs = append(diffs, sameAttributes(live.Attributes, nil, listenerDefaults(live.Attributes))...)
	}
	return append(diffs, same("default action", actionLine(live.DefaultActions), actionLine(want.actions()))...)
}

func (s listenerSpec) protocol() elbtypes.ProtocolEnum {
	if s.Redirect {
		return elbtypes.ProtocolEnumHttp
	}
	return elbtypes.ProtocolEnumHttps
}

func (s listenerSpec) actions() []elbtypes.Action {
	if s.Redirect {
		return []elbtypes.Action{{Type: elbtypes.ActionTypeEnumRedirect, RedirectConfig: &elbtypes.RedirectActionConfig{
			Protocol: aws.String("HTTPS"), Port: aws.String("443"), Host: aws.String("#{host}"), Path: aws.String("/#{path}"), Query: aws.String("#{query}"),
			StatusCode: elbtypes.RedirectActionStatusCodeEnumHttp301}}}
	}
	return []elbtypes.Action{{Type: elbtypes.ActionTypeEnumFixedResponse, FixedResponseConfig: &elbtypes.FixedResponseActionConfig{
		StatusCode: aws.String("404"), ContentType: aws.String("text/plain"), MessageBody: aws.String("not found")}}}
}

func (s listenerSpec) certificates() []elbtypes.Certificate {
	if s.Certificate == "" {
		return nil
	}
	return []elbtypes.Certificate{{CertificateArn: &s.Certificate}}
}

// listenerDefaults are a listener's attributes as AWS makes them: no header is
// added to responses but the server's name, and those about client certificates
// have their usual names, which mean nothing without mutual authentication.
func listenerDefaults(live map[string]string) map[string]string {
	out := map[string]string{"routing.http.response.server.enabled": "true"}
	for key := range live {
		if strings.HasPrefix(key, "routing.http.response.") && strings.HasSuffix(key, ".header_value") {
			out[key] = ""
		}
	}
	return out
}

func firstCertificate(live *elbtypes.Listener) string {
	if len(live.Certificates) == 0 {
		return ""
	}
	return aws.ToString(live.Certificates[0].CertificateArn)
}

// actionLine writes what actions do, in full.
func actionLine(actions []elbtypes.Action) string {
	line := ""
	for _, a := range actions {
		line += string(a.Type)
		if f := a.FixedResponseConfig; f != nil {
			line += fmt.Sprintf(" %s %s %q", aws.ToString(f.StatusCode), aws.ToString(f.ContentType), aws.ToString(f.MessageBody))
		}
		if r := a.RedirectConfig; r != nil {
			line += fmt.Sprintf(" %s %s://%s:%s%s?%s", r.StatusCode, aws.ToString(r.Protocol), aws.ToString(r.Host), aws.ToString(r.Port), aws.ToString(r.Path), aws.ToString(r.Query))
		}
		if a.Type == elbtypes.ActionTypeEnumForward {
			line += " " + forwardTarget(a)
			if f := a.ForwardConfig; f != nil && f.TargetGroupStickinessConfig != nil && aws.ToBool(f.TargetGroupStickinessConfig.Enabled) {
				line += " sticky"
			}
		}
		line += ";"
	}
	return line
}

// forwardTarget is where a forward action goes: ELBv2 tells a single target
// group in one field, in the other, or in both.
func forwardTarget(a elbtypes.Action) string {
	if a.ForwardConfig == nil || len(a.ForwardConfig.TargetGroups) == 0 {
		return aws.ToString(a.TargetGroupArn)
	}
	line := ""
	for _, g := range a.ForwardConfig.TargetGroups {
		line += aws.ToString(g.TargetGroupArn)
		if g.Weight != nil && *g.Weight != 1 {
			line += fmt.Sprintf(" weight %d", *g.Weight)
		}
	}
	return line
}

func (k listeners) Create(ctx context.Context, _ string, want listenerSpec, _ string) error {
	in := &elb.CreateListenerInput{LoadBalancerArn: &want.LoadBalancer, Port: &k.port, Protocol: want.protocol(), DefaultActions: want.actions(), Certificates: want.certificates()}
	if want.Policy != "" {
		in.SslPolicy = &want.Policy
	}
	return k.whileSpreading(ctx, func() error {
		_, err := k.elb.CreateListener(ctx, in)
		return err
	})
}

func (k listeners) Update(ctx context.Context, _ string, want listenerSpec, live *listenerLive, diffs []stack.Difference) error {
	if set := changed(diffs); len(set) > 0 {
		var attributes []elbtypes.ListenerAttribute
		for _, key := range slices.Sorted(maps.Keys(set)) {
			attributes = append(attributes, elbtypes.ListenerAttribute{Key: aws.String(key), Value: aws.String(set[key])})
		}
		if _, err := k.elb.ModifyListenerAttributes(ctx, &elb.ModifyListenerAttributesInput{ListenerArn: live.ListenerArn, Attributes: attributes}); err != nil {
			return err
		}
	}
	in := &elb.ModifyListenerInput{ListenerArn: live.ListenerArn, DefaultActions: want.actions()}
	if !want.Redirect {
		in.Protocol, in.Port = want.protocol(), &k.port
		in.SslPolicy, in.Certificates = &want.Policy, want.certificates()
	} else if has(diffs, "protocol") {
		in.Protocol, in.Port = want.protocol(), &k.port
	}
	if has(diffs, "mutual authentication") {
		in.MutualAuthentication = &elbtypes.MutualAuthenticationAttributes{Mode: aws.String("off")}
	}
	return k.whileSpreading(ctx, func() error {
		_, err := k.elb.ModifyListener(ctx, in)
		return err
	})
}

func (k listeners) Delete(ctx context.Context, live *listenerLive) error {
	_, err := k.elb.DeleteListener(ctx, &elb.DeleteListenerInput{ListenerArn: live.ListenerArn})
	return absent(err, "ListenerNotFound")
}
