package gcp

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"maps"
	"math/big"
	"regexp"
	"strings"
	"testing"
	"time"

	"cloud.google.com/go/certificatemanager/apiv1/certificatemanagerpb"

	"github.com/modelserving/terraform-provider-serving/internal/serving"
	"github.com/modelserving/terraform-provider-serving/internal/stack"
)

// cleanCertificate asserts that a plan of the certificate would be empty.
func cleanCertificate(t *testing.T, b *Backend, spec serving.Certificate) serving.ObservedCertificate {
	t.Helper()
	seen, err := b.ObserveCertificate(t.Context(), spec)
	if err != nil || seen.Gone || len(seen.Drift) > 0 || seen.Account != sandboxProject {
		t.Fatalf("gone %v, drift %v, account %q, error %v", seen.Gone, seen.Drift, seen.Account, err)
	}
	want, _ := serving.ParseCertificate(spec.Imported.CertificatePEM, "")
	if seen.Info.SHA256 != want.SHA256 || tidy(seen.Spec.Imported.ChainPEM) != tidy(spec.Imported.ChainPEM) {
		t.Fatalf("the certificate is %s with the chain %q, want %s with %q", seen.Info.SHA256, seen.Spec.Imported.ChainPEM, want.SHA256, spec.Imported.ChainPEM)
	}
	if seen.Spec.Imported.PrivateKeyPEM != "" {
		t.Fatal("a key was read back")
	}
	return seen
}

// issued is a certificate that another one has signed, which is its chain.
func issued(t *testing.T) *serving.ImportedCertificate {
	t.Helper()
	sign := func(name string, parent *x509.Certificate, signer crypto.Signer, key crypto.Signer) *x509.Certificate {
		template := &x509.Certificate{
			SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name}, DNSNames: []string{name}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
			BasicConstraintsValid: true, IsCA: parent == nil, KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
		}
		if parent == nil {
			parent = template
		}
		der, err := x509.CreateCertificate(rand.Reader, template, parent, key.Public(), signer)
		if err != nil {
			t.Fatal(err)
		}
		made, err := x509.ParseCertificate(der)
		if err != nil {
			t.Fatal(err)
		}
		return made
	}
	root, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	key, err := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	authority := sign("authority.example.com", nil, root, root)
	leaf := sign("models.example.com", authority, root, key)
	raw, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	text := func(kind string, der []byte) string {
		return string(pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}))
	}
	return &serving.ImportedCertificate{
		CertificatePEM: text("CERTIFICATE", leaf.Raw), ChainPEM: "subject=authority\n" + text("CERTIFICATE", authority.Raw), PrivateKeyPEM: text("PRIVATE KEY", raw),
	}
}

