package serving

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

var ruleTagCase = mustNot("tag_case", "Tag keys differ only in case")

// A resource has at most 50 tags, keys of 128 and values of 256 characters
// (AWS General Reference, "Tag naming limits and requirements"). Ten places are
// kept for our ownership tags and those that EKS and Kubernetes set.
const (
	awsTags     = 40
	maxTagKey   = 128
	maxTagValue = 256
)

// tagTextOK holds the character set that all services share (same page).
func tagTextOK(text string) bool {
	for _, r := range text {
		if !strings.ContainsRune("_.:/=+-@", r) && !unicode.In(r, unicode.L, unicode.Z, unicode.N) {
			return false
		}
	}
	return true
}

func (awsRules) tags(f *findings, tags map[string]string) {
	seen := map[string]string{}
	for _, key := range sortedKeys(tags) {
		path := sub("tags", key)
		if other, ok := seen[strings.ToLower(key)]; ok && f.known(path) {
			f.add(ruleTagCase.at(path, "There is also a tag %q. IAM, whose roles the tags are put on too, takes both for one. Leave one of them out.", other))
		}
		seen[strings.ToLower(key)] = key
		switch lower := strings.ToLower(key); {
		case key == "" || utf8.RuneCountInString(key) > maxTagKey || !tagTextOK(key):
			f.add(ruleTagKey.at(path, "The tag key %q has %d characters. A key has 1 to %d letters, digits, spaces and _ . : / = + - @. Rename it.",
				key, utf8.RuneCountInString(key), maxTagKey))
		case strings.HasPrefix(lower, "aws:"):
			f.add(ruleTagReserved.at(path, "The tag key %q starts with \"aws:\", which only AWS may set. Rename it.", key))
		case strings.HasPrefix(lower, "serving:"):
			f.add(ruleTagReserved.at(path, "The tag key %q starts with \"serving:\", by which this provider finds what it owns. Rename it.", key))
		}
		value := tags[key]
		if f.known(path) && (utf8.RuneCountInString(value) > maxTagValue || !tagTextOK(value)) {
			f.add(ruleTagValue.at(path, "The value of tag %q has %d characters: %q. A value has at most %d letters, digits, spaces and _ . : / = + - @. Change it.",
				key, utf8.RuneCountInString(value), value, maxTagValue))
		}
	}
}
