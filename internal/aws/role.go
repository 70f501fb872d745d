package aws

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/url"
	"reflect"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	iamtypes "github.com/aws/aws-sdk-go-v2/service/iam/types"
	"golang.org/x/sync/errgroup"

	"github.com/modelserving/terraform-provider-serving/internal/reads"
	"github.com/modelserving/terraform-provider-serving/internal/stack"
)

// roles are the IAM roles of the control plane and of the nodes. IAM is global,
// so their names hold the region.
type roles struct {
	*client
	owner owner
	// names maps object names to role names.
	names map[string]string
}

type roleSpec struct {
	Name string
	// Service may assume the role.
	Service string
	// Policies are the ARNs of the only policies that are attached.
	Policies []string
}

type roleLive struct {
	Name, ARN, Trust, Boundary string
	Tags                       map[string]string
	Attached, Inline           []string
}

var _ stack.Kind[roleSpec, roleLive] = roles{}

func (k roles) Find(ctx context.Context, object string) ([]*roleLive, error) {
	live, err := k.reader.roles.Get(ctx, k.names[object], slices.Sorted(maps.Values(k.names))...)
	if live == nil || err != nil {
		return nil, err
	}
	if err := k.owner.claim(live.Tags, object, live.ARN, "IAM role "+live.Name); err != nil {
		return nil, err
	}
	return []*roleLive{live}, nil
}

func (k roles) ID(live *roleLive) string { return live.ARN }

func (k roles) State(*roleLive) stack.State { return stack.State{} }

func (k roles) Diff(name string, want roleSpec, live *roleLive) []stack.Difference {
	var diffs []stack.Difference
	if !sameJSON(live.Trust, trust(want.Service)) {
		diffs = append(diffs, stack.Difference{Field: "trust policy", Got: live.Trust, Want: trust(want.Service)})
	}
	diffs = append(diffs, sameSet("attached policy", live.Attached, want.Policies)...)
	diffs = append(diffs, sameSet("inline policy", live.Inline, nil)...)
	diffs = append(diffs, same("permissions boundary", live.Boundary, "")...)
	return append(diffs, k.owner.differ(name, live.Tags)...)
}

// trust is the policy that lets one AWS service assume a role.
func trust(service string) string {
	return `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"` + service + `"},"Action":"sts:AssumeRole"}]}`
}

// sameJSON compares documents by what they say.
func sameJSON(a, b string) bool {
	var x, y any
	return json.Unmarshal([]byte(a), &x) == nil && json.Unmarshal([]byte(b), &y) == nil && reflect.DeepEqual(x, y)
}

func (k roles) Create(ctx context.Context, object string, want roleSpec, _ string) error {
	_, err := k.iam.CreateRole(ctx, &iam.CreateRoleInput{
		RoleName: &want.Name, AssumeRolePolicyDocument: aws.String(trust(want.Service)),
		Tags: toIAM(k.owner.mark(object)),
	})
	return err
}

func (k roles) Update(ctx context.Context, object string, want roleSpec, live *roleLive, diffs []stack.Difference) error {
	set, unset := k.owner.retag(object, live.Tags)
	var err error
	for _, d := range diffs {
		switch {
		case d.Field == "trust policy":
			_, err = k.iam.UpdateAssumeRolePolicy(ctx, &iam.UpdateAssumeRolePolicyInput{RoleName: &want.Name, PolicyDocument: aws.String(trust(want.Service))})
		case d.Field == "attached policy" && d.Want != "":
			_, err = k.iam.AttachRolePolicy(ctx, &iam.AttachRolePolicyInput{RoleName: &want.Name, PolicyArn: aws.String(d.Want)})
		case d.Field == "attached policy":
			_, err = k.iam.DetachRolePolicy(ctx, &iam.DetachRolePolicyInput{RoleName: &want.Name, PolicyArn: aws.String(d.Got)})
		case d.Field == "inline policy":
			_, err = k.iam.DeleteRolePolicy(ctx, &iam.DeleteRolePolicyInput{RoleName: &want.Name, PolicyName: aws.String(d.Got)})
		case d.Field == "permissions boundary":
			_, err = k.iam.DeleteRolePermissionsBoundary(ctx, &iam.DeleteRolePermissionsBoundaryInput{RoleName: &want.Name})
		}
		if err != nil {
			return err
		}
	}
	if len(set) > 0 {
		if _, err := k.iam.TagRole(ctx, &iam.TagRoleInput{RoleName: &want.Name, Tags: toIAM(set)}); err != nil {
			return err
		}
	}
	if len(unset) > 0 {
		if _, err := k.iam.UntagRole(ctx, &iam.UntagRoleInput{RoleName: &want.Name, TagKeys: unset}); err != nil {
			return err
		}
	}
	return nil
}

func (k roles) Delete(ctx context.Context, live *roleLive) error {
	for _, arn := range live.Attached {
		_, err := k.iam.DetachRolePolicy(ctx, &iam.DetachRolePolicyInput{RoleName: &live.Name, PolicyArn: &arn})
		if absent(err, "NoSuchEntity") != nil {
			return err
		}
	}
	for _, name := range live.Inline {
		_, err := k.iam.DeleteRolePolicy(ctx, &iam.DeleteRolePolicyInput{RoleName: &live.Name, PolicyName: &name})
		if absent(err, "NoSuchEntity") != nil {
			return err
		}
	}
	_, err := k.iam.DeleteRole(ctx, &iam.DeleteRoleInput{RoleName: &live.Name})
	return absent(err, "NoSuchEntity")
}

