package aws

func init() {
	handle("iam", "CreateRole", (*call).iamCreateRole)
	handle("iam", "GetRole", (*call).iamGetRole)
	handle("iam", "ListRoles", (*call).iamListRoles)
	handle("iam", "UpdateAssumeRolePolicy", (*call).iamUpdateAssumeRolePolicy)
	handle("iam", "UpdateRole", (*call).iamUpdateRole)
	handle("iam", "DeleteRole", (*call).iamDeleteRole)
	handle("iam", "TagRole", (*call).iamTagRole)
	handle("iam", "UntagRole", (*call).iamUntagRole)
	handle("iam", "ListRoleTags", (*call).iamListRoleTags)
	handle("iam", "AttachRolePolicy", (*call).iamAttachRolePolicy)
	handle("iam", "DetachRolePolicy", (*call).iamDetachRolePolicy)
	handle("iam", "ListAttachedRolePolicies", (*call).iamListAttachedRolePolicies)
	handle("iam", "PutRolePolicy", (*call).iamPutRolePolicy)
	handle("iam", "GetRolePolicy", (*call).iamGetRolePolicy)
	handle("iam", "ListRolePolicies", (*call).iamListRolePolicies)
	handle("iam", "DeleteRolePolicy", (*call).iamDeleteRolePolicy)
	handle("iam", "ListInstanceProfilesForRole", (*call).iamListInstanceProfilesForRole)
	handle("iam", "ListEntitiesForPolicy", (*call).iamListEntitiesForPolicy)
	handle("iam", "GetAccountAuthorizationDetails", (*call).iamGetAccountAuthorizationDetails)
	handle("iam", "GetPolicy", (*call).iamGetPolicy)
	handle("iam", "GetPolicyVersion", (*call).iamGetPolicyVersion)
	handle("iam", "CreateServiceLinkedRole", (*call).iamCreateServiceLinkedRole)
	handle("sts", "GetCallerIdentity", (*call).stsGetCallerIdentity)
	handle("sts", "AssumeRole", (*call).stsAssumeRole)

	registerAccountKind("iam.role", func(a *Account) any { return a.Roles }, live(func(_ *Region, r *Role) bool {
		// Roles of AWS services are theirs, and cannot be deleted by a client of these APIs.
		return !serviceLinked(r)
	}))
}
