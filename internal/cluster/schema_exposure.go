package cluster

import (
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

// exposureAttribute is who has a path to the cluster.
func exposureAttribute() schema.Attribute {
	return schema.SingleNestedAttribute{
		Computed: true, PlanModifiers: keptObject(),
		MarkdownDescription: "Who has a network path to the cluster, as read back from the cloud. What contradicts `visibility` is drift under the key `exposure`, and apply repairs it.",
		Attributes: map[string]schema.Attribute{
			"endpoint": schema.SingleNestedAttribute{
				Computed:            true,
				MarkdownDescription: "The load balancer, or both while one takes the place of another.",
				Attributes:          endpointExposureAttributes(),
			},
			"kubernetes_api": schema.SingleNestedAttribute{
				Computed:            true,
				MarkdownDescription: "The Kubernetes API.",
				Attributes: map[string]schema.Attribute{
					"public_access":  seenFlag("Whether it has a public endpoint."),
					"private_access": seenFlag("Whether it has an endpoint in the VPC."),
					"sources":        seenSet("Ranges that may reach the public endpoint."),
				},
			},
			"nodes": schema.SingleNestedAttribute{
				Computed:            true,
				MarkdownDescription: "The nodes.",
				Attributes: map[string]schema.Attribute{
					"public_addresses": seenFlag("Whether a node has a public address, or a new one would get one."),
				},
			},
		},
	}
}

func endpointExposureAttributes() map[string]schema.Attribute {
	return map[string]schema.Attribute{
		"scheme":          seenText("The load balancer's own word: `internet-facing` or `internal`."),
		"addresses":       seenSet("Its addresses, where the cloud tells them. AWS tells none: they change, and `endpoint.hostname` resolves to them."),
		"security_groups": seenSet("Ids of the security groups that guard it."),
		"sources":         seenSet("What the cluster's security groups let in: ranges, security groups and prefix lists. Those of VPC peerings are among them."),
		"subnets": schema.MapNestedAttribute{
			Computed:            true,
			MarkdownDescription: "Subnets that it has addresses in, by id.",
			NestedObject: schema.NestedAttributeObject{Attributes: map[string]schema.Attribute{
				"route_table":      seenText("Id of the route table. Null if it is none that the cluster made or, in an existing network, could be read."),
				"internet_gateway": seenText("Id of the internet gateway to which a route leads. Null if none does."),
			}},
		},
		"internet_reachable": seenFlag("Whether anybody on the Internet has a path to any port of it, or nobody can rule that out. Scheme, security groups and routes decide together; network ACLs, which could only narrow it, are not read."),
		"hops": schema.ListNestedAttribute{
			Computed:            true,
			MarkdownDescription: "Why, by the reasoning of the data source `serving_reachability`, in the order of the way from the Internet.",
			NestedObject: schema.NestedAttributeObject{Attributes: map[string]schema.Attribute{
				"name":    seenText("`load_balancer`, `security_group` or `route_back`."),
				"verdict": seenText("`pass`, `block` or `unknown`."),
				"reason":  seenText("Why, and which of the callers it is about."),
			}},
		},
	}
}

func seenText(description string) schema.Attribute {
	return schema.StringAttribute{Computed: true, MarkdownDescription: description}
}

func seenFlag(description string) schema.Attribute {
	return schema.BoolAttribute{Computed: true, MarkdownDescription: description}
}

func seenSet(description string) schema.Attribute {
	return schema.SetAttribute{Computed: true, ElementType: types.StringType, MarkdownDescription: description}
}
