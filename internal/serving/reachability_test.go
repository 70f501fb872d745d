package serving

import (
	"net/netip"
	"slices"
	"strings"
	"testing"
)

// openACL lets everything pass, as a new VPC's does.
var openACL = []ACLEntry{
	{Egress: true, Number: 100, Allow: true, Block: everywhere, High: 65535},
	{Number: 100, Allow: true, Block: everywhere, High: 65535},
}

func aSubnet(id, cidr string, routes ...Route) SubnetTopology {
	p := netip.MustParsePrefix(cidr)
	return SubnetTopology{ID: id, CIDR: p, Table: "rtb-" + id, Routes: routes, ACL: "acl-" + id, Entries: slices.Clone(openACL)}
}

func aRoute(to string, kind RouteKind, id string) Route {
	return Route{To: netip.MustParsePrefix(to), Kind: kind, ID: id}
}

func aRule(cidr string) GroupRule {
	return GroupRule{Low: 443, High: 443, CIDR: netip.MustParsePrefix(cidr)}
}

// joinedVPCs is a private cluster that is peered with vpc-apps.
func joinedVPCs() Topology {
	out, back := aRoute("10.0.0.0/16", RoutePeering, "pcx-1"), aRoute("10.1.0.0/16", RoutePeering, "pcx-1")
	return Topology{
		LoadBalancer: LoadBalancerTopology{
			Name: "load balancer lb", Internal: true, Subnets: []string{"a", "b"}, Groups: []string{"sg-lb"}, Port: 443,
			Rules: []GroupRule{aRule("10.0.0.0/16"), aRule("10.1.0.0/16")}, Listener: &ListenerTopology{HTTPS: true, Certificate: "cert"},
		},
		Cluster: VPCTopology{VPC: "vpc-cluster", Subnets: []SubnetTopology{aSubnet("a", "10.0.0.0/24", back), aSubnet("b", "10.0.1.0/24", back)}},
		Caller:  &VPCTopology{VPC: "vpc-apps", Subnets: []SubnetTopology{aSubnet("x", "10.1.0.0/24", out), aSubnet("y", "10.1.1.0/24", out)}},
		Peering: &PeeringTopology{ID: "pcx-1", State: "active", Active: true},
	}
}

// publicCluster is one that everybody reaches; vpc-apps has a NAT gateway.
func publicCluster() Topology {
	t := joinedVPCs()
	t.LoadBalancer.Internal, t.LoadBalancer.Rules, t.Peering = false, []GroupRule{aRule("0.0.0.0/0")}, nil
	for i := range t.Cluster.Subnets {
		t.Cluster.Subnets[i].Routes = []Route{aRoute("0.0.0.0/0", RouteInternet, "igw-1")}
	}
	t.Caller.Subnets[0].Routes = []Route{aRoute("0.0.0.0/0", RouteInternet, "igw-2")}
	t.Caller.Subnets[1].Routes = []Route{aRoute("0.0.0.0/0", RouteNAT, "nat-1")}
	t.Caller.NATs = map[string]NATTopology{"nat-1": {Public: []netip.Addr{netip.MustParseAddr("203.0.113.9")}, Subnet: "x"}}
	return t
}

var (
	internet = Source{}
	apps     = Source{VPC: "vpc-apps"}
	inside0  = Source{VPC: "vpc-cluster"}
)

func narrowed(s Source, cidr string) Source {
	s.CIDR = netip.MustParsePrefix(cidr)
	return s
}

