package serving

import (
	"strings"
	"testing"
)

func TestContradictions(t *testing.T) {
	t.Parallel()
	none := func(*Cluster) {}
	asWanted := func() Exposure {
		return Exposure{
			Endpoint:      EndpointExposure{Scheme: "internal", Sources: []string{"10.40.0.0/16", "10.50.0.0/16", "sg-0123456789abcdef0"}},
			KubernetesAPI: KubernetesAPIExposure{PublicAccess: true, Sources: []string{"203.0.113.0/24"}, PrivateAccess: true},
		}
	}
	open := func(e *Exposure) {
		e.Endpoint = EndpointExposure{Scheme: "internet-facing", Sources: []string{"0.0.0.0/0"}, InternetReachable: true}
	}
	for _, tc := range []struct {
		name    string
		spec    func(*Cluster)
		observe func(*Exposure)
		wants   []string
	}{
		{"as wanted", none, func(*Exposure) {}, nil},
		{"narrower", none, func(e *Exposure) { *e = Exposure{Endpoint: EndpointExposure{Scheme: "internal"}} }, nil},
		{"range of a peer", none, func(e *Exposure) { e.Endpoint.Sources = []string{"172.16.0.0/16", "fd00::/64"} }, nil},
		{"own public range", func(c *Cluster) { c.Network.CIDR = "8.8.0.0/16" }, func(e *Exposure) { e.Endpoint.Sources = []string{"8.8.0.0/16"} }, nil},
		{"public range of a peer", none, func(e *Exposure) {
			e.Endpoint.Sources, e.Endpoint.Inside = []string{"198.51.100.0/24"}, []string{"198.51.100.0/24"}
		}, nil},
		{"private, and open", none, open, []string{
			"load balancer is internet-facing", "path from the Internet", "answers to 0.0.0.0/0, which is not private",
		}},
		{"private, and open by one rule", none, func(e *Exposure) { e.Endpoint.Sources = append(e.Endpoint.Sources, "203.0.113.7/32", "::/0", "pl-123") },
			[]string{"answers to 203.0.113.7/32", "answers to ::/0", "answers to pl-123"}},
		{"public for everyone", public, open, nil},
		{"public for a range, and open", all(public, allowed("203.0.113.0/24")), open,
			[]string{"answers to 0.0.0.0/0, which endpoint.allowed_cidrs does not contain"}},
		{"public for a range", all(public, allowed("203.0.113.0/24")),
			func(e *Exposure) { open(e); e.Endpoint.Sources = []string{"203.0.113.0/25"} }, nil},
		{"visibility unknown", func(c *Cluster) { c.Unknown = Unknown{"visibility": true} }, open, nil},
		{"API has a public endpoint", callers(), func(*Exposure) {}, []string{"there is a public endpoint, and kubernetes_api.allowed_cidrs is empty"}},
		{"API for everyone", none, func(e *Exposure) { e.KubernetesAPI.Sources = nil }, []string{"every address reaches it"}},
		{"API for a stranger", none, func(e *Exposure) { e.KubernetesAPI.Sources = []string{"203.0.113.0/24", "198.51.100.0/24"} },
			[]string{"answers to 198.51.100.0/24, which kubernetes_api.allowed_cidrs does not contain"}},
		{"nodes with addresses", none, func(e *Exposure) { e.Nodes.PublicAddresses = true }, []string{"nodes have public addresses"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			c, e := goodCluster(), asWanted()
			tc.spec(&c)
			tc.observe(&e)
			got := e.Contradictions(c)
			if len(got) != len(tc.wants) {
				t.Fatalf("got %q, want %q", got, tc.wants)
			}
			for i, want := range tc.wants {
				if !strings.Contains(got[i], want) {
					t.Errorf("reason %d: got %q, want ...%s...", i, got[i], want)
				}
			}
		})
	}
}
