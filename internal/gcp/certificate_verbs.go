package gcp

import (
	"context"

	"cloud.google.com/go/certificatemanager/apiv1/certificatemanagerpb"

	"github.com/modelserving/terraform-provider-serving/internal/reads"
	"github.com/modelserving/terraform-provider-serving/internal/serving"
	"github.com/modelserving/terraform-provider-serving/internal/stack"
)

// certificateStack is a certificate as a graph of one object.
type certificateStack struct {
	*stack.Stack
	spec        serving.Certificate
	project     string
	certificate *stack.Object[certificateSpec, certificatemanagerpb.Certificate]
}

func (c *client) certificateStack(spec serving.Certificate) *certificateStack {
	o := owner{stack: "certificate/" + spec.Name, tags: spec.Tags, lastSeen: spec.LastSeen}
	s := &certificateStack{Stack: &stack.Stack{Name: o.stack, Log: c.log, Poll: c.poll}, spec: spec, project: c.project}
	imported := serving.ImportedCertificate{}
	if spec.Imported != nil {
		imported = *spec.Imported
	}
	kind := certificates{client: c, owner: o, name: c.certificateName(spec.ID().String()), key: imported.PrivateKeyPEM}
	s.certificate = stack.Add(s.Stack, objectCertificate, kind, func() certificateSpec {
		return certificateSpec{PEM: imported.CertificatePEM, Chain: imported.ChainPEM}
	})
	stack.Root(s.Stack, s.certificate)
	return s
}

// CreateCertificate stores a certificate or resumes an interrupted create.
func (b *Backend) CreateCertificate(ctx context.Context, spec serving.Certificate) (serving.ObservedCertificate, error) {
	return b.ensureCertificate(ctx, spec, stack.Create)
}

// UpdateCertificate puts a rotated certificate in the place of the old one. Load
// balancers take it over by themselves.
func (b *Backend) UpdateCertificate(ctx context.Context, spec serving.Certificate) (serving.ObservedCertificate, error) {
	return b.ensureCertificate(ctx, spec, stack.Update)
}

func (b *Backend) ensureCertificate(ctx context.Context, spec serving.Certificate, mode stack.Mode) (serving.ObservedCertificate, error) {
	c, err := b.client(ctx, spec.Region)
	if err != nil {
		return serving.ObservedCertificate{}, err
	}
	s := c.certificateStack(spec)
	if err := s.Ensure(reads.WithLive(ctx), mode); err != nil {
		return serving.ObservedCertificate{}, explain(err)
	}
	return s.observed(s.Report())
}

// ObserveCertificate reads a certificate and says what differs.
func (b *Backend) ObserveCertificate(ctx context.Context, spec serving.Certificate) (serving.ObservedCertificate, error) {
	c, err := b.client(ctx, spec.Region)
	if err != nil {
		return serving.ObservedCertificate{}, err
	}
	return c.observeCertificate(ctx, spec)
}

func (c *client) observeCertificate(ctx context.Context, spec serving.Certificate) (serving.ObservedCertificate, error) {
	s := c.certificateStack(spec)
	report, err := s.Observe(ctx)
	if err != nil {
		return serving.ObservedCertificate{}, explain(err)
	}
	return s.observed(report)
}

// observed makes the view of a certificate from the live object of its stack.
func (s *certificateStack) observed(report *stack.Report) (serving.ObservedCertificate, error) {
	out := serving.ObservedCertificate{Observation: observation(report), Spec: s.spec}
	out.Account = s.project
	live := s.certificate.Live()
	if live == nil {
		return out, nil
	}
	leaf, chain := halves(live.GetPemCertificate())
	out.Spec.Imported = &serving.ImportedCertificate{CertificatePEM: leaf, ChainPEM: chain}
	if leaf == "" {
		return out, nil // It is drift, and repaired.
	}
	var err error
	out.Info, err = serving.ParseCertificate(leaf, chain)
	return out, err
}

// DestroyCertificate removes a certificate. One that a load balancer uses blocks.
func (b *Backend) DestroyCertificate(ctx context.Context, spec serving.Certificate) error {
	c, err := b.client(ctx, spec.Region)
	if err != nil {
		return err
	}
	return explain(c.certificateStack(spec).Destroy(reads.WithLive(ctx)))
}

// ReadCertificate reads a certificate of which only the id is known.
func (b *Backend) ReadCertificate(ctx context.Context, id serving.ID) (serving.ObservedCertificate, error) {
	c, err := b.client(ctx, id.Region)
	if err != nil {
		return serving.ObservedCertificate{}, err
	}
	spec := serving.Certificate{Cloud: serving.GCP, Region: id.Region, Name: id.Name}
	s := c.certificateStack(spec)
	report, err := s.Observe(ctx)
	if err != nil {
		return serving.ObservedCertificate{}, explain(err)
	}
	live := s.certificate.Live()
	if report.Gone || live == nil {
		return serving.ObservedCertificate{Observation: serving.Observation{Gone: true}}, nil
	}
	leaf, chain := halves(live.GetPemCertificate())
	spec.Tags = userTags(live.GetLabels())
	spec.Imported = &serving.ImportedCertificate{CertificatePEM: leaf, ChainPEM: chain}
	spec.LastSeen = map[string]string{objectCertificate: live.GetName()}
	return c.observeCertificate(ctx, spec)
}
