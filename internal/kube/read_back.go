package kube

import (
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/modelserving/terraform-provider-serving/internal/serving"
	"github.com/modelserving/terraform-provider-serving/internal/stack"
)

// observed makes the view of a server from the live objects of its stack.
func (s *serverStack) observed(report *stack.Report, facts Facts, account string) serving.ObservedModelServer {
	out := serving.ObservedModelServer{
		Observation: serving.Observation{Gone: report.Gone && len(report.Objects) == 0, Account: account, Objects: report.Objects, Drift: map[string][]string{}},
		Spec:        s.readBack(),
	}
	for object, diffs := range report.Drift {
		for _, d := range diffs {
			if d.Attribute == "" {
				out.Drift[object] = append(out.Drift[object], d.String())
			}
		}
	}
	if facts.URL != "" {
		out.URL = facts.URL + s.spec.PathOrDefault()
	}
	return out
}

// readBack replaces what attributes model by what is live.
func (s *serverStack) readBack() serving.ModelServer {
	spec := s.spec
	if live := s.settings.Live(); live != nil {
		if have, err := parseSettings(secretData(live)[settingsKey]); err == nil {
			was := have.spec(spec.Cluster, spec.Name)
			was.Workload = spec.Workload
			spec = was
		}
	}
	if spec.Workload != nil {
		w := *spec.Workload
		readContainer(&w, s.deployment.Live(), containerName)
		readReplicas(&w, s.deployment.Live())
		readAutoscaler(&w, s.autoscaler.Live())
		spec.Workload = &w
	}
	return withoutSecrets(spec)
}

// readContainer reads what attributes model of a container.
func readContainer(w *serving.Workload, live *unstructured.Unstructured, name string) {
	if live == nil {
		return
	}
	containers, _, _ := unstructured.NestedSlice(live.Object, "spec", "template", "spec", "containers")
	for _, c := range containers {
		if container, ok := c.(map[string]any); ok && container["name"] == name {
			w.Image, _, _ = unstructured.NestedString(container, "image")
			w.Command, _, _ = unstructured.NestedStringSlice(container, "command")
			w.Args, _, _ = unstructured.NestedStringSlice(container, "args")
		}
	}
}

// readReplicas reads the number of pods where no autoscaler changes it.
func readReplicas(w *serving.Workload, live *unstructured.Unstructured) {
	if live == nil || w.Replicas.Max > w.Replicas.Min {
		return
	}
	if n, ok, _ := unstructured.NestedInt64(live.Object, "spec", "replicas"); ok {
		w.Replicas.Min, w.Replicas.Max = n, n
	}
}

func readAutoscaler(w *serving.Workload, live *unstructured.Unstructured) {
	if live == nil {
		return
	}
	if n, ok, _ := unstructured.NestedInt64(live.Object, "spec", "minReplicas"); ok {
		w.Replicas.Min = n
	}
	if n, ok, _ := unstructured.NestedInt64(live.Object, "spec", "maxReplicas"); ok {
		w.Replicas.Max = n
	}
}

// withoutSecrets leaves the names of secrets and takes their values away.
func withoutSecrets(spec serving.ModelServer) serving.ModelServer {
	blank := func(all map[string]serving.Token) map[string]serving.Token {
		if all == nil {
			return nil
		}
		out := map[string]serving.Token{}
		for name := range all {
			out[name] = serving.Token{}
		}
		return out
	}
	spec.Auth.Tokens = blank(spec.Auth.Tokens)
	if spec.Workload != nil {
		w := *spec.Workload
		w.SecretEnv = blank(w.SecretEnv)
		spec.Workload = &w
	}
	return spec
}
