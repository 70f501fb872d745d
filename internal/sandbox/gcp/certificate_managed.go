package gcp

import (
	"fmt"
	"slices"
	"strings"

	"cloud.google.com/go/certificatemanager/apiv1/certificatemanagerpb"
	"cloud.google.com/go/longrunning/autogen/longrunningpb"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/modelserving/terraform-provider-serving/internal/sandbox/control"
)

func init() {
	handle("google.cloud.certificatemanager.v1.CertificateManager.CreateDnsAuthorization", (*call).createDNSAuthorization)
	handle("google.cloud.certificatemanager.v1.CertificateManager.GetDnsAuthorization", (*call).getDNSAuthorization)
	handle("google.cloud.certificatemanager.v1.CertificateManager.ListDnsAuthorizations", (*call).listDNSAuthorizations)
	handle("google.cloud.certificatemanager.v1.CertificateManager.DeleteDnsAuthorization", (*call).deleteDNSAuthorization)
}

// fillManaged checks a managed certificate and begins its provisioning. That never ends well by itself here, since the sandbox has
// no DNS in which anybody could prove to own a domain: whoever wants an active one sets its state through the admin API.
func (c *call) fillManaged(body *certificatemanagerpb.Certificate) error {
	m := body.GetManaged()
	if m.IssuanceConfig != "" {
		return certificateInvalid("The sandbox does not implement 'certificate.managed.issuance_config'.")
	}
	if len(m.Domains) == 0 || len(m.Domains) > 100 {
		return certificateInvalid("A managed certificate must have between 1 and 100 domains; got %d.", len(m.Domains))
	}
	if c.Location != global && len(m.DnsAuthorizations) == 0 {
		return certificateInvalid("Regional managed certificates need 'certificate.managed.dns_authorizations'.")
	}
	var authorized []string
	for _, path := range m.DnsAuthorizations {
		a := c.certificates().Authorizations[path[strings.LastIndex(path, "/")+1:]]
		if a == nil || a.Body.Name != path {
			return certificateNotFound(path)
		}
		authorized = append(authorized, a.Body.Domain)
	}
	for i, domain := range m.Domains {
		bare, wildcard := strings.CutPrefix(domain, "*.")
		if !strings.Contains(bare, ".") || strings.ContainsAny(bare, "*/: ") || len(domain) > 253 || bare != strings.ToLower(bare) || slices.Contains(m.Domains[:i], domain) {
			return certificateInvalid("Invalid domain '%s' of a managed certificate.", domain)
		}
		if (wildcard || len(authorized) > 0) && !slices.Contains(authorized, bare) {
			return certificateInvalid("The domain '%s' has no DNS authorization.", domain)
		}
		m.AuthorizationAttemptInfo = append(m.AuthorizationAttemptInfo, &certificatemanagerpb.Certificate_ManagedCertificate_AuthorizationAttemptInfo{
			Domain: domain, State: certificatemanagerpb.Certificate_ManagedCertificate_AuthorizationAttemptInfo_AUTHORIZING,
		})
	}
	m.State = certificatemanagerpb.Certificate_ManagedCertificate_PROVISIONING
	body.SanDnsnames = slices.Clone(m.Domains)
	return nil
}

