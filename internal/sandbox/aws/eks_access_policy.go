package aws

import (
	"slices"
	"strings"

	sdkaws "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eks"
	ekstypes "github.com/aws/aws-sdk-go-v2/service/eks/types"
)

func init() {
	handle("eks", "AssociateAccessPolicy", (*call).eksAssociateAccessPolicy)
	handle("eks", "DisassociateAccessPolicy", (*call).eksDisassociateAccessPolicy)
	handle("eks", "ListAssociatedAccessPolicies", (*call).eksListAssociatedAccessPolicies)
	handle("eks", "ListAccessPolicies", (*call).eksListAccessPolicies)
}

const eksPolicyPrefix = "arn:aws:eks::aws:cluster-access-policy/"

// eksAccessPolicies are the policies that customers may associate ("Review access policy permissions").
var eksAccessPolicies = []string{
	"AmazonEKSAdminPolicy", "AmazonEKSAdminViewPolicy", "AmazonEKSAutoNodePolicy", "AmazonEKSClusterAdminPolicy",
	"AmazonEKSEditPolicy", "AmazonEKSSecretReaderPolicy", "AmazonEKSViewPolicy",
}

func (c *call) eksAssociateAccessPolicy(in *eks.AssociateAccessPolicyInput) (*eks.AssociateAccessPolicyOutput, error) {
	entry, err := c.eksEntry(in.ClusterName, in.PrincipalArn)
	if err != nil {
		return nil, err
	}
	name, known := strings.CutPrefix(sdkaws.ToString(in.PolicyArn), eksPolicyPrefix)
	if !known || !slices.Contains(eksAccessPolicies, name) {
		return nil, eksError("InvalidParameterException", *in.ClusterName, "", "The specified policyArn is invalid: %s", sdkaws.ToString(in.PolicyArn))
	}
	if *entry.Type != "STANDARD" && (*entry.Type != "EC2" || name != "AmazonEKSAutoNodePolicy") {
		return nil, eksError("InvalidRequestException", *in.ClusterName, "", "The access entry of type %s cannot be associated with the policy %s", *entry.Type, name)
	}
	scope := ekstypes.AccessScope{Type: in.AccessScope.Type, Namespaces: append([]string{}, in.AccessScope.Namespaces...)}
	switch {
	case scope.Type == "":
		return nil, eksError("InvalidParameterException", *in.ClusterName, "", "The access scope needs a type")
	case scope.Type == ekstypes.AccessScopeTypeNamespace && len(scope.Namespaces) == 0:
		return nil, eksError("InvalidParameterException", *in.ClusterName, "", "The access scope of type namespace needs at least one namespace")
	case scope.Type == ekstypes.AccessScopeTypeCluster && len(scope.Namespaces) > 0:
		return nil, eksError("InvalidParameterException", *in.ClusterName, "", "The access scope of type cluster cannot have namespaces")
	}
	policy := entry.Policies[*in.PolicyArn]
	if policy == nil {
		if len(entry.Policies) >= 20 {
			return nil, eksError("ResourceLimitExceededException", *in.ClusterName, "", "The maximum number of access policies per access entry has been reached.")
		}
		policy = &ekstypes.AssociatedAccessPolicy{PolicyArn: in.PolicyArn, AssociatedAt: new(c.now())}
		entry.Policies[*in.PolicyArn] = policy
	}
	policy.AccessScope, policy.ModifiedAt = &scope, new(c.now())
	return &eks.AssociateAccessPolicyOutput{AssociatedAccessPolicy: policy, ClusterName: in.ClusterName, PrincipalArn: in.PrincipalArn}, nil
}

func (c *call) eksDisassociateAccessPolicy(in *eks.DisassociateAccessPolicyInput) (*eks.DisassociateAccessPolicyOutput, error) {
	entry, err := c.eksEntry(in.ClusterName, in.PrincipalArn)
	if err != nil {
		return nil, err
	}
	if entry.Policies[sdkaws.ToString(in.PolicyArn)] == nil {
		return nil, eksError("ResourceNotFoundException", *in.ClusterName, "", "The specified policyArn is not associated with the access entry: %s", sdkaws.ToString(in.PolicyArn))
	}
	delete(entry.Policies, *in.PolicyArn)
	return &eks.DisassociateAccessPolicyOutput{}, nil
}

func (c *call) eksListAssociatedAccessPolicies(in *eks.ListAssociatedAccessPoliciesInput) (*eks.ListAssociatedAccessPoliciesOutput, error) {
	entry, err := c.eksEntry(in.ClusterName, in.PrincipalArn)
	if err != nil {
		return nil, err
	}
	var found []ekstypes.AssociatedAccessPolicy
	for _, arn := range sortedKeys(entry.Policies) {
		found = append(found, *entry.Policies[arn])
	}
	page, next, err := eksPage(found, in.NextToken, in.MaxResults)
	return &eks.ListAssociatedAccessPoliciesOutput{AssociatedAccessPolicies: page, NextToken: next, ClusterName: in.ClusterName, PrincipalArn: in.PrincipalArn}, err
}

func (c *call) eksListAccessPolicies(in *eks.ListAccessPoliciesInput) (*eks.ListAccessPoliciesOutput, error) {
	var all []ekstypes.AccessPolicy
	for _, name := range eksAccessPolicies {
		all = append(all, ekstypes.AccessPolicy{Name: new(name), Arn: new(eksPolicyPrefix + name)})
	}
	page, next, err := eksPage(all, in.NextToken, in.MaxResults)
	return &eks.ListAccessPoliciesOutput{AccessPolicies: page, NextToken: next}, err
}
