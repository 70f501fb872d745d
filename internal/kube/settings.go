package kube

import (
	"encoding/json"
	"errors"
	"maps"

	"github.com/modelserving/terraform-provider-serving/internal/gateway"
	"github.com/modelserving/terraform-provider-serving/internal/serving"
)

// settings are a model server as its Secret keeps it: enough to render the
// gateway's configuration and to import the server. Names are those of the
// Terraform attributes.
type settings struct {
	Path                 string            `json:"path"`
	Protocol             string            `json:"protocol,omitempty"`
	TimeoutSeconds       int64             `json:"timeout_seconds"`
	MaxBodyBytes         int64             `json:"max_body_bytes"`
	AllowUnauthenticated bool              `json:"allow_unauthenticated"`
	Auth                 authSettings      `json:"auth"`
	Workload             *workloadSettings `json:"workload,omitempty"`
	Service              *serviceSettings  `json:"service,omitempty"`
}

type authSettings struct {
	Mode    string                   `json:"mode"`
	Header  string                   `json:"header,omitempty"`
	BodyKey string                   `json:"body_key,omitempty"`
	Tokens  map[string]serving.Token `json:"-"`
	JWT     *jwtSettings             `json:"jwt,omitempty"`
}

// keptSettings are settings with their tokens, which have no other text form.
type keptSettings struct {
	settings
	Tokens map[string]string `json:"tokens,omitempty"`
}

type jwtSettings struct {
	Issuer    string   `json:"issuer"`
	Audiences []string `json:"audiences"`
	JWKSURL   string   `json:"jwks_url"`
}

// workloadSettings have the names of secret variables, whose values are in a
// Secret of their own.
type workloadSettings struct {
	Image            string            `json:"image"`
	Command          []string          `json:"command,omitempty"`
	Args             []string          `json:"args,omitempty"`
	Env              map[string]string `json:"env,omitempty"`
	SecretEnv        []string          `json:"secret_env,omitempty"`
	Port             int64             `json:"port"`
	HealthPath       string            `json:"health_path,omitempty"`
	MinReplicas      int64             `json:"min_replicas"`
	MaxReplicas      int64             `json:"max_replicas"`
	TargetCPUPercent int64             `json:"target_cpu_percent,omitempty"`
	CPU              string            `json:"cpu,omitempty"`
	Memory           string            `json:"memory,omitempty"`
	GPUs             int64             `json:"gpus,omitempty"`
	NodePool         string            `json:"node_pool,omitempty"`
}

type serviceSettings struct {
	Namespace string `json:"namespace"`
	Name      string `json:"name"`
	Port      int64  `json:"port"`
}

// settingsOf writes a spec down.
func settingsOf(spec serving.ModelServer) settings {
	s := settings{
		Path: spec.PathOrDefault(), Protocol: string(spec.Protocol), TimeoutSeconds: spec.TimeoutSeconds, MaxBodyBytes: spec.MaxBodyBytes,
		AllowUnauthenticated: spec.AllowUnauthenticated,
		Auth:                 authSettings{Mode: string(spec.Auth.Mode), Header: spec.Auth.Header, BodyKey: spec.Auth.BodyKey},
	}
	if len(spec.Auth.Tokens) > 0 {
		s.Auth.Tokens = maps.Clone(spec.Auth.Tokens)
	}
	if j := spec.Auth.JWT; j != nil {
		s.Auth.JWT = &jwtSettings{Issuer: j.Issuer, Audiences: sorted(j.Audiences), JWKSURL: j.JWKSURL}
	}
	if w := spec.Workload; w != nil {
		s.Workload = &workloadSettings{
			Image: w.Image, Command: w.Command, Args: w.Args, Env: w.Env, SecretEnv: names(w.SecretEnv), Port: w.Port, HealthPath: w.HealthPath,
			MinReplicas: w.Replicas.Min, MaxReplicas: w.Replicas.Max, TargetCPUPercent: w.Replicas.TargetCPUPercent,
			CPU: w.Resources.CPU, Memory: w.Resources.Memory, GPUs: w.Resources.GPUs, NodePool: w.NodePool,
		}
	}
	if r := spec.Service; r != nil {
		s.Service = &serviceSettings{Namespace: r.Namespace, Name: r.Name, Port: r.Port}
	}
	return s
}

// spec reads settings back, tokens included.
func (s settings) spec(cluster serving.ID, name string) serving.ModelServer {
	spec := serving.ModelServer{
		Cluster: cluster, Name: name, Path: s.Path, Protocol: serving.Protocol(s.Protocol), TimeoutSeconds: s.TimeoutSeconds, MaxBodyBytes: s.MaxBodyBytes,
		AllowUnauthenticated: s.AllowUnauthenticated,
		Auth:                 serving.Auth{Mode: serving.AuthMode(s.Auth.Mode), Header: s.Auth.Header, BodyKey: s.Auth.BodyKey},
	}
	if len(s.Auth.Tokens) > 0 {
		spec.Auth.Tokens = maps.Clone(s.Auth.Tokens)
	}
	if j := s.Auth.JWT; j != nil {
		spec.Auth.JWT = &serving.JWT{Issuer: j.Issuer, Audiences: j.Audiences, JWKSURL: j.JWKSURL}
	}
	if w := s.Workload; w != nil {
		spec.Workload = &serving.Workload{
			Image: w.Image, Command: w.Command, Args: w.Args, Env: w.Env, Port: w.Port, HealthPath: w.HealthPath,
			Replicas:  serving.Replicas{Min: w.MinReplicas, Max: w.MaxReplicas, TargetCPUPercent: w.TargetCPUPercent},
			Resources: serving.Resources{CPU: w.CPU, Memory: w.Memory, GPUs: w.GPUs}, NodePool: w.NodePool,
		}
		for _, name := range w.SecretEnv {
			if spec.Workload.SecretEnv == nil {
				spec.Workload.SecretEnv = map[string]serving.Token{}
			}
			spec.Workload.SecretEnv[name] = serving.Token{}
		}
	}
	if r := s.Service; r != nil {
		spec.Service = &serving.ServiceReference{Namespace: r.Namespace, Name: r.Name, Port: r.Port}
	}
	return spec
}

// upstream is where the gateway finds the model.
func (s settings) upstream(name string) string {
	service, namespace, port := name, ModelsNamespace, int64(0)
	switch {
	case s.Service != nil:
		service, namespace, port = s.Service.Name, s.Service.Namespace, s.Service.Port
	case s.Workload != nil:
		port = s.Workload.Port
	}
	return gateway.ServiceUpstream(service, namespace, int(port))
}

// shown is what may be shown, as JSON has it.
func (s settings) shown() map[string]any {
	content := asJSON(s)
	if len(s.Auth.Tokens) > 0 {
		known := map[string]any{}
		for name := range s.Auth.Tokens {
			known[name] = ""
		}
		child(content, "auth")["tokens"] = known
	}
	return content
}

// text is what the Secret keeps.
func (s settings) text() []byte {
	kept := keptSettings{settings: s, Tokens: map[string]string{}}
	for name, token := range s.Auth.Tokens {
		kept.Tokens[name] = token.Value
	}
	return mustJSON(kept)
}

func parseSettings(text []byte) (settings, error) {
	var kept keptSettings
	if err := json.Unmarshal(text, &kept); err != nil {
		return settings{}, errors.New("settings are not readable")
	}
	for name, value := range kept.Tokens {
		if kept.Auth.Tokens == nil {
			kept.Auth.Tokens = map[string]serving.Token{}
		}
		kept.Auth.Tokens[name] = serving.Token{Value: value}
	}
	return kept.settings, nil
}
