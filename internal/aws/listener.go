package aws

import (
	"context"
	"fmt"

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

type listenerSpec struct {
	LoadBalancer string
	// Policy and Certificate are set on an HTTPS listener.
	Policy, Certificate string
	// Redirect sends callers to HTTPS; otherwise what no rule takes is a 404.
	Redirect bool
}

var _ stack.Kind[listenerSpec, elbtypes.Listener] = listeners{}

func (k listeners) Find(ctx context.Context, _ string) ([]*elbtypes.Listener, error) {
	lb, err := k.loadBalancer.Found(ctx)
	if lb == nil || err != nil {
		return nil, err
	}
	all, err := k.reader.listeners.get(ctx, aws.ToString(lb.LoadBalancerArn))
	for i := range all {
		if aws.ToInt32(all[i].Port) == k.port {
			return []*elbtypes.Listener{&all[i]}, nil
		}
	}
	return nil, err
}

func (k listeners) ID(live *elbtypes.Listener) string { return aws.ToString(live.ListenerArn) }

func (k listeners) State(*elbtypes.Listener) stack.State { return stack.State{} }

func (k listeners) Diff(want listenerSpec, live *elbtypes.Listener) []stack.Difference {
	diffs := fixed("load balancer", aws.ToString(live.LoadBalancerArn), want.LoadBalancer)
	diffs = append(diffs, same("protocol", live.Protocol, want.protocol())...)
	if want.protocol() == elbtypes.ProtocolEnumHttps {
		diffs = append(diffs, same("TLS policy", aws.ToString(live.SslPolicy), want.Policy)...)
		diffs = append(diffs, same("certificate", firstCertificate(live), want.Certificate)...)
		if m := live.MutualAuthentication; m != nil && aws.ToString(m.Mode) != "" {
			diffs = append(diffs, same("mutual authentication", aws.ToString(m.Mode), "off")...)
		}
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
		}
		line += ";"
	}
	return line
}

// forwardTarget is where a forward action goes: ELBv2 tells a single target
// group in one field, in the other, or in both.
func forwardTarget(a elbtypes.Action) string {
	if a.TargetGroupArn != nil {
		return *a.TargetGroupArn
	}
	line := ""
	if a.ForwardConfig != nil {
		for _, g := range a.ForwardConfig.TargetGroups {
			line += aws.ToString(g.TargetGroupArn)
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

func (k listeners) Update(ctx context.Context, _ string, want listenerSpec, live *elbtypes.Listener, diffs []stack.Difference) error {
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

func (k listeners) Delete(ctx context.Context, live *elbtypes.Listener) error {
	_, err := k.elb.DeleteListener(ctx, &elb.DeleteListenerInput{ListenerArn: live.ListenerArn})
	return absent(err, "ListenerNotFound")
}
