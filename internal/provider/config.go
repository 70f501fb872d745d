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

	"github.com/modelserving/terraform-provider-serving/internal/serving"
	"github.com/modelserving/terraform-provider-serving/internal/tf"
)

type model struct {
	AWS           types.Object `tfsdk:"aws"`
	GCP           types.Object `tfsdk:"gcp"`
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

type gcpModel struct {
	Project                   types.String `tfsdk:"project"`
	Region                    types.String `tfsdk:"region"`
	CredentialsFile           types.String `tfsdk:"credentials_file"`
	ImpersonateServiceAccount types.String `tfsdk:"impersonate_service_account"`
	MaxRetries                types.Int64  `tfsdk:"max_retries"`
}

// settings are the provider block's.
type settings struct {
	aws             awsSettings
	gcp             gcpSettings
	kubernetesProxy string
	sandbox         string
	// unknown are the paths of those that are not known, which happens only while
	// planning: nothing is guessed in their place, as it could be another account's.
	unknown serving.Unknown
}

type awsSettings struct {
	region, profile                  string
	roleARN, externalID, sessionName string
	maxRetries                       int64
}

type gcpSettings struct {
	project, region, credentialsFile, serviceAccount string
	maxRetries                                       int64
}

// settled reports whether all settings that count for a cloud are known.
func (s settings) settled(cloud serving.Cloud) bool {
	return s.unknown.Known(string(cloud), "kubernetes_api", "sandbox")
}

// settings reads the block.
func (m model) settings(ctx context.Context) (settings, diag.Diagnostics) {
	r := tf.NewReader()
	kubernetes, _ := tf.Object[kubernetesAPIModel](ctx, r, "kubernetes_api", m.KubernetesAPI)
	s := settings{
		aws:             m.onAWS(ctx, r),
		gcp:             m.onGCP(ctx, r),
		sandbox:         r.String("sandbox", m.Sandbox),
		kubernetesProxy: r.String("kubernetes_api.proxy_url", kubernetes.ProxyURL),
	}
	if m.Sandbox.IsNull() {
		s.sandbox = os.Getenv(sandboxVariable)
	}
	s.unknown = r.Unknown
	diags := r.Diags
	diags.Append(m.problems(ctx)...)
	return s, diags
}

func (m model) onAWS(ctx context.Context, r *tf.Reader) awsSettings {
	aws, _ := tf.Object[awsModel](ctx, r, "aws", m.AWS)
	role, _ := tf.Object[assumeRoleModel](ctx, r, "aws.assume_role", aws.AssumeRole)
	return awsSettings{
		region:      r.String("aws.region", aws.Region),
		profile:     r.String("aws.profile", aws.Profile),
		roleARN:     r.String("aws.assume_role.role_arn", role.RoleARN),
		externalID:  r.String("aws.assume_role.external_id", role.ExternalID),
		sessionName: r.String("aws.assume_role.session_name", role.SessionName),
		maxRetries:  r.Int64("aws.max_retries", aws.MaxRetries),
	}
}

func (m model) onGCP(ctx context.Context, r *tf.Reader) gcpSettings {
	gcp, _ := tf.Object[gcpModel](ctx, r, "gcp", m.GCP)
	s := gcpSettings{
		project:         r.String("gcp.project", gcp.Project),
		region:          r.String("gcp.region", gcp.Region),
		credentialsFile: r.String("gcp.credentials_file", gcp.CredentialsFile),
		serviceAccount:  r.String("gcp.impersonate_service_account", gcp.ImpersonateServiceAccount),
		maxRetries:      r.Int64("gcp.max_retries", gcp.MaxRetries),
	}
	if gcp.ImpersonateServiceAccount.IsNull() {
		s.serviceAccount = os.Getenv(impersonationVariable)
	}
	return s
}

// configured are the clouds that the block has settings for.
func (m model) configured() []serving.Cloud {
	var clouds []serving.Cloud
	if !m.AWS.IsNull() {
		clouds = append(clouds, serving.AWS)
	}
	if !m.GCP.IsNull() {
		clouds = append(clouds, serving.GCP)
	}
	return clouds
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
