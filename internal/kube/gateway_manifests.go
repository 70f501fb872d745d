package kube

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"path"
	"strings"

	autoscalingv2 "k8s.io/api/autoscaling/v2"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	quantities "k8s.io/apimachinery/pkg/api/resource"
	"k8s.io/apimachinery/pkg/util/intstr"
	appsac "k8s.io/client-go/applyconfigurations/apps/v1"
	autoscalingac "k8s.io/client-go/applyconfigurations/autoscaling/v2"
	coreac "k8s.io/client-go/applyconfigurations/core/v1"
	metaac "k8s.io/client-go/applyconfigurations/meta/v1"
	networkingac "k8s.io/client-go/applyconfigurations/networking/v1"
	policyac "k8s.io/client-go/applyconfigurations/policy/v1"

	"github.com/modelserving/terraform-provider-serving/internal/gateway"
)

// DefaultGatewayImage is the official Envoy image of the version that the tests
// run, without a shell.
const DefaultGatewayImage = "docker.io/envoyproxy/envoy:distroless-v1.40.0"

// devicePluginImage is NVIDIA's own.
const devicePluginImage = "nvcr.io/nvidia/k8s-device-plugin:v0.17.4"

const (
	httpPort         = "http"
	gatewayContainer = "envoy"
	// gatewayMemory bounds a pod; bodies that are searched for a token are held in
	// it.
	gatewayMemory = 1 << 30
	// gatewayThreads keep a pod from taking a thread for each core of a large node.
	gatewayThreads = "2"
	// longestRequest is how long a request may still run on a pod that has begun to
	// end.
	longestRequest = 600
)

// gatewayPause is how long a pod still serves after it has begun to end: Envoy
// ends at once when it is told to.
var gatewayPause = gateway.PreStopSeconds(longestRequest)

// selector are the labels by which pods are found.
func selector(component, name string) map[string]string {
	return map[string]string{labelManagedBy: fieldManager, labelComponent: component, labelName: name}
}

var gatewaySelector = selector(componentGateway, gatewayName)

func namespaceManifest(name string) manifest {
	// Models run as the user that their image was built with, which the strictest
	// of the pod security standards may refuse.
	level := "baseline"
	if name == SystemNamespace {
		level = "restricted"
	}
	return newManifest(coreac.Namespace(name).WithLabels(map[string]string{"pod-security.kubernetes.io/enforce": level}))
}

// bootstrapText is the file that Envoy starts with.
func bootstrapText(spec GatewaySpec) string {
	text, err := gateway.Bootstrap(baseConfig(spec.TrustedHops))
	if err != nil {
		panic(err) // No input is part of it.
	}
	return string(text)
}

func bootstrapManifest(spec GatewaySpec) manifest {
	return newManifest(coreac.ConfigMap(gatewayName, SystemNamespace).WithLabels(gatewaySelector).
		WithData(map[string]string{gateway.FileBootstrap: bootstrapText(spec)}))
}

func gatewayDeployment(spec GatewaySpec) manifest {
	sum := sha256.Sum256([]byte(bootstrapText(spec)))
	deploymentSpec := appsac.DeploymentSpec().
		WithSelector(metaac.LabelSelector().WithMatchLabels(gatewaySelector)).
		WithStrategy(gradual()).
		WithProgressDeadlineSeconds(600).
		WithTemplate(coreac.PodTemplateSpec().WithLabels(gatewaySelector).
			// Envoy reads its bootstrap once.
			WithAnnotations(map[string]string{fieldManager + "/bootstrap": hex.EncodeToString(sum[:8])}).
			WithSpec(gatewayPod(spec)))
	if !spec.scaled() {
		deploymentSpec.WithReplicas(int32(spec.MinReplicas))
	}
	return newManifest(appsac.Deployment(gatewayName, SystemNamespace).WithLabels(gatewaySelector).WithSpec(deploymentSpec))
}

// gradual replaces pods one by one, the new one first.
func gradual() *appsac.DeploymentStrategyApplyConfiguration {
	return appsac.DeploymentStrategy().WithType("RollingUpdate").
		WithRollingUpdate(appsac.RollingUpdateDeployment().WithMaxSurge(intstr.FromInt32(1)).WithMaxUnavailable(intstr.FromInt32(0)))
}

