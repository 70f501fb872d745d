package gcp

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net/http/httptest"
	"testing"
	"time"

	sandboxgcp "github.com/modelserving/terraform-provider-serving/internal/sandbox/gcp"
	"github.com/modelserving/terraform-provider-serving/internal/serving"
	"github.com/modelserving/terraform-provider-serving/internal/stack"
)

const testRegion = "us-central1"

// noProxy is a proxy that nobody runs: these tests start no API server.
const noProxy = "http://127.0.0.1:1"

// testBackend is a provider that talks to a sandbox and does not wait long.
func testBackend(url string) *Backend {
	return New(Config{Region: testRegion, Sandbox: url, KubernetesProxyURL: noProxy, MaxRetries: 2, Linger: time.Millisecond, Poll: stack.Poll{Min: time.Millisecond, Max: 20 * time.Millisecond}})
}

// simulated is a Google Cloud that only these tests talk to.
type simulated struct {
	*sandboxgcp.Cloud
	URL   string
	close func()
}

// newSandbox starts a cloud without delays.
func newSandbox(t testing.TB, changes ...func(*sandboxgcp.Config)) *simulated {
	t.Helper()
	var config sandboxgcp.Config
	for _, change := range changes {
		change(&config)
	}
	cloud, err := sandboxgcp.New(config)
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(cloud)
	s := &simulated{Cloud: cloud, URL: server.URL, close: func() { cloud.Close(); server.Close() }}
	t.Cleanup(s.close)
	return s
}

// keyPair makes a self-signed certificate for models.example.com.
func keyPair(t testing.TB, curve elliptic.Curve) (certPEM, keyPEM string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(curve, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	serial, err := rand.Int(rand.Reader, big.NewInt(1<<62))
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: serial, Subject: pkix.Name{CommonName: "models.example.com"}, DNSNames: []string{"models.example.com"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(90 * 24 * time.Hour),
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	raw, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})), string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: raw}))
}

// testCertificate is an imported certificate.
func testCertificate(t testing.TB) serving.Certificate {
	t.Helper()
	certPEM, keyPEM := keyPair(t, elliptic.P256())
	return serving.Certificate{
		Cloud: serving.GCP, Region: testRegion, Name: "models", Tags: map[string]string{"team": "ml"},
		Imported: &serving.ImportedCertificate{CertificatePEM: certPEM, PrivateKeyPEM: keyPEM},
	}
}

// testCluster is a cluster of every kind of object in the cloud. What is inside
// Kubernetes has its own tests, against an API server that these do not start.
func testCluster(visibility serving.Visibility) serving.Cluster {
	return serving.Cluster{
		Cloud: serving.GCP, Region: testRegion, Name: "prod", Visibility: visibility, KubernetesVersion: "1.33",
		Network: serving.Network{CIDR: "10.40.0.0/16", NAT: serving.NATPerZone},
		NodePools: map[string]serving.NodePool{
			"cpu": {MachineType: "n2-standard-4", MinSize: 2, MaxSize: 10, DiskGB: 100, Labels: map[string]string{"pool": "cpu"}},
			"gpu": {MachineType: "g2-standard-8", MinSize: 0, MaxSize: 4, DiskGB: 200, Spot: true, Accelerator: &serving.Accelerator{Count: 1},
				Taints: []serving.Taint{{Key: "gpu", Value: "true", Effect: "NoSchedule"}}},
		},
		Endpoint:      serving.Endpoint{Domain: "models.example.com", CertificateID: "gcp/us-central1/models", MinTLSVersion: "1.2", IdleTimeoutSeconds: 300},
		Gateway:       serving.Gateway{Disabled: true},
		KubernetesAPI: serving.KubernetesAPI{AllowedCIDRs: []string{"203.0.113.0/24"}},
		Tags:          map[string]string{"team": "ml"},
	}
}

// inZones gives a spec the zones that the provider chooses.
func inZones(spec serving.Cluster) serving.Cluster {
	spec.Network.Zones = []string{"us-central1-a", "us-central1-b"}
	return spec
}

// prepared is a sandbox with what testCluster needs: the certificate.
func prepared(t testing.TB) (*simulated, *Backend) {
	t.Helper()
	sandbox := newSandbox(t)
	b := testBackend(sandbox.URL)
	if _, err := b.CreateCertificate(t.Context(), testCertificate(t)); err != nil {
		t.Fatal(err)
	}
	return sandbox, b
}
