package aws

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"unicode/utf8"

	"github.com/modelserving/terraform-provider-serving/internal/sandbox/aws/model"
)

// validate holds a request against the model's constraints. Path is the member's path in model names.
func (w *wire) validate(ref *model.Ref, value any, path string) error {
	shape := w.service.Shapes[ref.Shape]
	switch value := value.(type) {
	case map[string]any:
		if shape.Type == "map" {
			return w.validateMap(shape, value, path)
		}
		return w.validateStructure(shape, value, path)
	case []any:
		if err := w.bounds(shape, float64(len(value)), "number of items", path); err != nil {
			return err
		}
		for i, item := range value {
			if err := w.validate(shape.Member, item, join(path, strconv.Itoa(i+1))); err != nil {
				return err
			}
		}
	case json.Number:
		number, err := value.Float64()
		if err != nil {
			return w.invalid("Value " + value.String() + " at " + path + " is not a number.")
		}
		return w.bounds(shape, number, "value", path)
	case string:
		return w.validateString(shape, value, path)
	}
	return nil
}

func (w *wire) validateStructure(shape *model.Shape, value map[string]any, path string) error {
	for _, name := range shape.Required {
		if value[name] == nil {
			return w.missing(join(path, name))
		}
	}
	for _, name := range sortedKeys(value) {
		if err := w.validate(shape.Members[name], value[name], join(path, name)); err != nil {
			return err
		}
	}
	return nil
}

func (w *wire) validateMap(shape *model.Shape, value map[string]any, path string) error {
	if err := w.bounds(shape, float64(len(value)), "number of entries", path); err != nil {
		return err
	}
	for _, key := range sortedKeys(value) {
		if err := w.validate(shape.Key, key, join(path, "key")); err != nil {
			return err
		}
		if err := w.validate(shape.Value, value[key], join(path, key)); err != nil {
			return err
		}
	}
	return nil
}

func (w *wire) validateString(shape *model.Shape, value, path string) error {
	switch shape.Type {
	case "blob":
		raw, err := base64.StdEncoding.DecodeString(value)
		if err != nil {
			return w.invalid("Value at " + path + " is not base64.")
		}
		return w.bounds(shape, float64(len(raw)), "length", path)
	case "timestamp":
		return nil
	}
	if len(shape.Enum) > 0 && !slices.Contains(shape.Enum, value) {
		return w.invalid(fmt.Sprintf("Value (%s) for parameter %s is invalid. Member must satisfy enum value set: [%s]",
			value, path, strings.Join(shape.Enum, ", ")))
	}
	if err := w.bounds(shape, float64(utf8.RuneCountInString(value)), "length", path); err != nil {
		return err
	}
	if expression := compile(shape.Pattern); expression != nil && !expression.MatchString(value) {
		return w.invalid(fmt.Sprintf("Value '%s' at '%s' failed to satisfy constraint: Member must satisfy regular expression pattern: %s",
			value, path, shape.Pattern))
	}
	return nil
}

func (w *wire) bounds(shape *model.Shape, n float64, what, path string) error {
	if shape.Min != nil && n < *shape.Min {
		return w.invalid(fmt.Sprintf("The %s of %s is below the minimum of %v.", what, path, *shape.Min))
	}
	if shape.Max != nil && n > *shape.Max {
		return w.invalid(fmt.Sprintf("The %s of %s is above the maximum of %v.", what, path, *shape.Max))
	}
	return nil
}

var patterns sync.Map

// compile turns a model's pattern, which is Java's, into Go's. A pattern that Go cannot express is not checked.
func compile(pattern string) *regexp.Regexp {
	if pattern == "" {
		return nil
	}
	known, _ := patterns.Load(pattern)
	if expression, ok := known.(*regexp.Regexp); ok {
		return expression
	}
	// Java writes what lies above the first 65,536 characters as pairs of surrogates.
	text := strings.ReplaceAll(pattern, `\uD800\uDC00-\uDBFF\uDFFF`, `\x{10000}-\x{10FFFF}`)
	expression, err := regexp.Compile(`^(?:` + javaUnicode.ReplaceAllString(text, `\x{$1}`) + `)$`)
	if err != nil {
		expression = nil
	}
	patterns.Store(pattern, expression)
	return expression
}

var javaUnicode = regexp.MustCompile(`\\u([0-9A-Fa-f]{4})`)

// missing, invalid and unknown are each protocol's words for the three ways a request can be malformed.
func (w *wire) missing(path string) error {
	switch w.protocol() {
	case "ec2":
		return apiError("MissingParameter", "The request must contain the parameter %s", path)
	default:
		return apiError(w.validationCode(), "1 validation error detected: Value null at '%s' failed to satisfy constraint: Member must not be null", path)
	}
}

func (w *wire) invalid(message string) error {
	return apiError(w.validationCode(), "%s", message)
}

func (w *wire) unknown(path string) error {
	if w.protocol() == "ec2" {
		return apiError("UnknownParameter", "The parameter %s is not recognized", path)
	}
	return apiError(w.validationCode(), "The parameter %s is not recognized", path)
}

func (w *wire) validationCode() string {
	switch {
	case w.protocol() == "ec2":
		return "InvalidParameterValue"
	case w.protocol() == "json":
		return "ValidationException"
	case w.name == "eks":
		return "InvalidParameterException"
	case w.name == "route53":
		return "InvalidInput"
	default:
		return "ValidationError"
	}
}
