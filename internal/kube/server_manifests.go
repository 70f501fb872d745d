package kube

import (
	"strings"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	quantities "k8s.io/apimachinery/pkg/api/resource"
	"k8s.io/apimachinery/pkg/util/intstr"
	appsac "k8s.io/client-go/applyconfigurations/apps/v1"
	autoscalingac "k8s.io/client-go/applyconfigurations/autoscaling/v2"
	coreac "k8s.io/client-go/applyconfigurations/core/v1"
	metaac "k8s.io/client-go/applyconfigurations/meta/v1"
	networkingac "k8s.io/client-go/applyconfigurations/networking/v1"

	"github.com/modelserving/terraform-provider-serving/internal/serving"
)

const (
	containerName = "model"
	// serverDrainSeconds outlasts the 30 s for which cluster DNS may still give the
	// address of a pod that is ending, and the gateway's own 5 s.
	serverDrainSeconds = 40
	// startSeconds is how long a model may take to load.
	startSeconds = 3600
	// resourceGPU is the resource that NVIDIA's device plugin offers.
	resourceGPU = "nvidia.com/gpu"
)

func serverSelector(spec serving.ModelServer) map[string]string {
	return selector(componentServer, spec.Name)
}

// serverDeployment runs the model. Secrets is the sum of its secret variables:
// pods read them once.
func serverDeployment(spec serving.ModelServer, secrets string) manifest {
	w, labels := spec.Workload, serverSelector(spec)
	template := coreac.PodTemplateSpec().WithLabels(labels).WithSpec(serverPod(spec))
	if secrets != "" {
		template.WithAnnotations(map[string]string{fieldManager + "/environment": secrets})
	}
	deployment := appsac.DeploymentSpec().
		WithSelector(metaac.LabelSelector().WithMatchLabels(labels)).
		WithStrategy(gradual()).
		WithProgressDeadlineSeconds(startSeconds).
		WithTemplate(template)
	if w.Resources.GPUs > 0 && w.Replicas.Min > 1 {
		// There is seldom a spare GPU for one pod more. A single pod is not taken away
		// before there is another, all the same: nothing would serve meanwhile.
		deployment.WithStrategy(appsac.DeploymentStrategy().WithType("RollingUpdate").
			WithRollingUpdate(appsac.RollingUpdateDeployment().WithMaxSurge(intstr.FromInt32(0)).WithMaxUnavailable(intstr.FromInt32(1))))
	}
	if w.Replicas.Max <= w.Replicas.Min {
		deployment.WithReplicas(int32(w.Replicas.Min))
	}
	m := newManifest(appsac.Deployment(spec.Name, ModelsNamespace).WithLabels(labels).WithSpec(deployment))
	m.own(w.Command, "command")
	m.own(w.Args, "args")
	return m
}

// own writes an empty list down that an apply configuration would leave out: the
// image's own command is an attribute's value too, and not for others to change.
func (m manifest) own(list []string, field string) {
	if len(list) > 0 {
		return
	}
	containers, _ := child(child(child(m.content, "spec"), "template"), "spec")["containers"].([]any)
	for _, c := range containers {
		if container, ok := c.(map[string]any); ok {
			container[field] = []any{}
		}
	}
}

func serverPod(spec serving.ModelServer) *coreac.PodSpecApplyConfiguration {
	w := spec.Workload
	port := intstr.FromInt32(int32(w.Port))
	open := func() *coreac.ProbeApplyConfiguration {
		return coreac.Probe().WithTCPSocket(coreac.TCPSocketAction().WithPort(port))
	}
	ready := open
	if w.HealthPath != "" {
		ready = func() *coreac.ProbeApplyConfiguration {
			return coreac.Probe().WithHTTPGet(coreac.HTTPGetAction().WithPath(w.HealthPath).WithPort(port))
		}
	}
	container := coreac.Container().WithName(containerName).WithImage(w.Image).
		WithCommand(w.Command...).WithArgs(w.Args...).
		WithPorts(coreac.ContainerPort().WithContainerPort(int32(w.Port)).WithProtocol(corev1.ProtocolTCP)).
		WithEnv(serverVariables(spec)...).
		WithResources(serverResources(w.Resources)).
		WithStartupProbe(ready().WithPeriodSeconds(5).WithTimeoutSeconds(5).WithFailureThreshold(startSeconds / 5)).
		WithReadinessProbe(ready().WithPeriodSeconds(5).WithTimeoutSeconds(5).WithFailureThreshold(3)).
		// A model that is busy for minutes still accepts connections.
		WithLivenessProbe(open().WithPeriodSeconds(10).WithTimeoutSeconds(5).WithFailureThreshold(6)).
		WithLifecycle(pause(serverDrainSeconds)).
		WithSecurityContext(coreac.SecurityContext().WithAllowPrivilegeEscalation(false))
	pod := coreac.PodSpec().
		WithAutomountServiceAccountToken(false).
		WithEnableServiceLinks(false).
		// A request that has begun may end.
		WithTerminationGracePeriodSeconds(serverDrainSeconds + spec.TimeoutSeconds).
		WithSecurityContext(coreac.PodSecurityContext().WithSeccompProfile(coreac.SeccompProfile().WithType(corev1.SeccompProfileTypeRuntimeDefault)))
	if w.Resources.GPUs > 0 {
		// Workers of one model exchange tensors through shared memory, of which
		// containers have 64 MiB by default.
		container.WithVolumeMounts(coreac.VolumeMount().WithName("shared-memory").WithMountPath("/dev/shm"))
		pod.WithVolumes(coreac.Volume().WithName("shared-memory").WithEmptyDir(coreac.EmptyDirVolumeSource().WithMedium(corev1.StorageMediumMemory)))
		pod.WithTolerations(gpuToleration())
	}
	if w.NodePool != "" {
		pod.WithNodeSelector(map[string]string{LabelPool: w.NodePool})
		// Who names a pool means it, whatever keeps others off its nodes.
		pod.WithTolerations(coreac.Toleration().WithOperator(corev1.TolerationOpExists).WithEffect(corev1.TaintEffectNoSchedule))
	}
	for _, key := range []string{corev1.LabelTopologyZone, corev1.LabelHostname} {
		pod.WithTopologySpreadConstraints(coreac.TopologySpreadConstraint().WithMaxSkew(1).WithTopologyKey(key).
			WithWhenUnsatisfiable(corev1.ScheduleAnyway).WithLabelSelector(metaac.LabelSelector().WithMatchLabels(serverSelector(spec))))
	}
	return pod.WithContainers(container)
}

