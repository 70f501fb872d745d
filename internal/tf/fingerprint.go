package tf

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/diag"
)

// Private is the part of a resource's private state that is read.
type Private interface {
	GetKey(ctx context.Context, key string) ([]byte, diag.Diagnostics)
}

// PrivateWriter is the part of it that is written.
type PrivateWriter interface {
	SetKey(ctx context.Context, key string, value []byte) diag.Diagnostics
}

// fingerprint is what private state keeps of a write-only secret: enough to
// notice another one, useless for finding it. The salt keeps equal secrets of
// two resources from having equal sums.
type fingerprint struct {
	Salt []byte `json:"salt"`
	Sum  []byte `json:"sum"`
}

// StoreFingerprint keeps the fingerprint of a secret under a key.
func StoreFingerprint(ctx context.Context, private PrivateWriter, key, secret string) diag.Diagnostics {
	salt := make([]byte, sha256.Size)
	_, _ = rand.Read(salt) // It never fails.
	text, err := json.Marshal(fingerprint{Salt: salt, Sum: sum(salt, secret)})
	if err != nil {
		var diags diag.Diagnostics
		diags.AddError("Cannot store a fingerprint", fmt.Sprintf("Encoding the fingerprint %q: %v. This is a defect of the provider; please report it.", key, err))
		return diags
	}
	return private.SetKey(ctx, key, text)
}

// SameFingerprint reports whether a secret is the one whose fingerprint is kept
// under the key. It is false when there is none, as after an import.
func SameFingerprint(ctx context.Context, private Private, key, secret string) (bool, diag.Diagnostics) {
	text, diags := private.GetKey(ctx, key)
	if len(text) == 0 || diags.HasError() {
		return false, diags
	}
	var kept fingerprint
	if err := json.Unmarshal(text, &kept); err != nil {
		// What cannot be read is replaced by the next apply.
		return false, diags
	}
	return hmac.Equal(kept.Sum, sum(kept.Salt, secret)), diags
}

func sum(salt []byte, secret string) []byte {
	return exactSum(salt, NormalPEM(secret))
}

// NormalPEM gives the PEM blocks of a text in their canonical form, without
// what is around them, or the text without surrounding space when it has none.
// Texts with equal results say the same.
func NormalPEM(text string) string {
	var normal strings.Builder
	for rest := []byte(text); ; {
		block, after := pem.Decode(rest)
		if block == nil {
			break
		}
		_ = pem.Encode(&normal, block) // A block that was decoded can be encoded.
		rest = after
	}
	if normal.Len() == 0 {
		return strings.TrimSpace(text)
	}
	return normal.String()
}
