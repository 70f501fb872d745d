package aws

import (
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/modelserving/terraform-provider-serving/internal/sandbox/aws/model"
)

// TestModelFieldsExistInSDK holds every member of every registered operation's shapes against the SDK's types: a member
// without a field would be accepted and lost.
func TestModelFieldsExistInSDK(t *testing.T) {
	t.Parallel()
	models, err := model.Load()
	if err != nil {
		t.Fatal(err)
	}
	for _, key := range sortedKeys(operations) {
		op := operations[key]
		service := models[op.service]
		modelled := service.Operations[op.action]
		w := &walker{t: t, service: service, seen: map[string]bool{}}
		if modelled.Input != nil {
			w.walk(modelled.Input.Shape, reflect.TypeOf(op.input).Elem(), key+" input")
		}
		if modelled.Output != nil {
			w.walk(modelled.Output.Shape, reflect.TypeOf(op.output).Elem(), key+" output")
		}
	}
}

type walker struct {
	t       *testing.T
	service *model.Service
	seen    map[string]bool
}

func (w *walker) walk(name string, typ reflect.Type, path string) {
	for typ.Kind() == reflect.Pointer {
		typ = typ.Elem()
	}
	if w.seen[name+typ.String()] {
		return
	}
	w.seen[name+typ.String()] = true
	shape := w.service.Shapes[name]
	switch shape.Type {
	case "structure":
		if typ.Kind() == reflect.Interface {
			// A union: handlers of such operations read it themselves.
			return
		}
		for _, member := range sortedKeys(shape.Members) {
			field, ok := typ.FieldByName(goName(member))
			if !ok {
				w.t.Errorf("%s.%s: %s has no such field", path, member, typ)
				continue
			}
			w.walk(shape.Members[member].Shape, field.Type, path+"."+member)
		}
	case "list":
		if typ.Kind() != reflect.Slice {
			w.t.Errorf("%s: list is a %s", path, typ)
			return
		}
		w.walk(shape.Member.Shape, typ.Elem(), path)
	case "map":
		if typ.Kind() != reflect.Map {
			w.t.Errorf("%s: map is a %s", path, typ)
			return
		}
		w.walk(shape.Value.Shape, typ.Elem(), path)
	case "timestamp":
		if typ != reflect.TypeFor[time.Time]() {
			w.t.Errorf("%s: timestamp is a %s", path, typ)
		}
	}
}

// TestPatternsCompile names the patterns that Go cannot express; they are not checked, so new ones must be looked at.
func TestPatternsCompile(t *testing.T) {
	t.Parallel()
	models, err := model.Load()
	if err != nil {
		t.Fatal(err)
	}
	for _, service := range sortedKeys(models) {
		for _, name := range sortedKeys(models[service].Shapes) {
			pattern := models[service].Shapes[name].Pattern
			if pattern != "" && compile(pattern) == nil && !strings.Contains(pattern, "(?!") && !strings.Contains(pattern, "(?=") {
				t.Errorf("%s %s: pattern %q cannot be checked", service, name, pattern)
			}
		}
	}
}
