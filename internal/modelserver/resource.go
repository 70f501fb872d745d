// Package modelserver is the room of serving_model_server: resource, data
// source, and the function basic_token.
package modelserver

import (
	"context"
	"maps"
	"slices"

	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-log/tflog"

	"github.com/modelserving/terraform-provider-serving/internal/tf"
)

var (
	_ resource.ResourceWithConfigure      = (*modelServerResource)(nil)
	_ resource.ResourceWithIdentity       = (*modelServerResource)(nil)
	_ resource.ResourceWithImportState    = (*modelServerResource)(nil)
	_ resource.ResourceWithModifyPlan     = (*modelServerResource)(nil)
	_ resource.ResourceWithValidateConfig = (*modelServerResource)(nil)
)

const kind = "serving_model_server"

// secretFingerprints is the key in private state.
const secretFingerprints = "secrets"

type modelServerResource struct{ tf.Resource }

// NewResource makes the resource serving_model_server.
func NewResource() resource.Resource { return &modelServerResource{} }

func (r *modelServerResource) Metadata(_ context.Context, req resource.MetadataRequest, resp *resource.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_model_server"
}

func (r *modelServerResource) Schema(ctx context.Context, _ resource.SchemaRequest, resp *resource.SchemaResponse) {
	resp.Schema = modelServerSchema(ctx)
}

func (r *modelServerResource) IdentitySchema(_ context.Context, _ resource.IdentitySchemaRequest, resp *resource.IdentitySchemaResponse) {
	resp.IdentitySchema = identitySchema()
}

// ValidateConfig runs the rules on what is written.
func (r *modelServerResource) ValidateConfig(ctx context.Context, req resource.ValidateConfigRequest, resp *resource.ValidateConfigResponse) {
	var config model
	resp.Diagnostics.Append(req.Config.Get(ctx, &config)...)
	if resp.Diagnostics.HasError() {
		return
	}
	spec, diags := config.spec(ctx, &config)
	resp.Diagnostics.Append(diags...)
	resp.Diagnostics.Append(config.clusterID()...)
	resp.Diagnostics.Append(tf.Errors(req.Config.Schema, spec.Problems())...)
}

func (r *modelServerResource) Create(ctx context.Context, req resource.CreateRequest, resp *resource.CreateResponse) {
	var config, plan model
	resp.Diagnostics.Append(req.Config.Get(ctx, &config)...)
	resp.Diagnostics.Append(req.Plan.Get(ctx, &plan)...)
	if resp.Diagnostics.HasError() {
		return
	}
	found, secrets, diags := create(ctx, r.Provider, plan, config)
	resp.Diagnostics.Append(diags...)
	// Without state the next apply resumes; with state it would begin anew.
	if resp.Diagnostics.HasError() {
		return
	}
	if plan.SecretsVersion.IsUnknown() {
		plan.SecretsVersion = firstVersion(secrets)
	}
	resp.Diagnostics.Append(tf.StoreFingerprints(ctx, resp.Private, secretFingerprints, secrets)...)
	resp.Diagnostics.Append(plan.store(ctx, found, &req.Plan, &resp.State, resp.Identity)...)
}

func (r *modelServerResource) Read(ctx context.Context, req resource.ReadRequest, resp *resource.ReadResponse) {
	var state model
	resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	names, diags := tf.FingerprintNames(ctx, req.Private, secretFingerprints)
	resp.Diagnostics.Append(diags...)
	if resp.Diagnostics.HasError() {
		return
	}
	found, ok, diags := read(ctx, r.Provider, state, names)
	resp.Diagnostics.Append(diags...)
	if resp.Diagnostics.HasError() {
		return
	}
	resp.Diagnostics.Append(setIdentity(ctx, resp.Identity, state.identity(), found.Account)...)
	switch {
	case !ok || found.Unseen != "":
	case found.Gone:
		tflog.Info(ctx, "the model server does not exist any more", map[string]any{"id": state.ID.ValueString()})
		resp.State.RemoveResource(ctx)
	default:
		resp.Diagnostics.Append(state.observe(ctx, found)...)
		resp.Diagnostics.Append(resp.State.Set(ctx, state)...)
	}
}

func (r *modelServerResource) Update(ctx context.Context, req resource.UpdateRequest, resp *resource.UpdateResponse) {
	var config, plan, prior model
	resp.Diagnostics.Append(req.Config.Get(ctx, &config)...)
	resp.Diagnostics.Append(req.Plan.Get(ctx, &plan)...)
	resp.Diagnostics.Append(req.State.Get(ctx, &prior)...)
	if resp.Diagnostics.HasError() {
		return
	}
	if plan.SecretsVersion.IsUnknown() {
		resp.Diagnostics.Append(plan.countSecrets(ctx, prior, config, req.Private)...)
	}
	found, secrets, diags := update(ctx, r.Provider, plan, config)
	resp.Diagnostics.Append(diags...)
	if !resp.Diagnostics.HasError() {
		resp.Diagnostics.Append(tf.StoreFingerprints(ctx, resp.Private, secretFingerprints, secrets)...)
		resp.Diagnostics.Append(plan.store(ctx, found, &req.Plan, &resp.State, resp.Identity)...)
		return
	}
	// What was done until then is observed, so that the next plan shows the rest.
	// The secrets' version and fingerprints stay: they may not have been stored.
	names, _ := tf.FingerprintNames(ctx, req.Private, secretFingerprints)
	if found, ok := afterFailure(ctx, r.Provider, plan, names); ok {
		plan.SecretsVersion = prior.SecretsVersion
		resp.Diagnostics.Append(plan.store(ctx, found, nil, &resp.State, resp.Identity)...)
	}
}

func (r *modelServerResource) Delete(ctx context.Context, req resource.DeleteRequest, resp *resource.DeleteResponse) {
	var state model
	resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	if resp.Diagnostics.HasError() {
		return
	}
	resp.Diagnostics.Append(destroy(ctx, r.Provider, state)...)
}

// ImportState reads the server. Its secrets stay in the cluster: the next plan
// stores the configured ones.
func (r *modelServerResource) ImportState(ctx context.Context, req resource.ImportStateRequest, resp *resource.ImportStateResponse) {
	id, account, diags := importedID(ctx, req)
	resp.Diagnostics.Append(diags...)
	if resp.Diagnostics.HasError() {
		return
	}
	var state model
	// Null, and of the right type.
	resp.Diagnostics.Append(resp.State.GetAttribute(ctx, path.Root("timeouts"), &state.Timeouts)...)
	found, diags := lookUp(ctx, r.Provider, "import", id)
	resp.Diagnostics.Append(diags...)
	if !resp.Diagnostics.HasError() {
		want := tf.Imported{ID: id.Cluster, Account: account}
		resp.Diagnostics.Append(want.Found(tf.Doing{Verb: "import", Kind: kind, ID: id.String()}, found.Observation)...)
	}
	if resp.Diagnostics.HasError() {
		return
	}
	state.SecretsVersion = types.Int64Value(0)
	resp.Diagnostics.Append(tf.StoreNames(ctx, resp.Private, secretFingerprints, slices.Collect(maps.Keys(secretsOf(found.Spec))))...)
	resp.Diagnostics.Append(state.store(ctx, found, nil, &resp.State, resp.Identity)...)
}
