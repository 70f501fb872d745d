package gcp

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/modelserving/terraform-provider-serving/internal/sandbox/control"
)

// systemParameters are query parameters of every Google API.
var systemParameters = map[string]bool{"alt": true, "$alt": true, "prettyPrint": true, "$prettyPrint": true, "quotaUser": true, "$.xgafv": true}

// formerParameters are query parameters that Compute Engine had until lately and that older clients still send. They are taken
// for nothing.
var formerParameters = map[string]bool{"returnPartialSuccess": true}

// bind reads a request out of path, query and body. It also returns the body's tree without what is output only.
func (c *Cloud) bind(m match, r *http.Request, raw []byte) (proto.Message, map[string]any, error) {
	in := m.method.input.New()
	tree, body := map[string]any{}, map[string]any{}
	if len(bytes.TrimSpace(raw)) > 0 {
		var err error
		if body, err = readTree(raw); err != nil {
			return nil, nil, &Error{Status: 400, Message: "Invalid JSON payload received. " + err.Error()}
		}
	}
	if m.body == "" && len(body) > 0 {
		return nil, nil, &Error{Status: 400, Message: fmt.Sprintf("Invalid JSON payload received. Unknown name \"%s\": Cannot find field.", control.SortedKeys(body)[0])}
	}
	if err := bindQuery(in.Descriptor(), r.URL.Query(), m, tree); err != nil {
		return nil, nil, err
	}
	if err := c.bindBody(m, in.Descriptor(), body, tree); err != nil {
		return nil, nil, err
	}
	for i, path := range m.fields {
		if err := assignField(in.Descriptor(), tree, path, m.values[i]); err != nil {
			return nil, nil, err
		}
	}
	if err := c.checkParameters(m.method.id, tree); err != nil {
		return nil, nil, err
	}
	whole, err := json.Marshal(tree)
	if err != nil {
		return nil, nil, fmt.Errorf("encode request of %s: %w", m.method.name, err)
	}
	if err := protojson.Unmarshal(whole, in.Interface()); err != nil {
		_, text, _ := strings.Cut(err.Error(), ": ")
		return nil, nil, &Error{Status: 400, Message: "Invalid JSON payload received. Invalid value: " + text}
	}
	return in.Interface(), body, checkRequired(m.method, in)
}

// bindBody checks the body's names and values and puts it where the rule says.
func (c *Cloud) bindBody(m match, input protoreflect.MessageDescriptor, body, tree map[string]any) error {
	switch m.body {
	case "":
		return nil
	case "*":
		if err := checkNames(input, body, ""); err != nil {
			return err
		}
		for name, value := range body {
			tree[name] = value
		}
		return nil
	}
	field := input.Fields().ByName(protoreflect.Name(m.body))
	if err := checkNames(field.Message(), body, string(field.Name())); err != nil {
		return err
	}
	if m.method.id != "" {
		if err := c.checkBody(m.method.id, body); err != nil {
			return err
		}
	}
	tree[field.JSONName()] = body
	return nil
}

// bindQuery reads the parameters that path and body leave.
func bindQuery(input protoreflect.MessageDescriptor, query url.Values, m match, tree map[string]any) error {
	for name, values := range query {
		if systemParameters[name] || m.method.service == "compute" && formerParameters[name] {
			continue
		}
		unknown := &Error{Status: 400, Message: fmt.Sprintf(
			"Invalid JSON payload received. Unknown name \"%s\": Cannot bind query parameter. Field '%s' could not be found in request message.", name, name)}
		if m.body == "*" {
			return unknown
		}
		steps := strings.Split(name, ".")
		at, in := tree, input
		for i, step := range steps {
			field := in.Fields().ByJSONName(step)
			if field == nil {
				return unknown
			}
			if i < len(steps)-1 {
				if field.Message() == nil || field.IsList() {
					return unknown
				}
				child, ok := at[step].(map[string]any)
				if !ok {
					child = map[string]any{}
					at[step] = child
				}
				at, in = child, field.Message()
				continue
			}
			value, err := queryValue(field, values)
			if err != nil {
				return err
			}
			at[step] = value
		}
	}
	return nil
}

func queryValue(field protoreflect.FieldDescriptor, values []string) (any, error) {
	one := func(text string) (any, error) {
		if field.Kind() != protoreflect.BoolKind {
			return text, nil
		}
		value, err := strconv.ParseBool(text)
		if err != nil {
			return nil, &Error{Status: 400, Message: fmt.Sprintf("Invalid value at '%s' (TYPE_BOOL), \"%s\"", field.Name(), text)}
		}
		return value, nil
	}
	if !field.IsList() {
		if len(values) > 1 {
			return nil, &Error{Status: 400, Message: fmt.Sprintf("Invalid value at '%s': the parameter is given more than once.", field.Name())}
		}
		return one(values[0])
	}
	var list []any
	for _, text := range values {
		value, err := one(text)
		if err != nil {
			return nil, err
		}
		list = append(list, value)
	}
	return list, nil
}

// assignField sets what the path says, such as "certificate.name". It wins over the body.
func assignField(input protoreflect.MessageDescriptor, tree map[string]any, path, value string) error {
	steps := strings.Split(path, ".")
	for i, step := range steps {
		field := input.Fields().ByName(protoreflect.Name(step))
		if field == nil {
			return fmt.Errorf("%s has no field %s", input.FullName(), path)
		}
		// The same field may be in the body under either of its names.
		if name := string(field.Name()); name != field.JSONName() && tree[name] != nil {
			tree[field.JSONName()] = tree[name]
			delete(tree, name)
		}
		if i == len(steps)-1 {
			tree[field.JSONName()] = value
			return nil
		}
		child, ok := tree[field.JSONName()].(map[string]any)
		if !ok {
			child = map[string]any{}
			tree[field.JSONName()] = child
		}
		tree, input = child, field.Message()
	}
	return nil
}

// readTree reads a JSON object into maps, lists and json.Number.
func readTree(raw []byte) (map[string]any, error) {
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.UseNumber()
	var tree map[string]any
	if err := decoder.Decode(&tree); err != nil {
		return nil, fmt.Errorf("parse JSON object: %w", err)
	}
	if decoder.More() {
		return nil, fmt.Errorf("parse JSON object: something follows it")
	}
	return tree, nil
}
