package gcp

import (
	"errors"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"cloud.google.com/go/compute/apiv1/computepb"
	"google.golang.org/protobuf/proto"

	"github.com/modelserving/terraform-provider-serving/internal/serving"
	"github.com/modelserving/terraform-provider-serving/internal/stack"
)

// reach asks about a source. What is inside Kubernetes is not there in these tests, so
// that the gateway's hop is left out.
func reach(t *testing.T, b *Backend, from serving.Source) serving.Reachability {
	t.Helper()
	to := serving.Target{Cluster: serving.ID{Cloud: serving.GCP, Region: testRegion, Name: "prod"}}
	c, err := b.client(t.Context(), testRegion)
	if err != nil {
		t.Fatal(err)
	}
	topology, err := b.topology(t.Context(), c, to, from)
	if err != nil {
		t.Fatal(err)
	}
	topology.Gateway = nil
	from.VPC = c.short(from)
	return serving.Reach(topology, from, to)
}

func hop(r serving.Reachability, name string) serving.Hop {
	for _, h := range r.Hops {
		if h.Name == name {
			return h
		}
	}
	return serving.Hop{}
}

func TestReachPrivate(t *testing.T) {
	t.Parallel()
	sandbox, b := clustered(t)
	spec := testPeering(t, b, peerProject)
	apps := serving.Source{VPC: "apps", Project: peerProject, ImpersonateServiceAccount: peerAccount}
	own := serving.Source{VPC: namesOf(testCluster(serving.Private)).vpc}

	if r := reach(t, testBackend(sandbox.URL), serving.Source{}); r.Reachable != serving.VerdictBlock || r.Partly || hop(r, serving.HopLoadBalancer).Verdict != serving.VerdictBlock {
		t.Errorf("the Internet: %+v", r)
	}
	if r := reach(t, testBackend(sandbox.URL), own); r.Reachable != serving.VerdictPass || hop(r, serving.HopNetworkACL).Name != "" || !strings.Contains(hop(r, serving.HopSecurityGroup).Reason, "security policy serving-prod-private") {
		t.Errorf("the own network: %+v", r)
	}
	if r := reach(t, testBackend(sandbox.URL), apps); r.Reachable != serving.VerdictBlock || hop(r, serving.HopPeering).Verdict != serving.VerdictBlock {
		t.Errorf("no peering: %+v", r)
	}
	if _, err := b.CreatePeering(t.Context(), spec); err != nil {
		t.Fatal(err)
	}
	if r := reach(t, testBackend(sandbox.URL), apps); r.Reachable != serving.VerdictPass || hop(r, serving.HopPeering).Verdict != serving.VerdictPass || hop(r, serving.HopRouteBack).Verdict != serving.VerdictPass {
		t.Errorf("a peer: %+v", r)
	}
	// Nobody has given the rights to read the peer's project, and its ranges arrive.
	if r := reach(t, testBackend(sandbox.URL), serving.Source{VPC: "apps", Project: peerProject}); r.Reachable != serving.VerdictUnknown || hop(r, serving.HopSecurityGroup).Verdict != serving.VerdictPass {
		t.Errorf("a peer that is not read: %+v", r)
	}
	addSubnetwork(t, theirClient(t, b, spec), "apps", "more", "10.61.0.0/16")
	if r := reach(t, testBackend(sandbox.URL), apps); r.Reachable != serving.VerdictBlock || !r.Partly || hop(r, serving.HopSecurityGroup).Verdict != serving.VerdictBlock {
		t.Errorf("a range that is not let in yet: %+v", r)
	}
	var missing *stack.MissingError
	for _, from := range []serving.Source{{VPC: "none"}, {VPC: "none", Project: peerProject, ImpersonateServiceAccount: peerAccount}} {
		_, err := testBackend(sandbox.URL).Reach(t.Context(), serving.Target{Cluster: spec.Cluster}, from)
		if !errors.As(err, &missing) {
			t.Errorf("%+v: %v", from, err)
		}
	}
	if _, err := testBackend(sandbox.URL).Reach(t.Context(), serving.Target{Cluster: serving.ID{Cloud: serving.GCP, Region: testRegion, Name: "none"}}, serving.Source{}); !errors.As(err, &missing) {
		t.Errorf("no cluster: %v", err)
	}
}

