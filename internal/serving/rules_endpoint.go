package serving

import (
	"net/netip"
	"regexp"
	"strings"
)

var (
	ruleCertificatePrivate = mustNot("certificate_missing_private", "Private cluster without a certificate")
	ruleCertificatePublic  = mustNot("certificate_missing_public", "Public cluster without a certificate")
	ruleCertificateID      = mustNot("certificate_id_form", "Invalid certificate id")
	ruleCertificateCloud   = mustNot("certificate_id_cloud", "Certificate is in another cloud")
	ruleCertificateRegion  = mustNot("certificate_id_region", "Certificate is in another region")
	ruleDomain             = mustNot("domain_syntax", "Invalid domain")
	ruleDomainWildcard     = mustNot("domain_wildcard", "Domain is a wildcard")
	ruleSourceCount        = mustNot("source_range_count", "Too many ranges for the load balancer")
	ruleSourceQuota        = shouldNot("source_range_quota", "Ranges need a higher quota")
	ruleSourceNoPath       = mustNot("source_range_no_path", "Range has no path to a private cluster")
	ruleSourceNobody       = shouldNot("source_range_private", "Range matches nobody on a public cluster")
	ruleTLSVersion         = mustNot("min_tls_version", "Invalid minimum TLS version")
	ruleIdleTimeout        = mustNot("idle_timeout", "Invalid idle timeout")
	ruleDNSDomain          = mustNot("dns_domain_missing", "DNS record without a domain")
	ruleDNSZone            = mustNot("dns_zone_id", "Invalid hosted zone")
)

// A security group takes 60 rules unless the quota was raised (VPC User Guide,
// "Amazon VPC quotas": inbound rules per security group). Ten are left for the
// VPC's own ranges and peerings. On a public cluster each range takes two
// rules, for port 443 and for the redirect on port 80.
const (
	maxSources = 50
	ruleQuota  = 60
)

// An Application Load Balancer's idle timeout is 1 to 4000 seconds
// (elasticloadbalancingv2 LoadBalancerAttribute, idle_timeout.timeout_seconds).
const maxIdleTimeout = 4000

// acmResource is an ACM certificate's part of an ARN (ACM API reference,
// DescribeCertificate: CertificateArn).
var acmResource = regexp.MustCompile(`^certificate/[\w+=,.@-]+$`)

// A hosted zone's id has at most 32 characters (Route 53 API reference,
// HostedZone: Id); all that Route 53 gives begin with a Z.
var zoneIDSyntax = regexp.MustCompile(`^Z[0-9A-Z]{1,31}$`)

func (f *findings) endpoint(c Cluster) {
	e := c.Endpoint
	f.certificatePresent(c)
	f.certificateID(c)
	f.domain(e.Domain)
	f.sources(c)
	if f.known("endpoint.min_tls_version") && e.MinTLSVersion != "" && e.MinTLSVersion != "1.2" && e.MinTLSVersion != "1.3" {
		f.add(ruleTLSVersion.at("endpoint.min_tls_version", "The minimum is %q. It is \"1.2\" or \"1.3\"; what is older is not safe. Write one of them.", e.MinTLSVersion))
	}
	if s := e.IdleTimeoutSeconds; f.known("endpoint.idle_timeout_seconds") && (s < 0 || s > maxIdleTimeout) {
		f.add(ruleIdleTimeout.at("endpoint.idle_timeout_seconds", "The timeout is %d s. A load balancer takes 1 to %d s. Give the longest silence of your slowest model.", s, maxIdleTimeout))
	}
	f.dns(e)
}

func (f *findings) dns(e Endpoint) {
	const path = "endpoint.dns"
	if e.DNS == nil || !f.known(path) {
		return
	}
	if e.Domain == "" && f.known("endpoint.domain") {
		f.add(ruleDNSDomain.at(path, "There is no domain, which is the name of the record. Write endpoint.domain, or remove endpoint.dns."))
	}
	if f.known(path+".zone_id") && !zoneIDSyntax.MatchString(e.DNS.ZoneID) {
		f.add(ruleDNSZone.at(path+".zone_id", "The zone is %q. It is the id of a Route 53 hosted zone, a Z with letters in upper case and digits, without \"/hostedzone/\". "+
			"Write zone_id = aws_route53_zone.<name>.zone_id, or copy the id from \"aws route53 list-hosted-zones\".", e.DNS.ZoneID))
	}
}

// certificatePresent keeps a promise of the design: every cluster is HTTPS.
func (f *findings) certificatePresent(c Cluster) {
	const path = "endpoint.certificate_id"
	if c.Endpoint.CertificateID != "" || !f.known("visibility", path) {
		return
	}
	switch c.Visibility {
	case Private:
		f.add(ruleCertificatePrivate.at(path, "The cluster is private and has no certificate. A private cluster serves HTTPS only, and no public authority issues for names inside a VPC: "+
			"bring your own. Import it with a serving_certificate and write certificate_id = serving_certificate.<name>.id."))
	case Public:
		f.add(ruleCertificatePublic.at(path, "The cluster is public and has no certificate. Callers' tokens would cross the Internet in clear text. "+
			"Import a certificate with a serving_certificate, or give the ARN of one that ACM issued."))
	}
}

