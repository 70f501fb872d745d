package kube

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	quantities "k8s.io/apimachinery/pkg/api/resource"

	"github.com/modelserving/terraform-provider-serving/internal/stack"
)

// mergeKeys are the fields by which the API merges lists, by the end of the list's
// path (listMapKey in k8s.io/api), for those whose elements have all of them.
// Other lists are compared as a whole.
var mergeKeys = []struct {
	list string
	keys []string
}{
	{".containers", []string{"name"}},
	{".env", []string{"name"}},
	{".volumes", []string{"name"}},
	{".volumeMounts", []string{"mountPath"}},
	{"].ports", []string{"containerPort", "protocol"}},
	{".spec.ports", []string{"port", "protocol"}},
	{".topologySpreadConstraints", []string{"topologyKey", "whenUnsatisfiable"}},
}

// wholes are the maps that the API does not merge (structType=atomic in
// k8s.io/api). One key more makes another selection of them, so there is no room
// for those of others.
var wholes = []string{"selector", "matchLabels", "nodeSelector", "podSelector", "namespaceSelector", "labelSelector", "preference"}

// compare lists the fields that are wanted and not so. Fields that are not
// wanted belong to others: to the API's defaults, controllers, or people.
func compare(at string, want, live any) []stack.Difference {
	switch want := want.(type) {
	case map[string]any:
		have, _ := live.(map[string]any)
		var diffs []stack.Difference
		for _, key := range slices.Sorted(maps.Keys(want)) {
			if have == nil || have[key] == nil {
				// An empty map or list is as good as none.
				if !empty(want[key]) {
					diffs = append(diffs, stack.Difference{Field: join(at, key), Want: short(want[key])})
				}
				continue
			}
			diffs = append(diffs, compare(join(at, key), want[key], have[key])...)
		}
		if slices.Contains(wholes, last(at)) {
			for _, key := range names(have) {
				if want[key] == nil && !empty(have[key]) {
					diffs = append(diffs, stack.Difference{Field: join(at, key), Got: short(have[key])})
				}
			}
		}
		return diffs
	case []any:
		have, _ := live.([]any)
		if keys := keysOf(at, want); keys != nil {
			return compareKeyed(at, keys, want, have)
		}
		if len(want) != len(have) {
			return []stack.Difference{{Field: at, Got: short(live), Want: short(want)}}
		}
		var diffs []stack.Difference
		for i := range want {
			diffs = append(diffs, compare(fmt.Sprintf("%s[%d]", at, i), want[i], have[i])...)
		}
		return diffs
	}
	if same(want, live) {
		return nil
	}
	return []stack.Difference{{Field: at, Got: short(live), Want: short(want)}}
}

func compareKeyed(at string, keys []string, want, have []any) []stack.Difference {
	var diffs []stack.Difference
	for _, element := range want {
		name := nameOf(keys, element)
		i := slices.IndexFunc(have, func(other any) bool { return nameOf(keys, other) == name })
		if i < 0 {
			diffs = append(diffs, stack.Difference{Field: at, Want: name})
			continue
		}
		diffs = append(diffs, compare(at+"["+name+"]", element, have[i])...)
	}
	return diffs
}

// nameOf tells the elements of a keyed list apart.
func nameOf(keys []string, element any) string {
	m, ok := element.(map[string]any)
	if !ok {
		return ""
	}
	values := make([]string, len(keys))
	for i, key := range keys {
		values[i] = fmt.Sprint(m[key])
	}
	return strings.Join(values, " ")
}

// last is the name of a field, the last part of its path.
func last(at string) string { return at[strings.LastIndexByte(at, '.')+1:] }

// keysOf are the fields that tell the elements of a list apart, nil where it has
// none.
func keysOf(at string, list []any) []string {
	for _, m := range mergeKeys {
		all := len(list) > 0 && strings.HasSuffix(at, m.list)
		for _, element := range list {
			have, ok := element.(map[string]any)
			all = all && ok && !slices.ContainsFunc(m.keys, func(key string) bool { return have[key] == nil })
		}
		if all {
			return m.keys
		}
	}
	return nil
}

// same compares two values; the API may write a quantity in another unit and a
// number as another type.
func same(want, live any) bool {
	a, b := fmt.Sprint(want), fmt.Sprint(live)
	if a == b {
		return true
	}
	if _, ok := want.(string); !ok {
		return false
	}
	x, errX := quantities.ParseQuantity(a)
	y, errY := quantities.ParseQuantity(b)
	return errX == nil && errY == nil && x.Cmp(y) == 0
}

func empty(v any) bool {
	switch v := v.(type) {
	case nil:
		return true
	case map[string]any:
		return len(v) == 0
	case []any:
		return len(v) == 0
	}
	return false
}

// join writes a key with dots or slashes, as labels have them, in brackets.
func join(at, key string) string {
	if strings.ContainsAny(key, "./") {
		return at + "[" + key + "]"
	}
	return at + "." + key
}

// short is a value for people.
func short(v any) string {
	const most = 120
	text := fmt.Sprint(v)
	if len(text) > most {
		text = text[:most] + "..."
	}
	return text
}

func withoutField(diffs []stack.Difference, field string) []stack.Difference {
	return slices.DeleteFunc(slices.Clone(diffs), func(d stack.Difference) bool { return d.Field == field })
}

// deepCopy copies what JSON can hold.
func deepCopy(m map[string]any) map[string]any {
	out := make(map[string]any, len(m))
	for key, value := range m {
		out[key] = copied(value)
	}
	return out
}

func copied(value any) any {
	switch value := value.(type) {
	case map[string]any:
		return deepCopy(value)
	case []any:
		out := make([]any, len(value))
		for i := range value {
			out[i] = copied(value[i])
		}
		return out
	}
	return value
}