func gatewayPod(spec GatewaySpec) *coreac.PodSpecApplyConfiguration {
	var sources []*coreac.VolumeProjectionApplyConfiguration
	for _, secret := range configurationSecrets {
		sources = append(sources, coreac.VolumeProjection().WithSecret(coreac.SecretProjection().WithName(secret)))
	}
	container := coreac.Container().WithName(gatewayContainer).WithImage(cmp.Or(spec.Image, DefaultGatewayImage)).
		WithCommand("envoy").WithArgs(append(gateway.Args(gateway.BootstrapPath), "--concurrency", gatewayThreads)...).
		WithPorts(coreac.ContainerPort().WithName(httpPort).WithContainerPort(gateway.Port).WithProtocol(corev1.ProtocolTCP)).
		WithResources(coreac.ResourceRequirements().
			WithRequests(resources("250m", "256Mi")).
			WithLimits(corev1.ResourceList{corev1.ResourceMemory: *quantities.NewQuantity(gatewayMemory, quantities.BinarySI)})).
		WithReadinessProbe(coreac.Probe().WithHTTPGet(coreac.HTTPGetAction().WithPath(gateway.VersionPath).WithPort(intstr.FromString(httpPort))).
			WithPeriodSeconds(2).WithFailureThreshold(2)).
		WithLivenessProbe(coreac.Probe().WithTCPSocket(coreac.TCPSocketAction().WithPort(intstr.FromString(httpPort))).
			WithInitialDelaySeconds(30).WithPeriodSeconds(10).WithFailureThreshold(6)).
		WithLifecycle(pause(gatewayPause)).
		WithSecurityContext(coreac.SecurityContext().WithAllowPrivilegeEscalation(false).WithReadOnlyRootFilesystem(true).
			WithCapabilities(coreac.Capabilities().WithDrop("ALL"))).
		WithVolumeMounts(
			coreac.VolumeMount().WithName("bootstrap").WithMountPath(path.Dir(gateway.BootstrapPath)).WithReadOnly(true),
			coreac.VolumeMount().WithName("configuration").WithMountPath(gateway.MountDir).WithReadOnly(true),
			coreac.VolumeMount().WithName("run").WithMountPath(path.Dir(gateway.AdminPath)))
	pod := coreac.PodSpec().
		WithAutomountServiceAccountToken(false).
		WithEnableServiceLinks(false).
		WithTerminationGracePeriodSeconds(gatewayPause+10).
		WithSecurityContext(coreac.PodSecurityContext().WithRunAsNonRoot(true).WithRunAsUser(65532).WithRunAsGroup(65532).WithFSGroup(65532).
			WithSeccompProfile(coreac.SeccompProfile().WithType(corev1.SeccompProfileTypeRuntimeDefault))).
		WithContainers(container).
		WithVolumes(
			coreac.Volume().WithName("bootstrap").WithConfigMap(coreac.ConfigMapVolumeSource().WithName(gatewayName)),
			coreac.Volume().WithName("configuration").WithProjected(coreac.ProjectedVolumeSource().WithSources(sources...).WithDefaultMode(0o440)),
			coreac.Volume().WithName("run").WithEmptyDir(coreac.EmptyDirVolumeSource().WithMedium(corev1.StorageMediumMemory).WithSizeLimit(quantities.MustParse("16Mi")))).
		WithAffinity(coreac.Affinity().WithNodeAffinity(coreac.NodeAffinity().WithPreferredDuringSchedulingIgnoredDuringExecution(
			// Nodes with GPUs are for models, where there are others.
			coreac.PreferredSchedulingTerm().WithWeight(100).WithPreference(coreac.NodeSelectorTerm().WithMatchExpressions(
				coreac.NodeSelectorRequirement().WithKey(LabelAccelerator).WithOperator(corev1.NodeSelectorOpDoesNotExist)))))).
		WithTolerations(gpuToleration())
	for _, key := range []string{corev1.LabelTopologyZone, corev1.LabelHostname} {
		pod.WithTopologySpreadConstraints(coreac.TopologySpreadConstraint().WithMaxSkew(1).WithTopologyKey(key).
			WithWhenUnsatisfiable(corev1.ScheduleAnyway).WithLabelSelector(metaac.LabelSelector().WithMatchLabels(gatewaySelector)))
	}
	return pod
}

// Labels that backends put on the nodes of a pool.
const (
	// LabelPool is the pool's name.
	LabelPool = fieldManager + "/pool"
	// LabelAccelerator is AcceleratorNVIDIA on nodes with GPUs.
	LabelAccelerator  = fieldManager + "/accelerator"
	AcceleratorNVIDIA = "nvidia"
)

