package kube_test

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
	"k8s.io/client-go/kubernetes"
)

// waiting waits until the only pod of an app waits for a reason, and answers with it.
func waiting(t *testing.T, client kubernetes.Interface, app, reason string) corev1.Pod {
	t.Helper()
	var found corev1.Pod
	until(t, app+" waits with "+reason, func(context.Context) error {
		pods := podsOf(t, client, app)
		if len(pods) != 1 || len(pods[0].Status.ContainerStatuses) != 1 {
			return errLeft(len(pods))
		}
		found = pods[0]
		if w := found.Status.ContainerStatuses[0].State.Waiting; w == nil || w.Reason != reason {
			return fmt.Errorf("%+v", found.Status.ContainerStatuses[0].State)
		}
		return nil
	})
	return found
}

func hasEvent(t *testing.T, client kubernetes.Interface, kind, reason, part string) {
	t.Helper()
	until(t, "an event "+reason, func(ctx context.Context) error {
		events, err := client.CoreV1().Events(namespace).List(ctx, metav1.ListOptions{FieldSelector: "type=" + kind + ",reason=" + reason})
		if err != nil {
			return err
		}
		for _, e := range events.Items {
			if strings.Contains(e.Message, part) {
				return nil
			}
		}
		return fmt.Errorf("among %d events", len(events.Items))
	})
}

func TestUnpullable(t *testing.T) {
	_, client := setUp(t)
	create(t, client, deployment("model", "registry.example.com/unpullable:1", 1))
	pod := waiting(t, client, "model", "ImagePullBackOff")
	contains(t, pod.Status.ContainerStatuses[0].State.Waiting.Message, `Back-off pulling image "registry.example.com/unpullable:1"`)
	hasEvent(t, client, "Warning", "Failed", "Failed to pull image")
}

func TestCrashes(t *testing.T) {
	_, client := setUp(t)
	d := deployment("model", "registry.example.com/crashes:1", 1)
	deadline := int32(5)
	d.Spec.ProgressDeadlineSeconds = &deadline
	create(t, client, d)
	pod := waiting(t, client, "model", "CrashLoopBackOff")
	is := pod.Status.ContainerStatuses[0]
	if is.LastTerminationState.Terminated == nil || is.LastTerminationState.Terminated.ExitCode != 1 {
		t.Errorf("it ended with %+v", is.LastTerminationState)
	}
	contains(t, is.State.Waiting.Message, "restarting failed container=model")
	tail := int64(1)
	log, err := client.CoreV1().Pods(namespace).GetLogs(pod.Name, &corev1.PodLogOptions{TailLines: &tail}).DoRaw(t.Context())
	if err != nil || string(log) != "fatal: /models/model.bin: no such file or directory\n" {
		t.Errorf("log %q, %v", log, err)
	}
	log, err = client.CoreV1().Pods(namespace).GetLogs(pod.Name, &corev1.PodLogOptions{Previous: true}).DoRaw(t.Context())
	if err != nil || strings.Count(string(log), "\n") != 3 {
		t.Errorf("log of the run before %q, %v", log, err)
	}
	hasEvent(t, client, "Warning", "BackOff", "Back-off restarting failed container")
	until(t, "the deadline", func(ctx context.Context) error {
		now, err := client.AppsV1().Deployments(namespace).Get(ctx, "model", metav1.GetOptions{})
		if err != nil {
			return err
		}
		for _, c := range now.Status.Conditions {
			if c.Type == appsv1.DeploymentProgressing && c.Reason == "ProgressDeadlineExceeded" && c.Status == corev1.ConditionFalse {
				return nil
			}
		}
		return fmt.Errorf("%+v", now.Status.Conditions)
	})
	patchImage(t, client, "model", "registry.example.com/model:1")
	waitRollout(t, client, "model")
}

