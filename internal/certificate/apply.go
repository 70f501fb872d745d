package certificate

import (
	"context"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/tfsdk"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-log/tflog"

	"github.com/modelserving/terraform-provider-serving/internal/serving"
	"github.com/modelserving/terraform-provider-serving/internal/tf"
)

const (
	applyTimeout   = 10 * time.Minute
	destroyTimeout = 30 * time.Minute
	readTimeout    = 5 * time.Minute
	graceTimeout   = 30 * time.Second
)

// opened gives the backend of a certificate and its spec for an apply, when
// everything that can be known is.
func (m model) opened(ctx context.Context, p *tf.Provider, config types.Object) (serving.Backend, serving.Certificate, diag.Diagnostics) {
	backend, diags := p.Backend(serving.Cloud(m.Cloud.ValueString()))
	if backend == nil && !diags.HasError() {
		diags.Append(tf.NotSettled(m.ID.ValueString()))
	}
	spec, d := m.spec(ctx, p, config)
	diags.Append(d...)
	spec.Unknown = nil
	return backend, spec, diags
}

// create also gives the key that was stored.
func create(ctx context.Context, p *tf.Provider, plan model, config types.Object) (serving.ObservedCertificate, string, diag.Diagnostics) {
	var found serving.ObservedCertificate
	backend, spec, diags := plan.opened(ctx, p, config)
	timeout, d := plan.Timeouts.Create(ctx, applyTimeout)
	diags.Append(d...)
	if diags.HasError() {
		return found, "", diags
	}
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	found, err := backend.CreateCertificate(ctx, spec)
	diags.Append(tf.Failed(tf.Doing{Verb: "create", Kind: kind, ID: spec.ID().String()}, err)...)
	return found, keyOf(spec), diags
}

func keyOf(spec serving.Certificate) string {
	if spec.Imported == nil {
		return ""
	}
	return spec.Imported.PrivateKeyPEM
}

// read is false when the cloud cannot be asked yet.
func read(ctx context.Context, p *tf.Provider, state model) (found serving.ObservedCertificate, ok bool, diags diag.Diagnostics) {
	backend, diags := p.Backend(serving.Cloud(state.Cloud.ValueString()))
	if backend == nil && !diags.HasError() {
		diags.Append(tf.NotRefreshed(state.ID.ValueString()))
		return found, false, diags
	}
	spec, d := state.spec(ctx, p, types.ObjectNull(importedTypes))
	diags.Append(d...)
	timeout, d := state.Timeouts.Read(ctx, readTimeout)
	diags.Append(d...)
	if diags.HasError() {
		return found, false, diags
	}
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	found, err := backend.ObserveCertificate(ctx, spec)
	diags.Append(tf.Failed(tf.Doing{Verb: "read", Kind: kind, ID: spec.ID().String()}, err)...)
	return found, !diags.HasError(), diags
}

// update also gives the key that was stored.
func update(ctx context.Context, p *tf.Provider, plan, prior model, config types.Object) (serving.ObservedCertificate, string, diag.Diagnostics) {
	var found serving.ObservedCertificate
	backend, spec, diags := plan.opened(ctx, p, config)
	spec.LastSeen = tf.Texts(prior.Objects)
	timeout, d := plan.Timeouts.Update(ctx, applyTimeout)
	diags.Append(d...)
	if diags.HasError() {
		return found, "", diags
	}
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	found, err := backend.UpdateCertificate(ctx, spec)
	diags.Append(tf.Failed(tf.Doing{Verb: "update", Kind: kind, ID: spec.ID().String()}, err)...)
	return found, keyOf(spec), diags
}

// afterFailure observes what an update has done until it failed. It outlives an
// interruption, and no longer than Terraform waits for it.
func afterFailure(ctx context.Context, p *tf.Provider, plan, prior model) (serving.ObservedCertificate, bool) {
	var found serving.ObservedCertificate
	backend, spec, diags := plan.opened(ctx, p, types.ObjectNull(importedTypes))
	if diags.HasError() {
		return found, false
	}
	spec.LastSeen = tf.Texts(prior.Objects)
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), graceTimeout)
	defer cancel()
	found, err := backend.ObserveCertificate(ctx, spec)
	if err != nil {
		tflog.Warn(ctx, "the failed update could not be observed, so the state stays as it was", map[string]any{"id": spec.ID().String(), "error": err.Error()})
	}
	return found, err == nil && !found.Gone
}

func destroy(ctx context.Context, p *tf.Provider, state model) diag.Diagnostics {
	backend, spec, diags := state.opened(ctx, p, types.ObjectNull(importedTypes))
	timeout, d := state.Timeouts.Delete(ctx, destroyTimeout)
	diags.Append(d...)
	if diags.HasError() {
		return diags
	}
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	err := backend.DestroyCertificate(ctx, spec)
	diags.Append(tf.Failed(tf.Doing{Verb: "destroy", Kind: kind, ID: spec.ID().String()}, err)...)
	return diags
}

// lookUp reads a certificate of which only the id is known.
func lookUp(ctx context.Context, p *tf.Provider, id serving.ID) (serving.ObservedCertificate, diag.Diagnostics) {
	var found serving.ObservedCertificate
	backend, diags := p.Backend(id.Cloud)
	if backend == nil && !diags.HasError() {
		diags.Append(tf.NotSettled(id.String()))
	}
	if diags.HasError() {
		return found, diags
	}
	ctx, cancel := context.WithTimeout(ctx, readTimeout)
	defer cancel()
	found, err := backend.ReadCertificate(ctx, id)
	diags.Append(tf.Failed(tf.Doing{Verb: "import", Kind: kind, ID: id.String()}, err)...)
	return found, diags
}

// countKey settles the key's version when the key was not known while planning.
func (m *model) countKey(ctx context.Context, prior model, config types.Object, private tf.Private) diag.Diagnostics {
	spec, diags := m.spec(ctx, nil, config)
	same, d := tf.SameFingerprint(ctx, private, privateKeyFingerprint, keyOf(spec))
	diags.Append(d...)
	m.PrivateKeyVersion = prior.PrivateKeyVersion
	if !same {
		m.PrivateKeyVersion = types.Int64Value(prior.PrivateKeyVersion.ValueInt64() + 1)
	}
	return diags
}

// store writes what was found into state. With a plan, state is that plan and
// what was found fills what was unknown in it.
func (m *model) store(ctx context.Context, p *tf.Provider, found serving.ObservedCertificate, plan *tfsdk.Plan, state *tfsdk.State, identity *tfsdk.ResourceIdentity) diag.Diagnostics {
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
