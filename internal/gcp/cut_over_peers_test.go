package gcp

import (
	"fmt"
	"math"
	"slices"
	"testing"

	"cloud.google.com/go/compute/apiv1/computepb"
	"google.golang.org/protobuf/proto"

	"github.com/modelserving/terraform-provider-serving/internal/reads"
	"github.com/modelserving/terraform-provider-serving/internal/serving"
)

// addRule lets ranges through a security policy, as somebody could.
func addRule(t *testing.T, c *client, policy string, priority int32, description string, ranges ...string) {
	t.Helper()
	rule := sourceRule(priority, actionAllow, ranges)
	rule.Description = &description
	op, err := c.compute.securityPolicies.AddRule(t.Context(), &computepb.AddRuleRegionSecurityPolicyRequest{Project: c.project, Region: c.region, SecurityPolicy: policy, SecurityPolicyRuleResource: rule})
	if err := c.done(t.Context(), op, err); err != nil {
		t.Fatal(err)
	}
}

// policyRules spells the rules of the policies that there are.
func policyRules(t *testing.T, sandbox *simulated) map[string][]string {
	t.Helper()
	ctx := reads.WithLive(t.Context())
	c, err := testBackend(sandbox.URL).client(ctx, testRegion)
	if err != nil {
		t.Fatal(err)
	}
	all, err := c.reader.securityPolicies.Get(ctx, everything)
	if err != nil {
		t.Fatal(err)
	}
	out := map[string][]string{}
	for _, policy := range all {
		for _, rule := range policy.GetRules() {
			out[policy.GetName()] = append(out[policy.GetName()], fmt.Sprintf("%s %v %s", rule.GetAction(), rule.GetMatch().GetConfig().GetSrcIpRanges(), rule.GetDescription()))
		}
		out[policy.GetName()] = sorted(out[policy.GetName()])
	}
	return out
}

// TestCutOverAdmitsPeers asserts that who was let in for a peering gets through the
// new load balancer's policy before the old one goes, and nobody else does.
func TestCutOverAdmitsPeers(t *testing.T) {
	t.Parallel()
	for _, f := range flips {
		t.Run(fmt.Sprintf("%s to %s", f.from, f.to), func(t *testing.T) {
			t.Parallel()
			sandbox, next, before := flipped(t, f.from, f.to)
			b := testBackend(sandbox.URL)
			spec := testPeering(t, b, peerProject)
			made, err := b.CreatePeering(t.Context(), spec)
			if err != nil {
				t.Fatal(err)
			}
			spec.LastSeen = made.Objects
			c, err := b.client(t.Context(), testRegion)
			if err != nil {
				t.Fatal(err)
			}
			policy, mark := lastOf(before.Objects[objectSecurityPolicy]), peeringOwner(spec).describe(objectIngress)
			addRule(t, c, policy, firstPeeringRule+1, "somebody", "10.78.0.0/16")
			addRule(t, c, policy, firstPeeringRule+2, mark, "64.0.0.0/2")
			addRule(t, c, policy, firstPeeringRule+3, owner{stack: "peering/other/projects/x/global/networks/y"}.describe(objectIngress), "10.79.0.0/16")
			sandbox.ResetCalls()
			after, err := b.UpdateCluster(t.Context(), next)
			if err != nil {
				t.Fatal(err)
			}
			seen, err := testBackend(sandbox.URL).ObserveCluster(t.Context(), next)
			if !slices.Equal(seen.Exposure.Endpoint.Sources, after.Exposure.Endpoint.Sources) {
				t.Errorf("the change ends with the sources %v, and a plan sees %v", after.Exposure.Endpoint.Sources, seen.Exposure.Endpoint.Sources)
			}
			if err != nil || len(seen.Drift) > 0 || len(seen.Advice) > 0 {
				t.Errorf("the peer is held against allowed_cidrs: drift %v, advice %q, error %v", seen.Drift, seen.Advice, err)
			}
			own := "allow [203.0.113.0/24] "
			if f.to == serving.Private {
				own = "allow [10.40.0.0/18 10.40.128.0/17] "
			}
			want := map[string][]string{namesOf(next).chain: sorted([]string{"allow [10.60.0.0/16] " + mark, own, "deny(403) [*] "})}
			if got := policyRules(t, sandbox); fmt.Sprint(got) != fmt.Sprint(want) {
				t.Errorf("the rules are %v, want %v", got, want)
			}
			done := actions(changes(sandbox))
			if added, gone := slices.Index(done, "RegionSecurityPolicies.AddRule"), slices.Index(done, "ForwardingRules.Delete"); added < 0 || added > gone {
				t.Errorf("the peer was not let in before the old load balancer went: %v", done)
			}
			settledPeering(t, testBackend(sandbox.URL), spec)
			if clean, err := shows(t, testBackend(sandbox.URL), next); err != nil || !clean {
				t.Errorf("a plan of the cluster is not empty, error %v", err)
			}
		})
	}
}

