// Package cluster is the room of serving_cluster: resource and data source.
package cluster

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-log/tflog"

	"github.com/modelserving/terraform-provider-serving/internal/serving"
	"github.com/modelserving/terraform-provider-serving/internal/tf"
)

var (
	_ resource.ResourceWithConfigure      = (*clusterResource)(nil)
	_ resource.ResourceWithIdentity       = (*clusterResource)(nil)
	_ resource.ResourceWithImportState    = (*clusterResource)(nil)
	_ resource.ResourceWithModifyPlan     = (*clusterResource)(nil)
	_ resource.ResourceWithValidateConfig = (*clusterResource)(nil)
)

const kind = "serving_cluster"

type clusterResource struct{ tf.Resource }

// NewResource makes the resource serving_cluster.
func NewResource() resource.Resource { return &clusterResource{} }

func (r *clusterResource) Metadata(_ context.Context, req resource.MetadataRequest, resp *resource.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_cluster"
}

func (r *clusterResource) Schema(ctx context.Context, _ resource.SchemaRequest, resp *resource.SchemaResponse) {
	resp.Schema = clusterSchema(ctx)
}

func (r *clusterResource) IdentitySchema(_ context.Context, _ resource.IdentitySchemaRequest, resp *resource.IdentitySchemaResponse) {
	resp.IdentitySchema = tf.IdentitySchema()
}

// ValidateConfig runs the rules on what is written.
func (r *clusterResource) ValidateConfig(ctx context.Context, req resource.ValidateConfigRequest, resp *resource.ValidateConfigResponse) {
	var config resourceModel
	resp.Diagnostics.Append(req.Config.Get(ctx, &config)...)
	if !resp.Diagnostics.HasError() {
		resp.Diagnostics.Append(config.validate(ctx, req.Config.Schema)...)
	}
}

func (r *clusterResource) Create(ctx context.Context, req resource.CreateRequest, resp *resource.CreateResponse) {
	var plan resourceModel
	resp.Diagnostics.Append(req.Plan.Get(ctx, &plan)...)
	if resp.Diagnostics.HasError() {
		return
	}
	found, diags := create(ctx, r.Provider, plan)
	resp.Diagnostics.Append(diags...)
	// Without state the next apply resumes; with state it would begin anew.
	if resp.Diagnostics.HasError() {
		return
	}
	resp.Diagnostics.Append(plan.store(ctx, r.Provider, found, &req.Plan, &resp.State, resp.Identity)...)
}

func (r *clusterResource) Read(ctx context.Context, req resource.ReadRequest, resp *resource.ReadResponse) {
	var state resourceModel
	resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	if resp.Diagnostics.HasError() {
		return
	}
	found, ok, diags := read(ctx, r.Provider, state)
	resp.Diagnostics.Append(diags...)
	if resp.Diagnostics.HasError() {
		return
	}
	resp.Diagnostics.Append(tf.SetIdentity(ctx, resp.Identity, state.identity(), found.Account)...)
	switch {
	case !ok:
	case found.Gone:
		tflog.Info(ctx, "the cluster does not exist any more", map[string]any{"id": state.ID.ValueString()})
		resp.State.RemoveResource(ctx)
	default:
		resp.Diagnostics.Append(state.observe(ctx, r.Provider, found)...)
		resp.Diagnostics.Append(resp.State.Set(ctx, state)...)
	}
}

func (r *clusterResource) Update(ctx context.Context, req resource.UpdateRequest, resp *resource.UpdateResponse) {
	var plan, prior resourceModel
	resp.Diagnostics.Append(req.Plan.Get(ctx, &plan)...)
	resp.Diagnostics.Append(req.State.Get(ctx, &prior)...)
	if resp.Diagnostics.HasError() {
		return
	}
	found, diags := update(ctx, r.Provider, plan, prior)
	resp.Diagnostics.Append(diags...)
	if !resp.Diagnostics.HasError() {
		resp.Diagnostics.Append(plan.store(ctx, r.Provider, found, &req.Plan, &resp.State, resp.Identity)...)
		return
	}
	// What was done until then is observed, so that the next plan shows the rest.
	if found, ok := afterFailure(ctx, r.Provider, plan, prior); ok {
		resp.Diagnostics.Append(plan.store(ctx, r.Provider, found, nil, &resp.State, resp.Identity)...)
	}
}

func (r *clusterResource) Delete(ctx context.Context, req resource.DeleteRequest, resp *resource.DeleteResponse) {
	var state resourceModel
	resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	if resp.Diagnostics.HasError() {
		return
	}
	resp.Diagnostics.Append(destroy(ctx, r.Provider, state)...)
}

// ImportState reads the whole cluster, so that nothing is left to guess.
func (r *clusterResource) ImportState(ctx context.Context, req resource.ImportStateRequest, resp *resource.ImportStateResponse) {
	want, diags := tf.ImportedID(ctx, req)
	resp.Diagnostics.Append(diags...)
	if resp.Diagnostics.HasError() {
		return
	}
	var state resourceModel
	// Null, and of the right type.
	resp.Diagnostics.Append(resp.State.GetAttribute(ctx, path.Root("timeouts"), &state.Timeouts)...)
	found, diags := lookUp(ctx, r.Provider, "import", want.ID)
	resp.Diagnostics.Append(diags...)
	if !resp.Diagnostics.HasError() {
		resp.Diagnostics.Append(want.Found(tf.Doing{Verb: "import", Kind: kind, ID: want.ID.String()}, found.Observation)...)
	}
	if resp.Diagnostics.HasError() {
		return
	}
	resp.Diagnostics.Append(state.store(ctx, r.Provider, found, nil, &resp.State, resp.Identity)...)
}

// identity is the cluster's id as a value.
func (m model) identity() serving.ID {
	return serving.ID{Cloud: serving.Cloud(m.Cloud.ValueString()), Region: m.Region.ValueString(), Name: m.Name.ValueString()}
}
