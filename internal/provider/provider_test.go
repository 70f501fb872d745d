package provider

import (
	"context"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/path"
	fw "github.com/hashicorp/terraform-plugin-framework/provider"
	"github.com/hashicorp/terraform-plugin-framework/provider/schema"
	"github.com/hashicorp/terraform-plugin-framework/providerserver"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/modelserving/terraform-provider-serving/internal/serving"
	"github.com/modelserving/terraform-provider-serving/internal/tf"
	"github.com/modelserving/terraform-provider-serving/internal/tf/tftest"
)

func TestSandboxIsOnThisMachine(t *testing.T) {
	t.Parallel()
	for text, ok := range map[string]bool{
		"http://127.0.0.1:4510":         true,
		"http://127.9.9.9:4510/":        true,
		"http://[::1]:4510":             true,
		"http://localhost:4510":         true,
		"https://127.0.0.1:4510":        false,
		"http://10.0.0.1:4510":          false,
		"http://example.com":            false,
		"http://localhost.example.com":  false,
		"http://127.0.0.1@example.com":  false,
		"http://example.com@127.0.0.1":  false,
		"http://127.0.0.1.example.com":  false,
		"http://127.0.0.1:4510/path":    false,
		"http://[::ffff:10.0.0.1]:4510": false,
		"127.0.0.1:4510":                false,
		"":                              false,
	} {
		if err := loopback(text); (err == nil) != ok {
			t.Errorf("%q: got %v, want ok %t", text, err, ok)
		}
	}
}

func TestProxy(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		text    string
		sandbox bool
		ok      bool
	}{
		{"http://proxy.example.com:3128", false, true},
		{"https://user:secret@proxy.example.com", false, true},
		{"socks5://10.0.0.1:1080/", false, true},
		{"http://127.0.0.1:3128", true, true},
		{"socks5://user:secret@localhost:1080", true, true},
		{"http://proxy.example.com:3128", true, false},
		{"http://[::ffff:10.0.0.1]:3128", true, false},
		{"ftp://proxy.example.com", false, false},
		{"proxy.example.com:3128", false, false},
		{"http://", false, false},
		{"http://proxy.example.com/path", false, false},
		{"http://proxy.example.com/?user=secret", false, false},
		{"http://user:secret\x7f@proxy", false, false},
		{"", false, false},
	} {
		err := proxy(tc.text, tc.sandbox)
		if (err == nil) != tc.ok {
			t.Errorf("%q, sandbox %t: got %v, want ok %t", tc.text, tc.sandbox, err, tc.ok)
		}
		if err != nil && strings.Contains(err.Error(), "secret") {
			t.Errorf("%q: the password is shown: %v", tc.text, err)
		}
	}
}

func TestConfigureProxy(t *testing.T) {
	t.Setenv(sandboxVariable, "http://127.0.0.1:4510")
	at := tftypes.NewAttributePath().WithAttributeName("kubernetes_api").WithAttributeName("proxy_url")
	block := func(url any) map[string]any {
		return map[string]any{"kubernetes_api": map[string]any{"proxy_url": url}}
	}
	if data, diags := configured(t, block("http://127.0.0.1:3128")); len(diags) > 0 || !data.KubernetesProxy {
		t.Errorf("on this machine: got %+v %s", data, tftest.Render(diags))
	}
	if _, diags := configured(t, block("http://10.0.0.1:3128")); len(diags) != 1 || !diags[0].Attribute.Equal(at) {
		t.Errorf("elsewhere: got %s", tftest.Render(diags))
	}
	if data, diags := configured(t, block(tftest.Unknown{})); len(diags) > 0 || !data.Unsettled["aws"] {
		t.Errorf("unknown: got %+v %s", data, tftest.Render(diags))
	}
	if data, diags := configured(t, map[string]any{}); len(diags) > 0 || data.KubernetesProxy {
		t.Errorf("none: got %+v %s", data, tftest.Render(diags))
	}
}

