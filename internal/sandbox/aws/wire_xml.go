package aws

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/modelserving/terraform-provider-serving/internal/sandbox/aws/model"
)

// namespace is the XML namespace that the service's answers have.
func (w *wire) namespace() string {
	if uri := w.service.Metadata.XMLNamespace; uri != "" {
		return uri
	}
	for _, op := range w.service.Operations {
		if op.Input != nil && op.Input.XMLNamespace.URI != "" {
			return op.Input.XMLNamespace.URI
		}
	}
	return ""
}

// xmlNode is an element of a request's body.
type xmlNode struct {
	name     xml.Name
	text     string
	children []*xmlNode
}

// readXMLInput reads an XML body by the model, adds what was bound elsewhere and validates the whole.
func (w *wire) readXMLInput(op *model.Operation, body []byte, bound map[string]any) (map[string]any, error) {
	if op.Input == nil {
		return map[string]any{}, nil
	}
	value := map[string]any{}
	switch root := op.Input.LocationName; {
	case root == "" && len(bytes.TrimSpace(body)) > 0:
		return nil, malformedXML("This operation takes no body.")
	case root != "":
		node, err := decodeXML(body)
		if err != nil {
			return nil, err
		}
		if want := (xml.Name{Space: op.Input.XMLNamespace.URI, Local: root}); node.name != want {
			return nil, malformedXML("The root element is %s of the namespace %q, not %s of %q.", node.name.Local, node.name.Space, root, want.Space)
		}
		if value, err = w.readElements(w.service.Shapes[op.Input.Shape], node, ""); err != nil {
			return nil, err
		}
	}
	for name, v := range bound {
		value[name] = v
	}
	return value, w.validate(op.Input, value, "")
}

func malformedXML(format string, args ...any) error {
	return apiError("MalformedInput", format, args...)
}

// decodeXML reads a document into a tree of elements.
func decodeXML(body []byte) (*xmlNode, error) {
	decoder := xml.NewDecoder(bytes.NewReader(body))
	root := &xmlNode{}
	open := []*xmlNode{root}
	for {
		token, err := decoder.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, malformedXML("The body is not well-formed XML: %v.", err)
		}
		parent := open[len(open)-1]
		switch token := token.(type) {
		case xml.StartElement:
			node := &xmlNode{name: token.Name}
			parent.children = append(parent.children, node)
			open = append(open, node)
		case xml.EndElement:
			open = open[:len(open)-1]
		case xml.CharData:
			parent.text += string(token)
		}
	}
	if len(root.children) != 1 || strings.TrimSpace(root.text) != "" {
		return nil, malformedXML("The body is not one XML element.")
	}
	return root.children[0], nil
}

// readElements is a structure out of its elements, each of which may be there once.
func (w *wire) readElements(shape *model.Shape, node *xmlNode, path string) (map[string]any, error) {
	if strings.TrimSpace(node.text) != "" {
		return nil, malformedXML("Text inside of %s, which has elements.", node.name.Local)
	}
	members := map[string]string{}
	for name, ref := range shape.Members {
		if ref.Location != "" {
			continue
		}
		if ref.LocationName != "" {
			members[ref.LocationName] = name
		} else {
			members[name] = name
		}
	}
	out := map[string]any{}
	for _, child := range node.children {
		at := join(path, child.name.Local)
		name, ok := members[child.name.Local]
		if !ok || child.name.Space != node.name.Space {
			return nil, w.unknown(at)
		}
		if out[name] != nil {
			return nil, malformedXML("The element %s is there twice.", at)
		}
		value, err := w.readElement(shape.Members[name], child, at)
		if err != nil {
			return nil, err
		}
		out[name] = value
	}
	return out, nil
}

// readElement is a value out of its element. No modelled request of this protocol has maps, attributes or flattened lists.
func (w *wire) readElement(ref *model.Ref, node *xmlNode, path string) (any, error) {
	shape := w.service.Shapes[ref.Shape]
	switch shape.Type {
	case "structure":
		return w.readElements(shape, node, path)
	case "list":
		key := "member"
		if shape.Member.LocationName != "" {
			key = shape.Member.LocationName
		}
		items := []any{}
		for _, child := range node.children {
			if child.name != (xml.Name{Space: node.name.Space, Local: key}) {
				return nil, w.unknown(join(path, child.name.Local))
			}
			item, err := w.readElement(shape.Member, child, join(path, key))
			if err != nil {
				return nil, err
			}
			items = append(items, item)
		}
		return items, nil
	}
	if len(node.children) > 0 {
		return nil, w.unknown(join(path, node.children[0].name.Local))
	}
	return w.readScalar(shape, node.text, path)
}

// writeRESTXML writes an answer of the rest-xml protocol: members are in the body, or in a header.
func (w *wire) writeRESTXML(out http.ResponseWriter, op *model.Operation, answer map[string]any) {
	shape := w.service.Shapes[op.Output.Shape]
	for name, ref := range shape.Members {
		if value := answer[goName(name)]; ref.Location == "header" && value != nil {
			out.Header().Set(ref.LocationName, fmt.Sprint(value))
		}
	}
	var b bytes.Buffer
	b.WriteString(xml.Header)
	fmt.Fprintf(&b, `<%s xmlns="%s">`, op.Output.Shape, w.namespace())
	w.xmlMembers(&b, shape, answer)
	fmt.Fprintf(&b, "</%s>", op.Output.Shape)
	status := http.StatusOK
	if op.HTTP.ResponseCode != 0 {
		status = op.HTTP.ResponseCode
	}
	out.Header().Set("Content-Type", "text/xml")
	out.WriteHeader(status)
	_, _ = out.Write(b.Bytes())
}
