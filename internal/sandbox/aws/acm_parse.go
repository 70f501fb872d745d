package aws

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"slices"
	"strings"
	"time"

	acmtypes "github.com/aws/aws-sdk-go-v2/service/acm/types"
)

// acmParsed is an import that passed all checks.
type acmParsed struct {
	leaf              *x509.Certificate
	algorithm         acmtypes.KeyAlgorithm
	bodyPEM, chainPEM string
}

// acmParse checks a certificate with its key and chain as ImportCertificate does ("Prerequisites for importing certificates").
func acmParse(body, key, chain []byte, now time.Time) (*acmParsed, error) {
	certs, err := acmCertificates("certificate", body)
	if err != nil {
		return nil, err
	}
	if len(certs) != 1 {
		return nil, apiError("ValidationException", "The certificate field contains more than one certificate. You can specify only one certificate in this field.")
	}
	leaf := certs[0]
	algorithm, err := acmKeyAlgorithm(leaf.PublicKey)
	if err != nil {
		return nil, err
	}
	private, err := acmPrivateKey(key)
	if err != nil {
		return nil, err
	}
	if public, ok := leaf.PublicKey.(interface{ Equal(crypto.PublicKey) bool }); !ok || !public.Equal(private.Public()) {
		return nil, apiError("ValidationException", "The private key does not match the certificate's public key.")
	}
	if now.Before(leaf.NotBefore) {
		return nil, apiError("ValidationException", "The certificate is not valid yet: it becomes valid at %s.", leaf.NotBefore.UTC().Format(time.RFC3339))
	}
	if now.After(leaf.NotAfter) {
		return nil, apiError("ValidationException", "The certificate has expired: it was valid until %s.", leaf.NotAfter.UTC().Format(time.RFC3339))
	}
	out := &acmParsed{leaf: leaf, algorithm: algorithm, bodyPEM: acmPEM(leaf)}
	if len(chain) == 0 {
		if !bytes.Equal(leaf.RawIssuer, leaf.RawSubject) || leaf.CheckSignature(leaf.SignatureAlgorithm, leaf.RawTBSCertificate, leaf.Signature) != nil {
			return nil, apiError("ValidationException", "Provided certificate is not a valid self signed. Please provide either a valid self-signed certificate or certificate chain.")
		}
		return out, nil
	}
	links, err := acmCertificates("certificate chain", chain)
	if err != nil {
		return nil, err
	}
	out.chainPEM = acmPEM(links...)
	if err := acmCheckChain(leaf, links, now); err != nil {
		return nil, err
	}
	return out, nil
}

func acmCheckChain(leaf *x509.Certificate, links []*x509.Certificate, now time.Time) error {
	child := leaf
	for i, issuer := range links {
		// A CA without the basic constraint cannot sign, which CheckSignatureFrom knows.
		if !bytes.Equal(child.RawIssuer, issuer.RawSubject) || child.CheckSignatureFrom(issuer) != nil {
			return apiError("ValidationException", "Unable to validate certificate chain. The certificate chain must start with the immediate signing certificate, followed by any intermediaries in order. The index within the chain of the invalid certificate is: %d", i)
		}
		if now.Before(issuer.NotBefore) || now.After(issuer.NotAfter) {
			return apiError("ValidationException", "Unable to validate certificate chain. The certificate at index %d is not within its validity period.", i)
		}
		child = issuer
	}
	_, leafRSA := leaf.PublicKey.(*rsa.PublicKey)
	if _, issuerRSA := links[0].PublicKey.(*rsa.PublicKey); leafRSA != issuerRSA {
		return apiError("ValidationException", "The cryptographic algorithm of the certificate must match the algorithm of the signing CA.")
	}
	return nil
}

