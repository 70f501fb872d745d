package tf_test

import (
	"bytes"
	"context"
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
