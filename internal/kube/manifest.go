package kube

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"maps"

	quantities "k8s.io/apimachinery/pkg/api/resource"
)

// manifest is what is written of an object: the fields that the provider owns,
// as JSON has them. It is empty of secrets but for a Secret's data, so it has no
// text form.
type manifest struct{ content map[string]any }

func (manifest) String() string   { return "(manifest)" }
func (manifest) GoString() string { return "kube.manifest{}" }

// fields are some of an object's, written down as its YAML would be.
type fields = map[string]any

// newManifest is that of an object with its labels, the rest being its other
// fields. A type of k8s.io/api or an apply configuration of client-go would put
// the types of every API group into the binary, and into memory at each start.
func newManifest(at place, labels map[string]string, rest fields) manifest {
	metadata := fields{"name": at.name, "labels": labels}
	if at.namespace != "" {
		metadata["namespace"] = at.namespace
	}
	content := fields{"apiVersion": at.GroupVersion().String(), "kind": at.What, "metadata": metadata}
	maps.Copy(content, rest)
	return manifest{asJSON(content)}
}

// sum identifies the contents.
func (m manifest) sum() string {
	sum := sha256.Sum256(mustJSON(m.content))
	return hex.EncodeToString(sum[:])
}

// MarshalJSON shows the sum alone.
func (m manifest) MarshalJSON() ([]byte, error) { return json.Marshal(m.sum()) }

// gradual replaces pods one by one, the new one first.
func gradual() fields {
	return fields{"type": "RollingUpdate", "rollingUpdate": fields{"maxSurge": 1, "maxUnavailable": 0}}
}

// spread keeps pods in different zones and on different nodes, where it can be
// done.
func spread(pods map[string]string) []fields {
	var constraints []fields
	for _, key := range []string{"topology.kubernetes.io/zone", "kubernetes.io/hostname"} {
		constraints = append(constraints, fields{
			"topologyKey": key, "maxSkew": 1, "whenUnsatisfiable": "ScheduleAnyway",
			"labelSelector": fields{"matchLabels": pods},
		})
	}
	return constraints
}

func gpuToleration() fields { return fields{"key": resourceGPU, "operator": "Exists"} }

// pause keeps a container serving for a while after its pod has begun to end.
func pause(seconds int64) fields {
	return fields{"preStop": fields{"sleep": fields{"seconds": seconds}}}
}

// resources are the amounts that are given, as the API writes them.
func resources(cpu, memory string) map[string]string {
	amounts := map[string]string{}
	for name, text := range map[string]string{"cpu": cpu, "memory": memory} {
		if text != "" {
			amounts[name] = quantity(text)
		}
	}
	return amounts
}

// quantity is an amount in the API's own form: 500m for 0.5.
func quantity(text string) string {
	amount := quantities.MustParse(text)
	return amount.String()
}

// autoscaler keeps the CPU of the pods of the Deployment of its name near a share
// of what they request.
func autoscaler(at place, pods map[string]string, least, most, percent int64) manifest {
	return newManifest(at, pods, fields{
		"spec": fields{
			"scaleTargetRef": fields{"apiVersion": "apps/v1", "kind": "Deployment", "name": at.name},
			"minReplicas":    least,
			"maxReplicas":    most,
			"metrics": []fields{{
				"type":     "Resource",
				"resource": fields{"name": "cpu", "target": fields{"type": "Utilization", "averageUtilization": percent}},
			}},
		},
	})
}

// budget lets one pod be away at a time.
func budget(namespace, name string, pods map[string]string) manifest {
	return newManifest(place{budgets, namespace, name}, pods, fields{
		"spec": fields{"maxUnavailable": 1, "selector": fields{"matchLabels": pods}},
	})
}
