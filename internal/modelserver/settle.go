package modelserver

import (
	"context"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/modelserving/terraform-provider-serving/internal/serving"
	"github.com/modelserving/terraform-provider-serving/internal/tf"
)

// locate settles the id, and looks up what is planned for the cluster.
func (s *step) locate() {
	m := &s.plan
	m.ID = types.StringUnknown()
	if m.ClusterID.IsUnknown() || m.Name.IsUnknown() {
		return
	}
	id := m.identity()
	if id.Cluster == (serving.ID{}) {
		return // The form of cluster_id is refused.
	}
	m.ID = types.StringValue(id.String())
	s.cluster, s.planned = s.provider.Plans.Cluster(id.Cluster)
}

// settle puts defaults in the place of what the configuration leaves out, and
// says which computed values a change moves. The schema keeps all that state
// has; a value that is kept and moves after all is shown by the next refresh.
func (s *step) settle(ctx context.Context) diag.Diagnostics {
	r := tf.NewReader()
	m := &s.plan
	s.settlePath()
	s.settleReplicas(ctx, r)
	s.keepQuantities(ctx, r)
	m.Drift = tf.Reasons(nil, nil)
	s.settleURL()
	if s.prior == nil || s.moves() || s.remade() || len(s.prior.Drift.Elements()) > 0 ||
		!m.Service.Equal(s.prior.Service) || m.Image.IsNull() != s.prior.Image.IsNull() || !m.Replicas.Equal(s.prior.Replicas) {
		m.Objects = types.MapUnknown(types.StringType)
	}
	return r.Diags
}

func (s *step) settlePath() {
	switch {
	case !s.config.Path.IsNull():
	case s.plan.Name.IsUnknown():
		s.plan.Path = types.StringUnknown()
	default:
		s.plan.Path = types.StringValue("/" + s.plan.Name.ValueString())
	}
}

// settleReplicas gives the numbers of a server that runs an image. The
// framework would keep arguments that were removed.
func (s *step) settleReplicas(ctx context.Context, r *tf.Reader) {
	written := s.config.Replicas
	// An image that is not known yet may be absent: then there are no replicas.
	unsure := s.config.Image.IsUnknown() && !s.config.Service.IsNull() || s.config.Image.IsNull() && s.config.Service.IsUnknown()
	switch {
	case written.IsUnknown() || written.IsNull() && unsure:
		s.plan.Replicas = types.ObjectUnknown(fieldTypes()["replicas"])
	case written.IsNull() && !s.config.runs():
		s.plan.Replicas = types.ObjectNull(fieldTypes()["replicas"])
	default:
		m, _ := tf.Object[replicasModel](ctx, r, "", written)
		s.plan.Replicas = write(ctx, &r.Diags, m.withDefaults(), "replicas")
	}
}

// keepQuantities keeps the text of the state where the configuration's means
// the same: after an import it is in Kubernetes's own words.
func (s *step) keepQuantities(ctx context.Context, r *tf.Reader) {
	if s.prior == nil {
		return
	}
	is, written := tf.Object[resourcesModel](ctx, r, "", s.plan.Resources)
	was, had := tf.Object[resourcesModel](ctx, r, "", s.prior.Resources)
	if !written || !had {
		return
	}
	is.CPU, is.Memory = sameText(was.CPU, is.CPU), sameText(was.Memory, is.Memory)
	s.plan.Resources = write(ctx, &r.Diags, is, "resources")
}

func sameText(was, is types.String) types.String {
	// Null is never the same as a text: Terraform would refuse it.
	if is.IsUnknown() || is.IsNull() || was.IsNull() || !serving.SameQuantity(was.ValueString(), is.ValueString()) {
		return is
	}
	return was
}

// settleURL says where callers will reach the server: the cluster's URL and the
// path. Terraform plans a new server again while it applies, and a cluster only
// if that changes: the URL of one that stays is not known then, and must not be
// before.
func (s *step) settleURL() {
	m := &s.plan
	m.URL = types.StringUnknown()
	switch {
	case m.ID.IsUnknown() || m.Path.IsUnknown():
	case s.planned && s.cluster.Moves:
		if base := s.cluster.URL.ValueString(); base != "" {
			m.URL = types.StringValue(base + m.Path.ValueString())
		}
	case s.prior != nil && !s.moves():
		// The cluster stays, so only the path can move.
		if base, ok := strings.CutSuffix(s.prior.URL.ValueString(), s.prior.Path.ValueString()); ok {
			m.URL = types.StringValue(base + m.Path.ValueString())
		}
	}
}

// settleSecrets raises the version of the secrets when they are others than
// those that were stored last.
func (s *step) settleSecrets(ctx context.Context, spec serving.ModelServer) diag.Diagnostics {
	secrets := secretsOf(spec)
	m := &s.plan
	switch {
	case !spec.Known("auth.tokens", "secret_env_wo"):
		m.SecretsVersion = types.Int64Unknown()
		// A token's name says that there is one, whatever its value will be.
		if (s.prior == nil || s.moves() || s.remade()) && len(secrets) > 0 {
			m.SecretsVersion = firstVersion(secrets)
		}
	case s.prior == nil || s.moves() || s.remade():
		m.SecretsVersion = firstVersion(secrets)
	default:
		same, diags := tf.SameFingerprints(ctx, s.private, secretFingerprints, secrets)
		m.SecretsVersion = nextVersion(*s.prior, same)
		return diags
	}
	return nil
}
