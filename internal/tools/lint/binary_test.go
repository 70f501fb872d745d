package lint_test

import (
	"slices"
	"strings"
	"testing"
)

// heavy are packages with, or that come with, the types of every API group of Kubernetes: DESIGN.md has what they cost.
var heavy = []string{
	"github.com/google/gnostic-models",
	"k8s.io/api/",
	"k8s.io/client-go/discovery",
	"k8s.io/client-go/kubernetes",
	"k8s.io/kube-openapi/",
}

// TestBinaryIsWithoutTypesOfKubernetes looks at all that the provider links, also by way of what others import.
func TestBinaryIsWithoutTypesOfKubernetes(t *testing.T) {
	linked := strings.Fields(run(t, "../../..", "go", "list", "-deps", "."))
	if !slices.Contains(linked, "k8s.io/client-go/dynamic") {
		t.Fatal("the provider links no Kubernetes client: the search is broken")
	}
	for _, name := range linked {
		if slices.ContainsFunc(heavy, func(prefix string) bool { return strings.HasPrefix(name+"/", prefix) }) {
			t.Errorf("the provider links %s: go list -deps -f '{{.ImportPath}} {{.Imports}}' . shows who imports it", name)
		}
	}
}
