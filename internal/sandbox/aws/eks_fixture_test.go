package aws_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	sdkaws "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/acm"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/aws/aws-sdk-go-v2/service/eks"
	ekstypes "github.com/aws/aws-sdk-go-v2/service/eks/types"
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/route53"
	"github.com/aws/smithy-go"

	"github.com/modelserving/terraform-provider-serving/internal/sandbox/aws"
	"github.com/modelserving/terraform-provider-serving/internal/sandbox/sandboxtest"
)

// clock is a time that tests move by hand, a few minutes around the real one that signatures need.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// world is a sandbox with clients and, after network, a VPC to place things in.
type world struct {
	t       *testing.T
	sandbox *sandboxtest.Sandbox
	ec2     *ec2.Client
	iam     *iam.Client
	eks     *eks.Client
	elb     *elb.Client
	acm     *acm.Client
	asg     *autoscaling.Client
	dns     *route53.Client

	vpc, igw             string
	public, private      []string
	clusterRole, nodeARN string
}

func newWorld(t *testing.T, options ...sandboxtest.Option) *world {
	t.Helper()
	s := sandboxtest.Start(t, options...)
	cfg := sdkaws.Config{
		Region: "eu-west-1", BaseEndpoint: sdkaws.String(s.URL), RetryMaxAttempts: 1,
		Credentials: sdkaws.CredentialsProviderFunc(func(context.Context) (sdkaws.Credentials, error) {
			return sdkaws.Credentials{AccessKeyID: "sandbox", SecretAccessKey: "sandbox"}, nil
		}),
	}
	return &world{
		t: t, sandbox: s, ec2: ec2.NewFromConfig(cfg), iam: iam.NewFromConfig(cfg), eks: eks.NewFromConfig(cfg),
		elb: elb.NewFromConfig(cfg), acm: acm.NewFromConfig(cfg), asg: autoscaling.NewFromConfig(cfg),
		dns: route53.NewFromConfig(cfg),
	}
}

// slow starts a world with realistic delays and a clock for them.
func slow(t *testing.T) (*world, *clock) {
	t.Helper()
	c := &clock{now: time.Now()}
	w := newWorld(t, sandboxtest.WithAWS(func(cfg *aws.Config) {
		cfg.TimeScale, cfg.Clock = 1, c.Now
		// The NAT gateway of the test network is not what these tests wait for.
		cfg.Delays = map[string]time.Duration{"ec2.nat_gateway.create": 0}
	}))
	return w, c
}

// do calls an operation of a client that must succeed.
func do[I, O, F any](w *world, call func(context.Context, *I, ...F) (*O, error), in *I) *O {
	w.t.Helper()
	out, err := call(w.t.Context(), in)
	if err != nil {
		w.t.Fatalf("%T: %v", in, err)
	}
	return out
}

// refused calls an operation of a client that must fail with a code, and a message that has a text.
func refused[I, O, F any](w *world, call func(context.Context, *I, ...F) (*O, error), in *I, code, message string) {
	w.t.Helper()
	_, err := call(w.t.Context(), in)
	var api smithy.APIError
	if !errors.As(err, &api) {
		w.t.Errorf("%T: got %v, want %s", in, err, code)
		return
	}
	if api.ErrorCode() != code || !strings.Contains(api.ErrorMessage(), message) {
		w.t.Errorf("%T: got %s: %s, want %s: %s", in, api.ErrorCode(), api.ErrorMessage(), code, message)
	}
}

