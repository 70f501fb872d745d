package serving

import (
	"math/rand/v2"
	"net/netip"
	"slices"
	"strings"
	"testing"
)

// front is a load balancer in one subnet, and what decides who gets to it.
func front(internal bool, table string, routes []Route, rules ...GroupRule) Topology {
	return Topology{
		LoadBalancer: LoadBalancerTopology{Name: "load balancer lb", Internal: internal, Subnets: []string{"subnet-1"}, Groups: []string{"sg-1"}, Rules: rules, Port: 443},
		Cluster:      VPCTopology{VPC: "vpc-1", Subnets: []SubnetTopology{{ID: "subnet-1", Table: table, Routes: routes}}},
	}
}

func TestFromInternet(t *testing.T) {
	t.Parallel()
	anybody := netip.MustParsePrefix("0.0.0.0/0")
	out := []Route{{To: anybody, Kind: RouteInternet, ID: "igw-1"}}
	at := func(port int, cidr string) GroupRule {
		return GroupRule{Low: port, High: port, CIDR: netip.MustParsePrefix(cidr)}
	}
	for _, tc := range []struct {
		name string
		Topology
		open bool
		// hops are the names and verdicts, and says what their reasons say.
		hops string
		says string
	}{
		{"public", front(false, "rtb-1", out, at(443, "0.0.0.0/0")), true, "load_balancer pass, security_group pass, route_back pass", "internet-facing"},
		{"public for some", front(false, "rtb-1", out, at(443, "198.51.100.0/24")), true, "load_balancer pass, security_group block, route_back pass", "other callers pass"},
		{"public for the network only", front(false, "rtb-1", out, at(443, "10.40.0.0/16")), false, "load_balancer pass, security_group block, route_back pass", "no rule of security group sg-1 admits port 443"},
		{"public, and another port is open", front(false, "rtb-1", out, at(443, "10.40.0.0/16"), at(8443, "0.0.0.0/0")), true, "load_balancer pass, security_group pass, route_back pass", "admits port 8443"},
		{"public, behind a list", front(false, "rtb-1", out, GroupRule{High: 65535, List: "pl-1"}), true, "load_balancer pass, security_group unknown, route_back pass", "pl-1"},
		{"public without a way back", front(false, "rtb-1", nil, at(443, "0.0.0.0/0")), false, "load_balancer pass, security_group pass, route_back block", "has no route"},
		{"public, and the routes were not read", front(false, "", nil, at(443, "0.0.0.0/0")), true, "load_balancer pass, security_group pass, route_back unknown", "the routes of subnet-1 were not read"},
		{"internal in a public subnet, open", front(true, "rtb-1", out, at(443, "0.0.0.0/0")), false, "load_balancer block, security_group pass, route_back pass", "is internal"},
		{"internal", front(true, "rtb-1", nil, at(443, "10.40.0.0/16")), false, "load_balancer block, security_group block, route_back block", "is internal"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			open, hops := tc.FromInternet()
			var got, reasons []string
			for _, h := range hops {
				got, reasons = append(got, h.Name+" "+string(h.Verdict)), append(reasons, h.Reason)
			}
			if open != tc.open || strings.Join(got, ", ") != tc.hops {
				t.Errorf("open %t, hops %q; want %t, %q", open, got, tc.open, tc.hops)
			}
			if !strings.Contains(strings.Join(reasons, "\n"), tc.says) {
				t.Errorf("reasons %q, want ...%s...", reasons, tc.says)
			}
		})
	}
}

// While one load balancer takes the place of another, the wider counts, in
// whichever order they are found.
func TestWider(t *testing.T) {
	t.Parallel()
	shut := EndpointExposure{Scheme: "internal", SecurityGroups: []string{"sg-1"}, Subnets: map[string]SubnetExposure{"subnet-1": {RouteTable: "rtb-1"}}, Hops: []Hop{{Reason: "shut"}}}
	open := EndpointExposure{Scheme: "internet-facing", SecurityGroups: []string{"sg-2"}, Subnets: map[string]SubnetExposure{"subnet-2": {RouteTable: "rtb-2"}}, InternetReachable: true, Hops: []Hop{{Reason: "open"}}}
	for _, order := range [][]EndpointExposure{{shut, open}, {open, shut}} {
		var got EndpointExposure
		for _, e := range order {
			got = got.Wider(e)
		}
		if got.Scheme != "internet-facing" || !got.InternetReachable || got.Hops[0].Reason != "open" || !slices.Equal(got.SecurityGroups, []string{"sg-1", "sg-2"}) || len(got.Subnets) != 2 {
			t.Errorf("got %+v", got)
		}
	}
}

