package aws_test

import (
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"github.com/modelserving/terraform-provider-serving/internal/sandbox/aws"
)

func TestPeeringOptions(t *testing.T) {
	t.Parallel()
	p := newPeers(t)
	a, b, far := p.makeVPC(p.ec2, "10.0.0.0/16"), p.makeVPC(p.other, "10.1.0.0/16"), p.makeVPC(p.far, "10.2.0.0/16")
	id, abroad := p.ask(p.ec2, a, b, otherAccount, ""), p.ask(p.ec2, a, far, "", "us-east-1")
	resolve := func(on bool) *ec2types.PeeringConnectionOptionsRequest {
		return &ec2types.PeeringConnectionOptionsRequest{AllowDnsResolutionFromRemoteVpc: &on}
	}
	mine := &ec2.ModifyVpcPeeringConnectionOptionsInput{VpcPeeringConnectionId: &id, RequesterPeeringConnectionOptions: resolve(true)}
	refused(p.world, p.ec2.ModifyVpcPeeringConnectionOptions, mine, "OperationNotPermitted", "Peering "+id+" is not active.")
	p.accept(p.other, id)
	p.accept(p.far, abroad)

	for name, test := range map[string]struct {
		change     func(in *ec2.ModifyVpcPeeringConnectionOptionsInput)
		code, text string
	}{
		"nothing": {func(in *ec2.ModifyVpcPeeringConnectionOptionsInput) { in.RequesterPeeringConnectionOptions = nil }, "MissingParameter", ""},
		"another account's side": {func(in *ec2.ModifyVpcPeeringConnectionOptionsInput) {
			in.AccepterPeeringConnectionOptions = resolve(false)
		},
			"OperationNotPermitted", "User " + homeAccount + " does not have permission to modify the accepter side peering options"},
		"another region's side": {func(in *ec2.ModifyVpcPeeringConnectionOptionsInput) {
			in.VpcPeeringConnectionId, in.AccepterPeeringConnectionOptions = &abroad, resolve(false)
		}, "OperationNotPermitted", "Accepter's VPC Peering connection options cannot be modified for a different region"},
		"ClassicLink": {func(in *ec2.ModifyVpcPeeringConnectionOptionsInput) {
			in.RequesterPeeringConnectionOptions.AllowEgressFromLocalVpcToRemoteClassicLink = new(false)
		}, "UnsupportedOperation", "ClassicLink"},
		"names that do not resolve": {func(*ec2.ModifyVpcPeeringConnectionOptionsInput) {}, "InvalidVpcPeeringConnectionState.DnsHostnamesDisabled", b},
	} {
		t.Run(name, func(*testing.T) {
			if name == "names that do not resolve" {
				p.resolveNames(p.ec2, a)
			}
			in := &ec2.ModifyVpcPeeringConnectionOptionsInput{VpcPeeringConnectionId: &id, RequesterPeeringConnectionOptions: resolve(true)}
			test.change(in)
			refused(p.world, p.ec2.ModifyVpcPeeringConnectionOptions, in, test.code, test.text)
		})
	}
	p.resolveNames(p.other, b)
	if out := do(p.world, p.ec2.ModifyVpcPeeringConnectionOptions, mine); !*out.RequesterPeeringConnectionOptions.AllowDnsResolutionFromRemoteVpc || out.AccepterPeeringConnectionOptions != nil {
		t.Errorf("ModifyVpcPeeringConnectionOptions answers %+v", out)
	}
	seen := p.get(p.other, id)
	if !*seen.RequesterVpcInfo.PeeringOptions.AllowDnsResolutionFromRemoteVpc || *seen.AccepterVpcInfo.PeeringOptions.AllowDnsResolutionFromRemoteVpc {
		t.Errorf("options = %+v and %+v", seen.RequesterVpcInfo.PeeringOptions, seen.AccepterVpcInfo.PeeringOptions)
	}
	do(p.world, p.other.ModifyVpcPeeringConnectionOptions, &ec2.ModifyVpcPeeringConnectionOptionsInput{VpcPeeringConnectionId: &id, AccepterPeeringConnectionOptions: resolve(true)})

	// What is behind everybody's back can be changed and is seen.
	changed := false
	fields, err := p.sandbox.AWS.Fields()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range fields {
		if f.ID == id && f.Path == "/AccepterVpcInfo/PeeringOptions/AllowDnsResolutionFromRemoteVpc" {
			f.Value, changed = false, true
			if err := p.sandbox.AWS.Mutate(f); err != nil {
				t.Fatal(err)
			}
		}
	}
	if !changed || *p.get(p.ec2, id).AccepterVpcInfo.PeeringOptions.AllowDnsResolutionFromRemoteVpc {
		t.Errorf("the option was not changed: %v", changed)
	}
	if err := p.sandbox.AWS.Delete(aws.Object{Account: homeAccount, Region: "eu-west-1", Kind: "ec2.vpc_peering_connection", ID: id}); err != nil {
		t.Fatal(err)
	}
	p.wantState(p.other, id, "absent")
}