func serverVariables(spec serving.ModelServer) []*coreac.EnvVarApplyConfiguration {
	var list []*coreac.EnvVarApplyConfiguration
	for _, name := range names(spec.Workload.Env) {
		list = append(list, coreac.EnvVar().WithName(name).WithValue(spec.Workload.Env[name]))
	}
	for _, name := range names(spec.Workload.SecretEnv) {
		list = append(list, coreac.EnvVar().WithName(name).WithValueFrom(coreac.EnvVarSource().WithSecretKeyRef(
			coreac.SecretKeySelector().WithName(spec.Name).WithKey(name))))
	}
	return list
}

// serverResources promises CPU, and bounds what cannot be shared.
func serverResources(r serving.Resources) *coreac.ResourceRequirementsApplyConfiguration {
	requests, limits := resources(r.CPU, r.Memory), resources("", r.Memory)
	if r.GPUs > 0 {
		limits[resourceGPU] = *quantities.NewQuantity(r.GPUs, quantities.DecimalSI)
	}
	requirements := coreac.ResourceRequirements()
	if len(requests) > 0 {
		requirements.WithRequests(requests)
	}
	if len(limits) > 0 {
		requirements.WithLimits(limits)
	}
	return requirements
}

// serverService has no address of its own: the gateway sees each pod and gives
// the next request to the one with the fewest.
func serverService(spec serving.ModelServer) manifest {
	port := int32(spec.Workload.Port)
	return newManifest(coreac.Service(spec.Name, ModelsNamespace).WithLabels(serverSelector(spec)).WithSpec(coreac.ServiceSpec().
		WithType(corev1.ServiceTypeClusterIP).WithClusterIP(corev1.ClusterIPNone).WithSelector(serverSelector(spec)).
		WithPorts(coreac.ServicePort().WithName(httpPort).WithProtocol(corev1.ProtocolTCP).WithPort(port).WithTargetPort(intstr.FromInt32(port)))))
}

func serverAutoscaler(spec serving.ModelServer) manifest {
	r := spec.Workload.Replicas
	percent := r.TargetCPUPercent
	if percent == 0 {
		percent = serving.DefaultTargetCPUPercent
	}
	return newManifest(autoscalingac.HorizontalPodAutoscaler(spec.Name, ModelsNamespace).WithLabels(serverSelector(spec)).
		WithSpec(scaling(spec.Name, r.Min, r.Max, percent)))
}

func serverBudget(spec serving.ModelServer) manifest {
	return budget(spec.Name, ModelsNamespace, serverSelector(spec))
}

// serverPolicy lets only the gateway's pods in, at the model's port: whoever
// could reach the model directly would not be asked for a token.
func serverPolicy(spec serving.ModelServer) manifest {
	return newManifest(networkingac.NetworkPolicy(spec.Name, ModelsNamespace).WithLabels(serverSelector(spec)).WithSpec(networkingac.NetworkPolicySpec().
		WithPodSelector(metaac.LabelSelector().WithMatchLabels(serverSelector(spec))).
		WithPolicyTypes(networkingv1.PolicyTypeIngress).
		WithIngress(networkingac.NetworkPolicyIngressRule().
			WithFrom(networkingac.NetworkPolicyPeer().
				WithNamespaceSelector(metaac.LabelSelector().WithMatchLabels(map[string]string{corev1.LabelMetadataName: SystemNamespace})).
				WithPodSelector(metaac.LabelSelector().WithMatchLabels(gatewaySelector))).
			WithPorts(networkingac.NetworkPolicyPort().WithProtocol(corev1.ProtocolTCP).WithPort(intstr.FromInt32(int32(spec.Workload.Port)))))))
}

// serverAttribute names the attribute of serving_model_server that models a
// field of the server's objects.
func serverAttribute(field string) string {
	const pod = ".spec.template.spec"
	inContainer, ok := strings.CutPrefix(field, pod+".containers["+containerName+"]")
	switch {
	case ok && strings.HasPrefix(inContainer, ".image"):
		return "image"
	case ok && strings.HasPrefix(inContainer, ".command"):
		return "command"
	case ok && strings.HasPrefix(inContainer, ".args"):
		return "args"
	case field == ".spec.replicas", field == ".spec.minReplicas":
		return "replicas.min"
	case field == ".spec.maxReplicas":
		return "replicas.max"
	}
	return ""
}
