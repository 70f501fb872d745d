package aws

import (
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/iam"
	iamtypes "github.com/aws/aws-sdk-go-v2/service/iam/types"
)

// managedPolicies are those of AWS that a serving cluster could want, by path and name.
var managedPolicies = []string{
	"AmazonEKSClusterPolicy", "AmazonEKSWorkerNodePolicy", "AmazonEKSWorkerNodeMinimalPolicy", "AmazonEKS_CNI_Policy",
	"AmazonEKSServicePolicy", "AmazonEKSVPCResourceController", "AmazonEKSLoadBalancingPolicy", "AmazonEKSComputePolicy",
	"AmazonEKSBlockStoragePolicy", "AmazonEKSNetworkingPolicy", "AmazonEC2ContainerRegistryReadOnly",
	"AmazonEC2ContainerRegistryPullOnly", "AmazonSSMManagedInstanceCore", "CloudWatchAgentServerPolicy", "ReadOnlyAccess",
	"AdministratorAccess", "PowerUserAccess", "AmazonS3ReadOnlyAccess", "service-role/AmazonEBSCSIDriverPolicy",
}

const managedPrefix = "arn:aws:iam::aws:policy/"

// managedPolicy finds a policy of AWS by its ARN.
func managedPolicy(arn *string) (*iamtypes.Policy, error) {
	path, ok := strings.CutPrefix(text(arn), managedPrefix)
	if !ok || !slices.Contains(managedPolicies, path) {
		return nil, apiError("NoSuchEntity", "Policy %s does not exist or is not attachable.", text(arn))
	}
	folder, name := "/", path
	if i := strings.LastIndex(path, "/"); i >= 0 {
		folder, name = "/"+path[:i+1], path[i+1:]
	}
	made := time.Date(2018, 5, 27, 0, 0, 0, 0, time.UTC)
	return &iamtypes.Policy{
		Arn: arn, PolicyName: new(name), Path: new(folder), PolicyId: new("ANPA" + strings.ToUpper(digest(path)[:17])), DefaultVersionId: new("v1"),
		IsAttachable: true, AttachmentCount: new(int32(0)), PermissionsBoundaryUsageCount: new(int32(0)), CreateDate: new(made), UpdateDate: new(made),
	}, nil
}

func (c *call) iamAttachRolePolicy(in *iam.AttachRolePolicyInput) (*iam.AttachRolePolicyOutput, error) {
	r, err := c.changeable(in.RoleName)
	if err != nil {
		return nil, err
	}
	if !strings.HasPrefix(*in.PolicyArn, "arn:") {
		return nil, apiError("InvalidInput", "ARN %s is not valid.", *in.PolicyArn)
	}
	if _, err := managedPolicy(in.PolicyArn); err != nil {
		return nil, err
	}
	if slices.Contains(r.Attached, *in.PolicyArn) {
		return &iam.AttachRolePolicyOutput{}, nil
	}
	if len(r.Attached) >= c.quota("iam.attached_policies_per_role") {
		return nil, apiError("LimitExceeded", "Cannot exceed quota for PoliciesPerRole: %d", c.quota("iam.attached_policies_per_role"))
	}
	r.Attached = append(r.Attached, *in.PolicyArn)
	return &iam.AttachRolePolicyOutput{}, nil
}

func (c *call) iamDetachRolePolicy(in *iam.DetachRolePolicyInput) (*iam.DetachRolePolicyOutput, error) {
	r, err := c.changeable(in.RoleName)
	if err != nil {
		return nil, err
	}
	i := slices.Index(r.Attached, *in.PolicyArn)
	if i < 0 {
		return nil, apiError("NoSuchEntity", "Policy %s was not found.", *in.PolicyArn)
	}
	r.Attached = slices.Delete(r.Attached, i, i+1)
	return &iam.DetachRolePolicyOutput{}, nil
}

func (r *Role) attached() []iamtypes.AttachedPolicy {
	out := []iamtypes.AttachedPolicy{}
	for _, arn := range r.Attached {
		out = append(out, iamtypes.AttachedPolicy{PolicyArn: new(arn), PolicyName: new(arn[strings.LastIndex(arn, "/")+1:])})
	}
	return out
}

