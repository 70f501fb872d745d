package gcp

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"strings"
	"time"
)

// parsedCertificate is a self-managed certificate that passed all checks.
type parsedCertificate struct {
	leaf *x509.Certificate
	// chain is the PEM of the leaf and its intermediate certificates.
	chain string
}

// parseCertificate checks a chain and its key: the leaf comes first, each certificate is signed by the next one, the key belongs to
// the leaf, which is valid now and has a key that load balancers take ("Self-managed certificates" in the guide). Errors say
// nothing of the key's content.
func parseCertificate(chain, key string, now time.Time) (*parsedCertificate, error) {
	certs, err := parseChain(chain)
	if err != nil {
		return nil, err
	}
	leaf := certs[0]
	if err := checkKeyType(leaf.PublicKey); err != nil {
		return nil, err
	}
	private, err := parseKey(key)
	if err != nil {
		return nil, err
	}
	if public, ok := leaf.PublicKey.(interface{ Equal(crypto.PublicKey) bool }); !ok || !public.Equal(private.Public()) {
		return nil, certificateInvalid("The private key does not match the certificate.")
	}
	if now.Before(leaf.NotBefore) {
		return nil, certificateInvalid("The certificate is not valid yet: it becomes valid at %s.", leaf.NotBefore.UTC().Format(time.RFC3339))
	}
	if !now.Before(leaf.NotAfter) {
		return nil, certificateInvalid("The certificate has expired: it was valid until %s.", leaf.NotAfter.UTC().Format(time.RFC3339))
	}
	for i := 1; i < len(certs); i++ {
		if !bytes.Equal(certs[i-1].RawIssuer, certs[i].RawSubject) || certs[i-1].CheckSignatureFrom(certs[i]) != nil {
			return nil, certificateInvalid("The certificate chain is broken: the certificate at index %d did not sign the one before it.", i)
		}
	}
	if len(leaf.DNSNames) == 0 && leaf.Subject.CommonName == "" {
		return nil, certificateInvalid("The certificate has neither a common name nor a subject alternative name of type DNS.")
	}
	out := &parsedCertificate{leaf: leaf}
	var text strings.Builder
	for _, cert := range certs {
		text.Write(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: cert.Raw}))
	}
	out.chain = text.String()
	return out, nil
}

func parseChain(text string) ([]*x509.Certificate, error) {
	var out []*x509.Certificate
	for rest := bytes.TrimSpace([]byte(text)); len(rest) > 0; {
		block, after := pem.Decode(rest)
		if block == nil || block.Type != "CERTIFICATE" || !bytes.HasPrefix(rest, []byte("-----BEGIN ")) {
			return nil, certificateInvalid("The certificate could not be parsed: 'self_managed.pem_certificate' must be certificates in PEM format.")
		}
		cert, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return nil, certificateInvalid("The certificate could not be parsed: 'self_managed.pem_certificate' must be certificates in PEM format.")
		}
		out = append(out, cert)
		rest = bytes.TrimSpace(after)
	}
	if len(out) == 0 {
		return nil, certificateInvalid("Required field 'self_managed.pem_certificate' is missing.")
	}
	return out, nil
}

func parseKey(text string) (crypto.Signer, error) {
	if strings.TrimSpace(text) == "" {
		return nil, certificateInvalid("Required field 'self_managed.pem_private_key' is missing.")
	}
	bad := certificateInvalid("The private key could not be parsed: it must be an unencrypted RSA or ECDSA key in PEM format.")
	block, rest := pem.Decode(bytes.TrimSpace([]byte(text)))
	// EC keys often come with a block of parameters in front.
	if block != nil && block.Type == "EC PARAMETERS" {
		block, rest = pem.Decode(bytes.TrimSpace(rest))
	}
	if block == nil || len(bytes.TrimSpace(rest)) > 0 || strings.Contains(block.Headers["Proc-Type"], "ENCRYPTED") {
		return nil, bad
	}
	var key any
	var err error
	switch block.Type {
	case "RSA PRIVATE KEY":
		key, err = x509.ParsePKCS1PrivateKey(block.Bytes)
	case "EC PRIVATE KEY":
		key, err = x509.ParseECPrivateKey(block.Bytes)
	case "PRIVATE KEY":
		key, err = x509.ParsePKCS8PrivateKey(block.Bytes)
	}
	signer, ok := key.(crypto.Signer)
	if err != nil || !ok {
		return nil, bad
	}
	return signer, nil
}

// checkKeyType refuses keys that regional Application Load Balancers do not take.
func checkKeyType(key any) error {
	switch key := key.(type) {
	case *rsa.PublicKey:
		if bits := key.N.BitLen(); bits == 2048 || bits == 3072 || bits == 4096 {
			return nil
		}
	case *ecdsa.PublicKey:
		if name := key.Curve.Params().Name; name == "P-256" || name == "P-384" {
			return nil
		}
	}
	return certificateInvalid("The key of the certificate is not supported: it must be RSA-2048, RSA-3072, RSA-4096, ECDSA P-256 or ECDSA P-384.")
}
