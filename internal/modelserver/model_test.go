package modelserver

import (
	"reflect"
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/resource"

	"github.com/modelserving/terraform-provider-serving/internal/serving"
)

// fullSpecs have every field set that servers of one kind or another can have.
func fullSpecs() map[string]serving.ModelServer {
	cluster := serving.ID{Cloud: serving.AWS, Region: "us-west-2", Name: "prod"}
	return map[string]serving.ModelServer{
		"image": {
			Cluster: cluster, Name: "fraud", Path: "/team/fraud", Protocol: serving.ProtocolHTTP2, TimeoutSeconds: 60, MaxBodyBytes: 1024, AllowUnauthenticated: true,
			Workload: &serving.Workload{
				Image: "fraud:v7", Command: []string{"serve"}, Args: []string{"a", "b"}, Env: map[string]string{"A": "1"}, Port: 8000, HealthPath: "/health",
				Replicas: serving.Replicas{Min: 2, Max: 10, TargetCPUPercent: 50}, Resources: serving.Resources{CPU: "500m", Memory: "8Gi", GPUs: 1}, NodePool: "gpu",
			},
			Auth: serving.Auth{Mode: serving.AuthHeader, Header: "X-API-Key", BodyKey: "key", Tokens: map[string]serving.Token{"app": {}, "ci": {}},
				JWT: &serving.JWT{Issuer: "i", Audiences: []string{"a"}, JWKSURL: "https://i/"}},
		},
		"service": {
			Cluster: cluster, Name: "fraud", Path: "/fraud", TimeoutSeconds: 600, MaxBodyBytes: 10 << 20,
			Service: &serving.ServiceReference{Namespace: "models", Name: "triton", Port: 8000},
			Auth:    serving.Auth{Mode: serving.AuthNone, Tokens: map[string]serving.Token{}},
		},
	}
}

func observed(s serving.ModelServer) serving.ObservedModelServer {
	return serving.ObservedModelServer{
		Observation: serving.Observation{Account: "123456789012", Objects: map[string]string{"deployment": "d"}, Drift: map[string][]string{"service": {"ports"}}},
		Spec:        s, URL: "https://models.example.com/fraud",
	}
}

func TestSpecSurvivesTheModel(t *testing.T) {
	t.Parallel()
	for name, want := range fullSpecs() {
		var m model
		if diags := m.observe(t.Context(), observed(want)); diags.HasError() {
			t.Fatal(diags)
		}
		got, diags := m.spec(t.Context(), nil)
		if diags.HasError() {
			t.Fatal(diags)
		}
		// The values of tokens are the configuration's alone.
		want.Unknown = serving.Unknown{}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("%s:\n got %+v %+v\nwant %+v %+v", name, got, got.Workload, want, want.Workload)
		}
		// What was found once and is found again changes nothing, in any field.
		again := m
		if diags := again.observe(t.Context(), observed(fullSpecs()[name])); diags.HasError() {
			t.Fatal(diags)
		}
		if !reflect.DeepEqual(again, m) {
			t.Errorf("%s: the second observation changed the model\n was %+v\n is %+v", name, m, again)
		}
	}
}

// alter changes the n-th plain value below v and gives its path, or counts n
// down and gives nothing.
func alter(v reflect.Value, path string, n *int) string {
	switch v.Kind() {
	case reflect.Pointer:
		if v.IsNil() {
			return ""
		}
		return alter(v.Elem(), path, n)
	case reflect.Struct:
		for i := range v.NumField() {
			name := v.Type().Field(i).Name
			// None of these is a cluster's to change, or no secret is read back.
			if name == "Unknown" || name == "Gone" || name == "Unseen" || name == "Account" || name == "Value" || name == "SecretEnv" {
				continue
			}
			if altered := alter(v.Field(i), path+"."+name, n); altered != "" {
				return altered
			}
		}
		return ""
	case reflect.Slice:
		if v.Len() == 0 {
			return ""
		}
		return alter(v.Index(0), path+"[0]", n)
	case reflect.Map:
		for _, key := range v.MapKeys() {
			element := reflect.New(v.Type().Elem()).Elem()
			element.Set(v.MapIndex(key))
			altered := alter(element, path+"["+key.String()+"]", n)
			v.SetMapIndex(key, element)
			if altered != "" {
				return altered
			}
		}
		return ""
	}
	if *n--; *n >= 0 {
		return ""
	}
	switch v.Kind() {
	case reflect.String:
		v.SetString(v.String() + "9")
	case reflect.Int64:
		v.SetInt(v.Int() + 1)
	case reflect.Bool:
		v.SetBool(!v.Bool())
	}
	return path
}

// Every value that may change behind Terraform's back changes the model.
func TestEveryObservedFieldShows(t *testing.T) {
	t.Parallel()
	tried := 0
	for name, spec := range fullSpecs() {
		for i := 0; ; i++ {
			var m model
			m.observe(t.Context(), observed(spec))
			before, found, n := m, observed(fullSpecs()[name]), i
			path := alter(reflect.ValueOf(&found).Elem(), "", &n)
			if path == "" {
				break
			}
			tried++
			if diags := m.observe(t.Context(), found); diags.HasError() {
				t.Fatal(diags)
			}
			if reflect.DeepEqual(m, before) {
				t.Errorf("%s: a change of %s does not show", name, path)
			}
		}
	}
	if tried < 40 {
		t.Errorf("%d values were changed, want all", tried)
	}
}

func TestSchemas(t *testing.T) {
	t.Parallel()
	var r resource.SchemaResponse
	NewResource().Schema(t.Context(), resource.SchemaRequest{}, &r)
	if diags := r.Schema.ValidateImplementation(t.Context()); diags.HasError() {
		t.Error(diags)
	}
	var d datasource.SchemaResponse
	NewDataSource().Schema(t.Context(), datasource.SchemaRequest{}, &d)
	if diags := d.Schema.ValidateImplementation(t.Context()); diags.HasError() {
		t.Error(diags)
	}
}
