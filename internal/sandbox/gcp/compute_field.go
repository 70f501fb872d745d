package gcp

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
)

// The fields that all objects of Compute Engine have in common are not in an interface of computepb, so they are set by the
// names they have in JSON; a message without such a field is left alone.

func hasField(m proto.Message, name string) bool {
	return m.ProtoReflect().Descriptor().Fields().ByJSONName(name) != nil
}

func setText(m proto.Message, name, text string) {
	if field := m.ProtoReflect().Descriptor().Fields().ByJSONName(name); field != nil && field.Kind() == protoreflect.StringKind && text != "" {
		m.ProtoReflect().Set(field, protoreflect.ValueOfString(text))
	}
}

func setNumber(m proto.Message, name string, n uint64) {
	if field := m.ProtoReflect().Descriptor().Fields().ByJSONName(name); field != nil {
		m.ProtoReflect().Set(field, protoreflect.ValueOfUint64(n))
	}
}

func clearField(m proto.Message, name string) {
	if field := m.ProtoReflect().Descriptor().Fields().ByJSONName(name); field != nil {
		m.ProtoReflect().Clear(field)
	}
}

func copyField(to, from proto.Message, name string) {
	if field := from.ProtoReflect().Descriptor().Fields().ByJSONName(name); field != nil && from.ProtoReflect().Has(field) {
		to.ProtoReflect().Set(field, from.ProtoReflect().Get(field))
	}
}

// eachText visits every string in a message.
func eachText(m protoreflect.Message, visit func(text string)) {
	if !m.IsValid() {
		return
	}
	one := func(field protoreflect.FieldDescriptor, value protoreflect.Value) {
		switch {
		case field.Message() != nil:
			eachText(value.Message(), visit)
		case field.Kind() == protoreflect.StringKind:
			visit(value.String())
		}
	}
	m.Range(func(field protoreflect.FieldDescriptor, value protoreflect.Value) bool {
		switch {
		case field.IsList():
			for i := range value.List().Len() {
				one(field, value.List().Get(i))
			}
		case field.IsMap():
			value.Map().Range(func(_ protoreflect.MapKey, item protoreflect.Value) bool {
				one(field.MapValue(), item)
				return true
			})
		default:
			one(field, value)
		}
		return true
	})
}

// fingerprint is a digest of an object as it is stored: whatever changes it, also behind everybody's back, changes the digest.
func fingerprint(m proto.Message) string {
	// protojson's spaces are random, encoding/json's are not.
	tree, err := protoTree(m)
	if err != nil {
		return ""
	}
	return digest(tree)
}

func labelFingerprint(m proto.Message) string {
	labeled, ok := m.(interface{ GetLabels() map[string]string })
	if !ok {
		return ""
	}
	return digest(labeled.GetLabels())
}

func digest(value any) string {
	raw, err := json.Marshal(value)
	if err != nil {
		return ""
	}
	sum := sha256.Sum256(raw)
	return base64.URLEncoding.EncodeToString(sum[:8])
}