func TestCertificateLifecycle(t *testing.T) {
	t.Parallel()
	sandbox := newSandbox(t)
	b, spec := testBackend(sandbox.URL), testCertificate(t)
	made, err := b.CreateCertificate(t.Context(), spec)
	if err != nil {
		t.Fatal(err)
	}
	name := "projects/sandbox-project/locations/us-central1/certificates/serving-models"
	if len(made.Drift) > 0 || made.Objects[objectCertificate] != name {
		t.Fatalf("drift %v, objects %v", made.Drift, made.Objects)
	}
	cleanCertificate(t, testBackend(sandbox.URL), spec)

	// Another create is of somebody else.
	var exists *stack.ExistsError
	if _, err := testBackend(sandbox.URL).CreateCertificate(t.Context(), spec); !errors.As(err, &exists) {
		t.Errorf("a second create: %v", err)
	}
	imported, err := testBackend(sandbox.URL).ReadCertificate(t.Context(), spec.ID())
	if err != nil || len(imported.Drift) > 0 || !maps.Equal(imported.Spec.Tags, spec.Tags) || imported.Info.SHA256 != made.Info.SHA256 {
		t.Errorf("import: %+v, error %v", imported, err)
	}
	// A rotation takes the same place, with a chain, another kind of key and other tags.
	before := sandbox.Census()
	spec.Imported = issued(t)
	spec.Tags, spec.LastSeen = map[string]string{"team": "search"}, made.Objects
	rotated, err := testBackend(sandbox.URL).UpdateCertificate(t.Context(), spec)
	if err != nil || len(rotated.Drift) > 0 || rotated.Objects[objectCertificate] != name {
		t.Fatalf("rotation: drift %v, objects %v, error %v", rotated.Drift, rotated.Objects, err)
	}
	if after := sandbox.Census(); !maps.Equal(kinds(after), kinds(before)) {
		t.Errorf("a rotation leaves %v, before there was %v", kinds(after), kinds(before))
	}
	cleanCertificate(t, testBackend(sandbox.URL), spec)
	if err := b.DestroyCertificate(t.Context(), spec); err != nil {
		t.Fatal(err)
	}
	if left := sandbox.Census(); left.Total != 0 {
		t.Errorf("left after destroy: %+v", left)
	}
	if seen, err := testBackend(sandbox.URL).ObserveCertificate(t.Context(), spec); err != nil || !seen.Gone {
		t.Errorf("after destroy: gone %v, error %v", seen.Gone, err)
	}
	if seen, err := testBackend(sandbox.URL).ReadCertificate(t.Context(), spec.ID()); err != nil || !seen.Gone {
		t.Errorf("import after destroy: gone %v, error %v", seen.Gone, err)
	}
}

// TestCertificateOfAStranger has the name and not the mark.
func TestCertificateOfAStranger(t *testing.T) {
	t.Parallel()
	sandbox := newSandbox(t)
	b, spec := testBackend(sandbox.URL), testCertificate(t)
	c, err := b.client(t.Context(), testRegion)
	if err != nil {
		t.Fatal(err)
	}
	op, err := c.certificates.CreateCertificate(t.Context(), &certificatemanagerpb.CreateCertificateRequest{
		Parent: c.location(), CertificateId: "serving-models",
		Certificate: &certificatemanagerpb.Certificate{Type: (certificates{key: spec.Imported.PrivateKeyPEM}).material(certificateSpec{PEM: spec.Imported.CertificatePEM})},
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := op.Wait(t.Context()); err != nil {
		t.Fatal(err)
	}
	var foreign *stack.ForeignError
	if _, err := b.CreateCertificate(t.Context(), spec); !errors.As(err, &foreign) || !strings.Contains(err.Error(), "serving-models") {
		t.Errorf("create: %v", err)
	}
	if err := b.DestroyCertificate(t.Context(), spec); !errors.As(err, &foreign) {
		t.Errorf("destroy: %v", err)
	}
	if census := sandbox.Census(); census.Total != 1 {
		t.Errorf("there is %+v", census)
	}
}

func TestCertificateRefusals(t *testing.T) {
	t.Parallel()
	sandbox, b := prepared(t)
	spec := testCertificate(t)
	other, _ := keyPair(t, elliptic.P256())
	spec.Name, spec.Imported.CertificatePEM = "broken", other
	if _, err := b.CreateCertificate(t.Context(), spec); err == nil || strings.Contains(err.Error(), "PRIVATE KEY") {
		t.Errorf("a key of another certificate: %v", err)
	}
	if _, err := b.CreateCluster(t.Context(), testCluster(serving.Private)); err != nil {
		t.Fatal(err)
	}
	// What a load balancer serves cannot go, and the error says whose it is.
	if err := b.DestroyCertificate(t.Context(), testCertificate(t)); err == nil || !strings.Contains(err.Error(), "cluster/prod") {
		t.Errorf("a certificate in use: %v", err)
	}
	cluster, err := b.ObserveCluster(t.Context(), inZones(testCluster(serving.Private)))
	if err != nil || len(cluster.Drift) > 0 || cluster.Spec.Endpoint.CertificateID != "gcp/us-central1/models" {
		t.Errorf("the cluster: drift %v, certificate %q, error %v", cluster.Drift, cluster.Spec.Endpoint.CertificateID, err)
	}
	_ = sandbox
}

// TestCertificateCrash lets the provider die at each mutating call of each verb, with
// the call refused or carried out and its answer lost.
func TestCertificateCrash(t *testing.T) {
	t.Parallel()
	next := testCertificate(t)
	next.Tags = map[string]string{"team": "search"}
	first := testCertificate(t)
	for _, verb := range []struct {
		name string
		made bool
		run  func(b *Backend) error
		want *serving.Certificate
	}{
		{"create", false, func(b *Backend) error { _, err := b.CreateCertificate(t.Context(), first); return err }, &first},
		{"update", true, func(b *Backend) error { _, err := b.UpdateCertificate(t.Context(), next); return err }, &next},
		{"destroy", true, func(b *Backend) error { return b.DestroyCertificate(t.Context(), first) }, nil},
	} {
		for _, lost := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s/lost=%v", verb.name, lost), func(t *testing.T) {
				reached := 0
				for n := 1; ; n++ {
					sandbox := newSandbox(t)
					if verb.made {
						if _, err := testBackend(sandbox.URL).CreateCertificate(t.Context(), first); err != nil {
							t.Fatal(err)
						}
					}
					die(sandbox, n, lost)
					err := verb.run(mortal(sandbox.URL))
					sandbox.ClearFaults()
					if err == nil {
						break
					}
					reached++
					err = verb.run(testBackend(sandbox.URL))
					var sealed *stack.ExistsError
					if err != nil && (!lost || !errors.As(err, &sealed)) {
						t.Errorf("resume after call %d: %v", n, err)
					}
					if verb.want != nil {
						cleanCertificate(t, testBackend(sandbox.URL), *verb.want)
					} else if left := sandbox.Census(); left.Total != 0 {
						t.Errorf("after call %d there is %+v", n, left)
					}
				}
				if reached == 0 {
					t.Error("no call was reached")
				}
			})
		}
	}
}

