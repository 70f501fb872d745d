package serving

// Certificate is a TLS certificate in the cloud's certificate store, which a
// cluster's load balancer serves.
type Certificate struct {
	Cloud    Cloud
	Region   string
	Name     string
	Imported *ImportedCertificate
	// RenewBeforeDays turns a nearing expiry into a plan warning.
	RenewBeforeDays int64
	Tags            map[string]string
	// LastSeen maps object names to the cloud ids of the last observation: hints
	// that save a search, verified and never trusted.
	LastSeen map[string]string

	Unknown Unknown
}

// ID is the certificate's Terraform id.
func (c Certificate) ID() ID { return ID{Cloud: c.Cloud, Region: c.Region, Name: c.Name} }

// Known reports whether the attributes at these paths are known.
func (c Certificate) Known(paths ...string) bool { return c.Unknown.Known(paths...) }

// ImportedCertificate is a certificate that the user brings, as PEM text.
type ImportedCertificate struct {
	CertificatePEM string
	// ChainPEM holds the intermediates, leaf's issuer first; empty when the
	// leaf's issuer is a root.
	ChainPEM string
	// PrivateKeyPEM is a secret: never in state, plan, log or error text. It is
	// empty whenever the spec was made from state.
	PrivateKeyPEM string
}
