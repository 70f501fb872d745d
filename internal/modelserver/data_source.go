package modelserver

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/modelserving/terraform-provider-serving/internal/serving"
	"github.com/modelserving/terraform-provider-serving/internal/tf"
)

var (
	_ datasource.DataSourceWithConfigure      = (*modelServerDataSource)(nil)
	_ datasource.DataSourceWithValidateConfig = (*modelServerDataSource)(nil)
)

type modelServerDataSource struct{ tf.DataSource }

// NewDataSource makes the data source serving_model_server.
func NewDataSource() datasource.DataSource { return &modelServerDataSource{} }

func (d *modelServerDataSource) Metadata(_ context.Context, req datasource.MetadataRequest, resp *datasource.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_model_server"
}

func (d *modelServerDataSource) Schema(_ context.Context, _ datasource.SchemaRequest, resp *datasource.SchemaResponse) {
	attributes := tf.Computed(routeAttributes())
	argument := func(text string) schema.Attribute {
		return schema.StringAttribute{Optional: true, Computed: true, MarkdownDescription: text}
	}
	attributes["id"] = argument("Id of the server, `<cloud>/<region>/<cluster>/<name>`. Either this, or `cluster_id` and `name`.")
	attributes["cluster_id"] = argument("Id of the cluster that it runs on.")
	attributes["name"] = argument("Name of the server.")
	attributes["auth"] = dataSourceAuth()
	resp.Schema = schema.Schema{
		MarkdownDescription: "A model server that is managed elsewhere: where callers reach it, and how they authenticate.",
		Attributes:          attributes,
	}
}

// dataSourceAuth is what a caller has to know. It has the names of the tokens
// and nothing of their values.
func dataSourceAuth() schema.Attribute {
	text := func(description string) schema.Attribute {
		return schema.StringAttribute{Computed: true, MarkdownDescription: description}
	}
	return schema.SingleNestedAttribute{
		Computed:            true,
		MarkdownDescription: "How a caller proves to be allowed.",
		Attributes: map[string]schema.Attribute{
			"mode":     text("`none`, `body`, `header` or `jwt`."),
			"header":   text("Header that carries the credential in modes `header` and `jwt`."),
			"body_key": text("Key of the JSON body that holds the token in mode `body`."),
			"token_names": schema.SetAttribute{
				Computed: true, ElementType: types.StringType,
				MarkdownDescription: "Names of the tokens that are accepted.",
			},
			"issuer": text("Issuer of the tokens in mode `jwt`."),
			"audiences": schema.SetAttribute{
				Computed: true, ElementType: types.StringType,
				MarkdownDescription: "Audiences, one of which a token of mode `jwt` must have.",
			},
		},
	}
}

type dataSourceModel struct {
	ID                   types.String `tfsdk:"id"`
	ClusterID            types.String `tfsdk:"cluster_id"`
	Name                 types.String `tfsdk:"name"`
	Path                 types.String `tfsdk:"path"`
	Protocol             types.String `tfsdk:"protocol"`
	TimeoutSeconds       types.Int64  `tfsdk:"timeout_seconds"`
	MaxBodyBytes         types.Int64  `tfsdk:"max_body_bytes"`
	Auth                 types.Object `tfsdk:"auth"`
	AllowUnauthenticated types.Bool   `tfsdk:"allow_unauthenticated"`
	URL                  types.String `tfsdk:"url"`
}

type dataSourceAuthModel struct {
	Mode       types.String `tfsdk:"mode"`
	Header     types.String `tfsdk:"header"`
	BodyKey    types.String `tfsdk:"body_key"`
	TokenNames types.Set    `tfsdk:"token_names"`
	Issuer     types.String `tfsdk:"issuer"`
	Audiences  types.Set    `tfsdk:"audiences"`
}

