package tf

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"github.com/hashicorp/terraform-plugin-framework/diag"
)

// StoreFingerprints keeps the fingerprints of all secrets of a resource under
// one key, by their names: a secret that was removed leaves nothing behind.
// Unlike StoreFingerprint it takes each for the text it is, space and all.
func StoreFingerprints(ctx context.Context, private PrivateWriter, key string, secrets map[string]string) diag.Diagnostics {
	kept := make(map[string]fingerprint, len(secrets))
	for name, secret := range secrets {
		salt := make([]byte, sha256.Size)
		_, _ = rand.Read(salt) // It never fails.
		kept[name] = fingerprint{Salt: salt, Sum: exactSum(salt, secret)}
	}
	return storeFingerprints(ctx, private, key, kept)
}

// StoreNames keeps the names of secrets whose values are not known, as after an
// import: whatever is configured is another one.
func StoreNames(ctx context.Context, private PrivateWriter, key string, names []string) diag.Diagnostics {
	kept := make(map[string]fingerprint, len(names))
	for _, name := range names {
		kept[name] = fingerprint{}
	}
	return storeFingerprints(ctx, private, key, kept)
}

func storeFingerprints(ctx context.Context, private PrivateWriter, key string, kept map[string]fingerprint) diag.Diagnostics {
	text, err := json.Marshal(kept)
	if err != nil {
		var diags diag.Diagnostics
		diags.AddError("Cannot store fingerprints", fmt.Sprintf("Encoding the fingerprints %q: %v. This is a defect of the provider; please report it.", key, err))
		return diags
	}
	return private.SetKey(ctx, key, text)
}

// SameFingerprints reports whether secrets are those whose fingerprints are kept
// under the key: the same names, each with the same value.
func SameFingerprints(ctx context.Context, private Private, key string, secrets map[string]string) (bool, diag.Diagnostics) {
	kept, diags := fingerprints(ctx, private, key)
	same := len(kept) == len(secrets)
	for name, secret := range secrets {
		was, ok := kept[name]
		same = same && ok && hmac.Equal(was.Sum, exactSum(was.Salt, secret))
	}
	return same, diags
}

// FingerprintNames are the names of the secrets whose fingerprints are kept.
func FingerprintNames(ctx context.Context, private Private, key string) ([]string, diag.Diagnostics) {
	kept, diags := fingerprints(ctx, private, key)
	return slices.Sorted(maps.Keys(kept)), diags
}

func fingerprints(ctx context.Context, private Private, key string) (map[string]fingerprint, diag.Diagnostics) {
	text, diags := private.GetKey(ctx, key)
	if len(text) == 0 || diags.HasError() {
		return nil, diags
	}
	var kept map[string]fingerprint
	if err := json.Unmarshal(text, &kept); err != nil {
		// What cannot be read is replaced by the next apply.
		return nil, diags
	}
	return kept, diags
}

func exactSum(salt []byte, secret string) []byte {
	mac := hmac.New(sha256.New, salt)
	mac.Write([]byte(secret))
	return mac.Sum(nil)
}
