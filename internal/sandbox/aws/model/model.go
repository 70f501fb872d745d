// Package model holds botocore's models of the AWS services that the sandbox speaks, cut down to what the wire needs.
package model

import (
	"embed"
	"encoding/json"
	"fmt"
	"strings"
)

//go:generate python3 trim.py

//go:embed *.json
var files embed.FS

// Service is one AWS service: its protocol, operations and shapes.
type Service struct {
	Metadata   Metadata
	Operations map[string]*Operation
	Shapes     map[string]*Shape
}

// Metadata says which protocol a service speaks and how it names itself there.
type Metadata struct {
	APIVersion   string `json:"apiVersion"`
	JSONVersion  string `json:"jsonVersion"`
	Protocol     string `json:"protocol"`
	TargetPrefix string `json:"targetPrefix"`
	XMLNamespace string `json:"xmlNamespace"`
}

// Operation is one action with the shapes of its request and its answer.
type Operation struct {
	Name   string
	HTTP   HTTP
	Input  *Ref
	Output *Ref
	Errors []string
}

// HTTP is where an operation of rest-json or rest-xml lives.
type HTTP struct {
	Method       string `json:"method"`
	RequestURI   string `json:"requestUri"`
	ResponseCode int    `json:"responseCode"`
}

// Ref is a use of a shape, with the names it takes there.
type Ref struct {
	Shape            string `json:"shape"`
	ResultWrapper    string `json:"resultWrapper"`
	LocationName     string `json:"locationName"`
	QueryName        string `json:"queryName"`
	Location         string `json:"location"`
	TimestampFormat  string `json:"timestampFormat"`
	Flattened        bool   `json:"flattened"`
	IdempotencyToken bool   `json:"idempotencyToken"`
	// XMLNamespace is that of a rest-xml request; other protocols have one for the service.
	XMLNamespace struct {
		URI string `json:"uri"`
	} `json:"xmlNamespace"`
}

// Shape is a type of the model.
type Shape struct {
	Type            string          `json:"type"`
	Required        []string        `json:"required"`
	Enum            []string        `json:"enum"`
	Pattern         string          `json:"pattern"`
	Min             *float64        `json:"min"`
	Max             *float64        `json:"max"`
	Flattened       bool            `json:"flattened"`
	Payload         string          `json:"payload"`
	LocationName    string          `json:"locationName"`
	TimestampFormat string          `json:"timestampFormat"`
	Members         map[string]*Ref `json:"members"`
	Member          *Ref            `json:"member"`
	Key             *Ref            `json:"key"`
	Value           *Ref            `json:"value"`
	Error           *Error          `json:"error"`
}

// Error is how an exception shape appears on the wire.
type Error struct {
	Code           string `json:"code"`
	HTTPStatusCode int    `json:"httpStatusCode"`
	SenderFault    bool   `json:"senderFault"`
}

// Load reads every embedded model, keyed by the name the service has in a credential scope.
func Load() (map[string]*Service, error) {
	entries, err := files.ReadDir(".")
	if err != nil {
		return nil, fmt.Errorf("list service models: %w", err)
	}
	services := make(map[string]*Service, len(entries))
	for _, entry := range entries {
		raw, err := files.ReadFile(entry.Name())
		if err != nil {
			return nil, fmt.Errorf("read service model %s: %w", entry.Name(), err)
		}
		var service Service
		if err := json.Unmarshal(raw, &service); err != nil {
			return nil, fmt.Errorf("parse service model %s: %w", entry.Name(), err)
		}
		services[strings.TrimSuffix(entry.Name(), ".json")] = &service
	}
	return services, nil
}
