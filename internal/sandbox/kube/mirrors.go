package kube

import (
	"context"
	"slices"

	appsv1 "k8s.io/api/apps/v1"
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	policyv1 "k8s.io/api/policy/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
)

// follower is a mirror of any kind.
type follower interface {
	follow(ctx context.Context)
	ready() <-chan struct{}
	// owned are the objects that name an owner.
	owned() []metav1.Object
	// uids adds those of all objects.
	uids(into map[types.UID]metav1.Object)
}

func (m *mirror[T]) ready() <-chan struct{} { return m.synced }

func (m *mirror[T]) owned() []metav1.Object {
	var all []metav1.Object
	for _, item := range m.all() {
		if len(item.GetOwnerReferences()) > 0 {
			all = append(all, item)
		}
	}
	return all
}

func (m *mirror[T]) uids(into map[types.UID]metav1.Object) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	for _, item := range m.items {
		into[item.GetUID()] = item
	}
}

// mirrors makes those of all kinds that the loop looks at.
func (l *loop) mirrors() []follower {
	core, apps := l.client.CoreV1(), l.client.AppsV1()
	l.nodes = newMirror[*corev1.Node](core.Nodes().List, core.Nodes().Watch, l.changed)
	l.namespaces = newMirror[*corev1.Namespace](core.Namespaces().List, core.Namespaces().Watch, l.changed)
	l.pods = newMirror[*corev1.Pod](core.Pods("").List, core.Pods("").Watch, l.changed)
	l.services = newMirror[*corev1.Service](core.Services("").List, core.Services("").Watch, l.changed)
	l.secrets = newMirror[*corev1.Secret](core.Secrets("").List, core.Secrets("").Watch, l.changed)
	l.configMaps = newMirror[*corev1.ConfigMap](core.ConfigMaps("").List, core.ConfigMaps("").Watch, l.changed)
	l.accounts = newMirror[*corev1.ServiceAccount](core.ServiceAccounts("").List, core.ServiceAccounts("").Watch, l.changed)
	l.deployments = newMirror[*appsv1.Deployment](apps.Deployments("").List, apps.Deployments("").Watch, l.changed)
	l.replicaSets = newMirror[*appsv1.ReplicaSet](apps.ReplicaSets("").List, apps.ReplicaSets("").Watch, l.changed)
	l.daemonSets = newMirror[*appsv1.DaemonSet](apps.DaemonSets("").List, apps.DaemonSets("").Watch, l.changed)
	slicesOf := l.client.DiscoveryV1().EndpointSlices("")
	l.slices = newMirror[*discoveryv1.EndpointSlice](slicesOf.List, slicesOf.Watch, l.changed)
	scalers := l.client.AutoscalingV2().HorizontalPodAutoscalers("")
	l.autoscalers = newMirror[*autoscalingv2.HorizontalPodAutoscaler](scalers.List, scalers.Watch, l.changed)
	budgets := l.client.PolicyV1().PodDisruptionBudgets("")
	l.budgets = newMirror[*policyv1.PodDisruptionBudget](budgets.List, budgets.Watch, l.changed)
	roles := l.client.RbacV1().ClusterRoles()
	l.roles = newMirror[*rbacv1.ClusterRole](roles.List, roles.Watch, l.changed)
	return append(l.followers(), l.roles)
}

// followers are those of the kinds that may be owned, or own.
func (l *loop) followers() []follower {
	return []follower{
		l.nodes, l.namespaces, l.pods, l.services, l.slices, l.secrets, l.configMaps, l.accounts,
		l.deployments, l.replicaSets, l.daemonSets, l.autoscalers, l.budgets,
	}
}

// byOwner groups objects by the UID of their controller.
func byOwner[T object](all []T) map[types.UID][]T {
	groups := map[types.UID][]T{}
	for _, item := range all {
		if owner := metav1.GetControllerOfNoCopy(item); owner != nil {
			groups[owner.UID] = append(groups[owner.UID], item)
		}
	}
	return groups
}

// active are the pods that count for their controller.
func active(pods []*corev1.Pod) []*corev1.Pod {
	return slices.DeleteFunc(slices.Clone(pods), func(p *corev1.Pod) bool {
		return p.DeletionTimestamp != nil || finished(p)
	})
}

func finished(p *corev1.Pod) bool {
	return p.Status.Phase == corev1.PodSucceeded || p.Status.Phase == corev1.PodFailed
}

// podReady reports the condition that readiness probes lead to.
func podReady(p *corev1.Pod) bool {
	for _, c := range p.Status.Conditions {
		if c.Type == corev1.PodReady {
			return c.Status == corev1.ConditionTrue
		}
	}
	return false
}
