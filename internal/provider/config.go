package provider

import (
	"context"
	"errors"
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
	AWS           types.Object `tfsdk:"aws"`
	DefaultTags   types.Map    `tfsdk:"default_tags"`
	KubernetesAPI types.Object `tfsdk:"kubernetes_api"`
	Sandbox       types.String `tfsdk:"sandbox"`
}

type kubernetesAPIModel struct {
	ProxyURL types.String `tfsdk:"proxy_url"`
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
	kubernetesProxy                  string
	sandbox                          string
}

// settings reads the block. It is false while a value is not known, which
// happens only when planning: nothing is guessed in its place, as it could be
// another account's.
func (m model) settings(ctx context.Context) (settings, bool, diag.Diagnostics) {
	r := tf.NewReader()
	aws, _ := tf.Object[awsModel](ctx, r, "aws", m.AWS)
	kubernetes, _ := tf.Object[kubernetesAPIModel](ctx, r, "kubernetes_api", m.KubernetesAPI)
	role, _ := tf.Object[assumeRoleModel](ctx, r, "aws.assume_role", aws.AssumeRole)
	s := settings{
		region:      r.String("aws.region", aws.Region),
		profile:     r.String("aws.profile", aws.Profile),
		roleARN:     r.String("aws.assume_role.role_arn", role.RoleARN),
		externalID:  r.String("aws.assume_role.external_id", role.ExternalID),
		sessionName: r.String("aws.assume_role.session_name", role.SessionName),
		maxRetries:  r.Int64("aws.max_retries", aws.MaxRetries),
		sandbox:     r.String("sandbox", m.Sandbox),

		kubernetesProxy: r.String("kubernetes_api.proxy_url", kubernetes.ProxyURL),
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

// problems refuses a sandbox, and a proxy to one, that is not on this machine:
// its calls carry what was meant for a cloud.
func (m model) problems(ctx context.Context) diag.Diagnostics {
	diags := m.proxyProblems(ctx)
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

func (m model) proxyProblems(ctx context.Context) diag.Diagnostics {
	r := tf.NewReader()
	kubernetes, _ := tf.Object[kubernetesAPIModel](ctx, r, "kubernetes_api", m.KubernetesAPI)
	diags := r.Diags
	if kubernetes.ProxyURL.IsNull() || kubernetes.ProxyURL.IsUnknown() {
		return diags
	}
	sandbox := m.Sandbox.ValueString() != "" || m.Sandbox.IsNull() && os.Getenv(sandboxVariable) != ""
	if err := proxy(kubernetes.ProxyURL.ValueString(), sandbox); err != nil {
		// The URL itself is not shown: it may have a password.
		diags.AddAttributeError(path.Root("kubernetes_api").AtName("proxy_url"), "Invalid proxy_url",
			fmt.Sprintf("%v. It is the URL of a proxy on the way to the Kubernetes APIs. Write it as \"http://proxy.example.com:3128\", with https or socks5 where the proxy speaks that.", err))
	}
	return diags
}

// proxy judges the URL of a proxy. A sandbox is reached on this machine only.
func proxy(text string, sandbox bool) error {
	u, err := url.Parse(text)
	switch {
	case err != nil:
		return errors.New("it is not a URL")
	case u.Scheme != "http" && u.Scheme != "https" && u.Scheme != "socks5":
		return fmt.Errorf("the scheme is %q and not \"http\", \"https\" or \"socks5\"", u.Scheme)
	case u.Hostname() == "":
		return errors.New("it has no host")
	case u.RawQuery != "" || u.Fragment != "" || u.Path != "" && u.Path != "/":
		return errors.New("it has more than a user, a host and a port")
	case sandbox && !onThisMachine(u.Hostname()):
		return fmt.Errorf("%q is not a loopback address, and the provider is in sandbox mode", u.Hostname())
	}
	return nil
}

func onThisMachine(host string) bool {
	addr, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && addr.IsLoopback()
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
	case !onThisMachine(u.Hostname()):
		return fmt.Errorf("%q is not a loopback address", u.Hostname())
	}
	return nil
}
