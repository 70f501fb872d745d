package kube

import (
	"context"
	"fmt"
	"slices"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// writeStatus says how far the rollout is, in the words of the real controller.
func (r *rollout) writeStatus(ctx context.Context) error {
	status := r.d.Status.DeepCopy()
	status.ObservedGeneration = r.d.Generation
	status.Replicas, status.ReadyReplicas, status.AvailableReplicas, status.UpdatedReplicas = 0, 0, 0, 0
	var failure *appsv1.ReplicaSetCondition
	wanted := int32(0)
	for _, rs := range r.generations() {
		status.Replicas += rs.Status.Replicas
		status.ReadyReplicas += rs.Status.ReadyReplicas
		status.AvailableReplicas += rs.Status.AvailableReplicas
		wanted += *rs.Spec.Replicas
		for _, c := range rs.Status.Conditions {
			if c.Type == appsv1.ReplicaSetReplicaFailure && c.Status == corev1.ConditionTrue {
				failure = &c
			}
		}
	}
	if r.new != nil {
		status.UpdatedReplicas = r.new.Status.Replicas
	}
	status.UnavailableReplicas = max(0, wanted-status.AvailableReplicas)
	available := appsv1.DeploymentCondition{Type: appsv1.DeploymentAvailable, Status: corev1.ConditionTrue, Reason: "MinimumReplicasAvailable", Message: "Deployment has minimum availability."}
	if status.AvailableReplicas < *r.d.Spec.Replicas-int32(r.unavailable()) {
		available.Status, available.Reason, available.Message = corev1.ConditionFalse, "MinimumReplicasUnavailable", "Deployment does not have minimum availability."
	}
	setCondition(status, available, false)
	if failure != nil {
		setCondition(status, appsv1.DeploymentCondition{Type: appsv1.DeploymentReplicaFailure, Status: failure.Status, Reason: failure.Reason, Message: failure.Message}, false)
	} else {
		status.Conditions = slices.DeleteFunc(status.Conditions, func(c appsv1.DeploymentCondition) bool { return c.Type == appsv1.DeploymentReplicaFailure })
	}
	r.progress(status)
	if equality.Semantic.DeepEqual(&r.d.Status, status) {
		return nil
	}
	d := r.d.DeepCopy()
	d.Status = *status
	written, err := r.l.client.AppsV1().Deployments(d.Namespace).UpdateStatus(ctx, d, metav1.UpdateOptions{FieldManager: byController})
	if err != nil {
		return err
	}
	r.l.deployments.put(written)
	return nil
}

func (r *rollout) generations() []*appsv1.ReplicaSet {
	if r.new == nil {
		return r.old
	}
	return append(slices.Clone(r.old), r.new)
}

// progress is the condition Progressing: whether the rollout is complete, has come
// further, or stands still for too long.
func (r *rollout) progress(status *appsv1.DeploymentStatus) {
	if r.deadline() == 0 || r.new == nil {
		return
	}
	now := condition(status, appsv1.DeploymentProgressing)
	is := appsv1.DeploymentCondition{Type: appsv1.DeploymentProgressing, Status: corev1.ConditionTrue}
	want := *r.d.Spec.Replicas
	complete := status.UpdatedReplicas == want && status.Replicas == want && status.AvailableReplicas == want
	before := &r.d.Status
	further := status.UpdatedReplicas > before.UpdatedReplicas || status.ReadyReplicas > before.ReadyReplicas ||
		status.AvailableReplicas > before.AvailableReplicas ||
		status.Replicas-status.UpdatedReplicas < before.Replicas-before.UpdatedReplicas
	switch {
	case complete:
		is.Reason, is.Message = "NewReplicaSetAvailable", fmt.Sprintf("ReplicaSet %q has successfully progressed.", r.new.Name)
		setCondition(status, is, now != nil && now.Reason != is.Reason)
	case now == nil || status.ObservedGeneration != before.ObservedGeneration && now.Reason == "NewReplicaSetAvailable" && status.UpdatedReplicas == 0:
		is.Reason, is.Message = "NewReplicaSetCreated", fmt.Sprintf("Created new replica set %q", r.new.Name)
		setCondition(status, is, true)
	case further || now.Reason == "ProgressDeadlineExceeded" && status.ObservedGeneration != before.ObservedGeneration:
		is.Reason, is.Message = "ReplicaSetUpdated", fmt.Sprintf("ReplicaSet %q is progressing.", r.new.Name)
		setCondition(status, is, true)
	case now.Reason == "NewReplicaSetAvailable" || r.d.Spec.Paused:
		// A pod that is lost after the rollout does not start the clock.
	default:
		left := r.deadline() - time.Since(now.LastUpdateTime.Time)
		if left > 0 {
			r.l.after(left)
			return
		}
		is.Status, is.Reason = corev1.ConditionFalse, "ProgressDeadlineExceeded"
		is.Message = fmt.Sprintf("ReplicaSet %q has timed out progressing.", r.new.Name)
		setCondition(status, is, false)
	}
}

func condition(status *appsv1.DeploymentStatus, kind appsv1.DeploymentConditionType) *appsv1.DeploymentCondition {
	for i := range status.Conditions {
		if status.Conditions[i].Type == kind {
			return &status.Conditions[i]
		}
	}
	return nil
}

// setCondition changes the condition where it says something else, or where its
// time is to be that of now.
func setCondition(status *appsv1.DeploymentStatus, c appsv1.DeploymentCondition, touch bool) {
	now := metav1.Now()
	c.LastTransitionTime, c.LastUpdateTime = now, now
	old := condition(status, c.Type)
	if old == nil {
		status.Conditions = append(status.Conditions, c)
		return
	}
	if old.Status == c.Status && old.Reason == c.Reason && old.Message == c.Message && !touch {
		return
	}
	if old.Status == c.Status {
		c.LastTransitionTime = old.LastTransitionTime
	}
	*old = c
}
