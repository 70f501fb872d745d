package aws

import (
	"errors"
	"fmt"
)

// Error is an error as an AWS service answers it.
type Error struct {
	// Code is the code on the wire, such as "InvalidVpcID.NotFound" or "ResourceInUseException".
	Code string
	// Message is for people.
	Message string
	// Status is the HTTP status; zero takes it from the service's model, or 400.
	Status int
	// Type is "Sender" (the default) or "Receiver".
	Type string
	// Fields are further members of the modelled exception, by model member name.
	Fields map[string]any
}

// Error implements error.
func (e *Error) Error() string { return e.Code + ": " + e.Message }

// apiError makes the error that a client sees. The HTTP status comes from the service's model.
func apiError(code, format string, args ...any) error {
	return &Error{Code: code, Message: fmt.Sprintf(format, args...)}
}

// asError turns what a handler returned into what the wire can say.
func asError(err error) *Error {
	var api *Error
	if errors.As(err, &api) {
		return api
	}
	return &Error{Code: "InternalFailure", Message: err.Error(), Status: 500, Type: "Receiver"}
}
