package gateway

import (
	"encoding/base64"
	"regexp"
	"strings"
)

// lineEnds are what "echo token | base64" puts behind a token, on Unix and on
// Windows.
var lineEnds = []string{"", "\n", "\r\n"}

// Three whole bytes in base64, and the ends of such a quad that a colon is the
// last or the middle byte of. A colon is 00111010.
const (
	quad        = `[A-Za-z0-9+/]{4}`
	quadColon   = `[A-Za-z0-9+/]{2}[AEIMQUYcgkosw048]6` // ......xx xxxx00 111010
	quadByColon = `[A-Za-z0-9+/][DTjz]`                 // ......xx xx0011 1010....: the token follows in the third character
)

// authorizationPattern is what the value of Authorization must be for a token, as
// a regular expression that Envoy applies to the whole value, in linear time:
//
//	Bearer <token>
//	Basic base64(<token>)          as "echo token | base64" makes it, too
//	Basic base64(<user>:<token>)   with any user, empty as well
//
// Schemes are read in any case. Base64 packs three bytes into four characters, so
// a token behind a user appears in one of three forms, by the length of the user;
// in each, every character that the token alone decides is written out. Nothing
// that decodes to another token, or to no text at all, has such an end.
func authorizationPattern(token string) string {
	aligned := "(?:(?:" + quad + ")*" + quadColon + ")?" + encodings("", 0, token)
	first := "(?:" + quad + ")*" + encodings(":", 0, token)
	middle := "(?:" + quad + ")*" + quadByColon + encodings("u:", 2, token)
	return `(?i:basic) +(?:` + strings.Join([]string{aligned, first, middle}, "|") + `)|(?i:bearer) +` + regexp.QuoteMeta(token)
}

// encodings matches the base64 form of prefix and token with each line end, from
// the cut-th character on. What the forms have in common is written once.
func encodings(prefix string, cut int, token string) string {
	var forms []string
	for _, end := range lineEnds {
		forms = append(forms, base64.StdEncoding.EncodeToString([]byte(prefix + token + end))[cut:])
	}
	common := len(forms[0])
	for _, form := range forms[1:] {
		n := 0
		for n < common && form[n] == forms[0][n] {
			n++
		}
		common = n
	}
	var tails []string
	for _, form := range forms {
		tails = append(tails, regexp.QuoteMeta(form[common:]))
	}
	return regexp.QuoteMeta(forms[0][:common]) + "(?:" + strings.Join(tails, "|") + ")"
}
