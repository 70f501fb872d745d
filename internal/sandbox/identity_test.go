package sandbox_test

import (
	"errors"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	iamtypes "github.com/aws/aws-sdk-go-v2/service/iam/types"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"github.com/modelserving/terraform-provider-serving/internal/sandbox/sandboxtest"
)

const trustEKS = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"eks.amazonaws.com"},"Action":"sts:AssumeRole"}]}`

func TestRoleLifecycle(t *testing.T) {
	t.Parallel()
	s := sandboxtest.Start(t)
	c, ctx := iamClient(s.URL), t.Context()
	name, policy := new("serving-prod"), new("arn:aws:iam::aws:policy/AmazonEKSClusterPolicy")
	must(c.CreateRole(ctx, &iam.CreateRoleInput{
		RoleName: name, AssumeRolePolicyDocument: new(trustEKS), Tags: []iamtypes.Tag{{Key: new("serving:stack"), Value: new("cluster/prod")}},
	}))(t)
	_, err := c.CreateRole(ctx, &iam.CreateRoleInput{RoleName: new("Serving-Prod"), AssumeRolePolicyDocument: new(trustEKS)})
	var exists *iamtypes.EntityAlreadyExistsException
	if !errors.As(err, &exists) {
		t.Errorf("a second role with the name: %v, want EntityAlreadyExistsException", err)
	}
	must(c.AttachRolePolicy(ctx, &iam.AttachRolePolicyInput{RoleName: name, PolicyArn: policy}))(t)
	must(c.PutRolePolicy(ctx, &iam.PutRolePolicyInput{RoleName: name, PolicyName: new("own"), PolicyDocument: new(`{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":["s3:Get*"],"Resource":"*"}}`)}))(t)

	role := must(c.GetRole(ctx, &iam.GetRoleInput{RoleName: name}))(t).Role
	if document, err := url.QueryUnescape(*role.AssumeRolePolicyDocument); err != nil || document != trustEKS || !strings.Contains(*role.AssumeRolePolicyDocument, "%22") {
		t.Errorf("trust policy = %s, want the document percent-encoded", *role.AssumeRolePolicyDocument)
	}
	details := must(c.GetAccountAuthorizationDetails(ctx, &iam.GetAccountAuthorizationDetailsInput{Filter: []iamtypes.EntityType{iamtypes.EntityTypeRole}}))(t)
	if len(details.RoleDetailList) != 1 || len(details.RoleDetailList[0].AttachedManagedPolicies) != 1 || len(details.RoleDetailList[0].RolePolicyList) != 1 || len(details.RoleDetailList[0].Tags) != 1 {
		t.Errorf("authorization details = %+v", details.RoleDetailList)
	}
	_, err = c.DeleteRole(ctx, &iam.DeleteRoleInput{RoleName: name})
	wantCode(t, err, "DeleteConflict")
	must(c.DetachRolePolicy(ctx, &iam.DetachRolePolicyInput{RoleName: name, PolicyArn: policy}))(t)
	must(c.DeleteRolePolicy(ctx, &iam.DeleteRolePolicyInput{RoleName: name, PolicyName: new("own")}))(t)
	must(c.DeleteRole(ctx, &iam.DeleteRoleInput{RoleName: name}))(t)
	_, err = c.GetRole(ctx, &iam.GetRoleInput{RoleName: name})
	var missing *iamtypes.NoSuchEntityException
	if !errors.As(err, &missing) {
		t.Errorf("a deleted role: %v, want NoSuchEntityException", err)
	}
	if census := s.AWS.Census(); census.Total != 0 {
		t.Errorf("left over: %+v", census.Objects)
	}
}

func TestRoleRefusals(t *testing.T) {
	t.Parallel()
	s := sandboxtest.Start(t)
	c, ctx := iamClient(s.URL), t.Context()
	create := func(name, trust string) error {
		_, err := c.CreateRole(ctx, &iam.CreateRoleInput{RoleName: &name, AssumeRolePolicyDocument: &trust})
		return err
	}
	for name, test := range map[string]struct {
		err  error
		code string
	}{
		"not JSON":             {create("a", "x"), "MalformedPolicyDocument"},
		"unknown key":          {create("a", strings.Replace(trustEKS, "Version", "Versoin", 1)), "MalformedPolicyDocument"},
		"resource in a trust":  {create("a", strings.Replace(trustEKS, `"Action"`, `"Resource":"*","Action"`, 1)), "MalformedPolicyDocument"},
		"service that is not":  {create("a", strings.Replace(trustEKS, "eks.amazonaws.com", "eks", 1)), "MalformedPolicyDocument"},
		"name with characters": {create("a b", trustEKS), "ValidationError"},
		"name too long":        {create(strings.Repeat("a", 65), trustEKS), "ValidationError"},
		"policy of nobody": {func() error {
			_, err := c.GetPolicy(ctx, &iam.GetPolicyInput{PolicyArn: new("arn:aws:iam::aws:policy/AmazonEKSClusterPolcy")})
			return err
		}(), "NoSuchEntity"},
	} {
		t.Run(name, func(t *testing.T) { wantCode(t, test.err, test.code) })
	}
}

