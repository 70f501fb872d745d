// Package lint_test holds the linter's configuration to the import rules of DESIGN.md.
package lint_test

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

const module = "github.com/modelserving/terraform-provider-serving"

const (
	framework = "github.com/hashicorp/terraform-plugin-framework/resource"
	timeouts  = "github.com/hashicorp/terraform-plugin-framework-timeouts/resource/timeouts"
	protocol  = "github.com/hashicorp/terraform-plugin-go/tfprotov6"
	tflog     = "github.com/hashicorp/terraform-plugin-log/tflog"
	oldSDK    = "github.com/hashicorp/terraform-plugin-sdk/v2/helper/schema"
	awsSDK    = "github.com/aws/aws-sdk-go-v2/service/ec2"
	awsBase   = "github.com/hashicorp/aws-sdk-go-base/v2"
	oldAWSSDK = "github.com/aws/aws-sdk-go/service/ec2"
	smithy    = "github.com/aws/smithy-go"
	googleSDK = "cloud.google.com/go/container/apiv1"
	googleAPI = "google.golang.org/api/networkservices/v1"
	clientGo  = "k8s.io/client-go/dynamic"
	clientset = "k8s.io/client-go/kubernetes"
	discovery = "k8s.io/client-go/discovery"
	applied   = "k8s.io/client-go/applyconfigurations/core/v1"
	coreTypes = "k8s.io/api/core/v1"
	envoy     = "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	protobuf  = "google.golang.org/protobuf/proto"
	errgroup  = "golang.org/x/sync/errgroup"
	stranger  = "github.com/pkg/errors"
)

func own(name string) string { return module + "/internal/" + name }

// Each case is a file that imports a package, and whether the linter must let it. A rule that is mistyped, or that
// the linter's prefix search skips, fails here and not in a review.
var cases = []struct {
	file, imports string
	allowed       bool
}{
	// terraform-plugin-sdk and aws-sdk-go are nobody's.
	{"main.go", oldSDK, false},
	{"internal/cluster/a.go", oldSDK, false},
	{"internal/cluster/a_test.go", oldSDK, false},
	{"internal/aws/a.go", oldAWSSDK, false},

	// Terraform's framework stays with the provider, its glue and the rooms.
	{"main.go", framework, true},
	{"internal/provider/a.go", framework, true},
	{"internal/provider/schemajson/main.go", protocol, true},
	{"internal/tf/a.go", framework, true},
	{"internal/cluster/a.go", timeouts, true},
	{"internal/certificate/a.go", framework, true},
	{"internal/peering/a.go", framework, true},
	{"internal/modelserver/a.go", framework, true},
	{"internal/reachability/a.go", framework, true},
	{"internal/bench/floor/main.go", framework, true},
	{"internal/bench/a.go", framework, false},
	{"internal/aws/a.go", framework, false},
	{"internal/aws/main.go", framework, false},
	{"internal/aws/a_test.go", timeouts, false},
	{"internal/gcp/a.go", protocol, false},
	{"internal/sandbox/aws/a.go", framework, false},
	{"internal/stack/a.go", framework, false},
	{"internal/serving/a.go", framework, false},

	// Each cloud's SDK stays with that cloud.
	{"internal/aws/a.go", awsSDK, true},
	{"internal/aws/a.go", awsBase, true},
	{"internal/aws/a.go", smithy, true},
	{"internal/sandbox/aws/a.go", awsSDK, true},
	{"internal/cluster/a.go", awsSDK, false},
	{"internal/cluster/a_test.go", awsSDK, false},
	{"internal/provider/a.go", awsBase, false},
	{"internal/gcp/a.go", smithy, false},
	{"internal/gcp/a.go", googleSDK, true},
	{"internal/gcp/a.go", googleAPI, true},
	{"internal/sandbox/gcp/a.go", googleSDK, true},
	{"internal/aws/a.go", googleSDK, false},
	{"internal/peering/a.go", googleAPI, false},
	{"internal/kube/a.go", clientGo, true},
	{"internal/sandbox/kube/a.go", clientGo, true},
	{"internal/aws/a.go", clientGo, false},

	// The types of Kubernetes' API are for tests and the sandbox: they would be a fifth of the provider's binary.
	{"internal/kube/a.go", coreTypes, false},
	{"internal/kube/a.go", applied, false},
	{"internal/kube/a.go", clientset, false},
	{"internal/kube/a.go", discovery, false},
	{"internal/kube/a_test.go", coreTypes, true},
	{"internal/kube/a_test.go", clientset, true},
	{"internal/sandbox/kube/a.go", coreTypes, true},
	{"internal/sandbox/kube/a.go", clientset, true},

	// The sandbox is for tests and its own command, and shares nothing with the provider.
	{"internal/sandbox/cmd/sandbox/a.go", own("sandbox/aws"), true},
	{"internal/cluster/a_test.go", own("sandbox/aws"), true},
	{"internal/aws/a_test.go", own("sandbox/sandboxtest"), true},
	{"internal/provider/a.go", own("sandbox"), false},
	{"internal/aws/a.go", own("sandbox/aws"), false},
	{"main.go", own("sandbox"), false},
	{"internal/sandbox/aws/a.go", own("aws"), false},
	{"internal/sandbox/aws/a_test.go", own("serving"), false},

	// A cloud knows the domain and the engine, not who calls it.
	{"internal/aws/a.go", own("serving"), true},
	{"internal/aws/a.go", own("stack"), true},
	{"internal/kube/a.go", own("gateway"), true},
	{"internal/aws/ec2/a.go", own("aws"), true},
	{"internal/aws/a.go", own("tf"), false},
	{"internal/aws/a.go", own("provider"), false},
	{"internal/gcp/a.go", own("cluster"), false},
	{"internal/kube/a.go", own("modelserver"), false},

	// The gateway's configuration is compiled from the domain alone.
	{"internal/gateway/a.go", own("serving"), true},
	{"internal/gateway/a.go", envoy, true},
	{"internal/gateway/a.go", protobuf, true},
	{"internal/gateway/a.go", "github.com/cncf/xds/go/xds/type/matcher/v3", true},
	{"internal/gateway/a.go", own("stack"), false},
	{"internal/gateway/a.go", own("aws"), false},

	// The domain is pure.
	{"internal/serving/a.go", "net/netip", true},
	{"internal/serving/a.go", "crypto/x509", true},
	{"internal/serving/a_test.go", own("serving"), true},
	{"internal/serving/a_test.go", "os", true},
	{"internal/serving/a.go", "os", false},
	{"internal/serving/a.go", "os/exec", false},
	{"internal/serving/a.go", "net/http", false},
	{"internal/serving/a.go", own("stack"), false},
	{"internal/serving/a.go", tflog, false},
	{"internal/serving/a.go", stranger, false},

	// The engine is generic.
	{"internal/stack/a.go", "context", true},
	{"internal/stack/a.go", tflog, true},
	{"internal/stack/a.go", errgroup, true},
	{"internal/stack/a_test.go", own("stack"), true},
	{"internal/stack/a.go", own("serving"), false},
	{"internal/reads/a.go", "context", true},
	{"internal/reads/a.go", own("aws"), false},
	{"internal/aws/a.go", own("reads"), true},
	{"internal/stack/a.go", own("aws"), false},
	{"internal/stack/a.go", awsSDK, false},
	{"internal/stack/a.go", stranger, false},
}

