package aws

import (
	"cmp"
	"maps"
	"reflect"
	"slices"
	"strings"

	sdkaws "github.com/aws/aws-sdk-go-v2/aws"
	acmtypes "github.com/aws/aws-sdk-go-v2/service/acm/types"
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	elbtypes "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"
)

func init() {
	handle("elasticloadbalancing", "CreateListener", (*call).elbCreateListener)
	handle("elasticloadbalancing", "DescribeListeners", (*call).elbDescribeListeners)
	handle("elasticloadbalancing", "ModifyListener", (*call).elbModifyListener)
	handle("elasticloadbalancing", "DeleteListener", (*call).elbDeleteListener)
}

func (c *call) elbCreateListener(in *elb.CreateListenerInput) (*elb.CreateListenerOutput, error) {
	lb, err := c.elbLoadBalancer(in.LoadBalancerArn)
	if err != nil {
		return nil, err
	}
	tags, err := elbTagMap(in.Tags)
	if err != nil {
		return nil, err
	}
	if in.Port == nil {
		return nil, apiError("ValidationError", "A listener port must be specified")
	}
	if in.Protocol == "" {
		return nil, apiError("ValidationError", "A listener protocol must be specified")
	}
	l := &elbListener{Tags: tags}
	l.LoadBalancerArn, l.Port, l.Protocol = in.LoadBalancerArn, in.Port, in.Protocol
	l.Certificates, l.SslPolicy, l.MutualAuthentication, l.AlpnPolicy = in.Certificates, in.SslPolicy, in.MutualAuthentication, in.AlpnPolicy
	if err := c.elbCheckListener(l); err != nil {
		return nil, err
	}
	if l.DefaultActions, err = c.elbActions(lb, l.Protocol, in.DefaultActions); err != nil {
		return nil, err
	}
	count := 0
	for _, other := range c.elb().Listeners {
		if *other.LoadBalancerArn != *lb.LoadBalancerArn {
			continue
		}
		count++
		if *other.Port != *l.Port {
			continue
		}
		same := l.Listener
		same.ListenerArn = other.ListenerArn
		if !reflect.DeepEqual(same, other.Listener) || !maps.Equal(l.Tags, other.Tags) {
			return nil, apiError("DuplicateListener", "A listener already exists on this port for this load balancer '%s'", *lb.LoadBalancerArn)
		}
		return &elb.CreateListenerOutput{Listeners: []elbtypes.Listener{other.Listener}}, nil
	}
	if count >= c.quota("elb.listeners_per_load_balancer") {
		return nil, apiError("TooManyListeners", "The maximum number of listeners has been reached on load balancer '%s'", *lb.LoadBalancerArn)
	}
	id := elbArnTail(*lb.LoadBalancerArn) + "/" + c.newHex(16)
	l.ListenerArn = new(c.arn("elasticloadbalancing", "listener/"+id))
	l.Attributes = elbDefaults(elbListenerSpec(l.Protocol))
	l.Serial = c.cloud.state.Counter
	c.elb().Listeners[*l.ListenerArn] = l
	rule := &elbRule{ListenerArn: *l.ListenerArn, Tags: map[string]string{}}
	rule.RuleArn = new(c.arn("elasticloadbalancing", "listener-rule/"+id+"/"+c.newHex(16)))
	rule.IsDefault, rule.Priority = new(true), new("default")
	c.elb().Rules[*rule.RuleArn] = rule
	return &elb.CreateListenerOutput{Listeners: []elbtypes.Listener{l.Listener}}, nil
}

