package modelserver_test

import (
	"context"
	"regexp"
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/function"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-testing/config"
	acc "github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
	"github.com/hashicorp/terraform-plugin-testing/tfjsonpath"

	"github.com/modelserving/terraform-provider-serving/internal/cluster"
	"github.com/modelserving/terraform-provider-serving/internal/modelserver"
	"github.com/modelserving/terraform-provider-serving/internal/tf/tftest"
)

const (
	address = "serving_model_server.test"
	kind    = "serving_model_server"
	id      = "aws/us-west-2/prod/fraud"

	appToken, newToken, ciToken = "app-0123456789abcdef", "new-0123456789abcdef", "ci-0123456789abcdef"
)

func world() (*tftest.Backend, *tftest.Provider) {
	backend := &tftest.Backend{Region: "us-west-2", Fail: map[string]func(context.Context) error{}}
	return backend, &tftest.Provider{
		Backend:         backend,
		ResourceTypes:   []func() resource.Resource{cluster.NewResource, modelserver.NewResource},
		DataSourceTypes: []func() datasource.DataSource{modelserver.NewDataSource},
		FunctionTypes:   []func() function.Function{modelserver.NewBasicToken},
	}
}

func step(file string, change ...func(*acc.TestStep)) acc.TestStep {
	s := acc.TestStep{ConfigFile: config.StaticFile("testdata/" + file), ConfigVariables: config.Variables{}}
	for _, c := range change {
		c(&s)
	}
	return s
}

func with(name string, value config.Variable) func(*acc.TestStep) {
	return func(s *acc.TestStep) { s.ConfigVariables[name] = value }
}

// texts is a map of texts as a variable.
func texts(m map[string]string) config.Variable {
	variables := map[string]config.Variable{}
	for key, text := range m {
		variables[key] = config.StringVariable(text)
	}
	return config.MapVariable(variables)
}

// tokens sets the server's tokens.
func tokens(m map[string]string) func(*acc.TestStep) {
	return func(s *acc.TestStep) {
		var names []config.Variable
		for name := range m {
			names = append(names, config.StringVariable(name))
		}
		s.ConfigVariables["tokens"], s.ConfigVariables["names"] = texts(m), config.SetVariable(names...)
	}
}

func replicas(m map[string]int) func(*acc.TestStep) {
	numbers := map[string]config.Variable{}
	for key, n := range m {
		numbers[key] = config.IntegerVariable(n)
	}
	return with("replicas", config.ObjectVariable(numbers))
}

func plans(checks ...plancheck.PlanCheck) func(*acc.TestStep) {
	return func(s *acc.TestStep) {
		s.ConfigPlanChecks.PreApply = checks
		s.ConfigPlanChecks.PostApplyPostRefresh = []plancheck.PlanCheck{plancheck.ExpectEmptyPlan()}
	}
}

func action(of plancheck.ResourceActionType) plancheck.PlanCheck {
	return plancheck.ExpectResourceAction(address, of)
}

func fails(pattern string) func(*acc.TestStep) {
	return func(s *acc.TestStep) { s.ExpectError = regexp.MustCompile(pattern) }
}

func before(run func()) func(*acc.TestStep) { return func(s *acc.TestStep) { s.PreConfig = run } }

func at(steps ...string) tfjsonpath.Path {
	p := tfjsonpath.New(steps[0])
	for _, s := range steps[1:] {
		p = p.AtMapKey(s)
	}
	return p
}

func planned(p tfjsonpath.Path, value knownvalue.Check) plancheck.PlanCheck {
	return plancheck.ExpectKnownValue(address, p, value)
}

func stores(p tfjsonpath.Path, value knownvalue.Check) func(*acc.TestStep) {
	return func(s *acc.TestStep) {
		s.ConfigStateChecks = append(s.ConfigStateChecks, statecheck.ExpectKnownValue(address, p, value))
	}
}

func version(n int64) plancheck.PlanCheck {
	return planned(at("secrets_version"), knownvalue.Int64Exact(n))
}

func run(t *testing.T, p *tftest.Provider, steps ...acc.TestStep) {
	t.Helper()
	acc.Test(t, acc.TestCase{ProtoV6ProviderFactories: p.Factories(), Steps: steps})
}

// stored demands the secrets that the backend has.
func stored(t *testing.T, backend *tftest.Backend, want map[string]string) func() {
	return func() {
		t.Helper()
		backend.ChangeModelServer(id, func(s *tftest.ModelServer) {
			if len(s.Spec.Auth.Tokens) != len(want) {
				t.Errorf("%d tokens are stored, want %d", len(s.Spec.Auth.Tokens), len(want))
			}
			for name, value := range want {
				if s.Spec.Auth.Tokens[name].Value != value {
					t.Errorf("the token %s is not the one that was given", name)
				}
			}
		})
	}
}