func (c *call) createDNSAuthorization(in *certificatemanagerpb.CreateDnsAuthorizationRequest) (*longrunningpb.Operation, error) {
	if err := c.checkCertificateLocation(); err != nil {
		return nil, err
	}
	id := in.DnsAuthorizationId
	if err := checkCertificateID("dns_authorization_id", id); err != nil {
		return nil, err
	}
	path := c.certificatePath("dnsAuthorizations", id)
	if c.certificates().Authorizations[id] != nil {
		return nil, &Error{Status: 409, Message: "Resource '" + path + "' already exists"}
	}
	body := proto.CloneOf(in.DnsAuthorization)
	if err := checkUserLabels(body.Labels); err != nil {
		return nil, err
	}
	if strings.HasPrefix(body.Domain, "*") || !strings.Contains(body.Domain, ".") || strings.ContainsAny(body.Domain, "/: ") {
		return nil, certificateInvalid("Invalid domain '%s' of a DNS authorization.", body.Domain)
	}
	if body.Type == certificatemanagerpb.DnsAuthorization_TYPE_UNSPECIFIED {
		body.Type = certificatemanagerpb.DnsAuthorization_PER_PROJECT_RECORD
		if c.Location == global {
			body.Type = certificatemanagerpb.DnsAuthorization_FIXED_RECORD
		}
	}
	if body.Type == certificatemanagerpb.DnsAuthorization_FIXED_RECORD && c.Location != global {
		return nil, certificateInvalid("DNS authorizations of the type FIXED_RECORD are supported in the location 'global' only.")
	}
	host, where := "_acme-challenge."+body.Domain+".", "authorize"
	if body.Type == certificatemanagerpb.DnsAuthorization_PER_PROJECT_RECORD {
		host, where = "_acme-challenge_"+c.newHex(16)+"."+body.Domain+".", c.Location+".authorize"
	}
	digits := c.newHex(32)
	body.Name, body.CreateTime, body.UpdateTime = path, timestamppb.New(c.at), timestamppb.New(c.at)
	body.DnsResourceRecord = &certificatemanagerpb.DnsAuthorization_DnsResourceRecord{
		Name: host, Type: "CNAME",
		Data: fmt.Sprintf("%s-%s-%s-%s-%s.7.%s.certificatemanager.goog.", digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:], where),
	}
	held := &Held[*certificatemanagerpb.DnsAuthorization]{Body: body}
	c.certificates().Authorizations[id] = held
	return c.certificateStart("create", "dnsAuthorizations", id, &held.pending), nil
}

func (c *call) dnsAuthorization(path string) (string, *Held[*certificatemanagerpb.DnsAuthorization], error) {
	id := path[strings.LastIndex(path, "/")+1:]
	held := c.certificates().Authorizations[id]
	if held == nil {
		return id, nil, certificateNotFound(c.certificatePath("dnsAuthorizations", id))
	}
	return id, held, nil
}

func (c *call) getDNSAuthorization(in *certificatemanagerpb.GetDnsAuthorizationRequest) (*certificatemanagerpb.DnsAuthorization, error) {
	_, held, err := c.dnsAuthorization(in.Name)
	if err != nil {
		return nil, err
	}
	return held.Body, nil
}

func (c *call) listDNSAuthorizations(in *certificatemanagerpb.ListDnsAuthorizationsRequest) (*certificatemanagerpb.ListDnsAuthorizationsResponse, error) {
	locations, err := c.certificateLocations(in)
	if err != nil {
		return nil, err
	}
	all := map[string]*certificatemanagerpb.DnsAuthorization{}
	for _, at := range locations {
		for _, held := range at.certificates().Authorizations {
			all[held.Body.Name] = held.Body
		}
	}
	page, next, err := certificatePage(all, in)
	return &certificatemanagerpb.ListDnsAuthorizationsResponse{DnsAuthorizations: page, NextPageToken: next}, err
}

func (c *call) deleteDNSAuthorization(in *certificatemanagerpb.DeleteDnsAuthorizationRequest) (*longrunningpb.Operation, error) {
	id, held, err := c.dnsAuthorization(in.Name)
	if err != nil {
		return nil, err
	}
	if held.Operation != "" {
		return nil, certificatePrecondition("Another operation on resource '%s' is in progress: %s", held.Body.Name, held.Operation)
	}
	for _, name := range control.SortedKeys(c.certificates().Certificates) {
		user := c.certificates().Certificates[name].Body
		if slices.Contains(user.GetManaged().GetDnsAuthorizations(), held.Body.Name) {
			return nil, certificatePrecondition("Resource '%s' cannot be deleted: it is still in use by '%s'", held.Body.Name, user.Name)
		}
	}
	return c.certificateStart("delete", "dnsAuthorizations", id, &held.pending), nil
}
