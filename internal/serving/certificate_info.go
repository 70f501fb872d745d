package serving

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"fmt"
	"strings"
	"time"
)

// CertificateInfo is what a certificate says of itself, or what a cloud's
// certificate store says of it.
type CertificateInfo struct {
	// Subject and Issuer are distinguished names in the form of RFC 2253.
	Subject string
	Issuer  string
	// Serial is the serial number in lower-case hex, without colons.
	Serial string
	// DNSNames are the names in the subject alternative name, wildcards included.
	DNSNames  []string
	NotBefore time.Time
	NotAfter  time.Time
	// KeyAlgorithm is ACM's name of the key's type and size, as RSA_2048 or
	// EC_prime256v1, and for a key that ACM does not take what it is in words.
	KeyAlgorithm string
	// SHA256 is the fingerprint: the hex SHA-256 sum of the DER certificate.
	SHA256     string
	SelfSigned bool
}

// Covers reports whether one of the names is for the host (RFC 6125, section
// 6.4): case does not matter, and a wildcard stands for exactly one label, so
// *.example.com covers neither example.com nor a.b.example.com.
func (i CertificateInfo) Covers(host string) bool {
	host = strings.ToLower(host)
	for _, name := range i.DNSNames {
		name = strings.ToLower(name)
		if name == host {
			return true
		}
		rest, wild := strings.CutPrefix(name, "*.")
		label, parent, found := strings.Cut(host, ".")
		if wild && found && label != "" && parent == rest {
			return true
		}
	}
	return false
}

// keyAlgorithm is ACM's name of a public key's type.
func keyAlgorithm(key any) string {
	switch key := key.(type) {
	case *rsa.PublicKey:
		return fmt.Sprintf("RSA_%d", key.N.BitLen())
	case *ecdsa.PublicKey:
		switch key.Curve {
		case elliptic.P256():
			return "EC_prime256v1"
		case elliptic.P384():
			return "EC_secp384r1"
		case elliptic.P521():
			return "EC_secp521r1"
		}
		return "EC_" + key.Curve.Params().Name
	}
	return strings.TrimPrefix(fmt.Sprintf("%T", key), "*")
}

// ParseCertificate reads a leaf certificate and, when there is one, its chain.
// The chain is only read, not verified: that is for Certificate.Problems. The
// error never quotes the text, which may be a key pasted in the wrong place.
func ParseCertificate(certPEM, chainPEM string) (CertificateInfo, error) {
	leaf, err := readLeaf(certPEM)
	if err != nil {
		return CertificateInfo{}, fmt.Errorf("reading the certificate: %w", err)
	}
	if chainPEM != "" {
		if _, err := readCertificates(chainPEM); err != nil {
			return CertificateInfo{}, fmt.Errorf("reading the chain: %w", err)
		}
	}
	return certificateInfo(leaf), nil
}

func certificateInfo(leaf *x509.Certificate) CertificateInfo {
	sum := sha256.Sum256(leaf.Raw)
	return CertificateInfo{
		Subject:      leaf.Subject.String(),
		Issuer:       leaf.Issuer.String(),
		Serial:       leaf.SerialNumber.Text(16),
		DNSNames:     leaf.DNSNames,
		NotBefore:    leaf.NotBefore,
		NotAfter:     leaf.NotAfter,
		KeyAlgorithm: keyAlgorithm(leaf.PublicKey),
		SHA256:       hex.EncodeToString(sum[:]),
		SelfSigned:   signedBy(leaf, leaf),
	}
}

// signedBy reports whether parent's key signed child. A signature by an
// algorithm that Go no longer verifies (SHA-1) counts when the names agree.
func signedBy(child, parent *x509.Certificate) bool {
	if !bytes.Equal(child.RawIssuer, parent.RawSubject) {
		return false
	}
	if weakSignature(child) {
		return true
	}
	return parent.CheckSignature(child.SignatureAlgorithm, child.RawTBSCertificate, child.Signature) == nil
}

// weakSignature reports whether a certificate is signed over a broken hash.
func weakSignature(c *x509.Certificate) bool {
	switch c.SignatureAlgorithm {
	case x509.SHA1WithRSA, x509.ECDSAWithSHA1, x509.DSAWithSHA1, x509.MD5WithRSA, x509.MD2WithRSA:
		return true
	}
	return false
}
