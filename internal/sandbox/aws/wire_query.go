package aws

import (
	"encoding/json"
	"net/url"
	"sort"
	"strconv"
	"strings"
	"time"

	"github.com/modelserving/terraform-provider-serving/internal/sandbox/aws/model"
)

// routeQuery reads an ec2 or query request: a form, in the body or in the query.
func (w *wire) routeQuery(req *request) (string, func() (map[string]any, error), error) {
	form, err := url.ParseQuery(string(req.body))
	if err != nil {
		return "", nil, apiError("MalformedQueryString", "The query string contains a syntax error.")
	}
	for name, values := range req.URL.Query() {
		if !strings.HasPrefix(name, "X-Amz-") {
			form[name] = append(form[name], values...)
		}
	}
	action := form.Get("Action")
	if action == "" {
		return "", nil, &Error{Code: "MissingAction", Message: "The request must contain the parameter Action."}
	}
	if version := form.Get("Version"); version != w.service.Metadata.APIVersion {
		return action, nil, apiError("NoSuchVersion", "The sandbox speaks version %s of %s, not %q.", w.service.Metadata.APIVersion, w.name, version)
	}
	op := w.service.Operations[action]
	if op == nil {
		return action, nil, w.unknownAction(action)
	}
	return action, func() (map[string]any, error) { return w.readForm(op, form) }, nil
}

// formNode is a form with its dotted names taken apart.
type formNode struct {
	value    *string
	children map[string]*formNode
}

func (n *formNode) child(name string) *formNode {
	if n.children == nil {
		n.children = map[string]*formNode{}
	}
	if n.children[name] == nil {
		n.children[name] = &formNode{}
	}
	return n.children[name]
}

func (w *wire) readForm(op *model.Operation, form url.Values) (map[string]any, error) {
	root := &formNode{}
	for name, values := range form {
		if name == "Action" || name == "Version" {
			continue
		}
		if len(values) != 1 {
			return nil, w.invalid("Duplicate parameter " + name)
		}
		node := root
		for step := range strings.SplitSeq(name, ".") {
			node = node.child(step)
		}
		node.value = &values[0]
	}
	if op.Input == nil {
		if len(root.children) > 0 {
			return nil, w.unknown(sortedKeys(root.children)[0])
		}
		return map[string]any{}, nil
	}
	input, err := w.readStructure(w.service.Shapes[op.Input.Shape], root, "")
	if err != nil {
		return nil, err
	}
	return input, w.validate(op.Input, input, "")
}

// queryName is what a member is called in a form.
func (w *wire) queryName(name string, ref *model.Ref) string {
	if w.protocol() != "ec2" {
		if ref.LocationName != "" {
			return ref.LocationName
		}
		return name
	}
	switch {
	case ref.QueryName != "":
		return ref.QueryName
	case ref.LocationName != "":
		return strings.ToUpper(ref.LocationName[:1]) + ref.LocationName[1:]
	default:
		return name
	}
}

func (w *wire) readNode(ref *model.Ref, node *formNode, path string) (any, error) {
	shape := w.service.Shapes[ref.Shape]
	switch shape.Type {
	case "structure":
		return w.readStructure(shape, node, path)
	case "list":
		return w.readList(ref, shape, node, path)
	case "map":
		return w.readMap(shape, node, path)
	}
	if node.value == nil || len(node.children) > 0 {
		return nil, w.unknown(join(path, firstKey(node.children)))
	}
	return w.readScalar(shape, *node.value, path)
}

func (w *wire) readStructure(shape *model.Shape, node *formNode, path string) (map[string]any, error) {
	if node.value != nil && *node.value != "" {
		return nil, w.unknown(path)
	}
	out := map[string]any{}
	seen := map[string]bool{}
	for _, name := range sortedKeys(shape.Members) {
		ref := shape.Members[name]
		key := w.queryName(name, ref)
		list := w.service.Shapes[ref.Shape]
		if list.Type == "list" && w.flat(ref, list) && w.protocol() != "ec2" && list.Member.LocationName != "" {
			key = list.Member.LocationName
		}
		child := node.children[key]
		if child == nil {
			continue
		}
		seen[key] = true
		value, err := w.readNode(ref, child, join(path, key))
		if err != nil {
			return nil, err
		}
		out[name] = value
	}
	for _, key := range sortedKeys(node.children) {
		if !seen[key] {
			return nil, w.unknown(join(path, key))
		}
	}
	return out, nil
}