func TestAccModelServerLife(t *testing.T) {
	t.Parallel()
	backend, p := world()
	const file = "model_server.tf"
	run(t, p,
		step(file, plans(
			planned(at("id"), knownvalue.StringExact(id)),
			planned(at("path"), knownvalue.StringExact("/fraud")),
			planned(at("replicas", "max"), knownvalue.Int64Exact(1)),
			planned(at("replicas", "target_cpu_percent"), knownvalue.Null()),
			planned(at("timeout_seconds"), knownvalue.Int64Exact(600)),
			planned(at("drift"), knownvalue.MapSizeExact(0)),
			plancheck.ExpectUnknownValue(address, at("url")),
			version(1),
		), stores(at("url"), knownvalue.StringExact("https://models.example.com/fraud")),
			stores(at("resources", "cpu"), knownvalue.StringExact("1000m")), stores(at("auth", "tokens", "app", "value_wo"), knownvalue.Null())),
		step(file, replicas(map[string]int{"min": 2, "max": 10}), plans(
			action(plancheck.ResourceActionUpdate),
			planned(at("replicas", "target_cpu_percent"), knownvalue.Int64Exact(70)),
			planned(at("url"), knownvalue.StringExact("https://models.example.com/fraud")),
			plancheck.ExpectUnknownValue(address, at("objects")),
			version(1),
		), stores(at("objects"), knownvalue.MapPartial(map[string]knownvalue.Check{"horizontal_pod_autoscaler": knownvalue.NotNull()}))),
		step(file, replicas(map[string]int{"min": 3}), plans(
			planned(at("replicas", "max"), knownvalue.Int64Exact(3)),
			planned(at("replicas", "target_cpu_percent"), knownvalue.Null()),
		)),
		step(file, replicas(map[string]int{"min": 3}), with("path", config.StringVariable("/team/fraud")), plans(
			action(plancheck.ResourceActionUpdate),
			planned(at("url"), knownvalue.StringExact("https://models.example.com/team/fraud")),
			planned(at("objects"), knownvalue.NotNull()),
		)),
		step(file, plans(planned(at("path"), knownvalue.StringExact("/fraud")))),
		// From an image to a service that runs already is no new server.
		step(file, with("image", nil), plans(
			action(plancheck.ResourceActionUpdate),
			planned(at("replicas"), knownvalue.Null()),
			planned(at("resources"), knownvalue.Null()),
			plancheck.ExpectUnknownValue(address, at("objects")),
		), stores(at("objects"), knownvalue.MapSizeExact(1))),
		step(file, plans(action(plancheck.ResourceActionUpdate), planned(at("replicas", "min"), knownvalue.Int64Exact(1)))),
		step(file, with("name", config.StringVariable("other")), plans(
			action(plancheck.ResourceActionDestroyBeforeCreate),
			planned(at("id"), knownvalue.StringExact("aws/us-west-2/prod/other")),
			version(1),
		)),
	)
	if calls := backend.Calls(); calls[len(calls)-1] != "DestroyModelServer" {
		t.Errorf("last call is %s, want DestroyModelServer", calls[len(calls)-1])
	}
}

func TestAccModelServerRotation(t *testing.T) {
	t.Parallel()
	backend, p := world()
	const file = "model_server.tf"
	old := map[string]string{"app": appToken}
	both := map[string]string{"app": appToken, "app2": newToken}
	next := map[string]string{"app2": newToken}
	secret := map[string]string{"HF_TOKEN": "hf_secret"}
	run(t, p,
		step(file, tokens(old), plans(version(1))),
		step(file, tokens(old), before(stored(t, backend, old)), plans(plancheck.ExpectEmptyPlan())),
		// Two overlap.
		step(file, tokens(both), plans(action(plancheck.ResourceActionUpdate), version(2)),
			stores(at("auth", "tokens"), knownvalue.MapSizeExact(2))),
		step(file, tokens(next), before(stored(t, backend, both)), plans(action(plancheck.ResourceActionUpdate), version(3))),
		// Another value under the same name shows in nothing else.
		step(file, tokens(map[string]string{"app2": ciToken}), before(stored(t, backend, next)), plans(
			action(plancheck.ResourceActionUpdate), version(4), planned(at("url"), knownvalue.NotNull()), planned(at("objects"), knownvalue.NotNull()),
		)),
		step(file, tokens(map[string]string{"app2": ciToken}), with("secrets", texts(secret)), plans(action(plancheck.ResourceActionUpdate), version(5))),
		step(file, tokens(map[string]string{"app2": ciToken}), with("secrets", texts(secret)), plans(plancheck.ExpectEmptyPlan())),
		// Space is part of a secret.
		step(file, tokens(map[string]string{"app2": ciToken}), with("secrets", texts(map[string]string{"HF_TOKEN": "hf_secret\n"})), plans(version(6))),
		step(file, tokens(map[string]string{"app2": ciToken}), plans(version(7))),
		step(file, tokens(map[string]string{"app": appToken, "app2": appToken}), fails("Two tokens are the same")),
		step(file, tokens(map[string]string{"app": "short"}), fails("Token is too short")),
	)
}

func TestAccModelServerDataSource(t *testing.T) {
	t.Parallel()
	backend, p := world()
	made(t, backend)
	run(t, p, step("data_source.tf", func(s *acc.TestStep) {
		for _, address := range []string{"data.serving_model_server.by_id", "data.serving_model_server.by_name"} {
			s.ConfigStateChecks = append(s.ConfigStateChecks,
				statecheck.ExpectKnownValue(address, at("id"), knownvalue.StringExact(id)),
				statecheck.ExpectKnownValue(address, at("url"), knownvalue.StringExact("https://models.example.com/fraud")),
				statecheck.ExpectKnownValue(address, at("auth", "mode"), knownvalue.StringExact("header")),
				statecheck.ExpectKnownValue(address, at("auth", "header"), knownvalue.StringExact("Authorization")),
				statecheck.ExpectKnownValue(address, at("auth", "token_names"), knownvalue.SetExact([]knownvalue.Check{knownvalue.StringExact("app")})),
			)
		}
	}))
	_, p = world()
	run(t, p, step("data_source.tf", fails("No such model server: aws/us-west-2/prod/fraud")))
}
