package sandbox_test

import (
	"errors"
	"testing"

	sdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go"
)

// config points the SDK at a sandbox. It does not retry, so that each test sees what was answered.
func config(url string) sdk.Config {
	return sdk.Config{
		Region: "us-west-2", BaseEndpoint: &url, Credentials: credentials.NewStaticCredentialsProvider("sandbox", "sandbox", ""),
		Retryer: func() sdk.Retryer { return sdk.NopRetryer{} },
	}
}

func ec2Client(url string) *ec2.Client { return ec2.NewFromConfig(config(url)) }
func iamClient(url string) *iam.Client { return iam.NewFromConfig(config(url)) }
func stsClient(url string) *sts.Client { return sts.NewFromConfig(config(url)) }

// must returns a function that ends the test on an error, so that a call with two results fits in an expression.
func must[T any](value T, err error) func(t *testing.T) T {
	return func(t *testing.T) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return value
	}
}

func wantCode(t *testing.T, err error, code string) {
	t.Helper()
	var api smithy.APIError
	if !errors.As(err, &api) || api.ErrorCode() != code {
		t.Errorf("error = %v, want code %s", err, code)
	}
}
