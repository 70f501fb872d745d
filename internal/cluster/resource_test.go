package cluster_test

import (
	"context"
	"errors"
	"maps"
	"regexp"
	"slices"
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-testing/config"
	acc "github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
	"github.com/hashicorp/terraform-plugin-testing/tfjsonpath"

	"github.com/modelserving/terraform-provider-serving/internal/cluster"
	"github.com/modelserving/terraform-provider-serving/internal/serving"
	"github.com/modelserving/terraform-provider-serving/internal/stack"
	"github.com/modelserving/terraform-provider-serving/internal/tf/tftest"
)

const (
	address = "serving_cluster.test"
	id      = "aws/us-west-2/prod"
)

// world is a backend and a provider over it.
func world() (*tftest.Backend, *tftest.Provider) {
	backend := &tftest.Backend{Region: "us-west-2", Fail: map[string]func(context.Context) error{}}
	return backend, &tftest.Provider{
		Backend:         backend,
		DefaultTags:     map[string]string{"team": "ml"},
		ResourceTypes:   []func() resource.Resource{cluster.NewResource},
		DataSourceTypes: []func() datasource.DataSource{cluster.NewDataSource},
	}
}

// step applies testdata/cluster.tf with some variables.
func step(variables config.Variables, change ...func(*acc.TestStep)) acc.TestStep {
	s := acc.TestStep{ConfigFile: config.StaticFile("testdata/cluster.tf"), ConfigVariables: variables}
	for _, c := range change {
		c(&s)
	}
	return s
}

func before(run func()) func(*acc.TestStep) {
	return func(s *acc.TestStep) { s.PreConfig = run }
}

func fails(pattern string) func(*acc.TestStep) {
	return func(s *acc.TestStep) { s.ExpectError = regexp.MustCompile(pattern) }
}

func plans(checks ...plancheck.PlanCheck) func(*acc.TestStep) {
	return func(s *acc.TestStep) {
		s.ConfigPlanChecks.PreApply = checks
		s.ConfigPlanChecks.PostApplyPostRefresh = []plancheck.PlanCheck{plancheck.ExpectEmptyPlan()}
	}
}

func stores(path tfjsonpath.Path, value knownvalue.Check) func(*acc.TestStep) {
	return func(s *acc.TestStep) {
		s.ConfigStateChecks = append(s.ConfigStateChecks, statecheck.ExpectKnownValue(address, path, value))
	}
}

func run(t *testing.T, p *tftest.Provider, steps ...acc.TestStep) {
	t.Helper()
	acc.Test(t, acc.TestCase{ProtoV6ProviderFactories: p.Factories(), Steps: steps})
}

func at(steps ...string) tfjsonpath.Path {
	p := tfjsonpath.New(steps[0])
	for _, s := range steps[1:] {
		p = p.AtMapKey(s)
	}
	return p
}

