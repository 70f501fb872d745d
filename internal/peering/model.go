package peering

import (
	"context"
	"fmt"
	"sync"

	"github.com/hashicorp/terraform-plugin-framework-timeouts/resource/timeouts"
	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/modelserving/terraform-provider-serving/internal/serving"
	"github.com/modelserving/terraform-provider-serving/internal/tf"
)

type model struct {
	ID                 types.String   `tfsdk:"id"`
	ClusterID          types.String   `tfsdk:"cluster_id"`
	Peer               types.Object   `tfsdk:"peer"`
	Accept             types.String   `tfsdk:"accept"`
	DNSResolution      types.Bool     `tfsdk:"dns_resolution"`
	ClusterRouteTables types.Set      `tfsdk:"cluster_route_tables"`
	PeerRouteTables    types.Set      `tfsdk:"peer_route_tables"`
	CIDRs              types.Set      `tfsdk:"cidrs"`
	Tags               types.Map      `tfsdk:"tags"`
	Timeouts           timeouts.Value `tfsdk:"timeouts"`
	ConnectionID       types.String   `tfsdk:"connection_id"`
	Status             types.String   `tfsdk:"status"`
	Objects            types.Map      `tfsdk:"objects"`
	Drift              types.Map      `tfsdk:"drift"`
}

type peerModel struct {
	VPC           types.String `tfsdk:"vpc"`
	AccountID     types.String `tfsdk:"account_id"`
	Region        types.String `tfsdk:"region"`
	AssumeRoleARN types.String `tfsdk:"assume_role_arn"`
	Project       types.String `tfsdk:"project"`
	Impersonate   types.String `tfsdk:"impersonate_service_account"`
}

// peerTypes are those of the peer's attributes, from the schema.
var peerTypes = sync.OnceValue(func() map[string]attr.Type {
	object, _ := peerAttribute().GetType().(types.ObjectType)
	return object.AttrTypes
})

// peer reads the nested object; its zero value stands for one that is not known.
func (m model) peer(ctx context.Context) (peerModel, diag.Diagnostics) {
	r := tf.NewReader()
	p, _ := tf.Object[peerModel](ctx, r, "peer", m.Peer)
	return p, r.Diags
}

func (m *model) setPeer(ctx context.Context, p peerModel) diag.Diagnostics {
	object, diags := types.ObjectValueFrom(ctx, peerTypes(), p)
	m.Peer = object
	return diags
}

// cluster is the id of the cluster as a value.
func (m model) cluster() serving.ID {
	id, _ := serving.ParseID(m.ClusterID.ValueString())
	return id
}

// clusterID judges the form of the cluster's id, which a spec has only when it
// is right.
func (m model) clusterID() diag.Diagnostics {
	var diags diag.Diagnostics
	if _, ok := serving.ParseID(m.ClusterID.ValueString()); !ok && !m.ClusterID.IsUnknown() {
		diags.AddAttributeError(path.Root("cluster_id"), "Invalid cluster_id",
			fmt.Sprintf("The id is %q. It is the id of a serving_cluster, <cloud>/<region>/<name>, as in \"aws/us-west-2/prod\". Write cluster_id = serving_cluster.prod.id.", m.ClusterID.ValueString()))
	}
	return diags
}

// spec reads the model. What only the cloud settles, as the peer's account, is
// unknown in a plan and no reason to wait: with the configuration, that is what
// it does not say.
func (m model) spec(ctx context.Context, p *tf.Provider, config *model) (serving.Peering, diag.Diagnostics) {
	r := tf.NewReader()
	r.String("cluster_id", m.ClusterID)
	s := serving.Peering{
		Cluster:            m.cluster(),
		Accept:             serving.Accept(r.String("accept", m.Accept)),
		DNS:                r.Bool("dns_resolution", m.DNSResolution),
		ClusterRouteTables: r.Strings("cluster_route_tables", m.ClusterRouteTables),
		PeerRouteTables:    r.Strings("peer_route_tables", m.PeerRouteTables),
		CIDRs:              r.Strings("cidrs", m.CIDRs),
		Tags:               r.Tags(p, m.Tags),
		LastSeen:           tf.Texts(m.Objects),
	}
	if peer, ok := tf.Object[peerModel](ctx, r, "peer", m.Peer); ok {
		s.Peer = serving.Peer{
			VPC:           r.String("peer.vpc", peer.VPC),
			AccountID:     r.String("peer.account_id", peer.AccountID),
			Region:        r.String("peer.region", peer.Region),
			AssumeRoleARN: r.String("peer.assume_role_arn", peer.AssumeRoleARN),
			Project:       r.String("peer.project", peer.Project),

			ImpersonateServiceAccount: r.String("peer.impersonate_service_account", peer.Impersonate),
		}
	}
	if config != nil {
		written, _ := tf.Object[peerModel](ctx, r, "peer", config.Peer)
		if written.AccountID.IsNull() {
			delete(r.Unknown, "peer.account_id")
		}
		if written.Region.IsNull() {
			delete(r.Unknown, "peer.region")
		}
	}
	s.Unknown = r.Unknown
	return s, r.Diags
}

// observe replaces the model by what was found.
func (m *model) observe(ctx context.Context, p *tf.Provider, found serving.ObservedPeering) diag.Diagnostics {
	s := found.Spec
	was, diags := m.peer(ctx)
	diags.Append(m.setPeer(ctx, peerModel{
		VPC:           types.StringValue(s.Peer.VPC),
		AccountID:     tf.Text(was.AccountID, s.Peer.AccountID),
		Region:        tf.Text(was.Region, s.Peer.Region),
		AssumeRoleARN: tf.Text(was.AssumeRoleARN, s.Peer.AssumeRoleARN),
		Project:       tf.Text(was.Project, s.Peer.Project),
		Impersonate:   tf.Text(was.Impersonate, s.Peer.ImpersonateServiceAccount),
	})...)
	m.Drift = tf.Reasons(found.Drift, p.DriftOfTags(m.Tags, s.Tags))
	m.ID = types.StringValue(s.ID().String())
	m.ClusterID = types.StringValue(s.Cluster.String())
	m.Accept = types.StringValue(string(s.Accept))
	m.DNSResolution = types.BoolValue(s.DNS)
	m.ClusterRouteTables = tf.Set(m.ClusterRouteTables, s.ClusterRouteTables)
	m.PeerRouteTables = tf.Set(m.PeerRouteTables, s.PeerRouteTables)
	m.CIDRs = tf.Set(m.CIDRs, s.CIDRs)
	m.Tags = p.OwnTags(m.Tags, s.Tags)
	m.ConnectionID = tf.Text(m.ConnectionID, found.ConnectionID)
	m.Status = tf.Text(m.Status, found.Status)
	m.Objects = tf.MapOf(found.Objects)
	return diags
}
