package aws

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"github.com/modelserving/terraform-provider-serving/internal/serving"
	"github.com/modelserving/terraform-provider-serving/internal/stack"
)

// The tags that say whose an object is.
const (
	tagStack  = "serving:stack"
	tagObject = "serving:object"
	tagSealed = "serving:sealed"
	// tagRecord is on a load balancer whose cluster keeps a DNS record, which has no
	// tags of its own: whoever imports the cluster finds it by this one.
	tagRecord = "serving:dns_record"
)

// owner is a stack's mark of ownership, and the user's tags that go with it.
type owner struct {
	stack string
	tags  map[string]string
	// lastSeen maps object names to ids of the last observation. An object whose
	// mark somebody has damaged is still ours when it is the one we know.
	lastSeen map[string]string
}

// with gives an owner whose objects have one tag more; no value is no tag.
func (o owner) with(key, value string) owner {
	if value == "" {
		return o
	}
	tags := maps.Clone(o.tags)
	if tags == nil {
		tags = map[string]string{}
	}
	tags[key] = value
	o.tags = tags
	return o
}

// mark gives the tags of an object.
func (o owner) mark(object string) map[string]string {
	tags := maps.Clone(o.tags)
	if tags == nil {
		tags = map[string]string{}
	}
	// IAM's keys differ in more than case.
	if !slices.ContainsFunc(slices.Collect(maps.Keys(tags)), func(key string) bool { return strings.EqualFold(key, "Name") }) {
		tags["Name"] = serving.Fit(128, "serving", strings.ReplaceAll(o.stack+"-"+object, "/", "-"))
	}
	tags[tagStack] = o.stack
	tags[tagObject] = object
	return tags
}

// owns reports whether an object carries this stack's mark, or is the one that
// was last seen under the name.
func (o owner) owns(tags map[string]string, object, id string) bool {
	return tags[tagStack] == o.stack && tags[tagObject] == object || id != "" && o.lastSeen[object] == id
}

// nameOf is the object name of what carries tags: the one it was last seen
// under, or else the one in its mark.
func (o owner) nameOf(tags map[string]string, id string) string {
	for name, seen := range o.lastSeen {
		if seen == id {
			return name
		}
	}
	if tags[tagStack] != o.stack {
		return ""
	}
	return tags[tagObject]
}

// claim is for objects that are found by their name: it is a
// *stack.ForeignError unless they carry the mark.
func (o owner) claim(tags map[string]string, object, id, what string) error {
	if o.owns(tags, object, id) {
		return nil
	}
	if other := tags[tagStack]; other != "" {
		what = fmt.Sprintf("%s of %s", what, other)
	}
	return &stack.ForeignError{What: what}
}

// differ compares an object's tags with what they should be. Tags that the
// cloud or Kubernetes puts there are theirs.
func (o owner) differ(object string, live map[string]string) []stack.Difference {
	var out []stack.Difference
	want := o.mark(object)
	for _, key := range slices.Sorted(maps.Keys(want)) {
		if got, ok := live[key]; !ok || got != want[key] {
			out = append(out, stack.Difference{Field: "tag " + key, Got: got, Want: want[key]})
		}
	}
	for _, key := range slices.Sorted(maps.Keys(live)) {
		if _, ok := want[key]; !ok && !theirs(key) {
			out = append(out, stack.Difference{Field: "tag " + key, Got: quoted(live[key])})
		}
	}
	return out
}

// theirs reports whether a tag key belongs to the cloud, Kubernetes or the seal.
func theirs(key string) bool {
	return key == tagSealed || strings.HasPrefix(key, "aws:") || strings.HasPrefix(key, "eks:") ||
		strings.Contains(key, "kubernetes.io/") || strings.HasPrefix(key, "k8s.io/")
}

// retag splits the tags of an object into what must be set and what must go.
func (o owner) retag(object string, live map[string]string) (set map[string]string, unset []string) {
	set = map[string]string{}
	want := o.mark(object)
	for key, value := range want {
		if got, ok := live[key]; !ok || got != value {
			set[key] = value
		}
	}
	for key := range live {
		if _, ok := want[key]; !ok && !theirs(key) {
			unset = append(unset, key)
		}
	}
	slices.Sort(unset)
	return set, unset
}

// quoted keeps an empty value visible.
func quoted(s string) string { return fmt.Sprintf("%q", s) }

// same reports a difference when got is not want.
func same[T comparable](field string, got, want T) []stack.Difference {
	if got == want {
		return nil
	}
	return []stack.Difference{{Field: field, Got: fmt.Sprint(got), Want: fmt.Sprint(want)}}
}

// fixed is same for what a living object cannot change.
func fixed[T comparable](field string, got, want T) []stack.Difference {
	return each(same(field, got, want), func(d *stack.Difference) { d.Immutable = true })
}

// of names the attribute that models the differences.
func of(attribute string, diffs []stack.Difference) []stack.Difference {
	return each(diffs, func(d *stack.Difference) { d.Attribute = attribute })
}

func each(diffs []stack.Difference, change func(*stack.Difference)) []stack.Difference {
	for i := range diffs {
		change(&diffs[i])
	}
	return diffs
}

// sameSet reports what is missing and what is too much in a set.
func sameSet(field string, got, want []string) []stack.Difference {
	var out []stack.Difference
	for _, w := range sorted(want) {
		if !slices.Contains(got, w) {
			out = append(out, stack.Difference{Field: field, Want: w})
		}
	}
	for _, g := range sorted(got) {
		if !slices.Contains(want, g) {
			out = append(out, stack.Difference{Field: field, Got: g})
		}
	}
	return out
}

// sorted gives a sorted copy without duplicates.
func sorted(in []string) []string {
	out := slices.Clone(in)
	slices.Sort(out)
	return slices.Compact(out)
}

// has reports whether a difference of one of the fields is among diffs. A field
// ending in a space matches by prefix, as "tag " does.
func has(diffs []stack.Difference, fields ...string) bool {
	return slices.ContainsFunc(diffs, func(d stack.Difference) bool {
		return slices.ContainsFunc(fields, func(f string) bool {
			return d.Field == f || strings.HasSuffix(f, " ") && strings.HasPrefix(d.Field, f)
		})
	})
}

func fromEC2(tags []ec2types.Tag) map[string]string {
	out := make(map[string]string, len(tags))
	for _, t := range tags {
		out[aws.ToString(t.Key)] = aws.ToString(t.Value)
	}
	return out
}

func toEC2(tags map[string]string) []ec2types.Tag {
	out := make([]ec2types.Tag, 0, len(tags))
	for _, key := range slices.Sorted(maps.Keys(tags)) {
		out = append(out, ec2types.Tag{Key: aws.String(key), Value: aws.String(tags[key])})
	}
	return out
}

// onCreate tags an EC2 object in the call that makes it.
func (o owner) onCreate(kind ec2types.ResourceType, object string) []ec2types.TagSpecification {
	return []ec2types.TagSpecification{{ResourceType: kind, Tags: toEC2(o.mark(object))}}
}
