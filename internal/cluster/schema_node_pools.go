package cluster

import (
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/booldefault"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/int64default"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

// Within an element of a map or set, Required would refuse an element that is
// not known yet as a whole (terraform-plugin-framework issue 186), so what a
// pool must have is Optional here and demanded by validate.go.
func nodePoolsAttribute() schema.Attribute {
	return schema.MapNestedAttribute{
		Required:            true,
		MarkdownDescription: "Groups of equal nodes by a name of your choice: up to 40 lower-case letters, digits and hyphens. Nodes never have public addresses.",
		NestedObject: schema.NestedAttributeObject{Attributes: map[string]schema.Attribute{
			"machine_type": schema.StringAttribute{
				Optional:            true,
				MarkdownDescription: "Required. Machine type, as `m7i.xlarge` or `g6.2xlarge`, on GCP as `n2-standard-4` or `g2-standard-8`. A change makes new nodes beside the old ones and then removes those.",
			},
			"min_size": schema.Int64Attribute{
				Optional:            true,
				MarkdownDescription: "Required. Least number of nodes.",
			},
			"max_size": schema.Int64Attribute{
				Optional:            true,
				MarkdownDescription: "Required. Greatest number of nodes.",
			},
			"disk_gb": schema.Int64Attribute{
				Optional: true, Computed: true, Default: int64default.StaticInt64(100),
				MarkdownDescription: "Size of a node's boot disk in GiB, 20 to 16384. Default `100`.",
			},
			"spot": schema.BoolAttribute{
				Optional: true, Computed: true, Default: booldefault.StaticBool(false),
				MarkdownDescription: "Whether nodes are spot capacity, which is cheaper and can be taken away at short notice. Default `false`.",
			},
			"accelerator": schema.SingleNestedAttribute{
				Optional:            true,
				MarkdownDescription: "The nodes' GPUs or other accelerators. It chooses a node image with drivers.",
				Attributes: map[string]schema.Attribute{
					"type": schema.StringAttribute{
						Optional:            true,
						MarkdownDescription: "The cloud's name of the accelerator, as `nvidia-tesla-t4`. Needed only where the machine type does not imply it: with those of the family n1 on GCP.",
					},
					"count": schema.Int64Attribute{
						Optional:            true,
						MarkdownDescription: "Required. Accelerators of each node, which is what the machine type has, or takes.",
					},
				},
			},
			"labels": schema.MapAttribute{
				Optional: true, ElementType: types.StringType, Validators: noNullValues(),
				MarkdownDescription: "Kubernetes labels of the nodes.",
			},
			"taints": taintsAttribute(),
		}},
	}
}

func taintsAttribute() schema.Attribute {
	return schema.SetNestedAttribute{
		Optional:            true,
		MarkdownDescription: "Kubernetes taints, which keep pods without a toleration off the nodes. At most 50.",
		NestedObject: schema.NestedAttributeObject{Attributes: map[string]schema.Attribute{
			"key": schema.StringAttribute{
				Optional:            true,
				MarkdownDescription: "Required. Key of the taint.",
			},
			"value": schema.StringAttribute{
				Optional:            true,
				MarkdownDescription: "Value of the taint; none by default.",
			},
			"effect": schema.StringAttribute{
				Optional:            true,
				MarkdownDescription: "Required. What the taint does: `NoSchedule`, `PreferNoSchedule` or `NoExecute`.",
			},
		}},
	}
}
