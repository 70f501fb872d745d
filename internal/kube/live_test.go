package kube

import (
	"reflect"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
)

// asLive is one of the API's own types as it is read.
func asLive(t *testing.T, object any) *unstructured.Unstructured {
	t.Helper()
	content, err := runtime.DefaultUnstructuredConverter.ToUnstructured(object)
	must(t, err)
	return &unstructured.Unstructured{Object: content}
}

// livePodOf reads a pod. The API tells its time in whole seconds, which is too
// coarse for tests.
func livePodOf(t *testing.T, pod corev1.Pod) livePod {
	t.Helper()
	read := readPods(map[string]*unstructured.Unstructured{pod.Name: asLive(t, &pod)})
	if len(read) != 1 {
		t.Fatalf("%s is not read", pod.Name)
	}
	read[0].CreationTimestamp = pod.CreationTimestamp
	return read[0]
}

// TestEndingPods: they are nobody's concern.
func TestEndingPods(t *testing.T) {
	t.Parallel()
	now := metav1.Now()
	items := map[string]*unstructured.Unstructured{}
	for name, end := range map[string]*metav1.Time{"b": nil, "ending": &now, "a": nil} {
		items[name] = asLive(t, &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Name: name, DeletionTimestamp: end}})
	}
	if read := readPods(items); len(read) != 2 || read[0].Name != "a" || read[1].Name != "b" {
		t.Errorf("%+v", read)
	}
}

// TestRolloutStatus: how far a Deployment is, by its conditions.
func TestRolloutStatus(t *testing.T) {
	t.Parallel()
	three := int32(3)
	because := func(reason string) appsv1.DeploymentCondition {
		return appsv1.DeploymentCondition{Type: appsv1.DeploymentProgressing, Status: corev1.ConditionTrue, Reason: reason}
	}
	quota := appsv1.DeploymentCondition{Type: appsv1.DeploymentReplicaFailure, Status: corev1.ConditionTrue, Message: "exceeded quota"}
	past := quota
	past.Status = corev1.ConditionFalse
	for name, c := range map[string]struct {
		replicas           *int32
		generation         int64
		updated, available int32
		conditions         []appsv1.DeploymentCondition
		want               rolloutStatus
	}{
		"just made": {nil, 0, 0, 0, nil, rolloutStatus{replicas: 1}},
		"under way": {&three, 2, 1, 3, []appsv1.DeploymentCondition{because("ReplicaSetUpdated")}, rolloutStatus{replicas: 3, updated: 1, ready: 3, seen: true}},
		"complete":  {&three, 2, 3, 3, []appsv1.DeploymentCondition{because("NewReplicaSetAvailable"), past}, rolloutStatus{replicas: 3, updated: 3, ready: 3, seen: true, done: true}},
		"late":      {&three, 2, 1, 2, []appsv1.DeploymentCondition{because("ProgressDeadlineExceeded")}, rolloutStatus{replicas: 3, updated: 1, ready: 2, seen: true, stuck: true}},
		"was late":  {&three, 1, 1, 2, []appsv1.DeploymentCondition{because("ProgressDeadlineExceeded")}, rolloutStatus{replicas: 3, updated: 1, ready: 2}},
		"no quota":  {&three, 2, 0, 0, []appsv1.DeploymentCondition{quota}, rolloutStatus{replicas: 3, seen: true, failure: "exceeded quota"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := statusOf(asLive(t, &appsv1.Deployment{
				ObjectMeta: metav1.ObjectMeta{Generation: 2}, Spec: appsv1.DeploymentSpec{Replicas: c.replicas},
				Status: appsv1.DeploymentStatus{ObservedGeneration: c.generation, UpdatedReplicas: c.updated, ReadyReplicas: c.available, Conditions: c.conditions},
			}))
			if !reflect.DeepEqual(got, c.want) {
				t.Errorf("%+v, should be %+v", got, c.want)
			}
		})
	}
}
