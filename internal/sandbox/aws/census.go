package aws

import (
	"encoding/json"
	"fmt"
	"reflect"
	"sort"
	"strconv"
	"strings"
)

// Census lists the objects somebody made and has not deleted.
type Census struct {
	Total   int      `json:"total"`
	Objects []Object `json:"objects"`
}

// Field is one leaf of a live object's stored state. Path is an RFC 6901 JSON pointer into it.
type Field struct {
	Object
	Path  string `json:"path"`
	Value any    `json:"value"`
}

// Census lists live objects after due transitions were applied.
func (c *Cloud) Census() Census {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.settle()
	census := Census{Objects: []Object{}}
	c.state.each(func(o Object, _ any) { census.Objects = append(census.Objects, o) })
	census.Total = len(census.Objects)
	return census
}

// Fields lists every leaf of every live object. Leaves that are null are left out.
func (c *Cloud) Fields() ([]Field, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.settle()
	fields := []Field{}
	var failed error
	c.state.each(func(o Object, value any) {
		tree, err := toMap(value)
		if err != nil {
			failed = err
			return
		}
		leaves("", tree, func(path string, leaf any) { fields = append(fields, Field{Object: o, Path: path, Value: leaf}) })
	})
	return fields, failed
}

func leaves(path string, node any, visit func(path string, leaf any)) {
	switch node := node.(type) {
	case nil:
	case map[string]any:
		for _, key := range sortedKeys(node) {
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

// Mutate changes one leaf behind everybody's back. A nil value clears it; a list item or map entry cleared is removed.
func (c *Cloud) Mutate(f Field) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.settle()
	objects := c.state.objects(f.Object)
	if !objects.IsValid() {
		return fmt.Errorf("mutate %s %s: no such kind, account or region", f.Kind, f.ID)
	}
	object := objects.MapIndex(reflect.ValueOf(f.ID))
	if !object.IsValid() {
		return fmt.Errorf("mutate %s %s: no such object", f.Kind, f.ID)
	}
	tree, err := toMap(object.Interface())
	if err != nil {
		return err
	}
	if _, err := assign(tree, strings.Split(strings.TrimPrefix(f.Path, "/"), "/"), f.Value); err != nil {
		return fmt.Errorf("mutate %s %s %s: %w", f.Kind, f.ID, f.Path, err)
	}
	raw, err := json.Marshal(tree)
	if err != nil {
		return fmt.Errorf("mutate %s %s %s: %w", f.Kind, f.ID, f.Path, err)
	}
	changed := reflect.New(object.Type().Elem())
	if err := json.Unmarshal(raw, changed.Interface()); err != nil {
		return fmt.Errorf("mutate %s %s %s: %w", f.Kind, f.ID, f.Path, err)
	}
	object.Elem().Set(changed.Elem())
	c.plane.prune()
	return c.save()
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

// Delete removes an object behind everybody's back, whatever depends on it.
func (c *Cloud) Delete(o Object) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.settle()
	objects := c.state.objects(o)
	if !objects.IsValid() || !objects.MapIndex(reflect.ValueOf(o.ID)).IsValid() {
		return fmt.Errorf("delete %s %s: no such object", o.Kind, o.ID)
	}
	objects.SetMapIndex(reflect.ValueOf(o.ID), reflect.Value{})
	c.plane.prune()
	return c.save()
}

// State is the whole state as JSON, without the private keys.
func (c *Cloud) State() ([]byte, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.settle()
	shown := *c.state
	shown.Regions = map[string]*Region{}
	for key, r := range c.state.Regions {
		keyless := *r
		keyless.Keys = nil
		shown.Regions[key] = &keyless
	}
	return json.MarshalIndent(shown, "", " ")
}

// Reset empties the cloud, its log and its faults.
func (c *Cloud) Reset() error {
	c.ResetCalls()
	c.ClearFaults()
	c.mu.Lock()
	defer c.mu.Unlock()
	c.state = newState(c.state.Seed)
	c.plane.prune()
	return c.save()
}

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for key := range m {
		keys = append(keys, key)
	}
	sort.Strings(keys)
	return keys
}

func splitRegionKey(key string) (account, region string) {
	account, region, _ = strings.Cut(key, "/")
	return account, region
}
