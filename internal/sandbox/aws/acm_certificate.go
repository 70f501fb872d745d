package aws

import (
	"cmp"
	"maps"
	"slices"
	"strconv"
	"strings"

	sdkaws "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/acm"
	acmtypes "github.com/aws/aws-sdk-go-v2/service/acm/types"
)

func init() {
	handle("acm", "DescribeCertificate", (*call).acmDescribeCertificate)
	handle("acm", "GetCertificate", (*call).acmGetCertificate)
	handle("acm", "ListCertificates", (*call).acmListCertificates)
	handle("acm", "DeleteCertificate", (*call).acmDeleteCertificate)
	handle("acm", "ListTagsForCertificate", (*call).acmListTagsForCertificate)
	handle("acm", "AddTagsToCertificate", (*call).acmAddTagsToCertificate)
	handle("acm", "RemoveTagsFromCertificate", (*call).acmRemoveTagsFromCertificate)
}

func (c *call) acmDescribeCertificate(in *acm.DescribeCertificateInput) (*acm.DescribeCertificateOutput, error) {
	cert, err := c.acmCertificate(in.CertificateArn)
	if err != nil {
		return nil, err
	}
	shown := cert.CertificateDetail
	shown.Status = cert.status(c.now())
	shown.InUseBy = append([]string{}, c.elb().certificateUsers(*cert.CertificateArn)...)
	return &acm.DescribeCertificateOutput{Certificate: &shown}, nil
}

func (c *call) acmGetCertificate(in *acm.GetCertificateInput) (*acm.GetCertificateOutput, error) {
	cert, err := c.acmCertificate(in.CertificateArn)
	if err != nil {
		return nil, err
	}
	out := &acm.GetCertificateOutput{Certificate: new(cert.Body)}
	if cert.Chain != "" {
		out.CertificateChain = new(cert.Chain)
	}
	return out, nil
}

func (c *call) acmListCertificates(in *acm.ListCertificatesInput) (*acm.ListCertificatesOutput, error) {
	if (in.SortBy == "") != (in.SortOrder == "") {
		return nil, apiError("ValidationException", "If you specify SortBy, you must also specify SortOrder, and the other way round.")
	}
	filters := acmtypes.Filters{}
	if in.Includes != nil {
		filters = *in.Includes
	}
	if len(filters.KeyTypes) == 0 {
		// The surprise that hides elliptic curve certificates from most callers: see Filters in the SDK.
		filters.KeyTypes = []acmtypes.KeyAlgorithm{acmtypes.KeyAlgorithmRsa1024, acmtypes.KeyAlgorithmRsa2048}
	}
	all := slices.SortedFunc(maps.Values(c.acm().Certificates), func(a, b *acmCertificate) int {
		return cmp.Or(a.CreatedAt.Compare(*b.CreatedAt), cmp.Compare(*a.CertificateArn, *b.CertificateArn))
	})
	if in.SortOrder == acmtypes.SortOrderDescending {
		slices.Reverse(all)
	}
	var found []acmtypes.CertificateSummary
	for _, cert := range all {
		if acmMatches(cert, filters) && (len(in.CertificateStatuses) == 0 || slices.Contains(in.CertificateStatuses, cert.status(c.now()))) {
			found = append(found, c.acmSummary(cert))
		}
	}
	start := 0
	if in.NextToken != nil {
		n, err := strconv.Atoi(strings.TrimPrefix(*in.NextToken, "acm-"))
		if err != nil || n < 1 || n > len(found) {
			return nil, apiError("InvalidArgsException", "The next token is not valid.")
		}
		start = n
	}
	end := len(found)
	if n := int(sdkaws.ToInt32(in.MaxItems)); n > 0 {
		end = min(end, start+n)
	}
	out := &acm.ListCertificatesOutput{CertificateSummaryList: append([]acmtypes.CertificateSummary{}, found[start:end]...)}
	if end < len(found) {
		out.NextToken = new("acm-" + strconv.Itoa(end))
	}
	return out, nil
}

