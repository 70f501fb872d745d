package kube

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
	return newManifest(place{daemonSets, pluginNamespace, name}, labels, fields{
		"spec": fields{
			"selector": fields{"matchLabels": labels},
			"template": fields{
				"metadata": fields{"labels": labels},
				"spec": fields{
					"priorityClassName":            "system-node-critical",
					"automountServiceAccountToken": false,
					"nodeSelector":                 fields{LabelAccelerator: AcceleratorNVIDIA},
					"tolerations":                  []fields{{"operator": "Exists"}},
					"containers": []fields{{
						"name":  "plugin",
						"image": devicePluginImage,
						"env":   []fields{{"name": "FAIL_ON_INIT_ERROR", "value": "false"}},
						"securityContext": fields{
							"allowPrivilegeEscalation": false,
							"capabilities":             fields{"drop": []string{"ALL"}},
						},
						"volumeMounts": []fields{{"name": "sockets", "mountPath": sockets}},
					}},
					"volumes": []fields{{"name": "sockets", "hostPath": fields{"path": sockets}}},
				},
			},
		},
	})
}
