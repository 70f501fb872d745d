package aws

import (
	"slices"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/iam"
	iamtypes "github.com/aws/aws-sdk-go-v2/service/iam/types"
)

func noRole(name string) error {
	return apiError("NoSuchEntity", "The role with name %s cannot be found.", name)
}

// role finds a role by name. IAM compares names without regard to case when it makes one, but not when it looks for one.
func (c *call) role(name *string) (*Role, error) {
	if name == nil {
		return nil, apiError("ValidationError", "The role name is missing.")
	}
	if r := c.account().Roles[*name]; r != nil {
		return r, nil
	}
	return nil, noRole(*name)
}

// settled reports whether a role is old enough for every service to know about it.
func (c *call) settled(r *Role) bool { return c.at.Sub(*r.CreateDate) >= c.cloud.config.Consistency }

func serviceLinked(r *Role) bool { return strings.HasPrefix(text(r.Path), "/aws-service-role/") }

// shown is a role as IAM answers it.
func (r *Role) shown(complete bool) *iamtypes.Role {
	out := r.Role
	out.AssumeRolePolicyDocument = encodeDocument(*r.AssumeRolePolicyDocument)
	if !complete {
		// Lists leave these out.
		out.Tags, out.PermissionsBoundary, out.RoleLastUsed = nil, nil, nil
	} else if out.RoleLastUsed == nil {
		out.RoleLastUsed = &iamtypes.RoleLastUsed{}
	}
	return &out
}

func (c *call) iamCreateRole(in *iam.CreateRoleInput) (*iam.CreateRoleOutput, error) {
	a := c.account()
	for name := range a.Roles {
		if strings.EqualFold(name, *in.RoleName) {
			return nil, apiError("EntityAlreadyExists", "Role with name %s already exists.", *in.RoleName)
		}
	}
	path := "/"
	if in.Path != nil {
		path = *in.Path
	}
	if !strings.HasPrefix(path, "/") || !strings.HasSuffix(path, "/") || strings.HasPrefix(path, "/aws-service-role/") {
		return nil, apiError("ValidationError", "The specified value for path is invalid. It must begin and end with / and contain only alphanumeric characters and/or / characters.")
	}
	if err := checkTrust(*in.AssumeRolePolicyDocument); err != nil {
		return nil, err
	}
	if err := checkIAMTags(nil, in.Tags); err != nil {
		return nil, err
	}
	if in.PermissionsBoundary != nil {
		return nil, apiError("InvalidInput", "The sandbox does not simulate permissions boundaries.")
	}
	if len(a.Roles) >= c.quota("iam.roles") {
		return nil, apiError("LimitExceeded", "Cannot exceed quota for RolesPerAccount: %d", c.quota("iam.roles"))
	}
	duration := new(int32(3600))
	if in.MaxSessionDuration != nil {
		duration = in.MaxSessionDuration
	}
	r := &Role{Inline: map[string]string{}, Role: iamtypes.Role{
		RoleName: in.RoleName, RoleId: new("AROA" + strings.ToUpper(c.newHex(17))), Path: new(path), CreateDate: new(c.now()),
		Arn: new(c.arn("iam", "role"+path+*in.RoleName)), AssumeRolePolicyDocument: in.AssumeRolePolicyDocument, Description: in.Description,
		MaxSessionDuration: duration, Tags: in.Tags,
	}}
	a.Roles[*in.RoleName] = r
	out := r.shown(true)
	out.RoleLastUsed, out.MaxSessionDuration = nil, nil
	return &iam.CreateRoleOutput{Role: out}, nil
}

func (c *call) iamGetRole(in *iam.GetRoleInput) (*iam.GetRoleOutput, error) {
	r, err := c.role(in.RoleName)
	if err != nil {
		return nil, err
	}
	if !c.settled(r) {
		return nil, noRole(*in.RoleName)
	}
	return &iam.GetRoleOutput{Role: r.shown(true)}, nil
}

func (c *call) iamListRoles(in *iam.ListRolesInput) (*iam.ListRolesOutput, error) {
	var roles []iamtypes.Role
	for _, r := range c.account().visibleRoles(c) {
		if strings.HasPrefix(*r.Path, text(in.PathPrefix)) {
			roles = append(roles, *r.shown(false))
		}
	}
	page, marker, err := iamPage(roles, in.MaxItems, in.Marker)
	return &iam.ListRolesOutput{Roles: page, Marker: marker, IsTruncated: marker != nil}, err
}

func (a *Account) visibleRoles(c *call) []*Role {
	var out []*Role
	for _, name := range sortedKeys(a.Roles) {
		if c.settled(a.Roles[name]) {
			out = append(out, a.Roles[name])
		}
	}
	return out
}

func (c *call) iamUpdateAssumeRolePolicy(in *iam.UpdateAssumeRolePolicyInput) (*iam.UpdateAssumeRolePolicyOutput, error) {
	r, err := c.changeable(in.RoleName)
	if err != nil {
		return nil, err
	}
	if err := checkTrust(*in.PolicyDocument); err != nil {
		return nil, err
	}
	r.AssumeRolePolicyDocument = in.PolicyDocument
	return &iam.UpdateAssumeRolePolicyOutput{}, nil
}

