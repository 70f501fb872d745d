package peering_test

import (
	"context"
	"errors"
	"regexp"
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/function"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-testing/config"
	acc "github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
	"github.com/hashicorp/terraform-plugin-testing/tfjsonpath"
	"github.com/hashicorp/terraform-plugin-testing/tfversion"

	"github.com/modelserving/terraform-provider-serving/internal/cluster"
	"github.com/modelserving/terraform-provider-serving/internal/peering"
	"github.com/modelserving/terraform-provider-serving/internal/serving"
	"github.com/modelserving/terraform-provider-serving/internal/tf/tftest"
)

const (
	address = "serving_vpc_peering.test"
	vpc     = "vpc-0123456789abcdef0"
	id      = "aws/us-west-2/prod/" + vpc
	role    = "arn:aws:iam::111122223333:role/peering"
	file    = "peering.tf"
)

func world() (*tftest.Backend, *tftest.Provider) {
	backend := &tftest.Backend{Region: "us-west-2", Fail: map[string]func(context.Context) error{}}
	return backend, &tftest.Provider{
		Backend:       backend,
		DefaultTags:   map[string]string{"team": "ml"},
		ResourceTypes: []func() resource.Resource{cluster.NewResource, peering.NewResource},
		FunctionTypes: []func() function.Function{peering.NewCIDRConflicts},
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

func peer(attributes ...string) func(*acc.TestStep) {
	object := map[string]config.Variable{"vpc": config.StringVariable(vpc)}
	for i := 0; i < len(attributes); i += 2 {
		object[attributes[i]] = config.StringVariable(attributes[i+1])
	}
	return with("peer", config.ObjectVariable(object))
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

func planned(p tfjsonpath.Path, value string) plancheck.PlanCheck {
	return plancheck.ExpectKnownValue(address, p, knownvalue.StringExact(value))
}

func unknown(name string) plancheck.PlanCheck {
	return plancheck.ExpectUnknownValue(address, at(name))
}

func stores(p tfjsonpath.Path, value knownvalue.Check) func(*acc.TestStep) {
	return func(s *acc.TestStep) {
		s.ConfigStateChecks = append(s.ConfigStateChecks, statecheck.ExpectKnownValue(address, p, value))
	}
}

func text(s string) knownvalue.Check { return knownvalue.StringExact(s) }

func run(t *testing.T, p *tftest.Provider, steps ...acc.TestStep) {
	t.Helper()
	acc.Test(t, acc.TestCase{ProtoV6ProviderFactories: p.Factories(), Steps: steps})
}

func TestAccPeeringLife(t *testing.T) {
	t.Parallel()
	backend, p := world()
	ranges := func(texts ...string) func(*acc.TestStep) {
		var all []config.Variable
		for _, text := range texts {
			all = append(all, config.StringVariable(text))
		}
		return with("cidrs", config.SetVariable(all...))
	}
	run(t, p,
		step(file, plans(
			planned(at("id"), id), planned(at("peer", "region"), "us-west-2"), planned(at("status"), "active"), planned(at("accept"), "auto"),
			unknown("connection_id"), plancheck.ExpectUnknownValue(address, at("peer").AtMapKey("account_id")),
		), stores(at("peer", "account_id"), text("123456789012")), stores(at("connection_id"), text(tftest.ConnectionID)), stores(at("drift"), knownvalue.MapSizeExact(0))),
		step(file, ranges("10.60.0.0/24"), plans(action(plancheck.ResourceActionUpdate), unknown("objects"), planned(at("connection_id"), tftest.ConnectionID))),
		step(file, ranges("10.60.0.0/24"), with("dns_resolution", config.BoolVariable(false)), plans(action(plancheck.ResourceActionUpdate), planned(at("status"), "active"))),
		// Writing down what is so already changes nothing.
		step(file, ranges("10.60.0.0/24"), with("dns_resolution", config.BoolVariable(false)), peer("account_id", "123456789012", "region", "us-west-2"), plans(action(plancheck.ResourceActionNoop))),
		step(file, plans(action(plancheck.ResourceActionUpdate)), stores(at("cidrs"), knownvalue.Null())),
		step(file, before(func() {
			backend.ChangePeering(id, func(p *tftest.Peering) {
				p.Drift, p.Spec.DNS = map[string][]string{"routes/peer": {"route rtb-0a 10.40.0.0/16: missing"}}, false
			})
		}), plans(action(plancheck.ResourceActionUpdate), unknown("objects"), planned(at("connection_id"), tftest.ConnectionID)), stores(at("drift"), knownvalue.MapSizeExact(0))),
		step(file, peer("assume_role_arn", role, "account_id", "111122223333"), plans(action(plancheck.ResourceActionDestroyBeforeCreate), planned(at("peer", "account_id"), "111122223333"))),
		step(file, peer("assume_role_arn", role, "region", "eu-central-1"), plans(action(plancheck.ResourceActionDestroyBeforeCreate), planned(at("peer", "region"), "eu-central-1"))),
		step(file, peer("assume_role_arn", role, "region", "eu-central-1"), func(s *acc.TestStep) {
			s.ImportState, s.ImportStateVerify, s.ResourceName, s.ImportStateId = true, true, address, id+"?assume_role_arn="+role
		}),
		step(file, func(s *acc.TestStep) {
			s.ImportState, s.ResourceName, s.ImportStateId, s.ExpectError = true, address, id+"?region=eu-west-1", regexp.MustCompile(`Invalid import id`)
		}),
	)
	if calls := backend.Calls(); calls[len(calls)-1] != "DestroyPeering" {
		t.Errorf("last call is %s", calls[len(calls)-1])
	}
}

func TestAccPeeringByHand(t *testing.T) {
	t.Parallel()
	backend, p := world()
	manual := with("accept", config.StringVariable("manual"))
	run(t, p,
		step(file, manual, peer("account_id", "111122223333"), plans(unknown("status")), stores(at("status"), text("pending-acceptance")), stores(at("objects"), knownvalue.MapSizeExact(1))),
		step(file, manual, peer("account_id", "111122223333"), before(func() {
			backend.ChangePeering(id, func(p *tftest.Peering) {
				p.Status, p.Drift = serving.PeeringActive, map[string][]string{"routes/cluster": {"does not exist"}}
			})
		}), plans(action(plancheck.ResourceActionUpdate), unknown("status")), stores(at("status"), text("active"))),
		step(file, manual, peer("account_id", "111122223333"), before(func() {
			backend.ChangePeering(id, func(p *tftest.Peering) {
				p.Ended = "VPC peering connection pcx-1 is rejected: Rejected by 111122223333"
			})
		}), plans(action(plancheck.ResourceActionCreate))),
	)
}

// TestAccPeeringFollowsItsCluster plans a cluster and its peering at once.
func TestAccPeeringFollowsItsCluster(t *testing.T) {
	t.Parallel()
	_, p := world()
	const file = "with_cluster.tf"
	run(t, p,
		step(file, plans(planned(at("id"), id))),
		// The load balancer's security group is another one then.
		step(file, with("visibility", config.StringVariable("public")), plans(action(plancheck.ResourceActionUpdate), unknown("objects"))),
		step(file, with("name", config.StringVariable("dev")), plans(action(plancheck.ResourceActionDestroyBeforeCreate), planned(at("id"), "aws/us-west-2/dev/"+vpc))),
	)
}

func TestAccPeeringMistakes(t *testing.T) {
	t.Parallel()
	backend, p := world()
	backend.PeeringPreflight = []serving.Problem{{Path: "peer.vpc", Summary: "Peer VPC does not exist", Detail: "There is none."}}
	run(t, p,
		step(file, with("cluster_id", config.StringVariable("prod")), fails(`Invalid cluster_id`)),
		step(file, with("peer", config.ObjectVariable(map[string]config.Variable{"vpc": config.StringVariable("my-vpc")})), fails(`Invalid id of the peer VPC`)),
		step(file, with("accept", config.StringVariable("yes")), fails(`Invalid accept`)),
		step(file, peer("account_id", "444455556666", "assume_role_arn", role), fails(`Role is of another account`)),
		step("two.tf", fails(`Two peerings with one id`)),
		step(file, fails(`Peer VPC does not exist`)),
		step(file, before(func() {
			backend.PeeringPreflight = nil
			backend.Fail["CreatePeering"] = func(context.Context) error { return errors.New("the cloud says no") }
		}), fails(`the cloud says no`)),
		step(file, before(func() { delete(backend.Fail, "CreatePeering") }), plans(action(plancheck.ResourceActionCreate))),
		step(file, with("dns_resolution", config.BoolVariable(false)), before(func() {
			backend.Fail["UpdatePeering"] = func(context.Context) error { return errors.New("the cloud says no") }
		}), fails(`the cloud says no`)),
		step(file, before(func() { delete(backend.Fail, "UpdatePeering") }), plans()),
	)
}

func TestAccCIDRConflicts(t *testing.T) {
	t.Parallel()
	_, p := world()
	list := func(texts ...string) func(*acc.TestStep) {
		var all []config.Variable
		for _, text := range texts {
			all = append(all, config.StringVariable(text))
		}
		return with("cidrs", config.ListVariable(all...))
	}
	result := func(pairs ...[2]string) func(*acc.TestStep) {
		return func(s *acc.TestStep) {
			var all []knownvalue.Check
			for _, p := range pairs {
				all = append(all, knownvalue.ListExact([]knownvalue.Check{text(p[0]), text(p[1])}))
			}
			s.ConfigStateChecks = []statecheck.StateCheck{statecheck.ExpectKnownOutputValue("conflicts", knownvalue.ListExact(all))}
		}
	}
	acc.Test(t, acc.TestCase{
		TerraformVersionChecks:   []tfversion.TerraformVersionCheck{tfversion.SkipBelow(tfversion.Version1_8_0)},
		ProtoV6ProviderFactories: p.Factories(),
		Steps: []acc.TestStep{
			step("conflicts.tf", list("10.0.0.0/16", "10.1.0.0/16"), result()),
			step("conflicts.tf", list("10.0.0.0/16", "10.1.0.0/16", "10.0.128.0/20", "10.1.0.0/16"), result([2]string{"10.0.0.0/16", "10.0.128.0/20"}, [2]string{"10.1.0.0/16", "10.1.0.0/16"})),
			step("conflicts.tf", list("10.0.0.0/16", "ten"), fails(`(?s)cidrs\[1\] is "ten"`)),
			step("conflicts.tf", list("10.0.0.1/16"), fails(`(?s)write\s+10.0.0.0/16`)),
		},
	})
}
