package kube

import (
	"context"
	"maps"
	"slices"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/modelserving/terraform-provider-serving/internal/serving"
	"github.com/modelserving/terraform-provider-serving/internal/stack"
)

// environmentSecrets hold a model server's secret environment variables.
type environmentSecrets struct {
	objects
	server string
}

// environment are the variables; a value is empty where it is not known.
type environment map[string]serving.Token

// MarshalJSON shows the names alone.
func (e environment) MarshalJSON() ([]byte, error) { return mustJSON(names(e)), nil }

var _ stack.Kind[environment, unstructured.Unstructured] = environmentSecrets{}

func (k environmentSecrets) labels() map[string]string { return selector(componentServer, k.server) }

func (k environmentSecrets) Diff(object string, want environment, live *unstructured.Unstructured) []stack.Difference {
	data := secretData(live)
	diffs := append(k.marks(object, k.labels(), live), tampered(data)...)
	delete(data, checksumKey)
	for _, name := range names(want) {
		value, ok := data[name]
		switch {
		case !ok:
			diffs = append(diffs, stack.Difference{Field: "variable", Want: name})
		case want[name].Value != "" && want[name].Value != string(value):
			diffs = append(diffs, stack.Difference{Field: "the variable " + name + " has another value"})
		}
		delete(data, name)
	}
	for _, name := range slices.Sorted(maps.Keys(data)) {
		diffs = append(diffs, stack.Difference{Field: "variable", Got: name})
	}
	return diffs
}

func (k environmentSecrets) Create(ctx context.Context, object string, want environment, _ string) error {
	return k.make(ctx, k.written(object, want))
}

func (k environmentSecrets) Update(ctx context.Context, object string, want environment, live *unstructured.Unstructured, _ []stack.Difference) error {
	return k.replace(ctx, k.written(object, want), live)
}

func (k environmentSecrets) written(object string, want environment) manifest {
	data := map[string][]byte{}
	for name, token := range want {
		data[name] = []byte(token.Value)
	}
	return k.marked(object, secretManifest(k.place, k.labels(), data))
}
