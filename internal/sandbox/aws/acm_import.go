package aws

import (
	"maps"
	"slices"

	"github.com/aws/aws-sdk-go-v2/service/acm"
	acmtypes "github.com/aws/aws-sdk-go-v2/service/acm/types"
)

func init() {
	handle("acm", "ImportCertificate", (*call).acmImportCertificate)
}

func (c *call) acmImportCertificate(in *acm.ImportCertificateInput) (*acm.ImportCertificateOutput, error) {
	parsed, err := acmParse(in.Certificate, in.PrivateKey, in.CertificateChain, c.now())
	if err != nil {
		return nil, err
	}
	if in.CertificateArn != nil {
		return c.acmReimport(in, parsed)
	}
	tags := map[string]string{}
	if err := acmMergeTags(tags, in.Tags); err != nil {
		return nil, err
	}
	if len(c.acm().Certificates) >= c.quota("acm.certificates") {
		return nil, apiError("LimitExceededException", "Cannot import more certificates than the limit of %d.", c.quota("acm.certificates"))
	}
	cert := &acmCertificate{CertificateDetail: acmDetail(parsed), Tags: tags, Body: parsed.bodyPEM, Chain: parsed.chainPEM}
	arn := c.arn("acm", "certificate/"+c.newUUID())
	cert.CertificateArn = new(arn)
	cert.CreatedAt, cert.ImportedAt = new(c.now()), new(c.now())
	c.acm().Certificates[arn] = cert
	c.region().Keys[arn] = string(in.PrivateKey)
	// Other services do not see an import at once.
	c.after("acm.import.propagate", transition{Kind: "acm.import", ID: arn, To: "propagated"})
	return &acm.ImportCertificateOutput{CertificateArn: new(arn)}, nil
}

// acmReimport replaces a certificate under its ARN ("Reimporting a certificate" in the user guide).
func (c *call) acmReimport(in *acm.ImportCertificateInput, parsed *acmParsed) (*acm.ImportCertificateOutput, error) {
	if len(in.Tags) > 0 {
		return nil, apiError("ValidationException", "Tagging is not permitted on re-import.")
	}
	old, err := c.acmCertificate(in.CertificateArn)
	if err != nil {
		return nil, err
	}
	if old.Type != acmtypes.CertificateTypeImported {
		return nil, apiError("ValidationException", "Certificate %s is not an imported certificate and cannot be replaced by an import.", *in.CertificateArn)
	}
	detail := acmDetail(parsed)
	if detail.KeyAlgorithm != old.KeyAlgorithm {
		return nil, apiError("ValidationException", "The key algorithm and size cannot be changed on re-import: certificate %s has %s, the new one has %s.", *in.CertificateArn, old.KeyAlgorithm, detail.KeyAlgorithm)
	}
	if len(old.SubjectAlternativeNames) > 0 && !slices.ContainsFunc(detail.SubjectAlternativeNames, func(name string) bool { return slices.Contains(old.SubjectAlternativeNames, name) }) {
		return nil, apiError("ValidationException", "The new certificate must have at least one domain name in common with certificate %s.", *in.CertificateArn)
	}
	for _, usage := range old.KeyUsages {
		if !slices.Contains(detail.KeyUsages, usage) {
			return nil, apiError("ValidationException", "The key usage %s cannot be removed on re-import.", usage.Name)
		}
	}
	names := map[acmtypes.ExtendedKeyUsageName]bool{acmtypes.ExtendedKeyUsageNameTlsWebClientAuthentication: true}
	for _, usage := range detail.ExtendedKeyUsages {
		names[usage.Name] = true
	}
	for _, usage := range old.ExtendedKeyUsages {
		if !names[usage.Name] {
			return nil, apiError("ValidationException", "The extended key usage %s cannot be removed on re-import.", usage.Name)
		}
	}
	detail.CertificateArn, detail.CreatedAt, detail.ImportedAt = old.CertificateArn, old.CreatedAt, new(c.now())
	old.CertificateDetail, old.Body, old.Chain = detail, parsed.bodyPEM, parsed.chainPEM
	c.region().Keys[*old.CertificateArn] = string(in.PrivateKey)
	return &acm.ImportCertificateOutput{CertificateArn: old.CertificateArn}, nil
}

// acmMergeTags adds tags to those there are, or says what is wrong with them.
func acmMergeTags(have map[string]string, tags []acmtypes.Tag) error {
	merged, seen := maps.Clone(have), map[string]bool{}
	for _, t := range tags {
		key, value := *t.Key, ""
		if t.Value != nil {
			value = *t.Value
		}
		if seen[key] {
			return apiError("InvalidParameterException", "Duplicate tag key: %s", key)
		}
		seen[key] = true
		if len(key) > 4 && (key[:4] == "aws:" || key[:4] == "AWS:") {
			return apiError("InvalidTagException", "Tag keys that begin with aws: are reserved: %s", key)
		}
		merged[key] = value
	}
	if len(merged) > 50 {
		return apiError("TooManyTagsException", "A certificate can have at most 50 tags.")
	}
	maps.Copy(have, merged)
	return nil
}
