package peering

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework-timeouts/resource/timeouts"
	"github.com/hashicorp/terraform-plugin-framework-validators/mapvalidator"
	"github.com/hashicorp/terraform-plugin-framework-validators/setvalidator"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/booldefault"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/mapplanmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringdefault"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringplanmodifier"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/modelserving/terraform-provider-serving/internal/serving"
	"github.com/modelserving/terraform-provider-serving/internal/tf"
)

const description = "A path from another VPC to a cluster's load balancer: the peering connection, its acceptance, DNS options, routes in both VPCs and the load balancer's ingress rule. Both sides are one resource, also where the other VPC is in another account or region."

// What the schema keeps, plan.go makes unknown again where a change moves it.
func kept(text string) schema.Attribute {
	return schema.StringAttribute{
		Computed: true, MarkdownDescription: text,
		PlanModifiers: []planmodifier.String{stringplanmodifier.UseStateForUnknown()},
	}
}

// set is a list of texts in which order has no meaning. An empty one would mean
// the same as none, and not to whoever writes it.
func set(text string) schema.Attribute {
	return schema.SetAttribute{
		Optional: true, ElementType: types.StringType, MarkdownDescription: text,
		Validators: []validator.Set{setvalidator.SizeAtLeast(1), setvalidator.NoNullValues()},
	}
}

// Values are judged by the rules of package serving, which are the one
// authority on them.
func peeringSchema(ctx context.Context) schema.Schema {
	keptMap := []planmodifier.Map{mapplanmodifier.UseStateForUnknown()}
	return schema.Schema{MarkdownDescription: description, Attributes: map[string]schema.Attribute{
		"id": kept("Id of the form `<cloud>/<region>/<cluster>/<peer vpc>`, with the project and a slash before the network where a project is given; known while planning where the VPC is."),
		"cluster_id": schema.StringAttribute{
			Required:            true,
			PlanModifiers:       []planmodifier.String{stringplanmodifier.RequiresReplace()},
			MarkdownDescription: "Id of the `serving_cluster` to be reached. A change makes a new peering.",
		},
		"peer": peerAttribute(),
		"accept": schema.StringAttribute{
			Optional: true, Computed: true, Default: stringdefault.StaticString(string(serving.AcceptAuto)),
			MarkdownDescription: "Who accepts on the peer's side. `auto`: the provider, with the peer's credentials. `manual`: the peer's owner; until then `status` is `pending-acceptance` and nothing else is made, and a later apply completes it. " +
				"With `manual` and without a role for a peer in another account, the peer's side is left to its owner altogether: accept, route the cluster's ranges, and set the DNS option there. Default `auto`.",
		},
		"dns_resolution": schema.BoolAttribute{
			Optional: true, Computed: true, Default: booldefault.StaticBool(true),
			MarkdownDescription: "Whether each side resolves the other's public DNS host names to private addresses. Both VPCs need DNS support and DNS host names for it. The load balancer is reached without. It has no effect on GCP. Default `true`.",
		},
		"cluster_route_tables": set("Ids of the route tables of the cluster's VPC that get routes to the peer. Default: those of the cluster's subnets. AWS only."),
		"peer_route_tables":    set("Ids of the route tables of the peer VPC that get routes to the cluster's VPC. Default: those that its subnets use, the main one included. AWS only."),
		"cidrs":                set("Ranges of the peer that are routed and may reach the load balancer, each one of the peer's ranges or a part of one. Default: all of the peer's IPv4 ranges, also those that it gets later. AWS only: GCP exchanges all routes."),
		"tags": schema.MapAttribute{
			Optional: true, ElementType: types.StringType, Validators: []validator.Map{mapvalidator.NoNullValues()},
			MarkdownDescription: "Tags of the connection on both sides, merged over the provider's `default_tags`. At most 40 with those. A peering on GCP has none.",
		},
		"timeouts":      timeoutsAttribute(ctx),
		"connection_id": kept("Id of the VPC peering connection, for an owner who accepts it by hand; on GCP the link of the cluster's network, which the owner peers with."),
		"status":        kept("State of the connection: `active`, or `pending-acceptance` while somebody else is to accept it."),
		"objects": schema.MapAttribute{
			Computed: true, ElementType: types.StringType, PlanModifiers: keptMap,
			MarkdownDescription: "Cloud objects that the peering owns, by name, with their ids. Routes and rules have none, so what they are is listed.",
		},
		"drift": schema.MapAttribute{
			Computed: true, ElementType: tf.ReasonsType.ElemType, PlanModifiers: keptMap,
			MarkdownDescription: "What is not as it should be and no other attribute shows: object to reasons. A plan shows each line going away, and apply repairs it. Empty after every apply.",
		},
	}}
}

func peerAttribute() schema.SingleNestedAttribute {
	return schema.SingleNestedAttribute{
		Required:            true,
		MarkdownDescription: "The other VPC.",
		Attributes: map[string]schema.Attribute{
			"vpc": schema.StringAttribute{
				Required:            true,
				PlanModifiers:       []planmodifier.String{stringplanmodifier.RequiresReplace()},
				MarkdownDescription: "Id of the VPC; on GCP the name of the network. A change makes a new peering.",
			},
			"account_id": schema.StringAttribute{
				Optional: true, Computed: true,
				MarkdownDescription: "Account that owns the VPC. By default that of `assume_role_arn`, or else the cluster's. AWS only. A change makes a new peering.",
			},
			"region": schema.StringAttribute{
				Optional: true, Computed: true,
				MarkdownDescription: "Region of the VPC. By default the cluster's. AWS only: a network on GCP is in all regions. A change makes a new peering.",
			},
			"assume_role_arn": schema.StringAttribute{
				Optional:            true,
				MarkdownDescription: "Role to take, with the provider's credentials, for everything on the peer's side. Needed where the VPC is in another account. AWS only.",
			},
			"project": schema.StringAttribute{
				Optional:            true,
				MarkdownDescription: "Id of the project that has the network. By default the cluster's. GCP only. A change makes a new peering.",
			},
			"impersonate_service_account": schema.StringAttribute{
				Optional:            true,
				MarkdownDescription: "E-mail address of a service account to act as, with the provider's credentials, for everything on the peer's side. Needed where those may not change the network there. GCP only.",
			},
		},
	}
}

func timeoutsAttribute(ctx context.Context) schema.Attribute {
	attribute := timeouts.Attributes(ctx, timeouts.Opts{
		Create: true, Read: true, Update: true, Delete: true,
		CreateDescription: `How long a create may take, as "90s" or "10m". Default 10m.`,
		ReadDescription:   `How long a refresh may take. Default 5m.`,
		UpdateDescription: `How long an update may take. Default 10m.`,
		DeleteDescription: `How long a destroy may take; it must be applied before. Default 10m.`,
	})
	if nested, ok := attribute.(schema.SingleNestedAttribute); ok {
		nested.MarkdownDescription = "How long each operation may take. What runs out of time continues with the next apply."
		return nested
	}
	return attribute
}