func TestAccClusterLife(t *testing.T) {
	t.Parallel()
	backend, p := world()
	run(t, p,
		step(nil,
			plans(
				plancheck.ExpectKnownValue(address, at("id"), knownvalue.StringExact(id)),
				plancheck.ExpectKnownValue(address, at("endpoint", "url"), knownvalue.StringExact("https://models.example.com")),
				plancheck.ExpectUnknownValue(address, at("endpoint", "hostname")),
				plancheck.ExpectKnownValue(address, at("drift"), knownvalue.MapSizeExact(0)),
			),
			stores(at("endpoint", "hostname"), knownvalue.StringExact("private-prod.elb.amazonaws.com")),
			stores(at("kubernetes_version"), knownvalue.StringExact("1.33")),
			stores(at("kubernetes_api", "url"), knownvalue.StringExact("https://prod.eks.amazonaws.com")),
			stores(at("kubernetes_api", "allowed_cidrs"), knownvalue.Null()),
			stores(at("network", "zones"), knownvalue.SetSizeExact(2)),
			stores(at("node_pools", "gpu", "disk_gb"), knownvalue.Int64Exact(100)),
			stores(at("exposure", "endpoint", "scheme"), knownvalue.StringExact("internal")),
			stores(at("tags"), knownvalue.Null()),
		),
		step(config.Variables{"max_size": config.IntegerVariable(6)}, plans(
			plancheck.ExpectResourceAction(address, plancheck.ResourceActionUpdate),
			plancheck.ExpectUnknownValue(address, at("objects", "node_group/gpu")),
			plancheck.ExpectKnownValue(address, at("objects", "node_group/cpu"), knownvalue.StringExact("cpu")),
			plancheck.ExpectKnownValue(address, at("endpoint", "hostname"), knownvalue.StringExact("private-prod.elb.amazonaws.com")),
			plancheck.ExpectKnownValue(address, at("exposure", "endpoint", "scheme"), knownvalue.StringExact("internal")),
			plancheck.ExpectKnownValue(address, at("network", "vpc_id"), knownvalue.NotNull()),
		)),
		step(config.Variables{"max_size": config.IntegerVariable(6), "tags": config.MapVariable(map[string]config.Variable{"owner": config.StringVariable("ml")})}, plans(
			plancheck.ExpectKnownValue(address, at("objects"), knownvalue.MapSizeExact(4)),
		)),
		step(config.Variables{"visibility": config.StringVariable("public")}, plans(
			plancheck.ExpectResourceAction(address, plancheck.ResourceActionUpdate),
			plancheck.ExpectUnknownValue(address, at("endpoint", "hostname")),
			plancheck.ExpectUnknownValue(address, at("endpoint", "zone_id")),
			plancheck.ExpectUnknownValue(address, at("endpoint", "address")),
			plancheck.ExpectKnownValue(address, at("endpoint", "url"), knownvalue.StringExact("https://models.example.com")),
			plancheck.ExpectUnknownValue(address, at("exposure", "endpoint")),
			plancheck.ExpectKnownValue(address, at("exposure", "kubernetes_api", "private_access"), knownvalue.Bool(true)),
		), stores(at("endpoint", "hostname"), knownvalue.StringExact("public-prod.elb.amazonaws.com"))),
		step(config.Variables{"visibility": config.StringVariable("public"), "allowed_cidrs": config.SetVariable(config.StringVariable("203.0.113.0/24"))}, plans(
			plancheck.ExpectUnknownValue(address, at("exposure", "kubernetes_api")),
			plancheck.ExpectKnownValue(address, at("exposure", "endpoint", "scheme"), knownvalue.StringExact("internet-facing")),
			plancheck.ExpectKnownValue(address, at("kubernetes_api", "url"), knownvalue.NotNull()),
		)),
		step(config.Variables{"visibility": config.StringVariable("public")}, plans(
			plancheck.ExpectKnownValue(address, at("kubernetes_api", "allowed_cidrs"), knownvalue.Null()),
		)),
		step(config.Variables{"visibility": config.StringVariable("public"), "dns": zone("Z0123456789ABCDEFGHIJ")}, plans(
			plancheck.ExpectResourceAction(address, plancheck.ResourceActionUpdate),
			plancheck.ExpectUnknownValue(address, at("objects")),
			plancheck.ExpectKnownValue(address, at("endpoint", "hostname"), knownvalue.NotNull()),
		), stores(at("endpoint", "dns", "zone_id"), knownvalue.StringExact("Z0123456789ABCDEFGHIJ"))),
		step(config.Variables{"visibility": config.StringVariable("public"), "dns": zone("example.com")}, fails("Invalid hosted zone")),
		step(config.Variables{"visibility": config.StringVariable("public")}, plans(
			plancheck.ExpectResourceAction(address, plancheck.ResourceActionUpdate),
		), stores(at("endpoint", "dns"), knownvalue.Null())),
	)
	if calls := backend.Calls(); calls[len(calls)-1] != "DestroyCluster" {
		t.Errorf("last call is %s, want DestroyCluster", calls[len(calls)-1])
	}
}

// zone is an endpoint.dns.
func zone(id string) config.Variable {
	return config.ObjectVariable(map[string]config.Variable{"zone_id": config.StringVariable(id)})
}

