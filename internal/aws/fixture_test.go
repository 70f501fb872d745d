package aws

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"

	"github.com/modelserving/terraform-provider-serving/internal/sandbox/sandboxtest"
	"github.com/modelserving/terraform-provider-serving/internal/serving"
	"github.com/modelserving/terraform-provider-serving/internal/stack"
)

const testRegion = "us-west-2"

// noProxy is a proxy that nobody runs: these tests start no API server.
const noProxy = "http://127.0.0.1:1"

// testBackend is a provider that talks to a sandbox and does not wait long.
func testBackend(url string) *Backend {
	return New(Config{Region: testRegion, Sandbox: url, KubernetesProxyURL: noProxy, MaxRetries: 2, Linger: time.Millisecond, Poll: stack.Poll{Min: time.Millisecond, Max: 20 * time.Millisecond}})
}

func newSandbox(t testing.TB) *sandboxtest.Sandbox {
	t.Helper()
	return sandboxtest.Start(t)
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
		Cloud: serving.AWS, Region: testRegion, Name: "models", Tags: map[string]string{"team": "ml"},
		Imported: &serving.ImportedCertificate{CertificatePEM: certPEM, PrivateKeyPEM: keyPEM},
	}
}

// testCluster is a cluster of every kind of object in the cloud. What is inside
// Kubernetes has its own tests, against an API server that these do not start.
func testCluster(visibility serving.Visibility) serving.Cluster {
	return serving.Cluster{
		Cloud: serving.AWS, Region: testRegion, Name: "prod", Visibility: visibility, KubernetesVersion: "1.33",
		Network: serving.Network{CIDR: "10.40.0.0/16", NAT: serving.NATPerZone},
		NodePools: map[string]serving.NodePool{
			"cpu": {MachineType: "m7i.xlarge", MinSize: 2, MaxSize: 10, DiskGB: 100, Labels: map[string]string{"pool": "cpu"}},
			"gpu": {MachineType: "g6.2xlarge", MinSize: 0, MaxSize: 4, DiskGB: 200, Spot: true, Accelerator: &serving.Accelerator{Count: 1},
				Taints: []serving.Taint{{Key: "gpu", Value: "true", Effect: "NoSchedule"}}},
		},
		Endpoint:      serving.Endpoint{Domain: "models.example.com", CertificateID: "aws/us-west-2/models", MinTLSVersion: "1.2", IdleTimeoutSeconds: 300},
		Gateway:       serving.Gateway{Disabled: true},
		KubernetesAPI: serving.KubernetesAPI{AllowedCIDRs: []string{"203.0.113.0/24"}, Admins: []string{"arn:aws:iam::123456789012:role/ops"}},
		Tags:          map[string]string{"team": "ml"},
	}
}

// withOps makes the role that testCluster names as an administrator. It is the
// test's own and stays.
func withOps(t testing.TB, b *Backend) {
	t.Helper()
	c, err := b.client(t.Context(), testRegion)
	if err != nil {
		t.Fatal(err)
	}
	_, err = c.iam.CreateRole(t.Context(), &iam.CreateRoleInput{RoleName: aws.String("ops"), AssumeRolePolicyDocument: aws.String(trust("ec2.amazonaws.com"))})
	if err != nil {
		t.Fatal(err)
	}
}

// somebody is the configuration of one who is not the provider and calls what the
// provider does not.
func somebody(t testing.TB, b *Backend, where neighbour) aws.Config {
	t.Helper()
	cfg, err := b.sdkConfig(t.Context(), where.region)
	if err != nil {
		t.Fatal(err)
	}
	if where.role != "" {
		cfg = b.assume(cfg, where.role)
	}
	// Nothing that was read before answers after.
	cfg.APIOptions = append(cfg.APIOptions, countWrites(&b.writes))
	cfg.HTTPClient = withWholeBodies(cfg.HTTPClient)
	return cfg
}

// prepared is a sandbox with what testCluster needs: the administrator's role and
// the certificate.
func prepared(t testing.TB) (*sandboxtest.Sandbox, *Backend) {
	t.Helper()
	sandbox := newSandbox(t)
	b := testBackend(sandbox.URL)
	withOps(t, b)
	if _, err := b.CreateCertificate(t.Context(), testCertificate(t)); err != nil {
		t.Fatal(err)
	}
	return sandbox, b
}
