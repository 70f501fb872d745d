package cluster_test

import (
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/modelserving/terraform-provider-serving/internal/tf/tftest"
)

// goodConfig writes every argument that a private cluster in its own network
// can have.
func goodConfig(t *testing.T, s *tftest.Server) tftypes.Value {
	t.Helper()
	return tftest.Value(t, s.Type("serving_cluster"), map[string]any{
		"name": "prod", "cloud": "aws", "region": "us-west-2", "visibility": "private", "kubernetes_version": "1.33",
		"network": map[string]any{
			"cidr": "10.40.0.0/16", "zones": []any{"us-west-2a", "us-west-2b"}, "nat": "single", "service_cidr": "172.20.0.0/16",
		},
		"node_pools": map[string]any{
			"gpu": map[string]any{
				"machine_type": "g6.2xlarge", "min_size": 1, "max_size": 4, "disk_gb": 50, "spot": true,
				"accelerator": map[string]any{"type": "l4", "count": 1},
				"labels":      map[string]any{"example.com/team": "ml"},
				"taints":      []any{map[string]any{"key": "nvidia.com/gpu", "value": "true", "effect": "NoSchedule"}},
			},
		},
		"endpoint": map[string]any{
			"domain": "models.example.com", "certificate_id": "aws/us-west-2/models", "allowed_cidrs": []any{"10.50.0.0/16"},
			"min_tls_version": "1.3", "idle_timeout_seconds": 600, "dns": map[string]any{"zone_id": "Z0123456789ABCDEFGHIJ"},
		},
		"kubernetes_api": map[string]any{
			"allowed_cidrs": []any{"203.0.113.0/24"}, "admins": []any{"arn:aws:iam::123456789012:role/admins"},
		},
		"gateway":             map[string]any{"enabled": true, "min_replicas": 3, "max_replicas": 9, "image": "envoyproxy/envoy:v1.40.0"},
		"deletion_protection": true,
		"aws": map[string]any{
			"cluster_role_arn": "arn:aws:iam::123456789012:role/cluster", "node_role_arn": "arn:aws:iam::123456789012:role/nodes",
			"kms_key_arn": "arn:aws:kms:us-west-2:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab",
		},
		"tags": map[string]any{"cost.center": "42"},
	})
}

// Every value of a good configuration may be unknown, alone or with all below
// it, and no rule holds that against it.
func TestUnknownIsNoError(t *testing.T) {
	t.Parallel()
	_, p := world()
	whole := goodConfig(t, tftest.Serve(t, p))
	paths := 0
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
		_, p := world()
		s := tftest.Serve(t, p)
		if errs := tftest.Errors(s.Validate(t.Context(), t, "serving_cluster", config)); len(errs) > 0 {
			t.Errorf("unknown %s: validation says %s", at, tftest.Render(errs))
		}
		if errs := tftest.Errors(s.Plan(t.Context(), t, "serving_cluster", config).Diagnostics); len(errs) > 0 {
			t.Errorf("unknown %s: the plan says %s", at, tftest.Render(errs))
		}
		return true, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if paths < 45 {
		t.Errorf("%d values were tried, want all of the configuration", paths)
	}
}

// While the provider's settings are not known, a new cluster can be planned:
// nothing is asked of a cloud.
func TestUnsettledProviderPlans(t *testing.T) {
	t.Parallel()
	backend, p := world()
	p.Unsettled = true
	s := tftest.Serve(t, p)
	config := goodConfig(t, s)
	plan := s.Plan(t.Context(), t, "serving_cluster", config)
	if errs := tftest.Errors(plan.Diagnostics); len(errs) > 0 {
		t.Fatalf("the plan says %s", tftest.Render(errs))
	}
	if calls := backend.Calls(); len(calls) > 0 {
		t.Errorf("calls are %v, want none", calls)
	}
	errs := tftest.Errors(s.Create(t.Context(), t, "serving_cluster", config, plan).Diagnostics)
	if len(errs) != 1 || errs[0].Summary != "Provider's settings are not known: aws/us-west-2/prod" {
		t.Errorf("the create says %s, want one error that the settings are not known", tftest.Render(errs))
	}
}

// A mistake is one error, at the attribute it is in.
func TestMistakeIsOneError(t *testing.T) {
	t.Parallel()
	_, p := world()
	s := tftest.Serve(t, p)
	for _, tc := range []struct {
		name  string
		at    *tftypes.AttributePath
		value any
	}{
		{"name", tftypes.NewAttributePath().WithAttributeName("name"), "Prod!"},
		{"cloud", tftypes.NewAttributePath().WithAttributeName("cloud"), "azure"},
		{"visibility", tftypes.NewAttributePath().WithAttributeName("visibility"), "hidden"},
		{"nat", tftypes.NewAttributePath().WithAttributeName("network").WithAttributeName("nat"), "some"},
		{"max_size", tftypes.NewAttributePath().WithAttributeName("node_pools").WithElementKeyString("gpu").WithAttributeName("max_size"), 0},
		{"label", tftypes.NewAttributePath().WithAttributeName("node_pools").WithElementKeyString("gpu").WithAttributeName("labels").WithElementKeyString("example.com/team"), "not ok"},
		{"idle timeout", tftypes.NewAttributePath().WithAttributeName("endpoint").WithAttributeName("idle_timeout_seconds"), 5000},
		{"gateway image", tftypes.NewAttributePath().WithAttributeName("gateway").WithAttributeName("image"), "https://envoy"},
		{"no gateway replica", tftypes.NewAttributePath().WithAttributeName("gateway").WithAttributeName("min_replicas"), 0},
		{"gateway replicas", tftypes.NewAttributePath().WithAttributeName("gateway").WithAttributeName("max_replicas"), 2},
		{"missing", tftypes.NewAttributePath().WithAttributeName("node_pools").WithElementKeyString("gpu").WithAttributeName("max_size"), nil},
		{"missing accelerator count", tftypes.NewAttributePath().WithAttributeName("node_pools").WithElementKeyString("gpu").WithAttributeName("accelerator").WithAttributeName("count"), nil},
		{"tag", tftypes.NewAttributePath().WithAttributeName("tags").WithElementKeyString("cost.center"), "a\tb"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			config, err := tftypes.Transform(goodConfig(t, s), func(here *tftypes.AttributePath, v tftypes.Value) (tftypes.Value, error) {
				if here.Equal(tc.at) {
					return tftypes.NewValue(v.Type(), tc.value), nil
				}
				return v, nil
			})
			if err != nil {
				t.Fatal(err)
			}
			errs := tftest.Errors(s.Validate(t.Context(), t, "serving_cluster", config))
			if len(errs) != 1 || !errs[0].Attribute.Equal(tc.at) {
				t.Errorf("validation says %s\nwant one error at %s", tftest.Render(errs), tc.at)
			}
		})
	}
}
