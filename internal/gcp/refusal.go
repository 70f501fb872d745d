package gcp

import (
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"strings"

	"github.com/googleapis/gax-go/v2/apierror"
	"google.golang.org/api/googleapi"

	"github.com/modelserving/terraform-provider-serving/internal/stack"
)

// refusal is the body of an error, in the form of Compute Engine (errors) or of
// the other APIs (status and details).
type refusal struct {
	Error struct {
		Code    int    `json:"code"`
		Message string `json:"message"`
		Status  string `json:"status"`
		Errors  []struct {
			Reason string `json:"reason"`
		} `json:"errors"`
		Details []struct {
			Type       string            `json:"@type"`
			Reason     string            `json:"reason"`
			Metadata   map[string]string `json:"metadata"`
			Violations []struct {
				QuotaMetric     string            `json:"quotaMetric"`
				QuotaID         string            `json:"quotaId"`
				QuotaValue      json.Number       `json:"quotaValue"`
				QuotaDimensions map[string]string `json:"quotaDimensions"`
			} `json:"violations"`
		} `json:"details"`
	} `json:"error"`
}

// parseRefusal reads a body; one that is none of ours is empty.
func parseRefusal(body []byte) refusal {
	var r refusal
	_ = json.Unmarshal(body, &r) // A proxy's page says nothing that could be read.
	return r
}

// reason is the word of the error that a program can go by: that of its details,
// else that of its first error, else its status.
func (r refusal) reason() string {
	for _, d := range r.Error.Details {
		if d.Reason != "" {
			return d.Reason
		}
	}
	for _, e := range r.Error.Errors {
		if e.Reason != "" {
			return e.Reason
		}
	}
	return r.Error.Status
}

// answer is the error that the cloud gave, or nil when it gave none.
func answer(err error) *googleapi.Error {
	var api *googleapi.Error
	if errors.As(err, &api) {
		return api
	}
	var wrapped *apierror.APIError
	if errors.As(err, &wrapped) && errors.As(wrapped.Unwrap(), &api) {
		return api
	}
	return nil
}

// isCode reports whether err is a refusal with one of the HTTP codes.
func isCode(err error, codes ...int) bool {
	if api := answer(err); api != nil {
		return slices.Contains(codes, api.Code)
	}
	var operation *operationError
	return errors.As(err, &operation) && slices.Contains(codes, operation.HTTP)
}

// isReason reports whether err is a refusal for one of the reasons, which
// operations write in capitals and answers do not.
func isReason(err error, reasons ...string) bool {
	got := reasonOf(err)
	return got != "" && slices.ContainsFunc(reasons, func(reason string) bool {
		return strings.EqualFold(strings.ReplaceAll(got, "_", ""), reason)
	})
}

func reasonOf(err error) string {
	var operation *operationError
	if errors.As(err, &operation) {
		return operation.Code
	}
	api := answer(err)
	if api == nil {
		return ""
	}
	if reason := parseRefusal([]byte(api.Body)).reason(); reason != "" {
		return reason
	}
	for _, e := range api.Errors {
		return e.Reason
	}
	return ""
}

// absent drops the error that says that what was asked for is not there.
func absent(err error) error {
	if isCode(err, http.StatusNotFound) {
		return nil
	}
	return err
}

// blocked makes the refusal to remove what is in use one that is tried again.
// What uses it is in the message.
func blocked(err error) error {
	if isReason(err, "resourceInUseByAnotherResource", "resourceNotReady", "resourceInUse") {
		return &stack.BlockedError{Err: err}
	}
	return err
}
