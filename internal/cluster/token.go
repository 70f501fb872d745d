package cluster

import (
	"context"
	"fmt"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/ephemeral"
	"github.com/hashicorp/terraform-plugin-framework/ephemeral/schema"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/modelserving/terraform-provider-serving/internal/serving"
	"github.com/modelserving/terraform-provider-serving/internal/tf"
)

var _ ephemeral.EphemeralResourceWithConfigure = (*kubernetesToken)(nil)

const (
	tokenKind    = "serving_kubernetes_token"
	tokenTimeout = time.Minute
)

type kubernetesToken struct{ tf.EphemeralResource }

// NewKubernetesToken makes the ephemeral resource serving_kubernetes_token.
func NewKubernetesToken() ephemeral.EphemeralResource { return &kubernetesToken{} }

func (e *kubernetesToken) Metadata(_ context.Context, req ephemeral.MetadataRequest, resp *ephemeral.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_kubernetes_token"
}

func (e *kubernetesToken) Schema(_ context.Context, _ ephemeral.SchemaRequest, resp *ephemeral.SchemaResponse) {
	resp.Schema = schema.Schema{
		MarkdownDescription: "Short-lived credentials of a cluster's Kubernetes API, for the `kubernetes` and `helm` providers. They are made anew each time and are in neither the plan nor the state.",
		Attributes: map[string]schema.Attribute{
			"cluster_id": schema.StringAttribute{
				Required:            true,
				MarkdownDescription: "Id of the `serving_cluster`.",
			},
			"host": schema.StringAttribute{
				Computed:            true,
				MarkdownDescription: "URL of the Kubernetes API.",
			},
			"cluster_ca_certificate": schema.StringAttribute{
				Computed:            true,
				MarkdownDescription: "PEM certificate of the authority that signed the API's certificate.",
			},
			"token": schema.StringAttribute{
				Computed: true, Sensitive: true,
				MarkdownDescription: "Bearer token of whoever runs Terraform.",
			},
			"expires_at": schema.StringAttribute{
				Computed:            true,
				MarkdownDescription: "When the token ends (RFC 3339). On EKS that is within 15 minutes, so an apply that takes longer needs the `exec` plugin of those providers instead.",
			},
		},
	}
}

type kubernetesTokenModel struct {
	ClusterID            types.String `tfsdk:"cluster_id"`
	Host                 types.String `tfsdk:"host"`
	ClusterCACertificate types.String `tfsdk:"cluster_ca_certificate"`
	Token                types.String `tfsdk:"token"`
	ExpiresAt            types.String `tfsdk:"expires_at"`
}

func (e *kubernetesToken) Open(ctx context.Context, req ephemeral.OpenRequest, resp *ephemeral.OpenResponse) {
	var m kubernetesTokenModel
	resp.Diagnostics.Append(req.Config.Get(ctx, &m)...)
	if resp.Diagnostics.HasError() {
		return
	}
	resp.Diagnostics.Append(m.open(ctx, e.Provider)...)
	if !resp.Diagnostics.HasError() {
		resp.Diagnostics.Append(resp.Result.Set(ctx, m)...)
	}
}

// open makes the token.
func (m *kubernetesTokenModel) open(ctx context.Context, p *tf.Provider) diag.Diagnostics {
	var diags diag.Diagnostics
	id, ok := serving.ParseID(m.ClusterID.ValueString())
	if !ok {
		diags.AddAttributeError(path.Root("cluster_id"), "Invalid cluster_id",
			fmt.Sprintf("The id is %q. It is the id of a serving_cluster, <cloud>/<region>/<name>, as in \"aws/us-west-2/prod\". Write it so.", m.ClusterID.ValueString()))
		return diags
	}
	backend, diags := p.Backend(id.Cloud)
	if backend == nil && !diags.HasError() {
		diags.Append(tf.NotSettled(id.String()))
	}
	if diags.HasError() {
		return diags
	}
	ctx, cancel := context.WithTimeout(ctx, tokenTimeout)
	defer cancel()
	access, err := backend.Kubernetes(ctx, id)
	if err == nil {
		var token serving.KubernetesToken
		token, err = access.Token(ctx)
		m.Token, m.ExpiresAt = types.StringValue(token.Value), types.StringValue(token.Expires.UTC().Format(time.RFC3339))
	}
	m.Host, m.ClusterCACertificate = types.StringValue(access.URL), types.StringValue(access.CACertificatePEM)
	diags.Append(tf.Failed(tf.Doing{Verb: "open", Kind: tokenKind, ID: id.String()}, err)...)
	return diags
}
