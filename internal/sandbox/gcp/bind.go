package gcp

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"

	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/modelserving/terraform-provider-serving/internal/sandbox/control"
)

// systemParameters are query parameters of every Google API. What fields leaves of an answer is cut in answer.go, and tokens are
// read in auth.go; of the others none changes what a request does.
var systemParameters = map[string]bool{
	"alt": true, "$alt": true, "prettyPrint": true, "$prettyPrint": true, "quotaUser": true, "$.xgafv": true, "fields": true, "$fields": true,
	"key": true, "userIp": true, "uploadType": true, "upload_protocol": true, "access_token": true, "oauth_token": true,
}

// formerParameters are query parameters that Compute Engine had until lately and that older clients still send. They are taken
// for nothing.
var formerParameters = map[string]bool{"returnPartialSuccess": true}

// bind reads a request out of path, query and body. It also returns the body's tree without what is output only.
func (c *Cloud) bind(m match, r *http.Request, raw []byte) (proto.Message, map[string]any, error) {
	// A wrong selection has to be told before anything is done.
	if _, err := selectionOf(r, m.method); err != nil {
		return nil, nil, err
	}
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
			field := fieldNamed(in, step)
			if field == nil {
				return unknown
			}
			key := field.JSONName()
			if i < len(steps)-1 {
				if field.Message() == nil || field.IsList() {
					return unknown
				}
				child, ok := at[key].(map[string]any)
				if !ok {
					child = map[string]any{}
					at[key] = child
				}
				at, in = child, field.Message()
				continue
			}
			if _, twice := at[key]; twice {
				return parameterTwice(field)
			}
			value, err := queryValue(field, values)
			if err != nil {
				return err
			}
			at[key] = value
		}
	}
	return nil
}

func queryValue(field protoreflect.FieldDescriptor, values []string) (any, error) {
	one := func(text string) (any, error) {
		if field.Message() != nil && field.Message().FullName() == "google.protobuf.FieldMask" {
			return maskPaths(text), nil
		}
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
			return nil, parameterTwice(field)
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

func parameterTwice(field protoreflect.FieldDescriptor) error {
	return &Error{Status: 400, Message: fmt.Sprintf("Invalid value at '%s': the parameter is given more than once.", field.Name())}
}

// protoStep is where a name as in a proto differs from the one in JSON.
var protoStep = regexp.MustCompile(`_[a-z0-9]`)

// maskPaths gives the paths of a mask the form that they have in JSON. The proto's is taken too: gcloud sends "self_managed".
func maskPaths(text string) string {
	return protoStep.ReplaceAllStringFunc(text, func(step string) string { return strings.ToUpper(step[1:]) })
}

// assignField sets what the path says, such as "certificate.name". It wins over the body.
func assignField(input protoreflect.MessageDescriptor, tree map[string]any, path, value string) error {
	steps := strings.Split(path, ".")
	for i, step := range steps {
		field := input.Fields().ByName(protoreflect.Name(step))
		if field == nil {
			return fmt.Errorf("%s has no field %s", input.FullName(), path)
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
