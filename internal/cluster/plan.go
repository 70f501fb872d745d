package cluster

import (
	"context"
	"maps"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/modelserving/terraform-provider-serving/internal/serving"
	"github.com/modelserving/terraform-provider-serving/internal/tf"
)

// step is one change that is being planned. Prior is nil for a create.
type step struct {
	provider     *tf.Provider
	schema       tf.Typed
	config, plan resourceModel
	prior        *resourceModel
}

// ModifyPlan settles what the schema's plan modifiers cannot, and judges the
// plan. Terraform calls it while planning and again while applying.
func (r *clusterResource) ModifyPlan(ctx context.Context, req resource.ModifyPlanRequest, resp *resource.ModifyPlanResponse) {
	s, diags := r.step(ctx, req)
	resp.Diagnostics.Append(diags...)
	if resp.Diagnostics.HasError() {
		return
	}
	if req.Plan.Raw.IsNull() {
		resp.Diagnostics.Append(protected(*s.prior)...)
		return
	}
	s.locate()
	resp.Diagnostics.Append(s.settle(ctx)...)
	spec, was, diags := s.specs(ctx)
	resp.Diagnostics.Append(diags...)
	if resp.Diagnostics.HasError() {
		return
	}
	resp.Diagnostics.Append(resp.Plan.Set(ctx, s.plan)...)
	resp.Diagnostics.Append(tf.Problems(s.schema, spec.Problems())...)
	var replaces []string
	if was != nil {
		resp.Diagnostics.Append(tf.Problems(s.schema, spec.Changes(*was))...)
		replaces = spec.Replaces(*was)
	}
	for _, at := range replaces {
		resp.RequiresReplace = append(resp.RequiresReplace, tf.Path(s.schema, at))
	}
	resp.Diagnostics.Append(s.claim(spec, req, len(replaces) > 0)...)
	create := s.prior == nil || len(replaces) > 0
	resp.Diagnostics.Append(s.note(ctx, spec, create)...)
	if create && !r.Provider.KubernetesProxy {
		resp.Diagnostics.Append(tf.Problems(s.schema, spec.OnCreate())...)
	}
	// Terraform asks again, without state, for the cluster that replaces this one.
	if len(replaces) == 0 {
		resp.Diagnostics.Append(s.certificate(&spec)...)
	}
	if len(replaces) == 0 && !resp.Diagnostics.HasError() && s.wantsPreflight(ctx) {
		resp.Diagnostics.Append(s.preflight(ctx, spec)...)
	}
}

func (r *clusterResource) step(ctx context.Context, req resource.ModifyPlanRequest) (*step, diag.Diagnostics) {
	var diags diag.Diagnostics
	s := &step{provider: r.Provider, schema: req.Plan.Schema}
	if !req.State.Raw.IsNull() {
		s.prior = &resourceModel{}
		diags.Append(req.State.Get(ctx, s.prior)...)
	}
	if !req.Plan.Raw.IsNull() {
		diags.Append(req.Config.Get(ctx, &s.config)...)
		diags.Append(req.Plan.Get(ctx, &s.plan)...)
	}
	return s, diags
}

// protected keeps a protected cluster from being destroyed, before any call.
func protected(state resourceModel) diag.Diagnostics {
	var diags diag.Diagnostics
	if state.DeletionProtection.ValueBool() {
		diags.AddAttributeError(path.Root("deletion_protection"), "Cluster is protected",
			"The deletion_protection of "+state.ID.ValueString()+" is on, so it is not destroyed. Set deletion_protection = false and apply first.")
	}
	return diags
}

// locate settles cloud, region and id. A cluster that exists stays where it is:
// the schema keeps what state has.
func (s *step) locate() {
	m := &s.plan
	if m.Cloud.IsUnknown() && s.config.Cloud.IsNull() {
		m.Cloud = tf.Text(types.StringNull(), string(s.provider.OnlyCloud()))
	}
	// A cloud that is not supported is for the rules to refuse.
	backend, _ := s.provider.Backend(serving.Cloud(m.Cloud.ValueString()))
	if m.Region.IsUnknown() && s.config.Region.IsNull() && !m.Cloud.IsUnknown() && backend != nil {
		m.Region = tf.Text(types.StringNull(), backend.DefaultRegion())
	}
	m.ID = types.StringUnknown()
	if !m.Cloud.IsUnknown() && !m.Region.IsUnknown() && !m.Name.IsUnknown() {
		m.ID = types.StringValue(m.identity().String())
	}
}