func (c *call) iamListAttachedRolePolicies(in *iam.ListAttachedRolePoliciesInput) (*iam.ListAttachedRolePoliciesOutput, error) {
	r, err := c.role(in.RoleName)
	if err != nil {
		return nil, err
	}
	if in.PathPrefix != nil && *in.PathPrefix != "/" {
		return nil, apiError("InvalidInput", "The sandbox does not simulate PathPrefix here.")
	}
	page, marker, err := iamPage(r.attached(), in.MaxItems, in.Marker)
	return &iam.ListAttachedRolePoliciesOutput{AttachedPolicies: page, Marker: marker, IsTruncated: marker != nil}, err
}

func (c *call) iamPutRolePolicy(in *iam.PutRolePolicyInput) (*iam.PutRolePolicyOutput, error) {
	r, err := c.changeable(in.RoleName)
	if err != nil {
		return nil, err
	}
	if err := checkInline(*in.PolicyDocument); err != nil {
		return nil, err
	}
	r.Inline[*in.PolicyName] = *in.PolicyDocument
	return &iam.PutRolePolicyOutput{}, nil
}

func noInline(name string) error {
	return apiError("NoSuchEntity", "The role policy with name %s cannot be found.", name)
}

func (c *call) iamGetRolePolicy(in *iam.GetRolePolicyInput) (*iam.GetRolePolicyOutput, error) {
	r, err := c.role(in.RoleName)
	if err != nil {
		return nil, err
	}
	document, ok := r.Inline[*in.PolicyName]
	if !ok {
		return nil, noInline(*in.PolicyName)
	}
	return &iam.GetRolePolicyOutput{RoleName: in.RoleName, PolicyName: in.PolicyName, PolicyDocument: encodeDocument(document)}, nil
}

func (c *call) iamListRolePolicies(in *iam.ListRolePoliciesInput) (*iam.ListRolePoliciesOutput, error) {
	r, err := c.role(in.RoleName)
	if err != nil {
		return nil, err
	}
	page, marker, err := iamPage(sortedKeys(r.Inline), in.MaxItems, in.Marker)
	return &iam.ListRolePoliciesOutput{PolicyNames: page, Marker: marker, IsTruncated: marker != nil}, err
}

func (c *call) iamDeleteRolePolicy(in *iam.DeleteRolePolicyInput) (*iam.DeleteRolePolicyOutput, error) {
	r, err := c.changeable(in.RoleName)
	if err != nil {
		return nil, err
	}
	if _, ok := r.Inline[*in.PolicyName]; !ok {
		return nil, noInline(*in.PolicyName)
	}
	delete(r.Inline, *in.PolicyName)
	return &iam.DeleteRolePolicyOutput{}, nil
}

func (c *call) iamListEntitiesForPolicy(in *iam.ListEntitiesForPolicyInput) (*iam.ListEntitiesForPolicyOutput, error) {
	if _, err := managedPolicy(in.PolicyArn); err != nil {
		return nil, err
	}
	var roles []iamtypes.PolicyRole
	if in.EntityFilter == "" || in.EntityFilter == iamtypes.EntityTypeRole {
		for _, r := range c.account().visibleRoles(c) {
			if slices.Contains(r.Attached, *in.PolicyArn) && strings.HasPrefix(*r.Path, text(in.PathPrefix)) {
				roles = append(roles, iamtypes.PolicyRole{RoleName: r.RoleName, RoleId: r.RoleId})
			}
		}
	}
	page, marker, err := iamPage(roles, in.MaxItems, in.Marker)
	return &iam.ListEntitiesForPolicyOutput{
		PolicyRoles: page, PolicyUsers: []iamtypes.PolicyUser{}, PolicyGroups: []iamtypes.PolicyGroup{}, Marker: marker, IsTruncated: marker != nil,
	}, err
}

func (c *call) iamGetPolicy(in *iam.GetPolicyInput) (*iam.GetPolicyOutput, error) {
	p, err := managedPolicy(in.PolicyArn)
	if err != nil {
		return nil, err
	}
	for _, r := range c.account().Roles {
		if slices.Contains(r.Attached, *in.PolicyArn) {
			*p.AttachmentCount++
		}
	}
	return &iam.GetPolicyOutput{Policy: p}, nil
}

