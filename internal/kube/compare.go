package kube

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	quantities "k8s.io/apimachinery/pkg/api/resource"

	"github.com/modelserving/terraform-provider-serving/internal/stack"
)

// mergeKeys are the fields by which the API merges lists, by the list's name: the
// first that all elements have (listMapKey in k8s.io/api). Other lists are
// compared as a whole.
var mergeKeys = map[string][]string{
	"containers": {"name"}, "env": {"name"}, "volumes": {"name"}, "volumeMounts": {"mountPath"},
	"ports": {"containerPort", "name"}, "topologySpreadConstraints": {"topologyKey"},
}

// wholes are the maps that the API does not merge (structType=atomic in
// k8s.io/api). One key more makes another selection of them, so there is no room
// for those of others.
var wholes = []string{"selector", "matchLabels", "nodeSelector", "podSelector", "namespaceSelector", "labelSelector"}

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
		if key := mergeKey(last(at), want); key != "" {
			return compareKeyed(at, key, want, have)
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

func compareKeyed(at, key string, want, have []any) []stack.Difference {
	var diffs []stack.Difference
	for _, element := range want {
		wanted, _ := element.(map[string]any)
		name := fmt.Sprint(wanted[key])
		i := slices.IndexFunc(have, func(other any) bool {
			m, ok := other.(map[string]any)
			return ok && fmt.Sprint(m[key]) == name
		})
		if i < 0 {
			diffs = append(diffs, stack.Difference{Field: at, Want: name})
			continue
		}
		diffs = append(diffs, compare(at+"["+name+"]", wanted, have[i])...)
	}
	return diffs
}

// last is the name of a field, the last part of its path.
func last(at string) string { return at[strings.LastIndexByte(at, '.')+1:] }

// mergeKey is the field that tells the elements of a list apart.
func mergeKey(name string, list []any) string {
	for _, key := range mergeKeys[name] {
		all := len(list) > 0
		for _, element := range list {
			m, ok := element.(map[string]any)
			all = all && ok && m[key] != nil
		}
		if all {
			return key
		}
	}
	return ""
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