func TestReach(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		topology func() Topology
		change   func(*Topology)
		from     Source
		want     Verdict
		partly   bool
		hop      string
		reason   string
	}{
		"peered":          {joinedVPCs, nil, apps, VerdictPass, false, HopPeering, "pcx-1 is active"},
		"inside":          {joinedVPCs, nil, inside0, VerdictPass, false, HopSecurityGroup, "admits port 443"},
		"internal":        {joinedVPCs, nil, internet, VerdictBlock, false, HopLoadBalancer, "is internal"},
		"public":          {publicCluster, nil, internet, VerdictPass, false, HopRouteBack, "have routes to the Internet"},
		"no subnet there": {joinedVPCs, nil, narrowed(apps, "10.9.0.0/16"), VerdictBlock, false, HopRouteOut, "no subnet with addresses of 10.9.0.0/16"},

		"not peered":      {joinedVPCs, func(t *Topology) { t.Peering = nil }, apps, VerdictBlock, false, HopPeering, "there is no VPC peering of vpc-apps and vpc-cluster"},
		"pending":         {joinedVPCs, func(t *Topology) { t.Peering.Active, t.Peering.State = false, "pending-acceptance" }, apps, VerdictBlock, false, HopPeering, "pcx-1 is pending-acceptance"},
		"another peering": {joinedVPCs, func(t *Topology) { t.Caller.Subnets[0].Routes[0].ID = "pcx-2" }, apps, VerdictBlock, true, HopRouteOut, "x: the route to 10.0.0.0/16 in route table rtb-x of x leads to pcx-2"},
		"no route out":    {joinedVPCs, func(t *Topology) { t.Caller.Subnets[1].Routes = nil }, apps, VerdictBlock, true, HopRouteOut, "y: route table rtb-y of y has no route to vpc-cluster through pcx-1; other callers pass"},
		"route to a part": {joinedVPCs, func(t *Topology) {
			t.Caller.Subnets[1].Routes = []Route{aRoute("10.0.0.0/17", RoutePeering, "pcx-1"), aRoute("10.0.1.128/25", RouteNAT, "nat-1")}
		},
			narrowed(apps, "10.1.1.0/24"), VerdictUnknown, false, HopRouteOut, "for a part of 10.0.1.0/24"},
		"black hole":    {joinedVPCs, func(t *Topology) { t.Cluster.Subnets[0].Routes[0].Dead = true }, apps, VerdictBlock, false, HopRouteBack, "is a black hole"},
		"no route back": {joinedVPCs, func(t *Topology) { t.Cluster.Subnets[0].Routes = []Route{aRoute("10.1.1.0/24", RoutePeering, "pcx-1")} }, apps, VerdictBlock, true, HopRouteBack, "x: route table rtb-a of a has no route"},
		"transit gateway": {joinedVPCs, func(t *Topology) {
			t.Peering, t.Caller.Subnets[0].Routes = nil, []Route{aRoute("10.0.0.0/8", RouteOther, "tgw-1")}
		}, apps, VerdictUnknown, false, HopPeering, "leads to tgw-1"},
		"prefix list in routes": {joinedVPCs, func(t *Topology) {
			t.Cluster.Subnets[0].Routes = append(t.Cluster.Subnets[0].Routes, Route{Kind: RouteOther, ID: "tgw-1"})
		}, apps, VerdictUnknown, false, HopRouteBack, "list of ranges"},

		"group":         {joinedVPCs, func(t *Topology) { t.LoadBalancer.Rules = t.LoadBalancer.Rules[:1] }, apps, VerdictBlock, false, HopSecurityGroup, "no rule of security group sg-lb admits port 443"},
		"group, a half": {joinedVPCs, func(t *Topology) { t.LoadBalancer.Rules[1] = aRule("10.1.0.128/25") }, apps, VerdictBlock, true, HopSecurityGroup, "10.1.0.0/25 in x, y: no rule"},
		"group, pieces": {joinedVPCs, func(t *Topology) {
			t.LoadBalancer.Rules = []GroupRule{aRule("10.1.0.0/25"), aRule("10.1.0.128/25"), aRule("10.1.1.0/24")}
		}, apps, VerdictPass, false, HopSecurityGroup, "admits"},
		"group, members": {joinedVPCs, func(t *Topology) {
			t.LoadBalancer.Rules = []GroupRule{{Low: 443, High: 443, Group: "sg-apps", VPC: "vpc-apps"}}
		}, apps, VerdictBlock, true, HopSecurityGroup, "only from members of sg-apps"},
		"group, stale": {joinedVPCs, func(t *Topology) {
			t.LoadBalancer.Rules = []GroupRule{{Low: 443, High: 443, Group: "sg-apps", VPC: "vpc-apps", Stale: true}}
		}, apps, VerdictBlock, false, HopSecurityGroup, "no rule"},
		"group, list": {joinedVPCs, func(t *Topology) { t.LoadBalancer.Rules = []GroupRule{{Low: 443, High: 443, List: "pl-1"}} }, apps, VerdictUnknown, false, HopSecurityGroup, "pl-1, which was not read"},
		"group, port": {joinedVPCs, func(t *Topology) { t.LoadBalancer.Rules[1].Low, t.LoadBalancer.Rules[1].High = 80, 80 }, apps, VerdictBlock, false, HopSecurityGroup, "no rule"},

		"ACL, requests": {joinedVPCs, func(t *Topology) { t.Caller.Subnets[0].Entries[0].High = 442 }, apps, VerdictBlock, true, HopNetworkACL, "acl-x of x does not let port 443 out"},
		"ACL, answers":  {joinedVPCs, func(t *Topology) { t.Cluster.Subnets[1].Entries[0].High = 1023 }, apps, VerdictBlock, false, HopNetworkACL, "acl-b of b does not let the answers out to the callers"},
		"ACL, some":     {joinedVPCs, func(t *Topology) { t.Cluster.Subnets[1].Entries[0].Low = 32768 }, apps, VerdictUnknown, false, HopNetworkACL, "some of the ports"},
		"ACL, in pieces": {joinedVPCs, func(t *Topology) {
			t.Cluster.Subnets[1].Entries = []ACLEntry{openACL[1], {Egress: true, Number: 2, Allow: true, Block: everywhere, Low: 20000, High: 65535}, {Egress: true, Number: 9, Allow: true, Block: everywhere, Low: 1, High: 30000}}
		}, apps, VerdictPass, false, HopNetworkACL, "let requests and answers pass"},
		"ACL, same subnet": {joinedVPCs, func(t *Topology) { t.Cluster.Subnets[0].Entries = nil }, narrowed(inside0, "10.0.0.0/24"), VerdictBlock, false, HopNetworkACL, "acl-a of a"},
		"ACL, only subnet": {joinedVPCs, func(t *Topology) { t.LoadBalancer.Subnets, t.Cluster.Subnets[0].Entries = []string{"a"}, nil }, narrowed(inside0, "10.0.0.0/24"), VerdictPass, false, HopNetworkACL, "pass"},
		"ACL, unread":      {joinedVPCs, func(t *Topology) { t.Cluster.Subnets[0].ACL = "" }, apps, VerdictUnknown, false, HopNetworkACL, "was not read"},

		"unread": {joinedVPCs, func(t *Topology) {
			*t.Caller = VPCTopology{VPC: "vpc-apps", Unread: "no rights", Ranges: prefixes("10.1.0.0/16")}
		}, apps, VerdictUnknown, false, HopRouteOut, "no rights"},
		"unread, refused": {joinedVPCs, func(t *Topology) {
			*t.Caller, t.LoadBalancer.Rules = VPCTopology{VPC: "vpc-apps", Unread: "no rights", Ranges: prefixes("10.1.0.0/16")}, nil
		}, apps, VerdictBlock, false, HopSecurityGroup, "no rule"},
		"unread, not peered": {joinedVPCs, func(t *Topology) { *t.Caller, t.Peering = VPCTopology{VPC: "vpc-apps", Unread: "no rights"}, nil }, apps, VerdictBlock, false, HopPeering, "no VPC peering"},
		"not read at all":    {joinedVPCs, func(t *Topology) { t.Caller = nil }, apps, VerdictUnknown, false, HopRouteOut, "vpc-apps was not read"},

		"public, some": {publicCluster, func(t *Topology) { t.LoadBalancer.Rules = []GroupRule{aRule("198.51.100.0/24")} }, internet, VerdictBlock, true, HopSecurityGroup, "other callers pass"},
		"public, exact": {publicCluster, func(t *Topology) { t.LoadBalancer.Rules = []GroupRule{aRule("198.51.100.0/24")} },
			narrowed(internet, "198.51.100.0/25"), VerdictPass, false, HopSecurityGroup, "admits"},
		// Private addresses are nobody's on the Internet.
		"public, all but private": {publicCluster, func(t *Topology) {
			t.LoadBalancer.Rules = []GroupRule{aRule("0.0.0.0/1"), aRule("128.0.0.0/2"), aRule("192.0.0.0/3")}
		}, internet, VerdictPass, false, HopSecurityGroup, "admits"},
		"public, no way in":      {publicCluster, func(t *Topology) { t.Cluster.Subnets[1].Routes[0] = aRoute("0.0.0.0/0", RouteNAT, "nat-9") }, internet, VerdictBlock, false, HopRouteBack, "leads to nat-9"},
		"public, from a VPC":     {publicCluster, nil, narrowed(apps, "10.1.1.0/24"), VerdictPass, false, HopRouteOut, "NAT gateway nat-1"},
		"public, NAT admitted":   {publicCluster, func(t *Topology) { t.LoadBalancer.Rules = []GroupRule{aRule("203.0.113.9/32")} }, narrowed(apps, "10.1.1.0/24"), VerdictPass, false, HopSecurityGroup, "admits"},
		"public, NAT refused":    {publicCluster, func(t *Topology) { t.LoadBalancer.Rules = []GroupRule{aRule("10.1.0.0/16")} }, narrowed(apps, "10.1.1.0/24"), VerdictBlock, false, HopSecurityGroup, "no rule"},
		"public, own ACL":        {publicCluster, func(t *Topology) { t.Caller.Subnets[1].Entries[0].High = 442 }, narrowed(apps, "10.1.1.0/24"), VerdictBlock, false, HopNetworkACL, "acl-y of y does not let port 443 out"},
		"public, NAT's ACL":      {publicCluster, func(t *Topology) { t.Caller.Subnets[0].Entries[1].High = 442 }, narrowed(apps, "10.1.1.0/24"), VerdictBlock, false, HopNetworkACL, "acl-x of x does not let"},
		"public, NAT's way out":  {publicCluster, func(t *Topology) { t.Caller.Subnets[0].Entries[0].High = 442 }, narrowed(apps, "10.1.1.0/24"), VerdictBlock, false, HopNetworkACL, "acl-x of x does not let port 443 out"},
		"public, NAT gone":       {publicCluster, func(t *Topology) { t.Caller.Subnets[1].Routes[0].Dead = true }, narrowed(apps, "10.1.1.0/24"), VerdictBlock, false, HopRouteOut, "black hole"},
		"public, NAT to NAT":     {publicCluster, func(t *Topology) { t.Caller.Subnets[0].Routes[0].Kind = RouteNAT }, narrowed(apps, "10.1.1.0/24"), VerdictBlock, false, HopRouteOut, "leads to a NAT gateway itself"},
		"public, NAT is private": {publicCluster, func(t *Topology) { t.Caller.NATs["nat-1"] = NATTopology{Subnet: "x"} }, narrowed(apps, "10.1.1.0/24"), VerdictBlock, false, HopRouteOut, "has no public address"},
		"public, several ways": {publicCluster, func(t *Topology) {
			t.Caller.Subnets[1].Routes = append(t.Caller.Subnets[1].Routes, aRoute("128.0.0.0/1", RouteInternet, "igw-2"))
		}, narrowed(apps, "10.1.1.0/24"), VerdictUnknown, false, HopRouteOut, "several ways"},
		"public, own addresses": {publicCluster, nil, narrowed(apps, "10.1.0.0/24"), VerdictUnknown, false, HopRouteOut, "a public address of their own"},
		"public, own, refused":  {publicCluster, func(t *Topology) { t.LoadBalancer.Rules = nil }, narrowed(apps, "10.1.0.0/24"), VerdictBlock, false, HopSecurityGroup, "no rule"},
		"public, unread":        {publicCluster, func(t *Topology) { *t.Caller = VPCTopology{VPC: "vpc-apps", Unread: "no rights"} }, apps, VerdictUnknown, false, HopRouteOut, "no rights"},

		"no load balancer": {joinedVPCs, func(t *Topology) { t.LoadBalancer = LoadBalancerTopology{Absent: "there is none"} }, apps, VerdictBlock, false, HopLoadBalancer, "there is none"},
		"no listener":      {joinedVPCs, func(t *Topology) { t.LoadBalancer.Listener = nil }, apps, VerdictBlock, false, HopListener, "no listener on port 443"},
		"plain listener":   {joinedVPCs, func(t *Topology) { t.LoadBalancer.Listener.HTTPS = false }, apps, VerdictBlock, false, HopListener, "does not speak HTTPS"},
		"no certificate":   {joinedVPCs, func(t *Topology) { t.LoadBalancer.Listener.Certificate = "" }, apps, VerdictBlock, false, HopListener, "has no certificate"},
		"gateway":          {joinedVPCs, func(t *Topology) { t.Gateway = &GatewayTopology{Healthy: 1, Nodes: 2} }, apps, VerdictPass, false, HopGateway, "at 1 of 2 nodes"},
		"gateway, down":    {joinedVPCs, func(t *Topology) { t.Gateway = &GatewayTopology{Nodes: 2, Reason: "Target.Timeout"} }, apps, VerdictBlock, false, HopGateway, "none of 2 nodes: Target.Timeout"},
		"gateway, new":     {joinedVPCs, func(t *Topology) { t.Gateway = &GatewayTopology{Nodes: 2, Waiting: 2} }, apps, VerdictUnknown, false, HopGateway, "not checked"},
		"gateway, empty":   {joinedVPCs, func(t *Topology) { t.Gateway = &GatewayTopology{} }, apps, VerdictBlock, false, HopGateway, "no node"},
		"gateway, unread":  {joinedVPCs, func(t *Topology) { t.Gateway = &GatewayTopology{Unread: "no rights"} }, apps, VerdictUnknown, false, HopGateway, "no rights"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			topology := tc.topology()
			if tc.change != nil {
				tc.change(&topology)
			}
			got := Reach(topology, tc.from, Target{})
			if got.Reachable != tc.want || got.Partly != tc.partly {
				t.Errorf("reachable %s, partly %t, want %s, %t\n%+v", got.Reachable, got.Partly, tc.want, tc.partly, got.Hops)
			}
			i := slices.IndexFunc(got.Hops, func(h Hop) bool { return h.Name == tc.hop })
			if i < 0 || !strings.Contains(got.Hops[i].Reason, tc.reason) {
				t.Errorf("hop %s should say %q: %+v", tc.hop, tc.reason, got.Hops)
			}
			for _, h := range got.Hops {
				if h.Reason == "" {
					t.Errorf("hop %s has no reason", h.Name)
				}
			}
		})
	}
}

