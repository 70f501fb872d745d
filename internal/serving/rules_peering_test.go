package serving

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

func goodPeering() Peering {
	return Peering{
		Cluster: ID{AWS, "us-west-2", "prod"},
		Peer:    Peer{VPC: "vpc-0123456789abcdef0", AccountID: "111122223333", Region: "eu-central-1", AssumeRoleARN: "arn:aws:iam::111122223333:role/net/peering"},
		Accept:  AcceptAuto, DNS: true,
		ClusterRouteTables: []string{"rtb-0123456789abcdef0"}, PeerRouteTables: []string{"rtb-01234567", "rtb-89abcdef"},
		CIDRs: []string{"10.60.0.0/16", "10.61.4.0/24"}, Tags: map[string]string{"team": "ml"}, Unknown: Unknown{},
	}
}

type peeringCase struct {
	name   string
	change func(*Peering)
	want   []want
}

func (c peeringCase) build() Peering {
	p := goodPeering()
	c.change(&p)
	return p
}

var peeringCases = []peeringCase{
	{"good", func(*Peering) {}, nil},
	{"least", func(p *Peering) {
		*p = Peering{Cluster: p.Cluster, Peer: Peer{VPC: "vpc-01234567"}, Accept: AcceptManual, Unknown: Unknown{}}
	}, nil},
	{"vpc", func(p *Peering) { p.Peer.VPC = "my-vpc" }, []want{{"peer.vpc", "Invalid id of the peer VPC", `"my-vpc"`}}},
	{"no vpc", func(p *Peering) { p.Peer.VPC = "" }, []want{{"peer.vpc", "Invalid id of the peer VPC", `""`}}},
	{"account", func(p *Peering) { p.Peer.AccountID = "11112222333" }, []want{{"peer.account_id", "Invalid account of the peer", "12 digits"}}},
	{"region", func(p *Peering) { p.Peer.Region = "Frankfurt" }, []want{{"peer.region", "Invalid region", `"Frankfurt"`}}},
	{"partition", func(p *Peering) { p.Peer.Region, p.Peer.AssumeRoleARN = "cn-north-1", "" }, []want{{"peer.region", "Peer is in another partition", `"aws-cn"`}}},
	{"role", func(p *Peering) { p.Peer.AssumeRoleARN = "peering" }, []want{{"peer.assume_role_arn", "Invalid role ARN", `"peering"`}}},
	{"user as role", func(p *Peering) { p.Peer.AssumeRoleARN = "arn:aws:iam::111122223333:user/ops" }, []want{{"peer.assume_role_arn", "Invalid role ARN", "user/ops"}}},
	{"role of another partition", func(p *Peering) { p.Peer.AssumeRoleARN = "arn:aws-cn:iam::111122223333:role/peering" }, []want{{"peer.assume_role_arn", "ARN is of another partition", `"aws-cn"`}}},
	{"role of another account", func(p *Peering) { p.Peer.AccountID = "444455556666" }, []want{{"peer.assume_role_arn", "Role is of another account than the peer", "444455556666"}}},
	{"accept", func(p *Peering) { p.Accept = "yes" }, []want{{"accept", "Invalid accept", `"yes"`}}},
	{"route tables", func(p *Peering) {
		p.ClusterRouteTables, p.PeerRouteTables = []string{"main"}, []string{"rtb-01234567", "rtb-01234567"}
	}, []want{{"cluster_route_tables.0", "Invalid route table id", `"main"`}, {"peer_route_tables.1", "Route table is listed twice", "rtb-01234567"}}},
	{"ranges", func(p *Peering) { p.CIDRs = []string{"10.0.0.0/8", "10.1.2.3/24", "::/0", "ten"} }, []want{
		{"cidrs.0", "Range is larger than any VPC", "is a /8"}, {"cidrs.1", "Address range has host bits", "10.1.2.0/24"},
		{"cidrs.2", "IPv6 is not supported yet", "::/0"}, {"cidrs.3", "Invalid address range", `"ten"`},
	}},
	{"tags", func(p *Peering) { p.Tags = map[string]string{"serving:stack": "x"} }, []want{{"tags.serving:stack", "Tag key is reserved", "serving:"}}},
}