// certificateID takes the id of a serving_certificate or the ARN of an ACM
// certificate. Certificates are regional: a listener takes those of its own
// region only.
func (f *findings) certificateID(c Cluster) {
	const path = "endpoint.certificate_id"
	text := c.Endpoint.CertificateID
	if text == "" || !f.known(path) || !f.onAWS(c.Cloud) {
		return
	}
	regionKnown := f.known("region") && awsRegionSyntax.MatchString(c.Region)
	if a, ok := parseARN(text); ok {
		switch {
		case a.service != "acm" || !accountSyntax.MatchString(a.account) || !acmResource.MatchString(a.resource):
			f.badCertificateID(text)
		case regionKnown && a.region != c.Region:
			f.certificateElsewhere(text, a.region, c.Region)
		default:
			f.partition(path, text, a, c)
		}
		return
	}
	id, ok := ParseID(text)
	switch {
	case !ok:
		f.badCertificateID(text)
	case id.Cloud != c.Cloud:
		f.add(ruleCertificateCloud.at(path, "%s is a certificate in cloud %q and the cluster is in %q. Import the certificate into the cluster's cloud too.", text, string(id.Cloud), string(c.Cloud)))
	case regionKnown && id.Region != c.Region:
		f.certificateElsewhere(text, id.Region, c.Region)
	}
}

func (f *findings) badCertificateID(text string) {
	f.add(ruleCertificateID.at("endpoint.certificate_id", "%q is neither the id of a serving_certificate (\"aws/us-west-2/models\") nor the ARN of an ACM certificate "+
		"(\"arn:aws:acm:us-west-2:123456789012:certificate/...\"). Write serving_certificate.<name>.id, or copy the ARN from \"aws acm list-certificates\".", text))
}

func (f *findings) certificateElsewhere(text, region, want string) {
	f.add(ruleCertificateRegion.at("endpoint.certificate_id", "%s is in region %q and the cluster in %q. A load balancer takes certificates of its own region only. "+
		"Import the certificate into %s too.", text, region, want, want))
}

// A host name has labels of up to 63 letters, digits and hyphens, 253
// characters in all (RFC 1123, section 2.1; RFC 1035, section 2.3.4).
const maxDomain = 253

func (f *findings) domain(domain string) {
	const path = "endpoint.domain"
	if domain == "" || !f.known(path) {
		return
	}
	switch {
	case strings.Contains(domain, "*"):
		f.add(ruleDomainWildcard.at(path, "The domain is %q. It is the one host name that callers use. The certificate may be for a wildcard; write the name itself, as \"models.example.com\".", domain))
	case !domainOK(domain):
		f.add(ruleDomain.at(path, "The domain is %q. It is a host name in lower case of up to %d characters, without scheme, port, path and final dot, as \"models.example.com\". Write it so.", domain, maxDomain))
	}
}

func domainOK(domain string) bool {
	if len(domain) > maxDomain || !subdomainSyntax.MatchString(domain) {
		return false
	}
	// What ends in a number is an IPv4 address, not a name.
	last := domain[strings.LastIndexByte(domain, '.')+1:]
	return strings.Trim(last, "0123456789") != ""
}

// sources judges the ranges the load balancer answers to.
func (f *findings) sources(c Cluster) {
	const list = "endpoint.allowed_cidrs"
	texts := c.Endpoint.AllowedCIDRs
	f.ranges(list, texts, func(path string, r netip.Prefix) {
		if !f.known("visibility") {
			return
		}
		switch {
		case c.Visibility == Private && !inside(r, privateRanges) && !f.inOwnNetwork(r, c):
			f.add(ruleSourceNoPath.at(path, "%s contains addresses of the Internet, and nothing on the Internet has a path to a private cluster: allowing them would only look like access. "+
				"List private ranges of peered VPCs or of your VPN (inside 10.0.0.0/8, 172.16.0.0/12, 192.168.0.0/16 or 100.64.0.0/10), or make the cluster public.", r))
		case c.Visibility == Public && inside(r, privateRanges):
			f.add(ruleSourceNobody.at(path, "%s is a private range, and callers come to a public load balancer from public addresses. "+
				"List the public addresses behind which these callers are, or make the cluster private.", r))
		}
	})
	n := len(texts)
	if !f.onAWS(c.Cloud) || !f.known(list) {
		return
	}
	switch {
	case n > maxSources:
		f.add(ruleSourceCount.at(list, "%d ranges are listed. A security group takes %d rules, of which %d are left for your ranges. Merge neighbouring ranges.", n, ruleQuota, maxSources))
	case f.known("visibility") && c.Visibility == Public && 2*n > ruleQuota:
		f.add(ruleSourceQuota.at(list, "%d ranges are listed. On a public cluster each needs two rules (ports 443 and 80), %d in all, and a security group takes %d unless the quota was raised for your account. "+
			"Merge neighbouring ranges, or raise \"Inbound or outbound rules per security group\".", n, 2*n, ruleQuota))
	}
}

// inOwnNetwork reports whether r is, or may be, in the cluster's own VPC, whose
// range need not be private.
func (f *findings) inOwnNetwork(r netip.Prefix, c Cluster) bool {
	if !f.known("network.cidr") {
		return true
	}
	own, err := netip.ParsePrefix(c.Network.CIDR)
	return err == nil && inside(r, []netip.Prefix{own.Masked()})
}
