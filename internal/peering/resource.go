// Package peering is the room of serving_vpc_peering, and of the function
// cidr_conflicts.
package peering

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-log/tflog"

	"github.com/modelserving/terraform-provider-serving/internal/tf"
)

var (
	_ resource.ResourceWithConfigure      = (*peeringResource)(nil)
	_ resource.ResourceWithIdentity       = (*peeringResource)(nil)
	_ resource.ResourceWithImportState    = (*peeringResource)(nil)
	_ resource.ResourceWithModifyPlan     = (*peeringResource)(nil)
	_ resource.ResourceWithValidateConfig = (*peeringResource)(nil)
)

const kind = "serving_vpc_peering"

type peeringResource struct{ tf.Resource }

// NewResource makes the resource serving_vpc_peering.
func NewResource() resource.Resource { return &peeringResource{} }

func (r *peeringResource) Metadata(_ context.Context, req resource.MetadataRequest, resp *resource.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_vpc_peering"
}

func (r *peeringResource) Schema(ctx context.Context, _ resource.SchemaRequest, resp *resource.SchemaResponse) {
	resp.Schema = peeringSchema(ctx)
}

func (r *peeringResource) IdentitySchema(_ context.Context, _ resource.IdentitySchemaRequest, resp *resource.IdentitySchemaResponse) {
	resp.IdentitySchema = identitySchema()
}

// ValidateConfig runs the rules on what is written. What is left out gets its
// default while planning.
func (r *peeringResource) ValidateConfig(ctx context.Context, req resource.ValidateConfigRequest, resp *resource.ValidateConfigResponse) {
	var config model
	resp.Diagnostics.Append(req.Config.Get(ctx, &config)...)
	if resp.Diagnostics.HasError() {
		return
	}
	spec, diags := config.spec(ctx, nil, &config)
	resp.Diagnostics.Append(diags...)
	if config.Accept.IsNull() {
		spec.Unknown["accept"] = true
	}
	resp.Diagnostics.Append(config.clusterID()...)
	resp.Diagnostics.Append(tf.Errors(req.Config.Schema, spec.Problems())...)
}

func (r *peeringResource) Create(ctx context.Context, req resource.CreateRequest, resp *resource.CreateResponse) {
	var plan model
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

func (r *peeringResource) Read(ctx context.Context, req resource.ReadRequest, resp *resource.ReadResponse) {
	var state model
	resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	if resp.Diagnostics.HasError() {
		return
	}
	found, ok, diags := read(ctx, r.Provider, state)
	resp.Diagnostics.Append(diags...)
	if resp.Diagnostics.HasError() {
		return
	}
	was, diags := state.spec(ctx, r.Provider, nil)
	resp.Diagnostics.Append(diags...)
	resp.Diagnostics.Append(setIdentity(ctx, resp.Identity, was.ID(), found.Account)...)
	if ok && found.Ended != "" {
		resp.Diagnostics.AddWarning("Peering has ended: "+state.ID.ValueString(), found.Ended+". The next apply asks for a new one.")
	}
	switch {
	case !ok:
	case found.Gone:
		tflog.Info(ctx, "the peering does not exist any more", map[string]any{"id": state.ID.ValueString(), "ended": found.Ended})
		resp.State.RemoveResource(ctx)
	default:
		resp.Diagnostics.Append(state.observe(ctx, r.Provider, found)...)
		resp.Diagnostics.Append(resp.State.Set(ctx, state)...)
	}
}

func (r *peeringResource) Update(ctx context.Context, req resource.UpdateRequest, resp *resource.UpdateResponse) {
	var plan, prior model
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

func (r *peeringResource) Delete(ctx context.Context, req resource.DeleteRequest, resp *resource.DeleteResponse) {
	var state model
	resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	if resp.Diagnostics.HasError() {
		return
	}
	resp.Diagnostics.Append(destroy(ctx, r.Provider, state)...)
}

// ImportState reads the peering. Its connection tells the peer's account and
// region, and no cloud keeps who reads it: that is an option of the id.
func (r *peeringResource) ImportState(ctx context.Context, req resource.ImportStateRequest, resp *resource.ImportStateResponse) {
	want, diags := importedID(ctx, req)
	resp.Diagnostics.Append(diags...)
	if resp.Diagnostics.HasError() {
		return
	}
	var state model
	// Null, and of the right type.
	resp.Diagnostics.Append(resp.State.GetAttribute(ctx, path.Root("timeouts"), &state.Timeouts)...)
	found, diags := lookUp(ctx, r.Provider, want)
	resp.Diagnostics.Append(diags...)
	if !resp.Diagnostics.HasError() {
		asked := tf.Imported{ID: want.id.Cluster, Account: want.account}
		resp.Diagnostics.Append(asked.Found(tf.Doing{Verb: "import", Kind: kind, ID: want.id.String()}, found.Observation)...)
	}
	if resp.Diagnostics.HasError() {
		return
	}
	resp.Diagnostics.Append(state.store(ctx, r.Provider, found, nil, &resp.State, resp.Identity)...)
}
