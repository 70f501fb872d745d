package gcp

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"google.golang.org/genproto/googleapis/api/annotations"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/modelserving/terraform-provider-serving/internal/sandbox/control"
)

// checkNames refuses what a message has no field for, and drops what is output only, which requests set without effect. A field may
// be given by its name in the proto: from here on it has the one in JSON, which is the only one that the later checks know.
func checkNames(md protoreflect.MessageDescriptor, tree map[string]any, path string) error {
	for _, key := range control.SortedKeys(tree) {
		at := ""
		if path != "" {
			at = " at '" + path + "'"
		}
		field := fieldNamed(md, key)
		if field == nil {
			return &Error{Status: 400, Message: fmt.Sprintf("Invalid JSON payload received. Unknown name \"%s\"%s: Cannot find field.", key, at)}
		}
		if name := field.JSONName(); name != key {
			if _, twice := tree[name]; twice {
				return &Error{Status: 400, Message: fmt.Sprintf("Invalid JSON payload received. \"%s\" and \"%s\"%s are the same field.", name, key, at)}
			}
			tree[name] = tree[key]
			delete(tree, key)
			key = name
		}
		if hasBehavior(field, annotations.FieldBehavior_OUTPUT_ONLY) {
			delete(tree, key)
			continue
		}
		if err := checkChild(field, tree[key], strings.TrimPrefix(path+"."+string(field.Name()), ".")); err != nil {
			return err
		}
	}
	return nil
}

// fieldNamed finds a field by its name in JSON, or by the one in the proto, which Google's APIs take as well.
func fieldNamed(md protoreflect.MessageDescriptor, name string) protoreflect.FieldDescriptor {
	if field := md.Fields().ByJSONName(name); field != nil {
		return field
	}
	return md.Fields().ByTextName(name)
}

func checkChild(field protoreflect.FieldDescriptor, value any, path string) error {
	md := field.Message()
	if field.IsMap() {
		md = field.MapValue().Message()
	}
	// Well-known types have JSON forms of their own.
	if md == nil || strings.HasPrefix(string(md.FullName()), "google.protobuf.") {
		return nil
	}
	switch value := value.(type) {
	case map[string]any:
		if !field.IsMap() {
			return checkNames(md, value, path)
		}
		for _, key := range control.SortedKeys(value) {
			if child, ok := value[key].(map[string]any); ok {
				if err := checkNames(md, child, path+"["+key+"]"); err != nil {
					return err
				}
			}
		}
	case []any:
		for i, item := range value {
			if child, ok := item.(map[string]any); ok {
				if err := checkNames(md, child, fmt.Sprintf("%s[%d]", path, i)); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// checkRequired holds a request against the fields that its proto requires; what it makes is checked in depth, and what it
// changes is not, since a mask may leave it out.
func checkRequired(m *method, in protoreflect.Message) error {
	_, verb, _ := strings.Cut(m.action, ".")
	return requireFields(m, in, "", strings.HasPrefix(verb, "Create"))
}

func requireFields(m *method, in protoreflect.Message, path string, deep bool) error {
	fields := in.Descriptor().Fields()
	for i := range fields.Len() {
		field := fields.Get(i)
		name := strings.TrimPrefix(path+"."+string(field.Name()), ".")
		if !in.Has(field) {
			if !hasBehavior(field, annotations.FieldBehavior_REQUIRED) || mayBeZero(field) {
				continue
			}
			if m.service == "compute" {
				return required(strings.TrimSuffix(field.JSONName(), "Resource"))
			}
			return &Error{Status: 400, Message: fmt.Sprintf("Required field '%s' is missing.", name)}
		}
		if !deep || field.Message() == nil || field.IsMap() {
			continue
		}
		if !field.IsList() {
			if err := requireFields(m, in.Get(field).Message(), name, deep); err != nil {
				return err
			}
			continue
		}
		for j := range in.Get(field).List().Len() {
			if err := requireFields(m, in.Get(field).List().Get(j).Message(), fmt.Sprintf("%s[%d]", name, j), deep); err != nil {
				return err
			}
		}
	}
	return nil
}

// mayBeZero reports whether a required field that is not set may have been set to its zero: numbers and maps cannot tell.
func mayBeZero(field protoreflect.FieldDescriptor) bool {
	number := field.Kind() != protoreflect.StringKind && field.Kind() != protoreflect.BytesKind && field.Kind() != protoreflect.EnumKind && field.Message() == nil
	return !field.HasPresence() && (field.IsMap() || number && !field.IsList())
}

func hasBehavior(field protoreflect.FieldDescriptor, behavior annotations.FieldBehavior) bool {
	set, ok := proto.GetExtension(field.Options(), annotations.E_FieldBehavior).([]annotations.FieldBehavior)
	return ok && slices.Contains(set, behavior)
}

// numberOf reads a JSON value that is a number, or a text that protojson takes for one.
func numberOf(value any) (json.Number, bool) {
	switch value := value.(type) {
	case json.Number:
		return value, true
	case string:
		number := json.Number(value)
		_, err := number.Float64()
		return number, err == nil
	}
	return "", false
}
