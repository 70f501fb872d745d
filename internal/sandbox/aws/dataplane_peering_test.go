package aws_test

import (
	"fmt"
	"net/http"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	elbtypes "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"

	"github.com/modelserving/terraform-provider-serving/internal/sandbox/aws"
)

// joined is a VPC with an internal load balancer, and a VPC that is peered with it and may call it.
type joined struct {
	*peers
	data *dataWorld
	host string
	// far acts where the peer VPC is.
	far  *ec2.Client
	peer string
	// id is the connection; near and back are the route tables of the two sides.
	id         string
	near, back string
	rule       string
}

// side is a VPC with one subnet, and its main route table.
func (p *peers) side(c *ec2.Client, cidr, subnet, zone string) (vpc, table string) {
	p.t.Helper()
	vpc = p.makeVPC(c, cidr)
	do(p.world, c.CreateSubnet, &ec2.CreateSubnetInput{VpcId: &vpc, CidrBlock: &subnet, AvailabilityZone: &zone})
	return vpc, *do(p.world, c.DescribeRouteTables, &ec2.DescribeRouteTablesInput{Filters: filter("vpc-id", vpc)}).RouteTables[0].RouteTableId
}

func (p *peers) lead(c *ec2.Client, table, to, connection string) {
	p.t.Helper()
	do(p.world, c.CreateRoute, &ec2.CreateRouteInput{RouteTableId: &table, DestinationCidrBlock: &to, VpcPeeringConnectionId: &connection})
}

// newJoined makes the world with a peer in an account and a region.
func newJoined(t *testing.T, pick func(*peers) *ec2.Client, account, region string) *joined {
	t.Helper()
	p := newPeers(t)
	p.network()
	j := &joined{peers: p, data: &dataWorld{world: p.world}, far: pick(p)}
	lb, host := j.data.front(elbtypes.LoadBalancerSchemeEnumInternal)
	j.listener(lb, 80, fixed("404"))
	j.host = host + ":80"
	j.rule = j.data.admit(j.data.group, 80, ec2types.IpPermission{IpRanges: []ec2types.IpRange{{CidrIp: new("10.9.0.0/16")}}})
	j.peer, j.near = p.side(j.far, "10.9.0.0/16", "10.9.1.0/24", region+"a")
	j.back = *do(p.world, p.ec2.DescribeRouteTables, &ec2.DescribeRouteTablesInput{Filters: filter("association.subnet-id", p.private[0])}).RouteTables[0].RouteTableId
	j.id = p.ask(p.ec2, p.vpc, j.peer, account, region)
	return j
}

// open accepts the peering and adds the routes.
func (j *joined) open() {
	j.accept(j.far, j.id)
	j.lead(j.far, j.near, "10.0.0.0/16", j.id)
	j.lead(j.ec2, j.back, "10.9.0.0/16", j.id)
}

// aclDenies makes the network ACL of a VPC let nothing out to a block, besides what its last entry says.
func (j *joined) aclDenies(c *ec2.Client, account, vpc, block string) {
	j.t.Helper()
	acl := do(j.world, c.DescribeNetworkAcls, &ec2.DescribeNetworkAclsInput{Filters: filter("vpc-id", vpc)}).NetworkAcls[0]
	for i, e := range acl.Entries {
		if e.RuleAction != ec2types.RuleActionDeny || !*e.Egress {
			continue
		}
		number := 50
		if block == "0.0.0.0/0" {
			number = 32767
		}
		object := aws.Object{Account: account, Region: "eu-west-1", Kind: "ec2.network_acl", ID: *acl.NetworkAclId}
		for path, value := range map[string]any{"CidrBlock": block, "RuleNumber": number} {
			if err := j.sandbox.AWS.Mutate(aws.Field{Object: object, Path: fmt.Sprintf("/Entries/%d/%s", i, path), Value: value}); err != nil {
				j.t.Fatal(err)
			}
		}
	}
}

// blocked expects silence, with a reason.
func (j *joined) blocked(from, reason string) {
	j.t.Helper()
	j.data.leads(from, j.host, http.StatusGatewayTimeout, reason)
}

func (j *joined) passes(from string) {
	j.t.Helper()
	j.data.leads(from, j.host, http.StatusOK, "")
}

