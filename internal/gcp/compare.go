package gcp

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/modelserving/terraform-provider-serving/internal/stack"
)

// fields says how a kind's messages are compared. Paths are the names of the
// API's JSON, joined with dots; one stands for what is below it, too.
type fields struct {
	// fixed are those that the cloud cannot change on a living object.
	fixed []string
	// empty are those that the spec does not set and that nobody should.
	empty []string
	// always are those that are compared also when the spec has zero there, which
	// messages of GKE do not tell from absent.
	always []string
	// whole are lists of messages of which every field counts, also those that the
	// spec does not set.
	whole []string
	// attributes name the Terraform attributes that model fields.
	attributes map[string]string
}

// compare lists what differs in the fields that the wanted message sets, and what
// is there of those that should be empty. All else is the cloud's choice. Absent
// and zero are the same, lists are sets, and links are compared by what they
// name. The API's own descriptors say what there is, so that nothing that a kind
// sets can be forgotten here.
func compare(want, live proto.Message, how fields) []stack.Difference {
	var diffs []stack.Difference
	messages("", want.ProtoReflect(), live.ProtoReflect(), how, &diffs)
	for _, path := range how.always {
		if len(unexpected(path, want.ProtoReflect())) == 0 {
			diffs = append(diffs, unexpected(path, live.ProtoReflect())...)
		}
	}
	for _, path := range how.empty {
		diffs = append(diffs, unexpected(path, live.ProtoReflect())...)
	}
	slices.SortStableFunc(diffs, func(a, b stack.Difference) int { return strings.Compare(a.Field, b.Field) })
	for i := range diffs {
		diffs[i].Immutable = slices.ContainsFunc(how.fixed, func(path string) bool { return within(diffs[i].Field, path) })
		for path, attribute := range how.attributes {
			if within(diffs[i].Field, path) {
				diffs[i].Attribute = attribute
			}
		}
	}
	return diffs
}

func within(field, path string) bool {
	return field == path || strings.HasPrefix(field, path+".")
}

// below is the path of a message's field.
func below(path string, f protoreflect.FieldDescriptor) string {
	if path == "" {
		return f.JSONName()
	}
	return path + "." + f.JSONName()
}

func messages(path string, want, live protoreflect.Message, how fields, diffs *[]stack.Difference) {
	want.Range(func(f protoreflect.FieldDescriptor, w protoreflect.Value) bool {
		at, l := below(path, f), live.Get(f)
		switch {
		case f.IsMap():
			*diffs = append(*diffs, sameSet(at, pairs(f, l.Map()), pairs(f, w.Map()))...)
		case f.IsList():
			like := elements(f, w.List())
			if slices.Contains(how.whole, at) {
				like = nil
			}
			*diffs = append(*diffs, sameSet(at, items(f, l.List(), like), items(f, w.List(), like))...)
		case f.Message() != nil:
			messages(at, w.Message(), l.Message(), how, diffs)
		default:
			*diffs = append(*diffs, same(at, scalar(f, l), scalar(f, w))...)
		}
		return true
	})
}

// unexpected reports a field that should be empty, which absent, zero and false
// are.
func unexpected(path string, live protoreflect.Message) []stack.Difference {
	at := live
	steps := strings.Split(path, ".")
	for i, step := range steps {
		f := at.Descriptor().Fields().ByJSONName(step)
		if f == nil {
			panic(fmt.Sprintf("gcp: %s has no field %s", at.Descriptor().FullName(), step))
		}
		v := at.Get(f)
		switch {
		case f.IsMap():
			return sameSet(path, pairs(f, v.Map()), nil)
		case f.IsList():
			return sameSet(path, items(f, v.List(), nil), nil)
		case f.Message() != nil:
			if !v.Message().IsValid() {
				return nil
			}
			if i < len(steps)-1 {
				at = v.Message()
				continue
			}
			if text := spell(v.Message(), nil); text != "{}" {
				return []stack.Difference{{Field: path, Got: text}}
			}
			return nil
		}
		if at.Has(f) && !v.Equal(zero(f)) {
			return []stack.Difference{{Field: path, Got: scalar(f, v)}}
		}
	}
	return nil
}

// zero is what a field is while nobody sets it; the defaults of the messages are
// no others.
func zero(f protoreflect.FieldDescriptor) protoreflect.Value { return f.Default() }

// scalar writes a value, links by what they name.
func scalar(f protoreflect.FieldDescriptor, v protoreflect.Value) string {
	switch f.Kind() {
	case protoreflect.EnumKind:
		if value := f.Enum().Values().ByNumber(v.Enum()); value != nil {
			return string(value.Name())
		}
		return fmt.Sprint(v.Enum())
	case protoreflect.StringKind:
		return relative(v.String())
	}
	return fmt.Sprint(v.Interface())
}

// elements are the messages of a list.
func elements(f protoreflect.FieldDescriptor, list protoreflect.List) []protoreflect.Message {
	var out []protoreflect.Message
	for i := range list.Len() {
		if f.Message() != nil {
			out = append(out, list.Get(i).Message())
		}
	}
	return out
}

// items writes the elements of a list: of messages the fields that any of those
// like it sets, or all where there are none.
func items(f protoreflect.FieldDescriptor, list protoreflect.List, like []protoreflect.Message) []string {
	var out []string
	for i := range list.Len() {
		if f.Message() != nil {
			out = append(out, spell(list.Get(i).Message(), like))
		} else {
			out = append(out, scalar(f, list.Get(i)))
		}
	}
	return out
}

func pairs(f protoreflect.FieldDescriptor, m protoreflect.Map) []string {
	var out []string
	m.Range(func(key protoreflect.MapKey, v protoreflect.Value) bool {
		value := ""
		if f.MapValue().Message() != nil {
			value = spell(v.Message(), nil)
		} else {
			value = scalar(f.MapValue(), v)
		}
		out = append(out, key.String()+"="+value)
		return true
	})
	return out
}

// spell writes a message in one line, without what is zero: the fields that any
// of those like it sets, or all where there are none.
func spell(m protoreflect.Message, like []protoreflect.Message) string {
	fields := map[string]string{}
	m.Range(func(f protoreflect.FieldDescriptor, v protoreflect.Value) bool {
		if len(like) > 0 && !slices.ContainsFunc(like, func(l protoreflect.Message) bool { return l.Has(f) }) {
			return true
		}
		text := ""
		switch {
		case f.IsList():
			var inside []protoreflect.Message
			for _, l := range like {
				inside = append(inside, elements(f, l.Get(f).List())...)
			}
			text = strings.Join(sorted(items(f, v.List(), inside)), " ")
		case f.IsMap():
			text = strings.Join(sorted(pairs(f, v.Map())), " ")
		case f.Message() != nil:
			var inside []protoreflect.Message
			for _, l := range like {
				if l.Has(f) {
					inside = append(inside, l.Get(f).Message())
				}
			}
			if text = spell(v.Message(), inside); text == "{}" {
				text = ""
			}
		case !v.Equal(zero(f)):
			text = scalar(f, v)
		}
		if text != "" {
			fields[f.JSONName()] = text
		}
		return true
	})
	var out []string
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		out = append(out, name+":"+fields[name])
	}
	return "{" + strings.Join(out, " ") + "}"
}
