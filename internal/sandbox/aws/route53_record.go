package aws

import (
	"net/netip"
	"regexp"
	"slices"
	"strconv"
	"strings"

	elbtypes "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"
	route53types "github.com/aws/aws-sdk-go-v2/service/route53/types"
)

// values checks what a record holds and brings names in it to their normal form.
func (b *route53Batch) values(set *route53types.ResourceRecordSet) bool {
	before := len(b.problems)
	if alias := set.AliasTarget; alias != nil {
		target, problem := route53Name(*alias.DNSName)
		switch {
		case problem != "":
			b.problem("%s", problem)
		case set.Type == route53types.RRTypeNs || set.Type == route53types.RRTypeSoa:
			b.problem("RRSet of type %s with DNS name %s cannot be an alias", set.Type, *set.Name)
		}
		set.AliasTarget = &route53types.AliasTarget{HostedZoneId: alias.HostedZoneId, DNSName: &target, EvaluateTargetHealth: alias.EvaluateTargetHealth}
		return len(b.problems) == before
	}
	list := recordValues(*set)
	for i, value := range list {
		if slices.Contains(list[:i], value) {
			b.problem("Duplicate Resource Record: '%s'", value)
		}
		if problem := recordProblem(set.Type, value); problem != "" {
			b.problem("Invalid Resource Record: '%s'", fatal(problem, value))
		}
	}
	switch {
	case len(list) > 1 && (set.Type == route53types.RRTypeCname || set.Type == route53types.RRTypeSoa):
		b.problem("RRSet of type %s with DNS name %s can have one value only", set.Type, *set.Name)
	case set.Type == route53types.RRTypeSoa && *set.Name != *b.zone.Name:
		b.problem("RRSet of type SOA with DNS name %s is not permitted in zone %s", *set.Name, *b.zone.Name)
	}
	return len(b.problems) == before
}

var (
	quotedStrings = regexp.MustCompile(`^"(?:[^"\\]|\\.){0,255}"(?:\s+"(?:[^"\\]|\\.){0,255}")*$`)
	mailExchange  = regexp.MustCompile(`^(\d{1,5})\s+(\S+)$`)
)

// recordProblem says what is wrong with a value, in the service's words. Types that no client of the sandbox resolves are
// only not to be empty.
func recordProblem(kind route53types.RRType, value string) string {
	switch kind {
	case route53types.RRTypeA:
		if ip, err := netip.ParseAddr(value); err != nil || !ip.Is4() {
			return "ARRDATAIllegalIPv4Address (Value is not a valid IPv4 address)"
		}
	case route53types.RRTypeAaaa:
		if ip, err := netip.ParseAddr(value); err != nil || !ip.Is6() || ip.Zone() != "" {
			return "AAAARRDATAIllegalIPv6Address (Value is not a valid IPv6 address)"
		}
	case route53types.RRTypeTxt, route53types.RRTypeSpf:
		if !quotedStrings.MatchString(value) {
			return "InvalidCharacterString (Value should be enclosed in quotation marks)"
		}
	case route53types.RRTypeCname, route53types.RRTypeNs, route53types.RRTypePtr:
		if _, problem := route53Name(value); problem != "" {
			return "UnparseableDomainName (Value is not a domain name)"
		}
	case route53types.RRTypeMx:
		parts := mailExchange.FindStringSubmatch(value)
		if parts == nil {
			return "MXRRDATANotTwoFields (MX record doesn't have 2 fields)"
		}
		if n, err := strconv.Atoi(parts[1]); err != nil || n > 65535 {
			return "MXRRDATAInvalidPriority (Priority is not from 0 to 65535)"
		}
		if _, problem := route53Name(parts[2]); problem != "" {
			return "UnparseableDomainName (Value is not a domain name)"
		}
	default:
		if strings.TrimSpace(value) == "" {
			return "RRDATAEmpty (Value is empty)"
		}
	}
	return ""
}

// aliasTarget refuses an alias whose target is not there: a load balancer under the zone of its region, or a record of the
// same type in the same zone.
func (b *route53Batch) aliasTarget(r *route53Record) {
	name, zone := *r.AliasTarget.DNSName, text(r.AliasTarget.HostedZoneId)
	found, within := false, false
	if zone == b.zone.id() {
		within = inside(name, *b.zone.Name)
		target := b.records[b.zone.key(name, r.Type)]
		found = target != nil && target != r
	} else if lb := b.c.cloud.balancerNamed(strings.TrimSuffix(name, ".")); lb != nil {
		within = zone == text(lb.CanonicalHostedZoneId)
		found = within && (r.Type == route53types.RRTypeA || r.Type == route53types.RRTypeAaaa && lb.IpAddressType != elbtypes.IpAddressTypeIpv4)
	} else {
		for region := range geography {
			within = within || strings.HasSuffix(name, "."+region+".elb.amazonaws.com.") && zone == elbHostedZone(region)
		}
	}
	if !within {
		b.problem("Tried to create an alias that targets %s, type %s in zone %s, but the alias target name does not lie within the target zone", name, r.Type, zone)
	}
	if !found {
		b.problem("Tried to create an alias that targets %s, type %s in zone %s, but that target was not found", name, r.Type, zone)
	}
}

// balancerNamed is the load balancer with a DNS name, in whatever account and region, or nil. Each has a second name that
// begins with "dualstack.". The cloud's lock is held.
func (c *Cloud) balancerNamed(name string) *elbLoadBalancer {
	name = strings.TrimPrefix(name, "dualstack.")
	for _, region := range c.state.Regions {
		for _, lb := range region.ELB.LoadBalancers {
			if strings.ToLower(text(lb.DNSName)) == name {
				return lb
			}
		}
	}
	return nil
}
