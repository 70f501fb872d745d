package aws

import (
	"context"
	"crypto/elliptic"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/acm"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"github.com/modelserving/terraform-provider-serving/internal/reads"
	"github.com/modelserving/terraform-provider-serving/internal/serving"
)

// TestConformanceCertificate is a certificate's life in a cloud that was not
// written here.
func TestConformanceCertificate(t *testing.T) {
	m, b := moto(t)
	defer m.list(t)
	want := testCertificate(t)
	seen, err := b.CreateCertificate(t.Context(), want)
	if err != nil {
		t.Fatal(err)
	}
	arn := seen.Objects[objectCertificate]
	want.LastSeen = seen.Objects
	m.quiet(t, "observe", func() { clean(t, b.observeCertificateAgain(t, want)) })

	c := clientOf(t, b)
	if _, err := c.acm.AddTagsToCertificate(t.Context(), &acm.AddTagsToCertificateInput{CertificateArn: &arn, Tags: toACM(map[string]string{"team": "other"})}); err != nil {
		t.Fatal(err)
	}
	if drift := b.observeCertificateAgain(t, want).Drift; len(drift[objectCertificate]) != 1 || !strings.Contains(drift[objectCertificate][0], "team") {
		t.Errorf("drift after a tag was changed: %v", drift)
	}
	if _, err := b.UpdateCertificate(t.Context(), want); err != nil {
		t.Fatal(err)
	}
	clean(t, b.observeCertificateAgain(t, want))

	rotated := want
	certPEM, keyPEM := keyPair(t, elliptic.P256())
	rotated.Imported = &serving.ImportedCertificate{CertificatePEM: certPEM, PrivateKeyPEM: keyPEM}
	if seen, err = b.UpdateCertificate(t.Context(), rotated); err != nil {
		t.Fatal(err)
	}
	if got := seen.Objects[objectCertificate]; got != arn {
		t.Errorf("rotation made %s, want it in place of %s", got, arn)
	}
	clean(t, b.observeCertificateAgain(t, rotated))
	if err := b.DestroyCertificate(t.Context(), rotated); err != nil {
		t.Fatal(err)
	}
	left, err := c.acm.ListCertificates(t.Context(), &acm.ListCertificatesInput{})
	if err != nil || len(left.CertificateSummaryList) > 0 {
		t.Errorf("left after destroy: %+v, %v", left, err)
	}
}

// TestConformanceCluster is a cluster's: everything is made at once, a second
// apply changes nothing, drift is seen and repaired, and nothing is left.
func TestConformanceCluster(t *testing.T) {
	for _, visibility := range []serving.Visibility{serving.Private, serving.Public} {
		t.Run(string(visibility), func(t *testing.T) {
			m, b := moto(t)
			defer m.list(t)
			certificate := testCertificate(t)
			if _, err := b.CreateCertificate(t.Context(), certificate); err != nil {
				t.Fatal(err)
			}
			want := testCluster(visibility)
			want.KubernetesAPI.Admins = nil
			seen, err := b.CreateCluster(t.Context(), want)
			if err != nil {
				t.Fatal(err)
			}
			clean(t, seen.Observation)
			want = seen.Spec
			want.LastSeen = seen.Objects
			t.Logf("made %s", strings.Join(slices.Sorted(maps.Keys(seen.Objects)), ", "))
			m.quiet(t, "a second apply", func() {
				if _, err := b.UpdateCluster(t.Context(), want); err != nil {
					t.Error(err)
				}
			})
			outOfBand(t, b, want, seen.Objects[objectSecurityGroup])
			if err := b.DestroyCluster(t.Context(), want); err != nil {
				t.Fatal(err)
			}
			nothingLeft(t, b, want)
		})
	}
}

// outOfBand opens the load balancer's security group, and sees that and the
// repair.
func outOfBand(t *testing.T, b *Backend, want serving.Cluster, group string) {
	t.Helper()
	_, err := clientOf(t, b).ec2.AuthorizeSecurityGroupIngress(t.Context(), &ec2.AuthorizeSecurityGroupIngressInput{GroupId: &group, IpPermissions: []ec2types.IpPermission{
		{IpProtocol: aws.String("tcp"), FromPort: aws.Int32(22), ToPort: aws.Int32(22), IpRanges: []ec2types.IpRange{{CidrIp: aws.String("198.51.100.0/24")}}}}})
	if err != nil {
		t.Fatal(err)
	}
	seen, err := b.ObserveCluster(t.Context(), want)
	if err != nil {
		t.Fatal(err)
	}
	if len(seen.Drift[objectSecurityGroup]) == 0 || len(seen.Drift) != 1 {
		t.Errorf("drift after the security group was opened: %v", seen.Drift)
	}
	if seen, err = b.UpdateCluster(t.Context(), want); err != nil {
		t.Fatal(err)
	}
	clean(t, seen.Observation)
}

// nothingLeft looks for what carries the cluster's mark, with calls of its own.
func nothingLeft(t *testing.T, b *Backend, want serving.Cluster) {
	t.Helper()
	seen, err := b.ObserveCluster(reads.WithLive(t.Context()), want)
	if err != nil {
		t.Fatal(err)
	}
	if !seen.Gone || len(seen.Objects) > 0 {
		t.Errorf("left after destroy: %v", seen.Objects)
	}
}

// quiet fails when something is written.
func (m *motoServer) quiet(t *testing.T, what string, do func()) {
	t.Helper()
	m.written()
	do()
	if writes := m.written(); len(writes) > 0 {
		t.Errorf("%s changed something: %v", what, writes)
	}
}

func clean(t *testing.T, seen serving.Observation) {
	t.Helper()
	if err := settled(seen, nil); err != nil {
		t.Error(err)
	}
}

func (b *Backend) observeCertificateAgain(t *testing.T, want serving.Certificate) serving.Observation {
	t.Helper()
	seen, err := b.ObserveCertificate(t.Context(), want)
	if err != nil {
		t.Fatal(err)
	}
	return seen.Observation
}

func clientOf(t *testing.T, b *Backend) *client {
	t.Helper()
	c, err := b.client(context.WithoutCancel(t.Context()), testRegion)
	if err != nil {
		t.Fatal(err)
	}
	return c
}
