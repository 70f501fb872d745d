package modelserver_test

import (
	"context"
	"errors"
	"slices"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/config"
	acc "github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"

	"github.com/modelserving/terraform-provider-serving/internal/serving"
	"github.com/modelserving/terraform-provider-serving/internal/tf/tftest"
)

// made puts a server into the backend that Terraform does not know of.
func made(t *testing.T, backend *tftest.Backend) {
	t.Helper()
	spec := serving.ModelServer{
		Cluster: serving.ID{Cloud: serving.AWS, Region: "us-west-2", Name: "prod"}, Name: "fraud",
		Workload: &serving.Workload{
			Image: "registry.example.com/fraud:v7", Port: 8000, Replicas: serving.Replicas{Min: 1, Max: 1}, Resources: serving.Resources{CPU: "1", Memory: "8Gi"},
		},
		Auth: serving.Auth{Mode: serving.AuthHeader, Tokens: map[string]serving.Token{"app": {Value: appToken}}},
	}
	if _, err := backend.CreateModelServer(t.Context(), spec); err != nil {
		t.Fatal(err)
	}
}

// A server is judged against the cluster as the same plan makes it.
func TestAccModelServerOnCluster(t *testing.T) {
	t.Parallel()
	backend, p := world()
	const file = "with_cluster.tf"
	text := func(name, value string) func(*acc.TestStep) { return with(name, config.StringVariable(value)) }
	yes := config.BoolVariable(true)
	run(t, p,
		step(file, text("visibility", "public"), fails("Server would be open to the Internet")),
		step(file, with("gateway", config.BoolVariable(false)), fails("Cluster has no gateway")),
		step(file, text("node_pool", "gpu"), fails("Node pool does not exist")),
		step(file, text("other_path", "/fraud/v2"), fails("Path overlaps that of another server")),
		step(file, text("domain", "models.example.com"), plans(
			planned(at("url"), knownvalue.StringExact("https://models.example.com/fraud")),
		)),
		// The URL follows the cluster's in the same plan.
		step(file, plans(plancheck.ExpectResourceAction(address, plancheck.ResourceActionUpdate))),
		step(file, text("visibility", "public"), fails("Server would be open to the Internet")),
		step(file, text("visibility", "public"), with("allow", yes), plans(
			plancheck.ExpectUnknownValue(address, at("url")),
		), stores(at("url"), knownvalue.StringExact("https://public-prod.elb.amazonaws.com/fraud"))),
		// A cluster that is made anew takes its servers along.
		step(file, text("visibility", "public"), with("allow", yes), text("cidr", "10.41.0.0/16"), plans(
			plancheck.ExpectResourceAction("serving_cluster.test", plancheck.ResourceActionDestroyBeforeCreate),
			plancheck.ExpectResourceAction(address, plancheck.ResourceActionDestroyBeforeCreate),
		)),
	)
	if calls := backend.Calls(); slices.Contains(calls, "PreflightModelServer") {
		t.Errorf("calls are %v, want no PreflightModelServer: the cluster was in every plan", calls)
	}
}

// Of a cluster that is made elsewhere the backend is asked.
func TestAccModelServerPreflight(t *testing.T) {
	t.Parallel()
	backend, p := world()
	const file = "model_server.tf"
	open := serving.Problem{Path: "auth.mode", Summary: "Server would be open", Detail: "It is public."}
	backend.ServerPreflight = []serving.Problem{open}
	run(t, p,
		step(file, fails("Server would be open")),
		step(file, before(func() {
			backend.ServerPreflight = nil
			backend.Fail["PreflightModelServer"] = func(context.Context) error { return errors.New("no credentials") }
		}), fails("(?s)Cannot plan serving_model_server aws/us-west-2/prod/fraud.*no credentials")),
		step(file, before(func() { clear(backend.Fail) }), plans()),
		// Nothing that it has a say in changes.
		step(file, before(func() { backend.ServerPreflight = []serving.Problem{open} }), with("image", config.StringVariable("fraud:v8")), plans()),
		step(file, with("path", config.StringVariable("/x")), fails("Server would be open")),
		// What the cluster has of a server that this plan replaces does not count.
		step(file, before(func() {
			backend.ServerPreflight = []serving.Problem{{Path: "path", Summary: "Path overlaps", Detail: "It is taken.", Other: "fraud"}}
			backend.Fail["DestroyModelServer"] = func(context.Context) error {
				backend.ServerPreflight = nil
				return nil
			}
		}), with("name", config.StringVariable("other")), with("path", config.StringVariable("/fraud")), plans(
			plancheck.ExpectResourceAction(address, plancheck.ResourceActionDestroyBeforeCreate),
		)),
		step(file, before(func() {
			backend.ServerPreflight = []serving.Problem{{Path: "path", Summary: "Path overlaps", Detail: "It is taken.", Other: "stranger"}}
		}), with("name", config.StringVariable("other")),
			with("path", config.StringVariable("/spam")), fails("Path overlaps")),
	)
}

func TestAccModelServerTwice(t *testing.T) {
	t.Parallel()
	_, p := world()
	run(t, p, step("two.tf", fails("Two model servers with one id")))
}

