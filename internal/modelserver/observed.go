package modelserver

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/modelserving/terraform-provider-serving/internal/serving"
	"github.com/modelserving/terraform-provider-serving/internal/tf"
)

// observe replaces the model by what was found. What is as it was keeps the
// form it was written in. The secrets' version is the caller's, as no secret is
// read back.
func (m *model) observe(ctx context.Context, found serving.ObservedModelServer) diag.Diagnostics {
	var diags diag.Diagnostics
	s := found.Spec
	m.ID = types.StringValue(s.ID().String())
	m.ClusterID = types.StringValue(s.Cluster.String())
	m.Name = types.StringValue(s.Name)
	m.observeWorkload(ctx, &diags, s)
	m.Path = types.StringValue(s.PathOrDefault())
	m.Protocol = tf.Text(m.Protocol, string(s.Protocol))
	m.TimeoutSeconds = types.Int64Value(cmp.Or(s.TimeoutSeconds, serving.DefaultTimeoutSeconds))
	m.MaxBodyBytes = types.Int64Value(cmp.Or(s.MaxBodyBytes, serving.DefaultMaxBodyBytes))
	m.Auth = writeAuth(ctx, &diags, m.Auth, s.Auth)
	m.AllowUnauthenticated = types.BoolValue(s.AllowUnauthenticated)
	m.URL = tf.Text(m.URL, found.URL)
	m.Objects = tf.MapOf(found.Objects)
	m.Drift = tf.Reasons(found.Drift, nil)
	return diags
}

func (m *model) observeWorkload(ctx context.Context, diags *diag.Diagnostics, s serving.ModelServer) {
	m.Service = writeService(ctx, diags, m.Service, s.Service)
	w := s.Workload
	if w == nil {
		w = &serving.Workload{}
	}
	m.Image = tf.Text(m.Image, w.Image)
	m.Command = tf.List(m.Command, w.Command)
	m.Args = tf.List(m.Args, w.Args)
	m.Env = tf.StringMap(m.Env, w.Env)
	m.SecretEnvWO = types.MapNull(types.StringType)
	m.Port = tf.Number(m.Port, w.Port)
	m.HealthPath = tf.Text(m.HealthPath, w.HealthPath)
	m.Replicas = writeReplicas(ctx, diags, s.Workload)
	m.Resources = writeResources(ctx, diags, m.Resources, w.Resources)
	m.NodePool = tf.Text(m.NodePool, w.NodePool)
}

func writeService(ctx context.Context, diags *diag.Diagnostics, prior types.Object, found *serving.ServiceReference) types.Object {
	if found == nil {
		return types.ObjectNull(fieldTypes()["service"])
	}
	r := tf.NewReader()
	m, _ := tf.Object[serviceModel](ctx, r, "", prior)
	diags.Append(r.Diags...)
	m.Namespace = tf.Text(m.Namespace, found.Namespace)
	m.Name = tf.Text(m.Name, found.Name)
	m.Port = tf.Number(m.Port, found.Port)
	return write(ctx, diags, m, "service")
}

func writeReplicas(ctx context.Context, diags *diag.Diagnostics, found *serving.Workload) types.Object {
	if found == nil {
		return types.ObjectNull(fieldTypes()["replicas"])
	}
	r := found.Replicas
	m := replicasModel{Min: types.Int64Value(r.Min), Max: types.Int64Value(r.Max), TargetCPUPercent: tf.Number(types.Int64Null(), r.TargetCPUPercent)}
	return write(ctx, diags, m.withDefaults(), "replicas")
}

// writeResources leaves the object out where nothing is set and nobody wrote it.
func writeResources(ctx context.Context, diags *diag.Diagnostics, prior types.Object, found serving.Resources) types.Object {
	if found == (serving.Resources{}) && prior.IsNull() {
		return types.ObjectNull(fieldTypes()["resources"])
	}
	r := tf.NewReader()
	m, _ := tf.Object[resourcesModel](ctx, r, "", prior)
	diags.Append(r.Diags...)
	m.CPU = sameQuantity(m.CPU, found.CPU)
	m.Memory = sameQuantity(m.Memory, found.Memory)
	m.GPUs = tf.Number(m.GPUs, found.GPUs)
	return write(ctx, diags, m, "resources")
}

// sameQuantity keeps the text that means what was found: Kubernetes writes
// quantities in its own way.
func sameQuantity(prior types.String, found string) types.String {
	if !prior.IsUnknown() && !prior.IsNull() && serving.SameQuantity(prior.ValueString(), found) {
		return prior
	}
	return tf.Text(prior, found)
}

func writeAuth(ctx context.Context, diags *diag.Diagnostics, prior types.Object, found serving.Auth) types.Object {
	r := tf.NewReader()
	m, _ := tf.Object[authModel](ctx, r, "", prior)
	m.Mode = types.StringValue(string(found.Mode))
	m.Header = tf.Text(m.Header, found.Header)
	m.BodyKey = tf.Text(m.BodyKey, found.BodyKey)
	m.Tokens = writeTokens(ctx, diags, m.Tokens, found.Tokens)
	m.JWT = writeJWT(ctx, r, diags, m.JWT, found.JWT)
	diags.Append(r.Diags...)
	return write(ctx, diags, m, "auth")
}

// writeTokens writes the names, which are all that state has.
func writeTokens(ctx context.Context, diags *diag.Diagnostics, prior types.Map, found map[string]serving.Token) types.Map {
	element := types.ObjectType{AttrTypes: fieldTypes()["token"]}
	if len(found) == 0 && len(prior.Elements()) == 0 && !prior.IsUnknown() && !prior.IsNull() {
		return prior
	}
	if len(found) == 0 {
		return types.MapNull(element)
	}
	names := make(map[string]attr.Value, len(found))
	for name := range found {
		names[name] = write(ctx, diags, tokenModel{ValueWO: types.StringNull()}, "token")
	}
	return types.MapValueMust(element, names)
}

func writeJWT(ctx context.Context, r *tf.Reader, diags *diag.Diagnostics, prior types.Object, found *serving.JWT) types.Object {
	if found == nil {
		return types.ObjectNull(fieldTypes()["auth.jwt"])
	}
	m, _ := tf.Object[jwtModel](ctx, r, "", prior)
	m.Issuer = tf.Text(m.Issuer, found.Issuer)
	m.Audiences = tf.Set(m.Audiences, found.Audiences)
	m.JWKSURL = tf.Text(m.JWKSURL, found.JWKSURL)
	return write(ctx, diags, m, "auth.jwt")
}

// driftOfSecrets adds to what was found the secret variables that are not those
// that were stored last. No attribute shows their names.
func driftOfSecrets(found serving.ObservedModelServer, stored []string) map[string][]string {
	want, have := map[string]bool{}, map[string]serving.Token{}
	for _, name := range stored {
		if variable, ok := strings.CutPrefix(name, secretEnvPrefix); ok {
			want[variable] = true
		}
	}
	if found.Spec.Workload != nil {
		have = found.Spec.Workload.SecretEnv
	}
	var lines []string
	for _, name := range slices.Sorted(maps.Keys(want)) {
		if _, ok := have[name]; !ok {
			lines = append(lines, name+": missing")
		}
	}
	for _, name := range slices.Sorted(maps.Keys(have)) {
		if !want[name] {
			lines = append(lines, name+": unexpected")
		}
	}
	if len(lines) == 0 {
		return found.Drift
	}
	drift := maps.Clone(found.Drift)
	if drift == nil {
		drift = map[string][]string{}
	}
	drift["secret_env_wo"] = append(slices.Clone(drift["secret_env_wo"]), lines...)
	return drift
}
