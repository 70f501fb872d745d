package cluster

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"

	"github.com/modelserving/terraform-provider-serving/internal/serving"
	"github.com/modelserving/terraform-provider-serving/internal/tf"
)

var (
	_ datasource.DataSourceWithConfigure      = (*clusterDataSource)(nil)
	_ datasource.DataSourceWithValidateConfig = (*clusterDataSource)(nil)
)

type clusterDataSource struct{ tf.DataSource }

// NewDataSource makes the data source serving_cluster.
func NewDataSource() datasource.DataSource { return &clusterDataSource{} }

func (d *clusterDataSource) Metadata(_ context.Context, req datasource.MetadataRequest, resp *datasource.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_cluster"
}

func (d *clusterDataSource) Schema(_ context.Context, _ datasource.SchemaRequest, resp *datasource.SchemaResponse) {
	attributes := tf.Computed(clusterAttributes())
	argument := func(text string) schema.Attribute {
		return schema.StringAttribute{Optional: true, Computed: true, MarkdownDescription: text}
	}
	attributes["id"] = argument("Id of the cluster, `<cloud>/<region>/<name>`. Either this, or `name` with what the provider block leaves open.")
	attributes["name"] = argument("Name of the cluster.")
	attributes["cloud"] = argument("Cloud it is in: `aws` or `gcp`. By default the one that the provider block configures.")
	attributes["region"] = argument("Region it is in. By default that of the provider block.")
	resp.Schema = schema.Schema{
		MarkdownDescription: "A serving cluster that is managed elsewhere: where it answers, who has a path to it, and what it is made of.",
		Attributes:          attributes,
	}
}

// ValidateConfig demands an id or a name.
func (d *clusterDataSource) ValidateConfig(ctx context.Context, req datasource.ValidateConfigRequest, resp *datasource.ValidateConfigResponse) {
	var config model
	resp.Diagnostics.Append(req.Config.Get(ctx, &config)...)
	_, valid := serving.ParseID(config.ID.ValueString())
	switch {
	case config.ID.IsUnknown() || config.Name.IsUnknown():
	case config.ID.IsNull() && config.Name.IsNull():
		resp.Diagnostics.AddError("No cluster is named", "Write id = \"aws/us-west-2/prod\", or name and, if the provider block does not settle them, cloud and region.")
	case !config.ID.IsNull() && (!config.Name.IsNull() || !config.Region.IsNull() || !config.Cloud.IsNull()):
		resp.Diagnostics.AddAttributeError(path.Root("id"), "Cluster is named twice", "An id says cloud, region and name already. Remove either the id or the others.")
	case !config.ID.IsNull() && !valid:
		resp.Diagnostics.AddAttributeError(path.Root("id"), "Invalid id", "The id is \""+config.ID.ValueString()+"\". It has the form <cloud>/<region>/<name>, as in \"aws/us-west-2/prod\". Write it so.")
	}
}

func (d *clusterDataSource) Read(ctx context.Context, req datasource.ReadRequest, resp *datasource.ReadResponse) {
	var config model
	resp.Diagnostics.Append(req.Config.Get(ctx, &config)...)
	id, diags := config.named(d.Provider)
	resp.Diagnostics.Append(diags...)
	if resp.Diagnostics.HasError() {
		return
	}
	found, diags := lookUp(ctx, d.Provider, "read", id)
	resp.Diagnostics.Append(diags...)
	if !resp.Diagnostics.HasError() && found.Gone {
		resp.Diagnostics.AddError("No such cluster: "+id.String(), "There is no cluster of this name that the provider made. Check cloud, region and name, and that the credentials are those of its account.")
	}
	if resp.Diagnostics.HasError() {
		return
	}
	// Whoever made the cluster has default tags of their own: all tags are shown.
	resp.Diagnostics.Append(config.observe(ctx, &tf.Provider{}, found)...)
	resp.Diagnostics.Append(resp.State.Set(ctx, config)...)
}

// named is the id that the configuration means.
func (m model) named(p *tf.Provider) (serving.ID, diag.Diagnostics) {
	if id, ok := serving.ParseID(m.ID.ValueString()); ok {
		return id, nil
	}
	id := m.identity()
	if id.Cloud == "" {
		id.Cloud = p.OnlyCloud()
	}
	backend, diags := p.Backend(id.Cloud)
	if id.Region == "" && backend != nil {
		id.Region = backend.DefaultRegion()
	}
	if id.Region == "" && !diags.HasError() {
		diags.AddAttributeError(path.Root("region"), "No region", "No region is given, and the provider block has none. Write region = \"us-west-2\" (or another), or set it in the provider block.")
	}
	return id, diags
}
