package aws

import (
	"net/netip"
	"path/filepath"
	"testing"

	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
)

// TestPeeringLookups is what the data plane asks: which VPCs are peered, and where a route leads.
func TestPeeringLookups(t *testing.T) {
	t.Parallel()
	cloud, err := New(Config{StateFile: filepath.Join(t.TempDir(), "state.json")})
	if err != nil {
		t.Fatal(err)
	}
	defer cloud.Close()
	vpc := func(account, id string, blocks ...string) *ec2types.VpcPeeringConnectionVpcInfo {
		v := &VPC{Vpc: ec2types.Vpc{VpcId: &id}}
		for _, b := range blocks {
			v.CidrBlockAssociationSet = append(v.CidrBlockAssociationSet, ec2types.VpcCidrBlockAssociation{
				CidrBlock: &b, CidrBlockState: &ec2types.VpcCidrBlockState{State: ec2types.VpcCidrBlockStateCodeAssociated},
			})
		}
		cloud.state.region(account, "eu-west-1").VPCs[id] = v
		return &ec2types.VpcPeeringConnectionVpcInfo{OwnerId: &account, Region: new("eu-west-1"), VpcId: &id}
	}
	join := func(id string, from, to *ec2types.VpcPeeringConnectionVpcInfo, state ec2types.VpcPeeringConnectionStateReasonCode) {
		p := &VPCPeeringConnection{VpcPeeringConnection: ec2types.VpcPeeringConnection{VpcPeeringConnectionId: &id, RequesterVpcInfo: from, AccepterVpcInfo: to}}
		p.become(state, "")
		cloud.state.region(*from.OwnerId, *from.Region).VPCPeeringConnections[id] = p
	}
	a, b, c := vpc("1", "vpc-a", "10.0.0.0/16"), vpc("2", "vpc-b", "10.1.0.0/16", "10.4.0.0/16"), vpc("1", "vpc-c", "10.2.0.0/16")
	join("pcx-old", a, b, peeringDeleted)
	join("pcx-ab", b, a, peeringActive)
	join("pcx-ac", a, c, peeringPending)
	// A cloud that starts again knows the same.
	if err := cloud.save(); err != nil {
		t.Fatal(err)
	}
	if cloud.state, err = load(cloud.config.StateFile, ""); err != nil {
		t.Fatal(err)
	}

	for name, test := range map[string]struct{ from, to, want string }{
		"active, seen from its requester": {"vpc-b", "vpc-a", "pcx-ab"},
		"active, seen from its accepter":  {"vpc-a", "vpc-b", "pcx-ab"},
		"pending":                         {"vpc-a", "vpc-c", ""},
		"over two hops":                   {"vpc-b", "vpc-c", ""},
	} {
		got := ""
		if p := cloud.state.peered(test.from, test.to); p != nil {
			got = *p.VpcPeeringConnectionId
		}
		if got != test.want {
			t.Errorf("%s: %q, want %q", name, got, test.want)
		}
	}

	table := &ec2types.RouteTable{RouteTableId: new("rtb-a"), VpcId: new("vpc-a"), Routes: []ec2types.Route{
		localRoute("10.0.0.0/16"),
		{DestinationCidrBlock: new("10.0.0.0/8"), VpcPeeringConnectionId: new("pcx-ab")},
		{DestinationCidrBlock: new("10.2.0.0/16"), VpcPeeringConnectionId: new("pcx-ac")},
		{DestinationCidrBlock: new("10.4.9.0/24"), VpcPeeringConnectionId: new("pcx-old")},
	}}
	for name, test := range map[string]struct {
		to string
		ok bool
	}{
		"the peer's first block":        {"10.1.2.3", true},
		"a further block of the peer's": {"10.4.2.3", true},
		"its own block":                 {"10.0.2.3", false},
		"nobody's block":                {"10.8.2.3", false},
		"a request that is open":        {"10.2.2.3", false},
		"a narrower dead route":         {"10.4.9.3", false},
		"no route":                      {"192.0.2.1", false},
	} {
		far, ok := cloud.in("1", "eu-west-1").throughPeering(table, netip.MustParseAddr(test.to))
		want := farVPC{}
		if test.ok {
			want = farVPC{connection: "pcx-ab", vpc: "vpc-b", account: "2", region: "eu-west-1"}
		}
		if ok != test.ok || far != want {
			t.Errorf("%s: %+v %v, want %+v", name, far, ok, want)
		}
	}
}
