package serving

import (
	"net/netip"
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
	ruleSourceNoPath       = mustNot("source_range_no_path", "Range has no path to a private cluster")
	ruleSourceNobody       = shouldNot("source_range_private", "Range matches nobody on a public cluster")
	ruleTLSVersion         = mustNot("min_tls_version", "Invalid minimum TLS version")
	ruleIdleTimeout        = mustNot("idle_timeout", "Invalid idle timeout")
	ruleDNSDomain          = mustNot("dns_domain_missing", "DNS record without a domain")
	ruleDNSZone            = mustNot("dns_zone_id", "Invalid hosted zone")
)

// An Application Load Balancer's idle timeout is 1 to 4000 seconds
// (elasticloadbalancingv2 LoadBalancerAttribute, idle_timeout.timeout_seconds), and
// Google's takes more. One rule for both, so that a configuration moves.
const maxIdleTimeout = 4000

func (f *findings) endpoint(c Cluster) {
	e := c.Endpoint
	f.certificatePresent(c)
	if e.CertificateID != "" && f.known("endpoint.certificate_id") {
		f.of(c.Cloud).certificateID(f, c)
	}
	f.domain(e.Domain)
	f.sources(c)
	if f.known("endpoint.min_tls_version") && e.MinTLSVersion != "" && e.MinTLSVersion != "1.2" && e.MinTLSVersion != "1.3" {
		f.add(ruleTLSVersion.at("endpoint.min_tls_version", "The minimum is %q. It is \"1.2\" or \"1.3\"; what is older is not safe. Write one of them.", e.MinTLSVersion))
	}
	if s := e.IdleTimeoutSeconds; f.known("endpoint.idle_timeout_seconds") && (s < 0 || s > maxIdleTimeout) {
		f.add(ruleIdleTimeout.at("endpoint.idle_timeout_seconds", "The timeout is %d s. A load balancer takes 1 to %d s. Give the longest silence of your slowest model.", s, maxIdleTimeout))
	}
	f.dns(c)
}

func (f *findings) dns(c Cluster) {
	e := c.Endpoint
	const path = "endpoint.dns"
	if e.DNS == nil || !f.known(path) {
		return
	}
	if e.Domain == "" && f.known("endpoint.domain") {
		f.add(ruleDNSDomain.at(path, "There is no domain, which is the name of the record. Write endpoint.domain, or remove endpoint.dns."))
	}
	if f.known(path + ".zone_id") {
		f.of(c.Cloud).zone(f, e.DNS.ZoneID)
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
			"Import a certificate with a serving_certificate, or give the id of one that is managed elsewhere."))
	}
}

// ownCertificateID holds the id of a serving_certificate against the place of the
// cluster: load balancers take certificates of their own region only.
func (f *findings) ownCertificateID(c Cluster, bad func()) {
	text := c.Endpoint.CertificateID
	id, ok := ParseID(text)
	switch {
	case !ok:
		bad()
	case id.Cloud != c.Cloud:
		f.add(ruleCertificateCloud.at("endpoint.certificate_id", "%s is a certificate in cloud %q and the cluster is in %q. Import the certificate into the cluster's cloud too.", text, string(id.Cloud), string(c.Cloud)))
	case f.regionKnown(c) && id.Region != c.Region:
		f.certificateElsewhere(text, id.Region, c.Region)
	}
}

// regionKnown reports whether the region is known and one by its form.
func (f *findings) regionKnown(c Cluster) bool {
	return f.known("region") && f.of(c.Cloud).facts().regions.MatchString(c.Region)
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
	if len(domain) > maxDomain || !subdomain(domain) {
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
	if f.known(list) {
		f.of(c.Cloud).sources(f, c)
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
