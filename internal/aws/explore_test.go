package aws

import (
	"context"
	"crypto/elliptic"
	"os"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/acm"
	"github.com/modelserving/terraform-provider-serving/internal/serving"
)

func TestExplore(t *testing.T) {
	url := os.Getenv("SERVING_CONFORMANCE_ENDPOINT")
	if url == "" {
		t.Skip()
	}
	b := testBackend(url)
	ctx, cancel := context.WithTimeout(t.Context(), 60*time.Second)
	defer cancel()
	cl := testCluster(serving.Private)
	withOps(t, b)
	c, _ := b.client(ctx, testRegion)
	certPEM, keyPEM := keyPair(t, elliptic.P256())
	imp, err := c.acm.ImportCertificate(ctx, &acm.ImportCertificateInput{Certificate: []byte(certPEM), PrivateKey: []byte(keyPEM)})
	t.Log(err)
	cl.Endpoint.CertificateID=*imp.CertificateArn
	s, err := b.CreateCluster(ctx, cl)
	t.Logf("CLUSTER %+v\nERR %v", s.Observation, err)
	err = b.DestroyCluster(t.Context(), cl)
	t.Logf("DESTROY %v", err)
}
