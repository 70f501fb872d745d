package kube

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
)

// labelPodTemplate tells the generations of a Deployment's pods apart
// (DefaultDeploymentUniqueLabelKey in k8s.io/api/apps/v1).
const labelPodTemplate = "pod-template-hash"

// livePod is what is read of a pod (Pod in k8s.io/api/core/v1).
type livePod struct {
	metav1.ObjectMeta `json:"metadata"`
	Status            struct {
		Phase             string            `json:"phase"`
		Conditions        []condition       `json:"conditions"`
		ContainerStatuses []containerStatus `json:"containerStatuses"`
	} `json:"status"`
}

// A condition is one of a pod or a Deployment.
type condition struct {
	Type    string `json:"type"`
	Status  string `json:"status"`
	Reason  string `json:"reason"`
	Message string `json:"message"`
}

func (c condition) is(kind, status string) bool { return c.Type == kind && c.Status == status }

type containerStatus struct {
	Name         string         `json:"name"`
	Image        string         `json:"image"`
	Ready        bool           `json:"ready"`
	RestartCount int32          `json:"restartCount"`
	State        containerState `json:"state"`
	LastState    containerState `json:"lastState"`
}

// containerState has one of its members.
type containerState struct {
	Waiting *struct {
		Reason  string `json:"reason"`
		Message string `json:"message"`
	} `json:"waiting"`
	Running    *struct{}       `json:"running"`
	Terminated *endedContainer `json:"terminated"`
}

type endedContainer struct {
	ExitCode int32  `json:"exitCode"`
	Reason   string `json:"reason"`
}

// readPods reads those that are not ending.
func readPods(items map[string]*unstructured.Unstructured) []livePod {
	var all []livePod
	for _, name := range names(items) {
		var pod livePod
		if err := runtime.DefaultUnstructuredConverter.FromUnstructured(items[name].Object, &pod); err == nil && pod.DeletionTimestamp == nil {
			all = append(all, pod)
		}
	}
	return all
}

func (p livePod) ready() bool {
	for _, c := range p.Status.Conditions {
		if c.is("Ready", "True") {
			return true
		}
	}
	return false
}

// liveDeployment is what is read of a Deployment (Deployment in
// k8s.io/api/apps/v1).
type liveDeployment struct {
	metav1.ObjectMeta `json:"metadata"`
	Spec              struct {
		Replicas *int32 `json:"replicas"`
	} `json:"spec"`
	Status struct {
		ObservedGeneration int64       `json:"observedGeneration"`
		UpdatedReplicas    int32       `json:"updatedReplicas"`
		ReadyReplicas      int32       `json:"readyReplicas"`
		Conditions         []condition `json:"conditions"`
	} `json:"status"`
}
