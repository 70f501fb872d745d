package tf

import (
	"context"
	"maps"
	"slices"
	"strconv"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-framework/types/basetypes"

	"github.com/modelserving/terraform-provider-serving/internal/serving"
)

// Reader reads values of a model into a spec. Null becomes the zero value, and
// what is unknown is the zero value as well and noted in Unknown, under the
// path that the rules know it by.
type Reader struct {
	Unknown serving.Unknown
	Diags   diag.Diagnostics
}

// NewReader makes a reader that has read nothing yet.
func NewReader() *Reader { return &Reader{Unknown: serving.Unknown{}} }

// known notes an unknown value and reports whether there is one to read.
func (r *Reader) known(path string, v attr.Value) bool {
	if v.IsUnknown() {
		r.Unknown[path] = true
	}
	return !v.IsUnknown() && !v.IsNull()
}

// String reads a text.
func (r *Reader) String(path string, v types.String) string {
	r.known(path, v)
	return v.ValueString()
}

// Int64 reads a number.
func (r *Reader) Int64(path string, v types.Int64) int64 {
	r.known(path, v)
	return v.ValueInt64()
}

// Bool reads a flag.
func (r *Reader) Bool(path string, v types.Bool) bool {
	r.known(path, v)
	return v.ValueBool()
}

// Strings reads a set of texts. An unknown element is an empty text that is
// noted by its index.
func (r *Reader) Strings(path string, v types.Set) []string {
	if !r.known(path, v) {
		return nil
	}
	texts := make([]string, 0, len(v.Elements()))
	for i, element := range v.Elements() {
		texts = append(texts, r.element(path+"."+strconv.Itoa(i), element))
	}
	return texts
}

// List reads a list of texts.
func (r *Reader) List(path string, v types.List) []string {
	if !r.known(path, v) {
		return nil
	}
	texts := make([]string, 0, len(v.Elements()))
	for i, element := range v.Elements() {
		texts = append(texts, r.element(path+"."+strconv.Itoa(i), element))
	}
	return texts
}

// StringMap reads a map of texts.
func (r *Reader) StringMap(path string, v types.Map) map[string]string {
	if !r.known(path, v) {
		return nil
	}
	texts := make(map[string]string, len(v.Elements()))
	for key, element := range v.Elements() {
		texts[key] = r.element(path+"."+key, element)
	}
	return texts
}

func (r *Reader) element(path string, v attr.Value) string {
	text, ok := v.(types.String)
	if !ok {
		r.Diags.AddError("Unexpected element", "The element "+path+" is not a string. This is a defect of the provider; please report it.")
		return ""
	}
	return r.String(path, text)
}

// Object reads an object into its model. It is false when there is none or it
// is not known.
func Object[T any](ctx context.Context, r *Reader, path string, v attr.Value) (T, bool) {
	var model T
	object, ok := v.(types.Object)
	if !ok || !r.known(path, object) {
		return model, false
	}
	r.Diags.Append(object.As(ctx, &model, basetypes.ObjectAsOptions{})...)
	return model, true
}

// The functions below write what was found into a model. Null and empty mean
// the same to a cloud and not to Terraform, so where nothing changed the prior
// value stays as it was written.

// Text writes a text that is absent when empty.
func Text(prior types.String, found string) types.String {
	switch {
	case !prior.IsUnknown() && prior.ValueString() == found:
		return prior
	case found == "":
		return types.StringNull()
	}
	return types.StringValue(found)
}

// Number writes a number that is absent when zero.
func Number(prior types.Int64, found int64) types.Int64 {
	switch {
	case !prior.IsUnknown() && prior.ValueInt64() == found:
		return prior
	case found == 0:
		return types.Int64Null()
	}
	return types.Int64Value(found)
}

// Flag writes a flag that is absent when false.
func Flag(prior types.Bool, found bool) types.Bool {
	switch {
	case !prior.IsUnknown() && prior.ValueBool() == found:
		return prior
	case !found:
		return types.BoolNull()
	}
	return types.BoolValue(true)
}

// Set writes a set that is absent when empty.
func Set(prior types.Set, found []string) types.Set {
	was := make([]string, 0, len(prior.Elements()))
	for _, element := range prior.Elements() {
		if text, ok := element.(types.String); ok {
			was = append(was, text.ValueString())
		}
	}
	slices.Sort(was)
	is := slices.Compact(slices.Sorted(slices.Values(found)))
	switch {
	case !prior.IsUnknown() && slices.Equal(was, is):
		return normal(prior)
	case len(is) == 0:
		return types.SetNull(types.StringType)
	}
	return SetOf(is)
}

// normal gives a zero value, as in a model that was never read, its type.
func normal(prior types.Set) types.Set {
	if prior.IsNull() {
		return types.SetNull(types.StringType)
	}
	return prior
}

// SetOf writes a set that is never absent.
func SetOf(found []string) types.Set {
	elements := make([]attr.Value, 0, len(found))
	for _, text := range slices.Compact(slices.Sorted(slices.Values(found))) {
		elements = append(elements, types.StringValue(text))
	}
	return types.SetValueMust(types.StringType, elements)
}

// List writes a list that is absent when empty.
func List(prior types.List, found []string) types.List {
	if r := NewReader(); !prior.IsUnknown() && slices.Equal(r.List("", prior), found) {
		if prior.IsNull() {
			return types.ListNull(types.StringType)
		}
		return prior
	}
	if len(found) == 0 {
		return types.ListNull(types.StringType)
	}
	elements := make([]attr.Value, 0, len(found))
	for _, text := range found {
		elements = append(elements, types.StringValue(text))
	}
	return types.ListValueMust(types.StringType, elements)
}

// StringMap writes a map that is absent when empty.
func StringMap(prior types.Map, found map[string]string) types.Map {
	switch {
	case !prior.IsUnknown() && maps.Equal(Texts(prior), found):
		if prior.IsNull() {
			return types.MapNull(types.StringType)
		}
		return prior
	case len(found) == 0:
		return types.MapNull(types.StringType)
	}
	return MapOf(found)
}

// MapOf writes a map that is never absent.
func MapOf(found map[string]string) types.Map {
	elements := make(map[string]attr.Value, len(found))
	for key, text := range found {
		elements[key] = types.StringValue(text)
	}
	return types.MapValueMust(types.StringType, elements)
}

// Texts are the known elements of a map of texts.
func Texts(v types.Map) map[string]string {
	if len(v.Elements()) == 0 {
		return nil
	}
	texts := make(map[string]string, len(v.Elements()))
	for key, element := range v.Elements() {
		if text, ok := element.(types.String); ok && !text.IsNull() && !text.IsUnknown() {
			texts[key] = text.ValueString()
		}
	}
	return texts
}
