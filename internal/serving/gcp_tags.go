package serving

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// Tags are labels on GCP. A resource has at most 64, keys and values of 63
// characters and 128 bytes, in letters without case or in lower case (Resource
// Manager, "Labels overview: Requirements for labels"). Places are kept for our
// marks and for those that GKE sets.
const (
	gcpTags            = 40
	maxLabelBytes      = 128
	maxLabelCharacters = 63
)

// gcpLabelKey reports whether a text can be the key of a label.
func gcpLabelKey(text string) bool {
	first, _ := utf8.DecodeRuneInString(text)
	return unicode.In(first, unicode.Ll, unicode.Lo) && gcpLabelValue(text)
}

// gcpLabelValue reports whether a text can be the value of a label.
func gcpLabelValue(text string) bool {
	for _, r := range text {
		if r != '_' && r != '-' && !unicode.In(r, unicode.Ll, unicode.Lo, unicode.N) {
			return false
		}
	}
	return len(text) <= maxLabelBytes && utf8.RuneCountInString(text) <= maxLabelCharacters
}

const gcpLabelForm = "On GCP tags are labels, which have up to 63 lower-case letters, digits, - and _"

func (gcpRules) tags(f *findings, tags map[string]string) {
	for _, key := range sortedKeys(tags) {
		path, value := sub("tags", key), tags[key]
		switch {
		case !gcpLabelKey(key):
			f.add(ruleTagKey.at(path, "The tag key %q has %d characters. %s, and their keys start with a letter. Rename it.", key, utf8.RuneCountInString(key), gcpLabelForm))
		case strings.HasPrefix(key, "goog"):
			f.add(ruleTagReserved.at(path, "The tag key %q starts with \"goog\", which only Google may set. Rename it.", key))
		case strings.HasPrefix(key, "serving-"):
			f.add(ruleTagReserved.at(path, "The tag key %q starts with \"serving-\", by which this provider finds what it owns. Rename it.", key))
		}
		if f.known(path) && !gcpLabelValue(value) {
			f.add(ruleTagValue.at(path, "The value of tag %q has %d characters: %q. %s. Change it.", key, utf8.RuneCountInString(value), value, gcpLabelForm))
		}
	}
}
