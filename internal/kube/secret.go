package kube

import (
	"context"
	"crypto/pbkdf2"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/modelserving/terraform-provider-serving/internal/stack"
)

// checksumKey has the sum of all other values of a Secret. A plan does not know
// the secrets that were written, and sees by it that somebody has changed them.
const checksumKey = ".terraform-provider-serving.checksum"

// checksum is the sum of a Secret's values.
func checksum(data map[string][]byte) string {
	sum := sha256.New()
	for _, key := range slices.Sorted(maps.Keys(data)) {
		if key != checksumKey {
			fmt.Fprintf(sum, "%d %s %d ", len(key), key, len(data[key]))
			sum.Write(data[key])
		}
	}
	return hex.EncodeToString(sum.Sum(nil))
}

// shownSums remembers what is slow to make.
var shownSums sync.Map

// shownSum is the sum of a Secret's values for those who may not see them. It is
// slow to make, so that it is no quick test of a guessed value.
func shownSum(salt string, data map[string][]byte) string {
	sum := checksum(data)
	if known, ok := shownSums.Load(salt + sum); ok {
		return fmt.Sprint(known)
	}
	key, err := pbkdf2.Key(sha256.New, sum, []byte(salt), 100_000, 8)
	if err != nil {
		panic(err) // Only what is no input can be wrong.
	}
	shown := hex.EncodeToString(key)
	shownSums.Store(salt+sum, shown)
	return shown
}

// secretData decodes the values of a Secret.
func secretData(live *unstructured.Unstructured) map[string][]byte {
	if live == nil {
		return nil
	}
	text, _, _ := unstructured.NestedStringMap(live.Object, "data")
	data := make(map[string][]byte, len(text))
	for key, value := range text {
		data[key], _ = base64.StdEncoding.DecodeString(value)
	}
	return data
}

func secretManifest(at place, labels map[string]string, data map[string][]byte) manifest {
	data = maps.Clone(data)
	data[checksumKey] = []byte(checksum(data))
	return newManifest(at, labels, fields{"data": data}) // JSON has bytes as base64, as a Secret does.
}

// tampered says that a Secret's values are not those that were written together.
func tampered(data map[string][]byte) []stack.Difference {
	if string(data[checksumKey]) == checksum(data) {
		return nil
	}
	return []stack.Difference{{Field: "values were changed by somebody else"}}
}

// replace writes a Secret whose values are all ours, and takes out those that
// somebody else has put in.
func (k objects) replace(ctx context.Context, want manifest, live *unstructured.Unstructured) error {
	if err := k.apply(ctx, want); err != nil {
		return err
	}
	extra := map[string]any{}
	for name := range secretData(live) {
		if child(want.content, "data")[name] == nil {
			extra[name] = nil
		}
	}
	if len(extra) == 0 {
		return nil
	}
	api, err := k.api(ctx)
	if err != nil {
		return err
	}
	return api.patch(ctx, k.place, map[string]any{"data": extra})
}

// marks are the differences of a Secret outside of its data.
func (k objects) marks(object string, labels map[string]string, live *unstructured.Unstructured) []stack.Difference {
	return k.Diff(object, newManifest(k.place, labels, nil), live)
}

// settingsSecrets hold a model server's settings. Each is the root of its
// server's stack.
type settingsSecrets struct {
	objects
	server string
}

// settingsKey is the entry of the Secret.
const settingsKey = "settings.json"

var (
	_ stack.Kind[settings, unstructured.Unstructured] = settingsSecrets{}
	_ stack.Sealer[unstructured.Unstructured]         = settingsSecrets{}
)

// settingsPlace is where a server's settings are.
func settingsPlace(server string) place {
	return place{secrets, SystemNamespace, "model-server-" + server}
}

func (k settingsSecrets) labels() map[string]string { return selector(componentSettings, k.server) }

// Diff compares what may be shown by attribute, and tokens only where they are
// known: in a plan they are not.
func (k settingsSecrets) Diff(object string, want settings, live *unstructured.Unstructured) []stack.Difference {
	diffs := k.marks(object, k.labels(), live)
	data := secretData(live)
	diffs = append(diffs, tampered(data)...)
	have, err := parseSettings(data[settingsKey])
	if err != nil {
		return append(diffs, stack.Difference{Field: err.Error()})
	}
	if _, ok := live.GetAnnotations()[annotationRemoving]; ok {
		diffs = append(diffs, stack.Difference{Field: "an interrupted destroy has taken it off the gateway"})
	}
	a, b := want.shown(), have.shown()
	seen := map[string]bool{}
	for _, d := range append(compare("", a, b), reversed(compare("", b, a))...) {
		if field := strings.TrimPrefix(d.Field, "."); !seen[field] {
			seen[field] = true
			d.Field, d.Attribute = field, settingsAttribute(field)
			diffs = append(diffs, d)
		}
	}
	for _, name := range names(want.Auth.Tokens) {
		value := want.Auth.Tokens[name]
		if other, ok := have.Auth.Tokens[name]; ok && value.Value != "" && value != other {
			diffs = append(diffs, stack.Difference{Field: "the token " + name + " has another value"})
		}
	}
	return diffs
}

// settingsAttribute names the attribute of serving_model_server that models a
// setting. Those of the workload are modelled by the objects that are made of
// them.
func settingsAttribute(field string) string {
	if strings.HasPrefix(field, "workload") {
		return ""
	}
	return field
}

// reversed swaps the sides of differences.
func reversed(diffs []stack.Difference) []stack.Difference {
	for i := range diffs {
		diffs[i].Got, diffs[i].Want = diffs[i].Want, diffs[i].Got
	}
	return diffs
}

func (k settingsSecrets) Create(ctx context.Context, object string, want settings, _ string) error {
	return k.make(ctx, k.written(object, want))
}

func (k settingsSecrets) Update(ctx context.Context, object string, want settings, live *unstructured.Unstructured, _ []stack.Difference) error {
	if err := k.replace(ctx, k.written(object, want), live); err != nil {
		return err
	}
	if _, ok := live.GetAnnotations()[annotationRemoving]; !ok {
		return nil
	}
	return k.annotate(ctx, annotationRemoving, nil)
}

func (k settingsSecrets) written(object string, want settings) manifest {
	return k.marked(object, secretManifest(k.place, k.labels(), map[string][]byte{settingsKey: want.text()}))
}

func (k settingsSecrets) Sealed(live *unstructured.Unstructured) bool {
	return live.GetAnnotations()[annotationSealed] == "true"
}

func (k settingsSecrets) Seal(ctx context.Context, _ *unstructured.Unstructured) error {
	return k.annotate(ctx, annotationSealed, "true")
}

// annotate puts a mark on the Secret, or takes it off with nil.
func (k settingsSecrets) annotate(ctx context.Context, annotation string, value any) error {
	api, err := k.api(ctx)
	if err != nil {
		return err
	}
	return api.patch(ctx, k.place, map[string]any{"metadata": map[string]any{"annotations": map[string]any{annotation: value}}})
}
