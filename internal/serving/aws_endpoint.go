package serving

import "regexp"

var ruleSourceQuota = shouldNot("source_range_quota", "Ranges need a higher quota")

// acmResource is an ACM certificate's part of an ARN (ACM API reference,
// DescribeCertificate: CertificateArn).
var acmResource = regexp.MustCompile(`^certificate/[\w+=,.@-]+$`)

// awsUsersRecord: the cluster could keep the record itself.
const awsUsersRecord = "point it at the new one. Until then requests fail. With endpoint.dns the provider keeps the record and moves it without a gap."

// A hosted zone's id has at most 32 characters (Route 53 API reference,
// HostedZone: Id); all that Route 53 gives begin with a Z.
var zoneIDSyntax = upTo(32, `^Z[0-9A-Z]+$`)

func (awsRules) zone(f *findings, id string) {
	if !zoneIDSyntax.MatchString(id) {
		f.add(ruleDNSZone.at("endpoint.dns.zone_id", "The zone is %q. It is the id of a Route 53 hosted zone, a Z with letters in upper case and digits, without \"/hostedzone/\". "+
			"Write zone_id = aws_route53_zone.<name>.zone_id, or copy the id from \"aws route53 list-hosted-zones\".", id))
	}
}

// certificateID takes the id of a serving_certificate or the ARN of an ACM
// certificate. Certificates are regional: a listener takes those of its own
// region only.
func (awsRules) certificateID(f *findings, c Cluster) {
	const path = "endpoint.certificate_id"
	text := c.Endpoint.CertificateID
	regionKnown := f.known("region") && awsRegionSyntax.MatchString(c.Region)
	if a, ok := parseARN(text); ok {
		switch {
		case a.service != "acm" || !accountSyntax.MatchString(a.account) || !acmResource.MatchString(a.resource):
			f.badACMCertificate(text)
		case regionKnown && a.region != c.Region:
			f.certificateElsewhere(text, a.region, c.Region)
		default:
			f.partition(path, text, a, c)
		}
		return
	}
	f.ownCertificateID(c, func() { f.badACMCertificate(text) })
}

func (f *findings) badACMCertificate(text string) {
	f.add(ruleCertificateID.at("endpoint.certificate_id", "%q is neither the id of a serving_certificate (\"aws/us-west-2/models\") nor the ARN of an ACM certificate "+
		"(\"arn:aws:acm:us-west-2:123456789012:certificate/...\"). Write serving_certificate.<name>.id, or copy the ARN from \"aws acm list-certificates\".", text))
}

// A security group takes 60 rules unless the quota was raised (VPC User Guide,
// "Amazon VPC quotas": inbound rules per security group). Ten are left for the
// VPC's own ranges and peerings. On a public cluster each range takes two
// rules, for port 443 and for the redirect on port 80.
const (
	maxSources = 50
	ruleQuota  = 60
)

func (awsRules) sources(f *findings, c Cluster) {
	const list = "endpoint.allowed_cidrs"
	n := len(c.Endpoint.AllowedCIDRs)
	switch {
	case n > maxSources:
		f.add(ruleSourceCount.at(list, "%d ranges are listed. A security group takes %d rules, of which %d are left for your ranges. Merge neighbouring ranges.", n, ruleQuota, maxSources))
	case f.known("visibility") && c.Visibility == Public && 2*n > ruleQuota:
		f.add(ruleSourceQuota.at(list, "%d ranges are listed. On a public cluster each needs two rules (ports 443 and 80), %d in all, and a security group takes %d unless the quota was raised for your account. "+
			"Merge neighbouring ranges, or raise \"Inbound or outbound rules per security group\".", n, 2*n, ruleQuota))
	}
}
