package peering

import (
	"context"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/tfsdk"
	"github.com/hashicorp/terraform-plugin-log/tflog"

	"github.com/modelserving/terraform-provider-serving/internal/serving"
	"github.com/modelserving/terraform-provider-serving/internal/tf"
)

const (
	applyTimeout   = 10 * time.Minute
	destroyTimeout = 10 * time.Minute
	readTimeout    = 5 * time.Minute
	graceTimeout   = 30 * time.Second
)

// opened gives the backend of a peering and its spec for an apply, when
// everything that can be known is.
func (m model) opened(ctx context.Context, p *tf.Provider) (serving.Backend, serving.Peering, diag.Diagnostics) {
	diags := m.clusterID()
	spec, d := m.spec(ctx, p, nil)
	diags.Append(d...)
	if diags.HasError() {
		return nil, spec, diags
	}
	backend, d := p.Backend(spec.Cluster.Cloud)
	diags.Append(d...)
	if backend == nil && !diags.HasError() {
		diags.Append(tf.NotSettled(m.ID.ValueString()))
	}
	spec.Unknown = nil
	return backend, spec, diags
}

func create(ctx context.Context, p *tf.Provider, plan model) (serving.ObservedPeering, diag.Diagnostics) {
	var found serving.ObservedPeering
	backend, spec, diags := plan.opened(ctx, p)
	timeout, d := plan.Timeouts.Create(ctx, applyTimeout)
	diags.Append(d...)
	if diags.HasError() {
		return found, diags
	}
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	found, err := backend.CreatePeering(ctx, spec)
	diags.Append(tf.Failed(tf.Doing{Verb: "create", Kind: kind, ID: spec.ID().String()}, err)...)
	return found, diags
}

// read is false when the cloud cannot be asked yet.
func read(ctx context.Context, p *tf.Provider, state model) (found serving.ObservedPeering, ok bool, diags diag.Diagnostics) {
	spec, diags := state.spec(ctx, p, nil)
	backend, d := p.Backend(spec.Cluster.Cloud)
	diags.Append(d...)
	if backend == nil && !diags.HasError() {
		diags.Append(tf.NotRefreshed(state.ID.ValueString()))
		return found, false, diags
	}
	timeout, d := state.Timeouts.Read(ctx, readTimeout)
	diags.Append(d...)
	if diags.HasError() {
		return found, false, diags
	}
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	found, err := backend.ObservePeering(ctx, spec)
	diags.Append(tf.Failed(tf.Doing{Verb: "read", Kind: kind, ID: spec.ID().String()}, err)...)
	return found, !diags.HasError(), diags
}

func update(ctx context.Context, p *tf.Provider, plan, prior model) (serving.ObservedPeering, diag.Diagnostics) {
	var found serving.ObservedPeering
	backend, spec, diags := plan.opened(ctx, p)
	spec.LastSeen = tf.Texts(prior.Objects)
	timeout, d := plan.Timeouts.Update(ctx, applyTimeout)
	diags.Append(d...)
	if diags.HasError() {
		return found, diags
	}
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	found, err := backend.UpdatePeering(ctx, spec)
	diags.Append(tf.Failed(tf.Doing{Verb: "update", Kind: kind, ID: spec.ID().String()}, err)...)
	return found, diags
}

// afterFailure observes what an update has done until it failed. It outlives an
// interruption, and no longer than Terraform waits for it.
func afterFailure(ctx context.Context, p *tf.Provider, plan, prior model) (serving.ObservedPeering, bool) {
	var found serving.ObservedPeering
	backend, spec, diags := plan.opened(ctx, p)
	if diags.HasError() {
		return found, false
	}
	spec.LastSeen = tf.Texts(prior.Objects)
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), graceTimeout)
	defer cancel()
	found, err := backend.ObservePeering(ctx, spec)
	if err != nil {
		tflog.Warn(ctx, "the failed update could not be observed, so the state stays as it was", map[string]any{"id": spec.ID().String(), "error": err.Error()})
	}
	return found, err == nil && !found.Gone
}

func destroy(ctx context.Context, p *tf.Provider, state model) diag.Diagnostics {
	backend, spec, diags := state.opened(ctx, p)
	timeout, d := state.Timeouts.Delete(ctx, destroyTimeout)
	diags.Append(d...)
	if diags.HasError() {
		return diags
	}
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	err := backend.DestroyPeering(ctx, spec)
	diags.Append(tf.Failed(tf.Doing{Verb: "destroy", Kind: kind, ID: spec.ID().String()}, err)...)
	return diags
}

// lookUp reads a peering of which only the id is known.
func lookUp(ctx context.Context, p *tf.Provider, want imported) (serving.ObservedPeering, diag.Diagnostics) {
	var found serving.ObservedPeering
	backend, diags := p.Backend(want.id.Cluster.Cloud)
	if backend == nil && !diags.HasError() {
		diags.Append(tf.NotSettled(want.id.String()))
	}
	if diags.HasError() {
		return found, diags
	}
	ctx, cancel := context.WithTimeout(ctx, readTimeout)
	defer cancel()
	found, err := backend.ReadPeering(ctx, want.id, want.principal)
	diags.Append(tf.Failed(tf.Doing{Verb: "import", Kind: kind, ID: want.id.String()}, err)...)
	return found, diags
}

// store writes what was found into state. With a plan, state is that plan and
// what was found fills what was unknown in it.
func (m *model) store(ctx context.Context, p *tf.Provider, found serving.ObservedPeering, plan *tfsdk.Plan, state *tfsdk.State, identity *tfsdk.ResourceIdentity) diag.Diagnostics {
	diags := m.observe(ctx, p, found)
	diags.Append(state.Set(ctx, m)...)
	if plan != nil && !diags.HasError() {
		filled, d := tf.Fill(plan.Raw, state.Raw)
		diags.Append(d...)
		state.Raw = filled
	}
	diags.Append(setIdentity(ctx, identity, found.Spec.ID(), found.Account)...)
	return diags
}
