package tf

import (
	"fmt"

	datasource "github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	resource "github.com/hashicorp/terraform-plugin-framework/resource/schema"
)

// Computed gives a resource's attributes as those of a data source that reads
// the same object, so that descriptions and types have one authority.
func Computed(attributes map[string]resource.Attribute) map[string]datasource.Attribute {
	computed := make(map[string]datasource.Attribute, len(attributes))
	for name, attribute := range attributes {
		computed[name] = computedOf(name, attribute)
	}
	return computed
}

func computedOf(name string, attribute resource.Attribute) datasource.Attribute {
	switch a := attribute.(type) {
	case resource.StringAttribute:
		return datasource.StringAttribute{Computed: true, MarkdownDescription: a.MarkdownDescription}
	case resource.Int64Attribute:
		return datasource.Int64Attribute{Computed: true, MarkdownDescription: a.MarkdownDescription}
	case resource.BoolAttribute:
		return datasource.BoolAttribute{Computed: true, MarkdownDescription: a.MarkdownDescription}
	case resource.SetAttribute:
		return datasource.SetAttribute{Computed: true, MarkdownDescription: a.MarkdownDescription, ElementType: a.ElementType}
	case resource.MapAttribute:
		return datasource.MapAttribute{Computed: true, MarkdownDescription: a.MarkdownDescription, ElementType: a.ElementType}
	case resource.SingleNestedAttribute:
		return datasource.SingleNestedAttribute{Computed: true, MarkdownDescription: a.MarkdownDescription, Attributes: Computed(a.Attributes)}
	case resource.SetNestedAttribute:
		return datasource.SetNestedAttribute{Computed: true, MarkdownDescription: a.MarkdownDescription,
			NestedObject: datasource.NestedAttributeObject{Attributes: Computed(a.NestedObject.Attributes)}}
	case resource.ListNestedAttribute:
		return datasource.ListNestedAttribute{Computed: true, MarkdownDescription: a.MarkdownDescription,
			NestedObject: datasource.NestedAttributeObject{Attributes: Computed(a.NestedObject.Attributes)}}
	case resource.MapNestedAttribute:
		return datasource.MapNestedAttribute{Computed: true, MarkdownDescription: a.MarkdownDescription,
			NestedObject: datasource.NestedAttributeObject{Attributes: Computed(a.NestedObject.Attributes)}}
	}
	// A kind that is missing here is noticed by the first test that asks for the
	// data source's schema.
	panic(fmt.Sprintf("attribute %s: no data source form of %T", name, attribute))
}
