package aws_test

import (
	"crypto/elliptic"
	"crypto/tls"
	"net/http"
	"path/filepath"
	"strings"
	"testing"

	elbtypes "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"

	"github.com/modelserving/terraform-provider-serving/internal/sandbox/aws"
	"github.com/modelserving/terraform-provider-serving/internal/sandbox/sandboxtest"
)

// TestDataPlaneAfterRestart holds what a sandbox needs to go on: certificates with their keys, clusters with their authorities
// and a folder for what they store.
func TestDataPlaneAfterRestart(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	before := newDataWorld(t, sandboxtest.WithStateDir(dir))
	lb, host := before.front(elbtypes.LoadBalancerSchemeEnumInternetFacing, 443)
	certificate := issue(t, ec(t, elliptic.P256()), nil, nil, "m.example.com")
	before.secure(lb, "ELBSecurityPolicy-TLS13-1-3-2021-06", fixed("404"), before.imported(certificate))
	endpoint := before.endpoint()
	if got := before.started().config.StateDir; got != filepath.Join(dir, "kubernetes", strings.ToLower(strings.Split(endpoint, ".")[0])) {
		t.Errorf("state directory of the cluster: %s", got)
	}
	if err := before.sandbox.Close(); err != nil {
		t.Fatal(err)
	}

	k := &kubes{t: t, by: map[string]*fakeKube{}}
	after := &dataWorld{kubes: k, world: newWorld(t, sandboxtest.WithStateDir(dir), sandboxtest.WithAWS(func(c *aws.Config) { c.Kubernetes = k.make }))}
	client := after.client("", host+":443", &tls.Config{RootCAs: pool(t, certificate.pem)})
	if got := get(t, client, "https://m.example.com/"); got.status != http.StatusNotFound {
		t.Errorf("%d %s", got.status, got.body)
	}
	if status, _, text := after.api(after.presigner().token(t, "c")); status != http.StatusOK {
		t.Errorf("%d %s", status, text)
	}
}
