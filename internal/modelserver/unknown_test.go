package modelserver_test

import (
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/modelserving/terraform-provider-serving/internal/tf/tftest"
)

// goodConfigs write every argument that servers of one kind or another can
// have.
func goodConfigs() map[string]map[string]any {
	timeouts := map[string]any{"create": "5m"}
	return map[string]map[string]any{
		"image": {
			"cluster_id": "aws/us-west-2/prod", "name": "fraud", "image": "registry.example.com/fraud:v7",
			"command": tftest.List{"serve"}, "args": tftest.List{"--fast"}, "env": map[string]any{"A": "1"}, "secret_env_wo": map[string]any{"B": "2"},
			"port": 8000, "health_path": "/health", "replicas": map[string]any{"min": 1, "max": 3, "target_cpu_percent": 50},
			"resources": map[string]any{"cpu": "500m", "memory": "8Gi", "gpus": 1}, "node_pool": "gpu",
			"path": "/team/fraud", "protocol": "http2", "timeout_seconds": 60, "max_body_bytes": 1024,
			"auth":     map[string]any{"mode": "header", "header": "X-API-Key", "tokens": map[string]any{"app": map[string]any{"value_wo": appToken}}},
			"timeouts": timeouts,
		},
		"service": {
			"cluster_id": "aws/us-west-2/prod", "name": "fraud", "service": map[string]any{"namespace": "models", "name": "triton", "port": 8000},
			"auth": map[string]any{"mode": "jwt", "jwt": map[string]any{
				"issuer": "https://accounts.example.com", "audiences": []any{"models"}, "jwks_url": "https://accounts.example.com/jwks",
			}},
		},
		"body": {
			"cluster_id": "aws/us-west-2/prod", "name": "fraud", "image": "fraud:v7", "port": 8000,
			"auth": map[string]any{"mode": "body", "body_key": "key", "tokens": map[string]any{"app": map[string]any{"value_wo": appToken}}},
		},
		"none": {
			"cluster_id": "aws/us-west-2/prod", "name": "fraud", "image": "fraud:v7", "port": 8000, "auth": map[string]any{"mode": "none"}, "allow_unauthenticated": true,
		},
	}
}

