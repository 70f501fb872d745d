package serving

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"errors"
	"reflect"
	"testing"
)

// sec1 is an EC key in openssl's older form.
func sec1(i issued) string {
	return pemText("EC PRIVATE KEY", must(x509.MarshalECPrivateKey(i.key.(*ecdsa.PrivateKey))))
}

func pkcs1(i issued) string {
	return pemText("RSA PRIVATE KEY", x509.MarshalPKCS1PrivateKey(i.key.(*rsa.PrivateKey)))
}

func TestParseCertificate(t *testing.T) {
	t.Parallel()
	f := fixtures()
	got, err := ParseCertificate(f.leaf.pem(), f.inner.pem()+f.outer.pem())
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256(f.leaf.cert.Raw)
	want := CertificateInfo{
		Subject: "CN=models.example.com", Issuer: "CN=Inner", Serial: "beef", DNSNames: []string{"models.example.com"},
		NotBefore: f.leaf.cert.NotBefore, NotAfter: f.leaf.cert.NotAfter,
		KeyAlgorithm: "EC_prime256v1", SHA256: hex.EncodeToString(sum[:]),
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
}

func TestParseCertificateKinds(t *testing.T) {
	t.Parallel()
	f := fixtures()
	for _, tc := range []struct {
		name       string
		cert       issued
		algorithm  string
		selfSigned bool
	}{
		{"self-signed", f.selfSigned, "EC_prime256v1", true},
		{"RSA", f.rsa, "RSA_2048", true},
		{"SHA-1", f.sha1, "RSA_2048", true},
		{"P-384", issue(ecKey(elliptic.P384()), nil, nil), "EC_secp384r1", true},
		{"P-521", issue(ecKey(elliptic.P521()), nil, nil), "EC_secp521r1", true},
		{"P-224", f.p224, "EC_P-224", true},
		{"Ed25519", f.ed, "ed25519.PublicKey", true},
		// The same names as its issuer, but another key.
		{"same name", issue(ecKey(elliptic.P256()), &f.selfSigned, nil), "EC_prime256v1", false},
	} {
		info, err := ParseCertificate(tc.cert.pem(), "")
		if err != nil || info.KeyAlgorithm != tc.algorithm || info.SelfSigned != tc.selfSigned {
			t.Errorf("%s: got %q, self-signed %v, %v; want %q, %v", tc.name, info.KeyAlgorithm, info.SelfSigned, err, tc.algorithm, tc.selfSigned)
		}
	}
}

func TestParseCertificateErrors(t *testing.T) {
	t.Parallel()
	f := fixtures()
	for _, tc := range []struct {
		name, cert, chain string
		want              error
		text              string
	}{
		{"no certificate", "", "", errNotPEM, "reading the certificate: there is no PEM block"},
		{"two", f.leaf.pem() + f.inner.pem(), "", errExtraBlocks, "reading the certificate: it contains more than one"},
		{"key", f.leaf.keyPEM(), "", errPrivateKey, "reading the certificate: it contains a private key"},
		{"key in the chain", f.leaf.pem(), f.leaf.keyPEM(), errPrivateKey, "reading the chain: it contains a private key"},
	} {
		_, err := ParseCertificate(tc.cert, tc.chain)
		if !errors.Is(err, tc.want) || len(err.Error()) < len(tc.text) || err.Error()[:len(tc.text)] != tc.text {
			t.Errorf("%s: got %v, want %s...", tc.name, err, tc.text)
			continue
		}
		noSecrets(t, err.Error(), f.leaf.keyPEM())
	}
}

func TestMatchKey(t *testing.T) {
	t.Parallel()
	f := fixtures()
	for _, tc := range []struct {
		name      string
		cert, key string
		want      error
	}{
		{"PKCS#8", f.leaf.pem(), f.leaf.keyPEM(), nil},
		{"SEC 1", f.leaf.pem(), sec1(f.leaf), nil},
		{"PKCS#1", f.rsa.pem(), pkcs1(f.rsa), nil},
		{"PKCS#8 of RSA", f.rsa.pem(), f.rsa.keyPEM(), nil},
		{"another", f.leaf.pem(), f.inner.keyPEM(), errKeyMismatch},
		{"another kind", f.leaf.pem(), f.rsa.keyPEM(), errKeyMismatch},
		{"encrypted", f.leaf.pem(), f.encrypted, errEncryptedKey},
		{"encrypted the old way", f.rsa.pem(), f.legacyEncrypted, errEncryptedKey},
		{"certificate", f.leaf.pem(), f.leaf.pem(), errNoKey},
		{"nothing", f.leaf.pem(), "", errNoKey},
		{"damaged", f.leaf.pem(), pemText("EC PRIVATE KEY", []byte("x")), errBadKey},
		{"certificate missing", "", f.leaf.keyPEM(), errNotPEM},
	} {
		err := MatchKey(tc.cert, tc.key)
		if !errors.Is(err, tc.want) {
			t.Errorf("%s: got %v, want %v", tc.name, err, tc.want)
		}
		if err != nil {
			noSecrets(t, err.Error(), tc.key)
		}
	}
}

func TestCovers(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name, host string
		want       bool
	}{
		{"models.example.com", "models.example.com", true},
		{"Models.Example.com", "models.example.com", true},
		{"models.example.com", "MODELS.example.com", true},
		{"*.example.com", "models.example.com", true},
		{"*.EXAMPLE.com", "models.example.com", true},
		{"*.example.com", "example.com", false},
		{"*.example.com", "a.models.example.com", false},
		{"*.example.com", ".example.com", false},
		{"*.com", "example", false},
		{"example.com", "models.example.com", false},
		{"m*.example.com", "models.example.com", false},
	} {
		if got := (CertificateInfo{DNSNames: []string{tc.name}}).Covers(tc.host); got != tc.want {
			t.Errorf("%s covers %s: got %v", tc.name, tc.host, got)
		}
	}
	if (CertificateInfo{}).Covers("models.example.com") {
		t.Error("a certificate without names covers a host")
	}
}

