package provider

import (
	"context"
	"fmt"
	"net/netip"
	"net/url"
	"os"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/modelserving/terraform-provider-serving/internal/tf"
)

type model struct {
	AWS         types.Object `tfsdk:"aws"`
	DefaultTags types.Map    `tfsdk:"default_tags"`
	Sandbox     types.String `tfsdk:"sandbox"`
}

type awsModel struct {
	Region     types.String `tfsdk:"region"`
	Profile    types.String `tfsdk:"profile"`
	AssumeRole types.Object `tfsdk:"assume_role"`
	MaxRetries types.Int64  `tfsdk:"max_retries"`
}

type assumeRoleModel struct {
	RoleARN     types.String `tfsdk:"role_arn"`
	ExternalID  types.String `tfsdk:"external_id"`
	SessionName types.String `tfsdk:"session_name"`
}

// settings are the provider block's, all of them known.
type settings struct {
	region, profile                  string
	roleARN, externalID, sessionName string
	maxRetries                       int64
	sandbox                          string
}

// settings reads the block. It is false while a value is not known, which
// happens only when planning: nothing is guessed in its place, as it could be
// another account's.
func (m model) settings(ctx context.Context) (settings, bool, diag.Diagnostics) {
	r := tf.NewReader()
	aws, _ := tf.Object[awsModel](ctx, r, "aws", m.AWS)
	role, _ := tf.Object[assumeRoleModel](ctx, r, "aws.assume_role", aws.AssumeRole)
	s := settings{
		region:      r.String("aws.region", aws.Region),
		profile:     r.String("aws.profile", aws.Profile),
		roleARN:     r.String("aws.assume_role.role_arn", role.RoleARN),
		externalID:  r.String("aws.assume_role.external_id", role.ExternalID),
		sessionName: r.String("aws.assume_role.session_name", role.SessionName),
		maxRetries:  r.Int64("aws.max_retries", aws.MaxRetries),
		sandbox:     r.String("sandbox", m.Sandbox),
	}
	if m.Sandbox.IsNull() {
		s.sandbox = os.Getenv(sandboxVariable)
	}
	diags := r.Diags
	diags.Append(m.problems(ctx)...)
	return s, len(r.Unknown) == 0, diags
}

func (m model) defaultTags() (tags map[string]string, unknown bool) {
	r := tf.NewReader()
	tags = r.StringMap("default_tags", m.DefaultTags)
	return tags, len(r.Unknown) > 0
}

// problems refuses a sandbox that is not on this machine: its calls carry what
// was meant for a cloud.
func (m model) problems(context.Context) diag.Diagnostics {
	var diags diag.Diagnostics
	text, from := m.Sandbox.ValueString(), "sandbox"
	if m.Sandbox.IsNull() {
		text, from = os.Getenv(sandboxVariable), "The environment variable "+sandboxVariable
		if text == "" {
			return diags
		}
	}
	if m.Sandbox.IsUnknown() {
		return diags
	}
	if err := loopback(text); err != nil {
		diags.AddAttributeError(path.Root("sandbox"), "Invalid sandbox",
			fmt.Sprintf("%s is %q: %v. It is the URL of a sandbox on this machine. Write it as \"http://127.0.0.1:4510\".", from, text, err))
	}
	return diags
}

func loopback(text string) error {
	u, err := url.Parse(text)
	switch {
	case err != nil:
		return fmt.Errorf("it is not a URL")
	case u.Scheme != "http":
		return fmt.Errorf("the scheme is %q and not \"http\"", u.Scheme)
	case u.User != nil || u.RawQuery != "" || u.Fragment != "" || u.Path != "" && u.Path != "/":
		return fmt.Errorf("it has more than a host and a port")
	case u.Hostname() == "localhost":
		return nil
	}
	if addr, err := netip.ParseAddr(u.Hostname()); err != nil || !addr.IsLoopback() {
		return fmt.Errorf("%q is not a loopback address", u.Hostname())
	}
	return nil
}
