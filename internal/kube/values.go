package kube

import (
	"encoding/json"
	"maps"
	"slices"
)

// sorted gives a sorted copy.
func sorted(list []string) []string { return slices.Sorted(slices.Values(list)) }

// names are the sorted keys of a map.
func names[M ~map[string]V, V any](m M) []string { return slices.Sorted(maps.Keys(m)) }

// mustJSON writes what JSON can always hold.
func mustJSON(v any) []byte {
	text, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return text
}

// asJSON is a value as JSON has it: maps, lists, text, numbers and truth alone.
func asJSON(v any) map[string]any {
	var content map[string]any
	if err := json.Unmarshal(mustJSON(v), &content); err != nil {
		panic(err) // Only what is no object can be wrong.
	}
	return content
}
