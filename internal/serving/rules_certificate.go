package serving

import (
	"crypto/x509"
	"errors"
	"time"
)

var (
	ruleRenewBefore      = mustNot("renew_before_days", "Invalid renew_before_days")
	ruleImportedMissing  = mustNot("certificate_source_missing", "Certificate has no source")
	ruleCertificatePEM   = mustNot("certificate_pem", "Certificate cannot be read")
	ruleCertificateKey   = mustNot("certificate_pem_private_key", "Private key among the certificates")
	ruleCertificateExtra = mustNot("certificate_pem_extra", "More than one certificate")
	ruleCertificateSize  = mustNot("certificate_size", "Text is too long")
	ruleX509Version      = mustNot("certificate_version", "Certificate is not of X.509 version 3")
	ruleExpired          = mustNot("certificate_expired", "Certificate has expired")
	ruleNotYetValid      = mustNot("certificate_not_yet_valid", "Certificate is not valid yet")
	ruleRenewSoon        = shouldNot("certificate_renew_soon", "Certificate expires soon")
	ruleKeyType          = mustNot("certificate_key_type", "Key type is not supported")
	ruleWeakSignature    = shouldNot("certificate_weak_signature", "Certificate is signed with SHA-1")
	ruleNoNames          = shouldNot("certificate_without_names", "Certificate has no DNS name")
	ruleIssuerAlgorithm  = shouldNot("certificate_issuer_algorithm", "Key type differs from the issuer's")
	rulePrivateKey       = mustNot("private_key", "Private key cannot be used")
	ruleKeyMismatch      = mustNot("private_key_mismatch", "Private key does not match the certificate")
)

// Sizes of an import are ACM's, and there as everywhere: the key is "no larger than 5 KB (5,120 bytes)" (acm
// ImportCertificate), the certificate at most 32,768 and the chain at most
// 2,097,152 bytes (ACM API reference, ImportCertificate).
const (
	maxCertificateBytes = 32 << 10
	maxChainBytes       = 2 << 20
	maxKeyBytes         = 5 << 10
)

// maxRenewBefore is above the life of any certificate that browsers take; more
// is a mistake of unit.
const maxRenewBefore = 825

const (
	certificatePath = "imported.certificate_pem"
	chainPath       = "imported.chain_pem"
	keyPath         = "imported.private_key_wo"
)

// Problems judges the spec on its own at a point in time. What needs the
// private key is left out while the key is empty, as in a spec made from state.
func (c Certificate) Problems(now time.Time) []Problem {
	f := &findings{unknown: c.Unknown}
	f.location(c.Cloud, c.Region, c.Name)
	if d := c.RenewBeforeDays; f.known("renew_before_days") && (d < 0 || d > maxRenewBefore) {
		f.add(ruleRenewBefore.at("renew_before_days", "The value is %d. It is a number of days from 0 (no warning) to %d. Use 30 if in doubt.", d, maxRenewBefore))
	}
	switch {
	case f.unknown["imported"]:
	case c.Imported == nil:
		f.add(ruleImportedMissing.at("imported", "The certificate has no source. Write imported = { certificate_pem = file(\"tls.crt\"), private_key_wo = var.tls_key }."))
	default:
		f.imported(c, now)
	}
	f.tags(c.Cloud, c.Tags)
	return f.problems
}

func (f *findings) imported(c Certificate, now time.Time) {
	text := *c.Imported
	leaf := f.leaf(text.CertificatePEM)
	if leaf != nil {
		f.validity(leaf, c, now)
		f.leafKind(leaf, f.of(c.Cloud).facts())
	}
	if text.ChainPEM != "" && f.known(chainPath) {
		f.chain(leaf, text.ChainPEM, now)
	}
	f.privateKey(leaf, text.PrivateKeyPEM)
}

// leaf reads the certificate, or says why it cannot and returns nil.
func (f *findings) leaf(text string) *x509.Certificate {
	if !f.known(certificatePath) || f.tooLong(certificatePath, text, maxCertificateBytes) {
		return nil
	}
	leaf, err := readLeaf(text)
	switch {
	case errors.Is(err, errPrivateKey):
		f.keyAmongCertificates(certificatePath)
	case errors.Is(err, errExtraBlocks):
		f.add(ruleCertificateExtra.at(certificatePath, "There is more than one certificate. This attribute holds the server's own certificate alone. Move the others to chain_pem, issuer first."))
	case err != nil:
		f.add(ruleCertificatePEM.at(certificatePath, "This is not one PEM certificate: %v. Give the text of the server's certificate, as file(\"tls.crt\").", err))
	}
	return leaf
}

func (f *findings) keyAmongCertificates(path string) {
	f.add(ruleCertificateKey.at(path, "There is a private key in this attribute, which Terraform keeps in its state in clear text. Give the key in private_key_wo alone, "+
		"and replace the key if a plan file or state with it was kept."))
}

func (f *findings) tooLong(path, text string, limit int) bool {
	if len(text) <= limit {
		return false
	}
	f.add(ruleCertificateSize.at(path, "The text has %d bytes. Certificate stores take %d. Give the PEM blocks alone, without what is around them.", len(text), limit))
	return true
}