func TestPeeringRoutes(t *testing.T) {
	t.Parallel()
	p := newPeers(t, func(cfg *aws.Config) { cfg.Quotas = map[string]int{"ec2.vpcs": 100, "ec2.routes_per_route_table": 3} })
	a, b, c := p.makeVPC(p.ec2, "10.0.0.0/16"), p.makeVPC(p.other, "10.1.0.0/16"), p.makeVPC(p.ec2, "10.2.0.0/16")
	id := p.ask(p.ec2, a, b, otherAccount, "")
	table := func(c *ec2.Client, vpc string) *string {
		return do(p.world, c.CreateRouteTable, &ec2.CreateRouteTableInput{VpcId: &vpc}).RouteTable.RouteTableId
	}
	near, far, apart := table(p.ec2, a), table(p.other, b), table(p.ec2, c)
	route := func(table *string, to, connection string) *ec2.CreateRouteInput {
		return &ec2.CreateRouteInput{RouteTableId: table, DestinationCidrBlock: &to, VpcPeeringConnectionId: &connection}
	}
	state := func(c *ec2.Client, want ec2types.RouteState) {
		t.Helper()
		tables := do(p.world, c.DescribeRouteTables, &ec2.DescribeRouteTablesInput{Filters: filter("route.vpc-peering-connection-id", id)}).RouteTables
		if len(tables) != 1 || tables[0].Routes[1].State != want || *tables[0].Routes[1].VpcPeeringConnectionId != id {
			t.Errorf("tables with a route to %s: %+v, want state %s", id, tables, want)
		}
	}
	none := "pcx-00000000000000000"
	refused(p.world, p.ec2.CreateRoute, route(near, "10.1.0.0/16", none), "InvalidVpcPeeringConnectionID.NotFound", none)
	refused(p.world, p.ec2.CreateRoute, route(near, "10.1.0.0/16", "pcx"), "InvalidVpcPeeringConnectionId.Malformed", "")
	refused(p.world, p.ec2.CreateRoute, route(apart, "10.1.0.0/16", id), "InvalidParameterValue",
		"route table "+*apart+" and network gateway "+id+" belong to different networks")
	refused(p.world, p.ec2.CreateRoute, route(near, "10.0.1.0/24", id), "InvalidParameterValue", "more specific")
	// Both sides may have routes before the request is accepted; they lead nowhere.
	do(p.world, p.ec2.CreateRoute, route(near, "10.1.0.0/16", id))
	do(p.world, p.other.CreateRoute, route(far, "10.0.0.0/16", id))
	state(p.ec2, ec2types.RouteStateBlackhole)
	p.accept(p.other, id)
	state(p.ec2, ec2types.RouteStateActive)
	state(p.other, ec2types.RouteStateActive)
	refused(p.world, p.ec2.CreateRoute, route(near, "10.1.0.0/16", id), "RouteAlreadyExists", "")
	do(p.world, p.ec2.CreateRoute, route(near, "10.0.0.0/8", id))
	refused(p.world, p.ec2.CreateRoute, route(near, "10.9.0.0/16", id), "RouteLimitExceeded", "")

	other := p.join(a, c)
	do(p.world, p.ec2.ReplaceRoute, &ec2.ReplaceRouteInput{RouteTableId: near, DestinationCidrBlock: new("10.0.0.0/8"), VpcPeeringConnectionId: &other})
	p.remove(p.other, id)
	state(p.ec2, ec2types.RouteStateBlackhole)
	state(p.other, ec2types.RouteStateBlackhole)
	refused(p.world, p.ec2.CreateRoute, route(apart, "10.1.0.0/16", id), "InvalidParameterValue", "")
	refused(p.world, p.ec2.ReplaceRoute, &ec2.ReplaceRouteInput{RouteTableId: near, DestinationCidrBlock: new("10.0.0.0/8"), VpcPeeringConnectionId: &id},
		"InvalidVpcPeeringConnectionID.NotFound", "it is deleted")
	do(p.world, p.ec2.DeleteRoute, &ec2.DeleteRouteInput{RouteTableId: near, DestinationCidrBlock: new("10.1.0.0/16")})
}