func acmCertificates(field string, raw []byte) ([]*x509.Certificate, error) {
	var out []*x509.Certificate
	for rest := bytes.TrimSpace(raw); len(rest) > 0; {
		block, after := pem.Decode(rest)
		if block == nil || block.Type != "CERTIFICATE" || !bytes.HasPrefix(rest, []byte("-----BEGIN ")) {
			return nil, apiError("ValidationException", "Unable to parse the %s. Please ensure that it is in PEM format.", field)
		}
		cert, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return nil, apiError("ValidationException", "Unable to parse the %s. Please ensure that it is in PEM format.", field)
		}
		out = append(out, cert)
		rest = bytes.TrimSpace(after)
	}
	if len(out) == 0 {
		return nil, apiError("ValidationException", "The %s is empty.", field)
	}
	return out, nil
}

func acmPEM(certs ...*x509.Certificate) string {
	var out strings.Builder
	for _, cert := range certs {
		out.Write(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: cert.Raw}))
	}
	return out.String()
}

func acmPrivateKey(raw []byte) (crypto.Signer, error) {
	block, rest := pem.Decode(bytes.TrimSpace(raw))
	// EC keys often come with a block of parameters in front.
	if block != nil && block.Type == "EC PARAMETERS" {
		block, rest = pem.Decode(bytes.TrimSpace(rest))
	}
	if block == nil || len(bytes.TrimSpace(rest)) > 0 {
		return nil, apiError("ValidationException", "Unable to parse the private key. Please ensure that it is in PEM format.")
	}
	if block.Type == "ENCRYPTED PRIVATE KEY" || strings.Contains(block.Headers["Proc-Type"], "ENCRYPTED") {
		return nil, apiError("ValidationException", "The private key must be unencrypted: password-protected keys are not supported.")
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
	default:
		err = fmt.Errorf("PEM type %s", block.Type)
	}
	signer, ok := key.(crypto.Signer)
	if err != nil || !ok {
		return nil, apiError("ValidationException", "The private key is not supported.")
	}
	return signer, nil
}

func acmKeyAlgorithm(key any) (acmtypes.KeyAlgorithm, error) {
	var name string
	switch key := key.(type) {
	case *rsa.PublicKey:
		name = fmt.Sprintf("RSA_%d", key.N.BitLen())
	case *ecdsa.PublicKey:
		name = map[string]string{"P-256": "EC_prime256v1", "P-384": "EC_secp384r1", "P-521": "EC_secp521r1"}[key.Curve.Params().Name]
	}
	algorithm := acmtypes.KeyAlgorithm(name)
	if name == "" || !slices.Contains(algorithm.Values(), algorithm) {
		return "", apiError("ValidationException", "The key algorithm or size of the certificate is not supported.")
	}
	return algorithm, nil
}

// acmDetail describes a certificate in the service's words.
func acmDetail(p *acmParsed) acmtypes.CertificateDetail {
	leaf := p.leaf
	names := slices.Clone(leaf.DNSNames)
	for _, ip := range leaf.IPAddresses {
		names = append(names, ip.String())
	}
	domain := leaf.Subject.CommonName
	if domain == "" && len(names) > 0 {
		domain = names[0]
	}
	if domain != "" && !slices.Contains(names, domain) {
		names = append([]string{domain}, names...)
	}
	d := acmtypes.CertificateDetail{
		SubjectAlternativeNames: names,
		Subject:                 new(leaf.Subject.String()),
		Issuer:                  new(leaf.Issuer.CommonName),
		Serial:                  new(acmSerial(leaf)),
		NotBefore:               new(leaf.NotBefore),
		NotAfter:                new(leaf.NotAfter),
		KeyAlgorithm:            p.algorithm,
		SignatureAlgorithm:      new(acmSignature(leaf)),
		Status:                  acmtypes.CertificateStatusIssued,
		Type:                    acmtypes.CertificateTypeImported,
		RenewalEligibility:      acmtypes.RenewalEligibilityIneligible,
		Options:                 &acmtypes.CertificateOptions{CertificateTransparencyLoggingPreference: acmtypes.CertificateTransparencyLoggingPreferenceDisabled},
	}
	if domain != "" {
		d.DomainName = new(domain)
	}
	if len(leaf.Issuer.Organization) > 0 {
		d.Issuer = new(leaf.Issuer.Organization[0])
	}
	for bit, name := range acmKeyUsages {
		if leaf.KeyUsage&(1<<bit) != 0 {
			d.KeyUsages = append(d.KeyUsages, acmtypes.KeyUsage{Name: name})
		}
	}
	for _, usage := range leaf.ExtKeyUsage {
		known, ok := acmExtKeyUsages[usage]
		if !ok {
			known = acmtypes.ExtendedKeyUsage{Name: acmtypes.ExtendedKeyUsageNameCustom, OID: new("2.5.29.37")}
		}
		d.ExtendedKeyUsages = append(d.ExtendedKeyUsages, known)
	}
	for _, oid := range leaf.UnknownExtKeyUsage {
		d.ExtendedKeyUsages = append(d.ExtendedKeyUsages, acmtypes.ExtendedKeyUsage{Name: acmtypes.ExtendedKeyUsageNameCustom, OID: new(oid.String())})
	}
	return d
}