func TestOpenToIPv6(t *testing.T) {
	t.Parallel()
	if got := OpenToIPv6([]string{"::/0", "fd00::/64", "0.0.0.0/0", "sg-1", "2001:db8::/32"}); !slices.Equal(got, []string{"::/0", "2001:db8::/32"}) {
		t.Errorf("got %q", got)
	}
}

// The routes of a network of the cluster's own are the cluster's to repair, those
// of another are not.
func TestWaysOut(t *testing.T) {
	t.Parallel()
	leading := Exposure{Endpoint: EndpointExposure{Scheme: "internal", Subnets: map[string]SubnetExposure{"subnet-1": {RouteTable: "rtb-1", InternetGateway: "igw-1"}, "subnet-2": {RouteTable: "rtb-2"}}}}
	existing := func(c *Cluster) {
		c.Network = Network{VPC: "vpc-1", Subnets: []string{"subnet-1", "subnet-2"}}
	}
	for _, tc := range []struct {
		name          string
		spec          func(*Cluster)
		drift, advice int
	}{
		{"own network", func(*Cluster) {}, 1, 0},
		{"existing network", existing, 0, 1},
		{"existing network of a public cluster", all(existing, public), 0, 0},
		{"visibility unknown", all(existing, func(c *Cluster) { c.Unknown = Unknown{"visibility": true} }), 0, 0},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			c := goodCluster()
			tc.spec(&c)
			drift, advice := leading.Contradictions(c), leading.Advice(c)
			if len(drift) != tc.drift || len(advice) != tc.advice {
				t.Errorf("drift %q, advice %q; want %d and %d", drift, advice, tc.drift, tc.advice)
			}
			for _, text := range append(drift, advice...) {
				if !strings.Contains(text, "route table rtb-1 of the load balancer's subnet subnet-1 leads to the internet gateway igw-1") {
					t.Errorf("got %q", text)
				}
			}
		})
	}
}

// TestFromInternetIsNeverNarrower holds it against Reach in random networks: whoever
// gets through, or may, has a path.
func TestFromInternetIsNeverNarrower(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(4, 3))
	ranges := prefixes("0.0.0.0/0", "0.0.0.0/1", "198.51.100.0/24", "10.40.0.0/16", "203.0.113.0/25")
	of := func() netip.Prefix { return ranges[r.IntN(len(ranges))] }
	open := 0
	for i := range 2000 {
		var routes []Route
		if r.IntN(3) > 0 {
			routes = append(routes, Route{To: ranges[0], Kind: RouteInternet, ID: "igw-1"})
		}
		for range r.IntN(3) {
			kind := []RouteKind{RouteInternet, RouteNAT, RouteOther}[r.IntN(3)]
			routes = append(routes, Route{To: of(), Kind: kind, ID: string(kind), Dead: r.IntN(6) == 0})
		}
		var rules []GroupRule
		for range r.IntN(4) {
			rule := GroupRule{Low: []int{0, 443, 443, 8443}[r.IntN(4)], CIDR: of()}
			rule.High = rule.Low + r.IntN(500)
			if r.IntN(8) == 0 {
				rule = GroupRule{High: 65535, List: "pl-1"}
			}
			rules = append(rules, rule)
		}
		topology := front(r.IntN(3) == 0, []string{"", "rtb-1", "rtb-1"}[r.IntN(3)], routes, rules...)
		s := &topology.Cluster.Subnets[0]
		s.ACL = "acl-1"
		for _, egress := range []bool{true, false} {
			s.Entries = append(s.Entries, ACLEntry{Egress: egress, Number: 100, Allow: true, Block: ranges[r.IntN(2)], High: 65535})
		}
		topology.LoadBalancer.Listener = &ListenerTopology{HTTPS: true, Certificate: "arn"}
		reach := Reach(topology, Source{}, Target{})
		if reach.Reachable == VerdictBlock && !reach.Partly {
			continue
		}
		open++
		if got, hops := topology.FromInternet(); !got {
			t.Fatalf("network %d: Reach says %s, partly %t, by %+v; FromInternet says no by %+v", i, reach.Reachable, reach.Partly, reach.Hops, hops)
		}
	}
	if open < 300 {
		t.Errorf("only %d of the networks were open", open)
	}
}
