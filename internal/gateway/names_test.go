package gateway_test

import (
	"testing"

	"github.com/modelserving/terraform-provider-serving/internal/gateway"
)

// TestNames holds that what the Kubernetes objects are made of is what Render takes.
func TestNames(t *testing.T) {
	t.Parallel()
	c := one()
	c.Dir, c.Port, c.AdminPath, c.MaxHeapBytes = gateway.MountDir, gateway.Port, gateway.AdminPath, gateway.HeapFor(512<<20)
	for i := range c.Servers {
		c.Servers[i].Upstream = gateway.ServiceUpstream("fraud", "serving", 8000)
	}
	files, err := gateway.Render(c)
	if err != nil {
		t.Fatal(err)
	}
	for name := range files {
		if secret := gateway.SecretOf(name); secret < 0 || secret >= gateway.Secrets {
			t.Errorf("%s belongs to Secret %d of %d", name, secret, gateway.Secrets)
		}
	}
	if got := gateway.ServiceUpstream("fraud", "serving", 8000); got != "fraud.serving.svc.cluster.local.:8000" {
		t.Errorf("the upstream is %s", got)
	}
	if got := gateway.HeapFor(1000); got != 800 {
		t.Errorf("of 1,000 bytes the heap has %d", got)
	}
	if got := gateway.PreStopSeconds(600); got != 660 {
		t.Errorf("requests of 600 s need %d s", got)
	}
	const socketPath = 107 // sun_path in unix(7), less its final zero.
	if len(gateway.AdminPath) > socketPath {
		t.Errorf("%s is too long for a socket", gateway.AdminPath)
	}
}
