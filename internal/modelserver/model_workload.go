package modelserver

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/modelserving/terraform-provider-serving/internal/serving"
	"github.com/modelserving/terraform-provider-serving/internal/tf"
)

// runs reports whether the server runs an image, as far as it is known.
func (m model) runs() bool { return !m.Image.IsNull() || m.Service.IsNull() }

// workload reads what runs. It is nil when nothing of it is written: whether
// something has to be is for the rules.
func (m model) workload(ctx context.Context, r *tf.Reader, config *model) *serving.Workload {
	secrets := types.MapNull(types.StringType)
	if config != nil {
		secrets = config.SecretEnvWO
	}
	written := !m.Image.IsNull() || !m.Command.IsNull() || !m.Args.IsNull() || !m.Env.IsNull() || !secrets.IsNull() ||
		!m.Port.IsNull() || !m.HealthPath.IsNull() || !m.Replicas.IsNull() || !m.Resources.IsNull() || !m.NodePool.IsNull()
	if !written {
		return nil
	}
	resources, _ := tf.Object[resourcesModel](ctx, r, "resources", m.Resources)
	w := &serving.Workload{
		Image:      r.String("image", m.Image),
		Command:    r.List("command", m.Command),
		Args:       r.List("args", m.Args),
		Env:        r.StringMap("env", m.Env),
		Port:       r.Int64("port", m.Port),
		HealthPath: r.String("health_path", m.HealthPath),
		Replicas:   m.replicas(ctx, r),
		Resources: serving.Resources{
			CPU:    r.String("resources.cpu", resources.CPU),
			Memory: r.String("resources.memory", resources.Memory),
			GPUs:   r.Int64("resources.gpus", resources.GPUs),
		},
		NodePool: r.String("node_pool", m.NodePool),
	}
	values := r.StringMap("secret_env_wo", secrets)
	if len(values) > 0 {
		w.SecretEnv = make(map[string]serving.Token, len(values))
	}
	for name, value := range values {
		w.SecretEnv[name] = serving.Token{Value: value}
	}
	return w
}

func (m model) replicas(ctx context.Context, r *tf.Reader) serving.Replicas {
	replicas, written := tf.Object[replicasModel](ctx, r, "replicas", m.Replicas)
	if m.Replicas.IsUnknown() || !written && !m.runs() {
		return serving.Replicas{}
	}
	replicas = replicas.withDefaults()
	return serving.Replicas{
		Min:              r.Int64("replicas.min", replicas.Min),
		Max:              r.Int64("replicas.max", replicas.Max),
		TargetCPUPercent: r.Int64("replicas.target_cpu_percent", replicas.TargetCPUPercent),
	}
}

// withDefaults puts numbers in the place of absent ones. The autoscaler has a
// target only where there is one.
func (m replicasModel) withDefaults() replicasModel {
	if m.Min.IsNull() {
		m.Min = types.Int64Value(1)
	}
	if m.Max.IsNull() {
		m.Max = m.Min
	}
	if m.TargetCPUPercent.IsNull() {
		switch {
		case m.Min.IsUnknown() || m.Max.IsUnknown():
			m.TargetCPUPercent = types.Int64Unknown()
		case m.Max.ValueInt64() > m.Min.ValueInt64():
			m.TargetCPUPercent = types.Int64Value(serving.DefaultTargetCPUPercent)
		}
	}
	return m
}

// The names under which fingerprints of secrets are kept.
const (
	tokenPrefix     = "auth.tokens."
	secretEnvPrefix = "secret_env_wo."
)

// secretsOf are the secrets of a server by name.
func secretsOf(s serving.ModelServer) map[string]string {
	secrets := map[string]string{}
	for name, token := range s.Auth.Tokens {
		secrets[tokenPrefix+name] = token.Value
	}
	if s.Workload != nil {
		for name, secret := range s.Workload.SecretEnv {
			secrets[secretEnvPrefix+name] = secret.Value
		}
	}
	return secrets
}

// firstVersion is the version of secrets that were never stored before.
func firstVersion(secrets map[string]string) types.Int64 {
	return types.Int64Value(int64(min(1, len(secrets))))
}
