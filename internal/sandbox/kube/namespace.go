package kube

import (
	"context"
	"errors"
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/discovery"
	"k8s.io/client-go/metadata"
)

// rootCA is the ConfigMap by which pods trust the API server.
const rootCA = "kube-root-ca.crt"

// syncNamespaces gives each what every namespace has, and empties those that are
// being deleted.
func (l *loop) syncNamespaces(ctx context.Context) {
	each(l.namespaces.all(), func(n *corev1.Namespace) {
		if n.DeletionTimestamp != nil {
			l.empty(n)
			return
		}
		if _, ok := l.accounts.get(n.Name, "default"); !ok {
			account := &corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Name: "default", Namespace: n.Name}}
			made, err := l.client.CoreV1().ServiceAccounts(n.Name).Create(ctx, account, metav1.CreateOptions{FieldManager: byController})
			if err == nil {
				l.accounts.put(made)
			} else if !apierrors.IsAlreadyExists(err) {
				l.failed(err)
			}
		}
		l.publishCA(ctx, n.Name)
	})
}

func (l *loop) publishCA(ctx context.Context, namespace string) {
	want := &corev1.ConfigMap{
		ObjectMeta: metav1.ObjectMeta{
			Name: rootCA, Namespace: namespace,
			Annotations: map[string]string{"kubernetes.io/description": "Contains a CA bundle that can be used to verify the kube-apiserver when using internal endpoints such as the internal service IP or kubernetes.default.svc. No other usage is guaranteed across distributions of Kubernetes clusters."},
		},
		Data: map[string]string{"ca.crt": string(l.config.CACertificate)},
	}
	have, ok := l.configMaps.get(namespace, rootCA)
	if ok && have.Data["ca.crt"] == want.Data["ca.crt"] {
		return
	}
	var written *corev1.ConfigMap
	var err error
	if ok {
		written, err = l.client.CoreV1().ConfigMaps(namespace).Update(ctx, want, metav1.UpdateOptions{FieldManager: byController})
	} else {
		written, err = l.client.CoreV1().ConfigMaps(namespace).Create(ctx, want, metav1.CreateOptions{FieldManager: byController})
	}
	if err == nil {
		l.configMaps.put(written)
	} else if !apierrors.IsAlreadyExists(err) {
		l.failed(err)
	}
}

// hasAccounts reports whether the namespaces of every cluster are ready for pods.
func (l *loop) hasAccounts() bool {
	for _, namespace := range []string{"default", "kube-system"} {
		if _, ok := l.accounts.get(namespace, "default"); !ok {
			return false
		}
	}
	return true
}

// empty deletes what is in a namespace and then lets it go. It takes as long as
// the pods do, so it has a goroutine of its own, once: the mirror still has a
// namespace that has just gone, and one of its name may be there by then.
func (l *loop) empty(n *corev1.Namespace) {
	if !slices.Contains(n.Spec.Finalizers, corev1.FinalizerKubernetes) {
		return
	}
	l.mu.Lock()
	begun := l.emptying[n.UID]
	l.emptying[n.UID] = true
	l.mu.Unlock()
	if begun {
		return
	}
	l.done.Go(func() {
		for !l.emptyOnce(l.life, n) {
			if !sleep(l.life, 20*time.Millisecond) {
				return
			}
		}
		l.changed()
	})
}

// emptyOnce reports whether the namespace is gone.
func (l *loop) emptyOnce(ctx context.Context, n *corev1.Namespace) bool {
	left, err := l.deleteContents(ctx, n.Name, metav1.DeleteOptions{PropagationPolicy: background()}, nil)
	if err != nil || left > 0 {
		return false
	}
	now, err := l.client.CoreV1().Namespaces().Get(ctx, n.Name, metav1.GetOptions{})
	if apierrors.IsNotFound(err) || err == nil && now.UID != n.UID {
		return true
	}
	if err != nil {
		return false
	}
	now.Spec.Finalizers = slices.DeleteFunc(now.Spec.Finalizers, func(f corev1.FinalizerName) bool { return f == corev1.FinalizerKubernetes })
	_, err = l.client.CoreV1().Namespaces().Finalize(ctx, now, metav1.UpdateOptions{FieldManager: byController})
	return err == nil || apierrors.IsNotFound(err)
}

// deleteContents deletes the objects of every kind in a namespace, but those to
// keep, and counts what there was.
func (l *loop) deleteContents(ctx context.Context, namespace string, options metav1.DeleteOptions, keep func(schema.GroupVersionResource, metav1.Object) bool) (int, error) {
	client, err := metadata.NewForConfig(l.api.config)
	if err != nil {
		return 0, err
	}
	kinds, err := l.client.Discovery().ServerPreferredNamespacedResources()
	if err != nil {
		return 0, err // Some kinds alone would leave objects behind.
	}
	kinds = discovery.FilteredBy(discovery.SupportsAllVerbs{Verbs: []string{"list", "delete"}}, kinds)
	resources, err := discovery.GroupVersionResources(kinds)
	if err != nil {
		return 0, err
	}
	var errs []error
	count := 0
	for r := range resources {
		if r.Resource == "events" && r.Group == "events.k8s.io" {
			continue // They are those of the core group.
		}
		in := client.Resource(r).Namespace(namespace)
		found, err := in.List(ctx, metav1.ListOptions{})
		if err != nil {
			errs = append(errs, err)
			continue
		}
		for _, o := range found.Items {
			if keep != nil && keep(r, &o) {
				continue
			}
			count++
			if o.DeletionTimestamp == nil {
				if err := in.Delete(ctx, o.Name, options); err != nil && !apierrors.IsNotFound(err) {
					errs = append(errs, err)
				}
			}
		}
	}
	return count, errors.Join(errs...)
}

func background() *metav1.DeletionPropagation {
	policy := metav1.DeletePropagationBackground
	return &policy
}
