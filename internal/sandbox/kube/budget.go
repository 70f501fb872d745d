package kube

import (
	"context"
	"slices"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/util/intstr"
)

// syncBudgets keeps the status of PodDisruptionBudgets, by which the API server
// allows evictions.
func (l *loop) syncBudgets(ctx context.Context) {
	all := l.budgets.all()
	if len(all) == 0 {
		return
	}
	byNamespace := map[string][]*corev1.Pod{}
	for _, p := range l.pods.all() {
		byNamespace[p.Namespace] = append(byNamespace[p.Namespace], p)
	}
	each(all, func(b *policyv1.PodDisruptionBudget) { l.failed(l.writeBudget(ctx, b, byNamespace[b.Namespace])) })
}

func (l *loop) writeBudget(ctx context.Context, b *policyv1.PodDisruptionBudget, pods []*corev1.Pod) error {
	selector, err := metav1.LabelSelectorAsSelector(b.Spec.Selector)
	if err != nil {
		return err
	}
	var healthy int32
	var covered []*corev1.Pod
	for _, p := range pods {
		if finished(p) || !selector.Matches(labels.Set(p.Labels)) {
			continue
		}
		covered = append(covered, p)
		if podReady(p) && p.DeletionTimestamp == nil {
			healthy++
		}
	}
	expected := l.expectedPods(covered)
	status := b.Status.DeepCopy()
	status.ObservedGeneration = b.Generation
	status.CurrentHealthy, status.ExpectedPods = healthy, expected
	switch {
	case b.Spec.MaxUnavailable != nil:
		n, _ := intstr.GetScaledValueFromIntOrPercent(b.Spec.MaxUnavailable, int(expected), true)
		status.DesiredHealthy = max(0, expected-int32(n))
	case b.Spec.MinAvailable != nil:
		n, _ := intstr.GetScaledValueFromIntOrPercent(b.Spec.MinAvailable, int(expected), true)
		status.DesiredHealthy = int32(n)
	}
	status.DisruptionsAllowed = max(0, healthy-status.DesiredHealthy)
	if expected == 0 {
		status.DisruptionsAllowed = 0
	}
	for name := range status.DisruptedPods {
		if !slices.ContainsFunc(covered, func(p *corev1.Pod) bool { return p.Name == name && p.DeletionTimestamp == nil }) {
			delete(status.DisruptedPods, name)
		}
	}
	is, reason := metav1.ConditionTrue, policyv1.SufficientPodsReason
	if status.DisruptionsAllowed == 0 {
		is, reason = metav1.ConditionFalse, policyv1.InsufficientPodsReason
	}
	setBudget(status, metav1.Condition{Type: policyv1.DisruptionAllowedCondition, Status: is, Reason: reason, ObservedGeneration: b.Generation, LastTransitionTime: metav1.Now()})
	if equality.Semantic.DeepEqual(&b.Status, status) {
		return nil
	}
	b = b.DeepCopy()
	b.Status = *status
	written, err := l.client.PolicyV1().PodDisruptionBudgets(b.Namespace).UpdateStatus(ctx, b, metav1.UpdateOptions{FieldManager: byController})
	if err != nil {
		return err
	}
	l.budgets.put(written)
	return nil
}

// expectedPods asks the controllers of the pods how many there should be.
func (l *loop) expectedPods(pods []*corev1.Pod) int32 {
	var expected int32
	seen := map[string]bool{}
	for _, p := range pods {
		owner := metav1.GetControllerOfNoCopy(p)
		if owner == nil {
			expected++
			continue
		}
		rs, ok := l.replicaSets.get(p.Namespace, owner.Name)
		if !ok {
			expected++
			continue
		}
		key, count := string(rs.UID), *rs.Spec.Replicas
		if d := l.deploymentOf(rs); d != nil {
			key, count = string(d.UID), *d.Spec.Replicas
		}
		if !seen[key] {
			seen[key] = true
			expected += count
		}
	}
	return expected
}

func (l *loop) deploymentOf(rs *appsv1.ReplicaSet) *appsv1.Deployment {
	owner := metav1.GetControllerOfNoCopy(rs)
	if owner == nil {
		return nil
	}
	d, ok := l.deployments.get(rs.Namespace, owner.Name)
	if !ok || d.UID != owner.UID {
		return nil
	}
	return d
}

func setBudget(status *policyv1.PodDisruptionBudgetStatus, c metav1.Condition) {
	at := slices.IndexFunc(status.Conditions, func(have metav1.Condition) bool { return have.Type == c.Type })
	if at < 0 {
		status.Conditions = append(status.Conditions, c)
		return
	}
	if status.Conditions[at].Status == c.Status {
		c.LastTransitionTime = status.Conditions[at].LastTransitionTime
	}
	status.Conditions[at] = c
}