func TestReachPublic(t *testing.T) {
	t.Parallel()
	sandbox, b := prepared(t)
	spec := testCluster(serving.Public)
	spec.Endpoint.AllowedCIDRs = []string{"203.0.113.0/24"}
	if _, err := b.CreateCluster(t.Context(), spec); err != nil {
		t.Fatal(err)
	}
	ask := func(cidr string) serving.Reachability {
		from := serving.Source{}
		if cidr != "" {
			from.CIDR = netip.MustParsePrefix(cidr)
		}
		return reach(t, testBackend(sandbox.URL), from)
	}
	if r := ask("203.0.113.0/25"); r.Reachable != serving.VerdictPass {
		t.Errorf("allowed: %+v", r)
	}
	if r := ask("198.51.100.0/24"); r.Reachable != serving.VerdictBlock || r.Partly {
		t.Errorf("not allowed: %+v", r)
	}
	if r := ask(""); r.Reachable != serving.VerdictBlock || !r.Partly {
		t.Errorf("everyone: %+v", r)
	}
	spec.Endpoint.AllowedCIDRs = nil
	if _, err := b.UpdateCluster(t.Context(), inZones(spec)); err != nil {
		t.Fatal(err)
	}
	if r := ask(""); r.Reachable != serving.VerdictPass {
		t.Errorf("open to everyone: %+v", r)
	}
	// The nodes leave by NAT, with whatever public address.
	if r := reach(t, testBackend(sandbox.URL), serving.Source{VPC: namesOf(spec).vpc}); r.Reachable != serving.VerdictPass || !strings.Contains(hop(r, serving.HopRouteOut).Reason, "NAT gateway") {
		t.Errorf("the own network: %+v", r)
	}
}

// TestPolicyTopology holds what a policy lets in against its rules in their order.
func TestPolicyTopology(t *testing.T) {
	t.Parallel()
	expression := &computepb.SecurityPolicyRule{Priority: proto.Int32(10), Action: proto.String("deny(403)"), Match: &computepb.SecurityPolicyRuleMatcher{Expr: &computepb.Expr{Expression: proto.String("true")}}}
	preview := sourceRule(5, actionDeny, []string{"*"})
	preview.Preview = proto.Bool(true)
	for name, tc := range map[string]struct {
		rules []*computepb.SecurityPolicyRule
		want  []string
	}{
		"allowed":         {[]*computepb.SecurityPolicyRule{sourceRule(2000, actionDeny, []string{"*"}), sourceRule(1000, actionAllow, []string{"10.0.0.0/8", "192.0.2.0/24"})}, []string{"10.0.0.0/8", "192.0.2.0/24"}},
		"a hole":          {[]*computepb.SecurityPolicyRule{sourceRule(1, actionDeny, []string{"10.128.0.0/9"}), sourceRule(2, actionAllow, []string{"10.0.0.0/8"}), sourceRule(3, actionDeny, []string{"*"})}, []string{"10.0.0.0/9"}},
		"an expression":   {[]*computepb.SecurityPolicyRule{expression, sourceRule(20, actionAllow, []string{"*"})}, []string{"rule 10 of p"}},
		"only considered": {[]*computepb.SecurityPolicyRule{preview, sourceRule(20, actionAllow, []string{"*"})}, []string{"0.0.0.0/0"}},
		"throttled":       {[]*computepb.SecurityPolicyRule{sourceRule(1, "throttle", []string{"*"})}, []string{"rule 1 of p"}},
	} {
		var got []string
		for _, rule := range policyTopology(&computepb.SecurityPolicy{Name: proto.String("p"), Rules: tc.rules}) {
			if rule.List != "" {
				got = append(got, rule.List)
			} else {
				got = append(got, rule.CIDR.String())
			}
		}
		slices.Sort(got)
		if !slices.Equal(got, tc.want) {
			t.Errorf("%s: %v, want %v", name, got, tc.want)
		}
	}
}
