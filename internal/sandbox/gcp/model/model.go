// Package model holds the Compute Engine API's discovery document, cut down to what requests are checked with. The other APIs
// say the same in annotations of their protos.
package model

import (
	_ "embed"
	"encoding/json"
	"fmt"
)

//go:generate python3 trim.py

//go:embed compute.json
var compute []byte

// API is what a discovery document says about an API.
type API struct {
	// Revision is the date of the document.
	Revision string `json:"revision"`
	// Kinds is what an answer's property "kind" says, by schema.
	Kinds map[string]string `json:"kinds"`
	// Methods by id, such as "compute.networks.insert".
	Methods map[string]*Method `json:"methods"`
	Schemas map[string]*Value  `json:"schemas"`
}

// Method is one method with the schema of its request's body.
type Method struct {
	Parameters map[string]*Value `json:"parameters"`
	Request    string            `json:"request"`
}

// Value is a schema, a property or a parameter.
type Value struct {
	Type    string   `json:"type"`
	Format  string   `json:"format"`
	Pattern string   `json:"pattern"`
	Enum    []string `json:"enum"`
	Default string   `json:"default"`
	Minimum string   `json:"minimum"`
	Maximum string   `json:"maximum"`
	// Ref names another schema.
	Ref string `json:"$ref"`
	// OutputOnly values in a request have no effect.
	OutputOnly bool `json:"outputOnly"`
	// RequiredBy are the ids of the methods that want it.
	RequiredBy           []string          `json:"requiredBy"`
	Items                *Value            `json:"items"`
	AdditionalProperties *Value            `json:"additionalProperties"`
	Properties           map[string]*Value `json:"properties"`
	// Location, Required and Repeated are about parameters.
	Location string `json:"location"`
	Required bool   `json:"required"`
	Repeated bool   `json:"repeated"`
}

// Load reads the embedded document.
func Load() (*API, error) {
	var api API
	if err := json.Unmarshal(compute, &api); err != nil {
		return nil, fmt.Errorf("parse the discovery document of Compute Engine: %w", err)
	}
	return &api, nil
}

// Resolve follows a reference to the schema that has the properties.
func (a *API) Resolve(v *Value) *Value {
	for v != nil && v.Ref != "" {
		v = a.Schemas[v.Ref]
	}
	return v
}