func acmMatches(cert *acmCertificate, f acmtypes.Filters) bool {
	if !slices.Contains(f.KeyTypes, cert.KeyAlgorithm) || cert.DomainName == nil {
		return false
	}
	if f.ExportOption == acmtypes.CertificateExportEnabled || f.ManagedBy != "" {
		return false
	}
	for _, want := range f.KeyUsage {
		if !slices.ContainsFunc(cert.KeyUsages, func(have acmtypes.KeyUsage) bool { return have.Name == want }) {
			return false
		}
	}
	for _, want := range f.ExtendedKeyUsage {
		if !slices.ContainsFunc(cert.ExtendedKeyUsages, func(have acmtypes.ExtendedKeyUsage) bool { return have.Name == want }) {
			return false
		}
	}
	return true
}

func (c *call) acmSummary(cert *acmCertificate) acmtypes.CertificateSummary {
	names := cert.SubjectAlternativeNames
	s := acmtypes.CertificateSummary{
		CertificateArn: cert.CertificateArn, DomainName: cert.DomainName, Type: cert.Type, Status: cert.status(c.now()),
		CreatedAt: cert.CreatedAt, ImportedAt: cert.ImportedAt, IssuedAt: cert.IssuedAt, NotBefore: cert.NotBefore, NotAfter: cert.NotAfter,
		KeyAlgorithm: cert.KeyAlgorithm, RenewalEligibility: cert.RenewalEligibility,
		InUse:                                new(len(c.elb().certificateUsers(*cert.CertificateArn)) > 0),
		SubjectAlternativeNameSummaries:      names[:min(len(names), 100)],
		HasAdditionalSubjectAlternativeNames: new(len(names) > 100),
	}
	for _, usage := range cert.KeyUsages {
		s.KeyUsages = append(s.KeyUsages, usage.Name)
	}
	for _, usage := range cert.ExtendedKeyUsages {
		s.ExtendedKeyUsages = append(s.ExtendedKeyUsages, usage.Name)
	}
	return s
}

func (c *call) acmDeleteCertificate(in *acm.DeleteCertificateInput) (*acm.DeleteCertificateOutput, error) {
	cert, err := c.acmCertificate(in.CertificateArn)
	if err != nil {
		return nil, err
	}
	if len(c.elb().certificateUsers(*cert.CertificateArn)) > 0 {
		return nil, apiError("ResourceInUseException", "Certificate %s in account %s is in use.", *cert.CertificateArn, c.Account)
	}
	delete(c.acm().Certificates, *cert.CertificateArn)
	delete(c.region().Keys, *cert.CertificateArn)
	return &acm.DeleteCertificateOutput{}, nil
}

func (c *call) acmListTagsForCertificate(in *acm.ListTagsForCertificateInput) (*acm.ListTagsForCertificateOutput, error) {
	cert, err := c.acmCertificate(in.CertificateArn)
	if err != nil {
		return nil, err
	}
	out := &acm.ListTagsForCertificateOutput{Tags: []acmtypes.Tag{}}
	for _, k := range sortedKeys(cert.Tags) {
		out.Tags = append(out.Tags, acmtypes.Tag{Key: new(k), Value: new(cert.Tags[k])})
	}
	return out, nil
}

func (c *call) acmAddTagsToCertificate(in *acm.AddTagsToCertificateInput) (*acm.AddTagsToCertificateOutput, error) {
	cert, err := c.acmCertificate(in.CertificateArn)
	if err != nil {
		return nil, err
	}
	if cert.Tags == nil {
		cert.Tags = map[string]string{}
	}
	return &acm.AddTagsToCertificateOutput{}, acmMergeTags(cert.Tags, in.Tags)
}

func (c *call) acmRemoveTagsFromCertificate(in *acm.RemoveTagsFromCertificateInput) (*acm.RemoveTagsFromCertificateOutput, error) {
	cert, err := c.acmCertificate(in.CertificateArn)
	if err != nil {
		return nil, err
	}
	for _, t := range in.Tags {
		// With a value, the tag goes only if that is its value.
		if have, ok := cert.Tags[*t.Key]; ok && (t.Value == nil || *t.Value == have) {
			delete(cert.Tags, *t.Key)
		}
	}
	return &acm.RemoveTagsFromCertificateOutput{}, nil
}
