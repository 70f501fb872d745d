package aws

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"github.com/modelserving/terraform-provider-serving/internal/sandbox/sandboxtest"
	"github.com/modelserving/terraform-provider-serving/internal/serving"
)

// peerRole gets into an account that nobody has used yet.
const (
	peerAccount = "210987654321"
	peerRole    = "arn:aws:iam::" + peerAccount + ":role/OrganizationAccountAccessRole"
)

// neighbour is where the peer VPC of a test is.
type neighbour struct{ role, region string }

var neighbours = map[string]neighbour{
	"same account":                     {"", testRegion},
	"other region":                     {"", "eu-central-1"},
	"other account":                    {peerRole, testRegion},
	"other account and another region": {peerRole, "eu-central-1"},
}

// peerVPC makes a VPC with two subnets, one of which has a route table of its own.
func peerVPC(t testing.TB, b *Backend, n neighbour, cidr string, subnets ...string) (vpc string, tables []string) {
	t.Helper()
	c, err := b.clientAs(t.Context(), n.region, n.role)
	if err != nil {
		t.Fatal(err)
	}
	made, err := c.ec2.CreateVpc(t.Context(), &ec2.CreateVpcInput{CidrBlock: &cidr})
	if err != nil {
		t.Fatal(err)
	}
	vpc = aws.ToString(made.Vpc.VpcId)
	if _, err := c.ec2.ModifyVpcAttribute(t.Context(), &ec2.ModifyVpcAttributeInput{VpcId: &vpc, EnableDnsHostnames: &ec2types.AttributeBooleanValue{Value: aws.Bool(true)}}); err != nil {
		t.Fatal(err)
	}
	for i, subnet := range subnets {
		s, err := c.ec2.CreateSubnet(t.Context(), &ec2.CreateSubnetInput{VpcId: &vpc, CidrBlock: &subnet})
		if err != nil {
			t.Fatal(err)
		}
		if i > 0 {
			continue
		}
		own, err := c.ec2.CreateRouteTable(t.Context(), &ec2.CreateRouteTableInput{VpcId: &vpc})
		if err != nil {
			t.Fatal(err)
		}
		tables = append(tables, aws.ToString(own.RouteTable.RouteTableId))
		if _, err := c.ec2.AssociateRouteTable(t.Context(), &ec2.AssociateRouteTableInput{RouteTableId: own.RouteTable.RouteTableId, SubnetId: s.Subnet.SubnetId}); err != nil {
			t.Fatal(err)
		}
	}
	found, err := c.readVPCTables(t.Context(), []string{vpc})
	if err != nil {
		t.Fatal(err)
	}
	for _, table := range found[vpc] {
		if isMain(table) {
			tables = append(tables, aws.ToString(table.RouteTableId))
		}
	}
	return vpc, tables
}

// testPeering is a peering of testCluster with a new VPC.
func testPeering(t testing.TB, b *Backend, n neighbour) serving.Peering {
	t.Helper()
	vpc, _ := peerVPC(t, b, n, "10.60.0.0/16", "10.60.0.0/24", "10.60.1.0/24")
	return serving.Peering{
		Cluster: serving.ID{Cloud: serving.AWS, Region: testRegion, Name: "prod"},
		Peer:    serving.Peer{VPC: vpc, Region: n.region, AssumeRoleARN: n.role},
		Accept:  serving.AcceptAuto, DNS: true, Tags: map[string]string{"team": "ml"},
	}
}

// smallCluster has what a peering looks at, and no more.
func smallCluster(visibility serving.Visibility) serving.Cluster {
	spec := testCluster(visibility)
	spec.NodePools = map[string]serving.NodePool{"cpu": {MachineType: "m7i.xlarge", MinSize: 1, MaxSize: 2, DiskGB: 50}}
	spec.Network.NAT, spec.KubernetesAPI.Admins = serving.NATSingle, nil
	return inZones(spec)
}

// clustered is a sandbox with a private cluster.
func clustered(t testing.TB) (*sandboxtest.Sandbox, *Backend, serving.Cluster) {
	t.Helper()
	sandbox, b := prepared(t)
	spec := smallCluster(serving.Private)
	seen, err := b.CreateCluster(t.Context(), spec)
	if err != nil {
		t.Fatal(err)
	}
	spec.LastSeen = seen.Objects
	return sandbox, b, spec
}

// theirClient acts on the peer's side of a peering.
func theirClient(t testing.TB, b *Backend, spec serving.Peering) *client {
	t.Helper()
	c, err := b.clientAs(t.Context(), spec.PeerRegion(), spec.Peer.AssumeRoleARN)
	if err != nil {
		t.Fatal(err)
	}
	return c
}