func TestAccClusterReplace(t *testing.T) {
	t.Parallel()
	_, p := world()
	run(t, p,
		step(config.Variables{"deletion_protection": config.BoolVariable(true)}, plans()),
		step(config.Variables{"deletion_protection": config.BoolVariable(true), "cidr": config.StringVariable("10.41.0.0/16")}, fails("deletion_protection is on")),
		acc.TestStep{ConfigFile: config.StaticFile("testdata/none.tf"), ExpectError: regexp.MustCompile("Cluster is protected")},
		step(nil, plans()),
		step(config.Variables{"cidr": config.StringVariable("10.41.0.0/16")}, plans(
			plancheck.ExpectResourceAction(address, plancheck.ResourceActionDestroyBeforeCreate),
			plancheck.ExpectUnknownValue(address, at("network", "vpc_id")),
		)),
		step(config.Variables{"cidr": config.StringVariable("10.41.0.0/16"), "name": config.StringVariable("other")}, plans(
			plancheck.ExpectResourceAction(address, plancheck.ResourceActionDestroyBeforeCreate),
			plancheck.ExpectKnownValue(address, at("id"), knownvalue.StringExact("aws/us-west-2/other")),
		)),
	)
}

func TestAccClusterDrift(t *testing.T) {
	t.Parallel()
	backend, p := world()
	run(t, p,
		step(nil, plans()),
		step(nil, before(func() {
			backend.ChangeCluster(id, func(c *tftest.Cluster) {
				c.Drift = map[string][]string{"security_group/load_balancer": {"ingress: unexpected 0.0.0.0/0"}, "exposure": {"endpoint: the load balancer answers to 0.0.0.0/0"}}
				c.Exposure.Endpoint.Sources = append(c.Exposure.Endpoint.Sources, "0.0.0.0/0")
			})
		}), plans(
			plancheck.ExpectResourceAction(address, plancheck.ResourceActionUpdate),
			plancheck.ExpectKnownValue(address, at("drift"), knownvalue.MapSizeExact(0)),
			plancheck.ExpectUnknownValue(address, at("exposure", "endpoint")),
			plancheck.ExpectKnownValue(address, at("exposure", "kubernetes_api", "private_access"), knownvalue.Bool(true)),
		), stores(at("exposure", "endpoint", "sources"), knownvalue.SetSizeExact(1))),
		// A repair of something else moves nothing of it.
		step(nil, before(func() {
			backend.ChangeCluster(id, func(c *tftest.Cluster) {
				c.Drift = map[string][]string{"node_pool/gpu": {"instance type: other"}}
			})
		}), plans(
			plancheck.ExpectResourceAction(address, plancheck.ResourceActionUpdate),
			plancheck.ExpectKnownValue(address, at("exposure", "endpoint", "sources"), knownvalue.SetSizeExact(1)),
		)),
		// What an attribute models shows there.
		step(nil, before(func() {
			backend.ChangeCluster(id, func(c *tftest.Cluster) {
				pools := maps.Clone(c.Spec.NodePools)
				gpu := pools["gpu"]
				gpu.MaxSize, gpu.Taints = 12, nil
				pools["gpu"] = gpu
				c.Spec.NodePools = pools
				c.Spec.KubernetesAPI.AllowedCIDRs = []string{"0.0.0.0/0"}
				c.Spec.DeletionProtection = true
			})
		}), plans(
			plancheck.ExpectResourceAction(address, plancheck.ResourceActionUpdate),
			plancheck.ExpectKnownValue(address, at("node_pools", "gpu", "max_size"), knownvalue.Int64Exact(4)),
		)),
		// A default tag has no attribute.
		step(nil, before(func() {
			backend.ChangeCluster(id, func(c *tftest.Cluster) { c.Spec.Tags = map[string]string{"stranger": "x"} })
		}), plans(plancheck.ExpectResourceAction(address, plancheck.ResourceActionUpdate))),
		// What is gone is made anew.
		step(nil, before(func() { backend.ForgetCluster(id) }), plans(plancheck.ExpectResourceAction(address, plancheck.ResourceActionCreate))),
	)
}

