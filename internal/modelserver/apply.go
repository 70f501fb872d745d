package modelserver

import (
	"context"
	"strings"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/tfsdk"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-log/tflog"

	"github.com/modelserving/terraform-provider-serving/internal/serving"
	"github.com/modelserving/terraform-provider-serving/internal/tf"
)

const (
	applyTimeout   = 20 * time.Minute
	destroyTimeout = 10 * time.Minute
	readTimeout    = 5 * time.Minute
	graceTimeout   = 30 * time.Second
)

// opened gives the backend of a server and its spec for an apply, when
// everything that can be known is.
func (m model) opened(ctx context.Context, p *tf.Provider, config *model) (serving.Backend, serving.ModelServer, diag.Diagnostics) {
	diags := m.clusterID()
	spec, d := m.spec(ctx, config)
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

// create also gives the secrets that were stored.
func create(ctx context.Context, p *tf.Provider, plan, config model) (serving.ObservedModelServer, map[string]string, diag.Diagnostics) {
	var found serving.ObservedModelServer
	backend, spec, diags := plan.opened(ctx, p, &config)
	timeout, d := plan.Timeouts.Create(ctx, applyTimeout)
	diags.Append(d...)
	if diags.HasError() {
		return found, nil, diags
	}
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	found, err := backend.CreateModelServer(ctx, spec)
	diags.Append(tf.Failed(tf.Doing{Verb: "create", Kind: kind, ID: spec.ID().String()}, err)...)
	return found, secretsOf(spec), diags
}

// read is false when the cluster cannot be asked yet. Stored are the names of
// the secrets that were stored last.
func read(ctx context.Context, p *tf.Provider, state model, stored []string) (found serving.ObservedModelServer, ok bool, diags diag.Diagnostics) {
	spec, diags := state.spec(ctx, nil)
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
	found, err := backend.ObserveModelServer(ctx, withNames(spec, stored))
	diags.Append(tf.Failed(tf.Doing{Verb: "read", Kind: kind, ID: spec.ID().String()}, err)...)
	diags.Append(tf.Unseen(spec.ID().String(), found.Observation)...)
	// What was not looked at has no names to compare.
	if !found.Gone && found.Unseen == "" {
		found.Drift = driftOfSecrets(found, stored)
	}
	return found, !diags.HasError(), diags
}

// withNames gives the spec the names of its secret variables, which no
// attribute of the state has.
func withNames(spec serving.ModelServer, stored []string) serving.ModelServer {
	if spec.Workload == nil {
		return spec
	}
	workload := *spec.Workload
	workload.SecretEnv = map[string]serving.Token{}
	for _, name := range stored {
		if variable, ok := strings.CutPrefix(name, secretEnvPrefix); ok {
			workload.SecretEnv[variable] = serving.Token{}
		}
	}
	spec.Workload = &workload
	return spec
}

// update also gives the secrets that were stored.
func update(ctx context.Context, p *tf.Provider, plan, config model) (serving.ObservedModelServer, map[string]string, diag.Diagnostics) {
	var found serving.ObservedModelServer
	backend, spec, diags := plan.opened(ctx, p, &config)
	timeout, d := plan.Timeouts.Update(ctx, applyTimeout)
	diags.Append(d...)
	if diags.HasError() {
		return found, nil, diags
	}
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	found, err := backend.UpdateModelServer(ctx, spec)
	diags.Append(tf.Failed(tf.Doing{Verb: "update", Kind: kind, ID: spec.ID().String()}, err)...)
	return found, secretsOf(spec), diags
}

// afterFailure observes what an update has done until it failed. It outlives an
// interruption, and no longer than Terraform waits for it.
func afterFailure(ctx context.Context, p *tf.Provider, plan model, stored []string) (serving.ObservedModelServer, bool) {
	var found serving.ObservedModelServer
	backend, spec, diags := plan.opened(ctx, p, nil)
	if diags.HasError() {
		return found, false
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), graceTimeout)
	defer cancel()
	found, err := backend.ObserveModelServer(ctx, withNames(spec, stored))
	if err != nil {
		tflog.Warn(ctx, "the failed update could not be observed, so the state stays as it was", map[string]any{"id": spec.ID().String(), "error": err.Error()})
	}
	return found, err == nil && !found.Gone && found.Unseen == ""
}

func destroy(ctx context.Context, p *tf.Provider, state model) diag.Diagnostics {
	backend, spec, diags := state.opened(ctx, p, nil)
	timeout, d := state.Timeouts.Delete(ctx, destroyTimeout)
	diags.Append(d...)
	if diags.HasError() {
		return diags
	}
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	err := backend.DestroyModelServer(ctx, spec)
	diags.Append(tf.Failed(tf.Doing{Verb: "destroy", Kind: kind, ID: spec.ID().String()}, err)...)
	return diags
}

// lookUp reads a server of which only the id is known.
func lookUp(ctx context.Context, p *tf.Provider, verb string, id serving.ModelServerID) (serving.ObservedModelServer, diag.Diagnostics) {
	var found serving.ObservedModelServer
	backend, diags := p.Backend(id.Cluster.Cloud)
	if backend == nil && !diags.HasError() {
		diags.Append(tf.NotSettled(id.String()))
	}
	if diags.HasError() {
		return found, diags
	}
	ctx, cancel := context.WithTimeout(ctx, readTimeout)
	defer cancel()
	found, err := backend.ReadModelServer(ctx, id)
	diags.Append(tf.Failed(tf.Doing{Verb: verb, Kind: kind, ID: id.String()}, err)...)
	diags.Append(tf.Unseen(id.String(), found.Observation)...)
	return found, diags
}

// countSecrets settles the secrets' version when some were not known while
// planning.
func (m *model) countSecrets(ctx context.Context, prior, config model, private tf.Private) diag.Diagnostics {
	spec, diags := m.spec(ctx, &config)
	same, d := tf.SameFingerprints(ctx, private, secretFingerprints, secretsOf(spec))
	diags.Append(d...)
	m.SecretsVersion = nextVersion(prior, same)
	return diags
}

func nextVersion(prior model, same bool) types.Int64 {
	if same {
		return prior.SecretsVersion
	}
	return types.Int64Value(prior.SecretsVersion.ValueInt64() + 1)
}

// store writes what was found into state. With a plan, state is that plan and
// what was found fills what was unknown in it.
func (m *model) store(ctx context.Context, found serving.ObservedModelServer, plan *tfsdk.Plan, state *tfsdk.State, identity *tfsdk.ResourceIdentity) diag.Diagnostics {
	diags := m.observe(ctx, found)
	diags.Append(state.Set(ctx, m)...)
	if plan != nil && !diags.HasError() {
		filled, d := tf.Fill(plan.Raw, state.Raw)
		diags.Append(d...)
		state.Raw = filled
	}
	diags.Append(setIdentity(ctx, identity, found.Spec.ID(), found.Account)...)
	return diags
}