// network makes a VPC with two public subnets behind an internet gateway and two private ones behind a NAT gateway.
func (w *world) network() {
	w.t.Helper()
	vpc := do(w, w.ec2.CreateVpc, &ec2.CreateVpcInput{CidrBlock: new("10.0.0.0/16")}).Vpc
	w.vpc = *vpc.VpcId
	do(w, w.ec2.ModifyVpcAttribute, &ec2.ModifyVpcAttributeInput{VpcId: vpc.VpcId, EnableDnsHostnames: &ec2types.AttributeBooleanValue{Value: new(true)}})
	w.igw = *do(w, w.ec2.CreateInternetGateway, &ec2.CreateInternetGatewayInput{}).InternetGateway.InternetGatewayId
	do(w, w.ec2.AttachInternetGateway, &ec2.AttachInternetGatewayInput{InternetGatewayId: &w.igw, VpcId: &w.vpc})
	for i, zone := range []string{"eu-west-1a", "eu-west-1b"} {
		w.public = append(w.public, w.subnet(w.vpc, fmt.Sprintf("10.0.%d.0/24", i), zone))
		w.private = append(w.private, w.subnet(w.vpc, fmt.Sprintf("10.0.1%d.0/24", i), zone))
	}
	w.route(w.public, &ec2.CreateRouteInput{GatewayId: &w.igw})
	address := do(w, w.ec2.AllocateAddress, &ec2.AllocateAddressInput{Domain: ec2types.DomainTypeVpc})
	nat := do(w, w.ec2.CreateNatGateway, &ec2.CreateNatGatewayInput{SubnetId: &w.public[0], AllocationId: address.AllocationId}).NatGateway
	w.route(w.private, &ec2.CreateRouteInput{NatGatewayId: nat.NatGatewayId})
}

func (w *world) subnet(vpc, cidr, zone string) string {
	w.t.Helper()
	return *do(w, w.ec2.CreateSubnet, &ec2.CreateSubnetInput{VpcId: &vpc, CidrBlock: &cidr, AvailabilityZone: &zone}).Subnet.SubnetId
}

// route gives subnets a route table of their own with a default route.
func (w *world) route(subnets []string, route *ec2.CreateRouteInput) {
	w.t.Helper()
	table := do(w, w.ec2.CreateRouteTable, &ec2.CreateRouteTableInput{VpcId: &w.vpc}).RouteTable
	for _, id := range subnets {
		do(w, w.ec2.AssociateRouteTable, &ec2.AssociateRouteTableInput{RouteTableId: table.RouteTableId, SubnetId: &id})
	}
	route.RouteTableId, route.DestinationCidrBlock = table.RouteTableId, new("0.0.0.0/0")
	do(w, w.ec2.CreateRoute, route)
}

func (w *world) role(name, service string, policies ...string) string {
	w.t.Helper()
	document := `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"` + service + `"},"Action":"sts:AssumeRole"}]}`
	role := do(w, w.iam.CreateRole, &iam.CreateRoleInput{RoleName: &name, AssumeRolePolicyDocument: &document}).Role
	for _, p := range policies {
		do(w, w.iam.AttachRolePolicy, &iam.AttachRolePolicyInput{RoleName: &name, PolicyArn: new("arn:aws:iam::aws:policy/" + p)})
	}
	return *role.Arn
}

// roles makes a cluster role and a node role that have what they need.
func (w *world) roles() {
	w.t.Helper()
	w.clusterRole = w.role("cluster", "eks.amazonaws.com", "AmazonEKSClusterPolicy")
	w.nodeARN = w.role("node", "ec2.amazonaws.com", "AmazonEKSWorkerNodePolicy", "AmazonEKS_CNI_Policy", "AmazonEC2ContainerRegistryReadOnly")
}

func (w *world) clusterInput() *eks.CreateClusterInput {
	return &eks.CreateClusterInput{
		Name: new("c"), RoleArn: &w.clusterRole,
		ResourcesVpcConfig: &ekstypes.VpcConfigRequest{SubnetIds: slices.Clone(w.private), EndpointPrivateAccess: new(true)},
		AccessConfig:       &ekstypes.CreateAccessConfigRequest{AuthenticationMode: ekstypes.AuthenticationModeApi},
	}
}

func (w *world) nodegroupInput() *eks.CreateNodegroupInput {
	return &eks.CreateNodegroupInput{ClusterName: new("c"), NodegroupName: new("n"), NodeRole: &w.nodeARN, Subnets: slices.Clone(w.private)}
}

// cluster makes everything up to an active cluster with an active node group of two nodes.
func (w *world) cluster() {
	w.t.Helper()
	w.network()
	w.roles()
	do(w, w.eks.CreateCluster, w.clusterInput())
	do(w, w.eks.CreateNodegroup, w.nodegroupInput())
	ng := do(w, w.eks.DescribeNodegroup, &eks.DescribeNodegroupInput{ClusterName: new("c"), NodegroupName: new("n")}).Nodegroup
	if ng.Status != ekstypes.NodegroupStatusActive {
		w.t.Fatalf("node group is %s: %+v", ng.Status, ng.Health)
	}
}
