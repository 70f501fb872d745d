package tf_test

import (
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/modelserving/terraform-provider-serving/internal/serving"
	"github.com/modelserving/terraform-provider-serving/internal/tf"
)

var paths = schema.Schema{Attributes: map[string]schema.Attribute{
	"name":  schema.StringAttribute{Optional: true},
	"tags":  schema.MapAttribute{Optional: true, ElementType: types.StringType},
	"lines": schema.ListAttribute{Optional: true, ElementType: types.StringType},
	"network": schema.SingleNestedAttribute{Optional: true, Attributes: map[string]schema.Attribute{
		"zones": schema.SetAttribute{Optional: true, ElementType: types.StringType},
	}},
	"node_pools": schema.MapNestedAttribute{Optional: true, NestedObject: schema.NestedAttributeObject{Attributes: map[string]schema.Attribute{
		"max_size": schema.Int64Attribute{Optional: true},
		"labels":   schema.MapAttribute{Optional: true, ElementType: types.StringType},
		"taints": schema.SetNestedAttribute{Optional: true, NestedObject: schema.NestedAttributeObject{Attributes: map[string]schema.Attribute{
			"key": schema.StringAttribute{Optional: true},
		}}},
	}}},
}}

func TestPath(t *testing.T) {
	t.Parallel()
	pool := path.Root("node_pools").AtMapKey("gpu")
	for text, want := range map[string]path.Path{
		"":                            path.Empty(),
		"name":                        path.Root("name"),
		"name.more":                   path.Root("name"),
		"nonsense.x":                  path.Empty(),
		"tags.cost.center":            path.Root("tags").AtMapKey("cost.center"),
		"lines.2":                     path.Root("lines").AtListIndex(2),
		"lines.x":                     path.Root("lines"),
		"network":                     path.Root("network"),
		"network.zones.1":             path.Root("network").AtName("zones"),
		"network.nonsense":            path.Root("network"),
		"node_pools":                  path.Root("node_pools"),
		"node_pools.gpu":              pool,
		"node_pools.gpu.max_size":     pool.AtName("max_size"),
		"node_pools.gpu.labels.a/b.c": pool.AtName("labels").AtMapKey("a/b.c"),
		"node_pools.gpu.taints.0.key": pool.AtName("taints"),
	} {
		if got := tf.Path(paths, text); !got.Equal(want) {
			t.Errorf("%q: got %s, want %s", text, got, want)
		}
	}
}

func TestProblemsKeepSeverity(t *testing.T) {
	t.Parallel()
	problems := []serving.Problem{
		{Path: "name", Summary: "Bad", Detail: "It is bad."},
		{Path: "tags.a", Severity: serving.SeverityWarning, Summary: "Odd", Detail: "It is odd."},
	}
	all := tf.Problems(paths, problems)
	if all.ErrorsCount() != 1 || all.WarningsCount() != 1 || all[1].Summary() != "Odd" {
		t.Errorf("got %v", all)
	}
	if errs := tf.Errors(paths, problems); len(errs) != 1 || errs[0].Summary() != "Bad" {
		t.Errorf("got %v", errs)
	}
}