// managedDocument stands in for every document of AWS: what AWS's policies allow is not simulated.
const managedDocument = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"sandbox:*","Resource":"*"}]}`

func (c *call) iamGetPolicyVersion(in *iam.GetPolicyVersionInput) (*iam.GetPolicyVersionOutput, error) {
	p, err := managedPolicy(in.PolicyArn)
	if err != nil {
		return nil, err
	}
	if *in.VersionId != *p.DefaultVersionId {
		return nil, apiError("NoSuchEntity", "Policy %s version %s does not exist or is not attachable.", *in.PolicyArn, *in.VersionId)
	}
	return &iam.GetPolicyVersionOutput{PolicyVersion: &iamtypes.PolicyVersion{
		VersionId: in.VersionId, IsDefaultVersion: true, CreateDate: p.CreateDate, Document: encodeDocument(managedDocument),
	}}, nil
}

// iamGetAccountAuthorizationDetails answers roles with all their policies in one call, which is why a client that watches many
// roles prefers it.
func (c *call) iamGetAccountAuthorizationDetails(in *iam.GetAccountAuthorizationDetailsInput) (*iam.GetAccountAuthorizationDetailsOutput, error) {
	var roles []iamtypes.RoleDetail
	if len(in.Filter) == 0 || slices.Contains(in.Filter, iamtypes.EntityTypeRole) {
		for _, r := range c.account().visibleRoles(c) {
			detail := iamtypes.RoleDetail{
				RoleName: r.RoleName, RoleId: r.RoleId, Arn: r.Arn, Path: r.Path, CreateDate: r.CreateDate, Tags: r.Tags,
				AssumeRolePolicyDocument: encodeDocument(*r.AssumeRolePolicyDocument), AttachedManagedPolicies: r.attached(),
				InstanceProfileList: []iamtypes.InstanceProfile{}, RolePolicyList: []iamtypes.PolicyDetail{}, RoleLastUsed: &iamtypes.RoleLastUsed{},
			}
			for _, name := range sortedKeys(r.Inline) {
				detail.RolePolicyList = append(detail.RolePolicyList, iamtypes.PolicyDetail{PolicyName: new(name), PolicyDocument: encodeDocument(r.Inline[name])})
			}
			roles = append(roles, detail)
		}
	}
	page, marker, err := iamPage(roles, in.MaxItems, in.Marker)
	return &iam.GetAccountAuthorizationDetailsOutput{
		RoleDetailList: page, UserDetailList: []iamtypes.UserDetail{}, GroupDetailList: []iamtypes.GroupDetail{},
		Policies: []iamtypes.ManagedPolicyDetail{}, Marker: marker, IsTruncated: marker != nil,
	}, err
}

func (c *call) iamCreateServiceLinkedRole(in *iam.CreateServiceLinkedRoleInput) (*iam.CreateServiceLinkedRoleOutput, error) {
	names := map[string]string{
		"eks.amazonaws.com": "AWSServiceRoleForAmazonEKS", "eks-nodegroup.amazonaws.com": "AWSServiceRoleForAmazonEKSNodegroup",
		"elasticloadbalancing.amazonaws.com": "AWSServiceRoleForElasticLoadBalancing", "autoscaling.amazonaws.com": "AWSServiceRoleForAutoScaling",
	}
	name, ok := names[*in.AWSServiceName]
	if !ok || in.CustomSuffix != nil {
		return nil, apiError("InvalidInput", "The sandbox has no service-linked role for %s.", *in.AWSServiceName)
	}
	if c.account().Roles[name] != nil {
		return nil, apiError("InvalidInput", "Service role name %s has been taken in this account, please try a different suffix.", name)
	}
	path := "/aws-service-role/" + *in.AWSServiceName + "/"
	r := &Role{Inline: map[string]string{}, Role: iamtypes.Role{
		RoleName: new(name), RoleId: new("AROA" + strings.ToUpper(c.newHex(17))), Path: new(path), CreateDate: new(c.now()), Arn: new(c.arn("iam", "role"+path+name)),
		AssumeRolePolicyDocument: new(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"` + *in.AWSServiceName + `"},"Action":"sts:AssumeRole"}]}`),
		Description:              in.Description, MaxSessionDuration: new(int32(3600)),
	}}
	c.account().Roles[name] = r
	return &iam.CreateServiceLinkedRoleOutput{Role: r.shown(true)}, nil
}
