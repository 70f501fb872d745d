package certificate

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/function"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/modelserving/terraform-provider-serving/internal/serving"
	"github.com/modelserving/terraform-provider-serving/internal/tf"
)

var _ function.Function = (*certificateInfo)(nil)

type certificateInfo struct{}

// NewCertificateInfo makes the function certificate_info.
func NewCertificateInfo() function.Function { return &certificateInfo{} }

type infoModel struct {
	FingerprintSHA256 types.String `tfsdk:"fingerprint_sha256"`
	NotBefore         types.String `tfsdk:"not_before"`
	NotAfter          types.String `tfsdk:"not_after"`
	KeyAlgorithm      types.String `tfsdk:"key_algorithm"`
	Domains           types.Set    `tfsdk:"domains"`
}

var infoTypes = map[string]attr.Type{
	"fingerprint_sha256": types.StringType,
	"not_before":         types.StringType,
	"not_after":          types.StringType,
	"key_algorithm":      types.StringType,
	"domains":            types.SetType{ElemType: types.StringType},
}

func (*certificateInfo) Metadata(_ context.Context, _ function.MetadataRequest, resp *function.MetadataResponse) {
	resp.Name = "certificate_info"
}

func (*certificateInfo) Definition(_ context.Context, _ function.DefinitionRequest, resp *function.DefinitionResponse) {
	resp.Definition = function.Definition{
		Summary: "What a certificate says of itself",
		MarkdownDescription: "Reads the first certificate of a PEM text and gives the computed attributes of a `serving_certificate`: `fingerprint_sha256` (hex), `not_before` and `not_after` (RFC 3339), " +
			"`key_algorithm` (as `RSA_2048` or `EC_prime256v1`) and `domains` (a set of DNS names).",
		Parameters: []function.Parameter{function.StringParameter{
			Name:                "pem",
			MarkdownDescription: "The certificate in PEM.",
		}},
		Return: function.ObjectReturn{AttributeTypes: infoTypes},
	}
}

func (*certificateInfo) Run(ctx context.Context, req function.RunRequest, resp *function.RunResponse) {
	var text string
	if resp.Error = req.Arguments.Get(ctx, &text); resp.Error != nil {
		return
	}
	info, err := serving.ParseCertificate(text, "")
	if err != nil {
		resp.Error = function.NewArgumentFuncError(0, "Not a certificate: "+err.Error()+". Give a PEM text that begins with -----BEGIN CERTIFICATE-----.")
		return
	}
	resp.Error = resp.Result.Set(ctx, infoModel{
		FingerprintSHA256: types.StringValue(info.SHA256),
		NotBefore:         instant(info.NotBefore),
		NotAfter:          instant(info.NotAfter),
		KeyAlgorithm:      tf.Text(types.StringNull(), info.KeyAlgorithm),
		Domains:           tf.SetOf(info.DNSNames),
	})
}
