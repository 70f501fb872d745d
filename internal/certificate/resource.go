// Package certificate is the room of serving_certificate.
package certificate

import (
	"context"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-log/tflog"

	"github.com/modelserving/terraform-provider-serving/internal/serving"
	"github.com/modelserving/terraform-provider-serving/internal/tf"
)

var (
	_ resource.ResourceWithConfigure      = (*certificateResource)(nil)
	_ resource.ResourceWithIdentity       = (*certificateResource)(nil)
	_ resource.ResourceWithImportState    = (*certificateResource)(nil)
	_ resource.ResourceWithModifyPlan     = (*certificateResource)(nil)
	_ resource.ResourceWithValidateConfig = (*certificateResource)(nil)
)

const kind = "serving_certificate"

// privateKeyFingerprint is the key in private state.
const privateKeyFingerprint = "private_key_wo"

type certificateResource struct{ tf.Resource }

// NewResource makes the resource serving_certificate.
func NewResource() resource.Resource { return &certificateResource{} }

func (r *certificateResource) Metadata(_ context.Context, req resource.MetadataRequest, resp *resource.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_certificate"
}

func (r *certificateResource) Schema(ctx context.Context, _ resource.SchemaRequest, resp *resource.SchemaResponse) {
	resp.Schema = certificateSchema(ctx)
}

func (r *certificateResource) IdentitySchema(_ context.Context, _ resource.IdentitySchemaRequest, resp *resource.IdentitySchemaResponse) {
	resp.IdentitySchema = tf.IdentitySchema()
}

// ValidateConfig runs the rules on what is written. Cloud and region that are
// left out are settled while planning, with the provider's configuration.
func (r *certificateResource) ValidateConfig(ctx context.Context, req resource.ValidateConfigRequest, resp *resource.ValidateConfigResponse) {
	var config model
	resp.Diagnostics.Append(req.Config.Get(ctx, &config)...)
	if resp.Diagnostics.HasError() {
		return
	}
	spec, diags := config.spec(ctx, nil, config.Imported)
	resp.Diagnostics.Append(diags...)
	if config.Cloud.IsNull() {
		spec.Unknown["cloud"] = true
	}
	if config.Region.IsNull() {
		spec.Unknown["region"] = true
	}
	resp.Diagnostics.Append(tf.Errors(req.Config.Schema, serving.Lenient(spec.Problems(time.Now())))...)
}

func (r *certificateResource) Create(ctx context.Context, req resource.CreateRequest, resp *resource.CreateResponse) {
	var config, plan model
	resp.Diagnostics.Append(req.Config.Get(ctx, &config)...)
	resp.Diagnostics.Append(req.Plan.Get(ctx, &plan)...)
	if resp.Diagnostics.HasError() {
		return
	}
	found, key, diags := create(ctx, r.Provider, plan, config.Imported)
	resp.Diagnostics.Append(diags...)
	if resp.Diagnostics.HasError() {
		return
	}
	resp.Diagnostics.Append(tf.StoreFingerprint(ctx, resp.Private, privateKeyFingerprint, key)...)
	resp.Diagnostics.Append(plan.store(ctx, r.Provider, found, &req.Plan, &resp.State, resp.Identity)...)
}

func (r *certificateResource) Read(ctx context.Context, req resource.ReadRequest, resp *resource.ReadResponse) {
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
	resp.Diagnostics.Append(tf.SetIdentity(ctx, resp.Identity, state.identity(), found.Account)...)
	switch {
	case !ok:
	case found.Gone:
		tflog.Info(ctx, "the certificate does not exist any more", map[string]any{"id": state.ID.ValueString()})
		resp.State.RemoveResource(ctx)
	default:
		resp.Diagnostics.Append(state.observe(ctx, r.Provider, found)...)
		resp.Diagnostics.Append(resp.State.Set(ctx, state)...)
	}
}

func (r *certificateResource) Update(ctx context.Context, req resource.UpdateRequest, resp *resource.UpdateResponse) {
	var config, plan, prior model
	resp.Diagnostics.Append(req.Config.Get(ctx, &config)...)
	resp.Diagnostics.Append(req.Plan.Get(ctx, &plan)...)
	resp.Diagnostics.Append(req.State.Get(ctx, &prior)...)
	if resp.Diagnostics.HasError() {
		return
	}
	if plan.PrivateKeyVersion.IsUnknown() {
		resp.Diagnostics.Append(plan.countKey(ctx, prior, config.Imported, req.Private)...)
	}
	found, key, diags := update(ctx, r.Provider, plan, prior, config.Imported)
	resp.Diagnostics.Append(diags...)
	if !resp.Diagnostics.HasError() {
		resp.Diagnostics.Append(tf.StoreFingerprint(ctx, resp.Private, privateKeyFingerprint, key)...)
		resp.Diagnostics.Append(plan.store(ctx, r.Provider, found, &req.Plan, &resp.State, resp.Identity)...)
		return
	}
	// What was done until then is observed, so that the next plan shows the rest.
	// The key's version and fingerprint stay: that key may not have been stored.
	if found, ok := afterFailure(ctx, r.Provider, plan, prior); ok {
		plan.PrivateKeyVersion = prior.PrivateKeyVersion
		resp.Diagnostics.Append(plan.store(ctx, r.Provider, found, nil, &resp.State, resp.Identity)...)
	}
}

func (r *certificateResource) Delete(ctx context.Context, req resource.DeleteRequest, resp *resource.DeleteResponse) {
	var state model
	resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	if resp.Diagnostics.HasError() {
		return
	}
	resp.Diagnostics.Append(destroy(ctx, r.Provider, state)...)
}

// ImportState reads the certificate. Its key stays in the cloud: the next plan
// stores the configured one.
func (r *certificateResource) ImportState(ctx context.Context, req resource.ImportStateRequest, resp *resource.ImportStateResponse) {
	want, diags := tf.ImportedID(ctx, req)
	resp.Diagnostics.Append(diags...)
	if resp.Diagnostics.HasError() {
		return
	}
	var state model
	// Null, and of the right type.
	resp.Diagnostics.Append(resp.State.GetAttribute(ctx, path.Root("timeouts"), &state.Timeouts)...)
	found, diags := lookUp(ctx, r.Provider, want.ID)
	resp.Diagnostics.Append(diags...)
	if !resp.Diagnostics.HasError() {
		resp.Diagnostics.Append(want.Found(tf.Doing{Verb: "import", Kind: kind, ID: want.ID.String()}, found.Observation)...)
	}
	if resp.Diagnostics.HasError() {
		return
	}
	state.PrivateKeyVersion = types.Int64Value(0)
	// No cloud keeps it, so an import begins with the default.
	found.Spec.RenewBeforeDays = defaultRenewBefore
	resp.Diagnostics.Append(state.store(ctx, r.Provider, found, nil, &resp.State, resp.Identity)...)
}
