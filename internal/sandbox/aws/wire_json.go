package aws

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"math"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/modelserving/terraform-provider-serving/internal/sandbox/aws/model"
)

// routeJSON reads a JSON 1.1 request: the operation is in a header, the parameters are the body.
func (w *wire) routeJSON(req *request) (string, func() (map[string]any, error), error) {
	action, ok := strings.CutPrefix(req.Header.Get("X-Amz-Target"), w.service.Metadata.TargetPrefix+".")
	op := w.service.Operations[action]
	if !ok || op == nil {
		return w.guessAction(req), nil, w.unknownAction(w.guessAction(req))
	}
	if kind, _, _ := strings.Cut(req.Header.Get("Content-Type"), ";"); kind != w.jsonType() {
		return action, nil, &Error{Code: "UnsupportedMediaTypeException", Message: "Content-Type must be " + w.jsonType() + ".", Status: 415}
	}
	return action, func() (map[string]any, error) {
		body, err := decodeBody(req.body)
		if err != nil {
			return nil, err
		}
		return w.readInput(op, body, nil)
	}, nil
}

// routeREST finds an operation of rest-json or rest-xml by method and path.
func (w *wire) routeREST(req *request) (string, func() (map[string]any, error), error) {
	for _, name := range sortedKeys(w.service.Operations) {
		op := w.service.Operations[name]
		if op.HTTP.Method != req.Method {
			continue
		}
		template, path := op.HTTP.RequestURI, req.URL.EscapedPath()
		if w.protocol() == "rest-xml" {
			// botocore ends some paths with a slash where other clients do not, and the service takes both.
			template, path = strings.TrimSuffix(template, "/"), strings.TrimSuffix(path, "/")
		}
		labels, ok := matchPath(template, path)
		if !ok {
			continue
		}
		return name, func() (map[string]any, error) {
			bound, err := w.bind(op, req, labels)
			if err != nil {
				return nil, err
			}
			if w.protocol() == "rest-xml" {
				return w.readXMLInput(op, req.body, bound)
			}
			body, err := decodeBody(req.body)
			if err != nil {
				return nil, err
			}
			return w.readInput(op, body, bound)
		}, nil
	}
	action := w.guessAction(req)
	return action, nil, w.unknownAction(action)
}

// matchPath holds a path against a URI template and returns its labels.
func matchPath(template, path string) (map[string]string, bool) {
	template, _, _ = strings.Cut(template, "?")
	want, got := strings.Split(template, "/"), strings.Split(path, "/")
	if len(want) != len(got) {
		return nil, false
	}
	labels := map[string]string{}
	for i, part := range want {
		label, ok := strings.CutPrefix(part, "{")
		if !ok {
			if part != got[i] {
				return nil, false
			}
			continue
		}
		value, err := url.PathUnescape(got[i])
		if err != nil || value == "" {
			return nil, false
		}
		labels[strings.TrimSuffix(label, "}")] = value
	}
	return labels, true
}

// bind reads the members that live in the path, the query and the headers.
func (w *wire) bind(op *model.Operation, req *request, labels map[string]string) (map[string]any, error) {
	out := map[string]any{}
	if op.Input == nil {
		return out, nil
	}
	query := req.URL.Query()
	used := map[string]bool{}
	input := w.service.Shapes[op.Input.Shape]
	for _, name := range sortedKeys(input.Members) {
		ref := input.Members[name]
		var values []string
		switch ref.Location {
		case "uri":
			values = []string{labels[ref.LocationName]}
		case "querystring":
			values = query[ref.LocationName]
			used[ref.LocationName] = true
		case "header":
			values = req.Header.Values(ref.LocationName)
		}
		if len(values) == 0 {
			continue
		}
		shape := w.service.Shapes[ref.Shape]
		if shape.Type != "list" {
			value, err := w.readScalar(shape, values[0], name)
			if err != nil {
				return nil, err
			}
			out[name] = value
			continue
		}
		items := []any{}
		for _, text := range values {
			value, err := w.readScalar(w.service.Shapes[shape.Member.Shape], text, name)
			if err != nil {
				return nil, err
			}
			items = append(items, value)
		}
		out[name] = items
	}
	for name := range query {
		if !used[name] {
			return nil, w.unknown(name)
		}
	}
	return out, nil
}

