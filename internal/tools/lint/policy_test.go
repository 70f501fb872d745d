package lint_test

import (
	"encoding/json"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// permission is each service's prefix in IAM by its package in the SDK.
var permission = map[string]string{
	"acm":                    "acm",
	"autoscaling":            "autoscaling",
	"ec2":                    "ec2",
	"eks":                    "eks",
	"elasticloadbalancingv2": "elasticloadbalancing",
	"iam":                    "iam",
	"route53":                "route53",
	"sts":                    "sts",
}

// implied permissions have no call of their own: another call is refused without them.
var implied = map[string]string{
	"acm:AddTagsToCertificate":     "acm:ImportCertificate", // tags in the request
	"ec2:CreateTags":               "ec2:CreateVpc",         // tags in the request
	"eks:TagResource":              "eks:CreateCluster",     // tags in the request
	"elasticloadbalancing:AddTags": "elasticloadbalancing:CreateLoadBalancer",
	"iam:CreateServiceLinkedRole":  "eks:CreateCluster",              // the first time in an account
	"iam:PassRole":                 "eks:CreateCluster",              // hands over the cluster and node roles
	"iam:TagRole":                  "iam:CreateRole",                 // tags in the request
	"kms:CreateGrant":              "eks:CreateCluster",              // with aws.kms_key_arn
	"kms:DescribeKey":              "eks:CreateCluster",              // with aws.kms_key_arn
	"sts:AssumeRole":               "ec2:AcceptVpcPeeringConnection", // with peer.assume_role_arn
}

// free needs no permission at all.
var free = []string{"sts:GetCallerIdentity"}

// TestPolicyIsWhatTheCodeCalls compares the documented IAM policy with the requests that internal/aws makes.
func TestPolicyIsWhatTheCodeCalls(t *testing.T) {
	called, listed := calls(t, "../../aws")
	if len(called) == 0 || len(listed) == 0 {
		t.Fatal("internal/aws makes no request or lists no operation: the search for them is broken")
	}
	for action := range listed {
		if !called[action] {
			t.Errorf("internal/aws lists the operation %s, which it never calls", action)
		}
	}
	want := maps.Clone(called)
	for action, by := range implied {
		if called[by] {
			want[action] = true
		}
	}
	for _, action := range free {
		delete(want, action)
	}
	got := policy(t, "../../../examples/aws-permissions/policy.json")
	for action := range want {
		if !got[action] {
			t.Errorf("the provider calls %s, the policy lacks it", action)
		}
	}
	for action := range got {
		if !want[action] {
			t.Errorf("the policy allows %s, which the provider never calls", action)
		}
	}
	if t.Failed() {
		t.Logf("all that it calls:\n%s", strings.Join(slices.Sorted(maps.Keys(want)), "\n"))
	}
}

// calls finds every request type of the SDK, such as ec2.CreateVpcInput, and answers with the actions they ask for:
// those of requests that are made, and those in the type of a field, which only says what can be called.
func calls(t *testing.T, root string) (called, listed map[string]bool) {
	t.Helper()
	called, listed = map[string]bool{}, map[string]bool{}
	err := filepath.WalkDir(root, func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go") {
			return err
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		services := map[string]string{}
		for _, spec := range file.Imports {
			imported, err := strconv.Unquote(spec.Path.Value)
			if err != nil {
				return err
			}
			if dir, base := path.Split(imported); dir == "github.com/aws/aws-sdk-go-v2/service/" {
				local := base
				if spec.Name != nil {
					local = spec.Name.Name
				}
				services[local] = permission[base]
			}
		}
		find := func(node ast.Node, found map[string]bool) {
			selector, ok := node.(*ast.SelectorExpr)
			if !ok {
				return
			}
			action, isInput := strings.CutSuffix(selector.Sel.Name, "Input")
			if of, ok := selector.X.(*ast.Ident); ok && isInput && services[of.Name] != "" {
				found[services[of.Name]+":"+action] = true
			}
		}
		ast.Inspect(file, func(node ast.Node) bool {
			if fields, ok := node.(*ast.StructType); ok {
				ast.Inspect(fields, func(node ast.Node) bool { find(node, listed); return true })
				return false
			}
			find(node, called)
			return true
		})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return called, listed
}

func policy(t *testing.T, name string) map[string]bool {
	t.Helper()
	content, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	var document struct {
		Statement []struct {
			Effect string
			Action []string
		}
	}
	if err := json.Unmarshal(content, &document); err != nil {
		t.Fatal(err)
	}
	allowed := map[string]bool{}
	for _, s := range document.Statement {
		if s.Effect != "Allow" {
			t.Errorf("the policy's effect is %q, want Allow", s.Effect)
		}
		for _, action := range s.Action {
			allowed[action] = true
		}
	}
	return allowed
}
