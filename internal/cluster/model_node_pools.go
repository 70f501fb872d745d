package cluster

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/modelserving/terraform-provider-serving/internal/serving"
	"github.com/modelserving/terraform-provider-serving/internal/tf"
)

// nodePools reads the pools. A pool that is not known yet as a whole has its
// name and nothing else.
func nodePools(ctx context.Context, r *tf.Reader, v types.Map) map[string]serving.NodePool {
	if v.IsUnknown() {
		r.Unknown["node_pools"] = true
	}
	pools := make(map[string]serving.NodePool, len(v.Elements()))
	for name, element := range v.Elements() {
		pools[name] = nodePool(ctx, r, "node_pools."+name, element)
	}
	return pools
}

func nodePool(ctx context.Context, r *tf.Reader, path string, v attr.Value) serving.NodePool {
	m, _ := tf.Object[nodePoolModel](ctx, r, path, v)
	pool := serving.NodePool{
		MachineType: r.String(path+".machine_type", m.MachineType),
		MinSize:     r.Int64(path+".min_size", m.MinSize),
		MaxSize:     r.Int64(path+".max_size", m.MaxSize),
		DiskGB:      r.Int64(path+".disk_gb", m.DiskGB),
		Spot:        r.Bool(path+".spot", m.Spot),
		Labels:      r.StringMap(path+".labels", m.Labels),
		Taints:      taints(ctx, r, path+".taints", m.Taints),
	}
	if a, ok := tf.Object[acceleratorModel](ctx, r, path+".accelerator", m.Accelerator); ok {
		pool.Accelerator = &serving.Accelerator{
			Type:  r.String(path+".accelerator.type", a.Type),
			Count: r.Int64(path+".accelerator.count", a.Count),
		}
	}
	return pool
}

func taints(ctx context.Context, r *tf.Reader, path string, v types.Set) []serving.Taint {
	if v.IsUnknown() {
		r.Unknown[path] = true
	}
	var all []serving.Taint
	for i, element := range v.Elements() {
		at := fmt.Sprintf("%s.%d", path, i)
		m, _ := tf.Object[taintModel](ctx, r, at, element)
		all = append(all, serving.Taint{
			Key:    r.String(at+".key", m.Key),
			Value:  r.String(at+".value", m.Value),
			Effect: r.String(at+".effect", m.Effect),
		})
	}
	return all
}

// writeNodePools writes the pools that were found.
func writeNodePools(ctx context.Context, diags *diag.Diagnostics, prior types.Map, found map[string]serving.NodePool) types.Map {
	was := prior.Elements()
	pools := make(map[string]attr.Value, len(found))
	for name, pool := range found {
		pools[name] = writeNodePool(ctx, diags, was[name], pool)
	}
	return types.MapValueMust(types.ObjectType{AttrTypes: fieldTypes("node_pools")}, pools)
}

func writeNodePool(ctx context.Context, diags *diag.Diagnostics, prior attr.Value, found serving.NodePool) types.Object {
	r := tf.NewReader()
	m, _ := tf.Object[nodePoolModel](ctx, r, "", prior)
	m.MachineType = tf.Text(m.MachineType, found.MachineType)
	m.MinSize = types.Int64Value(found.MinSize)
	m.MaxSize = types.Int64Value(found.MaxSize)
	m.DiskGB = types.Int64Value(found.DiskGB)
	m.Spot = types.BoolValue(found.Spot)
	m.Labels = tf.StringMap(m.Labels, found.Labels)
	m.Taints = writeTaints(ctx, r, diags, m.Taints, found.Taints)
	m.Accelerator = writeAccelerator(ctx, r, diags, m.Accelerator, found)
	diags.Append(r.Diags...)
	return write(ctx, diags, m, "node_pools")
}

// writeAccelerator leaves the type out where the machine type implies it and
// nobody wrote it.
func writeAccelerator(ctx context.Context, r *tf.Reader, diags *diag.Diagnostics, prior types.Object, pool serving.NodePool) types.Object {
	found := pool.Accelerator
	if found == nil {
		return types.ObjectNull(fieldTypes("node_pools", "accelerator"))
	}
	m, _ := tf.Object[acceleratorModel](ctx, r, "", prior)
	if implied, ok := serving.ImpliedAccelerator(pool.MachineType); !m.Type.IsNull() || !ok || found.Type != implied.Type {
		m.Type = tf.Text(m.Type, found.Type)
	}
	m.Count = types.Int64Value(found.Count)
	return write(ctx, diags, m, "node_pools", "accelerator")
}

func writeTaints(ctx context.Context, r *tf.Reader, diags *diag.Diagnostics, prior types.Set, found []serving.Taint) types.Set {
	element := types.ObjectType{AttrTypes: fieldTypes("node_pools", "taints")}
	if !prior.IsUnknown() && slices.Equal(sorted(taints(ctx, r, "", prior)), sorted(found)) {
		if prior.IsNull() {
			return types.SetNull(element)
		}
		return prior
	}
	if len(found) == 0 {
		return types.SetNull(element)
	}
	var all []attr.Value
	for _, taint := range sorted(found) {
		all = append(all, write(ctx, diags, taintModel{
			Key:    types.StringValue(taint.Key),
			Value:  tf.Text(types.StringNull(), taint.Value),
			Effect: types.StringValue(taint.Effect),
		}, "node_pools", "taints"))
	}
	return types.SetValueMust(element, all)
}

func sorted(taints []serving.Taint) []serving.Taint {
	return slices.SortedFunc(slices.Values(taints), func(a, b serving.Taint) int {
		return cmp.Or(cmp.Compare(a.Key, b.Key), cmp.Compare(a.Effect, b.Effect), cmp.Compare(a.Value, b.Value))
	})
}
