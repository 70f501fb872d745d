package aws

import (
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
)

// iamCall is an operation of IAM.
type iamCall[In, Out any] = call[In, Out, iam.Options]

// iamOperations are those that the provider calls.
type iamOperations struct {
	AttachRolePolicy               iamCall[iam.AttachRolePolicyInput, iam.AttachRolePolicyOutput]
	CreateRole                     iamCall[iam.CreateRoleInput, iam.CreateRoleOutput]
	DeleteRole                     iamCall[iam.DeleteRoleInput, iam.DeleteRoleOutput]
	DeleteRolePermissionsBoundary  iamCall[iam.DeleteRolePermissionsBoundaryInput, iam.DeleteRolePermissionsBoundaryOutput]
	DeleteRolePolicy               iamCall[iam.DeleteRolePolicyInput, iam.DeleteRolePolicyOutput]
	DetachRolePolicy               iamCall[iam.DetachRolePolicyInput, iam.DetachRolePolicyOutput]
	GetAccountAuthorizationDetails iamCall[iam.GetAccountAuthorizationDetailsInput, iam.GetAccountAuthorizationDetailsOutput]
	GetRole                        iamCall[iam.GetRoleInput, iam.GetRoleOutput]
	ListAttachedRolePolicies       iamCall[iam.ListAttachedRolePoliciesInput, iam.ListAttachedRolePoliciesOutput]
	ListRolePolicies               iamCall[iam.ListRolePoliciesInput, iam.ListRolePoliciesOutput]
	TagRole                        iamCall[iam.TagRoleInput, iam.TagRoleOutput]
	UntagRole                      iamCall[iam.UntagRoleInput, iam.UntagRoleOutput]
	UpdateAssumeRolePolicy         iamCall[iam.UpdateAssumeRolePolicyInput, iam.UpdateAssumeRolePolicyOutput]
}

// newIAMOperations fills the fields in their order: without names, the compiler
// misses one that is forgotten.
func newIAMOperations(cfg aws.Config) iamOperations {
	api := iam.NewFromConfig(cfg)
	return iamOperations{
		api.AttachRolePolicy,
		api.CreateRole,
		api.DeleteRole,
		api.DeleteRolePermissionsBoundary,
		api.DeleteRolePolicy,
		api.DetachRolePolicy,
		api.GetAccountAuthorizationDetails,
		api.GetRole,
		api.ListAttachedRolePolicies,
		api.ListRolePolicies,
		api.TagRole,
		api.UntagRole,
		api.UpdateAssumeRolePolicy,
	}
}
