package aws

import (
	"fmt"
	"slices"
	"strings"

	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	elbtypes "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"
)

func init() {
	handle("elasticloadbalancing", "DescribeSSLPolicies", (*call).elbDescribeSSLPolicies)
	handle("elasticloadbalancing", "DescribeAccountLimits", (*call).elbDescribeAccountLimits)
}

// Cipher families of the predefined policies ("Security policies for your Application Load Balancer").
var (
	elbTLS13    = []string{"TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384", "TLS_CHACHA20_POLY1305_SHA256"}
	elbTLS13F   = elbTLS13[:2]
	elbGCM      = []string{"ECDHE-ECDSA-AES128-GCM-SHA256", "ECDHE-RSA-AES128-GCM-SHA256", "ECDHE-ECDSA-AES256-GCM-SHA384", "ECDHE-RSA-AES256-GCM-SHA384"}
	elbCBC      = []string{"ECDHE-ECDSA-AES128-SHA256", "ECDHE-RSA-AES128-SHA256", "ECDHE-ECDSA-AES256-SHA384", "ECDHE-RSA-AES256-SHA384"}
	elbCBCSHA1  = []string{"ECDHE-ECDSA-AES128-SHA", "ECDHE-RSA-AES128-SHA", "ECDHE-RSA-AES256-SHA", "ECDHE-ECDSA-AES256-SHA"}
	elbRSA      = []string{"AES128-GCM-SHA256", "AES128-SHA256", "AES256-GCM-SHA384", "AES256-SHA256"}
	elbRSASHA1  = []string{"AES128-SHA", "AES256-SHA"}
	elbProtocol = []string{"TLSv1.3", "TLSv1.2", "TLSv1.1", "TLSv1"}
)

// elbSSLPolicies are the policies an HTTPS listener can have.
var elbSSLPolicies = func() map[string]*elbtypes.SslPolicy {
	all := map[string]*elbtypes.SslPolicy{}
	add := func(name string, protocols []string, families ...[]string) {
		p := &elbtypes.SslPolicy{Name: new(name), SslProtocols: protocols, SupportedLoadBalancerTypes: []string{"application", "network"}}
		for _, cipher := range slices.Concat(families...) {
			p.Ciphers = append(p.Ciphers, elbtypes.Cipher{Name: new(cipher), Priority: new(int32(len(p.Ciphers) + 1))})
		}
		all[name] = p
	}
	old := slices.Concat(elbGCM, elbCBC, elbCBCSHA1, elbRSA, elbRSASHA1)
	for _, suffix := range []string{"2021-06", "PQ-2025-09", "FIPS-2023-04", "FIPS-PQ-2025-09"} {
		tls13 := elbTLS13
		if strings.HasPrefix(suffix, "FIPS") {
			tls13 = elbTLS13F
		}
		name := func(version string) string { return "ELBSecurityPolicy-TLS13-" + version + "-" + suffix }
		add(name("1-3"), elbProtocol[:1], tls13)
		add(name("1-2"), elbProtocol[:2], tls13, elbGCM, elbCBC)
		add(name("1-2-Res"), elbProtocol[:2], tls13, elbGCM)
		add(name("1-2-Ext1"), elbProtocol[:2], tls13, elbGCM, elbCBC, elbRSA)
		add(name("1-2-Ext2"), elbProtocol[:2], tls13, old)
		add(name("1-0"), elbProtocol, tls13, old)
		if !strings.Contains(suffix, "PQ") {
			add(name("1-1"), elbProtocol[:3], tls13, old)
		}
	}
	add("ELBSecurityPolicy-TLS-1-2-Ext-2018-06", elbProtocol[1:2], old)
	add("ELBSecurityPolicy-TLS-1-2-2017-01", elbProtocol[1:2], elbGCM, elbCBC, elbRSA)
	add("ELBSecurityPolicy-TLS-1-1-2017-01", elbProtocol[1:3], old)
	add("ELBSecurityPolicy-2016-08", elbProtocol[1:], old)
	add("ELBSecurityPolicy-FS-2018-06", elbProtocol[1:], elbGCM, elbCBC, elbCBCSHA1)
	add("ELBSecurityPolicy-FS-1-1-2019-08", elbProtocol[1:3], elbGCM, elbCBC, elbCBCSHA1)
	add("ELBSecurityPolicy-FS-1-2-2019-08", elbProtocol[1:2], elbGCM, elbCBC, elbCBCSHA1)
	add("ELBSecurityPolicy-FS-1-2-Res-2019-08", elbProtocol[1:2], elbGCM, elbCBC)
	add("ELBSecurityPolicy-FS-1-2-Res-2020-10", elbProtocol[1:2], elbGCM)
	return all
}()

func (c *call) elbDescribeSSLPolicies(in *elb.DescribeSSLPoliciesInput) (*elb.DescribeSSLPoliciesOutput, error) {
	if in.LoadBalancerType == elbtypes.LoadBalancerTypeEnumGateway {
		return &elb.DescribeSSLPoliciesOutput{SslPolicies: []elbtypes.SslPolicy{}}, nil
	}
	names := in.Names
	if len(names) == 0 {
		names = sortedKeys(elbSSLPolicies)
	}
	var found []elbtypes.SslPolicy
	for _, name := range names {
		p := elbSSLPolicies[name]
		if p == nil {
			return nil, apiError("SSLPolicyNotFound", "SSL policy '%s' not found", name)
		}
		found = append(found, *p)
	}
	page, next, err := elbPage(found, in.Marker, in.PageSize)
	if err != nil {
		return nil, err
	}
	return &elb.DescribeSSLPoliciesOutput{SslPolicies: page, NextMarker: next}, nil
}

// elbDescribeAccountLimits answers the quotas that the handlers enforce.
func (c *call) elbDescribeAccountLimits(in *elb.DescribeAccountLimitsInput) (*elb.DescribeAccountLimitsOutput, error) {
	var limits []elbtypes.Limit
	for _, l := range [][2]string{
		{"target-groups", fmt.Sprint(c.quota("elb.target_groups"))}, {"targets-per-application-load-balancer", "1000"}, {"listeners-per-application-load-balancer", fmt.Sprint(c.quota("elb.listeners_per_load_balancer"))},
		{"rules-per-application-load-balancer", fmt.Sprint(c.quota("elb.rules_per_load_balancer"))}, {"application-load-balancers", fmt.Sprint(c.quota("elb.application_load_balancers"))}, {"targets-per-target-group", "1000"},
		{"target-groups-per-application-load-balancer", "100"}, {"certificates-per-application-load-balancer", fmt.Sprint(c.quota("elb.certificates_per_listener"))},
		{"condition-values-per-alb-rule", "5"}, {"condition-wildcards-per-alb-rule", "5"}, {"target-groups-per-action-on-application-load-balancer", "5"},
	} {
		limits = append(limits, elbtypes.Limit{Name: new(l[0]), Max: new(l[1])})
	}
	page, next, err := elbPage(limits, in.Marker, in.PageSize)
	if err != nil {
		return nil, err
	}
	return &elb.DescribeAccountLimitsOutput{Limits: page, NextMarker: next}, nil
}
