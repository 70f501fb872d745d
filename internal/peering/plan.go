package peering

import (
	"context"

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
	config, plan model
	prior        *model
	// is, was and written are the peer as planned, as it was and as configured.
	is, was, written peerModel
	// cluster is what the same process plans for the cluster.
	cluster tf.PlannedCluster
	planned bool
}

// ModifyPlan settles the computed values, and judges the peering: on its own, and
// against both networks as they are or will be.
func (r *peeringResource) ModifyPlan(ctx context.Context, req resource.ModifyPlanRequest, resp *resource.ModifyPlanResponse) {
	if req.Plan.Raw.IsNull() {
		return
	}
	s, diags := r.step(ctx, req)
	resp.Diagnostics.Append(diags...)
	if resp.Diagnostics.HasError() {
		return
	}
	resp.Diagnostics.Append(s.settlePeer(ctx)...)
	s.locate()
	s.settle()
	resp.Diagnostics.Append(resp.Plan.Set(ctx, s.plan)...)
	resp.RequiresReplace = append(resp.RequiresReplace, s.replaces()...)
	spec, diags := s.plan.spec(ctx, r.Provider, &s.config)
	resp.Diagnostics.Append(diags...)
	resp.Diagnostics.Append(s.plan.clusterID()...)
	resp.Diagnostics.Append(tf.Problems(s.schema, spec.Problems())...)
	if s.plan.ID.IsUnknown() || resp.Diagnostics.HasError() {
		return
	}
	resp.Diagnostics.Append(s.claim(spec, req)...)
	if !resp.Diagnostics.HasError() && s.wantsPreflight() {
		resp.Diagnostics.Append(s.preflight(ctx, spec)...)
	}
}

func (r *peeringResource) step(ctx context.Context, req resource.ModifyPlanRequest) (*step, diag.Diagnostics) {
	s := &step{provider: r.Provider, schema: req.Plan.Schema}
	diags := req.Config.Get(ctx, &s.config)
	diags.Append(req.Plan.Get(ctx, &s.plan)...)
	if !req.State.Raw.IsNull() {
		s.prior = &model{}
		diags.Append(req.State.Get(ctx, s.prior)...)
	}
	if diags.HasError() {
		return s, diags
	}
	var d diag.Diagnostics
	s.is, d = s.plan.peer(ctx)
	diags.Append(d...)
	s.written, d = s.config.peer(ctx)
	diags.Append(d...)
	if s.prior != nil {
		s.was, d = s.prior.peer(ctx)
		diags.Append(d...)
	}
	return s, diags
}

// settlePeer says where the peer is as far as the configuration tells. A VPC
// never moves, so what was once found stays with it. A network that is in all
// regions has nothing to find.
func (s *step) settlePeer(ctx context.Context) diag.Diagnostics {
	if s.plan.Peer.IsUnknown() || s.plan.Peer.IsNull() {
		return nil
	}
	located := s.plan.ClusterID.IsUnknown() || serving.RegionalNetworks(s.plan.cluster().Cloud)
	same := s.prior != nil && s.is.VPC.Equal(s.was.VPC)
	if s.written.AccountID.IsNull() {
		account := serving.RoleAccount(s.is.AssumeRoleARN.ValueString())
		switch {
		case !located:
			s.is.AccountID = types.StringNull()
		case same:
			s.is.AccountID = s.was.AccountID
		case account != "":
			s.is.AccountID = types.StringValue(account)
		default:
			s.is.AccountID = types.StringUnknown()
		}
	}
	if s.written.Region.IsNull() {
		switch {
		case !located:
			s.is.Region = types.StringNull()
		case same:
			s.is.Region = s.was.Region
		case s.plan.ClusterID.IsUnknown():
			s.is.Region = types.StringUnknown()
		default:
			s.is.Region = types.StringValue(s.plan.cluster().Region)
		}
	}
	return s.plan.setPeer(ctx, s.is)
}

// locate settles the id, and looks up what is planned for the cluster.
func (s *step) locate() {
	s.plan.ID = types.StringUnknown()
	if s.plan.ClusterID.IsUnknown() || s.plan.Peer.IsUnknown() || s.is.VPC.IsUnknown() || s.is.Project.IsUnknown() {
		return
	}
	cluster := s.plan.cluster()
	if cluster == (serving.ID{}) {
		return // The form of cluster_id is refused.
	}
	id := serving.Peering{Cluster: cluster, Peer: serving.Peer{VPC: s.is.VPC.ValueString(), Project: s.is.Project.ValueString()}}.ID()
	s.plan.ID = types.StringValue(id.String())
	s.cluster, s.planned = s.provider.Plans.Cluster(cluster)
}

