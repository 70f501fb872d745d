package cluster

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework-validators/int64validator"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/modelserving/terraform-provider-serving/internal/serving"
	"github.com/modelserving/terraform-provider-serving/internal/tf"
)

// gatewayAttribute is computed as a whole, so that what the defaults are shows
// when the configuration leaves it out. Zero is what the rules take for absent,
// so a zero that is written is refused here.
func gatewayAttribute() schema.Attribute {
	positive := []validator.Int64{int64validator.AtLeast(1)}
	return schema.SingleNestedAttribute{
		Optional: true, Computed: true,
		MarkdownDescription: "The proxy inside the cluster that checks callers and hands requests to model servers.",
		Attributes: map[string]schema.Attribute{
			"enabled": schema.BoolAttribute{
				Optional: true, Computed: true,
				MarkdownDescription: "Whether there is a gateway. Without it, model servers refuse the cluster, and the load balancer's node port is left to an ingress of your own. Default `true`.",
			},
			"min_replicas": schema.Int64Attribute{
				Optional: true, Computed: true, Validators: positive,
				MarkdownDescription: "Least number of its pods, 1 to 100. Default `2`, so that a node can fail.",
			},
			"max_replicas": schema.Int64Attribute{
				Optional: true, Computed: true, Validators: positive,
				MarkdownDescription: "Greatest number of its pods, up to 100. Default `10`.",
			},
			"image": schema.StringAttribute{
				Optional:            true,
				MarkdownDescription: "Envoy image to run, as a mirror of your own has it: `registry.example.com/envoy:v1.40.0`. By default the official image of the version that this provider was tested with.",
			},
		},
	}
}

func gateway(ctx context.Context, r *tf.Reader, v types.Object) serving.Gateway {
	g, ok := tf.Object[gatewayModel](ctx, r, "gateway", v)
	enabled := r.Bool("gateway.enabled", g.Enabled)
	return serving.Gateway{
		Disabled:    ok && !g.Enabled.IsNull() && !g.Enabled.IsUnknown() && !enabled,
		MinReplicas: r.Int64("gateway.min_replicas", g.MinReplicas),
		MaxReplicas: r.Int64("gateway.max_replicas", g.MaxReplicas),
		Image:       r.String("gateway.image", g.Image),
	}
}

// writeGateway writes what was found, with the defaults in the place of what is
// absent: a cluster shows how many pods it may have.
func writeGateway(ctx context.Context, diags *diag.Diagnostics, prior types.Object, found serving.Gateway) types.Object {
	r := tf.NewReader()
	m, _ := tf.Object[gatewayModel](ctx, r, "", prior)
	diags.Append(r.Diags...)
	m.Enabled = types.BoolValue(!found.Disabled)
	m.Image = tf.Text(m.Image, found.Image)
	if found.Disabled {
		m.MinReplicas = tf.Number(m.MinReplicas, found.MinReplicas)
		m.MaxReplicas = tf.Number(m.MaxReplicas, found.MaxReplicas)
	} else {
		least, most := found.Replicas()
		m.MinReplicas, m.MaxReplicas = types.Int64Value(least), types.Int64Value(most)
	}
	return write(ctx, diags, m, "gateway")
}

// settleGateway puts the defaults in the place of what the configuration leaves
// out. The framework would keep arguments that were removed.
func (s *step) settleGateway(ctx context.Context, r *tf.Reader) {
	if s.config.Gateway.IsUnknown() {
		return
	}
	g, written := tf.Object[gatewayModel](ctx, r, "", s.config.Gateway)
	if !written {
		g.Image = types.StringNull()
	}
	if g.Enabled.IsNull() {
		g.Enabled = types.BoolValue(true)
	}
	switch {
	case g.Enabled.IsUnknown():
		// Off, there are no numbers; on, there are defaults.
		g.MinReplicas, g.MaxReplicas = orUnknown(g.MinReplicas), orUnknown(g.MaxReplicas)
	case !g.Enabled.ValueBool():
	case g.MinReplicas.IsUnknown() || g.MaxReplicas.IsUnknown():
		g.MinReplicas, g.MaxReplicas = orUnknown(g.MinReplicas), orUnknown(g.MaxReplicas)
	default:
		least, most := serving.Gateway{MinReplicas: g.MinReplicas.ValueInt64(), MaxReplicas: g.MaxReplicas.ValueInt64()}.Replicas()
		g.MinReplicas, g.MaxReplicas = types.Int64Value(least), types.Int64Value(most)
	}
	s.plan.Gateway = write(ctx, &r.Diags, g, "gateway")
}

func orUnknown(v types.Int64) types.Int64 {
	if v.IsNull() {
		return types.Int64Unknown()
	}
	return v
}
