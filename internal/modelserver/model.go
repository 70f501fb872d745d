package modelserver

import (
	"context"
	"fmt"
	"sync"

	"github.com/hashicorp/terraform-plugin-framework-timeouts/resource/timeouts"
	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/modelserving/terraform-provider-serving/internal/serving"
	"github.com/modelserving/terraform-provider-serving/internal/tf"
)

// model is the resource's object. Every nested value may be unknown as a whole,
// so none is a struct.
type model struct {
	ID                   types.String   `tfsdk:"id"`
	ClusterID            types.String   `tfsdk:"cluster_id"`
	Name                 types.String   `tfsdk:"name"`
	Image                types.String   `tfsdk:"image"`
	Service              types.Object   `tfsdk:"service"`
	Command              types.List     `tfsdk:"command"`
	Args                 types.List     `tfsdk:"args"`
	Env                  types.Map      `tfsdk:"env"`
	SecretEnvWO          types.Map      `tfsdk:"secret_env_wo"`
	Port                 types.Int64    `tfsdk:"port"`
	HealthPath           types.String   `tfsdk:"health_path"`
	Replicas             types.Object   `tfsdk:"replicas"`
	Resources            types.Object   `tfsdk:"resources"`
	NodePool             types.String   `tfsdk:"node_pool"`
	Path                 types.String   `tfsdk:"path"`
	Protocol             types.String   `tfsdk:"protocol"`
	TimeoutSeconds       types.Int64    `tfsdk:"timeout_seconds"`
	MaxBodyBytes         types.Int64    `tfsdk:"max_body_bytes"`
	Auth                 types.Object   `tfsdk:"auth"`
	AllowUnauthenticated types.Bool     `tfsdk:"allow_unauthenticated"`
	Timeouts             timeouts.Value `tfsdk:"timeouts"`
	URL                  types.String   `tfsdk:"url"`
	SecretsVersion       types.Int64    `tfsdk:"secrets_version"`
	Objects              types.Map      `tfsdk:"objects"`
	Drift                types.Map      `tfsdk:"drift"`
}

type serviceModel struct {
	Namespace types.String `tfsdk:"namespace"`
	Name      types.String `tfsdk:"name"`
	Port      types.Int64  `tfsdk:"port"`
}

type replicasModel struct {
	Min              types.Int64 `tfsdk:"min"`
	Max              types.Int64 `tfsdk:"max"`
	TargetCPUPercent types.Int64 `tfsdk:"target_cpu_percent"`
}

type resourcesModel struct {
	CPU    types.String `tfsdk:"cpu"`
	Memory types.String `tfsdk:"memory"`
	GPUs   types.Int64  `tfsdk:"gpus"`
}

type authModel struct {
	Mode    types.String `tfsdk:"mode"`
	Header  types.String `tfsdk:"header"`
	BodyKey types.String `tfsdk:"body_key"`
	Tokens  types.Map    `tfsdk:"tokens"`
	JWT     types.Object `tfsdk:"jwt"`
}

// tokenModel has a value in the configuration only.
type tokenModel struct {
	ValueWO types.String `tfsdk:"value_wo"`
}

type jwtModel struct {
	Issuer    types.String `tfsdk:"issuer"`
	Audiences types.Set    `tfsdk:"audiences"`
	JWKSURL   types.String `tfsdk:"jwks_url"`
}

// fieldTypes are those of an object's attributes, from the schema.
var fieldTypes = sync.OnceValue(func() map[string]map[string]attr.Type {
	jwt := attributeTypes(jwtAttribute())
	return map[string]map[string]attr.Type{
		"service":   attributeTypes(serviceAttribute()),
		"replicas":  attributeTypes(replicasAttribute()),
		"resources": attributeTypes(resourcesAttribute()),
		"auth":      attributeTypes(authAttribute()),
		"auth.jwt":  jwt,
		"token":     {"value_wo": types.StringType},
	}
})

func attributeTypes(a interface{ GetType() attr.Type }) map[string]attr.Type {
	object, _ := a.GetType().(types.ObjectType)
	return object.AttrTypes
}

