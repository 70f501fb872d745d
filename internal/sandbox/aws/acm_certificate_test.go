package aws_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/acm"
	acmtypes "github.com/aws/aws-sdk-go-v2/service/acm/types"
)

// issued is a certificate with what signs it.
type issued struct {
	cert     *x509.Certificate
	key      crypto.Signer
	pem, raw []byte
}

func issue(t *testing.T, key crypto.Signer, parent *issued, change func(*x509.Certificate), names ...string) *issued {
	t.Helper()
	serial, err := rand.Int(rand.Reader, big.NewInt(1<<62))
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: serial, Subject: pkix.Name{CommonName: "ca"}, DNSNames: names, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}, BasicConstraintsValid: true,
	}
	if len(names) > 0 {
		template.Subject.CommonName = names[0]
	} else {
		template.IsCA, template.KeyUsage = true, x509.KeyUsageCertSign
	}
	if change != nil {
		change(template)
	}
	signer, by := key, template
	if parent != nil {
		signer, by = parent.key, parent.cert
	}
	raw, err := x509.CreateCertificate(rand.Reader, template, by, key.Public(), signer)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(raw)
	if err != nil {
		t.Fatal(err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return &issued{cert: cert, key: key, pem: pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: raw}), raw: pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private})}
}

func ec(t *testing.T, curve elliptic.Curve) crypto.Signer {
	t.Helper()
	key, err := ecdsa.GenerateKey(curve, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func (w *world) certificate(names ...string) string {
	w.t.Helper()
	c := issue(w.t, ec(w.t, elliptic.P256()), nil, nil, names...)
	return *do(w, w.acm.ImportCertificate, &acm.ImportCertificateInput{Certificate: c.pem, PrivateKey: c.raw}).CertificateArn
}

func TestImportCertificate(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ca := issue(t, ec(t, elliptic.P256()), nil, nil)
	middle := issue(t, ec(t, elliptic.P256()), ca, func(c *x509.Certificate) { c.Subject.CommonName = "middle" })
	leaf := issue(t, ec(t, elliptic.P256()), middle, nil, "a.example.com", "b.example.com")
	rsaKey, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	rsaLeaf := issue(t, rsaKey, ca, nil, "a.example.com")
	expired := issue(t, ec(t, elliptic.P256()), ca, func(c *x509.Certificate) { c.NotAfter = time.Now().Add(-time.Minute) }, "a.example.com")
	future := issue(t, ec(t, elliptic.P256()), ca, func(c *x509.Certificate) { c.NotBefore = time.Now().Add(time.Minute) }, "a.example.com")
	p224 := issue(t, ec(t, elliptic.P224()), ca, nil, "a.example.com")
	chain := slices.Concat(middle.pem, ca.pem)
	for name, tc := range map[string]struct {
		in      acm.ImportCertificateInput
		message string
	}{
		"other key":     {acm.ImportCertificateInput{Certificate: leaf.pem, PrivateKey: middle.raw, CertificateChain: chain}, "does not match"},
		"no chain":      {acm.ImportCertificateInput{Certificate: leaf.pem, PrivateKey: leaf.raw}, "valid self signed"},
		"chain order":   {acm.ImportCertificateInput{Certificate: leaf.pem, PrivateKey: leaf.raw, CertificateChain: slices.Concat(ca.pem, middle.pem)}, "invalid certificate is: 0"},
		"chain gap":     {acm.ImportCertificateInput{Certificate: leaf.pem, PrivateKey: leaf.raw, CertificateChain: slices.Concat(middle.pem, leaf.pem)}, "invalid certificate is: 1"},
		"two":           {acm.ImportCertificateInput{Certificate: slices.Concat(leaf.pem, middle.pem), PrivateKey: leaf.raw}, "more than one certificate"},
		"expired":       {acm.ImportCertificateInput{Certificate: expired.pem, PrivateKey: expired.raw, CertificateChain: ca.pem}, "expired"},
		"future":        {acm.ImportCertificateInput{Certificate: future.pem, PrivateKey: future.raw, CertificateChain: ca.pem}, "not valid yet"},
		"curve":         {acm.ImportCertificateInput{Certificate: p224.pem, PrivateKey: p224.raw, CertificateChain: ca.pem}, "not supported"},
		"mixed":         {acm.ImportCertificateInput{Certificate: rsaLeaf.pem, PrivateKey: rsaLeaf.raw, CertificateChain: ca.pem}, "must match the algorithm"},
		"no PEM":        {acm.ImportCertificateInput{Certificate: []byte("hello"), PrivateKey: leaf.raw}, "PEM"},
		"encrypted key": {acm.ImportCertificateInput{Certificate: leaf.pem, PrivateKey: []byte(strings.ReplaceAll(string(leaf.raw), "PRIVATE KEY", "ENCRYPTED PRIVATE KEY")), CertificateChain: chain}, "unencrypted"},
	} {
		t.Run(name, func(t *testing.T) {
			refused(&world{t: t}, w.acm.ImportCertificate, &tc.in, "ValidationException", tc.message)
		})
	}
	in := &acm.ImportCertificateInput{Certificate: leaf.pem, PrivateKey: leaf.raw, CertificateChain: chain, Tags: []acmtypes.Tag{{Key: new("k"), Value: new("v")}}}
	arn := do(w, w.acm.ImportCertificate, in).CertificateArn
	detail := do(w, w.acm.DescribeCertificate, &acm.DescribeCertificateInput{CertificateArn: arn}).Certificate
	if *detail.DomainName != "a.example.com" || !slices.Equal(detail.SubjectAlternativeNames, []string{"a.example.com", "b.example.com"}) || detail.KeyAlgorithm != acmtypes.KeyAlgorithmEcPrime256v1 ||
		*detail.SignatureAlgorithm != "SHA256WITHECDSA" || detail.Status != acmtypes.CertificateStatusIssued || detail.Type != acmtypes.CertificateTypeImported || *detail.Issuer != "middle" ||
		!detail.NotAfter.Equal(leaf.cert.NotAfter) || detail.KeyUsages[0].Name != acmtypes.KeyUsageNameDigitalSignature {
		t.Errorf("detail: %+v", detail)
	}
	got := do(w, w.acm.GetCertificate, &acm.GetCertificateInput{CertificateArn: arn})
	if *got.Certificate != string(leaf.pem) || *got.CertificateChain != string(chain) {
		t.Error("the certificate came back changed")
	}
	state, err := w.sandbox.AWS.State()
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(state), "PRIVATE KEY") {
		t.Error("the state has a private key")
	}
	// Elliptic curves are left out unless they are asked for.
	if list := do(w, w.acm.ListCertificates, &acm.ListCertificatesInput{}).CertificateSummaryList; len(list) != 0 {
		t.Errorf("list: %+v", list)
	}
	filters := &acmtypes.Filters{KeyTypes: []acmtypes.KeyAlgorithm{acmtypes.KeyAlgorithmEcPrime256v1}}
	if list := do(w, w.acm.ListCertificates, &acm.ListCertificatesInput{Includes: filters}).CertificateSummaryList; len(list) != 1 || *list[0].InUse {
		t.Errorf("list: %+v", list)
	}

	again := issue(t, ec(t, elliptic.P256()), ca, nil, "b.example.com")
	strangers := issue(t, ec(t, elliptic.P256()), ca, nil, "x.example.com")
	bigger := issue(t, ec(t, elliptic.P384()), ca, nil, "a.example.com")
	reimport := func(c *issued, tags ...acmtypes.Tag) *acm.ImportCertificateInput {
		return &acm.ImportCertificateInput{CertificateArn: arn, Certificate: c.pem, PrivateKey: c.raw, CertificateChain: ca.pem, Tags: tags}
	}
	refused(w, w.acm.ImportCertificate, reimport(again, acmtypes.Tag{Key: new("k")}), "ValidationException", "re-import")
	refused(w, w.acm.ImportCertificate, reimport(strangers), "ValidationException", "in common")
	refused(w, w.acm.ImportCertificate, reimport(bigger), "ValidationException", "cannot be changed")
	if same := do(w, w.acm.ImportCertificate, reimport(again)).CertificateArn; *same != *arn {
		t.Errorf("re-import made %s", *same)
	}
	do(w, w.acm.AddTagsToCertificate, &acm.AddTagsToCertificateInput{CertificateArn: arn, Tags: []acmtypes.Tag{{Key: new("l"), Value: new("w")}}})
	do(w, w.acm.RemoveTagsFromCertificate, &acm.RemoveTagsFromCertificateInput{CertificateArn: arn, Tags: []acmtypes.Tag{{Key: new("k")}}})
	if tags := do(w, w.acm.ListTagsForCertificate, &acm.ListTagsForCertificateInput{CertificateArn: arn}).Tags; len(tags) != 1 || *tags[0].Key != "l" {
		t.Errorf("tags: %+v", tags)
	}
	do(w, w.acm.DeleteCertificate, &acm.DeleteCertificateInput{CertificateArn: arn})
	refused(w, w.acm.DescribeCertificate, &acm.DescribeCertificateInput{CertificateArn: arn}, "ResourceNotFoundException", "")
}
