package tf

import (
	"strconv"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/types/basetypes"

	"github.com/modelserving/terraform-provider-serving/internal/serving"
)

// Typed is a schema, which knows the type of the whole object.
type Typed interface{ Type() attr.Type }

// Problems turns broken rules into diagnostics at their attributes.
func Problems(schema Typed, problems []serving.Problem) diag.Diagnostics {
	var diags diag.Diagnostics
	for _, p := range problems {
		at := Path(schema, p.Path)
		if p.Severity == serving.SeverityWarning {
			diags.AddAttributeWarning(at, p.Summary, located(p))
			continue
		}
		diags.AddAttributeError(at, p.Summary, located(p))
	}
	return diags
}

// located says where a problem is: Terraform shows the whole resource when an
// attribute is inside of another.
func located(p serving.Problem) string {
	if !strings.Contains(p.Path, ".") || strings.Contains(p.Detail, p.Path) {
		return p.Detail
	}
	return p.Path + ": " + p.Detail
}

// Errors is Problems without warnings. Terraform validates again whenever it
// plans, so a warning that validation gave as well would be shown twice.
func Errors(schema Typed, problems []serving.Problem) diag.Diagnostics {
	return Problems(schema, problems).Errors()
}

// Path resolves a rule's path, as "node_pools.gpu.max_size" or
// "network.zones.1", by walking the schema: only there it shows whether a step
// is a name, a map's key or an index. Elements of a set have no path of their
// own, so the set's is given; a key of plain values may contain dots. A step
// that the schema does not have ends the walk.
func Path(schema Typed, text string) path.Path {
	at := path.Empty()
	if text == "" {
		return at
	}
	steps := strings.Split(text, ".")
	for kind := schema.Type(); len(steps) > 0; steps = steps[1:] {
		switch t := kind.(type) {
		case basetypes.MapTypable:
			element := elementOf(t)
			if _, nested := element.(attr.TypeWithAttributeTypes); !nested {
				return at.AtMapKey(strings.Join(steps, "."))
			}
			at, kind = at.AtMapKey(steps[0]), element
		case basetypes.ListTypable:
			i, err := strconv.Atoi(steps[0])
			if err != nil {
				return at
			}
			at, kind = at.AtListIndex(i), elementOf(t)
		case basetypes.SetTypable:
			return at
		case attr.TypeWithAttributeTypes:
			inner, ok := t.AttributeTypes()[steps[0]]
			if !ok {
				return at
			}
			at, kind = at.AtName(steps[0]), inner
		default:
			return at
		}
	}
	return at
}

func elementOf(t attr.Type) attr.Type {
	if t, ok := t.(attr.TypeWithElementType); ok {
		return t.ElementType()
	}
	return nil
}
