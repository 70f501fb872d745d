package aws

import (
	"crypto/elliptic"
	"reflect"
	"strings"
	"testing"

	"github.com/modelserving/terraform-provider-serving/internal/serving"
)

// TestReadGivesTheSpecBack imports clusters of both kinds and compares the spec
// that is read with the one they were made from.
func TestReadGivesTheSpecBack(t *testing.T) {
	t.Parallel()
	variants := map[string]func(*serving.Cluster){
		"as it is":        func(*serving.Cluster) {},
		"single NAT":      func(c *serving.Cluster) { c.Network.NAT = serving.NATSingle },
		"no NAT, TLS 1.3": func(c *serving.Cluster) { c.Endpoint.MinTLSVersion = "1.3"; c.DeletionProtection = true },
		"ranges":          func(c *serving.Cluster) { c.Endpoint.AllowedCIDRs = []string{"10.40.0.0/17"}; c.Endpoint.Domain = "" },
	}
	for name, vary := range variants {
		for _, visibility := range []serving.Visibility{serving.Private, serving.Public} {
			t.Run(name+"/"+string(visibility), func(t *testing.T) {
				t.Parallel()
				sandbox, b := prepared(t)
				spec := testCluster(visibility)
				vary(&spec)
				made, err := b.CreateCluster(t.Context(), spec)
				if err != nil {
					t.Fatal(err)
				}
				id := serving.ID{Cloud: serving.AWS, Region: testRegion, Name: "prod"}
				read, err := testBackend(sandbox.URL).ReadCluster(t.Context(), id)
				if err != nil {
					t.Fatal(err)
				}
				read.Spec.LastSeen = nil
				// The gateway is inside Kubernetes, which is not there to be asked.
				if read.Unseen == "" {
					t.Error("nothing says that the gateway was not looked at")
				}
				read.Spec.Gateway = made.Spec.Gateway
				if !reflect.DeepEqual(read.Spec, made.Spec) {
					t.Errorf("read\n%+v\nmade\n%+v", read.Spec, made.Spec)
				}
				if len(read.Drift) != 0 || !reflect.DeepEqual(read.Objects, made.Objects) {
					t.Errorf("drift %v; objects %v, made %v", read.Drift, read.Objects, made.Objects)
				}
				gone, err := b.ReadCluster(t.Context(), serving.ID{Cloud: serving.AWS, Region: testRegion, Name: "other"})
				if err != nil || !gone.Gone {
					t.Errorf("a cluster that does not exist: %+v, %v", gone, err)
				}
			})
		}
	}
}

// TestStrangersAreNotAdopted creates where objects of the same name exist
// without our mark.
func TestStrangersAreNotAdopted(t *testing.T) {
	t.Parallel()
	_, b := prepared(t)
	if _, err := b.CreateCluster(t.Context(), testCluster(serving.Private)); err != nil {
		t.Fatal(err)
	}
	if _, err := b.CreateCluster(t.Context(), testCluster(serving.Private)); err == nil || !strings.Contains(err.Error(), "import it instead") {
		t.Errorf("a second create: %v", err)
	}
	c, err := b.client(t.Context(), testRegion)
	if err != nil {
		t.Fatal(err)
	}
	stranger := owner{stack: "cluster/elsewhere"}
	for object, find := range map[string]func() error{
		"EKS cluster": func() error { _, err := clusters{c, stranger, "prod"}.Find(t.Context(), objectCluster); return err },
		"IAM role": func() error {
			_, err := roles{c, stranger, roleNames(testCluster(serving.Private))}.Find(t.Context(), objectNodeRole)
			return err
		},
		"load balancer": func() error {
			_, err := loadBalancers{c, stranger, bothSchemes("prod")}.Find(t.Context(), objectLoadBalancer)
			return err
		},
		"target group": func() error {
			_, err := targetGroups{c, stranger, bothSchemes("prod")}.Find(t.Context(), "target_group")
			return err
		},
	} {
		if err := find(); err == nil || !strings.Contains(err.Error(), object) || !strings.Contains(err.Error(), "not managed here") {
			t.Errorf("a stranger's %s: %v", object, err)
		}
	}
}

// TestCertificateRotation renews a certificate in place, and with another kind
// of key beside the old one, under a listener that uses it.
func TestCertificateRotation(t *testing.T) {
	t.Parallel()
	sandbox := newSandbox(t)
	b := testBackend(sandbox.URL)
	withOps(t, b)
	certificate := testCertificate(t)
	first, err := b.CreateCertificate(t.Context(), certificate)
	if err != nil {
		t.Fatal(err)
	}
	cluster, err := b.CreateCluster(t.Context(), testCluster(serving.Public))
	if err != nil {
		t.Fatal(err)
	}
	spec := inZones(testCluster(serving.Public))
	spec.LastSeen = cluster.Objects
	for _, step := range []struct {
		name    string
		curve   elliptic.Curve
		sameARN bool
	}{
		{"same kind of key", elliptic.P256(), true},
		{"another kind of key", elliptic.P384(), false},
	} {
		certPEM, keyPEM := keyPair(t, step.curve)
		certificate.Imported = &serving.ImportedCertificate{CertificatePEM: certPEM, PrivateKeyPEM: keyPEM}
		certificate.LastSeen = first.Objects
		rotated, err := testBackend(sandbox.URL).UpdateCertificate(t.Context(), certificate)
		if err != nil {
			t.Fatalf("%s: %v", step.name, err)
		}
		if same := rotated.Objects[objectCertificate] == first.Objects[objectCertificate]; same != step.sameARN {
			t.Errorf("%s: ARN %s, before %s", step.name, rotated.Objects[objectCertificate], first.Objects[objectCertificate])
		}
		if tidy(rotated.Spec.Imported.CertificatePEM) != tidy(certPEM) || len(rotated.Drift) != 0 {
			t.Errorf("%s: not the new certificate, drift %v", step.name, rotated.Drift)
		}
		seen, err := testBackend(sandbox.URL).ObserveCluster(t.Context(), spec)
		if err != nil || len(seen.Drift) != 0 {
			t.Errorf("%s: the cluster has drift %v, error %v", step.name, seen.Drift, err)
		}
		if n := kinds(sandbox.AWS.Census())["acm.certificate"]; n != 1 {
			t.Errorf("%s: there are %d certificates", step.name, n)
		}
		first = rotated
	}
	// A certificate that a listener uses is not removed, and the error names it.
	certificate.LastSeen = first.Objects
	if err := testBackend(sandbox.URL).DestroyCertificate(t.Context(), certificate); err == nil || !strings.Contains(err.Error(), "serving-prod-public") {
		t.Errorf("destroy of a certificate in use: %v", err)
	}
}