func TestReachAuthentication(t *testing.T) {
	t.Parallel()
	topology := joinedVPCs()
	topology.Gateway = &GatewayTopology{Healthy: 2, Nodes: 2}
	topology.Servers = map[string]ModelServer{
		"fraud": {Name: "fraud", Auth: Auth{Mode: AuthHeader}},
		"score": {Name: "score", Path: "/v1/score", Auth: Auth{Mode: AuthBody}},
		"chat":  {Name: "chat", Auth: Auth{Mode: AuthJWT, Header: "X-Token", JWT: &JWT{Issuer: "https://i.example.com", Audiences: []string{"chat"}}}},
		"open":  {Name: "open", Auth: Auth{Mode: AuthNone}},
	}
	got := Reach(topology, apps, Target{}).Authentication
	if len(got) != 4 || got["fraud"].Header != "Authorization" || got["fraud"].BodyKey != "" || got["score"].BodyKey != "auth" || got["score"].Path != "/v1/score" ||
		got["chat"].Header != "X-Token" || got["chat"].Issuer != "https://i.example.com" || got["open"].Header != "" {
		t.Errorf("%+v", got)
	}
	one := Reach(topology, apps, Target{Server: "score"})
	if len(one.Authentication) != 1 || one.Authentication["score"].Mode != AuthBody || one.Reachable != VerdictPass {
		t.Errorf("%+v", one)
	}
	if none := Reach(topology, apps, Target{Server: "gone"}); none.Reachable != VerdictBlock || len(none.Authentication) != 0 {
		t.Errorf("a server that does not exist: %+v", none)
	}
	topology.Servers, topology.ServersUnknown = nil, "no path"
	if blind := Reach(topology, apps, Target{Server: "gone"}); blind.Reachable != VerdictPass || blind.AuthenticationUnknown != "no path" || blind.Authentication != nil {
		t.Errorf("an API that cannot be reached: %+v", blind)
	}
}

// TestSplit judges every address of a small range one by one and by ranges.
func TestSplit(t *testing.T) {
	t.Parallel()
	cuts := prefixes("10.0.0.0/26", "10.0.0.128/30", "10.0.0.200/32", "10.0.0.0/8", "192.0.2.0/24")
	of := func(p netip.Prefix) int {
		return slices.IndexFunc(cuts[:3], func(c netip.Prefix) bool { return inside(p, []netip.Prefix{c}) })
	}
	seen := 0
	for _, found := range split(netip.MustParsePrefix("10.0.0.0/24"), cuts, func(p netip.Prefix) *trail {
		return &trail{who: p.String(), hops: []Hop{{Reason: string(rune('b' + of(p)))}}}
	}) {
		p := netip.MustParsePrefix(found.who)
		for a := p.Addr(); p.Contains(a); a = a.Next() {
			seen++
			if want := string(rune('b' + of(netip.PrefixFrom(a, 32)))); found.hops[0].Reason != want {
				t.Errorf("%s in %s is judged as %s, want %s", a, p, found.hops[0].Reason, want)
			}
		}
	}
	if seen != 256 {
		t.Errorf("%d addresses were judged", seen)
	}
}
