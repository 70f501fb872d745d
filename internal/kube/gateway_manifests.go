package kube

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"path"
	"strings"

	quantities "k8s.io/apimachinery/pkg/api/resource"

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
	return newManifest(place{namespaces, "", name}, map[string]string{"pod-security.kubernetes.io/enforce": level}, nil)
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
	return newManifest(place{configMaps, SystemNamespace, gatewayName}, gatewaySelector, fields{
		"data": fields{gateway.FileBootstrap: bootstrapText(spec)},
	})
}

func gatewayDeployment(spec GatewaySpec) manifest {
	sum := sha256.Sum256([]byte(bootstrapText(spec)))
	deployment := fields{
		"selector":                fields{"matchLabels": gatewaySelector},
		"strategy":                gradual(),
		"progressDeadlineSeconds": 600,
		"template": fields{
			"metadata": fields{
				"labels": gatewaySelector,
				// Envoy reads its bootstrap once.
				"annotations": fields{fieldManager + "/bootstrap": hex.EncodeToString(sum[:8])},
			},
			"spec": gatewayPod(spec),
		},
	}
	if !spec.scaled() {
		deployment["replicas"] = spec.MinReplicas
	}
	return newManifest(gatewayPlace, gatewaySelector, fields{"spec": deployment})
}

func gatewayPod(spec GatewaySpec) fields {
	var sources []fields
	for _, secret := range configurationSecrets {
		sources = append(sources, fields{"secret": fields{"name": secret}})
	}
	return fields{
		"automountServiceAccountToken":  false,
		"enableServiceLinks":            false,
		"terminationGracePeriodSeconds": gatewayPause + 10,
		"securityContext": fields{
			"runAsNonRoot": true, "runAsUser": 65532, "runAsGroup": 65532, "fsGroup": 65532,
			"seccompProfile": fields{"type": "RuntimeDefault"},
		},
		"containers": []fields{{
			"name":    gatewayContainer,
			"image":   cmp.Or(spec.Image, DefaultGatewayImage),
			"command": []string{"envoy"},
			"args":    append(gateway.Args(gateway.BootstrapPath), "--concurrency", gatewayThreads),
			"ports":   []fields{{"name": httpPort, "containerPort": gateway.Port, "protocol": "TCP"}},
			"resources": fields{
				"requests": resources("250m", "256Mi"),
				"limits":   fields{"memory": quantities.NewQuantity(gatewayMemory, quantities.BinarySI).String()},
			},
			"readinessProbe": fields{
				"httpGet":       fields{"path": gateway.VersionPath, "port": httpPort},
				"periodSeconds": 2, "failureThreshold": 2,
			},
			"livenessProbe": fields{
				"tcpSocket":           fields{"port": httpPort},
				"initialDelaySeconds": 30, "periodSeconds": 10, "failureThreshold": 6,
			},
			"lifecycle": pause(gatewayPause),
			"securityContext": fields{
				"allowPrivilegeEscalation": false,
				"readOnlyRootFilesystem":   true,
				"capabilities":             fields{"drop": []string{"ALL"}},
			},
			"volumeMounts": []fields{
				{"name": "bootstrap", "mountPath": path.Dir(gateway.BootstrapPath), "readOnly": true},
				{"name": "configuration", "mountPath": gateway.MountDir, "readOnly": true},
				{"name": "run", "mountPath": path.Dir(gateway.AdminPath)},
			},
		}},
		"volumes": []fields{
			{"name": "bootstrap", "configMap": fields{"name": gatewayName}},
			{"name": "configuration", "projected": fields{"sources": sources, "defaultMode": 0o440}},
			{"name": "run", "emptyDir": fields{"medium": "Memory", "sizeLimit": "16Mi"}},
		},
		"affinity": fields{"nodeAffinity": fields{"preferredDuringSchedulingIgnoredDuringExecution": []fields{
			// Nodes with GPUs are for models, where there are others.
			{"weight": 100, "preference": fields{"matchExpressions": []fields{{"key": LabelAccelerator, "operator": "DoesNotExist"}}}},
		}}},
		"tolerations":               []fields{gpuToleration()},
		"topologySpreadConstraints": spread(gatewaySelector),
	}
}

// Labels that backends put on the nodes of a pool.
const (
	// LabelPool is the pool's name.
	LabelPool = fieldManager + "/pool"
	// LabelAccelerator is AcceleratorNVIDIA on nodes with GPUs.
	LabelAccelerator  = fieldManager + "/accelerator"
	AcceleratorNVIDIA = "nvidia"
)

// OwnLabels are those of a node pool's labels that the provider sets itself.
func OwnLabels(labels map[string]string) map[string]string {
	own := map[string]string{}
	for _, key := range []string{LabelPool, LabelAccelerator} {
		if value, ok := labels[key]; ok {
			own[key] = value
		}
	}
	return own
}

func gatewayService(spec GatewaySpec) manifest {
	return newManifest(place{services, SystemNamespace, gatewayName}, gatewaySelector, fields{
		"spec": fields{
			"type":     "NodePort",
			"selector": gatewaySelector,
			// Every node passes the load balancer's health check, wherever the pods are.
			"externalTrafficPolicy": "Cluster",
			"ports":                 []fields{{"name": httpPort, "protocol": "TCP", "port": 80, "targetPort": httpPort, "nodePort": spec.NodePort}},
		},
	})
}

func gatewayAutoscaler(spec GatewaySpec) manifest {
	return autoscaler(gatewayScaling, gatewaySelector, spec.MinReplicas, spec.MaxReplicas, 60)
}

func gatewayBudget() manifest { return budget(SystemNamespace, gatewayName, gatewaySelector) }

// gatewayPolicy closes every port of the gateway's pods but the one for callers.
func gatewayPolicy() manifest {
	return newManifest(place{networkPolicies, SystemNamespace, gatewayName}, gatewaySelector, fields{
		"spec": fields{
			"podSelector": fields{"matchLabels": gatewaySelector},
			"policyTypes": []string{"Ingress"},
			"ingress":     []fields{{"ports": []fields{{"protocol": "TCP", "port": gateway.Port}}}},
		},
	})
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
