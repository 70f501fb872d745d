package kube

import (
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// The namespaces of a serving cluster.
const (
	// SystemNamespace has the gateway and the settings of model servers, which hold
	// tokens: pods of model servers have no business there.
	SystemNamespace = "serving-system"
	// ModelsNamespace has the model servers themselves.
	ModelsNamespace = "serving-models"
)

// fieldManager owns what the provider writes.
const fieldManager = "terraform-provider-serving"

// Labels and annotations of what the provider writes. The first three labels are
// the recommended ones (Kubernetes documentation, "Recommended Labels").
const (
	labelManagedBy = "app.kubernetes.io/managed-by"
	labelName      = "app.kubernetes.io/name"
	labelComponent = "app.kubernetes.io/component"

	// annotationStack and annotationObject are the mark of ownership.
	annotationStack  = fieldManager + "/stack"
	annotationObject = fieldManager + "/object"
	// annotationApplied is the sum of what was written last: it tells that
	// something is no longer wanted, which a comparison of what is wanted cannot.
	annotationApplied = fieldManager + "/applied"
	annotationSealed  = fieldManager + "/sealed"

	componentGateway  = "gateway"
	componentServer   = "model-server"
	componentSettings = "model-server-settings"
)

// A resource is a kind of object of the Kubernetes API.
type resource struct {
	schema.GroupVersionResource
	// What is its kind as people read it.
	What string
}

var (
	namespaces      = resource{schema.GroupVersionResource{Version: "v1", Resource: "namespaces"}, "Namespace"}
	configMaps      = resource{schema.GroupVersionResource{Version: "v1", Resource: "configmaps"}, "ConfigMap"}
	secrets         = resource{schema.GroupVersionResource{Version: "v1", Resource: "secrets"}, "Secret"}
	services        = resource{schema.GroupVersionResource{Version: "v1", Resource: "services"}, "Service"}
	pods            = resource{schema.GroupVersionResource{Version: "v1", Resource: "pods"}, "Pod"}
	deployments     = resource{schema.GroupVersionResource{Group: "apps", Version: "v1", Resource: "deployments"}, "Deployment"}
	replicaSets     = resource{schema.GroupVersionResource{Group: "apps", Version: "v1", Resource: "replicasets"}, "ReplicaSet"}
	daemonSets      = resource{schema.GroupVersionResource{Group: "apps", Version: "v1", Resource: "daemonsets"}, "DaemonSet"}
	autoscalers     = resource{schema.GroupVersionResource{Group: "autoscaling", Version: "v2", Resource: "horizontalpodautoscalers"}, "HorizontalPodAutoscaler"}
	budgets         = resource{schema.GroupVersionResource{Group: "policy", Version: "v1", Resource: "poddisruptionbudgets"}, "PodDisruptionBudget"}
	networkPolicies = resource{schema.GroupVersionResource{Group: "networking.k8s.io", Version: "v1", Resource: "networkpolicies"}, "NetworkPolicy"}
)
