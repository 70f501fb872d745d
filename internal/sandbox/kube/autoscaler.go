package kube

import (
	"context"
	"fmt"
	"slices"

	autoscalingv1 "k8s.io/api/autoscaling/v1"
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// syncAutoscalers holds Deployments within the bounds of their autoscalers. There
// are no metrics here, so that is all an autoscaler does, and it says so.
func (l *loop) syncAutoscalers(ctx context.Context) {
	each(l.autoscalers.all(), func(h *autoscalingv2.HorizontalPodAutoscaler) {
		if h.DeletionTimestamp == nil {
			l.failed(l.autoscale(ctx, h))
		}
	})
}

func (l *loop) autoscale(ctx context.Context, h *autoscalingv2.HorizontalPodAutoscaler) error {
	status := h.Status.DeepCopy()
	status.ObservedGeneration = &h.Generation
	target := h.Spec.ScaleTargetRef
	d, ok := l.deployments.get(h.Namespace, target.Name)
	if target.Kind != "Deployment" || !ok {
		setScaling(status, autoscalingv2.AbleToScale, corev1.ConditionFalse, "FailedGetScale",
			fmt.Sprintf("the HPA controller was unable to get the target's current scale: %ss.apps %q not found", "deployment", target.Name))
		return l.writeAutoscaler(ctx, h, status)
	}
	now := *d.Spec.Replicas
	least := int32(1)
	if h.Spec.MinReplicas != nil {
		least = *h.Spec.MinReplicas
	}
	want := min(max(now, least), h.Spec.MaxReplicas)
	status.CurrentReplicas, status.DesiredReplicas = d.Status.Replicas, want
	switch {
	case now == 0: // Somebody has switched it off, which an autoscaler respects.
		setScaling(status, autoscalingv2.ScalingActive, corev1.ConditionFalse, "ScalingDisabled", "scaling is disabled since the replica count of the target is zero")
		status.DesiredReplicas = 0
		return l.writeAutoscaler(ctx, h, status)
	case now != want:
		if err := l.scaleDeployment(ctx, h.Namespace, target.Name, want); err != nil {
			return err
		}
		when := metav1.Now()
		status.LastScaleTime = &when
		bound := "below Spec.MinReplicas"
		if now > want {
			bound = "above Spec.MaxReplicas"
		}
		l.events.normal("horizontal-pod-autoscaler", h, "SuccessfulRescale", "New size: %d; reason: Current number of replicas %s", want, bound)
	}
	setScaling(status, autoscalingv2.AbleToScale, corev1.ConditionTrue, "SucceededGetScale", "the HPA controller was able to get the target's current scale")
	setScaling(status, autoscalingv2.ScalingActive, corev1.ConditionFalse, "FailedGetResourceMetric",
		"the HPA was unable to compute the replica count: failed to get cpu utilization: unable to get metrics for resource cpu: unable to fetch metrics from resource metrics API: the server could not find the requested resource (get pods.metrics.k8s.io)")
	return l.writeAutoscaler(ctx, h, status)
}

func (l *loop) scaleDeployment(ctx context.Context, namespace, name string, to int32) error {
	deployments := l.client.AppsV1().Deployments(namespace)
	scale, err := deployments.GetScale(ctx, name, metav1.GetOptions{})
	if err != nil {
		return err
	}
	_, err = deployments.UpdateScale(ctx, name, &autoscalingv1.Scale{ObjectMeta: scale.ObjectMeta, Spec: autoscalingv1.ScaleSpec{Replicas: to}}, metav1.UpdateOptions{FieldManager: byController})
	if err != nil {
		return err
	}
	now, err := deployments.Get(ctx, name, metav1.GetOptions{})
	if err == nil {
		l.deployments.put(now)
	}
	return err
}

func setScaling(status *autoscalingv2.HorizontalPodAutoscalerStatus, kind autoscalingv2.HorizontalPodAutoscalerConditionType, is corev1.ConditionStatus, reason, message string) {
	want := autoscalingv2.HorizontalPodAutoscalerCondition{Type: kind, Status: is, Reason: reason, Message: message, LastTransitionTime: metav1.Now()}
	at := slices.IndexFunc(status.Conditions, func(c autoscalingv2.HorizontalPodAutoscalerCondition) bool { return c.Type == kind })
	if at < 0 {
		status.Conditions = append(status.Conditions, want)
		return
	}
	if status.Conditions[at].Status == is {
		want.LastTransitionTime = status.Conditions[at].LastTransitionTime
	}
	status.Conditions[at] = want
}

func (l *loop) writeAutoscaler(ctx context.Context, h *autoscalingv2.HorizontalPodAutoscaler, status *autoscalingv2.HorizontalPodAutoscalerStatus) error {
	if equality.Semantic.DeepEqual(&h.Status, status) {
		return nil
	}
	h = h.DeepCopy()
	h.Status = *status
	written, err := l.client.AutoscalingV2().HorizontalPodAutoscalers(h.Namespace).UpdateStatus(ctx, h, metav1.UpdateOptions{FieldManager: byController})
	if err != nil {
		return err
	}
	l.autoscalers.put(written)
	return nil
}
