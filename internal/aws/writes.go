package aws

import (
	"context"
	"strings"

	awsmiddleware "github.com/aws/aws-sdk-go-v2/aws/middleware"
	"github.com/aws/smithy-go/middleware"

	"github.com/modelserving/terraform-provider-serving/internal/reads"
)

// countWrites is an SDK middleware that starts a new epoch after every call that may
// have changed something, whoever makes it.
func countWrites(e *reads.Epoch) func(*middleware.Stack) error {
	return func(s *middleware.Stack) error {
		return s.Initialize.Add(middleware.InitializeMiddlewareFunc("serving:epoch", func(ctx context.Context, in middleware.InitializeInput, next middleware.InitializeHandler) (middleware.InitializeOutput, middleware.Metadata, error) {
			out, meta, err := next.HandleInitialize(ctx, in)
			if !isRead(awsmiddleware.GetOperationName(ctx)) {
				e.Add(1)
			}
			return out, meta, err
		}), middleware.After)
	}
}

// isRead reports whether an operation changes nothing, by AWS's own naming.
func isRead(operation string) bool {
	return strings.HasPrefix(operation, "Describe") || strings.HasPrefix(operation, "Get") || strings.HasPrefix(operation, "List")
}