// write makes an object of a model.
func write(ctx context.Context, diags *diag.Diagnostics, fields any, of string) types.Object {
	object, d := types.ObjectValueFrom(ctx, fieldTypes()[of], fields)
	diags.Append(d...)
	return object
}

// identity is the server's id as a value.
func (m model) identity() serving.ModelServerID {
	cluster, _ := serving.ParseID(m.ClusterID.ValueString())
	return serving.ModelServerID{Cluster: cluster, Name: m.Name.ValueString()}
}

// clusterID judges the form of the cluster's id, which a spec has only when it
// is right.
func (m model) clusterID() diag.Diagnostics {
	var diags diag.Diagnostics
	if _, ok := serving.ParseID(m.ClusterID.ValueString()); !ok && !m.ClusterID.IsUnknown() {
		diags.AddAttributeError(path.Root("cluster_id"), "Invalid cluster_id",
			fmt.Sprintf("The id is %q. It is the id of a serving_cluster, <cloud>/<region>/<name>, as in \"aws/us-west-2/prod\". Write cluster_id = serving_cluster.prod.id.", m.ClusterID.ValueString()))
	}
	return diags
}

// spec reads the model. Secrets are those of the configuration, the only place
// that has them; without one they have names at most.
func (m model) spec(ctx context.Context, config *model) (serving.ModelServer, diag.Diagnostics) {
	r := tf.NewReader()
	written := m.Auth
	if config != nil {
		written = config.Auth
	}
	r.String("cluster_id", m.ClusterID)
	s := serving.ModelServer{
		Cluster:              m.identity().Cluster,
		Name:                 r.String("name", m.Name),
		Workload:             m.workload(ctx, r, config),
		Path:                 r.String("path", m.Path),
		Protocol:             serving.Protocol(r.String("protocol", m.Protocol)),
		TimeoutSeconds:       r.Int64("timeout_seconds", m.TimeoutSeconds),
		MaxBodyBytes:         r.Int64("max_body_bytes", m.MaxBodyBytes),
		Auth:                 auth(ctx, r, written),
		AllowUnauthenticated: r.Bool("allow_unauthenticated", m.AllowUnauthenticated),
	}
	if service, ok := tf.Object[serviceModel](ctx, r, "service", m.Service); ok {
		s.Service = &serving.ServiceReference{
			Namespace: r.String("service.namespace", service.Namespace),
			Name:      r.String("service.name", service.Name),
			Port:      r.Int64("service.port", service.Port),
		}
	}
	s.Unknown = r.Unknown
	return s, r.Diags
}

func auth(ctx context.Context, r *tf.Reader, v types.Object) serving.Auth {
	m, _ := tf.Object[authModel](ctx, r, "auth", v)
	a := serving.Auth{
		Mode:    serving.AuthMode(r.String("auth.mode", m.Mode)),
		Header:  r.String("auth.header", m.Header),
		BodyKey: r.String("auth.body_key", m.BodyKey),
		Tokens:  tokens(ctx, r, m.Tokens),
	}
	if jwt, ok := tf.Object[jwtModel](ctx, r, "auth.jwt", m.JWT); ok {
		a.JWT = &serving.JWT{
			Issuer:    r.String("auth.jwt.issuer", jwt.Issuer),
			Audiences: r.Strings("auth.jwt.audiences", jwt.Audiences),
			JWKSURL:   r.String("auth.jwt.jwks_url", jwt.JWKSURL),
		}
	}
	return a
}

// tokens reads the tokens. One that is not known yet as a whole has its name
// and nothing else.
func tokens(ctx context.Context, r *tf.Reader, v types.Map) map[string]serving.Token {
	if v.IsUnknown() {
		r.Unknown["auth.tokens"] = true
	}
	all := make(map[string]serving.Token, len(v.Elements()))
	for name, element := range v.Elements() {
		at := "auth.tokens." + name
		token, _ := tf.Object[tokenModel](ctx, r, at, element)
		all[name] = serving.Token{Value: r.String(at+".value_wo", token.ValueWO)}
	}
	return all
}
