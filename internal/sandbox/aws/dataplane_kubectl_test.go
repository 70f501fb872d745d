package aws_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/eks"
)

// TestKubectl is what people do: kubectl with a kubeconfig that asks the aws CLI for a token, and the sandbox as HTTPS_PROXY.
func TestKubectl(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("it starts a real API server")
	}
	for _, tool := range []string{"kubectl", "aws"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skipf("there is no %s", tool)
		}
	}
	w := &dataWorld{world: newWorld(t)}
	w.cluster()
	conn, status, reason := w.connect("", w.endpoint()+":443")
	if conn == nil && status == http.StatusBadGateway {
		t.Skipf("no Kubernetes here: %s", reason)
	}
	if conn == nil {
		t.Fatal(status, reason)
	}
	_ = conn.Close()
	cluster := do(w.world, w.eks.DescribeCluster, &eks.DescribeClusterInput{Name: new("c")}).Cluster
	config := filepath.Join(t.TempDir(), "config")
	text := fmt.Sprintf(`{"apiVersion": "v1", "kind": "Config", "current-context": "c",
 "clusters": [{"name": "c", "cluster": {"server": %q, "certificate-authority-data": %q}}],
 "contexts": [{"name": "c", "context": {"cluster": "c", "user": "c"}}],
 "users": [{"name": "c", "user": {"exec": {"apiVersion": "client.authentication.k8s.io/v1beta1", "interactiveMode": "Never", "command": "aws",
  "args": ["eks", "get-token", "--cluster-name", "c", "--region", "eu-west-1", "--output", "json"]}}}]}`,
		*cluster.Endpoint, *cluster.CertificateAuthority.Data)
	if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	kubectl := func(proxy string, args ...string) (string, error) {
		command := exec.CommandContext(ctx, "kubectl", args...)
		command.Env = append(os.Environ(), "KUBECONFIG="+config, "HTTPS_PROXY="+proxy, "AWS_ENDPOINT_URL="+w.sandbox.URL,
			"AWS_ACCESS_KEY_ID=sandbox", "AWS_SECRET_ACCESS_KEY=sandbox", "AWS_CONFIG_FILE="+os.DevNull)
		out, err := command.CombinedOutput()
		return string(out), err
	}
	var want []string
	for _, eni := range do(w.world, w.ec2.DescribeNetworkInterfaces, &ec2.DescribeNetworkInterfacesInput{}).NetworkInterfaces {
		if eni.Attachment != nil && eni.Attachment.InstanceId != nil {
			want = append(want, "ip-"+strings.ReplaceAll(*eni.PrivateIpAddress, ".", "-")+".eu-west-1.compute.internal")
		}
	}
	slices.Sort(want)
	var out string
	w.until(func() bool {
		var err error
		if out, err = kubectl(w.sandbox.Proxy(t, "").String(), "get", "nodes", "-o", "json"); err != nil {
			t.Fatalf("kubectl get nodes: %v\n%s", err, out)
		}
		var list struct {
			Items []struct{ Metadata struct{ Name string } }
		}
		if err := json.Unmarshal([]byte(out), &list); err != nil {
			t.Fatalf("%v in %s", err, out)
		}
		var names []string
		for _, item := range list.Items {
			names = append(names, item.Metadata.Name)
		}
		slices.Sort(names)
		return slices.Equal(names, want)
	})
	if out, err := kubectl(w.sandbox.Proxy(t, w.vpc).String(), "get", "nodes"); err == nil || !strings.Contains(out, "Gateway Timeout") {
		t.Errorf("kubectl from a host that the cluster's group does not admit: %v\n%s", err, out)
	}
}
