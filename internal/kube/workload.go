package kube

import (
	"context"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/modelserving/terraform-provider-serving/internal/stack"
)

// workloads are the Deployments whose number of pods is fixed, or an
// autoscaler's.
type workloads struct {
	objects
	// least is where an autoscaler begins; zero is for a fixed number, which the
	// manifest has.
	least int64
	// autoscaler is where it is.
	autoscaler place
}

var _ stack.Kind[manifest, unstructured.Unstructured] = workloads{}

// Create begins with as many pods as the autoscaler would have at least. Whoever
// changes the number owns it from then on.
func (k workloads) Create(ctx context.Context, object string, want manifest, _ string) error {
	want = k.marked(object, want)
	if k.least > 0 {
		child(want.content, "spec")["replicas"] = k.least
	}
	return k.make(ctx, want)
}

// Update hands the number of pods over before it is left out of the manifest: what
// an owner leaves out falls back to its default, which is one pod. The other way
// round, an autoscaler is removed before the number is fixed, or would change it
// once more.
func (k workloads) Update(ctx context.Context, object string, want manifest, live *unstructured.Unstructured, diffs []stack.Difference) error {
	api, err := k.api(ctx)
	if err != nil {
		return err
	}
	if k.least > 0 {
		err = api.handOver(ctx, k.place, live)
	} else {
		err = api.unscale(ctx, k.autoscaler, k.stack)
	}
	if err != nil {
		return err
	}
	return k.objects.Update(ctx, object, want, live, diffs)
}

// handOver makes another field manager an owner of the number of pods.
func (a *API) handOver(ctx context.Context, at place, live *unstructured.Unstructured) error {
	replicas, ok, _ := unstructured.NestedInt64(live.Object, "spec", "replicas")
	if !ok {
		return nil
	}
	object := &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": live.GetAPIVersion(), "kind": live.GetKind(), "metadata": map[string]any{"name": at.name, "namespace": at.namespace, "uid": string(live.GetUID())},
		"spec": map[string]any{"replicas": replicas},
	}}
	_, err := a.client(at).Apply(ctx, at.name, object, metav1.ApplyOptions{FieldManager: fieldManager + "-replicas"})
	a.reader.wrote()
	if apierrors.IsConflict(err) {
		return nil // The autoscaler has changed it, and owns it.
	}
	return a.explain(ctx, err, true)
}

// unscale removes an autoscaler of a stack.
func (a *API) unscale(ctx context.Context, at place, stack string) error {
	live, err := a.reader.get(withLiveReads(ctx), at)
	if live == nil || err != nil || !owned(live, stack) {
		return err
	}
	return a.delete(ctx, at, live.GetUID())
}
