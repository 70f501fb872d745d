package gcp

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"sync"

	"github.com/modelserving/terraform-provider-serving/internal/sandbox/control"
	"github.com/modelserving/terraform-provider-serving/internal/sandbox/gcp/model"
)

// oldForm is a method whose document requires what belongs to the form of its request before networkPeering, which excludes it.
const oldForm = "compute.networks.addPeering"

// checkBody holds the body of a request to Compute Engine against the discovery document: what is required, patterns, enums and
// limits. What is output only is dropped, and null counts as nothing.
func (c *Cloud) checkBody(method string, body map[string]any) error {
	m := c.compute.Methods[method]
	if m == nil || m.Request == "" {
		return nil
	}
	return c.checkObject(method, c.compute.Schemas[m.Request], body, "resource")
}

// checkParameters does the same for what is in path and query.
func (c *Cloud) checkParameters(method string, tree map[string]any) error {
	m := c.compute.Methods[method]
	if m == nil {
		return nil
	}
	for _, name := range control.SortedKeys(m.Parameters) {
		if value, given := tree[name]; given {
			if err := c.checkValue(method, m.Parameters[name], value, name); err != nil {
				return err
			}
		} else if m.Parameters[name].Required {
			return required(name)
		}
	}
	return nil
}

func (c *Cloud) checkObject(method string, schema *model.Value, tree map[string]any, path string) error {
	for _, name := range control.SortedKeys(schema.Properties) {
		property := schema.Properties[name]
		if property.OutputOnly {
			delete(tree, name)
			continue
		}
		if tree[name] == nil || tree[name] == "" {
			if slices.Contains(property.RequiredBy, method) && method != oldForm {
				return required(path + "." + name)
			}
			continue
		}
		if err := c.checkValue(method, property, tree[name], path+"."+name); err != nil {
			return err
		}
	}
	return nil
}

func (c *Cloud) checkValue(method string, v *model.Value, value any, path string) error {
	v = c.compute.Resolve(v)
	switch value := value.(type) {
	case map[string]any:
		if v.Properties != nil {
			return c.checkObject(method, v, value, path)
		}
		if v.AdditionalProperties != nil {
			for _, key := range control.SortedKeys(value) {
				if err := c.checkValue(method, v.AdditionalProperties, value[key], path+"."+key); err != nil {
					return err
				}
			}
		}
	case []any:
		if v.Items == nil {
			return nil
		}
		for i, item := range value {
			if err := c.checkValue(method, v.Items, item, fmt.Sprintf("%s[%d]", path, i)); err != nil {
				return err
			}
		}
	case string:
		if err := checkText(v, value, path); err != nil {
			return err
		}
	}
	return checkLimits(v, value, path)
}

func checkText(v *model.Value, value, path string) error {
	if len(v.Enum) > 0 && !slices.Contains(v.Enum, value) {
		return invalid(path, value, "The value must be one of %v.", v.Enum)
	}
	if v.Pattern != "" && !pattern(v.Pattern).MatchString(value) {
		return invalid(path, value, "Must be a match of regex '%s'", v.Pattern)
	}
	return nil
}

func checkLimits(v *model.Value, value any, path string) error {
	number, ok := numberOf(value)
	if !ok || v.Type == "string" && v.Format == "" {
		return nil
	}
	n, err := number.Float64()
	if err != nil {
		return invalid(path, number.String(), "It must be a number.")
	}
	if least, err := strconv.ParseFloat(v.Minimum, 64); err == nil && n < least {
		return invalid(path, number.String(), "Must be greater than or equal to %s", v.Minimum)
	}
	if most, err := strconv.ParseFloat(v.Maximum, 64); err == nil && n > most {
		return invalid(path, number.String(), "Must be less than or equal to %s", v.Maximum)
	}
	return nil
}

var patterns sync.Map

// pattern compiles a regular expression that has to match a whole value.
func pattern(text string) *regexp.Regexp {
	if known, ok := patterns.Load(text); ok {
		if compiled, ok := known.(*regexp.Regexp); ok {
			return compiled
		}
	}
	compiled := regexp.MustCompile("^(?:" + text + ")$")
	patterns.Store(text, compiled)
	return compiled
}
