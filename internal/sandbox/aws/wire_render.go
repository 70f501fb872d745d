package aws

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"strings"
	"time"

	"github.com/modelserving/terraform-provider-serving/internal/sandbox/aws/model"
)

// renderXML writes an answer of the ec2 or the query protocol.
func (w *wire) renderXML(op *model.Operation, id string, answer map[string]any) []byte {
	var b bytes.Buffer
	namespace := w.service.Metadata.XMLNamespace
	if w.protocol() == "ec2" {
		namespace = strings.TrimSuffix(namespace, "/") + "/"
	}
	b.WriteString(xml.Header)
	fmt.Fprintf(&b, `<%sResponse xmlns="%s">`, op.Name, namespace)
	if w.protocol() == "ec2" {
		fmt.Fprintf(&b, "<requestId>%s</requestId>", id)
		if op.Output != nil {
			w.xmlMembers(&b, w.service.Shapes[op.Output.Shape], answer)
		} else {
			b.WriteString("<return>true</return>")
		}
	} else {
		if op.Output != nil {
			wrapper := op.Output.ResultWrapper
			fmt.Fprintf(&b, "<%s>", wrapper)
			w.xmlMembers(&b, w.service.Shapes[op.Output.Shape], answer)
			fmt.Fprintf(&b, "</%s>", wrapper)
		}
		fmt.Fprintf(&b, "<ResponseMetadata><RequestId>%s</RequestId></ResponseMetadata>", id)
	}
	fmt.Fprintf(&b, "</%sResponse>", op.Name)
	return b.Bytes()
}

func (w *wire) xmlMembers(b *bytes.Buffer, shape *model.Shape, tree map[string]any) {
	for _, name := range sortedKeys(shape.Members) {
		ref := shape.Members[name]
		value := tree[goName(name)]
		if value == nil || w.unset(ref, value) || ref.Location != "" {
			continue
		}
		element := name
		if ref.LocationName != "" {
			element = ref.LocationName
		}
		w.xmlValue(b, element, ref, value)
	}
}

func (w *wire) xmlValue(b *bytes.Buffer, element string, ref *model.Ref, value any) {
	shape := w.service.Shapes[ref.Shape]
	if items, ok := value.([]any); ok {
		flat := ref.Flattened || shape.Flattened
		inner := "member"
		if shape.Member.LocationName != "" {
			inner = shape.Member.LocationName
		} else if flat {
			inner = element
		}
		if !flat {
			fmt.Fprintf(b, "<%s>", element)
			defer fmt.Fprintf(b, "</%s>", element)
		}
		for _, item := range items {
			w.xmlValue(b, inner, shape.Member, item)
		}
		return
	}
	fmt.Fprintf(b, "<%s>", element)
	switch value := value.(type) {
	case map[string]any:
		if shape.Type == "map" {
			for _, key := range sortedKeys(value) {
				b.WriteString("<entry>")
				w.xmlValue(b, "key", shape.Key, key)
				w.xmlValue(b, "value", shape.Value, value[key])
				b.WriteString("</entry>")
			}
		} else {
			w.xmlMembers(b, shape, value)
		}
	case string:
		if shape.Type == "timestamp" {
			value = w.timestamp(value).Format("2006-01-02T15:04:05.999Z")
		}
		_ = xml.EscapeText(b, []byte(value))
	default:
		fmt.Fprint(b, value)
	}
	fmt.Fprintf(b, "</%s>", element)
}

func (w *wire) renderXMLError(id string, e *Error) []byte {
	var b bytes.Buffer
	text := func(s string) string {
		var t bytes.Buffer
		_ = xml.EscapeText(&t, []byte(s))
		return t.String()
	}
	b.WriteString(xml.Header)
	if w.protocol() == "ec2" {
		fmt.Fprintf(&b, "<Response><Errors><Error><Code>%s</Code><Message>%s</Message></Error></Errors><RequestID>%s</RequestID></Response>",
			text(e.Code), text(e.Message), id)
		return b.Bytes()
	}
	namespace := ""
	if w.service != nil {
		namespace = ` xmlns="` + w.namespace() + `"`
	}
	fmt.Fprintf(&b, "<ErrorResponse%s><Error><Type>%s</Type><Code>%s</Code><Message>%s</Message></Error><RequestId>%s</RequestId></ErrorResponse>",
		namespace, e.Type, text(e.Code), text(e.Message), id)
	return b.Bytes()
}

// renderJSON turns an answer's tree into the one on the wire: the model's names, its time format, nothing unset.
func (w *wire) renderJSON(ref *model.Ref, value any) any {
	shape := w.service.Shapes[ref.Shape]
	switch value := value.(type) {
	case map[string]any:
		if shape.Type != "map" {
			return w.renderMembers(shape, value)
		}
		out := map[string]any{}
		for key, item := range value {
			out[key] = w.renderJSON(shape.Value, item)
		}
		return out
	case []any:
		out := make([]any, 0, len(value))
		for _, item := range value {
			out = append(out, w.renderJSON(shape.Member, item))
		}
		return out
	case string:
		if shape.Type == "timestamp" {
			if ref.TimestampFormat == "iso8601" || shape.TimestampFormat == "iso8601" {
				return w.timestamp(value).Format(time.RFC3339)
			}
			t := w.timestamp(value)
			return json.Number(fmt.Sprintf("%d.%03d", t.Unix(), t.Nanosecond()/1e6))
		}
	}
	return value
}

// renderMembers is renderJSON for a structure.
func (w *wire) renderMembers(shape *model.Shape, value map[string]any) map[string]any {
	out := map[string]any{}
	for name, member := range shape.Members {
		item := value[goName(name)]
		if item == nil || w.unset(member, item) {
			continue
		}
		key := name
		if member.LocationName != "" {
			key = member.LocationName
		}
		out[key] = w.renderJSON(member, item)
	}
	return out
}

// unset reports whether a value is an enum's zero: the SDK's enums are plain strings, so that is how "absent" looks.
func (w *wire) unset(ref *model.Ref, value any) bool {
	return value == "" && len(w.service.Shapes[ref.Shape].Enum) > 0
}

func (w *wire) timestamp(text string) time.Time {
	t, err := time.Parse(time.RFC3339Nano, text)
	if err != nil {
		return time.Time{}
	}
	return t.UTC()
}

// goName is the SDK's field for a model's member.
func goName(name string) string { return strings.ToUpper(name[:1]) + name[1:] }
