package serving

import (
	"regexp"
	"strings"
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

// The expressions leave the length to gcpLabel: repeated 63 times, these classes
// would take megabytes and a good part of the provider's start.
var (
	gcpLabelKey   = regexp.MustCompile(`^[\p{Ll}\p{Lo}][\p{Ll}\p{Lo}\p{N}_-]*$`)
	gcpLabelValue = regexp.MustCompile(`^[\p{Ll}\p{Lo}\p{N}_-]*$`)
)

// gcpLabel reports whether a text is short enough for a label and has its form.
func gcpLabel(text string, form *regexp.Regexp) bool {
	return len(text) <= maxLabelBytes && utf8.RuneCountInString(text) <= maxLabelCharacters && form.MatchString(text)
}

const gcpLabelForm = "On GCP tags are labels, which have up to 63 lower-case letters, digits, - and _"

func (gcpRules) tags(f *findings, tags map[string]string) {
	for _, key := range sortedKeys(tags) {
		path, value := sub("tags", key), tags[key]
		switch {
		case !gcpLabel(key, gcpLabelKey):
			f.add(ruleTagKey.at(path, "The tag key %q has %d characters. %s, and their keys start with a letter. Rename it.", key, utf8.RuneCountInString(key), gcpLabelForm))
		case strings.HasPrefix(key, "goog"):
			f.add(ruleTagReserved.at(path, "The tag key %q starts with \"goog\", which only Google may set. Rename it.", key))
		case strings.HasPrefix(key, "serving-"):
			f.add(ruleTagReserved.at(path, "The tag key %q starts with \"serving-\", by which this provider finds what it owns. Rename it.", key))
		}
		if f.known(path) && !gcpLabel(value, gcpLabelValue) {
			f.add(ruleTagValue.at(path, "The value of tag %q has %d characters: %q. %s. Change it.", key, utf8.RuneCountInString(value), value, gcpLabelForm))
		}
	}
}
