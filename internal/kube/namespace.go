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
// would go on for as long as the longest request may take.
func (k namespacesOfCluster) Delete(ctx context.Context, live *unstructured.Unstructured) error {
	if err := k.objects.Delete(ctx, live); err != nil {
		return err
	}
	api, err := k.api(ctx)
	if api == nil || err != nil {
		return err
	}
	now := int64(0)
	err = api.client(place{resource: pods, namespace: k.name}).DeleteCollection(ctx, metav1.DeleteOptions{GracePeriodSeconds: &now}, metav1.ListOptions{})
	api.reader.wrote()
	return api.explain(ctx, err, true)
}
