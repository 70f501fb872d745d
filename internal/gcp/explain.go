package gcp

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"regexp"
	"strings"

	"cloud.google.com/go/container/apiv1/containerpb"

	"github.com/modelserving/terraform-provider-serving/internal/stack"
)

// APIError is a call that Google Cloud refused or could not carry out, or that did
// not reach it, with what to do about it.
type APIError struct {
	// Code and Message are Google's own; Code is empty when there was no answer.
	Code, Message string
	// Advice says what to do next; it may be empty.
	Advice string
	err    error
}

// Cause is what was said without what to do about it, so that several calls that
// were refused for one reason can be told together.
func (e *APIError) Cause() string {
	if e.Code == "" {
		return e.Message
	}
	return e.Code + ": " + e.Message
}

func (e *APIError) Error() string {
	text := e.Cause()
	if e.Advice != "" {
		text += "\n" + e.Advice
	}
	return text
}

// Unwrap gives the cause.
func (e *APIError) Unwrap() error { return e.err }

// advised is an error that knows better what to do next than its code tells.
type advised struct {
	err    error
	advice string
}

func (e *advised) Error() string { return e.err.Error() + "\n" + e.advice }

// Unwrap gives the cloud's error.
func (e *advised) Unwrap() error { return e.err }

// explain replaces the SDK's errors inside err by ones that say what to do.
func explain(err error) error {
	if err == nil {
		return nil
	}
	var whole *stack.Error
	if errors.As(err, &whole) {
		for i := range whole.Failures {
			whole.Failures[i] = explainObject(whole.Failures[i])
		}
		return whole
	}
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		var all []error
		for _, e := range joined.Unwrap() {
			all = append(all, explain(e))
		}
		return errors.Join(all...)
	}
	return explainObject(err)
}

// explainObject keeps the object's name around the explanation.
func explainObject(err error) error {
	var object *stack.ObjectError
	if errors.As(err, &object) {
		return &stack.ObjectError{Verb: object.Verb, Object: object.Object, Err: explainCall(object.Err)}
	}
	return explainCall(err)
}

func explainCall(err error) error {
	var already *APIError
	if errors.As(err, &already) {
		return err
	}
	e := &APIError{Message: plainText(err), err: err}
	var operation *operationError
	var busy *busyError
	var dns *net.DNSError
	var dial *net.OpError
	api := answer(err)
	switch {
	case api != nil:
		e.Code, e.Message = reasonOf(err), api.Message
		e.Advice = advice(api.Code, e.Code, e.Message)
		if body := parseRefusal([]byte(api.Body)); (api.Code == http.StatusTooManyRequests || api.Code == http.StatusForbidden) && body.lasting() {
			e.Advice = body.quota().advice()
		}
	case errors.As(err, &operation):
		e.Code, e.Message = operation.Code, fmt.Sprintf("%s of %s: %s", operation.Operation, operation.Target, operation.Message)
		e.Advice = advice(operation.HTTP, operation.Code, operation.Message)
		if operation.quota != (quota{}) {
			e.Advice = operation.quota.advice()
		}
	case errors.As(err, &busy):
		e.Message = busy.Error()
		e.Advice = "Google Cloud was too busy, or throttled the calls beyond the retries: apply again, with a lower -parallelism or a higher gcp.max_retries."
	case errors.Is(err, context.DeadlineExceeded):
		e.Message, e.Advice = strings.Replace(e.Message, context.DeadlineExceeded.Error(), "no answer in time", 1), "Raise the matching value in timeouts, and look at the object in the Google Cloud console."
	case errors.Is(err, context.Canceled):
		e.Message, e.Advice = "interrupted", "Apply again: what exists by now is found and completed."
	case errors.As(err, &dns):
		e.Message, e.Advice = dns.Error(), "The endpoint's host does not resolve: does this machine have a way out?"
	case errors.As(err, &dial):
		e.Message, e.Advice = dial.Error(), "The endpoint cannot be reached: check the network, a proxy, or that the sandbox runs."
	case strings.Contains(e.Message, containerpb.StatusCondition_GCE_STOCKOUT.String()):
		// What GKE says of an object that failed long after the call that made it.
		e.Advice = soldOut(e.Message)
	case strings.Contains(e.Message, containerpb.StatusCondition_GCE_QUOTA_EXCEEDED.String()):
		e.Advice = quota{}.advice()
	default:
		return err
	}
	var better *advised
	if errors.As(err, &better) {
		e.Advice = better.advice
	}
	var blocked *stack.BlockedError
	if errors.As(err, &blocked) && blocked.By != "" {
		e.Message += "; still in use by " + blocked.By
	}
	return e
}

// plainText is an error's text without the request that it belongs to.
func plainText(err error) string {
	var request *url.Error
	if errors.As(err, &request) {
		return request.Err.Error()
	}
	return err.Error()
}

// apiPage finds the link that enables an API in the cloud's message.
var apiPage = regexp.MustCompile(`https://console\.(?:developers|cloud)\.google\.com/\S+`)

// places finds a zone and a machine or accelerator type in the cloud's message.
var places = regexp.MustCompile(`(?:zones/|zone ["']?)([a-z]+-[a-z]+[0-9]+-[a-z])`)

// advice is what to do about a refusal.
func advice(status int, code, message string) string {
	lower := strings.ToLower(message)
	is := func(parts ...string) bool {
		for _, part := range parts {
			if strings.Contains(strings.ToLower(strings.ReplaceAll(code, "_", "")), part) {
				return true
			}
		}
		return false
	}
	switch {
	case is("servicedisabled", "accessnotconfigured") || strings.Contains(lower, "it is disabled") || strings.Contains(lower, "api has not been used"):
		link := apiPage.FindString(message)
		return strings.TrimSpace("The API is not enabled in the project: enable it, as with \"gcloud services enable compute.googleapis.com container.googleapis.com certificatemanager.googleapis.com\", wait a few minutes, and apply again. " + link)
	case is("stockout", "resourcepoolexhausted", "resourcesunavailable") || strings.Contains(lower, "does not have enough resources") || strings.Contains(lower, "stockout"):
		return soldOut(message)
	case is("ratelimit"):
		return "Google Cloud throttled the calls beyond the retries: apply again, with a lower -parallelism or a higher gcp.max_retries."
	case is("quota") || strings.Contains(lower, "quota"):
		return quota{}.advice()
	case status == http.StatusUnauthorized:
		return "Google Cloud does not accept the credentials: run \"gcloud auth application-default login\", or check gcp.credentials_file and GOOGLE_APPLICATION_CREDENTIALS, and the machine's clock."
	case status == http.StatusForbidden:
		return "The credentials lack a permission: grant a role that has it, or use others. The provider's guide lists every permission it needs."
	case is("inusebyanotherresource"):
		return "Something outside of this resource still uses the object: remove that first, then run the same command again."
	case is("ipspaceexhausted") || strings.Contains(lower, "ip space") || strings.Contains(lower, "insufficient") && strings.Contains(lower, "range"):
		return "A range has no free addresses left: give a larger network.pod_cidr or network.service_cidr, or fewer nodes."
	}
	return ""
}

// soldOut says what there is none of and where, as far as the cloud does.
func soldOut(message string) string {
	where := "in the zones of the pool"
	if zone := places.FindStringSubmatch(message); zone != nil {
		where = "in " + zone[1]
	}
	return fmt.Sprintf("There is no capacity %s now: choose other zones with network.zones, another machine type or accelerator, or spot = false, and apply again.", where)
}
