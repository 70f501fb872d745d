package cluster

import (
	"context"
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/diag"

	"github.com/modelserving/terraform-provider-serving/internal/serving"
	"github.com/modelserving/terraform-provider-serving/internal/tf"
)

// validate judges a configuration before anything is planned. Cloud and region
// that are left out are settled while planning, with the provider's block.
func (m model) validate(ctx context.Context, schema tf.Typed) diag.Diagnostics {
	spec, diags := m.spec(ctx, nil)
	if m.Cloud.IsNull() {
		spec.Unknown["cloud"] = true
	}
	if m.Region.IsNull() {
		spec.Unknown["region"] = true
	}
	for name, pool := range m.NodePools.Elements() {
		diags.Append(missing(ctx, schema, spec.Unknown, "node_pools."+name, pool)...)
	}
	diags.Append(tf.Errors(schema, spec.Problems())...)
	return diags
}

// missing demands what a pool must have. What is missing is not judged as well,
// so that one mistake is one error.
func missing(ctx context.Context, schema tf.Typed, unknown serving.Unknown, path string, v attr.Value) diag.Diagnostics {
	r := tf.NewReader()
	pool, ok := tf.Object[nodePoolModel](ctx, r, path, v)
	if !ok {
		return r.Diags
	}
	demand := func(at string, v attr.Value) {
		if v.IsNull() {
			r.Diags.AddAttributeError(tf.Path(schema, at), "Missing argument", fmt.Sprintf("%s is required. Write it, or remove what it belongs to.", at))
			unknown[at] = true
		}
	}
	demand(path+".machine_type", pool.MachineType)
	demand(path+".min_size", pool.MinSize)
	demand(path+".max_size", pool.MaxSize)
	if accelerator, ok := tf.Object[acceleratorModel](ctx, r, path+".accelerator", pool.Accelerator); ok {
		demand(path+".accelerator.count", accelerator.Count)
	}
	for i, element := range pool.Taints.Elements() {
		at := fmt.Sprintf("%s.taints.%d", path, i)
		if taint, ok := tf.Object[taintModel](ctx, r, at, element); ok {
			demand(at+".key", taint.Key)
			demand(at+".effect", taint.Effect)
		}
	}
	return r.Diags
}
