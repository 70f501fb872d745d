package cluster

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/diag"

	"github.com/modelserving/terraform-provider-serving/internal/serving"
	"github.com/modelserving/terraform-provider-serving/internal/tf"
)

// note tells the notebook of this cluster, for the model servers that are
// planned after it.
func (s *step) note(ctx context.Context, spec serving.Cluster, create bool) diag.Diagnostics {
	if s.plan.ID.IsUnknown() {
		return nil
	}
	r := tf.NewReader()
	is, _ := tf.Object[endpointModel](ctx, r, "", s.plan.Endpoint)
	planned := tf.PlannedCluster{Spec: spec, Create: create, URL: is.URL, Moves: true}
	if s.prior != nil {
		was, _ := tf.Object[endpointModel](ctx, r, "", s.prior.Endpoint)
		planned.Moves = !is.URL.Equal(was.URL)
		planned.NewLoadBalancer = !s.plan.Visibility.Equal(s.prior.Visibility)
	}
	s.provider.Plans.NoteCluster(planned)
	return r.Diags
}
