package kube

import (
	"context"
	"encoding/json"
	"fmt"

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

// Diff sees what keeps a Deployment from its work and is no field of the manifest:
// that it is paused, or that its autoscaler is off, which it is while there are no
// pods. Any other number is the autoscaler's own.
func (k workloads) Diff(object string, want manifest, live *unstructured.Unstructured) []stack.Difference {
	diffs := k.objects.Diff(object, want, live)
	if n, ok, _ := unstructured.NestedInt64(live.Object, "spec", "replicas"); ok && n == 0 && k.least > 0 {
		diffs = append(diffs, stack.Difference{Field: ".spec.replicas", Got: "0", Want: fmt.Sprint(k.least)})
	}
	if paused(live) {
		diffs = append(diffs, stack.Difference{Field: ".spec.paused", Got: "true", Want: "false"})
	}
	return diffs
}

// paused reports whether somebody keeps a Deployment from getting new pods.
func paused(live *unstructured.Unstructured) bool {
	is, _, _ := unstructured.NestedBool(live.Object, "spec", "paused")
	return is
}

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
		err = api.handOver(ctx, k.place, live, k.least)
	} else {
		err = api.unscale(ctx, k.autoscaler, k.stack)
	}
	if err != nil {
		return err
	}
	if err := k.objects.Update(ctx, object, want, live, diffs); err != nil || !paused(live) {
		return err
	}
	return api.patch(ctx, k.place, map[string]any{"spec": map[string]any{"paused": nil}})
}

// handOver makes another field manager an owner of the number of pods, which is
// some number.
func (a *API) handOver(ctx context.Context, at place, live *unstructured.Unstructured, least int64) error {
	replicas, ok, _ := unstructured.NestedInt64(live.Object, "spec", "replicas")
	none := replicas == 0
	if !ok || !none && sharedReplicas(live) {
		return nil
	}
	if none {
		replicas = least
	}
	object := &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": live.GetAPIVersion(), "kind": live.GetKind(), "metadata": map[string]any{"name": at.name, "namespace": at.namespace, "uid": string(live.GetUID())},
		"spec": map[string]any{"replicas": replicas},
	}}
	return a.insist(ctx, func() error {
		_, err := a.client(at).Apply(ctx, at.name, object, metav1.ApplyOptions{FieldManager: fieldManager + "-replicas", Force: none})
		if apierrors.IsConflict(err) {
			return nil // The autoscaler has changed it, and owns it.
		}
		return err
	})
}

// sharedReplicas reports whether the number of pods has an owner besides the
// manifest, or the manifest does not own it.
func sharedReplicas(live *unstructured.Unstructured) bool {
	ours := false
	for _, m := range live.GetManagedFields() {
		var fields struct {
			Spec map[string]any `json:"f:spec"`
		}
		if m.FieldsV1 == nil || json.Unmarshal(m.FieldsV1.Raw, &fields) != nil || fields.Spec["f:replicas"] == nil {
			continue
		}
		if m.Manager != fieldManager {
			return true
		}
		ours = true
	}
	return !ours
}

// unscale removes an autoscaler of a stack.
func (a *API) unscale(ctx context.Context, at place, stack string) error {
	live, err := a.reader.get(LiveReads(ctx), at)
	if live == nil || err != nil || !owned(live, stack) {
		return err
	}
	return a.delete(ctx, at, live.GetUID())
}
