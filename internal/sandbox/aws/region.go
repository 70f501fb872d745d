package aws

import (
	"time"

	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"github.com/modelserving/terraform-provider-serving/internal/sandbox/control"
)

// state is everything the cloud remembers. It is one JSON document.
type state struct {
	// Seed and Counter make ids.
	Seed    string
	Counter uint64
	// Accounts by account number, Regions by "account/region".
	Accounts map[string]*Account
	Regions  map[string]*Region
	// Addresses counts the public addresses handed out, so that no two objects share one.
	Addresses uint32
	// Queue holds changes that are still to come.
	Queue []transition
	// Sessions are the temporary credentials handed out, by access key.
	Sessions map[string]*session
}

// Region is what one account has in one region.
type Region struct {
	VPCs               map[string]*VPC
	Subnets            map[string]*ec2types.Subnet
	InternetGateways   map[string]*ec2types.InternetGateway
	Addresses          map[string]*ec2types.Address
	NatGateways        map[string]*ec2types.NatGateway
	RouteTables        map[string]*ec2types.RouteTable
	SecurityGroups     map[string]*ec2types.SecurityGroup
	SecurityGroupRules map[string]*ec2types.SecurityGroupRule
	NetworkInterfaces  map[string]*ec2types.NetworkInterface
	NetworkACLs        map[string]*ec2types.NetworkAcl
	// VPCPeeringConnections are those that were requested here.
	VPCPeeringConnections map[string]*VPCPeeringConnection
	// Tokens remembers what a client token made, by "action/token".
	Tokens map[string]*clientToken
	// Born is when objects were made, for the consistency window.
	Born map[string]time.Time
	// Keys are private keys as PEM: of ACM's certificates by ARN, of clusters' authorities by the id in their endpoint. They are
	// kept beside the objects, so that no answer, field or listing of one can show its key.
	Keys map[string]string

	EKS         eksState
	ELB         elbState
	ACM         acmState
	AutoScaling autoscalingState
}

// VPC is a VPC with the attributes that DescribeVpcs does not show.
type VPC struct {
	ec2types.Vpc
	EnableDNSSupport                 bool
	EnableDNSHostnames               bool
	EnableNetworkAddressUsageMetrics bool
}

// clientToken is what an idempotency token stands for.
type clientToken struct {
	// Request is a digest of the parameters it came with.
	Request string
	// ID is the object that was made.
	ID string
}

// Account is what belongs to an account and to no region.
type Account struct {
	Roles   map[string]*Role
	Route53 route53State
}

func newState(seed string) *state {
	return &state{Seed: seed, Accounts: map[string]*Account{}, Regions: map[string]*Region{}, Sessions: map[string]*session{}}
}

func (s *state) account(id string) *Account {
	a := s.Accounts[id]
	if a == nil {
		a = &Account{}
		s.Accounts[id] = a
	}
	control.MakeMaps(a)
	return a
}

func (s *state) region(account, name string) *Region {
	key := account + "/" + name
	r := s.Regions[key]
	if r == nil {
		r = &Region{}
		s.Regions[key] = r
		control.MakeMaps(r)
	}
	return r
}
