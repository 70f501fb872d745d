package serving

import "regexp"

// A load balancer's security policy has rules of 10 ranges each (compute
// SecurityPolicyRuleMatcherConfig.srcIpRanges), and 200 rules unless the quota was
// raised; half of them are left for what a cluster may need later.
const (
	RangesPerPolicyRule = 10
	maxPolicySources    = 100 * RangesPerPolicyRule
)

var ruleDNSOnlyAWS = mustNot("dns_gcp", "DNS record is yours on GCP")

// zone: the address of a load balancer is reserved here, so a record of the user's
// own stays true for as long as the visibility does.
func (gcpRules) zone(f *findings, _ string) {
	f.add(ruleDNSOnlyAWS.at("endpoint.dns", "The cluster is on GCP, where the provider keeps no DNS record. Remove endpoint.dns, and let a record of type A lead to endpoint.address, "+
		"as a google_dns_record_set with rrdatas = [serving_cluster.<name>.endpoint.address]."))
}

// gcpCertificateSyntax is the name of a certificate of Certificate Manager
// (certificatemanager Certificate.name).
var gcpCertificateSyntax = regexp.MustCompile(`^projects/[a-z0-9.:-]+/locations/([a-z0-9-]+)/certificates/[a-z]([-a-z0-9]{0,61}[a-z0-9])?$`)

// certificateID takes the id of a serving_certificate or the name of a certificate
// of Certificate Manager. A regional load balancer takes those of its own region.
func (gcpRules) certificateID(f *findings, c Cluster) {
	text := c.Endpoint.CertificateID
	if name := gcpCertificateSyntax.FindStringSubmatch(text); name != nil {
		if f.regionKnown(c) && name[1] != c.Region {
			f.certificateElsewhere(text, name[1], c.Region)
		}
		return
	}
	f.ownCertificateID(c, func() {
		f.add(ruleCertificateID.at("endpoint.certificate_id", "%q is neither the id of a serving_certificate (\"gcp/us-central1/models\") nor the name of a certificate of Certificate Manager "+
			"(\"projects/ml-prod/locations/us-central1/certificates/models\"). Write serving_certificate.<name>.id, or copy the name from \"gcloud certificate-manager certificates list\".", text))
	})
}

func (gcpRules) sources(f *findings, c Cluster) {
	if n := len(c.Endpoint.AllowedCIDRs); n > maxPolicySources {
		f.add(ruleSourceCount.at("endpoint.allowed_cidrs", "%d ranges are listed. %d are what the load balancer's security policy takes. Merge neighbouring ranges.", n, maxPolicySources))
	}
}