func TestPeeringProblems(t *testing.T) {
	t.Parallel()
	for _, tc := range slices.Concat(peeringCases, gcpPeeringCases) {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			check(t, tc.build().Problems(), tc.want)
		})
	}
}

// TestPeeringUnknown makes each attribute unknown and asserts that no problem is
// added.
func TestPeeringUnknown(t *testing.T) {
	t.Parallel()
	for _, path := range []string{
		"cluster_id", "peer", "peer.vpc", "peer.account_id", "peer.region", "peer.assume_role_arn", "accept", "cluster_route_tables", "cluster_route_tables.0",
		"peer_route_tables", "cidrs", "cidrs.0", "tags", "peer.project", "peer.impersonate_service_account",
	} {
		for _, tc := range slices.Concat(peeringCases, gcpPeeringCases) {
			p := tc.build()
			before := map[string]bool{}
			for _, problem := range p.Problems() {
				before[fmt.Sprint(problem)] = true
			}
			p.Unknown[path] = true
			for _, problem := range p.Problems() {
				if !before[fmt.Sprint(problem)] || problem.Path == path || strings.HasPrefix(problem.Path, path+".") {
					t.Errorf("%s: with %s unknown there is %v", tc.name, path, problem)
				}
			}
		}
	}
}

type rangeCase struct {
	name   string
	cidrs  []string
	ranges PeeringRanges
	want   []want
}

func (c rangeCase) build() Peering {
	return Peering{Cluster: ID{AWS, "us-west-2", "prod"}, Peer: Peer{VPC: "vpc-0123456789abcdef0"}, CIDRs: c.cidrs, Unknown: Unknown{}}
}

var rangeCases = []rangeCase{
	{"apart", nil, PeeringRanges{
		Cluster: Named("vpc", "10.40.0.0/16", "10.41.0.0/16"), Inner: Named("services", "172.20.0.0/16"), Peer: Named("peer", "10.60.0.0/16"),
		BesideCluster: Named("b", "10.61.0.0/16"), BesidePeer: Named("c", "10.61.0.0/16"),
	}, nil},
	// Two other peerings may overlap: they are not ours.
	{"others among themselves", nil, PeeringRanges{Cluster: Named("vpc", "10.40.0.0/16"), Peer: Named("peer", "10.60.0.0/16"), BesideCluster: Named("b", "10.61.0.0/16", "10.61.0.0/16")}, nil},
	{"nothing known", []string{"10.60.0.0/24"}, PeeringRanges{}, nil},
	{"vpc and services", nil, PeeringRanges{Cluster: Named("vpc", "10.40.0.0/16", "10.41.0.0/16"), Inner: Named("services", "10.60.0.0/20"), Peer: Named("peer", "10.41.128.0/17", "10.60.0.0/16")},
		[]want{{"peer.vpc", "Address ranges overlap", "vpc (10.41.0.0/16) and peer (10.41.128.0/17) share 10.41.128.0/17; services (10.60.0.0/20) and peer (10.60.0.0/16) share 10.60.0.0/20"}}},
	{"another peer of the cluster", nil, PeeringRanges{Peer: Named("peer", "10.60.0.0/16"), BesideCluster: Named("other", "10.60.8.0/24")}, []want{{"peer.vpc", "Address ranges overlap", "Narrow cidrs"}}},
	{"narrowed past it", []string{"10.60.0.0/24"}, PeeringRanges{Peer: Named("peer", "10.60.0.0/16"), BesideCluster: Named("other", "10.60.8.0/24")}, nil},
	{"another peer of the peer", nil, PeeringRanges{Cluster: Named("vpc", "10.40.0.0/16"), Peer: Named("peer", "10.60.0.0/16"), BesidePeer: Named("other", "10.40.0.0/24")},
		[]want{{"peer.vpc", "Address ranges overlap", "other (10.40.0.0/24)"}}},
	{"outside", []string{"10.60.0.0/24", "10.0.0.0/16", "10.61.0.0/24"}, PeeringRanges{Peer: Named("peer", "10.60.0.0/16", "10.62.0.0/16")}, []want{
		{"cidrs.1", "Range is not the peer's", "which are 10.60.0.0/16, 10.62.0.0/16"}, {"cidrs.2", "Range is not the peer's", "10.61.0.0/24"},
	}},
}

