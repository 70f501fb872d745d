package tf_test

import (
	"maps"
	"slices"
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/modelserving/terraform-provider-serving/internal/tf"
)

func set(texts ...string) types.Set {
	elements := []attr.Value{}
	for _, text := range texts {
		elements = append(elements, types.StringValue(text))
	}
	return types.SetValueMust(types.StringType, elements)
}

func list(texts ...string) types.List {
	return types.ListValueMust(types.StringType, set(texts...).Elements())
}

func TestReader(t *testing.T) {
	t.Parallel()
	r := tf.NewReader()
	r.String("null", types.StringNull())
	r.String("unknown", types.StringUnknown())
	r.Int64("number", types.Int64Unknown())
	r.Bool("flag", types.BoolUnknown())
	r.Strings("set", types.SetUnknown(types.StringType))
	got := r.Strings("elements", types.SetValueMust(types.StringType, []attr.Value{types.StringValue("a"), types.StringUnknown()}))
	if !slices.Equal(got, []string{"a", ""}) {
		t.Errorf("elements are %q", got)
	}
	if got := r.List("list", types.ListValueMust(types.StringType, []attr.Value{types.StringUnknown(), types.StringValue("b")})); !slices.Equal(got, []string{"", "b"}) {
		t.Errorf("the list is %q", got)
	}
	r.StringMap("map", types.MapValueMust(types.StringType, map[string]attr.Value{"k": types.StringUnknown(), "v": types.StringValue("1")}))
	want := []string{"elements.1", "flag", "list.0", "map.k", "number", "set", "unknown"}
	if got := slices.Sorted(maps.Keys(r.Unknown)); !slices.Equal(got, want) {
		t.Errorf("unknown are %q, want %q", got, want)
	}
}

// Null, unknown and empty are three things.
func TestWriters(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct{ got, want attr.Value }{
		"text null stays null":        {tf.Text(types.StringNull(), ""), types.StringNull()},
		"text empty stays empty":      {tf.Text(types.StringValue(""), ""), types.StringValue("")},
		"text unknown becomes null":   {tf.Text(types.StringUnknown(), ""), types.StringNull()},
		"text is removed":             {tf.Text(types.StringValue("a"), ""), types.StringNull()},
		"text changes":                {tf.Text(types.StringValue("a"), "b"), types.StringValue("b")},
		"number null stays null":      {tf.Number(types.Int64Null(), 0), types.Int64Null()},
		"number zero stays zero":      {tf.Number(types.Int64Value(0), 0), types.Int64Value(0)},
		"number unknown becomes null": {tf.Number(types.Int64Unknown(), 0), types.Int64Null()},
		"number changes":              {tf.Number(types.Int64Value(1), 2), types.Int64Value(2)},
		"set null stays null":         {tf.Set(types.SetNull(types.StringType), nil), types.SetNull(types.StringType)},
		"set without type":            {tf.Set(types.Set{}, nil), types.SetNull(types.StringType)},
		"set empty stays empty":       {tf.Set(set(), nil), set()},
		"set unknown becomes null":    {tf.Set(types.SetUnknown(types.StringType), nil), types.SetNull(types.StringType)},
		"set keeps its order":         {tf.Set(set("b", "a"), []string{"a", "b"}), set("b", "a")},
		"set changes":                 {tf.Set(set("a"), []string{"b", "b"}), set("b")},
		"list null stays null":        {tf.List(types.ListNull(types.StringType), nil), types.ListNull(types.StringType)},
		"list without type":           {tf.List(types.List{}, nil), types.ListNull(types.StringType)},
		"list empty stays empty":      {tf.List(list(), nil), list()},
		"list unknown becomes null":   {tf.List(types.ListUnknown(types.StringType), nil), types.ListNull(types.StringType)},
		"list order is a change":      {tf.List(list("b", "a"), []string{"a", "b"}), list("a", "b")},
		"list is removed":             {tf.List(list("a"), nil), types.ListNull(types.StringType)},
		"map null stays null":         {tf.StringMap(types.MapNull(types.StringType), nil), types.MapNull(types.StringType)},
		"map empty stays empty":       {tf.StringMap(tf.MapOf(nil), nil), tf.MapOf(nil)},
		"map unknown becomes null":    {tf.StringMap(types.MapUnknown(types.StringType), nil), types.MapNull(types.StringType)},
		"map changes":                 {tf.StringMap(tf.MapOf(map[string]string{"a": "1"}), map[string]string{"a": "2"}), tf.MapOf(map[string]string{"a": "2"})},
	} {
		if !tc.got.Equal(tc.want) {
			t.Errorf("%s: got %s, want %s", name, tc.got, tc.want)
		}
	}
}

func TestTags(t *testing.T) {
	t.Parallel()
	p := &tf.Provider{DefaultTags: map[string]string{"team": "ml", "env": "prod"}}
	own := tf.MapOf(map[string]string{"env": "test"})
	found := map[string]string{"team": "other", "env": "test", "stranger": "x"}
	if got, want := tf.NewReader().Tags(p, own), (map[string]string{"team": "ml", "env": "test"}); !maps.Equal(got, want) {
		t.Errorf("tags are %v, want %v", got, want)
	}
	if got, want := p.OwnTags(own, found), tf.MapOf(map[string]string{"env": "test", "stranger": "x"}); !got.Equal(want) {
		t.Errorf("own tags are %s, want %s", got, want)
	}
	if got, want := p.DriftOfTags(own, found), []string{"team: is other, should be ml"}; !slices.Equal(got, want) {
		t.Errorf("drift is %q, want %q", got, want)
	}
	if got, want := p.DriftOfTags(own, nil), []string{"team: missing ml"}; !slices.Equal(got, want) {
		t.Errorf("drift is %q, want %q", got, want)
	}
}
