package gcp

import (
	"net/netip"
	"regexp"
	"testing"

	"github.com/modelserving/terraform-provider-serving/internal/sandbox/control"
	"github.com/modelserving/terraform-provider-serving/internal/serving"
)

// foreign are words of AWS for what Google Cloud has under another name, or not at all.
var foreign = regexp.MustCompile(`(?i)security group|route table|network ACL|internet-facing|an internet gateway|\blistener|its name resolves|own VPC|\bsubnet\b|\bsubnets\b|\bgroup none\b|policy none`)

// TestReasonsAreInWordsOfGoogle asks about callers of many kinds, with what each hop
// needs there and not there, and reads every reason.
func TestReasonsAreInWordsOfGoogle(t *testing.T) {
	t.Parallel()
	seen := map[string]map[serving.Verdict]bool{}
	read := func(sandbox *simulated, from ...serving.Source) {
		t.Helper()
		for _, source := range from {
			for _, h := range reach(t, testBackend(sandbox.URL), source).Hops {
				if found := foreign.FindString(h.Reason); found != "" {
					t.Errorf("%s %s has the word %q: %s", h.Name, h.Verdict, found, h.Reason)
				}
				if seen[h.Name] == nil {
					seen[h.Name] = map[serving.Verdict]bool{}
				}
				seen[h.Name][h.Verdict] = true
			}
		}
	}
	everybody := []serving.Source{
		{}, {CIDR: netip.MustParsePrefix("203.0.113.0/25")}, {VPC: "apps", Project: peerProject, ImpersonateServiceAccount: peerAccount}, {VPC: "apps", Project: peerProject},
	}
	for _, visibility := range []serving.Visibility{serving.Private, serving.Public} {
		sandbox, b := prepared(t)
		spec := testCluster(visibility)
		if visibility == serving.Public {
			spec.Endpoint.AllowedCIDRs = []string{"203.0.113.0/24"}
		}
		if _, err := b.CreateCluster(t.Context(), spec); err != nil {
			t.Fatal(err)
		}
		own := serving.Source{VPC: namesOf(spec).vpc}
		nowhere := serving.Source{VPC: own.VPC, CIDR: netip.MustParsePrefix("192.168.0.0/24")}
		peering := testPeering(t, b, peerProject)
		all := append([]serving.Source{own, nowhere}, everybody...)
		read(sandbox, all...)
		if _, err := b.CreatePeering(t.Context(), peering); err != nil {
			t.Fatal(err)
		}
		read(sandbox, all...)
		object := func(kind string) control.Object {
			return control.Object{Cloud: "gcp", Account: sandboxProject, Region: testRegion, Kind: kind, ID: namesOf(spec).chain}
		}
		for _, gone := range []control.Field{
			{Object: object("compute.backend_service"), Path: "/securityPolicy"},
			{Object: object("compute.target_https_proxy"), Path: "/sslCertificates/0"},
			{Object: object("compute.forwarding_rule"), Path: "/target", Value: "https://www.googleapis.com/compute/v1/projects/" + sandboxProject + "/regions/" + testRegion + "/targetHttpsProxies/none"},
		} {
			if err := sandbox.Mutate(gone); err != nil {
				t.Fatal(err)
			}
			read(sandbox, all...)
		}
	}
	for name, wanted := range map[string][]serving.Verdict{
		serving.HopLoadBalancer:  {serving.VerdictPass, serving.VerdictBlock},
		serving.HopPeering:       {serving.VerdictPass, serving.VerdictBlock},
		serving.HopRouteOut:      {serving.VerdictPass, serving.VerdictBlock, serving.VerdictUnknown},
		serving.HopSecurityGroup: {serving.VerdictPass, serving.VerdictBlock},
		serving.HopRouteBack:     {serving.VerdictPass, serving.VerdictBlock},
		serving.HopListener:      {serving.VerdictPass, serving.VerdictBlock},
	} {
		for _, v := range wanted {
			if !seen[name][v] {
				t.Errorf("no reason of a %s that is %s was read: %v", name, v, seen[name])
			}
		}
	}
}
