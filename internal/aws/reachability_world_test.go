package aws

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"github.com/modelserving/terraform-provider-serving/internal/sandbox/sandboxtest"
	"github.com/modelserving/terraform-provider-serving/internal/serving"
)

// must calls an operation that cannot fail.
func must[I, O, F any](t testing.TB, call func(context.Context, *I, ...F) (*O, error), in *I) *O {
	t.Helper()
	out, err := call(t.Context(), in)
	if err != nil {
		t.Fatalf("%T: %v", in, err)
	}
	return out
}

// randomVPC is a VPC of a random world.
type randomVPC struct {
	*client
	where   neighbour
	account string
	id      string
	block   netip.Prefix
	subnets []string
	blocks  []netip.Prefix
	tables  []string
	igw     string
	nat     string
	// natAddress is the NAT gateway's public address.
	natAddress string
}

// randomWorld is a cluster's load balancer among up to three VPCs, of which the
// first is the cluster's.
type randomWorld struct {
	t           testing.TB
	r           *rand.Rand
	sandbox     *sandboxtest.Sandbox
	b           *Backend
	id          serving.ID
	vpcs        []*randomVPC
	connections map[[2]int]string
	host        string
}

// chance is true in that part of the cases.
func (w *randomWorld) chance(of float64) bool { return w.r.Float64() < of }

func pick[T any](w *randomWorld, of ...T) T { return of[w.r.IntN(len(of))] }

// build makes a world.
func (w *randomWorld) build(certificate string) {
	w.connections = map[[2]int]string{}
	all := []neighbour{{"", testRegion}, {"", "eu-central-1"}, {peerRole, testRegion}, {peerRole, "eu-central-1"}}
	w.vpc(0, neighbour{"", testRegion})
	for i := 1; i <= 1+w.r.IntN(2); i++ {
		w.vpc(i, pick(w, all...))
	}
	w.peer(0, 1)
	if len(w.vpcs) == 3 {
		w.peer(1, 2)
		if w.chance(0.3) {
			w.peer(0, 2)
		}
	}
	for i := range w.vpcs {
		w.routes(i)
		w.acl(w.vpcs[i])
	}
	w.balancer(certificate)
	for _, v := range w.vpcs {
		// What leads there becomes a black hole.
		if v.nat != "" && w.chance(0.15) {
			must(w.t, v.ec2.DeleteNatGateway, &ec2.DeleteNatGatewayInput{NatGatewayId: &v.nat})
		}
	}
}

// vpc makes a VPC with an internet gateway, three subnets, of which two have a
// table of their own, and at times a NAT gateway.
func (w *randomWorld) vpc(i int, where neighbour) {
	c, err := w.b.clientAs(w.t.Context(), where.region, where.role)
	if err != nil {
		w.t.Fatal(err)
	}
	v := &randomVPC{client: c, where: where, account: "123456789012", block: netip.MustParsePrefix(fmt.Sprintf("10.%d.0.0/16", i))}
	if where.role != "" {
		v.account = peerAccount
	}
	v.id = *must(w.t, c.ec2.CreateVpc, &ec2.CreateVpcInput{CidrBlock: aws.String(v.block.String())}).Vpc.VpcId
	v.igw = *must(w.t, c.ec2.CreateInternetGateway, &ec2.CreateInternetGatewayInput{}).InternetGateway.InternetGatewayId
	must(w.t, c.ec2.AttachInternetGateway, &ec2.AttachInternetGatewayInput{InternetGatewayId: &v.igw, VpcId: &v.id})
	main, err := c.readVPCTables(w.t.Context(), []string{v.id})
	if err != nil {
		w.t.Fatal(err)
	}
	v.tables = []string{*main[v.id][0].RouteTableId}
	for n := range 3 {
		block := netip.MustParsePrefix(fmt.Sprintf("10.%d.%d.0/24", i, n))
		zone := where.region + string(rune('a'+n%2))
		id := *must(w.t, c.ec2.CreateSubnet, &ec2.CreateSubnetInput{VpcId: &v.id, CidrBlock: aws.String(block.String()), AvailabilityZone: &zone}).Subnet.SubnetId
		v.subnets, v.blocks = append(v.subnets, id), append(v.blocks, block)
		if n == 0 {
			table := *must(w.t, c.ec2.CreateRouteTable, &ec2.CreateRouteTableInput{VpcId: &v.id}).RouteTable.RouteTableId
			must(w.t, c.ec2.AssociateRouteTable, &ec2.AssociateRouteTableInput{RouteTableId: &table, SubnetId: &id})
			v.tables = append(v.tables, table)
		}
	}
	if w.chance(0.7) {
		address := must(w.t, c.ec2.AllocateAddress, &ec2.AllocateAddressInput{Domain: ec2types.DomainTypeVpc})
		v.nat = *must(w.t, c.ec2.CreateNatGateway, &ec2.CreateNatGatewayInput{SubnetId: &v.subnets[0], AllocationId: address.AllocationId}).NatGateway.NatGatewayId
		v.natAddress = *address.PublicIp
	}
	w.vpcs = append(w.vpcs, v)
}