func TestPeeringVPCs(t *testing.T) {
	t.Parallel()
	p := newPeers(t)
	a, b, c := p.makeVPC(p.ec2, "10.0.0.0/16"), p.makeVPC(p.other, "10.1.0.0/16"), p.makeVPC(p.ec2, "10.2.0.0/16")
	block := func(vpc, cidr string) *ec2.AssociateVpcCidrBlockInput {
		return &ec2.AssociateVpcCidrBlockInput{VpcId: &vpc, CidrBlock: &cidr}
	}
	id := p.ask(p.ec2, a, b, otherAccount, "")
	p.wantState(p.ec2, id, "pending-acceptance")
	// The requester gets no block while it waits; the accepter spoils the request with a wrong one.
	refused(p.world, p.ec2.AssociateVpcCidrBlock, block(a, "100.64.0.0/16"), "OperationNotPermitted", id)
	do(p.world, p.other.AssociateVpcCidrBlock, block(b, "10.9.0.0/16"))
	p.wantState(p.ec2, id, "pending-acceptance")
	do(p.world, p.other.AssociateVpcCidrBlock, block(b, "10.0.3.0/24"))
	p.wantState(p.ec2, id, "failed")
	p.wantState(p.other, id, "failed")

	id = p.join(a, c)
	refused(p.world, p.ec2.AssociateVpcCidrBlock, block(a, "10.2.7.0/24"), "InvalidVpc.Range", c)
	refused(p.world, p.ec2.AssociateVpcCidrBlock, block(c, "10.0.0.0/20"), "InvalidVpc.Range", a)
	do(p.world, p.ec2.AssociateVpcCidrBlock, block(a, "100.64.0.0/16"))
	if blocks := p.get(p.ec2, id).RequesterVpcInfo.CidrBlockSet; len(blocks) != 2 || *blocks[1].CidrBlock != "100.64.0.0/16" {
		t.Errorf("blocks of the requester = %+v", blocks)
	}
	table := do(p.world, p.ec2.CreateRouteTable, &ec2.CreateRouteTableInput{VpcId: &a}).RouteTable.RouteTableId
	do(p.world, p.ec2.CreateRoute, &ec2.CreateRouteInput{RouteTableId: table, DestinationCidrBlock: new("10.7.0.0/24"), VpcPeeringConnectionId: &id})
	refused(p.world, p.ec2.AssociateVpcCidrBlock, block(a, "10.7.0.0/16"), "InvalidVpc.Range", "10.7.0.0/24")
	do(p.world, p.ec2.AssociateVpcCidrBlock, block(a, "10.7.0.0/25"))
	do(p.world, p.ec2.DeleteRouteTable, &ec2.DeleteRouteTableInput{RouteTableId: table})

	// A VPC goes with its own open requests, but not while it is peered or asked for.
	drop := func(vpc string) *ec2.DeleteVpcInput { return &ec2.DeleteVpcInput{VpcId: &vpc} }
	refused(p.world, p.ec2.DeleteVpc, drop(a), "DependencyViolation", a)
	refused(p.world, p.ec2.DeleteVpc, drop(c), "DependencyViolation", c)
	p.remove(p.ec2, id)
	do(p.world, p.ec2.DeleteVpc, drop(a))
	d := p.makeVPC(p.other, "10.3.0.0/16")
	out, in := p.ask(p.ec2, c, d, otherAccount, ""), p.ask(p.other, p.makeVPC(p.other, "10.4.0.0/16"), c, homeAccount, "")
	refused(p.world, p.ec2.DeleteVpc, drop(c), "DependencyViolation", c)
	do(p.world, p.ec2.RejectVpcPeeringConnection, &ec2.RejectVpcPeeringConnectionInput{VpcPeeringConnectionId: &in})
	do(p.world, p.ec2.DeleteVpc, drop(c))
	p.wantState(p.other, out, "deleted")
	p.wantLive(0)
}

// TestPeeringVPCGoneEarly deletes a VPC before its request has arrived: the other side never hears of it.
func TestPeeringVPCGoneEarly(t *testing.T) {
	t.Parallel()
	p := newPeers(t, slowly)
	a, b := p.makeVPC(p.ec2, "10.0.0.0/16"), p.makeVPC(p.other, "10.1.0.0/16")
	id := p.ask(p.ec2, a, b, otherAccount, "")
	do(p.world, p.ec2.DeleteVpc, &ec2.DeleteVpcInput{VpcId: &a})
	p.clock.advance(2 * time.Second)
	p.wantState(p.ec2, id, "deleted")
	p.wantState(p.other, id, "absent")
	// And the other way round, the request fails.
	c := p.makeVPC(p.ec2, "10.2.0.0/16")
	id = p.ask(p.ec2, c, b, otherAccount, "")
	do(p.world, p.other.DeleteVpc, &ec2.DeleteVpcInput{VpcId: &b})
	p.clock.advance(2 * time.Second)
	p.wantState(p.ec2, id, "failed")
}