func decodeBody(body []byte) (map[string]any, error) {
	out := map[string]any{}
	if len(bytes.TrimSpace(body)) == 0 {
		return out, nil
	}
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.UseNumber()
	if err := decoder.Decode(&out); err != nil || decoder.More() {
		return nil, apiError("SerializationException", "The request body is not one JSON object.")
	}
	return out, nil
}

// readInput reads a JSON body by the model, adds what was bound elsewhere and validates the whole.
func (w *wire) readInput(op *model.Operation, body, bound map[string]any) (map[string]any, error) {
	if op.Input == nil {
		return map[string]any{}, nil
	}
	shape := w.service.Shapes[op.Input.Shape]
	value, err := w.readObject(shape, body, "", true)
	if err != nil {
		return nil, err
	}
	for name, v := range bound {
		value[name] = v
	}
	return value, w.validate(op.Input, value, "")
}

func (w *wire) readObject(shape *model.Shape, body map[string]any, path string, top bool) (map[string]any, error) {
	out := map[string]any{}
	seen := map[string]bool{}
	for _, name := range sortedKeys(shape.Members) {
		ref := shape.Members[name]
		key := name
		if ref.LocationName != "" {
			key = ref.LocationName
		}
		raw, ok := body[key]
		if !ok || top && ref.Location != "" {
			continue
		}
		seen[key] = true
		if raw == nil {
			continue
		}
		value, err := w.readJSON(ref, raw, join(path, key))
		if err != nil {
			return nil, err
		}
		out[name] = value
	}
	for _, key := range sortedKeys(body) {
		if !seen[key] {
			return nil, w.unknown(join(path, key))
		}
	}
	return out, nil
}

func (w *wire) readJSON(ref *model.Ref, raw any, path string) (any, error) {
	shape := w.service.Shapes[ref.Shape]
	wrong := apiError("SerializationException", "%s: a %s was expected", path, shape.Type)
	switch shape.Type {
	case "structure":
		if body, ok := raw.(map[string]any); ok {
			return w.readObject(shape, body, path, false)
		}
	case "map":
		if body, ok := raw.(map[string]any); ok {
			out := map[string]any{}
			for _, key := range sortedKeys(body) {
				value, err := w.readJSON(shape.Value, body[key], join(path, key))
				if err != nil {
					return nil, err
				}
				out[key] = value
			}
			return out, nil
		}
	case "list":
		if body, ok := raw.([]any); ok {
			out := make([]any, 0, len(body))
			for i, item := range body {
				value, err := w.readJSON(shape.Member, item, join(path, strconv.Itoa(i)))
				if err != nil {
					return nil, err
				}
				out = append(out, value)
			}
			return out, nil
		}
	case "boolean":
		if value, ok := raw.(bool); ok {
			return value, nil
		}
	case "integer", "long":
		if value, ok := raw.(json.Number); ok {
			if _, err := value.Int64(); err == nil {
				return value, nil
			}
		}
	case "float", "double":
		if value, ok := raw.(json.Number); ok {
			return value, nil
		}
	case "timestamp":
		if value, ok := raw.(json.Number); ok {
			if seconds, err := value.Float64(); err == nil {
				whole, fraction := math.Modf(seconds)
				return time.Unix(int64(whole), int64(fraction*1e9)).UTC().Format(time.RFC3339Nano), nil
			}
		}
	case "blob":
		if value, ok := raw.(string); ok {
			if _, err := base64.StdEncoding.DecodeString(value); err == nil {
				return value, nil
			}
		}
	default:
		if value, ok := raw.(string); ok {
			return value, nil
		}
	}
	return nil, wrong
}
