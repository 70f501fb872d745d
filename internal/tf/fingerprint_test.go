package tf_test

import (
	"bytes"
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/diag"

	"github.com/modelserving/terraform-provider-serving/internal/tf"
	"github.com/modelserving/terraform-provider-serving/internal/tf/tftest"
)

type private map[string][]byte

func (p private) GetKey(_ context.Context, key string) ([]byte, diag.Diagnostics) { return p[key], nil }

func (p private) SetKey(_ context.Context, key string, value []byte) diag.Diagnostics {
	p[key] = value
	return nil
}

func TestFingerprint(t *testing.T) {
	t.Parallel()
	_, secret := tftest.SelfSigned(t, "models.example.com")
	_, other := tftest.SelfSigned(t, "models.example.com")
	kept, again := private{}, private{}
	for _, p := range []private{kept, again} {
		if diags := tf.StoreFingerprint(t.Context(), p, "key", secret); diags.HasError() {
			t.Fatal(diags)
		}
	}
	if bytes.Equal(kept["key"], again["key"]) {
		t.Error("two fingerprints of one secret are equal: the salt is missing")
	}
	for name, tc := range map[string]struct {
		private private
		secret  string
		want    bool
	}{
		"same":           {kept, secret, true},
		"other line end": {kept, strings.ReplaceAll(secret, "\n", "\r\n") + "\n", true},
		"other":          {kept, other, false},
		"empty":          {kept, "", false},
		"none kept":      {private{}, secret, false},
		"damaged":        {private{"key": []byte("{")}, secret, false},
	} {
		got, diags := tf.SameFingerprint(t.Context(), tc.private, "key", tc.secret)
		if got != tc.want || diags.HasError() {
			t.Errorf("%s: got %t %v, want %t", name, got, diags, tc.want)
		}
	}
}

func TestFingerprints(t *testing.T) {
	t.Parallel()
	kept := private{}
	secrets := map[string]string{"a": "secret one", "b": "secret two"}
	if diags := tf.StoreFingerprints(t.Context(), kept, "key", secrets); diags.HasError() {
		t.Fatal(diags)
	}
	if text := string(kept["key"]); strings.Contains(text, "secret") {
		t.Errorf("a secret is kept: %s", text)
	}
	imported := private{}
	if diags := tf.StoreNames(t.Context(), imported, "key", []string{"a", "b"}); diags.HasError() {
		t.Fatal(diags)
	}
	for name, tc := range map[string]struct {
		private private
		secrets map[string]string
		want    bool
	}{
		"same":           {kept, secrets, true},
		"other value":    {kept, map[string]string{"a": "secret one", "b": "secret 2"}, false},
		"space":          {kept, map[string]string{"a": "secret one", "b": "secret two\n"}, false},
		"swapped":        {kept, map[string]string{"a": "secret two", "b": "secret one"}, false},
		"one less":       {kept, map[string]string{"a": "secret one"}, false},
		"one more":       {kept, map[string]string{"a": "secret one", "b": "secret two", "c": ""}, false},
		"renamed":        {kept, map[string]string{"a": "secret one", "c": "secret two"}, false},
		"imported":       {imported, secrets, false},
		"none stored":    {private{}, secrets, false},
		"none at all":    {private{}, nil, true},
		"cannot be read": {private{"key": []byte("{")}, secrets, false},
	} {
		if got, diags := tf.SameFingerprints(t.Context(), tc.private, "key", tc.secrets); got != tc.want || diags.HasError() {
			t.Errorf("%s: got %t %v, want %t", name, got, diags, tc.want)
		}
	}
	if names, _ := tf.FingerprintNames(t.Context(), imported, "key"); !slices.Equal(names, []string{"a", "b"}) {
		t.Errorf("names are %v", names)
	}
}
