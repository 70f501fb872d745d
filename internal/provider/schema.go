package provider

import (
	"regexp"

	"github.com/hashicorp/terraform-plugin-framework-validators/int64validator"
	"github.com/hashicorp/terraform-plugin-framework-validators/mapvalidator"
	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/provider/schema"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

const description = "Secured endpoints for machine learning models: a Kubernetes cluster with an HTTPS load balancer in front of it, public or private by one word, made and watched by Terraform."

// sandboxVariable is the environment's way to give the sandbox.
const sandboxVariable = "SERVING_SANDBOX"

// impersonationVariable is the environment's way to name a service account, as
// for other providers of Google Cloud.
const impersonationVariable = "GOOGLE_IMPERSONATE_SERVICE_ACCOUNT"

// The patterns are those of the STS API (AssumeRole: RoleArn, ExternalId,
// RoleSessionName).
var (
	roleARN     = regexp.MustCompile(`^arn:aws[a-z-]*:iam::[0-9]{12}:role/.+$`)
	externalID  = regexp.MustCompile(`^[\w+=,.@:/-]+$`)
	sessionName = regexp.MustCompile(`^[\w+=,.@-]{2,64}$`)
)

// A service account's e-mail address (IAM, ServiceAccount.email), and what no path
// begins with.
var (
	serviceAccount = regexp.MustCompile(`^[a-z0-9][-a-z0-9]*@[a-z0-9.-]+\.gserviceaccount\.com$`)
	notJSON        = regexp.MustCompile(`^\s*[^\s{]`)
)

func providerSchema() schema.Schema {
	return schema.Schema{MarkdownDescription: description, Attributes: map[string]schema.Attribute{
		"aws": schema.SingleNestedAttribute{
			Optional:            true,
			MarkdownDescription: "How to reach AWS. What is left out comes from the usual environment variables, shared files, container and instance roles.",
			Attributes:          awsAttributes(),
		},
		"gcp": schema.SingleNestedAttribute{
			Optional:            true,
			MarkdownDescription: "How to reach Google Cloud. What is left out comes from the usual environment variables and from application default credentials.",
			Attributes:          gcpAttributes(),
		},
		"default_tags": schema.MapAttribute{
			Optional: true, ElementType: types.StringType,
			Validators:          []validator.Map{mapvalidator.NoNullValues()},
			MarkdownDescription: "Tags for everything that this provider makes, labels on Google Cloud; those of a resource go before them.",
		},
		"kubernetes_api": schema.SingleNestedAttribute{
			Optional:            true,
			MarkdownDescription: "How to reach the Kubernetes APIs of the clusters, through which gateways and model servers are made.",
			Attributes: map[string]schema.Attribute{
				"proxy_url": schema.StringAttribute{
					Optional: true, Sensitive: true,
					MarkdownDescription: "URL of a proxy inside the network, for clusters whose API is private: `http://`, `https://` or `socks5://`, with user and password where it asks for them. " +
						"By default `HTTPS_PROXY` and `NO_PROXY`, as for every other call.",
				},
			},
		},
		"sandbox": schema.StringAttribute{
			Optional: true,
			MarkdownDescription: "URL of a simulated cloud on this machine, as `http://127.0.0.1:4510`, which then takes every call, without credentials. " +
				"Any address but a loopback one is refused. Also by `" + sandboxVariable + "`.",
		},
	}}
}

func awsAttributes() map[string]schema.Attribute {
	return map[string]schema.Attribute{
		"region": schema.StringAttribute{
			Optional:            true,
			MarkdownDescription: "Region of resources that name none. Also by `AWS_REGION` or `AWS_DEFAULT_REGION`.",
		},
		"profile": schema.StringAttribute{
			Optional:            true,
			MarkdownDescription: "Profile of the shared configuration and credentials files. Also by `AWS_PROFILE`.",
		},
		"assume_role": schema.SingleNestedAttribute{
			Optional:            true,
			MarkdownDescription: "Role to assume with those credentials before anything else.",
			Attributes: map[string]schema.Attribute{
				"role_arn": schema.StringAttribute{
					Required:            true,
					Validators:          []validator.String{stringvalidator.RegexMatches(roleARN, "must be the ARN of an IAM role, as arn:aws:iam::123456789012:role/deploy")},
					MarkdownDescription: "ARN of the role.",
				},
				"external_id": schema.StringAttribute{
					Optional:            true,
					Validators:          []validator.String{stringvalidator.LengthBetween(2, 1224), stringvalidator.RegexMatches(externalID, "must have letters, digits and _ + = , . @ : / - only")},
					MarkdownDescription: "External id that the role's trust policy asks for.",
				},
				"session_name": schema.StringAttribute{
					Optional:            true,
					Validators:          []validator.String{stringvalidator.RegexMatches(sessionName, "must be 2 to 64 letters, digits and _ + = , . @ -")},
					MarkdownDescription: "Name of the session in CloudTrail. Default `terraform-provider-serving`.",
				},
			},
		},
		"max_retries": schema.Int64Attribute{
			Optional:            true,
			Validators:          []validator.Int64{int64validator.Between(1, 100)},
			MarkdownDescription: "How often one call is tried when the cloud throttles it or fails, 1 to 100. Default `8`.",
		},
	}
}

func gcpAttributes() map[string]schema.Attribute {
	return map[string]schema.Attribute{
		"project": schema.StringAttribute{
			Optional:            true,
			MarkdownDescription: "Id of the project that everything is made in. Also by `GOOGLE_PROJECT`, `GOOGLE_CLOUD_PROJECT` or `CLOUDSDK_CORE_PROJECT`, or else that of the credentials.",
		},
		"region": schema.StringAttribute{
			Optional:            true,
			MarkdownDescription: "Region of resources that name none. Also by `GOOGLE_REGION` or `CLOUDSDK_COMPUTE_REGION`.",
		},
		"credentials_file": schema.StringAttribute{
			Optional:            true,
			Validators:          []validator.String{stringvalidator.RegexMatches(notJSON, "must be the path of a file; the key itself has no place in a configuration")},
			MarkdownDescription: "Path of a credentials file. By default application default credentials: `GOOGLE_APPLICATION_CREDENTIALS`, `gcloud auth application-default login`, or the machine's service account.",
		},
		"impersonate_service_account": schema.StringAttribute{
			Optional:            true,
			Validators:          []validator.String{stringvalidator.RegexMatches(serviceAccount, "must be the e-mail address of a service account, as deploy@ml-prod.iam.gserviceaccount.com")},
			MarkdownDescription: "E-mail address of a service account to act as, with those credentials, before anything else. Also by `GOOGLE_IMPERSONATE_SERVICE_ACCOUNT`.",
		},
		"max_retries": schema.Int64Attribute{
			Optional:            true,
			Validators:          []validator.Int64{int64validator.Between(1, 100)},
			MarkdownDescription: "How often one call is tried when the cloud throttles it or fails, 1 to 100. Default `8`.",
		},
	}
}
