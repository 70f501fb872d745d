// Package reachability is the data source serving_reachability.
package reachability

import (
	"context"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/diag"

	"github.com/modelserving/terraform-provider-serving/internal/serving"
	"github.com/modelserving/terraform-provider-serving/internal/tf"
)

var (
	_ datasource.DataSourceWithConfigure      = (*reachabilityDataSource)(nil)
	_ datasource.DataSourceWithValidateConfig = (*reachabilityDataSource)(nil)
)

// readTimeout bounds one answer.
const readTimeout = 2 * time.Minute

type reachabilityDataSource struct{ tf.DataSource }

// NewDataSource makes the data source serving_reachability.
func NewDataSource() datasource.DataSource { return &reachabilityDataSource{} }

func (d *reachabilityDataSource) Metadata(_ context.Context, req datasource.MetadataRequest, resp *datasource.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_reachability"
}

func (d *reachabilityDataSource) Schema(_ context.Context, _ datasource.SchemaRequest, resp *datasource.SchemaResponse) {
	resp.Schema = dataSourceSchema()
}

// ValidateConfig demands a target and one sort of callers.
func (d *reachabilityDataSource) ValidateConfig(ctx context.Context, req datasource.ValidateConfigRequest, resp *datasource.ValidateConfigResponse) {
	var config model
	resp.Diagnostics.Append(req.Config.Get(ctx, &config)...)
	if resp.Diagnostics.HasError() {
		return
	}
	_, diags := config.target()
	resp.Diagnostics.Append(diags...)
	_, diags = config.source(ctx)
	resp.Diagnostics.Append(diags...)
}

func (d *reachabilityDataSource) Read(ctx context.Context, req datasource.ReadRequest, resp *datasource.ReadResponse) {
	var config model
	resp.Diagnostics.Append(req.Config.Get(ctx, &config)...)
	to, diags := config.target()
	resp.Diagnostics.Append(diags...)
	from, diags := config.source(ctx)
	resp.Diagnostics.Append(diags...)
	if resp.Diagnostics.HasError() {
		return
	}
	found, diags := ask(ctx, d.Provider, config.To.ValueString(), to, from)
	resp.Diagnostics.Append(diags...)
	if resp.Diagnostics.HasError() {
		return
	}
	resp.Diagnostics.Append(config.observe(ctx, to, found)...)
	resp.Diagnostics.Append(resp.State.Set(ctx, config)...)
}

// ask puts the question to the cloud of the target.
func ask(ctx context.Context, p *tf.Provider, id string, to serving.Target, from serving.Source) (serving.Reachability, diag.Diagnostics) {
	var found serving.Reachability
	backend, diags := p.Backend(to.Cluster.Cloud)
	if backend == nil && !diags.HasError() {
		diags.Append(tf.NotSettled(id))
	}
	if diags.HasError() {
		return found, diags
	}
	ctx, cancel := context.WithTimeout(ctx, readTimeout)
	defer cancel()
	found, err := backend.Reach(ctx, to, from)
	diags.Append(tf.Failed(tf.Doing{Verb: "read", Kind: "the way to", ID: id}, err)...)
	if err == nil && found.AuthenticationUnknown != "" {
		diags.AddWarning("Authentication is not known: "+id, "The servers of the cluster could not be read, so authentication and servers are null: "+found.AuthenticationUnknown)
	}
	return found, diags
}
