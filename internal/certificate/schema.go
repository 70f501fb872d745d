package certificate

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework-timeouts/resource/timeouts"
	"github.com/hashicorp/terraform-plugin-framework-validators/mapvalidator"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/int64default"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/int64planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/mapplanmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/setplanmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringplanmodifier"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/modelserving/terraform-provider-serving/internal/tf"
)

const description = "A TLS certificate in the cloud's certificate store, for the endpoint of a `serving_cluster`. A new certificate is a rotation in place: the id stays, and the load balancer is never without a valid one."

// defaultRenewBefore is in days.
const defaultRenewBefore = 30

// What the schema keeps, plan.go makes unknown again where a rotation moves it.
func kept(text string) schema.Attribute {
	return schema.StringAttribute{
		Computed: true, MarkdownDescription: text,
		PlanModifiers: []planmodifier.String{stringplanmodifier.UseStateForUnknown()},
	}
}

// Values are judged by the rules of package serving, which are the one
// authority on them.
func certificateSchema(ctx context.Context) schema.Schema {
	keptMap := []planmodifier.Map{mapplanmodifier.UseStateForUnknown()}
	return schema.Schema{MarkdownDescription: description, Attributes: map[string]schema.Attribute{
		"id": kept("Id of the form `<cloud>/<region>/<name>`, known while planning."),
		"name": schema.StringAttribute{
			Required:            true,
			PlanModifiers:       []planmodifier.String{stringplanmodifier.RequiresReplace()},
			MarkdownDescription: "Name of the certificate, unique in its account or project and region: 2 to 40 lower-case letters, digits and hyphens, starting with a letter. A change makes a new certificate.",
		},
		"cloud": schema.StringAttribute{
			Optional: true, Computed: true,
			PlanModifiers:       located(),
			MarkdownDescription: "Cloud to store it in: `aws` or `gcp`. By default the one that the provider block configures. A change makes a new certificate.",
		},
		"region": schema.StringAttribute{
			Optional: true, Computed: true,
			PlanModifiers:       located(),
			MarkdownDescription: "Region to store it in, which is that of the clusters that use it. By default that of the provider block when the certificate is made. A change here makes a new certificate.",
		},
		"imported": importedAttribute(),
		"renew_before_days": schema.Int64Attribute{
			Optional: true, Computed: true, Default: int64default.StaticInt64(defaultRenewBefore),
			MarkdownDescription: "How many days before its end a plan warns of it; 0 for never. Default `30`.",
		},
		"tags": schema.MapAttribute{
			Optional: true, ElementType: types.StringType, Validators: []validator.Map{mapvalidator.NoNullValues()},
			MarkdownDescription: "Tags, labels on GCP, merged over the provider's `default_tags`. At most 40 with those.",
		},
		"timeouts":           timeoutsAttribute(ctx),
		"arn":                kept("ARN in AWS Certificate Manager. Null on GCP: its name is in `objects`."),
		"fingerprint_sha256": kept("SHA-256 sum of the certificate, in hex."),
		"not_before":         kept("When it begins to be valid (RFC 3339)."),
		"not_after":          kept("When it ends to be valid (RFC 3339)."),
		"key_algorithm":      kept("Type of its key, as `RSA_2048` or `EC_prime256v1`."),
		"domains": schema.SetAttribute{
			Computed: true, ElementType: types.StringType,
			PlanModifiers:       []planmodifier.Set{setplanmodifier.UseStateForUnknown()},
			MarkdownDescription: "DNS names that it is for.",
		},
		"private_key_version": schema.Int64Attribute{
			Computed:            true,
			PlanModifiers:       []planmodifier.Int64{int64planmodifier.UseStateForUnknown()},
			MarkdownDescription: "Counts the private keys that were stored: it rises when another one is noticed, so that the plan shows it. 0 after an import, as the cloud never gives a key back.",
		},
		"objects": schema.MapAttribute{
			Computed: true, ElementType: types.StringType, PlanModifiers: keptMap,
			MarkdownDescription: "Cloud objects that the certificate owns, by name, with their ARN or name.",
		},
		"drift": schema.MapAttribute{
			Computed: true, ElementType: tf.ReasonsType.ElemType, PlanModifiers: keptMap,
			MarkdownDescription: "What is not as it should be and no other attribute shows: object to reasons. A plan shows each line going away, and apply repairs it. Empty after every apply.",
		},
	}}
}

// located keeps a certificate where it is, unless the configuration says
// another place.
func located() []planmodifier.String {
	return []planmodifier.String{stringplanmodifier.UseStateForUnknown(), stringplanmodifier.RequiresReplace()}
}

func importedAttribute() schema.Attribute {
	return schema.SingleNestedAttribute{
		Optional:            true,
		MarkdownDescription: "A certificate that you bring. Required.",
		Attributes: map[string]schema.Attribute{
			"certificate_pem": schema.StringAttribute{
				Required:            true,
				MarkdownDescription: "The server's certificate alone, in PEM. Only its contents count, not its line ends.",
			},
			"chain_pem": schema.StringAttribute{
				Optional:            true,
				MarkdownDescription: "Intermediate certificates in PEM, the issuer of the server's certificate first.",
			},
			"private_key_wo": schema.StringAttribute{
				Required: true, WriteOnly: true, Sensitive: true,
				MarkdownDescription: "The certificate's private key in PEM, without a passphrase. Write-only: in neither the plan nor the state. That it changed is noticed by a salted fingerprint.",
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
		DeleteDescription: `How long a destroy may take; it must be applied before. Default 30m, as long as load balancers need to let go of it.`,
	})
	if nested, ok := attribute.(schema.SingleNestedAttribute); ok {
		nested.MarkdownDescription = "How long each operation may take. What runs out of time continues with the next apply."
		return nested
	}
	return attribute
}
