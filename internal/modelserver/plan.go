package modelserver

import (
	"context"
	"slices"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"

	"github.com/modelserving/terraform-provider-serving/internal/serving"
	"github.com/modelserving/terraform-provider-serving/internal/tf"
)

// step is one change that is being planned. Prior is nil for a create.
type step struct {
	provider     *tf.Provider
	schema       tf.Typed
	config, plan model
	prior        *model
	private      tf.Private
	// cluster is what the same process plans for the server's cluster.
	cluster tf.PlannedCluster
	planned bool
}

// ModifyPlan settles the computed values, notices other secrets, and judges the
// server: on its own, against its cluster, and against the other servers.
func (r *modelServerResource) ModifyPlan(ctx context.Context, req resource.ModifyPlanRequest, resp *resource.ModifyPlanResponse) {
	s, diags := r.step(ctx, req)
	resp.Diagnostics.Append(diags...)
	if resp.Diagnostics.HasError() {
		return
	}
	if req.Plan.Raw.IsNull() {
		r.Provider.Plans.LeaveModelServer(s.prior.identity())
		return
	}
	s.locate()
	resp.Diagnostics.Append(s.settle(ctx)...)
	spec, diags := s.plan.spec(ctx, &s.config)
	resp.Diagnostics.Append(diags...)
	resp.Diagnostics.Append(s.settleSecrets(ctx, spec)...)
	if resp.Diagnostics.HasError() {
		return
	}
	resp.Diagnostics.Append(resp.Plan.Set(ctx, s.plan)...)
	resp.Diagnostics.Append(s.plan.clusterID()...)
	resp.Diagnostics.Append(tf.Problems(s.schema, spec.Problems())...)
	if s.remade() {
		// Its cluster is made anew, and takes the server along.
		resp.RequiresReplace = append(resp.RequiresReplace, path.Root("objects"))
	}
	if s.plan.ID.IsUnknown() || resp.Diagnostics.HasError() {
		return
	}
	resp.Diagnostics.Append(s.claim(spec, req)...)
	resp.Diagnostics.Append(s.place(ctx, spec)...)
}

func (r *modelServerResource) step(ctx context.Context, req resource.ModifyPlanRequest) (*step, diag.Diagnostics) {
	var diags diag.Diagnostics
	s := &step{provider: r.Provider, schema: req.Plan.Schema, private: req.Private}
	if !req.State.Raw.IsNull() {
		s.prior = &model{}
		diags.Append(req.State.Get(ctx, s.prior)...)
	}
	if !req.Plan.Raw.IsNull() {
		diags.Append(req.Config.Get(ctx, &s.config)...)
		diags.Append(req.Plan.Get(ctx, &s.plan)...)
	}
	return s, diags
}

// remade reports whether the server exists on a cluster that is destroyed and
// made again under the same id.
func (s *step) remade() bool { return s.prior != nil && s.planned && s.cluster.Create && !s.moves() }

// moves reports whether the server gets another id.
func (s *step) moves() bool { return s.prior != nil && !s.prior.ID.Equal(s.plan.ID) }

// claim refuses two servers of one id in one configuration.
func (s *step) claim(spec serving.ModelServer, req resource.ModifyPlanRequest) diag.Diagnostics {
	var diags diag.Diagnostics
	id := spec.ID().String()
	if !s.provider.Plans.Claim(kind, id, req.Config.Raw, s.prior == nil, s.moves() || s.remade()) {
		diags.AddAttributeError(path.Root("name"), "Two model servers with one id",
			"Another serving_model_server of this configuration is "+id+" as well. Both would own the same Kubernetes objects. Give one of them another name.")
	}
	return diags
}

// place judges the server where it is to be: on a cluster of the same plan by
// what that will be, else by what the cloud has; and beside the servers of the
// same plan.
func (s *step) place(ctx context.Context, spec serving.ModelServer) diag.Diagnostics {
	var diags diag.Diagnostics
	if s.moves() {
		s.provider.Plans.LeaveModelServer(s.prior.identity())
	}
	problems := spec.Conflicts(s.provider.Plans.NoteModelServer(spec))
	if s.planned {
		problems = append(problems, spec.OnCluster(s.cluster.Spec)...)
		diags.Append(tf.Problems(s.schema, problems)...)
		return diags
	}
	diags.Append(tf.Problems(s.schema, problems)...)
	if diags.HasError() || !s.wantsPreflight() {
		return diags
	}
	backend, d := s.provider.Backend(spec.Cluster.Cloud)
	diags.Append(d...)
	if backend == nil {
		return diags
	}
	found, err := backend.PreflightModelServer(ctx, spec)
	diags.Append(tf.Failed(tf.Doing{Verb: "plan", Kind: kind, ID: spec.ID().String()}, err)...)
	// Of a server that is planned as well, the plan is what counts.
	found = slices.DeleteFunc(slices.Clone(found), func(p serving.Problem) bool {
		return p.Other != "" && s.provider.Plans.KnowsModelServer(serving.ModelServerID{Cluster: spec.Cluster, Name: p.Other})
	})
	diags.Append(tf.Problems(s.schema, found)...)
	return diags
}

// wantsPreflight reports whether something changes that the cluster has a say
// in.
func (s *step) wantsPreflight() bool {
	is, was := &s.plan, s.prior
	return was == nil || !is.Path.Equal(was.Path) || !is.Auth.Equal(was.Auth) || !is.AllowUnauthenticated.Equal(was.AllowUnauthenticated) ||
		!is.NodePool.Equal(was.NodePool) || !is.Resources.Equal(was.Resources) || !is.Service.Equal(was.Service)
}