// elbCheckListener checks everything about a listener but its actions, and fills in defaults.
func (c *call) elbCheckListener(l *elbListener) error {
	switch l.Protocol {
	case elbtypes.ProtocolEnumHttp:
		switch {
		case len(l.Certificates) > 0:
			return apiError("ValidationError", "Certificates cannot be specified for HTTP listeners")
		case l.SslPolicy != nil:
			return apiError("ValidationError", "An SSL policy cannot be specified for HTTP listeners")
		case l.MutualAuthentication != nil:
			return apiError("ValidationError", "Mutual authentication can only be specified for HTTPS listeners")
		}
	case elbtypes.ProtocolEnumHttps:
		if err := c.elbCheckSecureListener(l); err != nil {
			return err
		}
	default:
		return apiError("UnsupportedProtocol", "Protocol '%s' is not supported by application load balancers", l.Protocol)
	}
	if len(l.AlpnPolicy) > 0 {
		return apiError("ValidationError", "An ALPN policy can only be specified for TLS listeners")
	}
	return nil
}

func (c *call) elbCheckSecureListener(l *elbListener) error {
	if len(l.Certificates) == 0 {
		return apiError("ValidationError", "A certificate must be specified for HTTPS listeners")
	}
	if len(l.Certificates) > 1 {
		return apiError("TooManyCertificates", "Up to '1' certificate ARNs can be specified, but '%d' were specified", len(l.Certificates))
	}
	if l.Certificates[0].IsDefault != nil {
		return apiError("ValidationError", "Certificate property 'IsDefault' cannot be set")
	}
	if err := c.elbCertificate(l.Certificates[0].CertificateArn); err != nil {
		return err
	}
	if l.SslPolicy == nil {
		l.SslPolicy = new("ELBSecurityPolicy-2016-08")
	}
	if elbSSLPolicies[*l.SslPolicy] == nil {
		return apiError("SSLPolicyNotFound", "SSL policy '%s' not found", *l.SslPolicy)
	}
	auth := l.MutualAuthentication
	if auth == nil {
		l.MutualAuthentication = &elbtypes.MutualAuthenticationAttributes{Mode: new("off")}
		return nil
	}
	switch mode := sdkaws.ToString(auth.Mode); mode {
	case "off", "passthrough":
		if auth.TrustStoreArn != nil || auth.IgnoreClientCertificateExpiry != nil || auth.AdvertiseTrustStoreCaNames != "" {
			return apiError("ValidationError", "A trust store and its options can only be specified with the mutual authentication mode 'verify'")
		}
	case "verify":
		if auth.TrustStoreArn == nil {
			return apiError("ValidationError", "A trust store must be specified with the mutual authentication mode 'verify'")
		}
		return apiError("TrustStoreNotFound", "Trust store '%s' not found", *auth.TrustStoreArn)
	default:
		return apiError("ValidationError", "Mutual authentication mode '%s' must be one of 'off, passthrough, verify'", mode)
	}
	return nil
}

// elbCertificate checks that ACM has the certificate and that ELB may use it by now.
func (c *call) elbCertificate(arn *string) error {
	id := sdkaws.ToString(arn)
	if !strings.HasPrefix(id, "arn:") {
		return apiError("ValidationError", "Certificate ARN '%s' is not valid", id)
	}
	cert := c.acm().Certificates[id]
	if cert == nil || !cert.Propagated {
		return apiError("CertificateNotFound", "Certificate '%s' not found", id)
	}
	if cert.status(c.now()) != acmtypes.CertificateStatusIssued || cert.DomainName == nil {
		return apiError("UnsupportedCertificate", "The certificate '%s' must have a fully-qualified domain name, a supported signature, and a supported key size, and must be issued", id)
	}
	return nil
}

