package kube

import (
	"cmp"
	"context"
	"slices"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

func (l *loop) syncReplicaSets(ctx context.Context) {
	owned := byOwner(l.pods.all())
	each(l.replicaSets.all(), func(rs *appsv1.ReplicaSet) {
		pods := active(owned[rs.UID])
		var failure error
		if rs.DeletionTimestamp == nil {
			failure = l.fill(ctx, rs, pods)
			pods = active(byOwnerOf(l.pods.all(), rs, len(pods)))
		}
		l.failed(l.writeReplicaSetStatus(ctx, rs, pods, failure))
		l.failed(failure)
	})
}

// byOwnerOf is byOwner for one owner.
func byOwnerOf(pods []*corev1.Pod, owner metav1.Object, about int) []*corev1.Pod {
	owned := make([]*corev1.Pod, 0, about)
	for _, p := range pods {
		if ref := metav1.GetControllerOfNoCopy(p); ref != nil && ref.UID == owner.GetUID() {
			owned = append(owned, p)
		}
	}
	return owned
}

// fill makes as many pods as are wanted, or deletes those that are missed least.
func (l *loop) fill(ctx context.Context, rs *appsv1.ReplicaSet, pods []*corev1.Pod) error {
	missing := int(*rs.Spec.Replicas) - len(pods)
	for range missing {
		if err := l.makePod(ctx, rs, appsv1.SchemeGroupVersion.WithKind("ReplicaSet"), &rs.Spec.Template, "replicaset-controller", nil); err != nil {
			return err
		}
	}
	if missing >= 0 {
		return nil
	}
	slices.SortStableFunc(pods, func(a, b *corev1.Pod) int {
		return cmp.Or(cmp.Compare(use(a), use(b)), b.CreationTimestamp.Compare(a.CreationTimestamp.Time), cmp.Compare(a.Name, b.Name))
	})
	for _, p := range pods[:-missing] {
		if err := l.deletePod(ctx, p); err != nil {
			return err
		}
		l.events.normal("replicaset-controller", rs, "SuccessfulDelete", "Deleted pod: %s", p.Name)
	}
	return nil
}

// use orders pods by how much their controller would miss them.
func use(p *corev1.Pod) int {
	switch {
	case p.Spec.NodeName == "":
		return 0
	case p.Status.Phase != corev1.PodRunning:
		return 1
	case !podReady(p):
		return 2
	}
	return 3
}

func (l *loop) makePod(ctx context.Context, owner object, kind schema.GroupVersionKind, template *corev1.PodTemplateSpec, component string, change func(*corev1.Pod)) error {
	pod := &corev1.Pod{ObjectMeta: *template.ObjectMeta.DeepCopy(), Spec: *template.Spec.DeepCopy()}
	pod.Name, pod.GenerateName, pod.Namespace = "", owner.GetName()+"-", owner.GetNamespace()
	pod.OwnerReferences = []metav1.OwnerReference{*metav1.NewControllerRef(owner, kind)}
	if change != nil {
		change(pod)
	}
	made, err := l.client.CoreV1().Pods(pod.Namespace).Create(ctx, pod, metav1.CreateOptions{FieldManager: byController})
	if err != nil {
		if !apierrors.HasStatusCause(err, corev1.NamespaceTerminatingCause) {
			l.events.warning(component, owner, "FailedCreate", "Error creating: %v", err)
		}
		return err
	}
	l.pods.put(made)
	l.events.normal(component, owner, "SuccessfulCreate", "Created pod: %s", made.Name)
	return nil
}

// deletePod asks for a pod's end, which the kubelet brings about.
func (l *loop) deletePod(ctx context.Context, p *corev1.Pod) error {
	pods := l.client.CoreV1().Pods(p.Namespace)
	err := pods.Delete(ctx, p.Name, metav1.DeleteOptions{Preconditions: metav1.NewUIDPreconditions(string(p.UID))})
	if apierrors.IsNotFound(err) {
		l.pods.remove(p)
		return nil
	}
	if err != nil {
		return err
	}
	now, err := pods.Get(ctx, p.Name, metav1.GetOptions{})
	if err != nil || now.UID != p.UID {
		l.pods.remove(p)
		return nil //nolint:nilerr // It is gone, or the next event says otherwise.
	}
	l.pods.put(now)
	return nil
}

func (l *loop) writeReplicaSetStatus(ctx context.Context, rs *appsv1.ReplicaSet, pods []*corev1.Pod, failure error) error {
	status := rs.Status.DeepCopy()
	status.ObservedGeneration = rs.Generation
	status.Replicas = int32(len(pods))
	status.FullyLabeledReplicas = status.Replicas
	status.ReadyReplicas, status.AvailableReplicas = 0, 0
	for _, p := range pods {
		if podReady(p) {
			status.ReadyReplicas++
		}
		if l.available(p, rs.Spec.MinReadySeconds) {
			status.AvailableReplicas++
		}
	}
	status.Conditions = slices.DeleteFunc(status.Conditions, func(c appsv1.ReplicaSetCondition) bool {
		return c.Type == appsv1.ReplicaSetReplicaFailure && (failure == nil || c.Message != failure.Error())
	})
	if failure != nil && len(status.Conditions) == 0 && !apierrors.IsConflict(failure) {
		status.Conditions = append(status.Conditions, appsv1.ReplicaSetCondition{
			Type: appsv1.ReplicaSetReplicaFailure, Status: corev1.ConditionTrue, Reason: "FailedCreate", Message: failure.Error(), LastTransitionTime: metav1.Now(),
		})
	}
	if equality.Semantic.DeepEqual(&rs.Status, status) {
		return nil
	}
	rs = rs.DeepCopy()
	rs.Status = *status
	written, err := l.client.AppsV1().ReplicaSets(rs.Namespace).UpdateStatus(ctx, rs, metav1.UpdateOptions{FieldManager: byController})
	if err != nil {
		return err
	}
	l.replicaSets.put(written)
	return nil
}

// available reports whether a pod has been ready for long enough.
func (l *loop) available(p *corev1.Pod, minReadySeconds int32) bool {
	if !podReady(p) {
		return false
	}
	if minReadySeconds == 0 {
		return true
	}
	for _, c := range p.Status.Conditions {
		if c.Type == corev1.PodReady {
			left := l.config.scaled(time.Duration(minReadySeconds)*time.Second) - time.Since(c.LastTransitionTime.Time)
			if left <= 0 {
				return true
			}
			l.after(left)
		}
	}
	return false
}
