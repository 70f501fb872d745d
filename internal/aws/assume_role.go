package aws

import (
	"cmp"
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials/stscreds"
	"github.com/aws/aws-sdk-go-v2/service/sts"
)

// RoleError says that a role could not be taken.
type RoleError struct {
	Role string
	Err  error
}

func (e *RoleError) Error() string { return "assume role " + e.Role + ": " + e.Err.Error() }

// Unwrap gives the error of STS.
func (e *RoleError) Unwrap() error { return e.Err }

// advice is what to do next.
func (e *RoleError) advice() string {
	return fmt.Sprintf("The role %s cannot be taken: check its ARN, allow sts:AssumeRole on it to the provider's credentials, and name them in the role's trust policy.", e.Role)
}

// roleCredentials are those of a role that is taken with other credentials, on
// first use.
type roleCredentials struct {
	role string
	from *stscreds.AssumeRoleProvider
}

// Retrieve takes the role.
func (r *roleCredentials) Retrieve(ctx context.Context) (aws.Credentials, error) {
	got, err := r.from.Retrieve(ctx)
	if err != nil {
		return got, &RoleError{Role: r.role, Err: err}
	}
	return got, nil
}

// assume gives the configuration the credentials of a role instead of its own.
func (b *Backend) assume(cfg aws.Config, role string) aws.Config {
	own := sts.NewFromConfig(cfg)
	cfg.Credentials = aws.NewCredentialsCache(&roleCredentials{role, stscreds.NewAssumeRoleProvider(own, role, func(o *stscreds.AssumeRoleOptions) {
		o.RoleSessionName = cmp.Or(b.cfg.AssumeRoleSessionName, "terraform-provider-serving")
	})})
	return cfg
}
