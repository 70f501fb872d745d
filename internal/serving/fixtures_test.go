package serving

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/pem"
	"math/big"
	"strings"
	"sync"
	"testing"
	"time"
)

// testNow is the moment of all tests.
var testNow = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

// issued is a certificate with its key.
type issued struct {
	cert *x509.Certificate
	key  crypto.Signer
}

func (i issued) pem() string { return pemText("CERTIFICATE", i.cert.Raw) }

func (i issued) keyPEM() string {
	return pemText("PRIVATE KEY", must(x509.MarshalPKCS8PrivateKey(i.key)))
}

func pemText(kind string, der []byte) string {
	return string(pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}))
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

func ecKey(curve elliptic.Curve) crypto.Signer { return must(ecdsa.GenerateKey(curve, rand.Reader)) }

// issue makes a certificate that by signed; with no by it signs itself.
func issue(key crypto.Signer, by *issued, change func(*x509.Certificate)) issued {
	template := &x509.Certificate{
		SerialNumber: big.NewInt(0xbeef), Subject: pkix.Name{CommonName: "models.example.com"},
		DNSNames:  []string{"models.example.com"},
		NotBefore: testNow.AddDate(0, -1, 0), NotAfter: testNow.AddDate(0, 3, 0),
		BasicConstraintsValid: true,
	}
	if change != nil {
		change(template)
	}
	parent, signer := template, key
	if by != nil {
		parent, signer = by.cert, by.key
	}
	der := must(x509.CreateCertificate(rand.Reader, template, parent, key.Public(), signer))
	return issued{cert: must(x509.ParseCertificate(der)), key: key}
}

func authority(name string, by *issued, change func(*x509.Certificate)) issued {
	return issue(ecKey(elliptic.P256()), by, func(c *x509.Certificate) {
		c.Subject.CommonName, c.DNSNames, c.IsCA = name, nil, true
		if change != nil {
			change(c)
		}
	})
}

// fixtures are the certificates of the tests, made once.
type fixtureSet struct {
	root, outer, inner, leaf, stranger, selfSigned      issued
	expired, early, ending, nameless, sha1, ed, p224    issued
	p521                                                issued
	rsa, mixed, byLeaf, oldOuter, underOld              issued
	versionOne, damagedCert, encrypted, legacyEncrypted string
}

var fixtures = sync.OnceValue(func() fixtureSet {
	var f fixtureSet
	f.root = authority("Root", nil, nil)
	f.outer = authority("Outer", &f.root, nil)
	f.inner = authority("Inner", &f.outer, nil)
	f.stranger = authority("Stranger", nil, nil)
	p256 := ecKey(elliptic.P256())
	under := func(change func(*x509.Certificate)) issued { return issue(p256, &f.inner, change) }
	f.leaf = under(nil)
	f.selfSigned = issue(p256, nil, nil)
	f.expired = under(func(c *x509.Certificate) { c.NotAfter = testNow.Add(-time.Hour) })
	f.early = under(func(c *x509.Certificate) { c.NotBefore = testNow.Add(time.Hour) })
	f.ending = under(func(c *x509.Certificate) { c.NotAfter = testNow.AddDate(0, 0, 20) })
	f.nameless = under(func(c *x509.Certificate) { c.DNSNames = nil })
	_, edKey, _ := ed25519.GenerateKey(rand.Reader)
	f.ed = issue(edKey, nil, nil)
	f.p224 = issue(ecKey(elliptic.P224()), nil, nil)
	f.p521 = issue(ecKey(elliptic.P521()), nil, nil)
	rsaKey := must(rsa.GenerateKey(rand.Reader, 2048))
	f.rsa = issue(rsaKey, nil, nil)
	f.mixed = issue(rsaKey, &f.inner, nil)
	f.sha1 = issue(rsaKey, nil, func(c *x509.Certificate) { c.SignatureAlgorithm = x509.SHA1WithRSA })
	f.byLeaf = issue(p256, &f.leaf, func(c *x509.Certificate) { c.DNSNames = []string{"other.example.com"} })
	f.oldOuter = authority("Old", &f.root, func(c *x509.Certificate) { c.NotAfter = testNow.Add(-time.Hour) })
	f.underOld = issue(p256, &f.oldOuter, nil)
	f.versionOne = pemText("CERTIFICATE", asVersionOne(f.selfSigned.cert.Raw))
	f.damagedCert = pemText("CERTIFICATE", f.leaf.cert.Raw[:100])
	f.encrypted = pemText("ENCRYPTED PRIVATE KEY", []byte("sealed"))
	f.legacyEncrypted = string(pem.EncodeToMemory(&pem.Block{
		Type: "RSA PRIVATE KEY", Bytes: []byte("sealed"),
		Headers: map[string]string{"Proc-Type": "4,ENCRYPTED", "DEK-Info": "AES-128-CBC,00"},
	}))
	return f
})

// asVersionOne drops the version and the extensions of a certificate.
func asVersionOne(der []byte) []byte {
	var outer, inner []asn1.RawValue
	_ = must(asn1.Unmarshal(der, &outer))
	_ = must(asn1.Unmarshal(outer[0].FullBytes, &inner))
	outer[0] = asn1.RawValue{FullBytes: must(asn1.Marshal(inner[1 : len(inner)-1]))}
	return must(asn1.Marshal(outer))
}

// secretLines are the lines of a key that no message may contain.
func secretLines(keyPEM string) []string {
	var lines []string
	for line := range strings.Lines(keyPEM) {
		if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, "-----") {
			lines = append(lines, line)
		}
	}
	return lines
}

func noSecrets(t *testing.T, text, keyPEM string) {
	t.Helper()
	for _, line := range secretLines(keyPEM) {
		if strings.Contains(text, line) {
			t.Errorf("the message contains key material: %s", text)
		}
	}
}
