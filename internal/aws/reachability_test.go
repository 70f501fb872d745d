package aws

import (
	"strings"
	"testing"

	"github.com/modelserving/terraform-provider-serving/internal/sandbox/sandboxtest"
	"github.com/modelserving/terraform-provider-serving/internal/serving"
)

// hop finds one of an answer's.
func hop(t testing.TB, r serving.Reachability, name string) serving.Hop {
	t.Helper()
	for _, h := range r.Hops {
		if h.Name == name {
			return h
		}
	}
	t.Errorf("there is no hop %s:\n%s", name, describe(r))
	return serving.Hop{}
}

// reached is a private cluster without an API server, with a peering to another
// account and region.
func reached(t *testing.T) (*sandboxtest.Sandbox, *Backend, serving.Target, serving.Peering) {
	t.Helper()
	sandbox, b, spec := clustered(t)
	peering := testPeering(t, b, neighbours["other account and another region"])
	if _, err := b.CreatePeering(t.Context(), peering); err != nil {
		t.Fatal(err)
	}
	return sandbox, b, serving.Target{Cluster: spec.ID()}, peering
}

func TestReachPeer(t *testing.T) {
	t.Parallel()
	_, b, to, peering := reached(t)
	stranger, _ := peerVPC(t, b, neighbours["same account"], "10.61.0.0/16", "10.61.0.0/24")
	for name, tc := range map[string]struct {
		from        serving.Source
		hop, reason string
		verdict     serving.Verdict
	}{
		"with a role":     {serving.Source{VPC: peering.Peer.VPC, AssumeRoleARN: peerRole}, serving.HopRouteOut, "routes lead through pcx-", serving.VerdictPass},
		"without a role":  {serving.Source{VPC: peering.Peer.VPC}, serving.HopRouteOut, "give from.assume_role_arn", serving.VerdictUnknown},
		"ACL, no role":    {serving.Source{VPC: peering.Peer.VPC}, serving.HopNetworkACL, "the callers' network ACLs", serving.VerdictUnknown},
		"a stranger":      {serving.Source{VPC: stranger}, serving.HopPeering, "there is no VPC peering", serving.VerdictBlock},
		"elsewhere":       {serving.Source{VPC: "vpc-0123456789abcdef0", AccountID: peerAccount}, serving.HopPeering, "there is no VPC peering", serving.VerdictBlock},
		"the Internet":    {serving.Source{}, serving.HopLoadBalancer, "is internal", serving.VerdictBlock},
		"its own network": {serving.Source{VPC: clusterVPC(t, b)}, serving.HopSecurityGroup, "admits port 443", serving.VerdictPass},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := b.Reach(t.Context(), to, tc.from)
			if err != nil {
				t.Fatal(err)
			}
			if h := hop(t, got, tc.hop); h.Verdict != tc.verdict || !strings.Contains(h.Reason, tc.reason) {
				t.Errorf("%+v, want %s %q", h, tc.verdict, tc.reason)
			}
			// Nobody runs in this cluster, which is all that is wrong for those who get there.
			if tc.verdict != serving.VerdictBlock && hop(t, got, serving.HopGateway).Verdict != serving.VerdictBlock {
				t.Errorf("the gateway of a cluster without nodes that answer: %+v", hop(t, got, serving.HopGateway))
			}
			if got.AuthenticationUnknown == "" {
				t.Error("the servers of a cluster whose API nobody reaches are known")
			}
		})
	}
}

func clusterVPC(t testing.TB, b *Backend) string {
	t.Helper()
	c, err := b.client(t.Context(), testRegion)
	if err != nil {
		t.Fatal(err)
	}
	f, err := c.front(t.Context(), "prod")
	if f == nil || err != nil {
		t.Fatal(f, err)
	}
	return *f.VpcId
}

func TestReachBadInput(t *testing.T) {
	t.Parallel()
	_, b, to, peering := reached(t)
	for name, tc := range map[string]struct {
		to     serving.Target
		from   serving.Source
		reason string
	}{
		"no such cluster": {serving.Target{Cluster: serving.ID{Cloud: serving.AWS, Region: testRegion, Name: "gone"}}, serving.Source{}, "there is no cluster aws/us-west-2/gone"},
		"no such VPC":     {to, serving.Source{VPC: "vpc-0123456789abcdef0"}, "there is no VPC vpc-0123456789abcdef0 in account 123456789012 and region us-west-2"},
		"wrong region":    {to, serving.Source{VPC: peering.Peer.VPC, Region: testRegion}, "and not in account 210987654321 and region us-west-2"},
		"wrong account":   {to, serving.Source{VPC: peering.Peer.VPC, AccountID: "123456789012"}, "is in account 210987654321 and region eu-central-1"},
		"no such role":    {to, serving.Source{VPC: peering.Peer.VPC, AssumeRoleARN: "arn:aws:iam::" + peerAccount + ":role/nobody"}, "cannot be taken"},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := b.Reach(t.Context(), tc.to, tc.from); err == nil || !strings.Contains(err.Error(), tc.reason) {
				t.Errorf("%v, want %q", err, tc.reason)
			}
		})
	}
}

// TestReachCalls holds the number of calls of a question, and that several share
// them.
func TestReachCalls(t *testing.T) {
	t.Parallel()
	sandbox, _, to, peering := reached(t)
	b := testBackend(sandbox.URL)
	count := func() int { return len(sandbox.AWS.Calls()) }
	before := count()
	from := serving.Source{VPC: peering.Peer.VPC, AssumeRoleARN: peerRole}
	if _, err := b.Reach(t.Context(), to, from); err != nil {
		t.Fatal(err)
	}
	if n := count() - before; n > 16 {
		t.Errorf("one question takes %d calls", n)
	}
	before = count()
	for range 10 {
		if _, err := b.Reach(t.Context(), serving.Target{Cluster: to.Cluster, Server: "x"}, from); err != nil {
			t.Fatal(err)
		}
	}
	if n := count() - before; n > 0 {
		t.Errorf("ten more questions of the same plan take %d calls", n)
	}
}
