package aws

import (
	"encoding/json"
	"strings"
)

// operation is a registered handler behind a JSON façade: the wire layer knows models, not Go types.
type operation struct {
	service, action string
	// call takes the request as JSON keyed by model member names and returns the answer likewise.
	call func(c *call, request []byte) (map[string]any, error)
	// input and output are zero values of the SDK's types, for the test that holds them against the model.
	input, output any
}

// operations is filled by the service files' init functions and only read afterwards.
var operations = map[string]*operation{}

// handle registers the function behind one action. I and O are aws-sdk-go-v2's input and output types of that action.
func handle[I, O any](service, action string, fn func(c *call, in *I) (*O, error)) {
	key := service + "." + action
	if operations[key] != nil {
		panic("sandbox: two handlers for " + key)
	}
	operations[key] = &operation{
		service: service,
		action:  action,
		input:   new(I),
		output:  new(O),
		call: func(c *call, request []byte) (map[string]any, error) {
			in := new(I)
			if err := json.Unmarshal(request, in); err != nil {
				return nil, apiError("SerializationException", "%s: %v", action, err)
			}
			out, err := fn(c, in)
			if err != nil {
				return nil, err
			}
			return toMap(out)
		},
	}
}

// mutating reports whether an action changes something that a crash could leave behind.
func mutating(action string) bool {
	for _, prefix := range []string{"Describe", "List", "Get", "AssumeRole", "Search"} {
		if strings.HasPrefix(action, prefix) {
			return false
		}
	}
	return true
}