func TestAccModelServerDrift(t *testing.T) {
	t.Parallel()
	backend, p := world()
	const file = "model_server.tf"
	change := func(change func(*tftest.ModelServer)) func(*acc.TestStep) {
		return before(func() { backend.ChangeModelServer(id, change) })
	}
	secrets := with("secrets", texts(map[string]string{"HF_TOKEN": "hf_secret"}))
	run(t, p,
		step(file, secrets, plans()),
		step(file, secrets, change(func(s *tftest.ModelServer) {
			s.Drift = map[string][]string{"service": {"ports: is 80, should be 8000"}}
		}), plans(
			plancheck.ExpectResourceAction(address, plancheck.ResourceActionUpdate),
			planned(at("drift"), knownvalue.MapSizeExact(0)),
			version(1),
		)),
		// What an attribute models shows there; a quantity in Kubernetes's own words is none.
		step(file, secrets, change(func(s *tftest.ModelServer) {
			w := *s.Spec.Workload
			w.Resources.CPU = "1"
			s.Spec.Workload = &w
		}), plans(plancheck.ExpectEmptyPlan())),
		step(file, secrets, change(func(s *tftest.ModelServer) {
			w := *s.Spec.Workload
			w.Image, w.Replicas = "stranger:v1", serving.Replicas{Min: 1, Max: 5}
			s.Spec.Workload = &w
		}), plans(
			plancheck.ExpectResourceAction(address, plancheck.ResourceActionUpdate),
			planned(at("image"), knownvalue.StringExact("registry.example.com/fraud:v7")),
			planned(at("replicas", "max"), knownvalue.Int64Exact(1)),
		)),
		step(file, secrets, change(func(s *tftest.ModelServer) {
			s.Spec.Auth.Tokens = map[string]serving.Token{"app": {Value: appToken}, "stranger": {Value: newToken}}
		}), plans(plancheck.ExpectResourceAction(address, plancheck.ResourceActionUpdate), planned(at("auth", "tokens"), knownvalue.MapSizeExact(1)))),
		// The names of secret variables are no attribute, so they are lines of drift.
		step(file, secrets, change(func(s *tftest.ModelServer) {
			w := *s.Spec.Workload
			w.SecretEnv = map[string]serving.Token{"OTHER": {Value: "x"}}
			s.Spec.Workload = &w
		}), plans(plancheck.ExpectResourceAction(address, plancheck.ResourceActionUpdate), planned(at("drift"), knownvalue.MapSizeExact(0)))),
		step(file, secrets, before(func() { backend.ForgetModelServer(id) }), plans(plancheck.ExpectResourceAction(address, plancheck.ResourceActionCreate))),
	)
}

func TestAccModelServerFailures(t *testing.T) {
	t.Parallel()
	backend, p := world()
	const file = "model_server.tf"
	failing := func(name string) func(*acc.TestStep) {
		return before(func() {
			clear(backend.Fail)
			backend.Fail[name] = func(context.Context) error { return errors.New("ImagePullBackOff: no such image") }
		})
	}
	next := tokens(map[string]string{"app": newToken})
	run(t, p,
		step(file, failing("CreateModelServer"), fails("ImagePullBackOff")),
		step(file, failing(""), plans(plancheck.ExpectResourceAction(address, plancheck.ResourceActionCreate))),
		// A token that could not be stored is noticed again.
		step(file, next, failing("UpdateModelServer"), fails("ImagePullBackOff")),
		step(file, next, failing(""), plans(plancheck.ExpectResourceAction(address, plancheck.ResourceActionUpdate), version(2))),
		step(file, next, failing("ObserveModelServer"), fails("Cannot read serving_model_server aws/us-west-2/prod/fraud")),
		step(file, next, failing(""), plans(plancheck.ExpectEmptyPlan())),
	)
}

func TestAccModelServerImport(t *testing.T) {
	t.Parallel()
	_, p := world()
	imports := func(id string, change ...func(*acc.TestStep)) acc.TestStep {
		return step("model_server.tf", append(change, func(s *acc.TestStep) {
			s.ResourceName, s.ImportState, s.ImportStateId = address, true, id
		})...)
	}
	run(t, p,
		step("model_server.tf", plans()),
		imports(id, func(s *acc.TestStep) {
			s.ImportStateVerify = true
			// Kubernetes writes quantities in its own way, and no secret is read back.
			s.ImportStateVerifyIgnore = []string{"secrets_version"}
		}),
		imports("aws/us-west-2/fraud", fails("Invalid import id")),
		imports("aws/us-west-2/prod/none", fails("There is none of this name")),
	)
}

// After an import, only what is never read back is stored again.
func TestAccModelServerImported(t *testing.T) {
	t.Parallel()
	backend, p := world()
	made(t, backend)
	run(t, p,
		step("model_server.tf", func(s *acc.TestStep) {
			s.ResourceName, s.ImportState, s.ImportStateId, s.ImportStatePersist = address, true, id, true
		}),
		step("model_server.tf", plans(
			plancheck.ExpectResourceAction(address, plancheck.ResourceActionUpdate), version(1),
			// The configuration has "1000m".
			planned(at("resources", "cpu"), knownvalue.StringExact("1")), planned(at("objects"), knownvalue.MapSizeExact(3)),
		)),
	)
}
