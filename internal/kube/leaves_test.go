package kube

import (
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"k8s.io/apimachinery/pkg/types"

	"github.com/modelserving/terraform-provider-serving/internal/stack"
)

// A leaf is a field that a manifest writes.
type leaf struct {
	// field is as a difference names it, pointer as a JSON patch does.
	field, pointer string
	want           any
}

// leaves are the fields of what is wanted, with where they are in the living
// object.
func leaves(field, pointer string, want, live any) []leaf {
	var list []leaf
	switch want := want.(type) {
	case map[string]any:
		have, _ := live.(map[string]any)
		for _, key := range names(want) {
			list = append(list, leaves(join(field, key), pointer+"/"+strings.ReplaceAll(strings.ReplaceAll(key, "~", "~0"), "/", "~1"), want[key], have[key])...)
		}
	case []any:
		have, _ := live.([]any)
		keys := keysOf(field, want)
		for i, element := range want {
			at, name := i, fmt.Sprint(i)
			if keys != nil {
				name = nameOf(keys, element)
				at = slices.IndexFunc(have, func(e any) bool { return nameOf(keys, e) == name })
			}
			var there any
			if at >= 0 && at < len(have) {
				there = have[at]
			}
			below := leaves(field+"["+name+"]", fmt.Sprintf("%s/%d", pointer, at), element, there)
			// By another key it is another element, which is whose it is.
			list = append(list, slices.DeleteFunc(below, func(l leaf) bool {
				return slices.ContainsFunc(keys, func(key string) bool { return l.field == field+"["+name+"]."+key })
			})...)
		}
	}
	if empty(want) || list == nil {
		list = []leaf{{field, pointer, want}}
	}
	return list
}

// others are values to put in the place of one, until the API takes one.
func others(value any) []any {
	switch value := value.(type) {
	case bool:
		return []any{!value}
	case float64:
		return []any{value + 1, value - 1, value * 2, 1, 0}
	case string:
		return []any{value + "x", "x" + value, "x", "UDP", "Recreate", "DoNotSchedule", "Local", "Never", "Equal", "NotIn", "NoExecute", "Unconfined", "privileged", "OnDelete", "Value", "HugePages", "77Mi", "77", "LoadBalancer", "UDP", "Egress"}
	case []any:
		return []any{[]any{"x"}}
	}
	return []any{map[string]any{"x": "y"}}
}

// separate are the fields that have a test of their own: by them an object is
// found, or told to have more than is wanted when nothing else differs.
func separate(field string) bool {
	return slices.Contains([]string{".apiVersion", ".kind", ".metadata.name", ".metadata.namespace", ".metadata.labels[" + labelManagedBy + "]",
		".metadata.annotations[" + annotationStack + "]", ".metadata.annotations[" + annotationApplied + "]"}, field)
}

// disturb changes every leaf of a living object that the API lets it, and reports
// which it did, with the reason for each that it did not.
func (w *world) disturb(at place, want map[string]any) (changed []leaf, refused map[string]string) {
	w.t.Helper()
	refused = map[string]string{}
	for _, l := range leaves("", "", want, w.get(at).Object) {
		if separate(l.field) {
			continue
		}
		reason := ""
		for _, other := range append(others(l.want), nil) {
			op := map[string]any{"op": "add", "path": l.pointer, "value": other}
			if other == nil {
				op = map[string]any{"op": "remove", "path": l.pointer}
			}
			before := valueAt(w.get(at).Object, l.pointer)
			if err := w.patch(at, types.JSONPatchType, []any{op}); err != nil {
				reason = err.Error()
				continue
			}
			if reflect.DeepEqual(before, valueAt(w.get(at).Object, l.pointer)) {
				reason = "the API puts it back"
				continue
			}
			reason = ""
			break
		}
		if reason == "" {
			changed = append(changed, l)
		} else {
			refused[l.field] = reason
		}
	}
	return changed, refused
}

// valueAt is what a JSON pointer points to.
func valueAt(object any, pointer string) any {
	for _, part := range strings.Split(pointer, "/")[1:] {
		switch o := object.(type) {
		case map[string]any:
			object = o[strings.ReplaceAll(strings.ReplaceAll(part, "~1", "/"), "~0", "~")]
		case []any:
			i, err := strconv.Atoi(part)
			if err != nil || i >= len(o) {
				return nil
			}
			object = o[i]
		default:
			return nil
		}
	}
	return object
}

// shown reports whether one of the differences tells of a field.
func shown(diffs []stack.Difference, field string) bool {
	return slices.ContainsFunc(diffs, func(d stack.Difference) bool {
		rest, ok := strings.CutPrefix(field, d.Field)
		return ok && d.Field != "" && (rest == "" || rest[0] == '.' || rest[0] == '[') || strings.HasPrefix(field, ".data") && strings.HasPrefix(d.Field, "values were changed")
	})
}
