package aws

import (
	"slices"

	sdkaws "github.com/aws/aws-sdk-go-v2/aws"
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	elbtypes "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"
)

func init() {
	handle("elasticloadbalancing", "AddListenerCertificates", (*call).elbAddListenerCertificates)
	handle("elasticloadbalancing", "RemoveListenerCertificates", (*call).elbRemoveListenerCertificates)
	handle("elasticloadbalancing", "DescribeListenerCertificates", (*call).elbDescribeListenerCertificates)
}

func (c *call) elbSecureListener(arn *string, certs []elbtypes.Certificate) (*elbListener, error) {
	l, err := c.elbListener(arn)
	if err != nil {
		return nil, err
	}
	if l.Protocol != elbtypes.ProtocolEnumHttps {
		return nil, apiError("InvalidConfigurationRequest", "Certificates cannot be specified for listeners with the protocol '%s'", l.Protocol)
	}
	if len(certs) == 0 {
		return nil, apiError("ValidationError", "At least one certificate must be specified")
	}
	for _, cert := range certs {
		if cert.IsDefault != nil {
			return nil, apiError("ValidationError", "Certificate property 'IsDefault' cannot be set")
		}
	}
	return l, nil
}

func (c *call) elbAddListenerCertificates(in *elb.AddListenerCertificatesInput) (*elb.AddListenerCertificatesOutput, error) {
	l, err := c.elbSecureListener(in.ListenerArn, in.Certificates)
	if err != nil {
		return nil, err
	}
	extra := slices.Clone(l.Extra)
	out := &elb.AddListenerCertificatesOutput{}
	for _, cert := range in.Certificates {
		if err := c.elbCertificate(cert.CertificateArn); err != nil {
			return nil, err
		}
		arn := *cert.CertificateArn
		isDefault := *l.Certificates[0].CertificateArn == arn
		if !isDefault && !slices.Contains(extra, arn) {
			extra = append(extra, arn)
		}
		out.Certificates = append(out.Certificates, elbtypes.Certificate{CertificateArn: new(arn), IsDefault: new(isDefault)})
	}
	// The quota is on the whole load balancer, its default certificates aside.
	total := len(extra)
	for _, other := range c.elb().Listeners {
		if other != l && *other.LoadBalancerArn == *l.LoadBalancerArn {
			total += len(other.Extra)
		}
	}
	if total > c.quota("elb.certificates_per_listener") {
		return nil, apiError("TooManyCertificates", "The maximum number of certificates on load balancer '%s' has been reached", *l.LoadBalancerArn)
	}
	l.Extra = extra
	return out, nil
}

func (c *call) elbRemoveListenerCertificates(in *elb.RemoveListenerCertificatesInput) (*elb.RemoveListenerCertificatesOutput, error) {
	l, err := c.elbSecureListener(in.ListenerArn, in.Certificates)
	if err != nil {
		return nil, err
	}
	extra := slices.Clone(l.Extra)
	for _, cert := range in.Certificates {
		arn := sdkaws.ToString(cert.CertificateArn)
		if arn == *l.Certificates[0].CertificateArn {
			return nil, apiError("OperationNotPermitted", "Default certificate '%s' cannot be removed from listener '%s'", arn, *l.ListenerArn)
		}
		extra = slices.DeleteFunc(extra, func(have string) bool { return have == arn })
	}
	l.Extra = extra
	return &elb.RemoveListenerCertificatesOutput{}, nil
}

func (c *call) elbDescribeListenerCertificates(in *elb.DescribeListenerCertificatesInput) (*elb.DescribeListenerCertificatesOutput, error) {
	l, err := c.elbListener(in.ListenerArn)
	if err != nil {
		return nil, err
	}
	var all []elbtypes.Certificate
	for _, cert := range l.Certificates {
		all = append(all, elbtypes.Certificate{CertificateArn: cert.CertificateArn, IsDefault: new(true)})
	}
	for _, arn := range l.Extra {
		all = append(all, elbtypes.Certificate{CertificateArn: new(arn), IsDefault: new(false)})
	}
	page, next, err := elbPage(all, in.Marker, in.PageSize)
	if err != nil {
		return nil, err
	}
	return &elb.DescribeListenerCertificatesOutput{Certificates: page, NextMarker: next}, nil
}
