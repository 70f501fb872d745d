package serving

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"
)

// fitHash is the number of hex digits that keep shortened names apart.
const fitHash = 8

// Fit joins the parts with hyphens to a name of at most maximum characters. A name
// that would be longer, or would start or end with a hyphen, is cut and ends
// in a hyphen and the first 8 hex digits of the whole name's SHA-256 sum. It is
// a function of its input alone, so that an object is found again under the
// name it was made with, and different long names stay different. The cloud's
// other rules on names are those of the parts. A maximum below 8 cuts the sum.
func Fit(maximum int, parts ...string) string {
	whole := strings.Join(parts, "-")
	if len(whole) <= maximum && whole != "" && whole == strings.Trim(whole, "-") {
		return whole
	}
	sum := sha256.Sum256([]byte(whole))
	hash := hex.EncodeToString(sum[:])[:fitHash]
	room := maximum - fitHash - 1
	if room <= 0 {
		return hash[:min(fitHash, maximum)]
	}
	head := strings.ToValidUTF8(whole[:min(room, len(whole))], "")
	if head = strings.Trim(head, "-"); head == "" {
		return hash
	}
	return head + "-" + hash
}
