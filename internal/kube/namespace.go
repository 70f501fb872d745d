package kube

import (
	"context"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/modelserving/terraform-provider-serving/internal/stack"
)

// namespacesOfCluster are the namespaces, which end with the cluster alone.
type namespacesOfCluster struct{ objects }

var _ stack.Kind[manifest, unstructured.Unstructured] = namespacesOfCluster{}

// Delete ends the pods at once: nobody is left to send them requests, and they
// would go on for as long as the longest request may take. Those that a controller
// makes anew before it is gone itself are ended after it can make no more.
func (k namespacesOfCluster) Delete(ctx context.Context, live *unstructured.Unstructured) error {
	api, err := k.api(ctx)
	if api == nil || err != nil {
		return err
	}
	if err := api.endPods(ctx, k.name); err != nil {
		return err
	}
	if err := k.objects.Delete(ctx, live); err != nil {
		return err
	}
	return api.endPods(ctx, k.name)
}

func (a *API) endPods(ctx context.Context, namespace string) error {
	there, err := a.list(ctx, pods, namespace, "")
	if len(there) == 0 || err != nil {
		return err
	}
	return a.insist(ctx, func() error {
		now := int64(0)
		return a.client(place{resource: pods, namespace: namespace}).DeleteCollection(ctx, metav1.DeleteOptions{GracePeriodSeconds: &now}, metav1.ListOptions{})
	})
}
