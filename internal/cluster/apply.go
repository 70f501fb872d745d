package cluster

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
	longTimeout  = 60 * time.Minute
	readTimeout  = 5 * time.Minute
	graceTimeout = 30 * time.Second
)

// opened gives the backend of a cluster and its spec for an apply, when
// everything that can be known is.
func (m model) opened(ctx context.Context, p *tf.Provider) (serving.Backend, serving.Cluster, diag.Diagnostics) {
	backend, diags := p.Backend(serving.Cloud(m.Cloud.ValueString()))
	if backend == nil && !diags.HasError() {
		diags.Append(tf.NotSettled(m.ID.ValueString()))
	}
	spec, d := m.spec(ctx, p)
	diags.Append(d...)
	// What is unknown now is for the cloud to choose.
	spec.Unknown = nil
	return backend, spec, diags
}

func create(ctx context.Context, p *tf.Provider, plan resourceModel) (serving.ObservedCluster, diag.Diagnostics) {
	var found serving.ObservedCluster
	backend, spec, diags := plan.opened(ctx, p)
	timeout, d := plan.Timeouts.Create(ctx, longTimeout)
	diags.Append(d...)
	if diags.HasError() {
		return found, diags
	}
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	found, err := backend.CreateCluster(ctx, spec)
	diags.Append(tf.Failed(tf.Doing{Verb: "create", Kind: kind, ID: spec.ID().String()}, err)...)
	return found, diags
}

// read is false when the cloud cannot be asked yet.
func read(ctx context.Context, p *tf.Provider, state resourceModel) (found serving.ObservedCluster, ok bool, diags diag.Diagnostics) {
	backend, diags := p.Backend(serving.Cloud(state.Cloud.ValueString()))
	if backend == nil && !diags.HasError() {
		diags.Append(tf.NotRefreshed(state.ID.ValueString()))
		return found, false, diags
	}
	spec, d := state.spec(ctx, p)
	diags.Append(d...)
	timeout, d := state.Timeouts.Read(ctx, readTimeout)
	diags.Append(d...)
	if diags.HasError() {
		return found, false, diags
	}
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	found, err := backend.ObserveCluster(ctx, spec)
	diags.Append(tf.Failed(tf.Doing{Verb: "read", Kind: kind, ID: spec.ID().String()}, err)...)
	diags.Append(tf.Unseen(spec.ID().String(), found.Observation)...)
	diags.Append(tf.Advised(spec.ID().String(), found.Observation)...)
	return found, !diags.HasError(), diags
}

func update(ctx context.Context, p *tf.Provider, plan, prior resourceModel) (serving.ObservedCluster, diag.Diagnostics) {
	var found serving.ObservedCluster
	backend, spec, diags := plan.opened(ctx, p)
	timeout, d := plan.Timeouts.Update(ctx, longTimeout)
	diags.Append(d...)
	was, d := prior.spec(ctx, p)
	diags.Append(d...)
	spec.LastSeen = was.LastSeen
	// What was not known while planning may turn out to need another cluster,
	// and the plan that the user agreed to has none.
	for _, path := range spec.Replaces(was) {
		diags.AddAttributeError(tf.Path(clusterSchema(ctx), path), "Change needs a new cluster",
			"This value was not known while planning. It cannot change on an existing cluster. Nothing was changed: plan again, now that the value is known.")
	}
	if diags.HasError() {
		return found, diags
	}
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	found, err := backend.UpdateCluster(ctx, spec)
	diags.Append(tf.Failed(tf.Doing{Verb: "update", Kind: kind, ID: spec.ID().String()}, err)...)
	return found, diags
}

// afterFailure observes what an update has done until it failed. It outlives an
// interruption, and no longer than Terraform waits for it.
func afterFailure(ctx context.Context, p *tf.Provider, plan, prior resourceModel) (serving.ObservedCluster, bool) {
	var found serving.ObservedCluster
	backend, spec, diags := plan.opened(ctx, p)
	if diags.HasError() {
		return found, false
	}
	spec.LastSeen = tf.Texts(prior.Objects)
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), graceTimeout)
	defer cancel()
	found, err := backend.ObserveCluster(ctx, spec)
	if err != nil {
		tflog.Warn(ctx, "the failed update could not be observed, so the state stays as it was", map[string]any{"id": spec.ID().String(), "error": err.Error()})
	}
	return found, err == nil && !found.Gone
}

func destroy(ctx context.Context, p *tf.Provider, state resourceModel) diag.Diagnostics {
	if diags := protected(state); diags.HasError() {
		return diags
	}
	backend, spec, diags := state.opened(ctx, p)
	timeout, d := state.Timeouts.Delete(ctx, longTimeout)
	diags.Append(d...)
	if diags.HasError() {
		return diags
	}
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	err := backend.DestroyCluster(ctx, spec)
	diags.Append(tf.Failed(tf.Doing{Verb: "destroy", Kind: kind, ID: spec.ID().String()}, err)...)
	return diags
}

// lookUp reads a cluster of which only the id is known.
func lookUp(ctx context.Context, p *tf.Provider, verb string, id serving.ID) (serving.ObservedCluster, diag.Diagnostics) {
	var found serving.ObservedCluster
	backend, diags := p.Backend(id.Cloud)
	if backend == nil && !diags.HasError() {
		diags.Append(tf.NotSettled(id.String()))
	}
	if diags.HasError() {
		return found, diags
	}
	ctx, cancel := context.WithTimeout(ctx, readTimeout)
	defer cancel()
	found, err := backend.ReadCluster(ctx, id)
	diags.Append(tf.Failed(tf.Doing{Verb: verb, Kind: kind, ID: id.String()}, err)...)
	diags.Append(tf.Unseen(id.String(), found.Observation)...)
	diags.Append(tf.Advised(id.String(), found.Observation)...)
	return found, diags
}

// store writes what was found into state. With a plan, state is that plan and
// what was found fills what was unknown in it.
func (m *resourceModel) store(ctx context.Context, p *tf.Provider, found serving.ObservedCluster, plan *tfsdk.Plan, state *tfsdk.State, identity *tfsdk.ResourceIdentity) diag.Diagnostics {
	diags := m.observe(ctx, p, found)
	diags.Append(state.Set(ctx, m)...)
	if plan != nil && !diags.HasError() {
		filled, d := tf.Fill(plan.Raw, state.Raw)
		diags.Append(d...)
		state.Raw = filled
	}
	diags.Append(tf.SetIdentity(ctx, identity, found.Spec.ID(), found.Account)...)
	return diags
}
