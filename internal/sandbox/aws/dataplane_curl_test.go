package aws_test

import (
	"crypto/elliptic"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	elbtypes "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"
)

// TestCurl holds the commands that the sandbox's messages and documents give to people.
func TestCurl(t *testing.T) {
	t.Parallel()
	path, err := exec.LookPath("curl")
	if err != nil {
		t.Skip("there is no curl")
	}
	w := newDataWorld(t)
	lb, host := w.front(elbtypes.LoadBalancerSchemeEnumInternetFacing, 80, 443)
	certificate := issue(t, ec(t, elliptic.P256()), nil, nil, "m.example.com")
	w.secure(lb, "ELBSecurityPolicy-TLS13-1-2-Res-PQ-2025-09", fixed("404"), w.imported(certificate))
	w.listener(lb, 80, fixed("403"))
	trusted := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(trusted, certificate.pem, 0o600); err != nil {
		t.Fatal(err)
	}
	_, internal := w.front(elbtypes.LoadBalancerSchemeEnumInternal)
	inside := w.sandbox.Proxy(t, w.vpc+"/10.0.11.9").String()
	for name, tc := range map[string]struct{ args, want string }{
		"custom domain": {"--proxy " + w.sandbox.URL + " --cacert " + trusted + " --connect-to m.example.com:443:" + host + ":443 https://m.example.com/", "404"},
		"http":          {"--proxy " + w.sandbox.URL + " http://" + host + "/", "403"},
		"http, tunnel":  {"--proxytunnel --proxy " + w.sandbox.URL + " http://" + host + "/", "403"},
		"no path":       {"--dump-header - --proxy " + w.sandbox.URL + " https://" + internal + "/", "X-Sandbox-Reason: load balancer lb-internal: its name resolves to private addresses"},
		"inside":        {"--dump-header - --proxy " + inside + " https://" + internal + "/", "HTTP/1.1 502"},
		"plain to TLS":  {"--proxytunnel --proxy " + w.sandbox.URL + " http://" + host + ":443/", "400"},
	} {
		t.Run(name, func(t *testing.T) {
			command := exec.CommandContext(t.Context(), path, append([]string{"--silent", "--max-time", "10", "--write-out", "%{http_code}", "--output", os.DevNull}, strings.Fields(tc.args)...)...)
			out, _ := command.Output()
			if !strings.Contains(string(out), tc.want) {
				t.Errorf("curl %s: %s, want %s", tc.args, out, tc.want)
			}
		})
	}
}
