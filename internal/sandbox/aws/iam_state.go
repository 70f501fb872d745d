package aws

import (
	"time"

	iamtypes "github.com/aws/aws-sdk-go-v2/service/iam/types"
)

// Role is an IAM role with its policies. Documents are kept as sent; IAM answers them URL-encoded.
type Role struct {
	iamtypes.Role
	// Attached holds ARNs of managed policies in the order of their attachment.
	Attached []string
	// Inline maps policy names to documents.
	Inline map[string]string
}

// session is a set of temporary credentials.
type session struct {
	Secret, Token string
	Account       string
	// ARN and ID are the assumed-role identity.
	ARN, ID    string
	Expiration time.Time
}
