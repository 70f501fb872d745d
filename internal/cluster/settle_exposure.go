package cluster

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/modelserving/terraform-provider-serving/internal/serving"
	"github.com/modelserving/terraform-provider-serving/internal/tf"
)

// settleExposure makes unknown what a change or a repair may move, part by part:
// most updates move none of it. The ways are the network and the visibility.
func (s *step) settleExposure(ctx context.Context, r *tf.Reader, ways bool) {
	e, ok := tf.Object[exposureModel](ctx, r, "", s.plan.Exposure)
	if !ok {
		s.plan.Exposure = types.ObjectUnknown(fieldTypes("exposure"))
		return
	}
	is, _ := tf.Object[endpointModel](ctx, r, "", s.plan.Endpoint)
	was, _ := tf.Object[endpointModel](ctx, r, "", s.prior.Endpoint)
	if ways || s.plan.Endpoint.IsUnknown() || !is.AllowedCIDRs.Equal(was.AllowedCIDRs) ||
		s.drifted(serving.ExposureDrift, "load_balancer", "forwarding_rule", "security_group", "security_policy", "route_table", "internet_gateway", "subnet", "network") {
		e.Endpoint = types.ObjectUnknown(fieldTypes("exposure", "endpoint"))
	}
	api, _ := tf.Object[kubernetesAPIModel](ctx, r, "", s.plan.KubernetesAPI)
	apiWas, _ := tf.Object[kubernetesAPIModel](ctx, r, "", s.prior.KubernetesAPI)
	if s.plan.KubernetesAPI.IsUnknown() || s.dnsEndpointMoves(ctx, r, api) || !api.AllowedCIDRs.Equal(apiWas.AllowedCIDRs) || s.drifted("cluster") {
		e.KubernetesAPI = types.ObjectUnknown(fieldTypes("exposure", "kubernetes_api"))
	}
	if ways || s.drifted(serving.ExposureDrift, "subnet", "network") {
		e.Nodes = types.ObjectUnknown(fieldTypes("exposure", "nodes"))
	}
	s.plan.Exposure = write(ctx, &r.Diags, e, "exposure")
}
