package acceptance_test

import (
	"os"
	"strings"
	"testing"

	"github.com/modelserving/terraform-provider-serving/internal/sandbox/control"
)

// A cloud is all that these tests must know of one: what a configuration says
// otherwise, what objects are called in the simulation, and what only it can do
// wrong. Everything else is the same on every cloud.
type cloud struct {
	// key is what ids begin with, and account that of the sandbox's own credentials.
	key, account string
	// region is where tests are; unserved has only the form of a region's name.
	region, unserved string
	// machine and bigger are types of machines, gpu is one with an accelerator, and
	// unoffered none of the region.
	machine, bigger, gpu, unoffered string
	// vpc is what the id of a network looks like.
	vpc string
	// upgrades says that the cloud upgrades Kubernetes on its own.
	upgrades bool
	// words are those of examples that are written for AWS, and what stands for them
	// here.
	words *strings.Replacer

	// What the census calls a cluster, a pool and a certificate.
	clusterKind, poolKind, certificateKind string
	// managed are beginnings of the kinds that go with a control plane.
	managed []string
	// endpoint is where a cluster has the address of its Kubernetes API, born what no
	// update of one changes.
	endpoint string
	born     []string
	// balancerKind has the scheme of a load balancer at the path scheme, which is internal
	// or external in the cloud's words.
	balancerKind, scheme, internal, external string

	// placeIn is where somebody in a network is, by the network's vpc_id.
	placeIn func(vpc string) string
	// open are the hosts of load balancers that answer somebody on the Internet now.
	open func(w *world) []string
	// record is who keeps that of the domain; it is asked before the first apply.
	record func(w *world, p pair) record
	// late is what takes its time while a cluster changes its visibility.
	late map[string]control.Duration
	// drifts are changes behind Terraform's back, by name.
	drifts map[string]drift
	// troubles are what may be wrong with the environment, by name.
	troubles map[string]trouble
	// mistakes are those of testdata/mistakes.tf that are said in the cloud's own words.
	mistakes map[string]mistake
	// broken fails every call that changes something, crowded those that store a
	// certificate.
	broken, crowded control.Fault
	// rekeyed holds a certificate whose key is of another kind now against what it was.
	rekeyed func(w *world, before, after map[string]any)
	// withNetwork makes a network for the example of one that exists, and withPeer one for
	// the example of a peering.
	withNetwork, withPeer func(w *world)
	// reach is why callers of the example of a peering get through or not: the beginnings
	// of all hops, by caller.
	reach map[string][]string
	// peeringDrifts are what somebody takes from a peering, one after the other.
	peeringDrifts []peeringDrift
	// permitted holds the calls so far against what users are told to allow.
	permitted func(w *world)
}

var clouds = []*cloud{&onAWS, &onGCP}

// each runs a test with every command on every cloud, in a world of its own.
func each(t *testing.T, test func(t *testing.T, w *world)) {
	t.Helper()
	if os.Getenv("TF_ACC") == "" {
		t.Skip("TF_ACC is not set; it switches on the tests that run Terraform or OpenTofu")
	}
	t.Parallel()
	for _, c := range commands() {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if c.missing != "" {
				t.Skip(c.missing)
			}
			for _, cloud := range clouds {
				t.Run(cloud.key, func(t *testing.T) {
					t.Parallel()
					test(t, newWorld(t, c, cloud))
				})
			}
		})
	}
}

// id is that of something in the region of the tests.
func (c *cloud) id(name string) string { return strings.Join([]string{c.key, c.region, name}, "/") }
