package cluster_test

import (
	"context"
	"errors"
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/ephemeral"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
	"github.com/hashicorp/terraform-plugin-testing/config"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"

	"github.com/modelserving/terraform-provider-serving/internal/cluster"
	"github.com/modelserving/terraform-provider-serving/internal/serving"
	"github.com/modelserving/terraform-provider-serving/internal/tf/tftest"
)

func TestAccClusterGateway(t *testing.T) {
	t.Parallel()
	backend, p := world()
	gateway := func(fields map[string]config.Variable) config.Variables {
		return config.Variables{"gateway": config.ObjectVariable(fields)}
	}
	is := func(name string, value knownvalue.Check) plancheck.PlanCheck {
		return plancheck.ExpectKnownValue(address, at("gateway", name), value)
	}
	on, off := config.BoolVariable(true), config.BoolVariable(false)
	run(t, p,
		step(nil, plans(is("enabled", knownvalue.Bool(true)), is("min_replicas", knownvalue.Int64Exact(2)), is("max_replicas", knownvalue.Int64Exact(10)), is("image", knownvalue.Null()))),
		step(gateway(map[string]config.Variable{"min_replicas": config.IntegerVariable(20)}), plans(
			plancheck.ExpectResourceAction(address, plancheck.ResourceActionUpdate),
			is("max_replicas", knownvalue.Int64Exact(20)), plancheck.ExpectUnknownValue(address, at("objects")),
		)),
		step(gateway(map[string]config.Variable{"enabled": off}), plans(is("min_replicas", knownvalue.Null()), is("max_replicas", knownvalue.Null()))),
		step(gateway(map[string]config.Variable{"enabled": off, "max_replicas": config.IntegerVariable(3)}), fails("Gateway is off")),
		// Removed arguments go back to the defaults, and what drifts is repaired.
		step(gateway(map[string]config.Variable{"enabled": on, "max_replicas": config.IntegerVariable(1)}), plans(is("min_replicas", knownvalue.Int64Exact(1)))),
		step(nil, plans(is("min_replicas", knownvalue.Int64Exact(2)), is("max_replicas", knownvalue.Int64Exact(10)))),
		step(nil, before(func() {
			backend.ChangeCluster(id, func(c *tftest.Cluster) { c.Spec.Gateway = serving.Gateway{MinReplicas: 1, MaxReplicas: 10} })
		}), plans(plancheck.ExpectResourceAction(address, plancheck.ResourceActionUpdate), is("min_replicas", knownvalue.Int64Exact(2)))),
	)
}

// Who makes a private Kubernetes API is told where the apply has to run; who
// has it already, or has a proxy, is not.
func TestPrivateAPIWarning(t *testing.T) {
	t.Parallel()
	at := tftypes.NewAttributePath().WithAttributeName("kubernetes_api").WithAttributeName("allowed_cidrs")
	for name, tc := range map[string]struct {
		change map[string]any
		proxy  bool
		want   int
	}{
		"private":                    {change: map[string]any{"kubernetes_api": nil}, want: 1},
		"reachable":                  {change: map[string]any{}},
		"private, through a proxy":   {change: map[string]any{"kubernetes_api": nil}, proxy: true},
		"private, without a gateway": {change: map[string]any{"kubernetes_api": nil, "gateway": map[string]any{"enabled": false}}},
	} {
		_, p := world()
		p.KubernetesProxy = tc.proxy
		s := tftest.Serve(t, p)
		var attributes map[string]tftypes.Value
		if err := goodConfig(t, s).As(&attributes); err != nil {
			t.Fatal(err)
		}
		for attribute, value := range tc.change {
			attributes[attribute] = tftest.Value(t, attributes[attribute].Type(), value)
		}
		plan := s.Plan(t.Context(), t, kind, tftypes.NewValue(s.Type(kind), attributes))
		got := 0
		for _, d := range plan.Diagnostics {
			if d.Attribute.Equal(at) && d.Severity == tfprotov6.DiagnosticSeverityWarning {
				got++
			}
		}
		if errs := tftest.Errors(plan.Diagnostics); got != tc.want || len(errs) > 0 {
			t.Errorf("%s: got %d warnings, want %d: %s", name, got, tc.want, tftest.Render(plan.Diagnostics))
		}
	}
	_, p := world()
	run(t, p, step(nil, plans()), step(config.Variables{"max_size": config.IntegerVariable(5)}, plans()))
}

func TestKubernetesToken(t *testing.T) {
	t.Parallel()
	backend, p := world()
	p.EphemeralTypes = []func() ephemeral.EphemeralResource{cluster.NewKubernetesToken}
	open := func(id string) *tfprotov6.OpenEphemeralResourceResponse {
		s := tftest.Serve(t, p)
		schemas, err := s.GetProviderSchema(t.Context(), &tfprotov6.GetProviderSchemaRequest{})
		if err != nil {
			t.Fatal(err)
		}
		kind := schemas.EphemeralResourceSchemas["serving_kubernetes_token"].ValueType()
		resp, err := s.OpenEphemeralResource(t.Context(), &tfprotov6.OpenEphemeralResourceRequest{
			TypeName: "serving_kubernetes_token", Config: tftest.Dynamic(t, tftest.Value(t, kind, map[string]any{"cluster_id": id})),
		})
		if err != nil {
			t.Fatal(err)
		}
		if len(resp.Diagnostics) > 0 {
			return resp
		}
		result, err := resp.Result.Unmarshal(kind)
		if err != nil {
			t.Fatal(err)
		}
		want := tftest.Value(t, kind, map[string]any{
			"cluster_id": id, "host": "https://prod.eks.amazonaws.com", "cluster_ca_certificate": "pem", "token": tftest.Token, "expires_at": "2027-01-02T03:04:05Z",
		})
		if !result.Equal(want) {
			t.Errorf("got %s, want %s", result, want)
		}
		return resp
	}
	if resp := open(id); len(resp.Diagnostics) > 0 {
		t.Error(tftest.Render(resp.Diagnostics))
	}
	fails := func(id, summary string) {
		t.Helper()
		if resp := open(id); len(resp.Diagnostics) != 1 || resp.Diagnostics[0].Summary != summary {
			t.Errorf("got %s, want %s", tftest.Render(resp.Diagnostics), summary)
		}
	}
	fails("prod", "Invalid cluster_id")
	fails("gcp/europe-west1/prod", `Cloud "gcp" is not supported`)
	backend.Fail["Token"] = func(context.Context) error { return errors.New("AccessDenied") }
	fails(id, "Cannot open serving_kubernetes_token "+id)
	clear(backend.Fail)
	backend.Fail["Kubernetes"] = func(context.Context) error { return errors.New("no such cluster") }
	fails(id, "Cannot open serving_kubernetes_token "+id)
	p.Unsettled = true
	fails(id, "Provider's settings are not known: "+id)
}