// peer requests a connection that ends up in some state.
func (w *randomWorld) peer(a, b int) {
	if w.chance(0.1) {
		return
	}
	from, to := w.vpcs[a], w.vpcs[b]
	if w.chance(0.3) {
		from, to = to, from
	}
	id := must(w.t, from.ec2.CreateVpcPeeringConnection, &ec2.CreateVpcPeeringConnectionInput{
		VpcId: &from.id, PeerVpcId: &to.id, PeerOwnerId: &to.account, PeerRegion: &to.where.region,
	}).VpcPeeringConnection.VpcPeeringConnectionId
	w.connections[[2]int{a, b}] = *id
	switch {
	case w.chance(0.85):
		must(w.t, to.ec2.AcceptVpcPeeringConnection, &ec2.AcceptVpcPeeringConnectionInput{VpcPeeringConnectionId: id})
	case w.chance(0.3):
		must(w.t, ec2.NewFromConfig(somebody(w.t, w.b, to.where)).RejectVpcPeeringConnection, &ec2.RejectVpcPeeringConnectionInput{VpcPeeringConnectionId: id})
	case w.chance(0.3):
		must(w.t, from.ec2.DeleteVpcPeeringConnection, &ec2.DeleteVpcPeeringConnectionInput{VpcPeeringConnectionId: id})
	}
}

// add makes a route unless EC2 refuses it, as it does for repeated and narrower
// than local ones: what is refused is no part of the world.
func (v *randomVPC) add(t testing.TB, table, to string, change func(*ec2.CreateRouteInput)) {
	in := &ec2.CreateRouteInput{RouteTableId: &table, DestinationCidrBlock: &to}
	change(in)
	if _, err := v.ec2.CreateRoute(t.Context(), in); err != nil && !isCode(err, "RouteAlreadyExists", "InvalidParameterValue", "InvalidVpcPeeringConnectionID.NotFound") {
		t.Fatal(err)
	}
}

// routes gives every table of a VPC the routes that it should have, and at times
// others.
func (w *randomWorld) routes(i int) {
	v := w.vpcs[i]
	for n, table := range v.tables {
		for pair, id := range w.connections {
			if pair[0] != i && pair[1] != i {
				continue
			}
			far := w.vpcs[pair[0]+pair[1]-i]
			block := far.block
			if w.chance(0.15) {
				block = netip.PrefixFrom(block.Addr(), pick(w, 17, 22, 23, 24, 25)).Masked()
			}
			if w.chance(0.92) {
				v.add(w.t, table, block.String(), func(in *ec2.CreateRouteInput) { in.VpcPeeringConnectionId = &id })
			}
		}
		for j, far := range w.vpcs {
			if j == i || !w.chance(0.1) {
				continue
			}
			block := pick(w, far.block, far.blocks[w.r.IntN(3)], netip.PrefixFrom(far.blocks[0].Addr(), 25))
			target := v.igw
			if others := w.ends(i); len(others) > 0 && w.chance(0.7) {
				target = pick(w, others...)
			}
			v.add(w.t, table, block.String(), func(in *ec2.CreateRouteInput) {
				in.GatewayId = &target
				if target != v.igw {
					in.GatewayId, in.VpcPeeringConnectionId = nil, &target
				}
			})
		}
		w.internetRoute(v, n)
	}
}

// ends are the connections of a VPC.
func (w *randomWorld) ends(i int) []string {
	var out []string
	for _, pair := range [][2]int{{0, 1}, {0, 2}, {1, 2}} {
		if id := w.connections[pair]; id != "" && (pair[0] == i || pair[1] == i) {
			out = append(out, id)
		}
	}
	return out
}

// internetRoute leads out of a VPC: the table of the first subnet through the
// internet gateway, the others at times through the NAT gateway that is there.
func (w *randomWorld) internetRoute(v *randomVPC, table int) {
	if w.chance(0.12) {
		return
	}
	to := "0.0.0.0/0"
	if w.chance(0.05) {
		to = "128.0.0.0/1"
	}
	v.add(w.t, v.tables[table], to, func(in *ec2.CreateRouteInput) {
		in.GatewayId = &v.igw
		if v.nat != "" && (table == 0 && w.chance(0.85) || w.chance(0.05)) {
			in.GatewayId, in.NatGatewayId = nil, &v.nat
		}
	})
}