func TestPeeringRangeProblems(t *testing.T) {
	t.Parallel()
	for _, tc := range rangeCases {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			check(t, tc.build().RangeProblems(tc.ranges), tc.want)
		})
	}
	unknown := Peering{CIDRs: []string{"", "192.0.2.0/24"}, Unknown: Unknown{"cidrs.0": true}}
	if got := unknown.RangeProblems(PeeringRanges{Peer: Named("peer", "10.60.0.0/16")}); len(got) > 0 {
		t.Errorf("with unknown ranges: %v", got)
	}
}

func TestPeeringID(t *testing.T) {
	t.Parallel()
	id, ok := ParsePeeringID("aws/us-west-2/prod/vpc-01234567")
	if !ok || id.Cluster.Name != "prod" || id.VPC != "vpc-01234567" || id.String() != "aws/us-west-2/prod/vpc-01234567" {
		t.Errorf("%+v, %v", id, ok)
	}
	for _, text := range []string{"", "vpc-01234567", "aws/us-west-2/prod/", "aws/us-west-2/vpc-01234567", "a/b/c/d/e", "aws/us-west-2/prod/apps/vpc-01234567", "gcp/us-central1/prod//apps", "gcp/us-central1/prod/p/apps/x", "gcp//prod/apps"} {
		if id, ok := ParsePeeringID(text); ok {
			t.Errorf("%q is read as %+v", text, id)
		}
	}
	for text, peer := range map[string]Peer{
		"gcp/us-central1/prod/apps":              {VPC: "apps"},
		"gcp/us-central1/prod/peer-project/apps": {VPC: "apps", Project: "peer-project"},
	} {
		id, ok := ParsePeeringID(text)
		if p := (Peering{Cluster: id.Cluster, Peer: peer}); !ok || id.Peer() != peer || p.ID() != id || id.String() != text {
			t.Errorf("%s is read as %+v", text, id)
		}
	}
	p := Peering{Cluster: ID{AWS, "us-west-2", "prod"}, Peer: Peer{AssumeRoleARN: "arn:aws:iam::111122223333:role/a"}}
	if p.PeerRegion() != "us-west-2" || p.PeerAccount() != "111122223333" {
		t.Errorf("region %q, account %q", p.PeerRegion(), p.PeerAccount())
	}
	p.Peer.Region, p.Peer.AccountID = "eu-west-1", "444455556666"
	if p.PeerRegion() != "eu-west-1" || p.PeerAccount() != "444455556666" || RoleAccount("no arn") != "" {
		t.Errorf("region %q, account %q", p.PeerRegion(), p.PeerAccount())
	}
}

func TestCIDRConflicts(t *testing.T) {
	t.Parallel()
	got, err := CIDRConflicts([]string{"10.0.0.0/16", "10.1.0.0/16", "10.0.8.0/24", "10.1.0.0/16", "fd00::/8"})
	if err != nil || len(got) != 2 || got[0] != [2]string{"10.0.0.0/16", "10.0.8.0/24"} || got[1] != [2]string{"10.1.0.0/16", "10.1.0.0/16"} {
		t.Errorf("%v, error %v", got, err)
	}
	for _, text := range []string{"ten", "10.0.0.1/16", "10.0.0.1", ""} {
		if _, err := CIDRConflicts([]string{"10.0.0.0/8", text}); err == nil || !strings.Contains(err.Error(), "cidrs[1]") {
			t.Errorf("%q: %v", text, err)
		}
	}
}
