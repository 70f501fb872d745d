package modelserver

import (
	"github.com/hashicorp/terraform-plugin-framework-validators/setvalidator"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

func authAttribute() schema.Attribute {
	return schema.SingleNestedAttribute{
		Required:            true,
		MarkdownDescription: "How a caller proves to be allowed. To ask nothing, write so: `mode = \"none\"`.",
		Attributes: map[string]schema.Attribute{
			"mode": schema.StringAttribute{
				Required: true,
				MarkdownDescription: "`header`: a token in a header. `body`: a token in a key of the JSON body. `jwt`: a signed JSON Web Token. `none`: nothing, " +
					"for a private cluster, or with `allow_unauthenticated`.",
			},
			"header": schema.StringAttribute{
				Optional:            true,
				MarkdownDescription: "Header that modes `header` and `jwt` read. Default `Authorization`, with the scheme `Basic` or `Bearer`; any other has the bare token.",
			},
			"body_key": schema.StringAttribute{
				Optional:            true,
				MarkdownDescription: "Top-level key of the JSON body that mode `body` reads. Default `auth`.",
			},
			"tokens": tokensAttribute(),
			"jwt":    jwtAttribute(),
		},
	}
}

// Within an element of a map, Required would refuse an element that is not
// known yet as a whole (terraform-plugin-framework issue 186).
func tokensAttribute() schema.Attribute {
	return schema.MapNestedAttribute{
		Optional:            true,
		MarkdownDescription: "Tokens that modes `header` and `body` accept, up to 20, by a name that the access log and the model see. Two overlap during a rotation.",
		NestedObject: schema.NestedAttributeObject{Attributes: map[string]schema.Attribute{
			"value_wo": schema.StringAttribute{
				Optional: true, WriteOnly: true, Sensitive: true,
				MarkdownDescription: "Required. The token: 16 to 1024 visible ASCII characters. Write-only: in neither the plan nor the state. That it changed is noticed by a salted fingerprint.",
			},
		}},
	}
}

func jwtAttribute() schema.Attribute {
	return schema.SingleNestedAttribute{
		Optional:            true,
		MarkdownDescription: "Who signs the tokens of mode `jwt`.",
		Attributes: map[string]schema.Attribute{
			"issuer": schema.StringAttribute{
				Optional:            true,
				MarkdownDescription: "Required. The `iss` claim, letter for letter.",
			},
			"audiences": schema.SetAttribute{
				Optional: true, ElementType: types.StringType, Validators: []validator.Set{setvalidator.NoNullValues()},
				MarkdownDescription: "Required. `aud` claims, one of which a token must have.",
			},
			"jwks_url": schema.StringAttribute{
				Optional:            true,
				MarkdownDescription: "Required. `https` URL where the issuer publishes its keys.",
			},
		},
	}
}