func TestPathAcrossPeering(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		client          func(*peers) *ec2.Client
		account, region string
	}{
		"same account":               {func(p *peers) *ec2.Client { return p.ec2 }, homeAccount, "eu-west-1"},
		"another account":            {func(p *peers) *ec2.Client { return p.other }, otherAccount, "eu-west-1"},
		"another region":             {func(p *peers) *ec2.Client { return p.far }, homeAccount, "us-east-1"},
		"another account and region": {func(p *peers) *ec2.Client { return p.otherFar }, otherAccount, "us-east-1"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			j := newJoined(t, tc.client, tc.account, tc.region)
			j.blocked(j.peer, "pending-acceptance, and nothing passes")
			j.accept(j.far, j.id)
			j.blocked(j.peer, "route table "+j.near+" has no route to 10.0.")
			j.lead(j.far, j.near, "10.0.0.0/16", j.id)
			j.blocked(j.peer, "its route table")
			j.lead(j.ec2, j.back, "10.9.0.0/16", j.id)
			// Each subnet of the load balancer has a table of its own here or not: all must lead back.
			for _, subnet := range j.private {
				table := do(j.world, j.ec2.DescribeRouteTables, &ec2.DescribeRouteTablesInput{Filters: filter("association.subnet-id", subnet)}).RouteTables[0]
				if *table.RouteTableId != j.back {
					j.lead(j.ec2, *table.RouteTableId, "10.9.0.0/16", j.id)
				}
			}
			j.passes(j.peer)
			j.passes(j.peer + "/10.9.1.77")
			j.data.leads(j.peer, j.host[:len(j.host)-2]+"81", http.StatusGatewayTimeout, "admits port 81")
			j.blocked("", "no packet from the Internet")
			j.remove(j.ec2, j.id)
			j.blocked(j.peer, "there is no peering with")
		})
	}
}

func TestPathAcrossPeeringIsFiltered(t *testing.T) {
	t.Parallel()
	j := newJoined(t, func(p *peers) *ec2.Client { return p.other }, otherAccount, "eu-west-1")
	j.open()
	j.passes(j.peer)

	// The load balancer's group.
	do(j.world, j.ec2.RevokeSecurityGroupIngress, &ec2.RevokeSecurityGroupIngressInput{GroupId: &j.data.group, SecurityGroupRuleIds: []string{j.rule}})
	j.blocked(j.peer, "admits port 80 from 10.9.1.")
	j.data.admit(j.data.group, 80, ec2types.IpPermission{IpRanges: []ec2types.IpRange{{CidrIp: new("10.9.1.64/26")}}})
	j.blocked(j.peer+"/10.9.1.5", "admits port 80 from 10.9.1.5")
	j.passes(j.peer + "/10.9.1.77")
	j.data.admit(j.data.group, 80, ec2types.IpPermission{IpRanges: []ec2types.IpRange{{CidrIp: new("10.9.0.0/16")}}})

	// Network ACLs of both sides: the peer's lets nothing out, then the load balancer's no answers.
	j.aclDenies(j.far, otherAccount, j.peer, "10.0.0.0/16")
	j.blocked(j.peer, "network ACL")
	j.aclDenies(j.far, otherAccount, j.peer, "0.0.0.0/0")
	j.passes(j.peer)
	j.aclDenies(j.ec2, homeAccount, j.vpc, "10.9.1.0/24")
	j.blocked(j.peer, "ports 1024 to 65535")
	j.aclDenies(j.ec2, homeAccount, j.vpc, "0.0.0.0/0")
	j.passes(j.peer)

	// A narrower route elsewhere, and a black hole.
	gateway := *do(j.world, j.far.CreateInternetGateway, &ec2.CreateInternetGatewayInput{}).InternetGateway.InternetGatewayId
	do(j.world, j.far.AttachInternetGateway, &ec2.AttachInternetGatewayInput{InternetGatewayId: &gateway, VpcId: &j.peer})
	do(j.world, j.far.CreateRoute, &ec2.CreateRouteInput{RouteTableId: &j.near, DestinationCidrBlock: new("10.0.0.0/17"), GatewayId: &gateway})
	j.blocked(j.peer, "leads to "+gateway)
	do(j.world, j.far.DetachInternetGateway, &ec2.DetachInternetGatewayInput{InternetGatewayId: &gateway, VpcId: &j.peer})
	j.blocked(j.peer, "is a black hole")
}

