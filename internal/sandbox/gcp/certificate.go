package gcp

import (
	"slices"
	"strings"

	"cloud.google.com/go/certificatemanager/apiv1/certificatemanagerpb"
	"cloud.google.com/go/longrunning/autogen/longrunningpb"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/modelserving/terraform-provider-serving/internal/sandbox/control"
)

func init() {
	handle("google.cloud.certificatemanager.v1.CertificateManager.CreateCertificate", (*call).createCertificate)
	handle("google.cloud.certificatemanager.v1.CertificateManager.GetCertificate", (*call).getCertificate)
	handle("google.cloud.certificatemanager.v1.CertificateManager.ListCertificates", (*call).listCertificates)
	handle("google.cloud.certificatemanager.v1.CertificateManager.UpdateCertificate", (*call).updateCertificate)
	handle("google.cloud.certificatemanager.v1.CertificateManager.DeleteCertificate", (*call).deleteCertificate)
}

func (c *call) createCertificate(in *certificatemanagerpb.CreateCertificateRequest) (*longrunningpb.Operation, error) {
	if err := c.checkCertificateLocation(); err != nil {
		return nil, err
	}
	id := in.CertificateId
	if err := checkCertificateID("certificate_id", id); err != nil {
		return nil, err
	}
	path := c.certificatePath("certificates", id)
	if c.certificates().Certificates[id] != nil {
		return nil, &Error{Status: 409, Message: "Resource '" + path + "' already exists"}
	}
	if n, most := len(c.certificates().Certificates), c.quota("certificatemanager.certificates"); n >= most {
		return nil, c.usedUp(429, limit{service: "certificatemanager", metric: "certificates", name: "CertificatesPerProject", unit: "1/{project}/{region}", value: most, place: c.Location})
	}
	body := proto.CloneOf(in.Certificate)
	if body.Name != "" && body.Name != path {
		return nil, certificateInvalid("Invalid name '%s' of certificate: it must be empty or '%s'.", body.Name, path)
	}
	if err := checkUserLabels(body.Labels); err != nil {
		return nil, err
	}
	if len(body.Tags) > 0 {
		return nil, certificateInvalid("The sandbox does not implement 'certificate.tags'.")
	}
	if body.Scope != certificatemanagerpb.Certificate_DEFAULT && c.Location != global {
		return nil, certificateInvalid("Certificates of the scope %s are supported in the location 'global' only.", body.Scope)
	}
	body.Name, body.CreateTime, body.UpdateTime = path, timestamppb.New(c.at), timestamppb.New(c.at)
	switch {
	case body.GetSelfManaged() != nil:
		key, err := c.takeSelfManaged(body)
		if err != nil {
			return nil, err
		}
		c.region(c.Location).Keys[certificateKey(id, false)] = key
	case body.GetManaged() != nil:
		if err := c.fillManaged(body); err != nil {
			return nil, err
		}
	case body.GetManagedIdentity() != nil:
		return nil, certificateInvalid("The sandbox does not implement 'certificate.managed_identity'.")
	default:
		return nil, certificateInvalid("Exactly one type of certificate must be set: 'self_managed', 'managed' or 'managed_identity'.")
	}
	held := &Held[*certificatemanagerpb.Certificate]{Body: body}
	c.certificates().Certificates[id] = held
	c.remember(c.Location, "certificate/"+id)
	return c.certificateStart("create", "certificates", id, &held.pending), nil
}

// takeSelfManaged fills in what a chain says and takes both inputs out of the message, which never shows them again. It returns the
// private key.
func (c *call) takeSelfManaged(body *certificatemanagerpb.Certificate) (key string, err error) {
	in := body.GetSelfManaged()
	parsed, err := parseCertificate(in.GetPemCertificate(), in.GetPemPrivateKey(), c.now())
	if err != nil {
		return "", err
	}
	key = in.PemPrivateKey
	body.Type = &certificatemanagerpb.Certificate_SelfManaged{SelfManaged: &certificatemanagerpb.Certificate_SelfManagedCertificate{}}
	body.PemCertificate, body.ExpireTime = parsed.chain, timestamppb.New(parsed.leaf.NotAfter)
	body.SanDnsnames = slices.Clone(parsed.leaf.DNSNames)
	return key, nil
}

// certificate finds a certificate of the call's location by its full name.
func (c *call) certificate(path string) (string, *Held[*certificatemanagerpb.Certificate], error) {
	id := path[strings.LastIndex(path, "/")+1:]
	held := c.certificates().Certificates[id]
	if held == nil || !c.visible(c.Location, "certificate/"+id) {
		return id, nil, certificateNotFound(c.certificatePath("certificates", id))
	}
	return id, held, nil
}

// certificateView is a certificate as it is answered.
func (c *call) certificateView(held *Held[*certificatemanagerpb.Certificate]) *certificatemanagerpb.Certificate {
	out := proto.CloneOf(held.Body)
	for _, user := range c.certificateUsers(out.Name) {
		out.UsedBy = append(out.UsedBy, &certificatemanagerpb.Certificate_UsedBy{Name: "//compute.googleapis.com/" + user})
	}
	return out
}

