package kube

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"testing"

	"github.com/modelserving/terraform-provider-serving/internal/serving"
)

var update = flag.Bool("update", false, "write the golden files anew")

// goldenManifests are all manifests, each in every shape that it has.
func goldenManifests() map[string]manifest {
	cluster := objects{stack: "cluster/prod"}
	inServer := objects{stack: serverStackName("fraud")}
	spec := testGateway()
	scaled := spec
	scaled.MinReplicas, scaled.MaxReplicas, scaled.Image = 2, 5, "registry.example.com/envoy:1"
	plain, full := server("fraud"), fullServer("fraud")
	single := with(full, func(s *serving.ModelServer) { s.Workload.Replicas = serving.Replicas{Min: 1, Max: 1} })
	return map[string]manifest{
		"namespace_system":         cluster.marked(objectSystem, namespaceManifest(SystemNamespace)),
		"namespace_models":         cluster.marked(objectModels, namespaceManifest(ModelsNamespace)),
		"facts":                    cluster.marked(objectFacts, factsManifest(testFacts(serving.Public))),
		"gateway_bootstrap":        cluster.marked(objectBootstrap, bootstrapManifest(spec)),
		"gateway_deployment":       cluster.marked(objectGateway, gatewayDeployment(spec)),
		"gateway_deployment_auto":  cluster.marked(objectGateway, gatewayDeployment(scaled)),
		"gateway_service":          cluster.marked(objectService, gatewayService(spec)),
		"gateway_autoscaler":       cluster.marked(objectAutoscaler, gatewayAutoscaler(scaled)),
		"gateway_budget":           cluster.marked(objectBudget, gatewayBudget()),
		"gateway_policy":           cluster.marked(objectPolicy, gatewayPolicy()),
		"device_plugin":            cluster.marked(objectDevicePlugin, devicePlugin()),
		"server_settings":          settingsSecrets{objects{stack: inServer.stack, place: settingsPlace("fraud")}, "fraud"}.written(objectSettings, settingsOf(full)),
		"server_environment":       environmentSecrets{objects{stack: inServer.stack, place: place{secrets, ModelsNamespace, "fraud"}}, "fraud"}.written(objectEnvironment, full.Workload.SecretEnv),
		"server_deployment":        inServer.marked(objectDeployment, serverDeployment(plain, "")),
		"server_deployment_full":   inServer.marked(objectDeployment, serverDeployment(full, "0123")),
		"server_deployment_single": inServer.marked(objectDeployment, serverDeployment(single, "0123")),
		"server_service":           inServer.marked(objectServerService, serverService(plain)),
		"server_autoscaler":        inServer.marked(objectServerScaling, serverAutoscaler(full)),
		"server_budget":            inServer.marked(objectServerBudget, serverBudget(plain)),
		"server_policy":            inServer.marked(objectServerPolicy, serverPolicy(plain)),
	}
}

// fullServer has a value for everything that a workload can have.
func fullServer(name string) serving.ModelServer {
	return with(server(name), func(s *serving.ModelServer) {
		s.Path, s.Protocol, s.TimeoutSeconds = "/team/"+name, serving.ProtocolHTTP1, 120
		s.Auth.Tokens["green"] = serving.Token{Value: tokenB}
		*s.Workload = serving.Workload{
			Image: "registry.example.com/echo:2", Command: []string{"serve"}, Args: []string{"--model", "/models/a"},
			Env: map[string]string{"LEVEL": "debug", "MODE": "fast"}, SecretEnv: map[string]serving.Token{"API_KEY": {Value: secretValue}, "OTHER_KEY": {Value: secretValue + "2"}},
			Port: 9000, HealthPath: "/ready", Replicas: serving.Replicas{Min: 2, Max: 4, TargetCPUPercent: 55},
			Resources: serving.Resources{CPU: "0.5", Memory: "1Gi", GPUs: 1}, NodePool: "gpu",
		}
	})
}

// TestManifests holds what is written against the golden files.
func TestManifests(t *testing.T) {
	t.Parallel()
	for name, m := range goldenManifests() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := json.MarshalIndent(m.content, "", "  ")
			must(t, err)
			got = append(got, '\n')
			file := filepath.Join("testdata", name+".json")
			if *update {
				must(t, os.MkdirAll("testdata", 0o755))
				must(t, os.WriteFile(file, got, 0o600))
			}
			want, err := os.ReadFile(file)
			must(t, err)
			if !bytes.Equal(got, want) {
				t.Errorf("%s differs from what is written (-update writes it anew):\n%s", file, got)
			}
		})
	}
}

// TestReplicasOfAGPU: a single pod is not taken away before another is there.
func TestReplicasOfAGPU(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		least, most int64
		gpus        int64
		surge       float64
	}{{1, 1, 1, 1}, {1, 3, 1, 1}, {2, 3, 1, 0}, {2, 2, 0, 1}} {
		spec := with(fullServer("fraud"), func(s *serving.ModelServer) {
			s.Workload.Replicas, s.Workload.Resources.GPUs = serving.Replicas{Min: c.least, Max: c.most}, c.gpus
		})
		strategy := child(child(child(serverDeployment(spec, "").content, "spec"), "strategy"), "rollingUpdate")
		if strategy["maxSurge"] != c.surge || strategy["maxUnavailable"] != 1-c.surge {
			t.Errorf("%d to %d pods of %d GPUs: %v", c.least, c.most, c.gpus, strategy)
		}
	}
}

// TestGatewayPause: Envoy ends at once, so that all waiting is before its signal.
func TestGatewayPause(t *testing.T) {
	t.Parallel()
	pod := child(child(child(gatewayDeployment(testGateway()).content, "spec"), "template"), "spec")
	if grace, ok := pod["terminationGracePeriodSeconds"].(float64); !ok || int64(grace) <= gatewayPause || gatewayPause < longestRequest {
		t.Errorf("the pod has %v s to end and %d s before the signal", grace, gatewayPause)
	}
}
