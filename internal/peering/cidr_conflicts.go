package peering

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/function"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/modelserving/terraform-provider-serving/internal/serving"
)

var _ function.Function = (*cidrConflicts)(nil)

type cidrConflicts struct{}

// NewCIDRConflicts makes the function cidr_conflicts.
func NewCIDRConflicts() function.Function { return &cidrConflicts{} }

func (*cidrConflicts) Metadata(_ context.Context, _ function.MetadataRequest, resp *function.MetadataResponse) {
	resp.Name = "cidr_conflicts"
}

func (*cidrConflicts) Definition(_ context.Context, _ function.DefinitionRequest, resp *function.DefinitionResponse) {
	resp.Definition = function.Definition{
		Summary: "Pairs of address ranges that overlap",
		MarkdownDescription: "Gives every pair of ranges that share addresses, in the order they were given; an empty list where none do. VPCs with such ranges cannot be peered. " +
			"A range that is given twice is a pair of its own. IPv4 and IPv6 ranges never overlap.",
		Parameters: []function.Parameter{function.ListParameter{
			Name: "cidrs", ElementType: types.StringType,
			MarkdownDescription: "Ranges in CIDR notation, as `10.40.0.0/16`.",
		}},
		Return: function.ListReturn{ElementType: types.ListType{ElemType: types.StringType}},
	}
}

func (*cidrConflicts) Run(ctx context.Context, req function.RunRequest, resp *function.RunResponse) {
	var cidrs []string
	if resp.Error = req.Arguments.Get(ctx, &cidrs); resp.Error != nil {
		return
	}
	pairs, err := serving.CIDRConflicts(cidrs)
	if err != nil {
		resp.Error = function.NewArgumentFuncError(0, err.Error()+".")
		return
	}
	out := make([][]string, 0, len(pairs))
	for _, p := range pairs {
		out = append(out, p[:])
	}
	resp.Error = resp.Result.Set(ctx, out)
}
