package peering_test

import (
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/config"
	acc "github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"

	"github.com/modelserving/terraform-provider-serving/internal/serving"
)

// TestAccPeeringOnGCP has a peer that is a network in a project, and in no region.
func TestAccPeeringOnGCP(t *testing.T) {
	t.Parallel()
	backend, p := world()
	backend.Runs, backend.Region = serving.GCP, "us-central1"
	const account = "peering@peer-project.iam.gserviceaccount.com"
	on := with("cluster_id", config.StringVariable("gcp/us-central1/prod"))
	peer := func(attributes ...string) func(*acc.TestStep) {
		return func(s *acc.TestStep) {
			on(s)
			peer(append([]string{"vpc", "apps"}, attributes...)...)(s)
		}
	}
	run(t, p,
		step(file, peer(), plans(planned(at("id"), "gcp/us-central1/prod/apps"), planned(at("status"), "active")),
			stores(at("peer", "account_id"), knownvalue.Null()), stores(at("peer", "region"), knownvalue.Null()), stores(at("peer", "project"), knownvalue.Null())),
		step(file, peer("impersonate_service_account", account), plans(action(plancheck.ResourceActionUpdate))),
		step(file, peer("project", "peer-project", "impersonate_service_account", account), plans(
			action(plancheck.ResourceActionDestroyBeforeCreate), planned(at("id"), "gcp/us-central1/prod/peer-project/apps"))),
		step(file, peer("project", "peer-project", "impersonate_service_account", account), func(s *acc.TestStep) {
			s.ImportState, s.ImportStateVerify, s.ResourceName = true, true, address
			s.ImportStateId = "gcp/us-central1/prod/peer-project/apps?impersonate_service_account=" + account
		}),
		step(file, peer("region", "us-central1"), fails(`Argument is for a peer on AWS`)),
		step(file, peer("project", "123456789012"), fails(`Invalid project of the peer`)),
	)
}
