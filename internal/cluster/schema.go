package cluster

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework-timeouts/resource/timeouts"
	"github.com/hashicorp/terraform-plugin-framework-validators/mapvalidator"
	"github.com/hashicorp/terraform-plugin-framework-validators/setvalidator"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/booldefault"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/mapplanmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/objectplanmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/setplanmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringplanmodifier"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/modelserving/terraform-provider-serving/internal/tf"
)

const description = "A Kubernetes cluster for model servers, with an HTTPS load balancer in front of it whose `visibility` is one word. " +
	"It makes the network, the cluster, its nodes and the load balancer, and watches each of them."

// The plan modifiers below keep what the state has; plan.go makes unknown what
// a change moves, in one place, because that depends on more than one
// attribute.
func keptString() []planmodifier.String {
	return []planmodifier.String{stringplanmodifier.UseStateForUnknown()}
}

func keptSet() []planmodifier.Set { return []planmodifier.Set{setplanmodifier.UseStateForUnknown()} }

func keptMap() []planmodifier.Map { return []planmodifier.Map{mapplanmodifier.UseStateForUnknown()} }

func keptObject() []planmodifier.Object {
	return []planmodifier.Object{objectplanmodifier.UseStateForUnknown()}
}

// Values are judged by the rules of package serving, which know more than one
// attribute and are the one authority. Only null elements, which no rule can
// see, are refused by the schema: they come from expressions that were meant to
// give something.
func noNulls() []validator.Set { return []validator.Set{setvalidator.NoNullValues()} }

func noNullValues() []validator.Map { return []validator.Map{mapvalidator.NoNullValues()} }

func clusterSchema(ctx context.Context) schema.Schema {
	attributes := clusterAttributes()
	attributes["timeouts"] = timeoutsAttribute(ctx)
	return schema.Schema{MarkdownDescription: description, Attributes: attributes}
}

// clusterAttributes are those that the data source has as well.
func clusterAttributes() map[string]schema.Attribute {
	return map[string]schema.Attribute{
		"id": schema.StringAttribute{
			Computed: true, PlanModifiers: keptString(),
			MarkdownDescription: "Id of the form `<cloud>/<region>/<name>`, known while planning.",
		},
		"name": schema.StringAttribute{
			Required:            true,
			MarkdownDescription: "Name of the cluster, unique in its account or project and region: 2 to 40 lower-case letters, digits and hyphens, starting with a letter. A change makes a new cluster.",
		},
		"cloud": schema.StringAttribute{
			Optional: true, Computed: true, PlanModifiers: keptString(),
			MarkdownDescription: "Cloud to run on: `aws` or `gcp`. By default the one that the provider block configures. A change makes a new cluster.",
		},
		"region": schema.StringAttribute{
			Optional: true, Computed: true, PlanModifiers: keptString(),
			MarkdownDescription: "Region to run in, as `us-west-2` or `us-central1`. By default that of the provider block when the cluster is made; an existing cluster stays where it is when the provider block changes. A change here makes a new cluster.",
		},
		"visibility": schema.StringAttribute{
			Required: true,
			MarkdownDescription: "Who has a network path to the load balancer. `public`: the Internet, or `endpoint.allowed_cidrs`. `private`: its VPC and peered VPCs. " +
				"A change replaces the load balancer and so `endpoint.hostname`, and keeps the cluster and its nodes.",
		},
		"kubernetes_version": schema.StringAttribute{
			Optional: true, Computed: true, PlanModifiers: keptString(),
			MarkdownDescription: "Kubernetes version, as `1.33`. By default the cloud's newest when the cluster is made. A newer one upgrades in place, one minor version at a time; there is no way back. On GCP it is the least: GKE upgrades clusters itself, and what it has upgraded is no drift.",
		},
		"network":        networkAttribute(),
		"node_pools":     nodePoolsAttribute(),
		"endpoint":       endpointAttribute(),
		"kubernetes_api": kubernetesAPIAttribute(),
		"gateway":        gatewayAttribute(),
		"deletion_protection": schema.BoolAttribute{
			Optional: true, Computed: true, Default: booldefault.StaticBool(false),
			MarkdownDescription: "Whether the cloud where it can (AWS), and this provider in any case, refuses to delete the cluster and its load balancer. To destroy a protected cluster, set it to false and apply first. Default `false`.",
		},
		"aws": awsAttribute(),
		"gcp": gcpAttribute(),
		"tags": schema.MapAttribute{
			Optional: true, ElementType: types.StringType, Validators: noNullValues(),
			MarkdownDescription: "Tags for every object of the cluster that takes some, merged over the provider's `default_tags`. At most 40 with those. On GCP they are labels: lower-case letters, digits, `-` and `_`.",
		},
		"exposure": exposureAttribute(),
		"objects": schema.MapAttribute{
			Computed: true, ElementType: types.StringType, PlanModifiers: keptMap(),
			MarkdownDescription: "Cloud objects that the cluster owns, by name, as `security_group/load_balancer`, with their ARN, id or link.",
		},
		"drift": schema.MapAttribute{
			Computed: true, ElementType: tf.ReasonsType.ElemType, PlanModifiers: keptMap(),
			MarkdownDescription: "What is not as it should be and no other attribute shows: object to reasons. A plan shows each line going away, and apply repairs it. Empty after every apply.",
		},
	}
}

func awsAttribute() schema.Attribute {
	return schema.SingleNestedAttribute{
		Optional:            true,
		MarkdownDescription: "What only AWS has.",
		Attributes: map[string]schema.Attribute{
			"cluster_role_arn": schema.StringAttribute{
				Optional:            true,
				MarkdownDescription: "ARN of an IAM role for the control plane, instead of one that the cluster makes. A change makes a new cluster.",
			},
			"node_role_arn": schema.StringAttribute{
				Optional:            true,
				MarkdownDescription: "ARN of an IAM role for the nodes, instead of one that the cluster makes. A change makes new node groups.",
			},
			"kms_key_arn": schema.StringAttribute{
				Optional:            true,
				MarkdownDescription: "ARN of a symmetric KMS key of the same region that encrypts Kubernetes Secrets. It can be added to a cluster; another key, or none again, makes a new cluster.",
			},
		},
	}
}

func gcpAttribute() schema.Attribute {
	return schema.SingleNestedAttribute{
		Optional:            true,
		MarkdownDescription: "What only GCP has.",
		Attributes: map[string]schema.Attribute{
			"release_channel": schema.StringAttribute{
				Optional:            true,
				MarkdownDescription: "How early Google upgrades the cluster: `rapid`, `regular`, `stable` or `extended`. Default `regular`.",
			},
			"node_service_account": schema.StringAttribute{
				Optional:            true,
				MarkdownDescription: "E-mail address of the service account of the nodes, instead of the project's default one for Compute Engine. It needs `roles/container.defaultNodeServiceAccount`, and to read your images. A change makes new nodes.",
			},
		},
	}
}

func timeoutsAttribute(ctx context.Context) schema.Attribute {
	attribute := timeouts.Attributes(ctx, timeouts.Opts{
		Create: true, Read: true, Update: true, Delete: true,
		CreateDescription: `How long a create may take, as "90m" or "1h30m". Default 60m.`,
		ReadDescription:   `How long a refresh may take. Default 5m.`,
		UpdateDescription: `How long an update may take. Default 60m.`,
		DeleteDescription: `How long a destroy may take; it must be applied before. Default 60m.`,
	})
	if nested, ok := attribute.(schema.SingleNestedAttribute); ok {
		nested.MarkdownDescription = "How long each operation may take. What runs out of time continues with the next apply."
		return nested
	}
	return attribute
}
