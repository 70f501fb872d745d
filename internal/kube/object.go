package kube

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/dynamic"

	"github.com/modelserving/terraform-provider-serving/internal/stack"
)

// place is where an object is: its kind, namespace and name.
type place struct {
	resource
	namespace, name string
}

func (p place) String() string {
	if p.namespace == "" {
		return p.What + " " + p.name
	}
	return p.What + " " + p.namespace + "/" + p.name
}

// connected gives the API, or nil while the cluster does not exist.
type connected func(ctx context.Context) (*API, error)

// objects is the stack.Kind of what is written by server-side apply and has
// nothing to wait for.
type objects struct {
	api   connected
	stack string
	place
	// attribute gives the path of the Terraform attribute that models a field, or
	// nothing.
	attribute func(field string) string
	// unwanted is for tombstones and destroys: what somebody else has made under the
	// name is not looked at.
	unwanted bool
}

var _ stack.Kind[manifest, unstructured.Unstructured] = objects{}

func (k objects) Find(ctx context.Context, _ string) ([]*unstructured.Unstructured, error) {
	api, err := k.api(ctx)
	if api == nil || err != nil {
		return nil, err
	}
	live, err := api.reader.get(ctx, k.place)
	if live == nil || err != nil {
		return nil, err
	}
	switch {
	case owned(live, k.stack):
	case k.unwanted:
		return nil, nil
	default:
		return nil, &stack.ForeignError{What: k.String()}
	}
	return []*unstructured.Unstructured{live}, nil
}

// owned reports whether an object is a stack's. One that has lost its mark is
// known by who wrote it, since no two stacks have objects of one name.
func owned(live *unstructured.Unstructured, stack string) bool {
	mark, marked := live.GetAnnotations()[annotationStack]
	return mark == stack || !marked && slices.ContainsFunc(live.GetManagedFields(), func(m metav1.ManagedFieldsEntry) bool { return m.Manager == fieldManager })
}

func (k objects) ID(live *unstructured.Unstructured) string { return id(live) }

// id is the path of an object in the API, as kubectl names it.
func id(live *unstructured.Unstructured) string {
	kind := strings.ToLower(live.GetKind())
	if live.GetNamespace() == "" {
		return kind + "/" + live.GetName()
	}
	return live.GetNamespace() + "/" + kind + "/" + live.GetName()
}

func (k objects) State(live *unstructured.Unstructured) stack.State {
	if live.GetDeletionTimestamp() != nil {
		return stack.State{Phase: stack.Deleting}
	}
	return stack.State{}
}

func (k objects) Diff(object string, want manifest, live *unstructured.Unstructured) []stack.Difference {
	want = k.marked(object, want)
	diffs := compare("", want.content, live.Object)
	for i, d := range diffs {
		if k.attribute != nil {
			diffs[i].Attribute = k.attribute(d.Field)
		}
	}
	// What is not wanted any more is only told when nothing else is: the sum
	// differs with everything that does.
	if rest := withoutField(diffs, ".metadata.annotations["+annotationApplied+"]"); len(rest) > 0 || len(diffs) == 0 {
		return rest
	}
	return []stack.Difference{{Field: "has fields that are no longer wanted"}}
}

// marked adds the mark of ownership and the sum to what is wanted.
func (k objects) marked(object string, want manifest) manifest {
	content := deepCopy(want.content)
	metadata := child(content, "metadata")
	labels := child(metadata, "labels")
	labels[labelManagedBy] = fieldManager
	annotations := child(metadata, "annotations")
	annotations[annotationStack] = k.stack
	annotations[annotationObject] = object
	// The sum is where people look who may not see a Secret's data.
	plain := maps.Clone(content)
	delete(plain, "data")
	annotations[annotationApplied] = manifest{plain}.sum()
	return manifest{content}
}

func child(parent map[string]any, key string) map[string]any {
	if c, ok := parent[key].(map[string]any); ok {
		return c
	}
	c := map[string]any{}
	parent[key] = c
	return c
}

func (k objects) Create(ctx context.Context, object string, want manifest, _ string) error {
	return k.make(ctx, k.marked(object, want))
}

// make applies what does not exist. It looks once more, since an apply would take
// over what somebody else has made in between.
func (k objects) make(ctx context.Context, want manifest) error {
	if _, err := k.Find(LiveReads(ctx), ""); err != nil {
		return err
	}
	return k.apply(ctx, want)
}

func (k objects) Update(ctx context.Context, object string, want manifest, _ *unstructured.Unstructured, _ []stack.Difference) error {
	return k.apply(ctx, k.marked(object, want))
}

// apply writes the manifest. Force takes over fields that somebody else has
// changed: they are drift that is being repaired.
func (k objects) apply(ctx context.Context, want manifest) error {
	api, err := k.api(ctx)
	if err != nil {
		return err
	}
	return api.apply(ctx, k.place, want)
}

func (a *API) apply(ctx context.Context, at place, want manifest) error {
	object := &unstructured.Unstructured{Object: want.content}
	return a.insist(ctx, func() error {
		_, err := a.client(at).Apply(ctx, at.name, object, metav1.ApplyOptions{FieldManager: fieldManager, Force: true})
		return err
	})
}

func (k objects) Delete(ctx context.Context, live *unstructured.Unstructured) error {
	api, err := k.api(ctx)
	if api == nil || err != nil {
		return err
	}
	return api.delete(ctx, k.place, live.GetUID())
}

func (a *API) delete(ctx context.Context, at place, uid types.UID) error {
	background := metav1.DeletePropagationBackground
	return a.insist(ctx, func() error {
		err := a.client(at).Delete(ctx, at.name, metav1.DeleteOptions{PropagationPolicy: &background, Preconditions: &metav1.Preconditions{UID: &uid}})
		if apierrors.IsNotFound(err) || apierrors.IsConflict(err) { // Gone, or another one by now.
			return nil
		}
		return err
	})
}

// client is that of an object's kind and namespace.
func (a *API) client(at place) dynamic.ResourceInterface {
	if at.namespace == "" {
		return a.dynamic.Resource(at.GroupVersionResource)
	}
	return a.dynamic.Resource(at.GroupVersionResource).Namespace(at.namespace)
}

// patch merges fields that are not part of a manifest, under a field manager of
// their own.
func (a *API) patch(ctx context.Context, at place, content map[string]any) error {
	text, err := json.Marshal(content)
	if err != nil {
		return fmt.Errorf("patch of %s: %w", at, err)
	}
	return a.insist(ctx, func() error {
		_, err := a.client(at).Patch(ctx, at.name, types.MergePatchType, text, metav1.PatchOptions{FieldManager: fieldManager + "-marks"})
		return err
	})
}