func TestCredentials(t *testing.T) {
	t.Parallel()
	s := sandboxtest.Start(t)
	ctx := t.Context()
	who := must(stsClient(s.URL).GetCallerIdentity(ctx, &sts.GetCallerIdentityInput{}))(t)
	if *who.Account != "123456789012" {
		t.Errorf("account = %s", *who.Account)
	}

	wrong := config(s.URL)
	wrong.Credentials = credentials.NewStaticCredentialsProvider("nobody", "sandbox", "")
	_, err := sts.NewFromConfig(wrong).GetCallerIdentity(ctx, &sts.GetCallerIdentityInput{})
	wantCode(t, err, "InvalidClientTokenId")
	_, err = ec2.NewFromConfig(wrong).DescribeVpcs(ctx, &ec2.DescribeVpcsInput{})
	wantCode(t, err, "AuthFailure")
	wrong.Credentials = credentials.NewStaticCredentialsProvider("sandbox", "guess", "")
	_, err = sts.NewFromConfig(wrong).GetCallerIdentity(ctx, &sts.GetCallerIdentityInput{})
	wantCode(t, err, "SignatureDoesNotMatch")
	moon := config(s.URL)
	moon.Region = "moon-east-1"
	_, err = ec2.NewFromConfig(moon).DescribeVpcs(ctx, &ec2.DescribeVpcsInput{})
	wantCode(t, err, "AuthFailure")

	// A role of another account leads into that account, which has a network of its own.
	makeNetwork(t, ec2Client(s.URL))
	_, err = stsClient(s.URL).AssumeRole(ctx, &sts.AssumeRoleInput{RoleArn: new("arn:aws:iam::210987654321:role/nobody"), RoleSessionName: new("test")})
	wantCode(t, err, "AccessDenied")
	assumed := must(stsClient(s.URL).AssumeRole(ctx, &sts.AssumeRoleInput{
		RoleArn: new("arn:aws:iam::210987654321:role/OrganizationAccountAccessRole"), RoleSessionName: new("test"),
	}))(t)
	peer := config(s.URL)
	peer.Credentials = credentials.NewStaticCredentialsProvider(*assumed.Credentials.AccessKeyId, *assumed.Credentials.SecretAccessKey, *assumed.Credentials.SessionToken)
	if who := must(sts.NewFromConfig(peer).GetCallerIdentity(ctx, &sts.GetCallerIdentityInput{}))(t); *who.Account != "210987654321" {
		t.Errorf("account after AssumeRole = %s", *who.Account)
	}
	if vpcs := must(ec2.NewFromConfig(peer).DescribeVpcs(ctx, &ec2.DescribeVpcsInput{}))(t); len(vpcs.Vpcs) != 0 {
		t.Errorf("the other account sees %d VPCs of the first", len(vpcs.Vpcs))
	}
	peer.Credentials = credentials.NewStaticCredentialsProvider(*assumed.Credentials.AccessKeyId, *assumed.Credentials.SecretAccessKey, "")
	_, err = sts.NewFromConfig(peer).GetCallerIdentity(ctx, &sts.GetCallerIdentityInput{})
	wantCode(t, err, "InvalidClientTokenId")
}

// TestPresignedIdentity is how a Kubernetes API server finds out who a token belongs to.
func TestPresignedIdentity(t *testing.T) {
	t.Parallel()
	s := sandboxtest.Start(t)
	request := must(sts.NewPresignClient(stsClient(s.URL)).PresignGetCallerIdentity(t.Context(), &sts.GetCallerIdentityInput{}))(t)
	for name, test := range map[string]struct {
		url    string
		status int
	}{
		"as signed": {request.URL, http.StatusOK},
		"tampered":  {strings.Replace(request.URL, "X-Amz-Signature=", "X-Amz-Signature=0", 1), http.StatusForbidden},
	} {
		t.Run(name, func(t *testing.T) {
			answer, err := http.Get(test.url)
			if err != nil {
				t.Fatal(err)
			}
			_ = answer.Body.Close()
			if answer.StatusCode != test.status {
				t.Errorf("status = %d, want %d", answer.StatusCode, test.status)
			}
		})
	}
}