// remade reports whether the cluster is destroyed and made again under the same
// id, and its VPC with it.
func (s *step) remade() bool {
	return s.prior != nil && s.planned && s.cluster.Create && s.plan.ID.Equal(s.prior.ID)
}

// replaces are the paths whose change leaves no way but a new peering.
func (s *step) replaces() path.Paths {
	var paths path.Paths
	if s.prior == nil {
		return paths
	}
	peer := path.Root("peer")
	if !s.is.AccountID.Equal(s.was.AccountID) {
		paths = append(paths, peer.AtName("account_id"))
	}
	if !s.is.Region.Equal(s.was.Region) {
		paths = append(paths, peer.AtName("region"))
	}
	if !s.is.Project.Equal(s.was.Project) {
		paths = append(paths, peer.AtName("project"))
	}
	if s.remade() {
		paths = append(paths, path.Root("connection_id"))
	}
	return paths
}

// settle says what the change does to the computed values. The schema keeps all
// that state has; a value that is kept and moves after all is shown by the next
// refresh.
func (s *step) settle() {
	m := &s.plan
	m.Drift = tf.Reasons(nil, nil)
	anew := s.prior == nil || !m.ID.Equal(s.prior.ID) || len(s.replaces()) > 0
	lost := false
	if s.prior != nil {
		_, lost = s.prior.Drift.Elements()["connection"]
	}
	if anew || lost {
		m.ConnectionID = types.StringUnknown()
	}
	if !anew && !s.disturbed() {
		return
	}
	m.Objects = types.MapUnknown(types.StringType)
	m.Status = types.StringUnknown()
	if m.Accept.ValueString() == string(serving.AcceptAuto) {
		m.Status = types.StringValue(serving.PeeringActive)
	}
}

// disturbed reports whether a peering that stays gets other objects. A new load
// balancer has a new security group, which needs the peering's rule.
func (s *step) disturbed() bool {
	m := &s.plan
	return len(s.prior.Drift.Elements()) > 0 || s.planned && s.cluster.NewLoadBalancer || s.changed() || !m.Accept.Equal(s.prior.Accept) || !s.is.AssumeRoleARN.Equal(s.was.AssumeRoleARN) || !s.is.Impersonate.Equal(s.was.Impersonate)
}

// changed reports whether the configuration asks for other routes or rules.
func (s *step) changed() bool {
	m := &s.plan
	return !m.CIDRs.Equal(s.prior.CIDRs) || !m.ClusterRouteTables.Equal(s.prior.ClusterRouteTables) || !m.PeerRouteTables.Equal(s.prior.PeerRouteTables)
}

// claim refuses two peerings of one id in one configuration.
func (s *step) claim(spec serving.Peering, req resource.ModifyPlanRequest) diag.Diagnostics {
	var diags diag.Diagnostics
	id := spec.ID().String()
	if !s.provider.Plans.Claim(kind, id, req.Config.Raw, s.prior == nil, s.prior != nil && (!s.prior.ID.Equal(s.plan.ID) || len(s.replaces()) > 0)) {
		diags.AddAttributeError(path.Root("peer").AtName("vpc"), "Two peerings with one id",
			"Another serving_vpc_peering of this configuration is "+id+" as well. Two VPCs have one peering at most. Remove one of them.")
	}
	return diags
}

// wantsPreflight reports whether something changes that the networks have a say
// in. A range that a VPC got since shows as drift.
func (s *step) wantsPreflight() bool {
	return s.prior == nil || !s.plan.ID.Equal(s.prior.ID) || s.changed() || !s.plan.Peer.Equal(s.prior.Peer) ||
		!s.plan.Accept.Equal(s.prior.Accept) || !s.plan.DNSResolution.Equal(s.prior.DNSResolution) || len(s.prior.Drift.Elements()) > 0
}

func (s *step) preflight(ctx context.Context, spec serving.Peering) diag.Diagnostics {
	backend, diags := s.provider.Backend(spec.Cluster.Cloud)
	if backend == nil || s.remade() {
		return diags
	}
	if s.planned && s.cluster.Create {
		spec.Planned = &s.cluster.Spec
	}
	// The ids of a plan that repairs are unknown. Those of the state tell our routes
	// from strangers' when the connection is gone.
	if s.prior != nil && s.prior.ID.Equal(s.plan.ID) {
		spec.LastSeen = tf.Texts(s.prior.Objects)
	}
	problems, err := backend.PreflightPeering(ctx, spec)
	diags.Append(tf.Failed(tf.Doing{Verb: "plan", Kind: kind, ID: spec.ID().String()}, err)...)
	diags.Append(tf.Problems(s.schema, problems)...)
	return diags
}
