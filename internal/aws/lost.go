package aws

import (
	"context"
	"errors"
	"net"
	"net/http"
	"strings"

	awsmiddleware "github.com/aws/aws-sdk-go-v2/aws/middleware"
	"github.com/aws/smithy-go/middleware"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"github.com/modelserving/terraform-provider-serving/internal/stack"
)

// lostAnswer keeps the SDK from repeating a call that makes something and may
// have been carried out: most of these have no idempotency token, and a second
// VPC is worse than a question. The engine looks what is there, and then
// decides.
type lostAnswer struct{ err *stack.LostError }

func (e *lostAnswer) Error() string { return e.err.Error() }

// Unwrap gives the engine's error.
func (e *lostAnswer) Unwrap() error { return e.err }

// RetryableError tells the SDK's retryer.
func (e *lostAnswer) RetryableError() bool { return false }

// askFirst is an SDK middleware that runs in each attempt of a call.
func askFirst(s *middleware.Stack) error {
	return s.Finalize.Insert(middleware.FinalizeMiddlewareFunc("serving:lost", func(ctx context.Context, in middleware.FinalizeInput, next middleware.FinalizeHandler) (middleware.FinalizeOutput, middleware.Metadata, error) {
		out, meta, err := next.HandleFinalize(ctx, in)
		if err != nil && makes(awsmiddleware.GetOperationName(ctx)) && unanswered(err) {
			err = &lostAnswer{&stack.LostError{Err: err}}
		}
		return out, meta, err
	}), "Retry", middleware.After)
}

// makes reports whether an operation makes something new, by AWS's own naming.
func makes(operation string) bool {
	for _, verb := range []string{"Create", "Allocate", "Import", "Authorize"} {
		if strings.HasPrefix(operation, verb) {
			return operation != "CreateTags"
		}
	}
	return false
}

// unanswered reports whether a call was sent and its outcome is unknown.
func unanswered(err error) bool {
	var dial *net.OpError
	if errors.Is(err, context.Canceled) || errors.As(err, &dial) && dial.Op == "dial" {
		return false
	}
	var sent *smithyhttp.RequestSendError
	var answer *smithyhttp.ResponseError
	return errors.As(err, &sent) || errors.As(err, &answer) && answer.HTTPStatusCode() >= http.StatusInternalServerError
}