// specs reads the plan and the state. What the configuration leaves to the
// cloud is absent, not unknown: the user has nothing to say on it.
func (s *step) specs(ctx context.Context) (spec serving.Cluster, was *serving.Cluster, diags diag.Diagnostics) {
	spec, diags = s.plan.spec(ctx, s.provider)
	if s.config.KubernetesVersion.IsNull() {
		delete(spec.Unknown, "kubernetes_version")
	}
	r := tf.NewReader()
	if written, ok := tf.Object[networkModel](ctx, r, "network", s.config.Network); ok {
		if written.Zones.IsNull() {
			delete(spec.Unknown, "network.zones")
		}
		if written.ServiceCIDR.IsNull() {
			delete(spec.Unknown, "network.service_cidr")
		}
	}
	diags.Append(r.Diags...)
	if s.prior != nil {
		prior, d := s.prior.spec(ctx, s.provider)
		diags.Append(d...)
		was = &prior
	}
	return spec, was, diags
}

// claim refuses two clusters of one id in one configuration.
func (s *step) claim(spec serving.Cluster, req resource.ModifyPlanRequest, replace bool) diag.Diagnostics {
	var diags diag.Diagnostics
	if s.plan.ID.IsUnknown() || s.provider.Plans.Claim(kind, spec.ID().String(), req.Config.Raw, s.prior == nil, replace) {
		return diags
	}
	diags.AddAttributeError(path.Root("name"), "Two clusters with one id",
		"Another serving_cluster of this configuration is "+spec.ID().String()+" as well. Both would own the same cloud objects. Give one of them another name or region.")
	return diags
}

// certificate holds the endpoint against its certificate when that is in the
// same plan: the cloud may not have it yet, and is then not to be asked.
func (s *step) certificate(spec *serving.Cluster) diag.Diagnostics {
	if !spec.Known("endpoint.certificate_id") {
		return nil
	}
	info, planned := s.provider.Plans.Certificate(spec.Endpoint.CertificateID)
	if !planned {
		return nil
	}
	var problems []serving.Problem
	if info != nil {
		problems = spec.CertificateProblems(*info, time.Now())
		if s.prior != nil {
			problems = serving.Lenient(problems)
		}
	}
	spec.Unknown = maps.Clone(spec.Unknown)
	spec.Unknown["endpoint.certificate_id"] = true
	return tf.Problems(s.schema, problems)
}

// wantsPreflight reports whether something changes that the cloud can judge
// before it is asked to make it.
func (s *step) wantsPreflight(ctx context.Context) bool {
	if s.prior == nil {
		return true
	}
	r := tf.NewReader()
	is, _ := tf.Object[endpointModel](ctx, r, "", s.plan.Endpoint)
	was, _ := tf.Object[endpointModel](ctx, r, "", s.prior.Endpoint)
	return !is.CertificateID.Equal(was.CertificateID) || !is.Domain.Equal(was.Domain) || !is.DNS.Equal(was.DNS) ||
		!s.plan.Network.Equal(s.prior.Network) || !s.plan.Visibility.Equal(s.prior.Visibility)
}

func (s *step) preflight(ctx context.Context, spec serving.Cluster) diag.Diagnostics {
	if s.plan.ID.IsUnknown() {
		return nil
	}
	backend, diags := s.provider.Backend(spec.Cloud)
	if backend == nil {
		return diags
	}
	if s.prior != nil {
		// The plan's own may not be known.
		spec.LastSeen = tf.Texts(s.prior.Objects)
	}
	problems, err := backend.PreflightCluster(ctx, spec)
	diags.Append(tf.Failed(tf.Doing{Verb: "plan", Kind: kind, ID: spec.ID().String()}, err)...)
	diags.Append(tf.Problems(s.schema, problems)...)
	return diags
}
