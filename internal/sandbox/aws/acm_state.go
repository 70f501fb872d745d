package aws

import (
	"strings"
	"time"

	sdkaws "github.com/aws/aws-sdk-go-v2/aws"
	acmtypes "github.com/aws/aws-sdk-go-v2/service/acm/types"
)

// acmState is what Certificate Manager holds in one region, keyed by ARN.
type acmState struct {
	Certificates map[string]*acmCertificate
}

// acmCertificate never has the private key, which only load balancers get: it is one of the region's Keys. InUseBy is not kept
// either, the listeners are the authority for that.
type acmCertificate struct {
	acmtypes.CertificateDetail
	// Body and Chain are PEM as GetCertificate answers them.
	Body, Chain string
	Tags        map[string]string
	// Propagated is set once other services can use the certificate.
	Propagated bool
}

func (c *call) acm() *acmState { return &c.region().ACM }

func init() {
	registerKind("acm.certificate", func(r *Region) any { return r.ACM.Certificates })
	onSettle("acm.import", func(c *call, id, _ string) {
		if cert := c.acm().Certificates[id]; cert != nil {
			cert.Propagated = true
		}
	})
}

// status is the kept one, or that the certificate expired meanwhile.
func (cert *acmCertificate) status(now time.Time) acmtypes.CertificateStatus {
	if cert.Status == acmtypes.CertificateStatusIssued && cert.NotAfter != nil && now.After(*cert.NotAfter) {
		return acmtypes.CertificateStatusExpired
	}
	return cert.Status
}

func (c *call) acmCertificate(arn *string) (*acmCertificate, error) {
	id := sdkaws.ToString(arn)
	if parts := strings.SplitN(id, ":", 6); len(parts) != 6 || parts[0] != "arn" || parts[2] != "acm" || !strings.HasPrefix(parts[5], "certificate/") {
		return nil, apiError("InvalidArnException", "arn: '%s' is not a valid certificate ARN", id)
	}
	cert := c.acm().Certificates[id]
	if cert == nil {
		return nil, apiError("ResourceNotFoundException", "Could not find certificate %s in account %s.", id, c.Account)
	}
	return cert, nil
}

// newUUID makes an id in the form of a UUID.
func (c *call) newUUID() string {
	h := c.newHex(32)
	return strings.Join([]string{h[:8], h[8:12], "4" + h[13:16], "a" + h[17:20], h[20:]}, "-")
}