func TestAccClusterFailures(t *testing.T) {
	t.Parallel()
	backend, p := world()
	failing := func(name string, err error) func() {
		return func() {
			clear(backend.Fail)
			backend.Fail[name] = func(context.Context) error { return err }
		}
	}
	run(t, p,
		step(nil, before(failing("CreateCluster", &stack.Error{
			Failures: []error{&stack.ObjectError{Verb: "create", Object: "nat_gateway/a", Err: errors.New("AddressLimitExceeded: too many")}},
			Skipped:  []string{"node_group/cpu"}, Existing: map[string]string{"vpc": "vpc-1"},
		})), fails(`(?s)create nat_gateway/a.*AddressLimitExceeded.*node_group/cpu.*vpc = vpc-1`)),
		step(nil, before(failing("", nil)), plans(plancheck.ExpectResourceAction(address, plancheck.ResourceActionCreate))),
		step(config.Variables{"max_size": config.IntegerVariable(6)}, before(func() {
			backend.Fail["UpdateCluster"] = func(context.Context) error {
				backend.ChangeCluster(id, func(c *tftest.Cluster) { c.Drift = map[string][]string{"listener": {"policy: is a, should be b"}} })
				return errors.New("Throttling: slow down")
			}
		}), fails("Throttling")),
		// The failed update left what was observed, and no taint.
		step(config.Variables{"max_size": config.IntegerVariable(6)}, before(failing("", nil)), plans(
			plancheck.ExpectResourceAction(address, plancheck.ResourceActionUpdate),
		)),
		step(config.Variables{"max_size": config.IntegerVariable(6)}, before(failing("ObserveCluster", errors.New("AccessDenied: no"))), fails(`Cannot read serving_cluster aws/us-west-2/prod`)),
		step(config.Variables{"max_size": config.IntegerVariable(6)}, before(failing("", nil)), plans(plancheck.ExpectEmptyPlan())),
	)
}

func TestAccClusterPreflight(t *testing.T) {
	t.Parallel()
	backend, p := world()
	backend.Preflight = []serving.Problem{{Path: "endpoint.certificate_id", Summary: "Certificate does not exist", Detail: "There is none."}}
	run(t, p,
		step(nil, fails("Certificate does not exist")),
		step(nil, before(func() {
			backend.Preflight = nil
			backend.Fail["PreflightCluster"] = func(context.Context) error { return errors.New("no credentials") }
		}), fails("(?s)Cannot plan serving_cluster aws/us-west-2/prod.*no credentials")),
	)
	if calls := backend.Calls(); slices.Contains(calls, "CreateCluster") {
		t.Errorf("calls are %v, want no CreateCluster", calls)
	}
}

func TestAccClusterTwice(t *testing.T) {
	t.Parallel()
	_, p := world()
	run(t, p, acc.TestStep{ConfigFile: config.StaticFile("testdata/two.tf"), ExpectError: regexp.MustCompile("Two clusters with one id")})
}

func TestAccClusterImportAndRead(t *testing.T) {
	t.Parallel()
	_, p := world()
	run(t, p,
		step(nil, plans()),
		acc.TestStep{
			ConfigFile:   config.StaticFile("testdata/cluster.tf"),
			ResourceName: address, ImportState: true, ImportStateId: id, ImportStateVerify: true,
		},
		acc.TestStep{
			ConfigFile:   config.StaticFile("testdata/cluster.tf"),
			ResourceName: address, ImportState: true, ImportStateId: "prod", ExpectError: regexp.MustCompile("Invalid import id"),
		},
		acc.TestStep{
			ConfigFile:   config.StaticFile("testdata/cluster.tf"),
			ResourceName: address, ImportState: true, ImportStateId: "aws/us-west-2/none", ExpectError: regexp.MustCompile("There is none of this name"),
		},
	)
}

func TestAccClusterDataSource(t *testing.T) {
	t.Parallel()
	backend, p := world()
	spec := serving.Cluster{
		Cloud: serving.AWS, Region: "us-west-2", Name: "prod", Visibility: serving.Private, Network: serving.Network{CIDR: "10.40.0.0/16"},
		NodePools: map[string]serving.NodePool{"cpu": {MachineType: "m7i.xlarge", MaxSize: 1}}, Tags: map[string]string{"team": "ml"},
	}
	if _, err := backend.CreateCluster(t.Context(), spec); err != nil {
		t.Fatal(err)
	}
	const byID = "data.serving_cluster.by_id"
	acc.Test(t, acc.TestCase{ProtoV6ProviderFactories: p.Factories(), Steps: []acc.TestStep{{
		ConfigFile: config.StaticFile("testdata/data_source.tf"),
		ConfigStateChecks: []statecheck.StateCheck{
			statecheck.ExpectKnownValue(byID, at("endpoint", "hostname"), knownvalue.StringExact("private-prod.elb.amazonaws.com")),
			statecheck.ExpectKnownValue(byID, at("tags", "team"), knownvalue.StringExact("ml")),
			statecheck.ExpectKnownValue("data.serving_cluster.by_name", at("id"), knownvalue.StringExact(id)),
		},
	}}})
}
