package aws

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	sandboxaws "github.com/modelserving/terraform-provider-serving/internal/sandbox/aws"
	"github.com/modelserving/terraform-provider-serving/internal/sandbox/sandboxtest"
	"github.com/modelserving/terraform-provider-serving/internal/serving"
)

// callsOfPeering is how many calls the refresh of one peering may cost on top of
// its cluster's, and callsOfManyPeerings when many are refreshed.
const (
	callsOfPeering      = 4
	callsOfManyPeerings = 1
)

// TestPeeringBudget counts the calls of a refresh of peerings of one cluster with
// VPCs of another account and region, beyond what the cluster reads itself.
func TestPeeringBudget(t *testing.T) {
	t.Parallel()
	for _, n := range []int{1, 10, 50} {
		t.Run(fmt.Sprint(n), func(t *testing.T) {
			t.Parallel()
			sandbox := sandboxtest.Start(t, sandboxtest.WithAWS(func(c *sandboxaws.Config) {
				c.Quotas = map[string]int{"ec2.vpcs": 1000, "ec2.vpc_peerings_per_vpc": 1000, "ec2.rules_per_security_group": 1000}
			}))
			b := testBackend(sandbox.URL)
			if _, err := b.CreateCertificate(t.Context(), testCertificate(t)); err != nil {
				t.Fatal(err)
			}
			cluster := smallCluster(serving.Private)
			made, err := b.CreateCluster(t.Context(), cluster)
			if err != nil {
				t.Fatal(err)
			}
			cluster.LastSeen = made.Objects
			specs := make([]serving.Peering, n)
			for i := range specs {
				cidr := fmt.Sprintf("10.%d.0.0/16", 100+i)
				there := neighbours["other account and another region"]
				vpc, _ := peerVPC(t, b, there, cidr, fmt.Sprintf("10.%d.0.0/24", 100+i))
				spec := serving.Peering{Cluster: cluster.ID(), Peer: serving.Peer{VPC: vpc, Region: there.region, AssumeRoleARN: there.role}, Accept: serving.AcceptAuto, DNS: true}
				seen, err := b.CreatePeering(t.Context(), spec)
				if err != nil {
					t.Fatal(err)
				}
				spec.LastSeen, spec.Peer = seen.Objects, seen.Spec.Peer
				specs[i] = spec
			}
			latency := sandboxaws.Duration(20 * time.Millisecond)
			if err := sandbox.AWS.Configure(sandboxaws.Settings{Latency: &latency}); err != nil {
				t.Fatal(err)
			}
			sandbox.AWS.ResetCalls()
			fresh := testBackend(sandbox.URL)
			if ok, err := shows(t, fresh, cluster); err != nil || !ok {
				t.Fatalf("the cluster shows a difference, error %v", err)
			}
			own := len(sandbox.AWS.Calls())
			sandbox.AWS.ResetCalls()
			refresh(t, make([]serving.Cluster, n), func(context.Context, int) error { return nil }, func(ctx context.Context, i int) error {
				seen, err := fresh.ObservePeering(ctx, specs[i])
				return settled(seen.Observation, err)
			})
			calls := sandbox.AWS.Calls()
			reads := 0
			for _, c := range calls {
				if c.Action != "AssumeRole" {
					reads++
				}
			}
			budget := callsOfPeering
			if n > 1 {
				budget = n * callsOfManyPeerings
			}
			t.Logf("the cluster %d calls, %d peerings %d more, %.1f each:\n%s", own, n, reads, float64(reads)/float64(n), byAction(calls))
			if reads > budget {
				t.Errorf("the refresh of %d peerings took %d calls, want at most %d", n, reads, budget)
			}
		})
	}
}

// TestPeeringBudgetByItself counts the calls of a refresh of one peering whose
// cluster is in another configuration: then nobody else has read the security group
// of the load balancer. Where the peer is in another account or region, each side is
// asked for its own view of the connection, whose tags and options the other may not
// see, and for its own route tables.
func TestPeeringBudgetByItself(t *testing.T) {
	t.Parallel()
	for place, budget := range map[string]int{"same account": 3, "other region": 5, "other account": 5, "other account and another region": 5} {
		t.Run(place, func(t *testing.T) {
			t.Parallel()
			sandbox, b, cluster := clustered(t)
			spec := testPeering(t, b, neighbours[place])
			made, err := b.CreatePeering(t.Context(), spec)
			if err != nil {
				t.Fatal(err)
			}
			spec.LastSeen, spec.Peer = made.Objects, made.Spec.Peer
			for _, with := range []bool{false, true} {
				fresh := testBackend(sandbox.URL)
				if with {
					if ok, err := shows(t, fresh, cluster); err != nil || !ok {
						t.Fatalf("the cluster shows a difference, error %v", err)
					}
				}
				sandbox.AWS.ResetCalls()
				seen, err := fresh.ObservePeering(t.Context(), spec)
				if err := settled(seen.Observation, err); err != nil {
					t.Fatal(err)
				}
				want := budget
				if with {
					want-- // The cluster has read the group.
				}
				if reads := strings.Count(actions(sandbox), "Describe"); reads != want {
					t.Errorf("%d calls, with the cluster in the plan %t; want %d: %s", reads, with, want, actions(sandbox))
				}
			}
		})
	}
}