func TestUnschedulable(t *testing.T) {
	c, client := setUp(t)
	message := func(app string) string {
		t.Helper()
		var text string
		until(t, app+" is unschedulable", func(context.Context) error {
			for _, p := range podsOf(t, client, app) {
				for _, c := range p.Status.Conditions {
					if c.Type == corev1.PodScheduled && c.Status == corev1.ConditionFalse && c.Reason == "Unschedulable" {
						text = c.Message
						return nil
					}
				}
			}
			return errLeft(0)
		})
		return text
	}
	big := deployment("big", "registry.example.com/model:1", 1)
	big.Spec.Template.Spec.Containers[0].Resources.Requests = corev1.ResourceList{corev1.ResourceCPU: resource.MustParse("8")}
	create(t, client, big)
	contains(t, message("big"), "0/3 nodes are available: 1 node(s) had untolerated taint {nvidia.com/gpu: present}, 2 Insufficient cpu. ")
	hasEvent(t, client, "Warning", "FailedScheduling", "Insufficient cpu")

	gpu := deployment("gpu", "registry.example.com/model:1", 1)
	gpu.Spec.Template.Spec.Tolerations = []corev1.Toleration{{Key: "nvidia.com/gpu", Operator: corev1.TolerationOpExists}}
	gpu.Spec.Template.Spec.NodeSelector = map[string]string{"serving.example.com/pool": "gpu"}
	gpu.Spec.Template.Spec.Containers[0].Resources.Limits = corev1.ResourceList{"nvidia.com/gpu": resource.MustParse("1")}
	create(t, client, gpu)
	contains(t, message("gpu"), "1 Insufficient nvidia.com/gpu, 2 node(s) didn't match Pod's node affinity/selector")

	// The device plugin is what makes a GPU one.
	plugin := &appsv1.DaemonSet{ObjectMeta: metav1.ObjectMeta{Name: "nvidia-device-plugin-daemonset", Namespace: "kube-system"}}
	plugin.Spec.Selector = &metav1.LabelSelector{MatchLabels: map[string]string{"name": "plugin"}}
	plugin.Spec.Template = corev1.PodTemplateSpec{
		ObjectMeta: metav1.ObjectMeta{Labels: map[string]string{"name": "plugin"}},
		Spec: corev1.PodSpec{
			NodeSelector: map[string]string{"serving.example.com/pool": "gpu"},
			Tolerations:  []corev1.Toleration{{Key: "nvidia.com/gpu", Operator: corev1.TolerationOpExists, Effect: corev1.TaintEffectNoSchedule}},
			Containers:   []corev1.Container{{Name: "plugin", Image: "nvcr.io/nvidia/k8s-device-plugin:v0.17.4"}},
		},
	}
	if _, err := client.AppsV1().DaemonSets("kube-system").Create(t.Context(), plugin, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	waitRollout(t, client, "gpu")
	until(t, "the DaemonSet's status", func(ctx context.Context) error {
		ds, err := client.AppsV1().DaemonSets("kube-system").Get(ctx, plugin.Name, metav1.GetOptions{})
		if err != nil || ds.Status.DesiredNumberScheduled != 1 || ds.Status.NumberAvailable != 1 || ds.Status.UpdatedNumberScheduled != 1 {
			return fmt.Errorf("%+v, %w", ds.Status, err)
		}
		return nil
	})

	// A larger machine comes, and the node group that had none is gone.
	nodes := c.Nodes()
	nodes[0].CPU = 16
	nodes[0].Name = "ip-10-0-1-12.us-west-2.compute.internal"
	c.SetNodes(nodes)
	waitRollout(t, client, "big")
}

func TestAutoscalerAndBudget(t *testing.T) {
	_, client := setUp(t)
	create(t, client, deployment("model", "registry.example.com/model:1", 1))
	least := int32(2)
	h := &autoscalingv2.HorizontalPodAutoscaler{ObjectMeta: metav1.ObjectMeta{Name: "model", Namespace: namespace}}
	h.Spec = autoscalingv2.HorizontalPodAutoscalerSpec{
		ScaleTargetRef: autoscalingv2.CrossVersionObjectReference{APIVersion: "apps/v1", Kind: "Deployment", Name: "model"}, MinReplicas: &least, MaxReplicas: 5,
	}
	if _, err := client.AutoscalingV2().HorizontalPodAutoscalers(namespace).Create(t.Context(), h, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	one := intstr.FromInt32(1)
	b := &policyv1.PodDisruptionBudget{ObjectMeta: metav1.ObjectMeta{Name: "model", Namespace: namespace}}
	b.Spec = policyv1.PodDisruptionBudgetSpec{MaxUnavailable: &one, Selector: &metav1.LabelSelector{MatchLabels: map[string]string{"app": "model"}}}
	if _, err := client.PolicyV1().PodDisruptionBudgets(namespace).Create(t.Context(), b, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	until(t, "two replicas", func(ctx context.Context) error {
		d, err := client.AppsV1().Deployments(namespace).Get(ctx, "model", metav1.GetOptions{})
		if err != nil || d.Status.AvailableReplicas != 2 {
			return fmt.Errorf("%+v, %w", d.Status, err)
		}
		for _, f := range d.ManagedFields {
			if f.Subresource == "scale" && f.Manager == "kube-controller-manager" {
				return nil
			}
		}
		return fmt.Errorf("the replicas belong to %+v", d.ManagedFields)
	})
	until(t, "the autoscaler says why it does no more", func(ctx context.Context) error {
		now, err := client.AutoscalingV2().HorizontalPodAutoscalers(namespace).Get(ctx, "model", metav1.GetOptions{})
		if err != nil {
			return err
		}
		for _, c := range now.Status.Conditions {
			if c.Type == autoscalingv2.ScalingActive && c.Status == corev1.ConditionFalse && c.Reason == "FailedGetResourceMetric" {
				return nil
			}
		}
		return fmt.Errorf("%+v", now.Status)
	})
	until(t, "the budget allows one", func(ctx context.Context) error {
		now, err := client.PolicyV1().PodDisruptionBudgets(namespace).Get(ctx, "model", metav1.GetOptions{})
		if err != nil || now.Status.DisruptionsAllowed != 1 || now.Status.ExpectedPods != 2 || now.Status.DesiredHealthy != 1 {
			return fmt.Errorf("%+v, %w", now.Status, err)
		}
		return nil
	})
	pod := podsOf(t, client, "model")[0]
	evict := func(name string) error {
		return client.CoreV1().Pods(namespace).EvictV1(t.Context(), &policyv1.Eviction{ObjectMeta: metav1.ObjectMeta{Name: name, Namespace: namespace}})
	}
	if err := evict(pod.Name); err != nil {
		t.Fatal(err)
	}
	waitRollout(t, client, "model")
}

func TestNamespaceDeletion(t *testing.T) {
	_, client := setUp(t)
	create(t, client, deployment("model", "registry.example.com/model:1", 2))
	waitRollout(t, client, "model")
	if err := client.CoreV1().Namespaces().Delete(t.Context(), namespace, metav1.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	until(t, "the namespace is gone", func(ctx context.Context) error {
		_, err := client.CoreV1().Namespaces().Get(ctx, namespace, metav1.GetOptions{})
		if apierrors.IsNotFound(err) {
			return nil
		}
		return fmt.Errorf("it is there: %w", err)
	})
}

func TestPodProxy(t *testing.T) {
	_, client := setUp(t)
	create(t, client, deployment("model", "registry.example.com/model:1", 1))
	waitRollout(t, client, "model")
	pod := podsOf(t, client, "model")[0]
	body, err := client.CoreV1().RESTClient().Get().Namespace(namespace).Resource("pods").Name(pod.Name+":8080").SubResource("proxy").
		Suffix("v1/models").Param("x", "1").DoRaw(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	contains(t, string(body), `"path":"/v1/models"`)
	contains(t, string(body), `"pod":"`+pod.Name+`"`)
	_, err = client.CoreV1().RESTClient().Get().Namespace(namespace).Resource("pods").Name(pod.Name + ":9999").SubResource("proxy").DoRaw(t.Context())
	if err == nil {
		t.Fatal("a port on which nobody listens answers")
	}
	if code := statusCode(err); code != http.StatusServiceUnavailable {
		t.Errorf("a port on which nobody listens: %d %v", code, err)
	}
}

func statusCode(err error) int {
	if s, ok := err.(apierrors.APIStatus); ok {
		return int(s.Status().Code)
	}
	return 0
}
