package modelserver

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework-timeouts/resource/timeouts"
	"github.com/hashicorp/terraform-plugin-framework-validators/int64validator"
	"github.com/hashicorp/terraform-plugin-framework-validators/listvalidator"
	"github.com/hashicorp/terraform-plugin-framework-validators/mapvalidator"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/booldefault"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/int64default"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/int64planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/mapplanmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringplanmodifier"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/modelserving/terraform-provider-serving/internal/serving"
	"github.com/modelserving/terraform-provider-serving/internal/tf"
)

const description = "A model behind a cluster's gateway: a container image that is run, or a service of the cluster that runs already, and how a caller must authenticate. " +
	"It is made of Kubernetes objects alone, so it has no tags."

func keptString() []planmodifier.String {
	return []planmodifier.String{stringplanmodifier.UseStateForUnknown()}
}

func keptMap() []planmodifier.Map { return []planmodifier.Map{mapplanmodifier.UseStateForUnknown()} }

func replaces() []planmodifier.String {
	return []planmodifier.String{stringplanmodifier.RequiresReplace()}
}

// Values are judged by the rules of package serving, which are the one
// authority on them. The schema refuses only what these cannot see: null
// elements, and a zero that is written, which they take for absent.
func positive() []validator.Int64 { return []validator.Int64{int64validator.AtLeast(1)} }

func noNullElements() []validator.List { return []validator.List{listvalidator.NoNullValues()} }

func noNullValues() []validator.Map { return []validator.Map{mapvalidator.NoNullValues()} }

func modelServerSchema(ctx context.Context) schema.Schema {
	attributes := routeAttributes()
	for name, attribute := range workloadAttributes() {
		attributes[name] = attribute
	}
	attributes["timeouts"] = timeoutsAttribute(ctx)
	attributes["secrets_version"] = schema.Int64Attribute{
		Computed:            true,
		PlanModifiers:       []planmodifier.Int64{int64planmodifier.UseStateForUnknown()},
		MarkdownDescription: "Counts the sets of secrets (tokens and `secret_env_wo`) that were stored: it rises when one was added, changed or removed, so that the plan shows it. 0 after an import, as secrets are never read back.",
	}
	attributes["objects"] = schema.MapAttribute{
		Computed: true, ElementType: types.StringType, PlanModifiers: keptMap(),
		MarkdownDescription: "Kubernetes objects that the server owns, by name, as `deployment`, with their namespace and name.",
	}
	attributes["drift"] = schema.MapAttribute{
		Computed: true, ElementType: tf.ReasonsType.ElemType, PlanModifiers: keptMap(),
		MarkdownDescription: "What is not as it should be and no other attribute shows: object to reasons. A plan shows each line going away, and apply repairs it. Empty after every apply.",
	}
	return schema.Schema{MarkdownDescription: description, Attributes: attributes}
}

// routeAttributes are what the gateway knows of a server.
func routeAttributes() map[string]schema.Attribute {
	return map[string]schema.Attribute{
		"id": schema.StringAttribute{
			Computed: true, PlanModifiers: keptString(),
			MarkdownDescription: "Id of the form `<cloud>/<region>/<cluster>/<name>`, known while planning.",
		},
		"cluster_id": schema.StringAttribute{
			Required: true, PlanModifiers: replaces(),
			MarkdownDescription: "Id of the `serving_cluster` to run on. A change makes a new server.",
		},
		"name": schema.StringAttribute{
			Required: true, PlanModifiers: replaces(),
			MarkdownDescription: "Name of the server, unique in its cluster: 2 to 40 lower-case letters, digits and hyphens, starting with a letter. A change makes a new server.",
		},
		"path": schema.StringAttribute{
			Optional: true, Computed: true,
			MarkdownDescription: "Prefix of the server's URLs, as `/team/fraud`, which the model does not see: `/fraud/v1/predict` reaches it as `/v1/predict`. No two servers of a cluster may overlap. Default `/<name>`.",
		},
		"protocol": schema.StringAttribute{
			Optional:            true,
			MarkdownDescription: "What the model speaks: `http1` or `http2` (gRPC). By default the same as the caller.",
		},
		"timeout_seconds": schema.Int64Attribute{
			Optional: true, Computed: true, Default: int64default.StaticInt64(serving.DefaultTimeoutSeconds), Validators: positive(),
			MarkdownDescription: "How long a request may be silent, 1 to 86400 seconds; a response that streams may take longer. The cluster's `endpoint.idle_timeout_seconds` applies before it. Default `600`.",
		},
		"max_body_bytes": schema.Int64Attribute{
			Optional: true, Computed: true, Default: int64default.StaticInt64(serving.DefaultMaxBodyBytes), Validators: positive(),
			MarkdownDescription: "Largest body of a request; above it the answer is 413. Up to 64 MiB in mode `body`, where the gateway holds the body, and 10 GiB otherwise. Default `10485760` (10 MiB).",
		},
		"auth": authAttribute(),
		"allow_unauthenticated": schema.BoolAttribute{
			Optional: true, Computed: true, Default: booldefault.StaticBool(false),
			MarkdownDescription: "That `mode = \"none\"` is meant on a public cluster, where everyone on the Internet may then call the server. Default `false`.",
		},
		"url": schema.StringAttribute{
			Computed: true, PlanModifiers: keptString(),
			MarkdownDescription: "Where callers reach it: the cluster's URL and `path`.",
		},
	}
}

func timeoutsAttribute(ctx context.Context) schema.Attribute {
	attribute := timeouts.Attributes(ctx, timeouts.Opts{
		Create: true, Read: true, Update: true, Delete: true,
		CreateDescription: `How long a create may take, as "90s" or "20m": pulling the image and loading the model included. Default 20m.`,
		ReadDescription:   `How long a refresh may take. Default 5m.`,
		UpdateDescription: `How long an update may take. Default 20m.`,
		DeleteDescription: `How long a destroy may take; it must be applied before. Default 10m.`,
	})
	if nested, ok := attribute.(schema.SingleNestedAttribute); ok {
		nested.MarkdownDescription = "How long each operation may take. What runs out of time continues with the next apply."
		return nested
	}
	return attribute
}
