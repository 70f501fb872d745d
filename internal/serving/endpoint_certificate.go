package serving

import (
	"strings"
	"time"
)

var (
	ruleDomainNotCovered = mustNot("domain_not_covered", "Certificate does not cover the domain")
	ruleServedExpired    = mustNot("endpoint_certificate_expired", "Cluster's certificate has expired")
	ruleServedNotYet     = mustNot("endpoint_certificate_not_yet_valid", "Cluster's certificate is not valid yet")
	ruleServedSoon       = shouldNot("endpoint_certificate_expires_soon", "Cluster's certificate expires soon")
	ruleServedKeyType    = mustNot("endpoint_certificate_key_type", "Load balancer does not take the certificate's key")
	ruleServedSelfSigned = shouldNot("endpoint_certificate_self_signed", "Public endpoint with a self-signed certificate")
)

// servedSoon is how long before its end a served certificate is warned of.
const servedSoon = 14 * 24 * time.Hour

// CertificateProblems judges whether a certificate serves the cluster's endpoint:
// its names cover the domain, it is valid now, and the load balancer takes its
// key. Call it when the endpoint, the visibility and the certificate are known;
// what info leaves empty is not judged.
func (c Cluster) CertificateProblems(info CertificateInfo, now time.Time) []Problem {
	const path = "endpoint.certificate_id"
	e, visibility, its := c.Endpoint, c.Visibility, factsOf(c.Cloud)
	var problems []Problem
	add := func(p Problem) { problems = append(problems, p) }

	if e.Domain != "" && !info.Covers(e.Domain) {
		names := strings.Join(info.DNSNames, ", ")
		if names == "" {
			names = "nothing"
		}
		add(ruleDomainNotCovered.at("endpoint.domain", "The domain is %q and the certificate %s is for %s. Callers would refuse the connection; a wildcard stands for one label only. "+
			"Use a certificate with this name, or a domain that it has.", e.Domain, e.CertificateID, names))
	}
	switch {
	case !info.NotBefore.IsZero() && now.Before(info.NotBefore):
		add(ruleServedNotYet.at(path, "The certificate %s is valid from %s on, and now it is %s. Callers would refuse the connection. Use another, or wait.",
			e.CertificateID, day(info.NotBefore), day(now)))
	case info.NotAfter.IsZero():
	case now.After(info.NotAfter):
		add(ruleServedExpired.at(path, "The certificate %s was valid until %s. Callers would refuse the connection. Import a new one into the same serving_certificate.",
			e.CertificateID, day(info.NotAfter)))
	case info.NotAfter.Sub(now) <= servedSoon:
		add(ruleServedSoon.at(path, "The certificate %s is valid until %s, in %d days. Import a new one into the same serving_certificate: the load balancer takes it over without a change here.",
			e.CertificateID, day(info.NotAfter), daysUntil(info.NotAfter, now)))
	}
	if info.KeyAlgorithm != "" && !its.keys[info.KeyAlgorithm] {
		add(ruleServedKeyType.at(path, "The certificate %s has a key of type %s. Load balancers take %s. Use a certificate for such a key.",
			e.CertificateID, info.KeyAlgorithm, its.keyList))
	}
	if visibility == Public && info.SelfSigned {
		add(ruleServedSelfSigned.at(path, "The certificate %s is self-signed. Callers on the Internet do not know its key and refuse the connection unless each is told to trust it. "+
			"Use one of a public authority.", e.CertificateID))
	}
	return problems
}