// certificateUsers are the target HTTPS proxies that present a certificate.
func (c *call) certificateUsers(path string) []string {
	var out []string
	proxies := c.region(c.Location).Compute.HTTPSProxies
	for _, name := range control.SortedKeys(proxies) {
		for _, m := range []interface{ GetSslCertificates() []string }{proxies[name].Body, proxies[name].Next} {
			used := slices.ContainsFunc(m.GetSslCertificates(), func(reference string) bool { return certificateNameIn(reference) == path })
			if user := (target{c.Project, c.Location, "targetHttpsProxies", name}).path(); used && !slices.Contains(out, user) {
				out = append(out, user)
			}
		}
	}
	return out
}

// certificateNameIn is the name in a reference such as "//certificatemanager.googleapis.com/projects/p/locations/l/certificates/c",
// or nothing.
func certificateNameIn(reference string) string {
	for _, prefix := range []string{"//certificatemanager.googleapis.com/", "https://certificatemanager.googleapis.com/v1/"} {
		if path, ok := strings.CutPrefix(reference, prefix); ok {
			return path
		}
	}
	return ""
}

// fitCertificate tells why a proxy of the call's region cannot present a certificate.
func (c *call) fitCertificate(location, name string) error {
	at := c.in(c.Project, location)
	path := at.certificatePath("certificates", name)
	held := at.certificates().Certificates[name]
	if held == nil || held.Verb == "create" || held.Verb == "delete" {
		return notFound(path)
	}
	if m := held.Body.GetManaged(); m != nil && m.State != certificatemanagerpb.Certificate_ManagedCertificate_ACTIVE {
		return invalid("resource.sslCertificates", path, "The certificate is in state %s and cannot be used yet.", m.State)
	}
	return nil
}

func (c *call) getCertificate(in *certificatemanagerpb.GetCertificateRequest) (*certificatemanagerpb.Certificate, error) {
	_, held, err := c.certificate(in.Name)
	if err != nil {
		return nil, err
	}
	return c.certificateView(held), nil
}

func (c *call) listCertificates(in *certificatemanagerpb.ListCertificatesRequest) (*certificatemanagerpb.ListCertificatesResponse, error) {
	locations, err := c.certificateLocations(in)
	if err != nil {
		return nil, err
	}
	all := map[string]*certificatemanagerpb.Certificate{}
	for _, at := range locations {
		for name, held := range at.certificates().Certificates {
			if at.visible(at.Location, "certificate/"+name) {
				all[held.Body.Name] = at.certificateView(held)
			}
		}
	}
	page, next, err := certificatePage(all, in)
	return &certificatemanagerpb.ListCertificatesResponse{Certificates: page, NextPageToken: next}, err
}

// updateCertificate changes what the mask names. Only some fields can change: the type, the scope and all of a managed certificate
// stay.
func (c *call) updateCertificate(in *certificatemanagerpb.UpdateCertificateRequest) (*longrunningpb.Operation, error) {
	id, held, err := c.certificate(in.Certificate.Name)
	if err != nil {
		return nil, err
	}
	if held.Operation != "" {
		return nil, certificatePrecondition("Another operation on resource '%s' is in progress: %s", held.Body.Name, held.Operation)
	}
	if len(in.UpdateMask.GetPaths()) == 0 {
		return nil, certificateInvalid("Required field 'update_mask' is missing.")
	}
	next := proto.CloneOf(held.Body)
	for _, path := range in.UpdateMask.Paths {
		switch path {
		case "labels":
			if err := checkUserLabels(in.Certificate.Labels); err != nil {
				return nil, err
			}
			next.Labels = in.Certificate.Labels
		case "description":
			next.Description = in.Certificate.Description
		case "self_managed":
			if held.Body.GetSelfManaged() == nil {
				return nil, certificateInvalid("The type of certificate '%s' cannot be changed.", held.Body.Name)
			}
			fresh := &certificatemanagerpb.Certificate{Type: in.Certificate.Type}
			key, err := c.takeSelfManaged(fresh)
			if err != nil {
				return nil, err
			}
			next.PemCertificate, next.ExpireTime, next.SanDnsnames = fresh.PemCertificate, fresh.ExpireTime, fresh.SanDnsnames
			c.region(c.Location).Keys[certificateKey(id, true)] = key
		default:
			return nil, certificateInvalid("Invalid update_mask: the field '%s' cannot be updated. Updatable fields are 'labels', 'description' and 'self_managed'.", path)
		}
	}
	next.UpdateTime = timestamppb.New(c.at)
	held.Next = next
	return c.certificateStart("update", "certificates", id, &held.pending), nil
}

func (c *call) deleteCertificate(in *certificatemanagerpb.DeleteCertificateRequest) (*longrunningpb.Operation, error) {
	id, held, err := c.certificate(in.Name)
	if err != nil {
		return nil, err
	}
	if held.Operation != "" {
		return nil, certificatePrecondition("Another operation on resource '%s' is in progress: %s", held.Body.Name, held.Operation)
	}
	if users := c.certificateUsers(held.Body.Name); len(users) > 0 {
		return nil, certificatePrecondition("Resource '%s' cannot be deleted: it is still in use by '%s'", held.Body.Name, users[0])
	}
	return c.certificateStart("delete", "certificates", id, &held.pending), nil
}
