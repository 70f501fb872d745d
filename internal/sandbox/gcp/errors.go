package gcp

import (
	"errors"
	"fmt"
	"net/http"
	"strings"

	"google.golang.org/protobuf/proto"
)

// Error is an error as Google's APIs answer it.
type Error struct {
	// Status is the HTTP status.
	Status int
	// Code is the canonical code, such as "FAILED_PRECONDITION"; empty follows from the status.
	Code string
	// Reason is what Compute Engine says instead, such as "resourceInUseByAnotherResource"; empty follows from the status.
	Reason string
	// Message is for people.
	Message string
	// Domain is "global" when empty.
	Domain string
	// Location says where Reason is about, as in "If-Match", a header.
	Location string
	// Details are messages of google.rpc and the like.
	Details []proto.Message
}

// Error implements error.
func (e *Error) Error() string { return fmt.Sprintf("%d %s: %s", e.Status, e.canonical(), e.Message) }

// errElsewhere is for a path of two services: this one does not have the object.
var errElsewhere = errors.New("another service has it, or none")

func (e *Error) canonical() string {
	if e.Code != "" {
		return e.Code
	}
	switch e.Status {
	case http.StatusBadRequest:
		return "INVALID_ARGUMENT"
	case http.StatusUnauthorized:
		return "UNAUTHENTICATED"
	case http.StatusForbidden:
		return "PERMISSION_DENIED"
	case http.StatusNotFound:
		return "NOT_FOUND"
	case http.StatusConflict:
		return "ALREADY_EXISTS"
	case http.StatusPreconditionFailed:
		return "FAILED_PRECONDITION"
	case http.StatusTooManyRequests:
		return "RESOURCE_EXHAUSTED"
	case http.StatusNotImplemented:
		return "UNIMPLEMENTED"
	case http.StatusServiceUnavailable:
		return "UNAVAILABLE"
	case http.StatusGatewayTimeout:
		return "DEADLINE_EXCEEDED"
	}
	return "INTERNAL"
}

func (e *Error) reason() string {
	if e.Reason != "" {
		return e.Reason
	}
	switch e.Status {
	case http.StatusBadRequest:
		return "invalid"
	case http.StatusUnauthorized:
		return "authError"
	case http.StatusForbidden:
		return "forbidden"
	case http.StatusNotFound:
		return "notFound"
	case http.StatusConflict:
		return "alreadyExists"
	case http.StatusPreconditionFailed:
		return "conditionNotMet"
	case http.StatusTooManyRequests:
		return "rateLimitExceeded"
	}
	return "backendError"
}

// faultStatus are the HTTP statuses of codes and reasons, for fault rules that name no status.
var faultStatus = map[string]int{
	"INVALID_ARGUMENT": 400, "FAILED_PRECONDITION": 400, "OUT_OF_RANGE": 400, "UNAUTHENTICATED": 401, "PERMISSION_DENIED": 403,
	"NOT_FOUND": 404, "ALREADY_EXISTS": 409, "ABORTED": 409, "RESOURCE_EXHAUSTED": 429, "CANCELLED": 499, "INTERNAL": 500,
	"UNKNOWN": 500, "DATA_LOSS": 500, "UNIMPLEMENTED": 501, "UNAVAILABLE": 503, "DEADLINE_EXCEEDED": 504,
	"invalid": 400, "required": 400, "resourceNotReady": 400, "resourceInUseByAnotherResource": 400, "badRequest": 400,
	"authError": 401, "forbidden": 403, "quotaExceeded": 403, "accessNotConfigured": 403, "rateLimitExceeded": 403, "notFound": 404,
	"alreadyExists": 409, "conditionNotMet": 412, "backendError": 503, "internalError": 500,
}

// faultError is the error that a fault rule asks for.
func faultError(code string, status int, message string) *Error {
	e := &Error{Status: status, Message: message}
	if e.Status == 0 {
		e.Status = faultStatus[code]
	}
	if e.Status == 0 {
		e.Status = http.StatusBadRequest
	}
	if e.Message == "" {
		e.Message = "Injected by a fault rule."
	}
	if code == strings.ToUpper(code) {
		e.Code = code
	} else {
		e.Reason = code
	}
	return e
}

// asError turns what a handler returned into what the wire can say.
func asError(err error) *Error {
	var api *Error
	if errors.As(err, &api) {
		return api
	}
	return &Error{Status: http.StatusInternalServerError, Message: err.Error()}
}

// invalid is about the value of a field of a request to Compute Engine, such as "resource.ipCidrRange".
func invalid(field, value, format string, args ...any) error {
	return &Error{Status: 400, Reason: "invalid", Message: fmt.Sprintf("Invalid value for field '%s': '%s'. ", field, value) + fmt.Sprintf(format, args...)}
}

// badRequest is what is wrong with a request to Compute Engine as a whole.
func badRequest(format string, args ...any) error {
	return &Error{Status: 400, Reason: "badRequest", Message: fmt.Sprintf(format, args...)}
}

// required is about a field of a request to Compute Engine that is missing.
func required(field string) error {
	return &Error{Status: 400, Reason: "required", Message: fmt.Sprintf("Required field '%s' not specified", field)}
}

// unsupported is for what exists in reality and not here.
func unsupported(field string) error {
	return &Error{Status: 400, Reason: "invalid", Message: fmt.Sprintf("The sandbox does not implement '%s'.", field)}
}

// notFound is about a resource of Compute Engine, such as "projects/p/global/networks/n".
func notFound(path string) error {
	return &Error{Status: 404, Message: fmt.Sprintf("The resource '%s' was not found", path)}
}

func alreadyExists(path string) error {
	return &Error{Status: 409, Message: fmt.Sprintf("The resource '%s' already exists", path)}
}

func notReady(path string) error {
	return &Error{Status: 400, Reason: "resourceNotReady", Message: fmt.Sprintf("The resource '%s' is not ready", path)}
}

func inUse(title, path, by string) error {
	return &Error{
		Status: 400, Reason: "resourceInUseByAnotherResource",
		Message: fmt.Sprintf("The %s resource '%s' is already being used by '%s'", title, path, by),
	}
}

// staleFingerprint is about a resource that somebody else has changed since it was read.
func staleFingerprint() error {
	return &Error{Status: 412, Message: "Invalid fingerprint.", Location: "If-Match"}
}