func (c *call) elbDescribeListeners(in *elb.DescribeListenersInput) (*elb.DescribeListenersOutput, error) {
	if in.LoadBalancerArn != nil && len(in.ListenerArns) > 0 {
		return nil, apiError("ValidationError", "A load balancer ARN and listener ARNs cannot be specified at the same time")
	}
	if in.LoadBalancerArn == nil && len(in.ListenerArns) == 0 {
		return nil, apiError("ValidationError", "You must specify either listener ARNs or a load balancer ARN")
	}
	if in.LoadBalancerArn != nil {
		if _, err := c.elbLoadBalancer(in.LoadBalancerArn); err != nil {
			return nil, err
		}
	}
	for _, arn := range in.ListenerArns {
		if _, err := c.elbListener(new(arn)); err != nil {
			return nil, err
		}
	}
	var found []elbtypes.Listener
	for _, l := range slices.SortedFunc(maps.Values(c.elb().Listeners), func(a, b *elbListener) int { return cmp.Compare(a.Serial, b.Serial) }) {
		if in.LoadBalancerArn != nil && *l.LoadBalancerArn == *in.LoadBalancerArn || slices.Contains(in.ListenerArns, *l.ListenerArn) {
			found = append(found, l.Listener)
		}
	}
	page, next, err := elbPage(found, in.Marker, in.PageSize)
	if err != nil {
		return nil, err
	}
	return &elb.DescribeListenersOutput{Listeners: page, NextMarker: next}, nil
}

func (c *call) elbModifyListener(in *elb.ModifyListenerInput) (*elb.ModifyListenerOutput, error) {
	l, err := c.elbListener(in.ListenerArn)
	if err != nil {
		return nil, err
	}
	lb := c.elb().LoadBalancers[*l.LoadBalancerArn]
	changed := *l
	if in.Port != nil {
		for _, other := range c.elb().Listeners {
			if other != l && *other.LoadBalancerArn == *l.LoadBalancerArn && *other.Port == *in.Port {
				return nil, apiError("DuplicateListener", "A listener already exists on this port for this load balancer '%s'", *l.LoadBalancerArn)
			}
		}
		changed.Port = in.Port
	}
	if in.Protocol != "" && in.Protocol != l.Protocol {
		changed.Protocol = in.Protocol
		changed.Certificates, changed.SslPolicy, changed.MutualAuthentication, changed.Extra = nil, nil, nil, nil
		changed.Attributes = elbDefaults(elbListenerSpec(in.Protocol))
		for k, v := range l.Attributes {
			if _, known := changed.Attributes[k]; known {
				changed.Attributes[k] = v
			}
		}
	}
	if len(in.Certificates) > 0 {
		changed.Certificates = in.Certificates
	}
	changed.SslPolicy = cmp.Or(in.SslPolicy, changed.SslPolicy)
	changed.MutualAuthentication = cmp.Or(in.MutualAuthentication, changed.MutualAuthentication)
	changed.AlpnPolicy = in.AlpnPolicy
	if err := c.elbCheckListener(&changed); err != nil {
		return nil, err
	}
	if len(in.DefaultActions) > 0 {
		if changed.DefaultActions, err = c.elbActions(lb, changed.Protocol, in.DefaultActions); err != nil {
			return nil, err
		}
	} else if changed.Protocol != l.Protocol {
		if _, err := c.elbActions(lb, changed.Protocol, l.DefaultActions); err != nil {
			return nil, err
		}
	}
	// The new default certificate is not an extra one any more.
	if len(changed.Certificates) > 0 {
		changed.Extra = slices.DeleteFunc(slices.Clone(changed.Extra), func(arn string) bool { return arn == *changed.Certificates[0].CertificateArn })
	}
	*l = changed
	return &elb.ModifyListenerOutput{Listeners: []elbtypes.Listener{l.Listener}}, nil
}

func (c *call) elbDeleteListener(in *elb.DeleteListenerInput) (*elb.DeleteListenerOutput, error) {
	if _, err := c.elbListener(in.ListenerArn); err != nil {
		return nil, err
	}
	c.elbRemoveListener(*in.ListenerArn)
	return &elb.DeleteListenerOutput{}, nil
}

// elbRemoveListener takes a listener away with its rules.
func (c *call) elbRemoveListener(arn string) {
	for id, rule := range c.elb().Rules {
		if rule.ListenerArn == arn {
			delete(c.elb().Rules, id)
		}
	}
	delete(c.elb().Listeners, arn)
}