// configured gives what Configure makes of a block.
func configured(t *testing.T, block map[string]any) (*tf.Provider, []*tfprotov6.Diagnostic) {
	t.Helper()
	p := &servingProvider{version: "test"}
	var schema fw.SchemaResponse
	p.Schema(t.Context(), fw.SchemaRequest{}, &schema)
	kind := schema.Schema.Type().TerraformType(t.Context())
	raw := tftest.Value(t, kind, block)
	server := providerserver.NewProtocol6(p)()
	config, err := tfprotov6.NewDynamicValue(kind, raw)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := server.ConfigureProvider(t.Context(), &tfprotov6.ConfigureProviderRequest{Config: &config})
	if err != nil {
		t.Fatal(err)
	}
	var direct fw.ConfigureResponse
	req := fw.ConfigureRequest{}
	req.Config.Raw, req.Config.Schema = raw, schema.Schema
	p.Configure(t.Context(), req, &direct)
	data, _ := direct.ResourceData.(*tf.Provider)
	return data, resp.Diagnostics
}

func TestConfigure(t *testing.T) {
	t.Setenv(sandboxVariable, "")
	t.Setenv("AWS_REGION", "eu-west-1")
	t.Setenv("GOOGLE_REGION", "europe-west4")
	data, diags := configured(t, map[string]any{})
	if len(diags) > 0 || data.OnlyCloud() != "" || data.Backends["aws"].DefaultRegion() != "eu-west-1" || data.Backends["gcp"].DefaultRegion() != "europe-west4" {
		t.Errorf("an empty block: got %+v %s", data, tftest.Render(diags))
	}
	data, diags = configured(t, map[string]any{
		"aws":          map[string]any{"region": "us-west-2", "assume_role": map[string]any{"role_arn": "arn:aws:iam::123456789012:role/deploy"}},
		"default_tags": map[string]any{"team": "ml"}, "sandbox": "http://127.0.0.1:4510",
	})
	if len(diags) > 0 || data.OnlyCloud() != "aws" || data.Backends["aws"].DefaultRegion() != "us-west-2" || data.DefaultTags["team"] != "ml" {
		t.Errorf("a full block of aws: got %+v %s", data, tftest.Render(diags))
	}
	google := map[string]any{
		"project": "ml-prod", "region": "us-central1", "credentials_file": "key.json",
		"impersonate_service_account": "deploy@ml-prod.iam.gserviceaccount.com", "max_retries": 3,
	}
	data, diags = configured(t, map[string]any{"gcp": google})
	if len(diags) > 0 || data.OnlyCloud() != "gcp" || data.Backends["gcp"].DefaultRegion() != "us-central1" || data.Backends["gcp"].Cloud() != "gcp" {
		t.Errorf("a full block of gcp: got %+v %s", data, tftest.Render(diags))
	}
	if project, err := data.Backends["gcp"].Account(t.Context(), "us-central1"); err != nil || project != "ml-prod" {
		t.Errorf("a full block of gcp: the project is %q, %v", project, err)
	}
	data, diags = configured(t, map[string]any{"aws": map[string]any{}, "gcp": google})
	if len(diags) > 0 || data.OnlyCloud() != "" || len(data.Backends) != 2 {
		t.Errorf("both clouds: got %+v %s", data, tftest.Render(diags))
	}
	if data, diags = configured(t, map[string]any{"default_tags": tftest.Unknown{}}); len(diags) > 0 || !data.DefaultTagsUnknown || data.Backends["aws"] == nil {
		t.Errorf("unknown default tags: got %+v %s", data, tftest.Render(diags))
	}
}

// TestConfigureUnknown leaves the clouds unsettled for which a value counts that is
// not known, and no other.
func TestConfigureUnknown(t *testing.T) {
	t.Setenv(sandboxVariable, "")
	for name, tc := range map[string]struct {
		block map[string]any
		aws   bool
		gcp   bool
		only  serving.Cloud
	}{
		"aws":             {map[string]any{"aws": tftest.Unknown{}}, true, false, "aws"},
		"aws region":      {map[string]any{"aws": map[string]any{"region": tftest.Unknown{}}}, true, false, "aws"},
		"role":            {map[string]any{"aws": map[string]any{"assume_role": map[string]any{"role_arn": tftest.Unknown{}}}}, true, false, "aws"},
		"gcp":             {map[string]any{"gcp": tftest.Unknown{}}, false, true, "gcp"},
		"project":         {map[string]any{"gcp": map[string]any{"project": tftest.Unknown{}}}, false, true, "gcp"},
		"service account": {map[string]any{"gcp": map[string]any{"impersonate_service_account": tftest.Unknown{}}}, false, true, "gcp"},
		"sandbox":         {map[string]any{"gcp": map[string]any{}, "sandbox": tftest.Unknown{}}, true, true, "gcp"},
	} {
		data, diags := configured(t, tc.block)
		if len(diags) > 0 || data.Unsettled["aws"] != tc.aws || data.Unsettled["gcp"] != tc.gcp ||
			(data.Backends["aws"] == nil) != tc.aws || (data.Backends["gcp"] == nil) != tc.gcp || data.OnlyCloud() != tc.only {
			t.Errorf("unknown %s: got %+v %s", name, data, tftest.Render(diags))
		}
	}
}

