package cluster_test

import (
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/config"
	acc "github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"

	"github.com/modelserving/terraform-provider-serving/internal/serving"
)

// TestAccClusterOnGCP writes what is GCP's own, and has no plan after any apply.
func TestAccClusterOnGCP(t *testing.T) {
	t.Parallel()
	backend, p := world()
	backend.Runs, backend.Region = serving.GCP, "us-central1"
	p.DefaultTags = map[string]string{"team": "ml"}
	step := func(variables config.Variables, change ...func(*acc.TestStep)) acc.TestStep {
		s := acc.TestStep{ConfigFile: config.StaticFile("testdata/gcp.tf"), ConfigVariables: variables}
		for _, c := range change {
			c(&s)
		}
		return s
	}
	stable := config.ObjectVariable(map[string]config.Variable{"release_channel": config.StringVariable("stable")})
	update := plancheck.ExpectResourceAction(address, plancheck.ResourceActionUpdate)
	run(t, p,
		step(nil, plans(plancheck.ExpectKnownValue(address, at("id"), knownvalue.StringExact("gcp/us-central1/prod"))),
			stores(at("endpoint", "address"), knownvalue.StringExact("203.0.113.9")),
			stores(at("endpoint", "hostname"), knownvalue.Null()),
			stores(at("endpoint", "url"), knownvalue.StringExact("https://203.0.113.9")),
			stores(at("kubernetes_api", "dns_endpoint"), knownvalue.Null()),
			stores(at("node_pools", "gpu", "accelerator", "type"), knownvalue.Null()),
			stores(at("node_pools", "old", "accelerator", "type"), knownvalue.StringExact("nvidia-tesla-t4")),
			stores(at("gcp"), knownvalue.Null()),
		),
		step(config.Variables{"gcp": stable}, plans(update)),
		step(config.Variables{"gcp": stable, "dns_endpoint": config.BoolVariable(true)}, plans(update,
			plancheck.ExpectUnknownValue(address, at("kubernetes_api", "url")), plancheck.ExpectUnknownValue(address, at("exposure", "kubernetes_api")))),
		step(config.Variables{"gcp": stable, "dns_endpoint": config.BoolVariable(false)}, plans(update)),
		// What is off is as absent.
		step(config.Variables{"gcp": stable}, plans(plancheck.ExpectKnownValue(address, at("kubernetes_api", "url"), knownvalue.NotNull()))),
		step(config.Variables{"pod_cidr": config.StringVariable("10.128.0.0/14")}, plans(plancheck.ExpectResourceAction(address, plancheck.ResourceActionDestroyBeforeCreate))),
		step(config.Variables{"gcp": config.ObjectVariable(map[string]config.Variable{"release_channel": config.StringVariable("fast")})}, fails(`Invalid release channel`)),
	)
}