// listPages is how many pages of the account's roles a batch reads before it
// asks for each role by itself: a page holds up to 1,000 (IAM API reference,
// GetAccountAuthorizationDetails, MaxItems).
const listPages = 2

// readRoles reads roles with their policies. One call gives all of an account's
// roles; where that is not allowed, or the account is very large, four calls
// give one.
func (c *client) readRoles(ctx context.Context, names []string) (map[string]*roleLive, error) {
	out := map[string]*roleLive{}
	// The listing lags behind what GetRole tells, which waiting cannot have.
	if len(names) > 1 && !reads.Live(ctx) {
		complete, err := c.listRoles(ctx, out, names...)
		if complete || err != nil && !isCode(err, "AccessDenied", "UnauthorizedOperation", "InvalidAction") {
			return out, err
		}
	}
	rest := slices.DeleteFunc(slices.Clone(names), func(n string) bool { return out[n] != nil })
	found := make([]*roleLive, len(rest))
	var g errgroup.Group
	g.SetLimit(8)
	for i, name := range rest {
		g.Go(func() (err error) { found[i], err = c.readRole(ctx, name); return err })
	}
	err := g.Wait()
	for i, name := range rest {
		out[name] = found[i]
	}
	return out, err
}

// readAllRoles reads the account's roles as far as they fit into a few calls.
func (c *client) readAllRoles(ctx context.Context) (map[string]*roleLive, bool, error) {
	out := map[string]*roleLive{}
	complete, err := c.listRoles(ctx, out)
	return out, complete, err
}

// listRoles fills out with the named roles, or with all of the account's, and
// reports whether one that is still missing does not exist.
func (c *client) listRoles(ctx context.Context, out map[string]*roleLive, names ...string) (complete bool, err error) {
	in := &iam.GetAccountAuthorizationDetailsInput{Filter: []iamtypes.EntityType{iamtypes.EntityTypeRole}, MaxItems: aws.Int32(1000)}
	for range listPages {
		o, err := c.iam.GetAccountAuthorizationDetails(ctx, in)
		if err != nil {
			return false, err
		}
		for _, r := range o.RoleDetailList {
			name := aws.ToString(r.RoleName)
			if len(names) > 0 && !slices.Contains(names, name) {
				continue
			}
			live := &roleLive{Name: name, ARN: aws.ToString(r.Arn), Trust: unescape(r.AssumeRolePolicyDocument), Tags: fromIAM(r.Tags)}
			if r.PermissionsBoundary != nil {
				live.Boundary = aws.ToString(r.PermissionsBoundary.PermissionsBoundaryArn)
			}
			for _, a := range r.AttachedManagedPolicies {
				live.Attached = append(live.Attached, aws.ToString(a.PolicyArn))
			}
			for _, i := range r.RolePolicyList {
				live.Inline = append(live.Inline, aws.ToString(i.PolicyName))
			}
			out[name] = live
		}
		if in.Marker = o.Marker; aws.ToString(o.Marker) == "" || len(names) > 0 && len(out) == len(names) {
			return true, nil
		}
	}
	return false, nil
}

func (c *client) readRole(ctx context.Context, name string) (*roleLive, error) {
	o, err := c.iam.GetRole(ctx, &iam.GetRoleInput{RoleName: &name})
	if err != nil {
		return nil, absent(err, "NoSuchEntity")
	}
	live := &roleLive{Name: name, ARN: aws.ToString(o.Role.Arn), Trust: unescape(o.Role.AssumeRolePolicyDocument), Tags: fromIAM(o.Role.Tags)}
	if o.Role.PermissionsBoundary != nil {
		live.Boundary = aws.ToString(o.Role.PermissionsBoundary.PermissionsBoundaryArn)
	}
	managed := &iam.ListAttachedRolePoliciesInput{RoleName: &name}
	attached, err := pagesByToken(ctx, c.iam.ListAttachedRolePolicies, managed, &managed.Marker, func(o *iam.ListAttachedRolePoliciesOutput) ([]iamtypes.AttachedPolicy, *string) {
		return o.AttachedPolicies, o.Marker
	})
	if err != nil {
		return nil, absent(err, "NoSuchEntity")
	}
	for _, a := range attached {
		live.Attached = append(live.Attached, aws.ToString(a.PolicyArn))
	}
	inline := &iam.ListRolePoliciesInput{RoleName: &name}
	live.Inline, err = pagesByToken(ctx, c.iam.ListRolePolicies, inline, &inline.Marker, func(o *iam.ListRolePoliciesOutput) ([]string, *string) { return o.PolicyNames, o.Marker })
	if err != nil {
		return nil, absent(err, "NoSuchEntity")
	}
	return live, nil
}

// unescape undoes IAM's URL encoding of policy documents.
func unescape(document *string) string {
	text, err := url.QueryUnescape(aws.ToString(document))
	if err != nil {
		return aws.ToString(document)
	}
	return text
}

func toIAM(tags map[string]string) []iamtypes.Tag {
	var out []iamtypes.Tag
	for _, key := range slices.Sorted(maps.Keys(tags)) {
		out = append(out, iamtypes.Tag{Key: aws.String(key), Value: aws.String(tags[key])})
	}
	return out
}

func fromIAM(tags []iamtypes.Tag) map[string]string {
	out := map[string]string{}
	for _, t := range tags {
		out[aws.ToString(t.Key)] = aws.ToString(t.Value)
	}
	return out
}

// policy is the ARN of one of AWS's own policies.
func (c *client) policy(name string) string {
	return fmt.Sprintf("arn:%s:iam::aws:policy/%s", c.partition, name)
}