// ValidateConfig demands an id, or a cluster and a name.
func (d *modelServerDataSource) ValidateConfig(ctx context.Context, req datasource.ValidateConfigRequest, resp *datasource.ValidateConfigResponse) {
	var config dataSourceModel
	resp.Diagnostics.Append(req.Config.Get(ctx, &config)...)
	_, valid := serving.ParseModelServerID(config.ID.ValueString())
	byParts := !config.ClusterID.IsNull() && !config.Name.IsNull()
	switch {
	case config.ID.IsUnknown():
	case !config.ID.IsNull() && (!config.ClusterID.IsNull() || !config.Name.IsNull()):
		resp.Diagnostics.AddAttributeError(path.Root("id"), "Model server is named twice", "An id says cluster and name already. Remove either the id or the others.")
	case !config.ID.IsNull() && !valid:
		resp.Diagnostics.AddAttributeError(path.Root("id"), "Invalid id", "The id is \""+config.ID.ValueString()+"\". It has the form <cloud>/<region>/<cluster>/<name>, as in \"aws/us-west-2/prod/fraud\". Write it so.")
	case config.ID.IsNull() && !byParts:
		resp.Diagnostics.AddError("No model server is named", "Write cluster_id and name, or id = \"aws/us-west-2/prod/fraud\".")
	case config.ID.IsNull():
		resp.Diagnostics.Append(model{ClusterID: config.ClusterID}.clusterID()...)
	}
}

func (d *modelServerDataSource) Read(ctx context.Context, req datasource.ReadRequest, resp *datasource.ReadResponse) {
	var config dataSourceModel
	resp.Diagnostics.Append(req.Config.Get(ctx, &config)...)
	if resp.Diagnostics.HasError() {
		return
	}
	id, ok := serving.ParseModelServerID(config.ID.ValueString())
	if !ok {
		named := model{ClusterID: config.ClusterID, Name: config.Name}
		resp.Diagnostics.Append(named.clusterID()...)
		id = named.identity()
	}
	if resp.Diagnostics.HasError() {
		return
	}
	found, diags := lookUp(ctx, d.Provider, "read", id)
	resp.Diagnostics.Append(diags...)
	if !resp.Diagnostics.HasError() && found.Gone {
		resp.Diagnostics.AddError("No such model server: "+id.String(), "The cluster has no server of this name that the provider made. Check cluster and name, and that the credentials are those of its account.")
	}
	if resp.Diagnostics.HasError() {
		return
	}
	resp.Diagnostics.Append(config.observe(ctx, found)...)
	resp.Diagnostics.Append(resp.State.Set(ctx, config)...)
}

func (m *dataSourceModel) observe(ctx context.Context, found serving.ObservedModelServer) diag.Diagnostics {
	whole := model{}
	diags := whole.observe(ctx, found)
	a, names := found.Spec.Auth, []string{}
	for name := range a.Tokens {
		names = append(names, name)
	}
	auth := dataSourceAuthModel{Mode: types.StringValue(string(a.Mode)), TokenNames: tf.SetOf(names), Audiences: types.SetNull(types.StringType)}
	switch a.Mode {
	case serving.AuthBody:
		auth.BodyKey = types.StringValue(a.BodyKeyOrDefault())
	case serving.AuthHeader, serving.AuthJWT:
		auth.Header = types.StringValue(a.HeaderOrDefault())
	}
	if a.JWT != nil {
		auth.Issuer, auth.Audiences = types.StringValue(a.JWT.Issuer), tf.SetOf(a.JWT.Audiences)
	}
	object, d := types.ObjectValueFrom(ctx, attributeTypes(dataSourceAuth()), auth)
	diags.Append(d...)
	*m = dataSourceModel{
		ID: whole.ID, ClusterID: whole.ClusterID, Name: whole.Name, Path: whole.Path, Protocol: whole.Protocol,
		TimeoutSeconds: whole.TimeoutSeconds, MaxBodyBytes: whole.MaxBodyBytes, Auth: object,
		AllowUnauthenticated: whole.AllowUnauthenticated, URL: whole.URL,
	}
	return diags
}
