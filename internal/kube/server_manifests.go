package kube

import (
	"cmp"
	"fmt"
	"maps"
	"strings"

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
	metadata := fields{"labels": labels}
	if secrets != "" {
		metadata["annotations"] = fields{fieldManager + "/environment": secrets}
	}
	deployment := fields{
		"selector":                fields{"matchLabels": labels},
		"strategy":                gradual(),
		"progressDeadlineSeconds": startSeconds,
		"template":                fields{"metadata": metadata, "spec": serverPod(spec)},
	}
	if w.Resources.GPUs > 0 && w.Replicas.Min > 1 {
		// There is seldom a spare GPU for one pod more. A single pod is not taken away
		// before there is another, all the same: nothing would serve meanwhile.
		deployment["strategy"] = fields{"type": "RollingUpdate", "rollingUpdate": fields{"maxSurge": 0, "maxUnavailable": 1}}
	}
	if w.Replicas.Max <= w.Replicas.Min {
		deployment["replicas"] = w.Replicas.Min
	}
	return newManifest(place{deployments, ModelsNamespace, spec.Name}, labels, fields{"spec": deployment})
}

func serverPod(spec serving.ModelServer) fields {
	w := spec.Workload
	open := fields{"tcpSocket": fields{"port": w.Port}}
	ready := open
	if w.HealthPath != "" {
		ready = fields{"httpGet": fields{"path": w.HealthPath, "port": w.Port}}
	}
	container := fields{
		"name":  containerName,
		"image": w.Image,
		// An empty list is written down as well: the image's own command is an
		// attribute's value too, and not for others to change.
		"command":        append([]string{}, w.Command...),
		"args":           append([]string{}, w.Args...),
		"ports":          []fields{{"containerPort": w.Port, "protocol": "TCP"}},
		"resources":      serverResources(w.Resources),
		"startupProbe":   probe(ready, 5, startSeconds/5),
		"readinessProbe": probe(ready, 5, 3),
		// A model that is busy for minutes still accepts connections.
		"livenessProbe":   probe(open, 10, 6),
		"lifecycle":       pause(serverDrainSeconds),
		"securityContext": fields{"allowPrivilegeEscalation": false},
	}
	if variables := serverVariables(spec); len(variables) > 0 {
		container["env"] = variables
	}
	pod := fields{
		"automountServiceAccountToken": false,
		"enableServiceLinks":           false,
		// A request that has begun may end.
		"terminationGracePeriodSeconds": serverDrainSeconds + spec.TimeoutSeconds,
		"securityContext":               fields{"seccompProfile": fields{"type": "RuntimeDefault"}},
		"containers":                    []fields{container},
		"topologySpreadConstraints":     spread(serverSelector(spec)),
	}
	var tolerations []fields
	if w.Resources.GPUs > 0 {
		// Workers of one model exchange tensors through shared memory, of which
		// containers have 64 MiB by default.
		container["volumeMounts"] = []fields{{"name": "shared-memory", "mountPath": "/dev/shm"}}
		pod["volumes"] = []fields{{"name": "shared-memory", "emptyDir": fields{"medium": "Memory"}}}
		tolerations = append(tolerations, gpuToleration())
	}
	if w.NodePool != "" {
		pod["nodeSelector"] = fields{LabelPool: w.NodePool}
		// Who names a pool means it, whatever keeps others off its nodes.
		tolerations = append(tolerations, fields{"operator": "Exists", "effect": "NoSchedule"})
	}
	if len(tolerations) > 0 {
		pod["tolerations"] = tolerations
	}
	return pod
}

// probe asks at a pace, in seconds, and minds so many failures in a row.
func probe(question fields, pace, failures int) fields {
	p := fields{"periodSeconds": pace, "timeoutSeconds": 5, "failureThreshold": failures}
	maps.Copy(p, question)
	return p
}

func serverVariables(spec serving.ModelServer) []fields {
	var variables []fields
	for _, name := range names(spec.Workload.Env) {
		variables = append(variables, fields{"name": name, "value": spec.Workload.Env[name]})
	}
	for _, name := range names(spec.Workload.SecretEnv) {
		variables = append(variables, fields{"name": name, "valueFrom": fields{"secretKeyRef": fields{"name": spec.Name, "key": name}}})
	}
	return variables
}

// serverResources promises CPU, and bounds what cannot be shared.
func serverResources(r serving.Resources) fields {
	requests, limits := resources(r.CPU, r.Memory), resources("", r.Memory)
	if r.GPUs > 0 {
		limits[resourceGPU] = quantity(fmt.Sprint(r.GPUs))
	}
	requirements := fields{}
	if len(requests) > 0 {
		requirements["requests"] = requests
	}
	if len(limits) > 0 {
		requirements["limits"] = limits
	}
	return requirements
}

// serverService has no address of its own: the gateway sees each pod and gives
// the next request to the one with the fewest.
func serverService(spec serving.ModelServer) manifest {
	port := spec.Workload.Port
	return newManifest(place{services, ModelsNamespace, spec.Name}, serverSelector(spec), fields{
		"spec": fields{
			"type":      "ClusterIP",
			"clusterIP": "None",
			"selector":  serverSelector(spec),
			"ports":     []fields{{"name": httpPort, "protocol": "TCP", "port": port, "targetPort": port}},
		},
	})
}

func serverAutoscaler(spec serving.ModelServer) manifest {
	r := spec.Workload.Replicas
	percent := cmp.Or(r.TargetCPUPercent, serving.DefaultTargetCPUPercent)
	return autoscaler(place{autoscalers, ModelsNamespace, spec.Name}, serverSelector(spec), r.Min, r.Max, percent)
}

func serverBudget(spec serving.ModelServer) manifest {
	return budget(ModelsNamespace, spec.Name, serverSelector(spec))
}

// serverPolicy lets only the gateway's pods in, at the model's port: whoever
// could reach the model directly would not be asked for a token.
func serverPolicy(spec serving.ModelServer) manifest {
	return newManifest(place{networkPolicies, ModelsNamespace, spec.Name}, serverSelector(spec), fields{
		"spec": fields{
			"podSelector": fields{"matchLabels": serverSelector(spec)},
			"policyTypes": []string{"Ingress"},
			"ingress": []fields{{
				"from": []fields{{
					"namespaceSelector": fields{"matchLabels": fields{"kubernetes.io/metadata.name": SystemNamespace}},
					"podSelector":       fields{"matchLabels": gatewaySelector},
				}},
				"ports": []fields{{"protocol": "TCP", "port": spec.Workload.Port}},
			}},
		},
	})
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