// validity: "The current time must be between the Not Before and Not After
// certificate fields" (acm ImportCertificate).
func (f *findings) validity(leaf *x509.Certificate, c Certificate, now time.Time) {
	switch {
	case now.Before(leaf.NotBefore):
		f.add(ruleNotYetValid.at(certificatePath, "The certificate is valid from %s on, and now it is %s. Callers would refuse it. Wait, or correct the clock of this machine.",
			day(leaf.NotBefore), day(now)))
	case now.After(leaf.NotAfter):
		f.add(ruleExpired.at(certificatePath, "The certificate was valid until %s. Callers would refuse it. Give a new one.", day(leaf.NotAfter)))
	case f.known("renew_before_days") && c.RenewBeforeDays > 0 && !now.AddDate(0, 0, int(min(c.RenewBeforeDays, maxRenewBefore))).Before(leaf.NotAfter):
		f.add(ruleRenewSoon.at(certificatePath, "The certificate is valid until %s, in %d days, and renew_before_days is %d. Give a new one here: it is taken over in place.",
			day(leaf.NotAfter), daysUntil(leaf.NotAfter, now), c.RenewBeforeDays))
	}
}

func day(t time.Time) string { return t.UTC().Format("2006-01-02 15:04 MST") }

func daysUntil(t, now time.Time) int { return int(t.Sub(now).Hours() / 24) }

// leafKind holds the rules on what kind of certificate it is: version 3 with a
// key that the store and the load balancer take (ACM User Guide, "Prerequisites for
// importing certificates").
func (f *findings) leafKind(leaf *x509.Certificate, its facts) {
	if leaf.Version != 3 {
		f.add(ruleX509Version.at(certificatePath, "The certificate is of X.509 version %d. Certificate stores take version 3 only. Have it issued anew, with a subject alternative name.", leaf.Version))
	}
	if algorithm := keyAlgorithm(leaf.PublicKey); !its.keys[algorithm] {
		f.add(ruleKeyType.at(certificatePath, "The certificate's key is %s. Load balancers take %s. Have it issued for such a key.", algorithm, its.keyList))
	}
	if weakSignature(leaf) {
		f.add(ruleWeakSignature.at(certificatePath, "The certificate's signature is %s, which today's callers refuse. Have it issued with SHA-256.", leaf.SignatureAlgorithm))
	}
	if len(leaf.DNSNames) == 0 {
		f.add(ruleNoNames.at(certificatePath, "The certificate has no subject alternative name with a DNS name, and callers ignore its common name %q. Have it issued with the endpoint's domain as such a name.", leaf.Subject.CommonName))
	}
	if !its.sameIssuerKey {
		return
	}
	// "the cryptographic algorithm of an imported certificate must match the
	// algorithm of the signing CA"; a warning, for ACM's wording is stricter
	// than what was seen of it.
	if issuer := signatureKind(leaf); issuer != x509.UnknownPublicKeyAlgorithm && issuer != leaf.PublicKeyAlgorithm {
		f.add(ruleIssuerAlgorithm.at(certificatePath, "The certificate's key is %s and its issuer's is %s. ACM documents that both must be of one kind and may refuse the import. Have it issued for an %s key.",
			leaf.PublicKeyAlgorithm, issuer, issuer))
	}
}

// signatureKind is the kind of the key that made the certificate's signature.
func signatureKind(c *x509.Certificate) x509.PublicKeyAlgorithm {
	switch c.SignatureAlgorithm {
	case x509.MD2WithRSA, x509.MD5WithRSA, x509.SHA1WithRSA, x509.SHA256WithRSA, x509.SHA384WithRSA, x509.SHA512WithRSA,
		x509.SHA256WithRSAPSS, x509.SHA384WithRSAPSS, x509.SHA512WithRSAPSS:
		return x509.RSA
	case x509.ECDSAWithSHA1, x509.ECDSAWithSHA256, x509.ECDSAWithSHA384, x509.ECDSAWithSHA512:
		return x509.ECDSA
	case x509.PureEd25519:
		return x509.Ed25519
	}
	return x509.UnknownPublicKeyAlgorithm
}

// privateKey: ACM takes the matching key, unencrypted, of at most 5 KB.
func (f *findings) privateKey(leaf *x509.Certificate, text string) {
	if text == "" || !f.known(keyPath) || f.tooLong(keyPath, text, maxKeyBytes) {
		return
	}
	if _, err := publicOf(text); err != nil {
		f.add(rulePrivateKey.at(keyPath, "The text cannot be used as the certificate's key: %v. Give the PEM text of the unencrypted key.", err))
		return
	}
	if leaf == nil {
		return
	}
	if err := matchKey(leaf, text); err != nil {
		f.add(ruleKeyMismatch.at(keyPath, "The certificate for %q has another public key than this private key. Give the key that the certificate was requested with.", leafName(leaf)))
	}
}

func leafName(c *x509.Certificate) string {
	if len(c.DNSNames) > 0 {
		return c.DNSNames[0]
	}
	return c.Subject.String()
}
