package gcp

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"testing"
	"time"

	certificatemanager "cloud.google.com/go/certificatemanager/apiv1"
	"cloud.google.com/go/certificatemanager/apiv1/certificatemanagerpb"
	"google.golang.org/api/option"
	"google.golang.org/protobuf/types/known/fieldmaskpb"
)

const testCertificate = testParent + "/certificates/models"

// pair is a self-signed certificate with its key as PEM.
type pair struct{ chain, key string }

func newPair(t *testing.T, key crypto.Signer, from, to time.Time, names ...string) pair {
	t.Helper()
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "models"}, NotBefore: from, NotAfter: to, DNSNames: names}
	raw, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return pair{string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: raw})), string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}))}
}

func goodPair(t *testing.T, names ...string) pair {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return newPair(t, key, time.Now().Add(-time.Hour), time.Now().Add(time.Hour), names...)
}

func (p pair) body() *certificatemanagerpb.Certificate {
	return &certificatemanagerpb.Certificate{Type: &certificatemanagerpb.Certificate_SelfManaged{
		SelfManaged: &certificatemanagerpb.Certificate_SelfManagedCertificate{PemCertificate: p.chain, PemPrivateKey: p.key},
	}}
}

func newCertificates(t *testing.T, url string) *certificatemanager.Client {
	t.Helper()
	return client(t, url, func(o ...option.ClientOption) (*certificatemanager.Client, error) {
		return certificatemanager.NewRESTClient(context.Background(), o...)
	})
}

func createCertificate(t *testing.T, c *certificatemanager.Client, body *certificatemanagerpb.Certificate) (*certificatemanagerpb.Certificate, error) {
	t.Helper()
	op, err := c.CreateCertificate(t.Context(), &certificatemanagerpb.CreateCertificateRequest{Parent: testParent, CertificateId: "models", Certificate: body})
	if err != nil {
		return nil, err
	}
	return op.Wait(t.Context())
}

func rotate(t *testing.T, c *certificatemanager.Client, body *certificatemanagerpb.Certificate) {
	t.Helper()
	op, err := c.UpdateCertificate(t.Context(), &certificatemanagerpb.UpdateCertificateRequest{Certificate: body, UpdateMask: &fieldmaskpb.FieldMask{Paths: []string{"self_managed"}}})
	if err == nil {
		_, err = op.Wait(t.Context())
	}
	if err != nil {
		t.Fatal(err)
	}
}

func deleteCertificateRequest() *certificatemanagerpb.DeleteCertificateRequest {
	return &certificatemanagerpb.DeleteCertificateRequest{Name: testCertificate}
}
