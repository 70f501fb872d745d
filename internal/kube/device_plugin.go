package kube

import (
	corev1 "k8s.io/api/core/v1"
	appsac "k8s.io/client-go/applyconfigurations/apps/v1"
	coreac "k8s.io/client-go/applyconfigurations/core/v1"
	metaac "k8s.io/client-go/applyconfigurations/meta/v1"
)

// The device plugin mounts a folder of the node, which is not for a namespace
// that is kept strict.
const (
	pluginNamespace = "kube-system"
	pluginName      = "nvidia-device-plugin"
)

// devicePlugin tells Kubernetes of the GPUs of a node (NVIDIA's k8s-device-plugin,
// "Enabling GPU Support in Kubernetes").
func devicePlugin() manifest {
	const name = pluginName
	const sockets = "/var/lib/kubelet/device-plugins"
	labels := selector(name, name)
	return newManifest(appsac.DaemonSet(name, pluginNamespace).WithLabels(labels).WithSpec(appsac.DaemonSetSpec().
		WithSelector(metaac.LabelSelector().WithMatchLabels(labels)).
		WithTemplate(coreac.PodTemplateSpec().WithLabels(labels).WithSpec(coreac.PodSpec().
			WithPriorityClassName("system-node-critical").
			WithAutomountServiceAccountToken(false).
			WithNodeSelector(map[string]string{LabelAccelerator: AcceleratorNVIDIA}).
			WithTolerations(coreac.Toleration().WithOperator(corev1.TolerationOpExists)).
			WithContainers(coreac.Container().WithName("plugin").WithImage(devicePluginImage).
				WithEnv(coreac.EnvVar().WithName("FAIL_ON_INIT_ERROR").WithValue("false")).
				WithSecurityContext(coreac.SecurityContext().WithAllowPrivilegeEscalation(false).WithCapabilities(coreac.Capabilities().WithDrop("ALL"))).
				WithVolumeMounts(coreac.VolumeMount().WithName("sockets").WithMountPath(sockets))).
			WithVolumes(coreac.Volume().WithName("sockets").WithHostPath(coreac.HostPathVolumeSource().WithPath(sockets)))))))
}