// TestGCPBlock refuses what is no path and no service account.
func TestGCPBlock(t *testing.T) {
	t.Parallel()
	block := providerSchema().Attributes["gcp"].(schema.SingleNestedAttribute)
	for name, texts := range map[string]map[string]bool{
		"credentials_file":            {"key.json": true, "/run/key.json": true, `{"type": "service_account"}`: false, "  {": false, "": false},
		"impersonate_service_account": {"deploy@ml-prod.iam.gserviceaccount.com": true, "deploy": false, "serviceAccount:deploy@ml-prod.iam.gserviceaccount.com": false},
	} {
		for text, ok := range texts {
			var resp validator.StringResponse
			for _, v := range block.Attributes[name].(schema.StringAttribute).Validators {
				v.ValidateString(t.Context(), validator.StringRequest{Path: path.Root(name), ConfigValue: types.StringValue(text)}, &resp)
			}
			if resp.Diagnostics.HasError() == ok {
				t.Errorf("%s = %q: got %v, want ok %t", name, text, resp.Diagnostics, ok)
			}
		}
	}
}

func TestConfigureRefusesTheInternet(t *testing.T) {
	at := tftypes.NewAttributePath().WithAttributeName("sandbox")
	t.Setenv(sandboxVariable, "http://example.com")
	if _, diags := configured(t, map[string]any{}); len(diags) != 1 || !diags[0].Attribute.Equal(at) {
		t.Errorf("by environment: got %s", tftest.Render(diags))
	}
	// What is written goes before the environment.
	if _, diags := configured(t, map[string]any{"sandbox": "http://127.0.0.1:4510"}); len(diags) > 0 {
		t.Errorf("by both: got %s", tftest.Render(diags))
	}
	t.Setenv(sandboxVariable, "")
	if _, diags := configured(t, map[string]any{"sandbox": "http://10.0.0.1"}); len(diags) != 1 || !diags[0].Attribute.Equal(at) {
		t.Errorf("by attribute: got %s", tftest.Render(diags))
	}
}

// Every attribute of everything has a description, and no schema is wrong.
func TestDescriptions(t *testing.T) {
	t.Parallel()
	server := providerserver.NewProtocol6(New("test")())()
	resp, err := server.GetProviderSchema(t.Context(), &tfprotov6.GetProviderSchemaRequest{})
	if err != nil || len(resp.Diagnostics) > 0 {
		t.Fatalf("%v %s", err, tftest.Render(resp.Diagnostics))
	}
	described(t, "provider", resp.Provider.Block.Attributes)
	for name, s := range resp.ResourceSchemas {
		described(t, name, s.Block.Attributes)
	}
	for name, s := range resp.DataSourceSchemas {
		described(t, "data."+name, s.Block.Attributes)
	}
	for name, s := range resp.EphemeralResourceSchemas {
		described(t, "ephemeral."+name, s.Block.Attributes)
	}
	for name, f := range resp.Functions {
		if f.Description == "" || f.Summary == "" || f.Parameters[0].Description == "" {
			t.Errorf("the function %s has no description", name)
		}
	}
	p := &servingProvider{}
	for _, r := range p.Resources(context.Background()) {
		var s resource.SchemaResponse
		r().Schema(t.Context(), resource.SchemaRequest{}, &s)
		if diags := s.Schema.ValidateImplementation(t.Context()); diags.HasError() {
			t.Error(diags)
		}
	}
}

func described(t *testing.T, path string, attributes []*tfprotov6.SchemaAttribute) {
	t.Helper()
	for _, a := range attributes {
		at := path + "." + a.Name
		if a.Description == "" {
			t.Errorf("%s has no description", at)
		}
		if a.NestedType != nil {
			described(t, at, a.NestedType.Attributes)
		}
	}
}
