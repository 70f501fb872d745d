package tftest

import (
	"context"
	"maps"

	"github.com/modelserving/terraform-provider-serving/internal/serving"
)

// CreateCertificate stores a certificate.
func (b *Backend) CreateCertificate(ctx context.Context, spec serving.Certificate) (serving.ObservedCertificate, error) {
	return b.putCertificate(ctx, "CreateCertificate", spec)
}

// UpdateCertificate stores the spec and repairs all drift.
func (b *Backend) UpdateCertificate(ctx context.Context, spec serving.Certificate) (serving.ObservedCertificate, error) {
	return b.putCertificate(ctx, "UpdateCertificate", spec)
}

func (b *Backend) putCertificate(ctx context.Context, name string, spec serving.Certificate) (serving.ObservedCertificate, error) {
	if err := b.call(ctx, name); err != nil {
		return serving.ObservedCertificate{}, err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.certificates == nil {
		b.certificates = map[string]*Certificate{}
	}
	c := &Certificate{Spec: spec, ARN: "arn:aws:acm:" + spec.Region + ":" + account + ":certificate/" + spec.Name}
	b.certificates[spec.ID().String()] = c
	return c.observed()
}

// observed leaves the private key out, as a cloud does.
func (c *Certificate) observed() (serving.ObservedCertificate, error) {
	spec := c.Spec
	spec.Imported = &serving.ImportedCertificate{CertificatePEM: c.Spec.Imported.CertificatePEM, ChainPEM: c.Spec.Imported.ChainPEM}
	info, err := serving.ParseCertificate(spec.Imported.CertificatePEM, "")
	return serving.ObservedCertificate{
		Observation: serving.Observation{Account: account, Objects: map[string]string{"certificate": c.ARN}, Drift: maps.Clone(c.Drift)},
		Spec:        spec, Info: info,
	}, err
}

// ObserveCertificate gives what is stored.
func (b *Backend) ObserveCertificate(ctx context.Context, spec serving.Certificate) (serving.ObservedCertificate, error) {
	if err := b.call(ctx, "ObserveCertificate"); err != nil {
		return serving.ObservedCertificate{}, err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	c := b.certificates[spec.ID().String()]
	if c == nil {
		return serving.ObservedCertificate{Observation: serving.Observation{Gone: true, Account: account}, Spec: spec}, nil
	}
	found, err := c.observed()
	found.Spec.RenewBeforeDays = spec.RenewBeforeDays
	return found, err
}

// ReadCertificate gives what is stored, without the arguments that no cloud
// models.
func (b *Backend) ReadCertificate(ctx context.Context, id serving.ID) (serving.ObservedCertificate, error) {
	return b.ObserveCertificate(ctx, serving.Certificate{Cloud: id.Cloud, Region: id.Region, Name: id.Name})
}

// DestroyCertificate forgets a certificate.
func (b *Backend) DestroyCertificate(ctx context.Context, spec serving.Certificate) error {
	if err := b.call(ctx, "DestroyCertificate"); err != nil {
		return err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	delete(b.certificates, spec.ID().String())
	return nil
}
