package acceptance_test

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/modelserving/terraform-provider-serving/internal/sandbox/sandboxtest"
)

// Tokens of callers: each has what base64 spells in an own way.
var secretValues = map[string]string{
	"app":   "app-token/0123456789+abcdef?",
	"next":  "next-token/9876543210+fedcba?",
	"model": "model-key~hunter2~hunter2~0123",
}

const (
	systemNamespace = "serving-system"
	modelsNamespace = "serving-models"
	echoV1, echoV2  = "registry.example.com/echo:v1", "registry.example.com/echo:v2"
)

// servers describes model servers for testdata/servers.tf.
type servers map[string]map[string]any

// serverAddress is that of a server of testdata/servers.tf.
func serverAddress(name string) string { return fmt.Sprintf("serving_model_server.test[%q]", name) }

// cluster makes the configuration one with a gateway, which somebody on the
// Internet may set up, and servers.
func (w *world) cluster(p pair) {
	w.Helper()
	w.use("cluster.tf")
	w.copy(filepath.Join("testdata", "here.tf"), "here.tf")
	w.copy(filepath.Join("testdata", "servers.tf"), "servers.tf")
	w.serve(p).set("gateway", "true").set("api_cidrs", []string{"203.0.113.0/24"}).set("secrets", secretValues)
}

// colleague has servers on the same cluster in a state of their own.
func (w *world) colleague() *world {
	w.Helper()
	other := w.beside()
	other.use("elsewhere.tf")
	other.copy(filepath.Join("testdata", "servers.tf"), "servers.tf")
	delete(other.env, "TF_VAR_servers")
	return other
}

// have sets the servers of the configuration.
func (w *world) have(all servers) *world {
	w.Helper()
	return w.set("servers", all)
}

// kubernetes is an administrator of the cluster.
func (w *world) kubernetes() *sandboxtest.Kubernetes {
	w.Helper()
	return w.Kubernetes(w.TB, w.id("test"))
}

// serverAttributes are those of a server in the state; nil when it is not there.
func (w *world) serverAttributes(name string) map[string]any {
	w.Helper()
	var state struct {
		Resources []struct {
			Type, Name string
			Instances  []struct {
				Key        string `json:"index_key"`
				Status     string
				Attributes map[string]any
			}
		}
	}
	w.read(w.text(filepath.Join(w.dir, "terraform.tfstate")), &state)
	for _, r := range state.Resources {
		for _, i := range r.Instances {
			if r.Type == "serving_model_server" && i.Key == name {
				if i.Status != "" {
					w.Errorf("%s is %s in the state", name, i.Status)
				}
				return i.Attributes
			}
		}
	}
	return nil
}

// altered are the attributes that a change of a plan moves.
func (c change) altered() []string {
	var names []string
	for name, after := range c.After {
		before, _ := json.Marshal(c.Before[name])
		if now, _ := json.Marshal(after); string(now) != string(before) {
			names = append(names, name)
		}
	}
	return names
}

// serverless checks that nothing of a model server is in the cluster. Pods that
// end are not looked at: they go by themselves.
func (w *world) serverless() {
	w.Helper()
	k := w.kubernetes()
	for _, kind := range []string{"deployments.apps", "services", "secrets", "networkpolicies.networking.k8s.io", "horizontalpodautoscalers.autoscaling", "poddisruptionbudgets.policy"} {
		if left := k.List(kind, modelsNamespace); len(left) > 0 {
			w.Errorf("%s are left: %v", kind, left)
		}
	}
	left := slices.DeleteFunc(k.List("secrets", systemNamespace), func(name string) bool { return strings.HasPrefix(name, "gateway-") })
	if len(left) > 0 {
		w.Errorf("settings are left: %v", left)
	}
}
