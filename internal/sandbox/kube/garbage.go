package kube

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/metadata"
)

// collectGarbage deletes objects whose owners are gone, of the kinds that the loop
// looks at, and lets go of owners that wait for what they own.
func (l *loop) collectGarbage(ctx context.Context) {
	alive := map[types.UID]metav1.Object{}
	for _, m := range l.followers() {
		m.uids(alive)
	}
	dependents := map[types.UID][]metav1.Object{}
	var lost []metav1.Object
	for _, m := range l.followers() {
		for _, o := range m.owned() {
			gone := 0
			for _, ref := range o.GetOwnerReferences() {
				dependents[ref.UID] = append(dependents[ref.UID], o)
				if alive[ref.UID] == nil && l.watches(ref) {
					gone++
				}
			}
			if gone == len(o.GetOwnerReferences()) && o.GetDeletionTimestamp() == nil {
				lost = append(lost, o)
			}
		}
	}
	each(lost, func(o metav1.Object) { l.failed(l.deleteLost(ctx, o)) })
	for _, owner := range alive {
		if owner.GetDeletionTimestamp() == nil {
			continue
		}
		switch {
		case slices.Contains(owner.GetFinalizers(), metav1.FinalizerDeleteDependents):
			l.failed(l.deleteDependents(ctx, owner, dependents[owner.GetUID()]))
		case slices.Contains(owner.GetFinalizers(), metav1.FinalizerOrphanDependents):
			l.failed(l.orphan(ctx, owner, dependents[owner.GetUID()]))
		}
	}
}

// watches reports whether an owner of this kind would be seen.
func (l *loop) watches(ref metav1.OwnerReference) bool {
	return slices.Contains([]string{
		"Node", "Namespace", "Pod", "Service", "EndpointSlice", "Secret", "ConfigMap", "ServiceAccount", "Deployment", "ReplicaSet", "DaemonSet",
		"HorizontalPodAutoscaler", "PodDisruptionBudget",
	}, ref.Kind)
}

// deleteLost asks for the owner first: it may be younger than what the mirror has.
func (l *loop) deleteLost(ctx context.Context, o metav1.Object) error {
	for _, ref := range o.GetOwnerReferences() {
		group, err := schema.ParseGroupVersion(ref.APIVersion)
		if err != nil {
			return err
		}
		owners, err := l.resource(group.WithKind(ref.Kind))
		if err != nil {
			return err
		}
		owner, err := owners.Namespace(o.GetNamespace()).Get(ctx, ref.Name, metav1.GetOptions{})
		if err == nil && owner.UID == ref.UID {
			return nil
		}
		if err != nil && !apierrors.IsNotFound(err) {
			return err
		}
	}
	return l.deleteObject(ctx, o)
}

func (l *loop) deleteObject(ctx context.Context, o metav1.Object) error {
	in, err := l.resourceOf(o)
	if err != nil {
		return err
	}
	uid := o.GetUID()
	return in.Delete(ctx, o.GetName(), metav1.DeleteOptions{PropagationPolicy: background(), Preconditions: &metav1.Preconditions{UID: &uid}})
}

func (l *loop) deleteDependents(ctx context.Context, owner metav1.Object, all []metav1.Object) error {
	waits := false
	for _, o := range all {
		for _, ref := range o.GetOwnerReferences() {
			waits = waits || ref.UID == owner.GetUID() && ref.BlockOwnerDeletion != nil && *ref.BlockOwnerDeletion
		}
		if o.GetDeletionTimestamp() == nil {
			if err := l.deleteObject(ctx, o); err != nil {
				return err
			}
		}
	}
	if waits {
		return nil
	}
	return l.dropFinalizer(ctx, owner, metav1.FinalizerDeleteDependents)
}

func (l *loop) orphan(ctx context.Context, owner metav1.Object, all []metav1.Object) error {
	for _, o := range all {
		in, err := l.resourceOf(o)
		if err != nil {
			return err
		}
		refs := slices.DeleteFunc(slices.Clone(o.GetOwnerReferences()), func(r metav1.OwnerReference) bool { return r.UID == owner.GetUID() })
		if err := patchMetadata(ctx, in, o, map[string]any{"ownerReferences": refs}); err != nil {
			return err
		}
	}
	return l.dropFinalizer(ctx, owner, metav1.FinalizerOrphanDependents)
}

func (l *loop) dropFinalizer(ctx context.Context, o metav1.Object, name string) error {
	in, err := l.resourceOf(o)
	if err != nil {
		return err
	}
	left := slices.DeleteFunc(slices.Clone(o.GetFinalizers()), func(f string) bool { return f == name })
	return patchMetadata(ctx, in, o, map[string]any{"finalizers": left})
}

func patchMetadata(ctx context.Context, in metadata.ResourceInterface, o metav1.Object, fields map[string]any) error {
	fields["resourceVersion"] = o.GetResourceVersion()
	patch, err := json.Marshal(map[string]any{"metadata": fields})
	if err != nil {
		return err
	}
	_, err = in.Patch(ctx, o.GetName(), types.MergePatchType, patch, metav1.PatchOptions{FieldManager: byController})
	return err
}

func (l *loop) resourceOf(o metav1.Object) (metadata.ResourceInterface, error) {
	typed, ok := o.(runtime.Object)
	if !ok {
		return nil, fmt.Errorf("%T is no object", o)
	}
	kinds, _, err := scheme.Scheme.ObjectKinds(typed)
	if err != nil {
		return nil, err
	}
	in, err := l.resource(kinds[0])
	if err != nil {
		return nil, err
	}
	return in.Namespace(o.GetNamespace()), nil
}

// resource is where objects of a kind are; the kinds that the loop looks at have
// names by the rule.
func (l *loop) resource(kind schema.GroupVersionKind) (metadata.Getter, error) {
	client, err := metadata.NewForConfig(l.api.config)
	if err != nil {
		return nil, err
	}
	plural, _ := meta.UnsafeGuessKindToResource(kind)
	return client.Resource(plural), nil
}
