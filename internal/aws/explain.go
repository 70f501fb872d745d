package aws

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"

	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/smithy-go"

	"github.com/modelserving/terraform-provider-serving/internal/stack"
)

// APIError is a call that AWS refused or that did not reach it, with what to do
// about it.
type APIError struct {
	// Call is the service and action, as IAM policies write them.
	Call string
	// Code and Message are AWS's own; Code is empty when there was no answer.
	Code, Message string
	RequestID     string
	// Advice says what to do next; it may be empty.
	Advice string
	err    error
}

// Cause is what was said without the number of the request, so that several
// calls that were refused for one reason can be told together.
func (e *APIError) Cause() string {
	text := e.Call + ": "
	if e.Code != "" {
		text += e.Code + ": "
	}
	return text + e.Message
}

func (e *APIError) Error() string {
	text := e.Cause()
	if e.RequestID != "" {
		text += " (request " + e.RequestID + ")"
	}
	if e.Advice != "" {
		text += "\n" + e.Advice
	}
	return text
}

// Unwrap gives the SDK's error.
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
	var operation *smithy.OperationError
	if errors.As(err, &already) || !errors.As(err, &operation) {
		return err
	}
	e := &APIError{Call: callName(operation), Message: operation.Err.Error(), err: err}
	var response *awshttp.ResponseError
	if errors.As(err, &response) {
		e.RequestID = response.RequestID
	}
	var role *RoleError
	if errors.As(err, &role) {
		// What was called first is not what was refused.
		_ = errors.As(role.Err, &operation)
		e.Call, e.Message = callName(operation), role.Err.Error()
	}
	var api smithy.APIError
	var dns *net.DNSError
	var dial *net.OpError
	switch {
	case errors.As(err, &api):
		e.Code, e.Message = api.ErrorCode(), api.ErrorMessage()
		e.Advice = advice(e.Code, e.Message, e.Call)
	case errors.Is(err, context.DeadlineExceeded):
		e.Message, e.Advice = "no answer in time", "Raise the matching value in timeouts, and look at the object in the AWS console."
	case errors.Is(err, context.Canceled):
		e.Message, e.Advice = "interrupted", "Apply again: what exists by now is found and completed."
	case errors.As(err, &dns):
		e.Message, e.Advice = dns.Error(), "The endpoint's host does not resolve: is the region spelled right, and does this machine have a way out?"
	case errors.As(err, &dial):
		e.Message, e.Advice = dial.Error(), "The endpoint cannot be reached: check the network, a proxy, AWS_ENDPOINT_URL, or that the sandbox runs."
	}
	if role != nil {
		e.Advice = role.advice()
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

// callName writes an operation as IAM policies do.
func callName(o *smithy.OperationError) string {
	services := map[string]string{"EC2": "ec2", "EKS": "eks", "Elastic Load Balancing v2": "elasticloadbalancing", "ACM": "acm", "IAM": "iam", "Auto Scaling": "autoscaling", "Route 53": "route53", "STS": "sts"}
	service := services[o.Service()]
	if service == "" {
		service = o.Service()
	}
	return service + ":" + o.Operation()
}

// advice is what to do about an error code.
func advice(code, message, call string) string {
	contains := func(parts ...string) bool {
		for _, p := range parts {
			if strings.Contains(code, p) {
				return true
			}
		}
		return false
	}
	switch {
	case contains("AccessDenied", "UnauthorizedOperation", "Forbidden"):
		return fmt.Sprintf("The credentials lack permission for %s: allow it in their policy, or use others. The provider's guide lists every action it needs.", call)
	case contains("AuthFailure", "UnrecognizedClient", "InvalidClientTokenId", "SignatureDoesNotMatch", "IncompleteSignature", "InvalidSignature"):
		return "AWS does not accept the credentials: check AWS_PROFILE, AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, the machine's clock, and that the region exists and is enabled in the account."
	case contains("ExpiredToken", "RequestExpired"):
		return "The credentials have expired: sign in again."
	case contains("OptInRequired"):
		return "The region or service is not enabled in this account: enable it in the account's settings."
	case contains("LimitExceeded", "TooMany", "QuotaExceeded", "MaxSpotInstanceCount") || strings.Contains(strings.ToLower(message), "quota"):
		return "A quota of the account is reached: ask for more in Service Quotas, or remove what is no longer needed, and apply again."
	case contains("Throttl", "RequestLimitExceeded"):
		return "AWS throttled the calls beyond the retries: apply again, with a lower -parallelism or a higher aws.max_retries."
	case contains("InsufficientInstanceCapacity", "UnsupportedAvailabilityZone", "InsufficientFreeAddresses"):
		return "There is no capacity in these zones now: choose other zones or another machine type, and apply again."
	case contains("DependencyViolation", "ResourceInUse"):
		return "Something outside of this resource still uses the object: remove that first, then run the same command again."
	}
	return ""
}