// TestImportRules lints a small module of offending files with the project's own configuration.
func TestImportRules(t *testing.T) {
	linter := strings.TrimSpace(run(t, "../", "go", "run", "./install", "golangci-lint"))
	config, err := filepath.Abs("../../../.golangci.yml")
	if err != nil {
		t.Fatal(err)
	}
	content, err := os.ReadFile(config)
	if err != nil {
		t.Fatal(err)
	}

	// depguard reads syntax only, so the imports need not resolve. Every case has a folder of its own, because two
	// files of a package that does not compile would be reported once.
	dir := t.TempDir()
	write(t, filepath.Join(dir, "go.mod"), "module "+module+"\n\ngo 1.26.0\n")
	write(t, filepath.Join(dir, ".golangci.yml"), string(content))
	for i, c := range cases {
		name := filepath.Join(fmt.Sprintf("%d", i), filepath.FromSlash(c.file))
		if c.file == "main.go" { // only the one at the root is exempt
			name = "main.go"
		}
		path := filepath.Join(dir, name)
		if name == "main.go" {
			addImport(t, path, c.imports)
			continue
		}
		write(t, path, fmt.Sprintf("// Package a is a case of TestImportRules.\npackage a\n\nimport _ %q\n", c.imports))
	}

	cmd := exec.Command(linter, "run", "--enable-only", "depguard", "--output.json.path", "stdout", "--show-stats=false", "./...")
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GOFLAGS=-mod=mod", "GOPROXY=off", "GOWORK=off", "GOLANGCI_LINT_CACHE="+filepath.Join(dir, ".cache"))
	out, err := cmd.Output()
	if err == nil {
		t.Fatal("the linter found nothing wrong")
	}
	var report struct {
		Issues []struct {
			FromLinter, Text string
			Pos              struct{ Filename string }
		}
	}
	line, _, _ := strings.Cut(string(out), "\n")
	if err := json.Unmarshal([]byte(line), &report); err != nil {
		t.Fatalf("reading the linter's report: %v\n%s", err, out)
	}
	refused := map[string]bool{}
	for _, issue := range report.Issues {
		if issue.FromLinter != "depguard" {
			continue
		}
		_, rest, _ := strings.Cut(issue.Text, "import '")
		imported, _, _ := strings.Cut(rest, "'")
		refused[filepath.ToSlash(issue.Pos.Filename)+" "+imported] = true
	}
	for i, c := range cases {
		file := fmt.Sprintf("%d/%s", i, c.file)
		if c.file == "main.go" {
			file = c.file
		}
		if got := !refused[file+" "+c.imports]; got != c.allowed {
			t.Errorf("%s imports %s: allowed = %t, want %t", c.file, c.imports, got, c.allowed)
		}
	}
}

func addImport(t *testing.T, path, imports string) {
	t.Helper()
	before, err := os.ReadFile(path)
	if os.IsNotExist(err) {
		before, err = []byte("// Package main is a case of TestImportRules.\npackage main\n\n"), nil
	}
	if err != nil {
		t.Fatal(err)
	}
	write(t, path, string(before)+fmt.Sprintf("import _ %q\n", imports))
}

func write(t *testing.T, path, content string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
}

func run(t *testing.T, dir, name string, args ...string) string {
	t.Helper()
	cmd := exec.Command(name, args...)
	cmd.Dir = dir
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%s %s: %v", name, strings.Join(args, " "), err)
	}
	return string(out)
}