// Every value of a good configuration may be unknown, alone or with all below
// it, and no rule holds that against it.
func TestUnknownIsNoError(t *testing.T) {
	t.Parallel()
	paths := 0
	for name, good := range goodConfigs() {
		_, p := world()
		whole := tftest.Value(t, tftest.Serve(t, p).Type(kind), good)
		err := tftypes.Walk(whole, func(at *tftypes.AttributePath, v tftypes.Value) (bool, error) {
			if len(at.Steps()) == 0 || v.IsNull() {
				return true, nil
			}
			paths++
			config, err := tftypes.Transform(whole, func(here *tftypes.AttributePath, v tftypes.Value) (tftypes.Value, error) {
				if here.Equal(at) {
					return tftypes.NewValue(v.Type(), tftypes.UnknownValue), nil
				}
				return v, nil
			})
			if err != nil {
				return false, err
			}
			// Each in a walk of its own: the notebook would see one id twice.
			backend, p := world()
			s := tftest.Serve(t, p)
			if errs := tftest.Errors(s.Validate(t.Context(), t, kind, config)); len(errs) > 0 {
				t.Errorf("%s, unknown %s: validation says %s", name, at, tftest.Render(errs))
			}
			plan := s.Plan(t.Context(), t, kind, config)
			if errs := tftest.Errors(plan.Diagnostics); len(errs) > 0 {
				t.Errorf("%s, unknown %s: the plan says %s", name, at, tftest.Render(errs))
			}
			if at.Equal(tftypes.NewAttributePath().WithAttributeName("cluster_id")) && len(backend.Calls()) > 0 {
				t.Errorf("%s: calls for an unknown cluster are %v, want none", name, backend.Calls())
			}
			return true, nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if paths < 60 {
		t.Errorf("%d values were tried, want all of the configurations", paths)
	}
}

// What was not known while planning is settled by the apply.
func TestUnknownIsSettled(t *testing.T) {
	t.Parallel()
	_, p := world()
	s := tftest.Serve(t, p)
	good := goodConfigs()["body"]
	config := tftest.Value(t, s.Type(kind), good)
	later := goodConfigs()["body"]
	later["image"], later["path"] = tftest.Unknown{}, tftest.Unknown{}
	later["auth"] = map[string]any{"mode": "body", "body_key": "key", "tokens": tftest.Unknown{}}
	plan := s.Plan(t.Context(), t, kind, tftest.Value(t, s.Type(kind), later))
	created := s.Create(t.Context(), t, kind, config, plan)
	if errs := append(tftest.Errors(plan.Diagnostics), tftest.Errors(created.Diagnostics)...); len(errs) > 0 {
		t.Fatal(tftest.Render(errs))
	}
	state := s.Decode(t, kind, created.NewState)
	if !state.IsFullyKnown() {
		t.Errorf("the state is not fully known: %s", state)
	}
	var attributes map[string]tftypes.Value
	if err := state.As(&attributes); err != nil {
		t.Fatal(err)
	}
	if want := tftypes.NewValue(tftypes.Number, 1); !attributes["secrets_version"].Equal(want) {
		t.Errorf("the version of the secrets is %s, want 1", attributes["secrets_version"])
	}
	if want := tftest.Text(id); !attributes["id"].Equal(want) {
		t.Errorf("the id is %s, want %s", attributes["id"], want)
	}
}

// While the provider's settings are not known, a new server can be planned:
// nothing is asked of a cluster.
func TestUnsettledProviderPlans(t *testing.T) {
	t.Parallel()
	backend, p := world()
	p.Unsettled = true
	s := tftest.Serve(t, p)
	config := tftest.Value(t, s.Type(kind), goodConfigs()["image"])
	plan := s.Plan(t.Context(), t, kind, config)
	if errs := tftest.Errors(plan.Diagnostics); len(errs) > 0 {
		t.Fatalf("the plan says %s", tftest.Render(errs))
	}
	if calls := backend.Calls(); len(calls) > 0 {
		t.Errorf("calls are %v, want none", calls)
	}
	errs := tftest.Errors(s.Create(t.Context(), t, kind, config, plan).Diagnostics)
	if len(errs) != 1 || errs[0].Summary != "Provider's settings are not known: "+id {
		t.Errorf("the create says %s, want one error that the settings are not known", tftest.Render(errs))
	}
}

// A mistake is one error, at the attribute it is in.
func TestMistakeIsOneError(t *testing.T) {
	t.Parallel()
	_, p := world()
	s := tftest.Serve(t, p)
	root := tftypes.NewAttributePath().WithAttributeName
	for _, tc := range []struct {
		config string
		at     *tftypes.AttributePath
		value  any
	}{
		{"image", root("cluster_id"), "prod"},
		{"image", root("name"), "Fraud!"},
		{"image", root("image"), "https://fraud"},
		{"image", root("image"), nil},
		{"image", root("port"), nil},
		{"image", root("port"), 70000},
		{"image", root("replicas").WithAttributeName("max"), 2000},
		{"image", root("replicas").WithAttributeName("target_cpu_percent"), 0},
		{"image", root("resources").WithAttributeName("cpu"), nil},
		{"image", root("resources").WithAttributeName("memory"), "8 GB"},
		{"image", root("timeout_seconds"), 0},
		{"image", root("max_body_bytes"), 0},
		{"image", root("auth").WithAttributeName("header"), "Host"},
		{"image", root("auth").WithAttributeName("tokens"), nil},
		{"image", root("auth").WithAttributeName("tokens").WithElementKeyString("app").WithAttributeName("value_wo"), nil},
		{"image", root("allow_unauthenticated"), true},
		{"service", root("service").WithAttributeName("namespace"), nil},
		{"service", root("service").WithAttributeName("name"), "Triton"},
		{"service", root("service").WithAttributeName("port"), nil},
		{"service", root("port"), 8000},
		{"service", root("auth").WithAttributeName("jwt"), nil},
		{"service", root("auth").WithAttributeName("jwt").WithAttributeName("audiences"), nil},
		{"service", root("auth").WithAttributeName("mode"), "basic"},
	} {
		config, err := tftypes.Transform(tftest.Value(t, s.Type(kind), goodConfigs()[tc.config]), func(here *tftypes.AttributePath, v tftypes.Value) (tftypes.Value, error) {
			if here.Equal(tc.at) {
				return tftypes.NewValue(v.Type(), tc.value), nil
			}
			return v, nil
		})
		if err != nil {
			t.Fatal(err)
		}
		errs := tftest.Errors(s.Validate(t.Context(), t, kind, config))
		if len(errs) != 1 || !errs[0].Attribute.Equal(tc.at) {
			t.Errorf("%s = %v: validation says %s\nwant one error there", tc.at, tc.value, tftest.Render(errs))
		}
	}
}
