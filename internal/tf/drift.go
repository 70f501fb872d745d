package tf

import (
	"maps"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

// DefaultTagsDrift is the key of drift under which default_tags are reported.
const DefaultTagsDrift = "default_tags"

// ReasonsType is the type of drift: object to reasons.
var ReasonsType = types.MapType{ElemType: types.ListType{ElemType: types.StringType}}

// Reasons writes drift. It is never null: no drift is an empty map.
func Reasons(found map[string][]string, tags []string) types.Map {
	all := maps.Clone(found)
	if len(tags) > 0 {
		if all == nil {
			all = map[string][]string{}
		}
		all[DefaultTagsDrift] = tags
	}
	elements := map[string]attr.Value{}
	for object, reasons := range all {
		lines := make([]attr.Value, 0, len(reasons))
		for _, reason := range reasons {
			lines = append(lines, types.StringValue(reason))
		}
		elements[object] = types.ListValueMust(types.StringType, lines)
	}
	return types.MapValueMust(types.ListType{ElemType: types.StringType}, elements)
}
