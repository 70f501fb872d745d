package control

import (
	"bytes"
	"encoding/json"
	"fmt"
	"sort"
	"strconv"
	"strings"
)

// Tree renders a value as JSON and reads it back as a tree of maps, lists and json.Number.
func Tree(value any) (map[string]any, error) {
	raw, err := json.Marshal(value)
	if err != nil {
		return nil, fmt.Errorf("encode %T: %w", value, err)
	}
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.UseNumber()
	var tree map[string]any
	if err := decoder.Decode(&tree); err != nil {
		return nil, fmt.Errorf("decode %T: %w", value, err)
	}
	return tree, nil
}

// Leaves visits what a tree has that is not null, by JSON pointer.
func Leaves(tree map[string]any, visit func(path string, leaf any)) { leaves("", tree, visit) }

func leaves(path string, node any, visit func(path string, leaf any)) {
	switch node := node.(type) {
	case nil:
	case map[string]any:
		for _, key := range SortedKeys(node) {
			leaves(path+"/"+pointerEscape.Replace(key), node[key], visit)
		}
	case []any:
		for i, item := range node {
			leaves(path+"/"+strconv.Itoa(i), item, visit)
		}
	default:
		visit(path, node)
	}
}

var (
	pointerEscape   = strings.NewReplacer("~", "~0", "/", "~1")
	pointerUnescape = strings.NewReplacer("~1", "/", "~0", "~")
)

// Assign sets the value at a JSON pointer.
func Assign(tree map[string]any, pointer string, value any) error {
	_, err := assign(tree, strings.Split(strings.TrimPrefix(pointer, "/"), "/"), value)
	return err
}

// assign sets the value at a pointer's steps and returns the node with it, which for a list may be another one.
func assign(node any, steps []string, value any) (any, error) {
	step := pointerUnescape.Replace(steps[0])
	switch node := node.(type) {
	case map[string]any:
		if len(steps) == 1 {
			if value == nil {
				delete(node, step)
			} else {
				node[step] = value
			}
			return node, nil
		}
		child, err := assign(node[step], steps[1:], value)
		if err != nil {
			return nil, err
		}
		node[step] = child
		return node, nil
	case []any:
		i, err := strconv.Atoi(step)
		if err != nil || i < 0 || i >= len(node) {
			return nil, fmt.Errorf("no item %q", step)
		}
		if len(steps) > 1 {
			node[i], err = assign(node[i], steps[1:], value)
			return node, err
		}
		if value == nil {
			return append(node[:i:i], node[i+1:]...), nil
		}
		node[i] = value
		return node, nil
	default:
		return nil, fmt.Errorf("nothing at %q", step)
	}
}

// SortedKeys are a map's keys in order.
func SortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for key := range m {
		keys = append(keys, key)
	}
	sort.Strings(keys)
	return keys
}