func (w *wire) flat(ref *model.Ref, shape *model.Shape) bool {
	return w.protocol() == "ec2" || ref.Flattened || shape.Flattened
}

func (w *wire) readList(ref *model.Ref, shape *model.Shape, node *formNode, path string) (any, error) {
	if node.value != nil && *node.value == "" && len(node.children) == 0 {
		return []any{}, nil
	}
	if node.value != nil {
		return nil, w.invalid("The parameter " + path + " is a list: number its values.")
	}
	if !w.flat(ref, shape) {
		key := "member"
		if shape.Member.LocationName != "" {
			key = shape.Member.LocationName
		}
		inner := node.children[key]
		if inner == nil || len(node.children) != 1 {
			return nil, w.unknown(join(path, firstKey(node.children)))
		}
		node, path = inner, join(path, key)
	}
	var indexes []int
	for key := range node.children {
		i, err := strconv.Atoi(key)
		if err != nil || i < 1 || strconv.Itoa(i) != key {
			return nil, w.unknown(join(path, key))
		}
		indexes = append(indexes, i)
	}
	sort.Ints(indexes)
	out := make([]any, 0, len(indexes))
	for _, i := range indexes {
		key := strconv.Itoa(i)
		value, err := w.readNode(shape.Member, node.children[key], join(path, key))
		if err != nil {
			return nil, err
		}
		out = append(out, value)
	}
	return out, nil
}

func (w *wire) readMap(shape *model.Shape, node *formNode, path string) (any, error) {
	out := map[string]any{}
	entries := node.children["entry"]
	if entries == nil {
		return out, nil
	}
	for _, i := range sortedKeys(entries.children) {
		key, value := entries.children[i].children["key"], entries.children[i].children["value"]
		if key == nil || key.value == nil || value == nil {
			return nil, w.invalid("A map entry needs a key and a value.")
		}
		item, err := w.readNode(shape.Value, value, join(path, "entry."+i))
		if err != nil {
			return nil, err
		}
		out[*key.value] = item
	}
	return out, nil
}

// readScalar turns a form value into what encoding/json expects for the SDK's field.
func (w *wire) readScalar(shape *model.Shape, text, path string) (any, error) {
	switch shape.Type {
	case "boolean":
		switch text {
		case "true", "True":
			return true, nil
		case "false", "False":
			return false, nil
		}
		return nil, w.invalid("Value (" + text + ") for parameter " + path + " is invalid. Expected true or false.")
	case "integer", "long":
		if _, err := strconv.ParseInt(text, 10, 64); err != nil {
			return nil, w.invalid("Value (" + text + ") for parameter " + path + " is invalid. Expected an integer.")
		}
		return json.Number(text), nil
	case "float", "double":
		if _, err := strconv.ParseFloat(text, 64); err != nil {
			return nil, w.invalid("Value (" + text + ") for parameter " + path + " is invalid. Expected a number.")
		}
		return json.Number(text), nil
	case "timestamp":
		t, err := time.Parse(time.RFC3339Nano, text)
		if err != nil {
			return nil, w.invalid("Value (" + text + ") for parameter " + path + " is invalid. Expected an ISO 8601 time.")
		}
		return t.UTC().Format(time.RFC3339Nano), nil
	default:
		return text, nil
	}
}

func join(path, name string) string {
	if path == "" || name == "" {
		return path + name
	}
	return path + "." + name
}

func firstKey[V any](m map[string]V) string {
	if len(m) == 0 {
		return ""
	}
	return sortedKeys(m)[0]
}