// unownedByCertificate lists the fields that are exempt from being seen, as unowned
// does for the cluster's.
var unownedByCertificate = map[string]string{
	`/(name|createTime|updateTime|expireTime|sanDnsnames/\d+|usedBy/.*)`: computed,
	`/scope`:         immutable,
	`/selfManaged.*`: "it is input only: what is served shows as pemCertificate",
}

// TestCertificateDrift changes each field behind the provider's back and asserts that
// it is seen and repaired.
func TestCertificateDrift(t *testing.T) {
	t.Parallel()
	sandbox, b := prepared(t)
	spec := testCertificate(t)
	made, err := b.UpdateCertificate(t.Context(), spec)
	if err != nil {
		t.Fatal(err)
	}
	spec.LastSeen = made.Objects
	fields, err := sandbox.Fields()
	if err != nil {
		t.Fatal(err)
	}
	tested := 0
	for _, f := range fields {
		why := ""
		for pattern, reason := range unownedByCertificate {
			if regexp.MustCompile(`^` + pattern + `$`).MatchString(f.Path) {
				why = reason
			}
		}
		if why != "" {
			continue
		}
		tested++
		spoilt := spoil(t, f)
		if strings.HasSuffix(f.Path, "pemCertificate") {
			spoilt.Value, _ = keyPair(t, elliptic.P256())
		}
		if err := sandbox.Mutate(spoilt); err != nil {
			t.Errorf("%s: %v", f.Path, err)
			continue
		}
		seen, err := testBackend(sandbox.URL).ObserveCertificate(t.Context(), spec)
		if err != nil || len(seen.Drift) == 0 && seen.Info.SHA256 == made.Info.SHA256 {
			t.Errorf("%s = %.40v is not seen, error %v", f.Path, spoilt.Value, err)
		}
		if _, err := testBackend(sandbox.URL).UpdateCertificate(t.Context(), spec); err != nil {
			t.Errorf("repair of %s: %v", f.Path, err)
		}
		cleanCertificate(t, testBackend(sandbox.URL), spec)
	}
	t.Logf("%d fields: %d tested", len(fields), tested)
	if tested < 5 {
		t.Errorf("only %d fields were tested", tested)
	}
}
