package serving

import (
	"reflect"
	"strings"
	"testing"
)

type certificateCase struct {
	name  string
	spec  func(*Certificate, *ImportedCertificate)
	wants []want
}

func goodCertificate() Certificate {
	f := fixtures()
	return Certificate{
		Cloud: AWS, Region: "us-west-2", Name: "models", RenewBeforeDays: 30, Tags: map[string]string{"team": "ml"},
		Imported: &ImportedCertificate{
			CertificatePEM: f.leaf.pem(), ChainPEM: f.inner.pem() + f.outer.pem(), PrivateKeyPEM: f.leaf.keyPEM(),
		},
	}
}

func (tc certificateCase) build() Certificate {
	c := goodCertificate()
	tc.spec(&c, c.Imported)
	return c
}

// selfContained is an import of a certificate without a chain.
func selfContained(i issued) func(*Certificate, *ImportedCertificate) {
	return func(_ *Certificate, p *ImportedCertificate) {
		*p = ImportedCertificate{CertificatePEM: i.pem(), PrivateKeyPEM: i.keyPEM()}
	}
}

func googleCertificate(i issued) func(*Certificate, *ImportedCertificate) {
	return func(c *Certificate, p *ImportedCertificate) {
		c.Cloud, c.Region = GCP, "europe-west4"
		selfContained(i)(c, p)
	}
}

func chainOf(texts ...string) func(*Certificate, *ImportedCertificate) {
	return func(_ *Certificate, p *ImportedCertificate) { p.ChainPEM = strings.Join(texts, "") }
}

func keyText(text string) func(*Certificate, *ImportedCertificate) {
	return func(_ *Certificate, p *ImportedCertificate) { p.PrivateKeyPEM = text }
}

func certText(text string) func(*Certificate, *ImportedCertificate) {
	return func(_ *Certificate, p *ImportedCertificate) { p.CertificatePEM, p.ChainPEM = text, "" }
}

