package control

import (
	"encoding/json"
	"fmt"
	"reflect"
)

// Object names one object of a cloud. Region is empty for what no region owns.
type Object struct {
	Cloud string `json:"cloud,omitempty"`
	// Account is the account, or the project.
	Account string `json:"account"`
	Region  string `json:"region"`
	Kind    string `json:"kind"`
	ID      string `json:"id"`
}

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

// Each visits live objects with what is stored of them, in a stable order.
type Each func(visit func(o Object, value any))

// CensusOf lists objects.
func CensusOf(each Each) Census {
	census := Census{Objects: []Object{}}
	each(func(o Object, _ any) { census.Objects = append(census.Objects, o) })
	census.Total = len(census.Objects)
	return census
}

// FieldsOf lists every leaf of every object as encoding/json shows it. Leaves that are null are left out.
func FieldsOf(each Each) ([]Field, error) {
	fields := []Field{}
	var failed error
	each(func(o Object, value any) {
		tree, err := Tree(value)
		if err != nil {
			failed = err
			return
		}
		Leaves(tree, func(path string, leaf any) { fields = append(fields, Field{Object: o, Path: path, Value: leaf}) })
	})
	return fields, failed
}

// WalkMap visits a map[string]*T by key.
func WalkMap(objects any, visit func(id string, value any)) {
	m := reflect.ValueOf(objects)
	keys := map[string]reflect.Value{}
	for _, key := range m.MapKeys() {
		keys[key.String()] = key
	}
	for _, id := range SortedKeys(keys) {
		visit(id, m.MapIndex(keys[id]).Interface())
	}
}

// MutateIn changes one leaf of an object in its map[string]*T behind everybody's back. A nil value clears it; a list item or map
// entry cleared is removed. The object stays the same pointer.
func MutateIn(objects reflect.Value, f Field) error {
	if !objects.IsValid() {
		return fmt.Errorf("mutate %s %s: no such kind, account or region", f.Kind, f.ID)
	}
	object := objects.MapIndex(reflect.ValueOf(f.ID))
	if !object.IsValid() {
		return fmt.Errorf("mutate %s %s: no such object", f.Kind, f.ID)
	}
	tree, err := Tree(object.Interface())
	if err != nil {
		return err
	}
	if err := Assign(tree, f.Path, f.Value); err != nil {
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
	return nil
}

// DeleteIn removes an object from its map[string]*T, whatever depends on it.
func DeleteIn(objects reflect.Value, o Object) error {
	if !objects.IsValid() || !objects.MapIndex(reflect.ValueOf(o.ID)).IsValid() {
		return fmt.Errorf("delete %s %s: no such object", o.Kind, o.ID)
	}
	objects.SetMapIndex(reflect.ValueOf(o.ID), reflect.Value{})
	return nil
}