// TestPathIsNotTransitive has a VPC whose peer is peered with the load balancer's, and one without any peering.
func TestPathIsNotTransitive(t *testing.T) {
	t.Parallel()
	j := newJoined(t, func(p *peers) *ec2.Client { return p.ec2 }, "", "eu-west-1")
	j.open()
	third, table := j.side(j.ec2, "10.10.0.0/16", "10.10.1.0/24", "eu-west-1a")
	second := j.join(j.peer, third)
	j.lead(j.ec2, table, "10.0.0.0/16", second)
	j.lead(j.ec2, j.near, "10.10.0.0/16", second)
	j.data.admit(j.data.group, 80, ec2types.IpPermission{IpRanges: []ec2types.IpRange{{CidrIp: new("10.10.0.0/16")}}})
	j.passes(j.peer)
	j.blocked(third, "there is no peering with "+j.vpc)
	alone, _ := j.side(j.ec2, "10.11.0.0/16", "10.11.1.0/24", "eu-west-1a")
	j.blocked(alone, "there is no peering with "+j.vpc)
}

// TestPathOfPeerGroup has a rule about a group of the peer: it admits who is in it, until it is stale.
func TestPathOfPeerGroup(t *testing.T) {
	t.Parallel()
	j := newJoined(t, func(p *peers) *ec2.Client { return p.ec2 }, "", "eu-west-1")
	j.open()
	do(j.world, j.ec2.RevokeSecurityGroupIngress, &ec2.RevokeSecurityGroupIngressInput{GroupId: &j.data.group, SecurityGroupRuleIds: []string{j.rule}})
	group := *do(j.world, j.far.CreateSecurityGroup, &ec2.CreateSecurityGroupInput{GroupName: new("apps"), Description: new("apps"), VpcId: &j.peer}).GroupId
	j.data.admit(j.data.group, 80, ec2types.IpPermission{UserIdGroupPairs: []ec2types.UserIdGroupPair{{GroupId: &group}}})
	j.blocked(j.peer, "admits port 80 from")
	far := []string{*do(j.world, j.far.DescribeSubnets, &ec2.DescribeSubnetsInput{Filters: filter("vpc-id", j.peer)}).Subnets[0].SubnetId, j.subnet(j.peer, "10.9.2.0/24", "eu-west-1b")}
	// Somebody who is in the group: a load balancer.
	lb := do(j.world, j.elb.CreateLoadBalancer, &elb.CreateLoadBalancerInput{Name: new("apps"), Subnets: far, Scheme: elbtypes.LoadBalancerSchemeEnumInternal, SecurityGroups: []string{group}}).LoadBalancers[0]
	eni := do(j.world, j.far.DescribeNetworkInterfaces, &ec2.DescribeNetworkInterfacesInput{Filters: filter("group-id", group)}).NetworkInterfaces[0]
	member := j.peer + "/" + *eni.PrivateIpAddress
	j.passes(member)
	do(j.world, j.elb.DeleteLoadBalancer, &elb.DeleteLoadBalancerInput{LoadBalancerArn: lb.LoadBalancerArn})
	j.blocked(member, "admits port 80 from")
	lb = do(j.world, j.elb.CreateLoadBalancer, &elb.CreateLoadBalancerInput{Name: new("apps"), Subnets: far, Scheme: elbtypes.LoadBalancerSchemeEnumInternal, SecurityGroups: []string{group}}).LoadBalancers[0]
	eni = do(j.world, j.far.DescribeNetworkInterfaces, &ec2.DescribeNetworkInterfacesInput{Filters: filter("group-id", group)}).NetworkInterfaces[0]
	member = j.peer + "/" + *eni.PrivateIpAddress
	j.passes(member)

	// The VPCs are peered anew: what names the old connection is stale, and routes lead nowhere.
	j.remove(j.ec2, j.id)
	j.id = j.join(j.vpc, j.peer)
	for _, way := range []struct{ table, to string }{{j.near, "10.0.0.0/16"}, {j.back, "10.9.0.0/16"}} {
		do(j.world, j.far.ReplaceRoute, &ec2.ReplaceRouteInput{RouteTableId: &way.table, DestinationCidrBlock: &way.to, VpcPeeringConnectionId: &j.id})
	}
	j.blocked(member, "admits port 80 from")
}