func certificateCases() []certificateCase {
	f := fixtures()
	return []certificateCase{
		{"good", func(*Certificate, *ImportedCertificate) {}, nil},
		{"self-signed", selfContained(f.selfSigned), nil},
		{"RSA", selfContained(f.rsa), nil},
		{"with the root", chainOf(f.inner.pem(), f.outer.pem(), f.root.pem()), nil},
		{"without chain", chainOf(), nil},
		{"made from state", keyText(""), nil},
		{"text around the blocks", certText("subject=models\n" + f.leaf.pem() + "\n\n"), nil},
		{"key in the form of SEC 1 with its parameters", keyText(pemText("EC PARAMETERS", []byte{6, 1, 1}) + sec1(f.leaf)), nil},

		{"name", func(c *Certificate, _ *ImportedCertificate) { c.Name = "Models" }, []want{{"name", "Invalid name", `"Models"`}}},
		{"gcp", googleCertificate(f.leaf), nil},
		{"gcp, key and issuer of two kinds", googleCertificate(f.mixed), nil},
		{"gcp, key type", googleCertificate(f.p521), []want{{certificatePath, "Key type is not supported", "ECDSA on P-256 or P-384"}}},
		{"P-521 on aws", selfContained(f.p521), nil},
		{"region", func(c *Certificate, _ *ImportedCertificate) { c.Region = "west" }, []want{{"region", "Invalid region", `"west"`}}},
		{"tags", func(c *Certificate, _ *ImportedCertificate) { c.Tags = map[string]string{"aws:a": ""} },
			[]want{{"tags.aws:a", "Tag key is reserved", "only AWS"}}},
		{"renewal in the past", func(c *Certificate, _ *ImportedCertificate) { c.RenewBeforeDays = -1 },
			[]want{{"renew_before_days", "Invalid renew_before_days", "The value is -1"}}},
		{"renewal in hours", func(c *Certificate, _ *ImportedCertificate) { c.RenewBeforeDays = 826 },
			[]want{
				{"renew_before_days", "Invalid renew_before_days", "from 0 (no warning) to 825"},
				{"imported.certificate_pem", "warning: Certificate expires soon", "renew_before_days is 826"},
			}},
		{"no source", func(c *Certificate, _ *ImportedCertificate) { c.Imported = nil },
			[]want{{"imported", "Certificate has no source", "Write imported = {"}}},

		{"not PEM", certText("tls.crt"), []want{{certificatePath, "Certificate cannot be read", `there is no PEM block`}}},
		{"empty", certText(""), []want{{certificatePath, "Certificate cannot be read", `there is no PEM block`}}},
		{"request", certText(pemText("CERTIFICATE REQUEST", nil)),
			[]want{{certificatePath, "Certificate cannot be read", `a block of type "CERTIFICATE REQUEST"`}}},
		{"damaged", certText(f.damagedCert), []want{{certificatePath, "Certificate cannot be read", "certificate 1 cannot be read: x509"}}},
		{"too long", certText(strings.Repeat("x", 32<<10+1)), []want{{certificatePath, "Text is too long", "has 32769 bytes. Certificate stores take 32768"}}},
		{"full chain as certificate", certText(f.leaf.pem() + f.inner.pem()),
			[]want{{certificatePath, "More than one certificate", "Move the others to chain_pem"}}},
		{"key as certificate", certText(f.leaf.keyPEM() + f.leaf.pem()),
			[]want{{certificatePath, "Private key among the certificates", "private_key_wo alone"}}},
		{"damaged key as certificate", certText(f.leaf.pem() + "-----BEGIN PRIVATE KEY-----\nMII"),
			[]want{{certificatePath, "Private key among the certificates", "in clear text"}}},
		{"version 1", certText(f.versionOne), []want{
			{certificatePath, "Certificate is not of X.509 version 3", "is of X.509 version 1"},
			{certificatePath, "warning: Certificate has no DNS name", "models.example.com"},
		}},
		{"expired", selfContained(f.expired), []want{{certificatePath, "Certificate has expired", "valid until 2026-11-22 11:00 UTC"}}},
		{"not yet valid", selfContained(f.early), []want{{certificatePath, "Certificate is not valid yet", "valid from 2026-11-22 13:00 UTC on"}}},
		{"ending", selfContained(f.ending),
			[]want{{certificatePath, "warning: Certificate expires soon", "in 20 days, and renew_before_days is 30"}}},
		{"ending, and nobody minds", func(c *Certificate, p *ImportedCertificate) { selfContained(f.ending)(c, p); c.RenewBeforeDays = 0 }, nil},
		{"Ed25519", selfContained(f.ed), []want{{certificatePath, "Key type is not supported", "key is ed25519.PublicKey"}}},
		{"P-224", selfContained(f.p224), []want{{certificatePath, "Key type is not supported", "key is EC_P-224"}}},
		{"SHA-1", selfContained(f.sha1), []want{{certificatePath, "warning: Certificate is signed with SHA-1", "signature is SHA1-RSA"}}},
		{"no names", selfContained(f.nameless), []want{{certificatePath, "warning: Certificate has no DNS name", `common name "models.example.com"`}}},
		{"RSA under ECDSA", selfContained(f.mixed), []want{{certificatePath, "warning: Key type differs from the issuer's", "key is RSA and its issuer's is ECDSA"}}},

		{"chain is not PEM", chainOf("chain"), []want{{chainPath, "Chain cannot be read", "there is no PEM block"}}},
		{"chain too long", chainOf(strings.Repeat("x", 2<<20+1)), []want{{chainPath, "Text is too long", "has 2097153 bytes"}}},
		{"key in the chain", chainOf(f.inner.pem(), f.leaf.keyPEM()), []want{{chainPath, "Private key among the certificates", "replace the key"}}},
		{"certificate in the chain", chainOf(f.leaf.pem(), f.inner.pem()),
			[]want{{chainPath, "Chain contains the certificate itself", "the chain starts with its issuer"}}},
		{"chain reversed", chainOf(f.outer.pem(), f.inner.pem()),
			[]want{{chainPath, "Chain is in the wrong order", `The right order is: "CN=Inner", "CN=Outer".`}}},
		{"chain of others", chainOf(f.inner.pem(), f.stranger.pem()),
			[]want{{chainPath, "Chain contains an unrelated certificate", `"CN=Stranger" did not sign`}}},
		{"chain with a gap", chainOf(f.outer.pem()),
			[]want{{chainPath, "Chain contains an unrelated certificate", `the certificate's issuer is "CN=Inner"`}}},
		{"chain of a server's certificate", func(_ *Certificate, p *ImportedCertificate) {
			*p = ImportedCertificate{CertificatePEM: f.byLeaf.pem(), ChainPEM: f.leaf.pem() + f.inner.pem(), PrivateKeyPEM: f.byLeaf.keyPEM()}
		}, []want{{chainPath, "Chain contains a certificate that may not issue", `"CN=models.example.com" signed the certificate before it`}}},
		{"chain expired", func(_ *Certificate, p *ImportedCertificate) {
			*p = ImportedCertificate{CertificatePEM: f.underOld.pem(), ChainPEM: f.oldOuter.pem()}
		}, []want{{chainPath, "warning: Certificate of the chain has expired", `"CN=Old" was valid until`}}},

		{"another key", keyText(f.inner.keyPEM()),
			[]want{{keyPath, "Private key does not match the certificate", `The certificate for "models.example.com"`}}},
		{"another kind of key", keyText(f.rsa.keyPEM()), []want{{keyPath, "Private key does not match the certificate", "requested with"}}},
		{"key without certificate", func(_ *Certificate, p *ImportedCertificate) {
			p.CertificatePEM, p.PrivateKeyPEM = "x", f.inner.keyPEM()
		},
			[]want{{certificatePath, "Certificate cannot be read", "file("}}},
		{"encrypted key", keyText(f.encrypted), []want{{keyPath, "Private key cannot be used", "encrypted with a passphrase"}}},
		{"key encrypted the old way", keyText(f.legacyEncrypted), []want{{keyPath, "Private key cannot be used", "openssl pkey"}}},
		{"certificate as key", keyText(f.leaf.pem()), []want{{keyPath, "Private key cannot be used", "there is no private key in it"}}},
		{"damaged key", keyText(pemText("PRIVATE KEY", []byte("x"))), []want{{keyPath, "Private key cannot be used", "damaged"}}},
		{"long key", keyText(strings.Repeat("x", 5121)), []want{{keyPath, "Text is too long", "has 5121 bytes. Certificate stores take 5120"}}},
	}
}