func gpuToleration() *coreac.TolerationApplyConfiguration {
	return coreac.Toleration().WithKey("nvidia.com/gpu").WithOperator(corev1.TolerationOpExists)
}

// pause keeps a container serving for a while after its pod has begun to end.
func pause(seconds int64) *coreac.LifecycleApplyConfiguration {
	return coreac.Lifecycle().WithPreStop(coreac.LifecycleHandler().WithSleep(coreac.SleepAction().WithSeconds(seconds)))
}

func resources(cpu, memory string) corev1.ResourceList {
	list := corev1.ResourceList{}
	for name, text := range map[corev1.ResourceName]string{corev1.ResourceCPU: cpu, corev1.ResourceMemory: memory} {
		if text != "" {
			list[name] = quantities.MustParse(text)
		}
	}
	return list
}

func gatewayService(spec GatewaySpec) manifest {
	return newManifest(coreac.Service(gatewayName, SystemNamespace).WithLabels(gatewaySelector).WithSpec(coreac.ServiceSpec().
		WithType(corev1.ServiceTypeNodePort).WithSelector(gatewaySelector).
		// Every node passes the load balancer's health check, wherever the pods are.
		WithExternalTrafficPolicy(corev1.ServiceExternalTrafficPolicyCluster).
		WithPorts(coreac.ServicePort().WithName(httpPort).WithProtocol(corev1.ProtocolTCP).WithPort(80).WithTargetPort(intstr.FromString(httpPort)).WithNodePort(spec.NodePort))))
}

func gatewayAutoscaler(spec GatewaySpec) manifest {
	return newManifest(autoscalingac.HorizontalPodAutoscaler(gatewayName, SystemNamespace).WithLabels(gatewaySelector).
		WithSpec(scaling(gatewayName, spec.MinReplicas, spec.MaxReplicas, 60)))
}

// scaling keeps the CPU of a Deployment's pods near a share of what they request.
func scaling(deployment string, least, most, percent int64) *autoscalingac.HorizontalPodAutoscalerSpecApplyConfiguration {
	return autoscalingac.HorizontalPodAutoscalerSpec().
		WithScaleTargetRef(autoscalingac.CrossVersionObjectReference().WithAPIVersion("apps/v1").WithKind("Deployment").WithName(deployment)).
		WithMinReplicas(int32(least)).WithMaxReplicas(int32(most)).
		WithMetrics(autoscalingac.MetricSpec().WithType(autoscalingv2.ResourceMetricSourceType).WithResource(autoscalingac.ResourceMetricSource().
			WithName(corev1.ResourceCPU).WithTarget(autoscalingac.MetricTarget().WithType(autoscalingv2.UtilizationMetricType).WithAverageUtilization(int32(percent)))))
}

func gatewayBudget() manifest { return budget(gatewayName, SystemNamespace, gatewaySelector) }

// budget lets one pod be away at a time.
func budget(name, namespace string, pods map[string]string) manifest {
	return newManifest(policyac.PodDisruptionBudget(name, namespace).WithLabels(pods).WithSpec(policyac.PodDisruptionBudgetSpec().
		WithMaxUnavailable(intstr.FromInt32(1)).WithSelector(metaac.LabelSelector().WithMatchLabels(pods))))
}

// gatewayPolicy closes every port of the gateway's pods but the one for callers.
func gatewayPolicy() manifest {
	return newManifest(networkingac.NetworkPolicy(gatewayName, SystemNamespace).WithLabels(gatewaySelector).WithSpec(networkingac.NetworkPolicySpec().
		WithPodSelector(metaac.LabelSelector().WithMatchLabels(gatewaySelector)).
		WithPolicyTypes(networkingv1.PolicyTypeIngress).
		WithIngress(networkingac.NetworkPolicyIngressRule().WithPorts(
			networkingac.NetworkPolicyPort().WithProtocol(corev1.ProtocolTCP).WithPort(intstr.FromInt32(gateway.Port))))))
}

// gatewayAttribute names the attribute of serving_cluster that models a field of
// the gateway's objects.
func gatewayAttribute(field string) string {
	switch {
	case strings.HasSuffix(field, ".containers["+gatewayContainer+"].image"):
		return "gateway.image"
	case field == ".spec.replicas", field == ".spec.minReplicas":
		return "gateway.min_replicas"
	case field == ".spec.maxReplicas":
		return "gateway.max_replicas"
	}
	return ""
}