// changeable finds a role that its owner may change.
func (c *call) changeable(name *string) (*Role, error) {
	r, err := c.role(name)
	if err == nil && serviceLinked(r) {
		err = apiError("UnmodifiableEntity", "Cannot perform the operation on the protected role '%s' - this role is only modifiable by AWS", *name)
	}
	return r, err
}

func (c *call) iamUpdateRole(in *iam.UpdateRoleInput) (*iam.UpdateRoleOutput, error) {
	r, err := c.changeable(in.RoleName)
	if err != nil {
		return nil, err
	}
	if in.Description != nil {
		r.Description = in.Description
	}
	// AWS sets an omitted duration to the default.
	r.MaxSessionDuration = new(int32(3600))
	if in.MaxSessionDuration != nil {
		r.MaxSessionDuration = in.MaxSessionDuration
	}
	return &iam.UpdateRoleOutput{}, nil
}

func (c *call) iamDeleteRole(in *iam.DeleteRoleInput) (*iam.DeleteRoleOutput, error) {
	r, err := c.changeable(in.RoleName)
	if err != nil {
		return nil, err
	}
	if len(r.Attached) > 0 {
		return nil, apiError("DeleteConflict", "Cannot delete entity, must detach all policies first.")
	}
	if len(r.Inline) > 0 {
		return nil, apiError("DeleteConflict", "Cannot delete entity, must delete policies first.")
	}
	delete(c.account().Roles, *in.RoleName)
	return &iam.DeleteRoleOutput{}, nil
}

func (c *call) iamListInstanceProfilesForRole(in *iam.ListInstanceProfilesForRoleInput) (*iam.ListInstanceProfilesForRoleOutput, error) {
	_, err := c.role(in.RoleName)
	return &iam.ListInstanceProfilesForRoleOutput{InstanceProfiles: []iamtypes.InstanceProfile{}}, err
}

func checkIAMTags(have, add []iamtypes.Tag) error {
	keys := map[string]bool{}
	for _, tag := range add {
		lower := strings.ToLower(*tag.Key)
		if strings.HasPrefix(lower, "aws:") {
			return apiError("InvalidInput", "The tag key prefix 'aws:' is reserved for internal use.")
		}
		if keys[lower] {
			return apiError("InvalidInput", "Duplicate tag keys found. Please note that Tag keys are case insensitive.")
		}
		keys[lower] = true
	}
	for _, tag := range have {
		keys[strings.ToLower(*tag.Key)] = true
	}
	if len(keys) > maxTags {
		return apiError("LimitExceeded", "The number of tags has reached the maximum limit.")
	}
	return nil
}

func (c *call) iamTagRole(in *iam.TagRoleInput) (*iam.TagRoleOutput, error) {
	r, err := c.changeable(in.RoleName)
	if err != nil {
		return nil, err
	}
	if err := checkIAMTags(r.Tags, in.Tags); err != nil {
		return nil, err
	}
	for _, tag := range in.Tags {
		if i := slices.IndexFunc(r.Tags, func(t iamtypes.Tag) bool { return strings.EqualFold(*t.Key, *tag.Key) }); i >= 0 {
			r.Tags[i] = tag
		} else {
			r.Tags = append(r.Tags, tag)
		}
	}
	return &iam.TagRoleOutput{}, nil
}

func (c *call) iamUntagRole(in *iam.UntagRoleInput) (*iam.UntagRoleOutput, error) {
	r, err := c.changeable(in.RoleName)
	if err != nil {
		return nil, err
	}
	r.Tags = slices.DeleteFunc(r.Tags, func(t iamtypes.Tag) bool {
		return slices.ContainsFunc(in.TagKeys, func(key string) bool { return strings.EqualFold(key, *t.Key) })
	})
	return &iam.UntagRoleOutput{}, nil
}

func (c *call) iamListRoleTags(in *iam.ListRoleTagsInput) (*iam.ListRoleTagsOutput, error) {
	r, err := c.role(in.RoleName)
	if err != nil {
		return nil, err
	}
	page, marker, err := iamPage(r.Tags, in.MaxItems, in.Marker)
	return &iam.ListRoleTagsOutput{Tags: page, Marker: marker, IsTruncated: marker != nil}, err
}

// iamPage cuts a page out of a list, 100 items by default.
func iamPage[T any](items []T, limit *int32, marker *string) ([]T, *string, error) {
	size := 100
	if limit != nil {
		size = int(*limit)
	}
	start := 0
	if marker != nil {
		raw, ok := strings.CutPrefix(*marker, "sandbox-")
		var err error
		if start, err = tokenOffset(raw, ok, nil); err != nil {
			return nil, nil, apiError("ValidationError", "Invalid Marker.")
		}
	}
	start = min(start, len(items))
	end := min(start+size, len(items))
	page := append([]T{}, items[start:end]...)
	if end == len(items) {
		return page, nil, nil
	}
	return page, new("sandbox-" + strconv.Itoa(end)), nil
}
