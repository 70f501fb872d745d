package gcp

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/modelserving/terraform-provider-serving/internal/serving"
	"github.com/modelserving/terraform-provider-serving/internal/stack"
)

// The labels that say whose an object is, and what has become of its stack.
const (
	labelStack     = "serving-stack"
	labelObject    = "serving-object"
	labelSealed    = "serving-sealed"
	labelProtected = "serving-deletion-protection"
)

// The words of the same mark in descriptions: most objects of Compute Engine have
// no labels, and those that have get them in a second call.
const (
	wordStack  = "serving:stack="
	wordObject = "serving:object="
)

// owner is a stack's mark of ownership, and the user's tags that go with it.
type owner struct {
	stack string
	tags  map[string]string
	// lastSeen maps object names to ids of the last observation. An object whose
	// mark somebody has damaged is still ours when it is the one we know.
	lastSeen map[string]string
}

// describe gives the description of an object.
func (o owner) describe(object string) string {
	return wordStack + o.stack + " " + wordObject + object
}

// marks reports whether a description is this stack's mark for the object.
func (o owner) marks(description, object string) bool {
	words := strings.Fields(description)
	return slices.Contains(words, wordStack+o.stack) && slices.Contains(words, wordObject+object)
}

// claimed is for objects with a mark in their description: it is a
// *stack.ForeignError unless that is ours, or the object is the one last seen.
func (o owner) claimed(description, object, id, what string) error {
	if o.marks(description, object) || id != "" && o.lastSeen[object] == id {
		return nil
	}
	for _, word := range strings.Fields(description) {
		if other, ok := strings.CutPrefix(word, wordStack); ok {
			what += " of " + other
		}
	}
	return &stack.ForeignError{What: what}
}

// labelValue writes a name as the value of a label, which has no slashes: names
// have no underscores, so different names stay different.
func labelValue(name string) string {
	return serving.Fit(63, strings.ReplaceAll(name, "/", "_"))
}

// mark gives the labels of an object.
func (o owner) mark(object string) map[string]string {
	labels := maps.Clone(o.tags)
	if labels == nil {
		labels = map[string]string{}
	}
	labels[labelStack], labels[labelObject] = labelValue(o.stack), labelValue(object)
	return labels
}

// owns reports whether labels are this stack's mark for the object, or the object
// is the one that was last seen under the name.
func (o owner) owns(labels map[string]string, object, id string) bool {
	return labels[labelStack] == labelValue(o.stack) && labels[labelObject] == labelValue(object) || id != "" && o.lastSeen[object] == id
}

// nameOf is the object name of what carries labels, of those that begin so: the
// one it was last seen under, or else the one in its mark.
func (o owner) nameOf(labels map[string]string, kind, id string) (string, bool) {
	for name, seen := range o.lastSeen {
		if seen == id && strings.HasPrefix(name, kind) {
			return strings.TrimPrefix(name, kind), true
		}
	}
	if labels[labelStack] != labelValue(o.stack) {
		return "", false
	}
	return strings.CutPrefix(labels[labelObject], labelValue(kind))
}

// claim is for objects that are found by their name: it is a
// *stack.ForeignError unless they carry the mark in their labels.
func (o owner) claim(labels map[string]string, object, id, what string) error {
	if o.owns(labels, object, id) {
		return nil
	}
	if other := labels[labelStack]; other != "" {
		what = fmt.Sprintf("%s of %s", what, other)
	}
	return &stack.ForeignError{What: what}
}

// differ compares an object's labels with what they should be. Labels that the
// cloud puts there are theirs.
func (o owner) differ(object string, live map[string]string) []stack.Difference {
	var out []stack.Difference
	want := o.mark(object)
	for _, key := range slices.Sorted(maps.Keys(want)) {
		if got, ok := live[key]; !ok || got != want[key] {
			out = append(out, stack.Difference{Field: "label " + key, Got: got, Want: quotedEmpty(want[key])})
		}
	}
	for _, key := range slices.Sorted(maps.Keys(live)) {
		if _, ok := want[key]; !ok && !theirs(key) {
			out = append(out, stack.Difference{Field: "label " + key, Got: fmt.Sprintf("%q", live[key])})
		}
	}
	return out
}

// relabel gives all labels that an object should have, with those that are not
// ours to change.
func (o owner) relabel(object string, live map[string]string) map[string]string {
	out := o.mark(object)
	for key, value := range live {
		if theirs(key) {
			out[key] = value
		}
	}
	return out
}

// theirs reports whether a label belongs to the cloud or to the state of a stack.
func theirs(key string) bool {
	return key == labelSealed || key == labelProtected || strings.HasPrefix(key, "goog")
}

// userTags are the labels that are neither ours nor the cloud's.
func userTags(live map[string]string) map[string]string {
	out := map[string]string{}
	for key, value := range live {
		if key != labelStack && key != labelObject && !theirs(key) {
			out[key] = value
		}
	}
	return out
}

// quotedEmpty keeps an empty value visible.
func quotedEmpty(s string) string {
	if s == "" {
		return `""`
	}
	return s
}