func TestCertificateProblems(t *testing.T) {
	t.Parallel()
	for _, tc := range certificateCases() {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			problems := tc.build().Problems(testNow)
			check(t, problems, tc.wants)
			for _, p := range problems {
				noSecrets(t, p.Summary+p.Detail, tc.build().keyOrNone())
				noSecrets(t, p.Summary+p.Detail, fixtures().leaf.keyPEM())
			}
		})
	}
}

func (c Certificate) keyOrNone() string {
	if c.Imported == nil {
		return ""
	}
	return c.Imported.PrivateKeyPEM
}

func TestUnknownsNeverAddCertificateProblems(t *testing.T) {
	t.Parallel()
	for _, tc := range certificateCases() {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			before := ruleSet(tc.build().Problems(testNow))
			for _, path := range pathsOf(tc.build()) {
				kept, zeroed := tc.build(), tc.build()
				kept.Unknown, zeroed.Unknown = Unknown{path: true}, Unknown{path: true}
				zeroAt(reflect.ValueOf(&zeroed).Elem(), path)
				unaffected(t, path, before, kept.Problems(testNow), zeroed.Problems(testNow))
			}
		})
	}
}

func TestLenientStopsNothingThatTimeAloneBroke(t *testing.T) {
	t.Parallel()
	problems := []Problem{ruleExpired.at("a", "x"), ruleServedExpired.at("b", "x"), ruleKeyMismatch.at("c", "x")}
	got := Lenient(problems)
	if got[0].Severity != SeverityWarning || got[1].Severity != SeverityWarning || got[2].Severity != SeverityError {
		t.Errorf("severities %v", got)
	}
	if problems[0].Severity != SeverityError {
		t.Error("the argument was changed")
	}
}