// servedCase is an endpoint with the certificate that it serves.
type servedCase struct {
	name       string
	visibility Visibility
	change     func(*Endpoint, *CertificateInfo)
	wants      []want
}

func (tc servedCase) build() (Cluster, CertificateInfo) {
	c := goodCluster()
	c.Visibility = tc.visibility
	info := CertificateInfo{
		DNSNames: []string{"example.com", "*.example.com"}, NotBefore: testNow.AddDate(0, -1, 0), NotAfter: testNow.AddDate(0, 1, 0),
		KeyAlgorithm: "RSA_2048",
	}
	tc.change(&c.Endpoint, &info)
	return c, info
}

var servedCases = []servedCase{
	{"good", Public, func(*Endpoint, *CertificateInfo) {}, nil},
	{"any host", Private, func(e *Endpoint, i *CertificateInfo) { e.Domain, i.DNSNames = "", nil }, nil},
	{"apex", Private, func(e *Endpoint, i *CertificateInfo) { e.Domain, i.DNSNames = "example.com", i.DNSNames[1:] },
		[]want{{"endpoint.domain", "Certificate does not cover the domain", `"example.com" and the certificate aws/us-west-2/models is for *.example.com`}}},
	{"two labels", Private, func(e *Endpoint, _ *CertificateInfo) { e.Domain = "eu.models.example.com" },
		[]want{{"endpoint.domain", "Certificate does not cover the domain", "is for example.com, *.example.com"}}},
	{"no names", Private, func(_ *Endpoint, i *CertificateInfo) { i.DNSNames = nil },
		[]want{{"endpoint.domain", "Certificate does not cover the domain", "is for nothing"}}},
	{"expired", Private, func(_ *Endpoint, i *CertificateInfo) { i.NotAfter = testNow.AddDate(0, 0, -1) },
		[]want{{"endpoint.certificate_id", "Cluster's certificate has expired", "valid until 2026-11-21"}}},
	{"early", Private, func(_ *Endpoint, i *CertificateInfo) { i.NotBefore = testNow.AddDate(0, 0, 1) },
		[]want{{"endpoint.certificate_id", "Cluster's certificate is not valid yet", "valid from 2026-11-23"}}},
	{"ending", Private, func(_ *Endpoint, i *CertificateInfo) { i.NotAfter = testNow.AddDate(0, 0, 14) },
		[]want{{"endpoint.certificate_id", "warning: Cluster's certificate expires soon", "in 14 days"}}},
	{"ending later", Private, func(_ *Endpoint, i *CertificateInfo) { i.NotAfter = testNow.AddDate(0, 0, 15) }, nil},
	{"Ed25519", Private, func(_ *Endpoint, i *CertificateInfo) { i.KeyAlgorithm = "ed25519.PublicKey" },
		[]want{{"endpoint.certificate_id", "Load balancer does not take the certificate's key", "key of type ed25519.PublicKey"}}},
	{"self-signed and private", Private, func(_ *Endpoint, i *CertificateInfo) { i.SelfSigned = true }, nil},
	{"self-signed and public", Public, func(_ *Endpoint, i *CertificateInfo) { i.SelfSigned = true },
		[]want{{"endpoint.certificate_id", "warning: Public endpoint with a self-signed certificate", "is self-signed"}}},
	{"nothing but names", Public, func(_ *Endpoint, i *CertificateInfo) { *i = CertificateInfo{DNSNames: i.DNSNames} }, nil},
}

func TestEndpointCertificateProblems(t *testing.T) {
	t.Parallel()
	for _, tc := range servedCases {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			cluster, info := tc.build()
			check(t, cluster.CertificateProblems(info, testNow), tc.wants)
		})
	}
	onGCP, info := servedCases[0].build()
	onGCP.Cloud, info.KeyAlgorithm = GCP, "EC_secp521r1"
	check(t, onGCP.CertificateProblems(info, testNow), []want{{"endpoint.certificate_id", "Load balancer does not take the certificate's key", "ECDSA on P-256 or P-384"}})
}
