package kube_test

import (
	"context"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
)

func TestRolloutAndUpdate(t *testing.T) {
	_, client := setUp(t)
	d := deployment("fraud", "registry.example.com/fraud:1", 3)
	none, one := intstr.FromInt32(0), intstr.FromInt32(1)
	d.Spec.Strategy = appsv1.DeploymentStrategy{Type: appsv1.RollingUpdateDeploymentStrategyType, RollingUpdate: &appsv1.RollingUpdateDeployment{MaxSurge: &one, MaxUnavailable: &none}}
	d.Spec.Template.Spec.Containers[0].ReadinessProbe = &corev1.Probe{ProbeHandler: corev1.ProbeHandler{HTTPGet: &corev1.HTTPGetAction{Path: "/health", Port: intstr.FromString("http")}}}
	began := time.Now()
	create(t, client, d)
	waitRollout(t, client, "fraud")
	t.Logf("rolled out in %s", time.Since(began))
	zones := map[string]int{}
	for _, p := range podsOf(t, client, "fraud") {
		zones[p.Spec.NodeName]++
		if p.Status.PodIP == "" || p.Status.HostIP == "" || p.Status.Phase != corev1.PodRunning {
			t.Errorf("pod %s: %+v", p.Name, p.Status)
		}
	}
	if len(zones) != 2 {
		t.Errorf("the pods are on %v, not on both nodes", zones)
	}

	ctx, cancel := context.WithCancel(t.Context())
	least := make(chan int32, 1)
	go func() {
		low := int32(3)
		for ctx.Err() == nil {
			now, err := client.AppsV1().Deployments(namespace).Get(ctx, "fraud", metav1.GetOptions{})
			if err == nil {
				low = min(low, now.Status.AvailableReplicas)
			}
			if pods, err := client.CoreV1().Pods(namespace).List(ctx, metav1.ListOptions{LabelSelector: "app=fraud"}); err == nil {
				ready := int32(0)
				for _, p := range pods.Items {
					for _, c := range p.Status.Conditions {
						if c.Type == corev1.PodReady && c.Status == corev1.ConditionTrue && p.DeletionTimestamp == nil {
							ready++
						}
					}
				}
				low = min(low, ready)
			}
		}
		least <- low
	}()
	began = time.Now()
	patchImage(t, client, "fraud", "registry.example.com/fraud:2")
	waitRollout(t, client, "fraud")
	t.Logf("updated in %s", time.Since(began))
	cancel()
	if low := <-least; low < 3 {
		t.Errorf("%d pods were ready at some moment, of 3", low)
	}
	sets, err := client.AppsV1().ReplicaSets(namespace).List(t.Context(), metav1.ListOptions{})
	if err != nil || len(sets.Items) != 2 {
		t.Fatalf("%d generations, %v", len(sets.Items), err)
	}
	d, err = client.AppsV1().Deployments(namespace).Get(t.Context(), "fraud", metav1.GetOptions{})
	if err != nil || d.Annotations["deployment.kubernetes.io/revision"] != "2" {
		t.Errorf("annotations %v, %v", d.Annotations, err)
	}

	if err := client.AppsV1().Deployments(namespace).Delete(t.Context(), "fraud", metav1.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	until(t, "pods and generations are gone", func(context.Context) error {
		sets, err := client.AppsV1().ReplicaSets(namespace).List(t.Context(), metav1.ListOptions{})
		if err != nil {
			return err
		}
		if n := len(podsOf(t, client, "fraud")) + len(sets.Items); n > 0 {
			return errLeft(n)
		}
		return nil
	})
}
