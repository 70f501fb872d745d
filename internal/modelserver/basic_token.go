package modelserver

import (
	"context"
	"encoding/base64"

	"github.com/hashicorp/terraform-plugin-framework/function"

	"github.com/modelserving/terraform-provider-serving/internal/serving"
)

var _ function.Function = (*basicToken)(nil)

type basicToken struct{}

// NewBasicToken makes the function basic_token.
func NewBasicToken() function.Function { return &basicToken{} }

func (*basicToken) Metadata(_ context.Context, _ function.MetadataRequest, resp *function.MetadataResponse) {
	resp.Name = "basic_token"
}

func (*basicToken) Definition(_ context.Context, _ function.DefinitionRequest, resp *function.DefinitionResponse) {
	resp.Definition = function.Definition{
		Summary: "The value of an Authorization header for a token",
		MarkdownDescription: "Gives `Basic ` and the token in base64: what a caller of a `serving_model_server` in mode `header` sends as `Authorization`. " +
			"A token that such a server would refuse is an error: it has 16 to 1024 visible ASCII characters. A line break at its end is refused as well, because it would become part of the value: " +
			"use `chomp()` on a token that is read from a file. The gateway itself also accepts what `echo \"$TOKEN\" | base64` makes, with the line break inside.",
		Parameters: []function.Parameter{function.StringParameter{
			Name:                "token",
			MarkdownDescription: "The token, as it is in `auth.tokens`.",
		}},
		Return: function.StringReturn{},
	}
}

func (*basicToken) Run(ctx context.Context, req function.RunRequest, resp *function.RunResponse) {
	var token string
	if resp.Error = req.Arguments.Get(ctx, &token); resp.Error != nil {
		return
	}
	for _, p := range (serving.Token{Value: token}).Problems() {
		resp.Error = function.NewArgumentFuncError(0, p.Summary+": "+p.Detail)
		return
	}
	resp.Error = resp.Result.Set(ctx, "Basic "+base64.StdEncoding.EncodeToString([]byte(token)))
}