// acmKeyUsages is in the order of the bits of x509.KeyUsage.
var acmKeyUsages = []acmtypes.KeyUsageName{
	acmtypes.KeyUsageNameDigitalSignature, acmtypes.KeyUsageNameNonRepudation, acmtypes.KeyUsageNameKeyEncipherment,
	acmtypes.KeyUsageNameDataEncipherment, acmtypes.KeyUsageNameKeyAgreement, acmtypes.KeyUsageNameCertificateSigning,
	acmtypes.KeyUsageNameCrlSigning, acmtypes.KeyUsageNameEnchiperOnly, acmtypes.KeyUsageNameDecipherOnly,
}

var acmExtKeyUsages = map[x509.ExtKeyUsage]acmtypes.ExtendedKeyUsage{
	x509.ExtKeyUsageAny:             {Name: acmtypes.ExtendedKeyUsageNameAny, OID: new("2.5.29.37.0")},
	x509.ExtKeyUsageServerAuth:      {Name: acmtypes.ExtendedKeyUsageNameTlsWebServerAuthentication, OID: new("1.3.6.1.5.5.7.3.1")},
	x509.ExtKeyUsageClientAuth:      {Name: acmtypes.ExtendedKeyUsageNameTlsWebClientAuthentication, OID: new("1.3.6.1.5.5.7.3.2")},
	x509.ExtKeyUsageCodeSigning:     {Name: acmtypes.ExtendedKeyUsageNameCodeSigning, OID: new("1.3.6.1.5.5.7.3.3")},
	x509.ExtKeyUsageEmailProtection: {Name: acmtypes.ExtendedKeyUsageNameEmailProtection, OID: new("1.3.6.1.5.5.7.3.4")},
	x509.ExtKeyUsageTimeStamping:    {Name: acmtypes.ExtendedKeyUsageNameTimeStamping, OID: new("1.3.6.1.5.5.7.3.8")},
	x509.ExtKeyUsageOCSPSigning:     {Name: acmtypes.ExtendedKeyUsageNameOcspSigning, OID: new("1.3.6.1.5.5.7.3.9")},
}

func acmSerial(cert *x509.Certificate) string {
	raw := cert.SerialNumber.Bytes()
	parts := make([]string, len(raw))
	for i, b := range raw {
		parts[i] = fmt.Sprintf("%02x", b)
	}
	return strings.Join(parts, ":")
}

// acmSignature turns "SHA256-RSA" and "ECDSA-SHA256" into "SHA256WITHRSA" and "SHA256WITHECDSA".
func acmSignature(cert *x509.Certificate) string {
	a, b, ok := strings.Cut(cert.SignatureAlgorithm.String(), "-")
	switch {
	case !ok:
		return a
	case a == "ECDSA":
		return b + "WITHECDSA"
	}
	return a + "WITH" + b
}
