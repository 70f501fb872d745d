package kubetest

import (
	"context"
	"slices"
	"testing"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/discovery"
	"k8s.io/client-go/metadata"
)

// systemNamespaces cannot be deleted; what tests left in them is.
var systemNamespaces = []string{"default", "kube-node-lease", "kube-public", "kube-system"}

// Reset deletes what earlier tests have made: their namespaces, and objects in
// those of the system and without one that the API server did not make itself.
func (c *Cluster) Reset(t testing.TB) {
	t.Helper()
	c.SetNodes(DefaultNodes())
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	config := c.Config(c.AdminToken)
	config.Timeout = 10 * time.Second // An answer that hangs is asked for again.
	client, err := metadata.NewForConfig(config)
	if err != nil {
		t.Fatal(err)
	}
	kinds, err := discovery.NewDiscoveryClientForConfig(config)
	if err != nil {
		t.Fatal(err)
	}
	namespaces := client.Resource(schema.GroupVersionResource{Version: "v1", Resource: "namespaces"})
	for {
		left, err := clean(ctx, client, kinds, namespaces)
		if err == nil && len(left) == 0 {
			return
		}
		select {
		case <-ctx.Done():
			t.Fatalf("resetting the cluster: %q are left: %v", left, err)
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// clean asks for what tests have made to be deleted, and names what is still there.
func clean(ctx context.Context, client metadata.Interface, kinds discovery.ServerResourcesInterface, namespaces metadata.Getter) (left []string, err error) {
	all, err := namespaces.List(ctx, metav1.ListOptions{})
	if err != nil {
		return nil, err
	}
	for _, n := range all.Items {
		if slices.Contains(systemNamespaces, n.Name) {
			continue
		}
		left = append(left, "namespaces/"+n.Name)
		if n.DeletionTimestamp == nil {
			if err := namespaces.Delete(ctx, n.Name, metav1.DeleteOptions{}); err != nil && !apierrors.IsNotFound(err) {
				return left, err
			}
		}
	}
	preferred, err := kinds.ServerPreferredNamespacedResources()
	if err != nil {
		return left, err
	}
	resources, err := discovery.GroupVersionResources(discovery.FilteredBy(discovery.SupportsAllVerbs{Verbs: []string{"list", "delete"}}, preferred))
	if err != nil {
		return left, err
	}
	for r := range resources {
		if r.Resource == "events" {
			continue
		}
		found, err := client.Resource(r).List(ctx, metav1.ListOptions{})
		if err != nil {
			return left, err
		}
		for _, o := range found.Items {
			if !slices.Contains(systemNamespaces, o.Namespace) || ofSystem(r, o) {
				continue
			}
			left = append(left, r.Resource+"/"+o.Namespace+"/"+o.Name)
			if o.DeletionTimestamp != nil {
				continue
			}
			policy := metav1.DeletePropagationBackground
			err := client.Resource(r).Namespace(o.Namespace).Delete(ctx, o.Name, metav1.DeleteOptions{PropagationPolicy: &policy})
			if err != nil && !apierrors.IsNotFound(err) {
				return left, err
			}
		}
	}
	return left, nil
}

// ofSystem reports whether a cluster has the object from the start.
func ofSystem(r schema.GroupVersionResource, o metav1.PartialObjectMetadata) bool {
	_, bootstrap := o.Labels["kubernetes.io/bootstrapping"]
	_, reconciled := o.Annotations["rbac.authorization.kubernetes.io/autoupdate"]
	switch {
	case bootstrap, reconciled:
		return true
	case r.Resource == "serviceaccounts":
		return o.Name == "default"
	case r.Resource == "configmaps":
		return o.Name == "kube-root-ca.crt" || o.Name == "extension-apiserver-authentication" || o.Name == "kube-apiserver-legacy-service-account-token-tracking"
	case r.Resource == "services", r.Resource == "endpoints", r.Resource == "endpointslices":
		return o.Namespace == "default" && o.Name == "kubernetes"
	case r.Resource == "leases":
		return true
	}
	return false
}