// TestCutOverKeepsPeers asserts that a peer whom everybody's rule of a public load
// balancer lets in keeps its own there, without which the way back would refuse it.
func TestCutOverKeepsPeers(t *testing.T) {
	t.Parallel()
	sandbox, next, _ := flipped(t, serving.Private, serving.Public)
	next.Endpoint.AllowedCIDRs = nil
	b := testBackend(sandbox.URL)
	spec := testPeering(t, b, peerProject)
	made, err := b.CreatePeering(t.Context(), spec)
	if err != nil {
		t.Fatal(err)
	}
	spec.LastSeen = made.Objects
	if _, err := b.UpdateCluster(t.Context(), next); err != nil {
		t.Fatal(err)
	}
	mark := peeringOwner(spec).describe(objectIngress)
	if got, want := policyRules(t, sandbox)[namesOf(next).chain], sorted([]string{"allow [0.0.0.0/0] ", "allow [10.60.0.0/16] " + mark, "deny(403) [*] "}); !slices.Equal(got, want) {
		t.Errorf("the rules are %q, want %q", got, want)
	}
	settledPeering(t, testBackend(sandbox.URL), spec)
	back := inZones(testCluster(serving.Private))
	if _, err := b.UpdateCluster(t.Context(), back); err != nil {
		t.Fatal(err)
	}
	if got, want := policyRules(t, sandbox)[namesOf(back).chain], "allow [10.60.0.0/16] "+mark; !slices.Contains(got, want) {
		t.Errorf("on the way back the rules are %q, want %q among them", got, want)
	}
	settledPeering(t, testBackend(sandbox.URL), spec)
}

// TestWidePeeringIsDrift asserts that a rule which lets in more than a peer can
// have shows as the cluster's drift and goes, whatever mark it has.
func TestWidePeeringIsDrift(t *testing.T) {
	t.Parallel()
	sandbox, b := clustered(t)
	spec := inZones(testCluster(serving.Private))
	c, err := b.client(t.Context(), testRegion)
	if err != nil {
		t.Fatal(err)
	}
	policy := namesOf(spec).chain
	mark := owner{stack: peeringMark(spec.Name) + "projects/peer-project/global/networks/apps"}.describe(objectIngress)
	addRule(t, c, policy, firstPeeringRule, mark, "10.77.0.0/16")
	if clean, err := shows(t, testBackend(sandbox.URL), spec); err != nil || !clean {
		t.Errorf("a peering's rule shows in the cluster, error %v", err)
	}
	addRule(t, c, policy, firstPeeringRule+1, mark, "0.0.0.0/1", "128.0.0.0/1")
	seen, err := testBackend(sandbox.URL).ObserveCluster(t.Context(), spec)
	if err != nil || len(seen.Drift[objectSecurityPolicy]) == 0 {
		t.Errorf("half of the Internet is let in and does not show: %v, error %v", seen.Drift, err)
	}
	if _, err := testBackend(sandbox.URL).UpdateCluster(t.Context(), spec); err != nil {
		t.Fatal(err)
	}
	want := sorted([]string{"allow [10.40.0.0/18 10.40.128.0/17] ", "allow [10.77.0.0/16] " + mark, "deny(403) [*] "})
	if got := policyRules(t, sandbox)[policy]; !slices.Equal(got, want) {
		t.Errorf("the rules are %q, want %q", got, want)
	}
}

func TestPeeringOf(t *testing.T) {
	t.Parallel()
	const peering = "peering/prod/projects/p/global/networks/n"
	cluster, mark := clusterOwner(serving.Cluster{Name: "prod"}), owner{stack: peering}.describe(objectIngress)
	rule := func(priority int32, description string, ranges ...string) *computepb.SecurityPolicyRule {
		r := sourceRule(priority, actionAllow, ranges)
		r.Description = &description
		return r
	}
	expression := rule(firstPeeringRule, mark, "10.77.0.0/16")
	expression.Match.Expr = &computepb.Expr{Expression: proto.String("true")}
	for name, c := range map[string]struct {
		rule *computepb.SecurityPolicyRule
		want string
	}{
		"a subnetwork's range":       {rule(firstPeeringRule, mark, "10.77.0.0/16"), peering},
		"the widest":                 {rule(firstPeeringRule, mark, "10.0.0.0/8"), peering},
		"the widest of class E":      {rule(firstPeeringRule, mark, "240.0.0.0/4"), peering},
		"wider":                      {rule(firstPeeringRule, mark, "10.0.0.0/7"), ""},
		"one of two is wider":        {rule(firstPeeringRule, mark, "10.77.0.0/16", "128.0.0.0/1"), ""},
		"everybody":                  {rule(firstPeeringRule, mark, "*"), ""},
		"everybody, as a range":      {rule(firstPeeringRule, mark, "0.0.0.0/0"), ""},
		"everybody of IPv6":          {rule(firstPeeringRule, mark, "::/0"), ""},
		"no range":                   {rule(firstPeeringRule, mark), ""},
		"an expression":              {expression, ""},
		"no mark":                    {rule(firstPeeringRule, "somebody", "10.77.0.0/16"), ""},
		"the mark in another word":   {rule(firstPeeringRule, "not-"+mark, "10.77.0.0/16"), ""},
		"another cluster's mark":     {rule(firstPeeringRule, owner{stack: "peering/prod-2/projects/p/global/networks/n"}.describe(objectIngress), "10.77.0.0/16"), ""},
		"among the cluster's own":    {rule(firstRule, mark, "10.77.0.0/16"), ""},
		"in the place of the last":   {rule(math.MaxInt32, mark, "10.77.0.0/16"), ""},
		"at the end of the peerings": {rule(math.MaxInt32-1, mark, "10.77.0.0/16"), peering},
	} {
		if got := peeringOf(cluster, c.rule); got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}
