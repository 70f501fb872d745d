package aws

import (
	"maps"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"

	"github.com/modelserving/terraform-provider-serving/internal/reads"
	sandboxaws "github.com/modelserving/terraform-provider-serving/internal/sandbox/aws"
	"github.com/modelserving/terraform-provider-serving/internal/sandbox/sandboxtest"
	"github.com/modelserving/terraform-provider-serving/internal/serving"
	"github.com/modelserving/terraform-provider-serving/internal/stack"
)

// mistake is a peering that cannot be made, and what is said.
type mistake struct {
	name string
	// before spoils the spec or the cloud.
	before func(t *testing.T, w mistaken)
	// plan is the path of the problem that a plan shows; empty when only an apply
	// can know.
	plan string
	says []string
	// mend takes the obstacle away; what is left of the failed apply is no obstacle.
	mend func(w mistaken)
}

// mistaken is the world of a mistake.
type mistaken struct {
	sandbox *sandboxtest.Sandbox
	b       *Backend
	spec    *serving.Peering
	vpc     string
	ours    *client
}

func (w mistaken) fail(t *testing.T, action, code, message string) {
	t.Helper()
	w.sandbox.AWS.AddFault(sandboxaws.Fault{Service: "ec2", Action: action, Code: code, Message: message, Status: 400})
}

var peeringMistakes = []mistake{
	{"peer VPC missing", func(_ *testing.T, w mistaken) { w.spec.Peer.VPC = "vpc-0123456789abcdef0" }, "peer.vpc", []string{"There is no VPC vpc-0123456789abcdef0 in account " + peerAccount + " and region " + testRegion}, nil},
	{"wrong account", func(_ *testing.T, w mistaken) {
		w.spec.Peer.AssumeRoleARN = strings.ReplaceAll(peerRole, peerAccount, "333333333333")
	}, "peer.vpc", []string{"in account 333333333333"}, nil},
	{"wrong region", func(_ *testing.T, w mistaken) { w.spec.Peer.Region = "eu-west-1" }, "peer.vpc", []string{"region eu-west-1"}, nil},
	{"role that cannot be taken", func(_ *testing.T, w mistaken) {
		w.spec.Peer.AssumeRoleARN = "arn:aws:iam::" + peerAccount + ":role/nobody"
	}, "peer.assume_role_arn", []string{"sts:AssumeRole: AccessDenied", "role/nobody", "trust policy"}, nil},
	{"no role", func(_ *testing.T, w mistaken) {
		w.spec.Peer.AccountID, w.spec.Peer.AssumeRoleARN = peerAccount, ""
	}, "peer.assume_role_arn", []string{"in account " + peerAccount, `accept = "manual"`}, nil},
	{"no cluster", func(_ *testing.T, w mistaken) { w.spec.Cluster.Name = "dev" }, "cluster_id", []string{"no cluster aws/us-west-2/dev"}, nil},
	{"the cluster's own VPC", func(_ *testing.T, w mistaken) {
		w.spec.Peer = serving.Peer{VPC: w.vpc}
	}, "peer.vpc", []string{"VPC of the cluster itself"}, nil},
	{"overlap with the cluster", func(t *testing.T, w mistaken) { w.spec.Peer.VPC, _ = peerVPC(t, w.b, here, "10.40.128.0/20") }, "peer.vpc", []string{"10.40.0.0/16", "share 10.40.128.0/20"}, nil},
	{"overlap with the services", func(t *testing.T, w mistaken) { w.spec.Peer.VPC, _ = peerVPC(t, w.b, here, "172.20.0.0/16") }, "peer.vpc", []string{"service range (172.20.0.0/16)"}, nil},
	{"overlap of a further range", func(t *testing.T, w mistaken) {
		must(t, ec2.NewFromConfig(somebody(t, w.b, neighbours["same account"])).AssociateVpcCidrBlock, &ec2.AssociateVpcCidrBlockInput{VpcId: &w.vpc, CidrBlock: aws.String("10.60.0.0/17")})
	}, "peer.vpc", []string{"the cluster's VPC (10.60.0.0/17)"}, nil},
	{"overlap with another peer of the cluster", func(t *testing.T, w mistaken) {
		other, _ := peerVPC(t, w.b, neighbour{"", testRegion}, "10.60.0.0/16")
		join(t, w.ours, w.ours, w.vpc, other, "")
	}, "peer.vpc", []string{"to which the cluster's VPC has the peering pcx-"}, nil},
	{"overlap with another peer of the peer", func(t *testing.T, w mistaken) {
		theirs := theirClient(t, w.b, *w.spec)
		other, _ := peerVPC(t, w.b, here, "10.40.0.0/16")
		join(t, theirs, theirs, w.spec.Peer.VPC, other, "")
	}, "peer.vpc", []string{"to which the peer VPC has the peering pcx-"}, nil},
	{"a stranger's connection", func(t *testing.T, w mistaken) {
		join(t, w.ours, theirClient(t, w.b, *w.spec), w.vpc, w.spec.Peer.VPC, peerAccount)
	}, "peer.vpc", []string{"VPC peering connection pcx-", "is not managed here"}, nil},
	{"a range that is not the peer's", func(_ *testing.T, w mistaken) { w.spec.CIDRs = []string{"10.61.0.0/24"} }, "cidrs.0", []string{"which are 10.60.0.0/16"}, nil},
	{"no such route table", func(_ *testing.T, w mistaken) { w.spec.PeerRouteTables = []string{"rtb-0123456789abcdef0"} }, "peer_route_tables", []string{"rtb-0123456789abcdef0"}, nil},
	{"conflicting route", func(t *testing.T, w mistaken) { takeRoute(t, w) }, "peer_route_tables", []string{"route table rtb-", "sends 10.40.0.0/16 to igw-", "never overwritten"}, nil},
	{"names cannot resolve", func(t *testing.T, w mistaken) {
		c := theirClient(t, w.b, *w.spec)
		made, err := c.ec2.CreateVpc(t.Context(), &ec2.CreateVpcInput{CidrBlock: aws.String("10.70.0.0/16")})
		if err != nil {
			t.Fatal(err)
		}
		w.spec.Peer.VPC = aws.ToString(made.Vpc.VpcId)
	}, "dns_resolution", []string{"DNS host names off", "dns_resolution = false"}, nil},

	{"accept denied", func(t *testing.T, w mistaken) {
		w.fail(t, "AcceptVpcPeeringConnection", "UnauthorizedOperation", "You are not authorized to perform this operation.")
	}, "", []string{"create acceptance: ec2:AcceptVpcPeeringConnection: UnauthorizedOperation", "lack permission"}, unfault},
	{"peering limit", func(t *testing.T, w mistaken) { quota(t, w, "ec2.vpc_peerings_per_vpc", 0) }, "", []string{"create connection: ec2:CreateVpcPeeringConnection", "quota"}, func(w mistaken) { unquota(w, "ec2.vpc_peerings_per_vpc", 50) }},
	{"route table full", func(t *testing.T, w mistaken) { quota(t, w, "ec2.routes_per_route_table", 1) }, "", []string{"RouteLimitExceeded", "Route table rtb-", "has no room for a route to 10."}, func(w mistaken) { unquota(w, "ec2.routes_per_route_table", 50) }},
	{"connection that fails", func(t *testing.T, w mistaken) {
		w.fail(t, "AcceptVpcPeeringConnection", "InvalidStateTransition", "Invalid state transition for pcx-1, attempted to transition from failed to provisioning")
	}, "", []string{"create acceptance", "attempted to transition"}, unfault},
}

var here = neighbour{peerRole, testRegion}

func unfault(w mistaken) { w.sandbox.AWS.ClearFaults() }

func quota(t *testing.T, w mistaken, name string, n int) {
	t.Helper()
	if err := w.sandbox.AWS.Configure(sandboxaws.Settings{Quotas: map[string]int{name: n}}); err != nil {
		t.Fatal(err)
	}
}

func unquota(w mistaken, name string, n int) {
	_ = w.sandbox.AWS.Configure(sandboxaws.Settings{Quotas: map[string]int{name: n}})
}

// join makes a stranger's connection.
func join(t *testing.T, from, to *client, vpc, peer, owner string) {
	t.Helper()
	in := &ec2.CreateVpcPeeringConnectionInput{VpcId: &vpc, PeerVpcId: &peer}
	if owner != "" {
		in.PeerOwnerId = &owner
	}
	made, err := from.ec2.CreateVpcPeeringConnection(t.Context(), in)
	if err == nil {
		_, err = to.ec2.AcceptVpcPeeringConnection(t.Context(), &ec2.AcceptVpcPeeringConnectionInput{VpcPeeringConnectionId: made.VpcPeeringConnection.VpcPeeringConnectionId})
	}
	if err != nil {
		t.Fatal(err)
	}
}

// takeRoute sends the cluster's range elsewhere on the peer's side.
func takeRoute(t *testing.T, w mistaken) {
	t.Helper()
	c := theirClient(t, w.b, *w.spec)
	gateway, err := c.ec2.CreateInternetGateway(t.Context(), &ec2.CreateInternetGatewayInput{})
	if err != nil {
		t.Fatal(err)
	}
	id := gateway.InternetGateway.InternetGatewayId
	if _, err := c.ec2.AttachInternetGateway(t.Context(), &ec2.AttachInternetGatewayInput{InternetGatewayId: id, VpcId: &w.spec.Peer.VPC}); err != nil {
		t.Fatal(err)
	}
	tables, err := c.readVPCTables(t.Context(), []string{w.spec.Peer.VPC})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.ec2.CreateRoute(t.Context(), &ec2.CreateRouteInput{RouteTableId: tables[w.spec.Peer.VPC][0].RouteTableId, DestinationCidrBlock: aws.String("10.40.0.0/16"), GatewayId: id}); err != nil {
		t.Fatal(err)
	}
}

// TestPeeringMistakes asserts that each mistake is one clear error, in the plan
// where it can be known, before anything is made; and that what a failed apply
// has made is completed by the next or removed by a destroy.
func TestPeeringMistakes(t *testing.T) {
	t.Parallel()
	for i, m := range peeringMistakes {
		t.Run(m.name, func(t *testing.T) {
			t.Parallel()
			sandbox, b, cluster := clustered(t)
			ours, err := b.client(t.Context(), testRegion)
			if err != nil {
				t.Fatal(err)
			}
			seen, err := b.ObserveCluster(t.Context(), cluster)
			if err != nil {
				t.Fatal(err)
			}
			spec := testPeering(t, b, here)
			w := mistaken{sandbox, b, &spec, seen.VPC, ours}
			m.before(t, w)
			before := kinds(sandbox.AWS.Census())

			problems, err := b.PreflightPeering(t.Context(), spec)
			if err != nil || m.plan == "" && len(problems) > 0 || m.plan != "" && (len(problems) != 1 || problems[0].Path != m.plan) {
				t.Fatalf("preflight: %v, error %v", problems, err)
			}
			_, err = b.CreatePeering(t.Context(), spec)
			if err == nil {
				t.Fatal("no error")
			}
			for _, said := range m.says {
				if !strings.Contains(err.Error(), said) || m.plan != "" && !strings.Contains(problems[0].Detail, said) {
					t.Errorf("%q does not say %q; the plan says %v", err, said, problems)
				}
			}
			if m.plan != "" {
				if now := kinds(sandbox.AWS.Census()); !maps.Equal(now, before) {
					t.Errorf("there is %v, before there was %v", now, before)
				}
				return
			}
			if i%2 == 0 {
				m.mend(w)
				if _, err := testBackend(sandbox.URL).CreatePeering(t.Context(), spec); err != nil {
					t.Errorf("apply after the obstacle: %v", err)
				}
				settledPeering(t, testBackend(sandbox.URL), spec)
			}
			m.mend(w)
			if err := testBackend(sandbox.URL).DestroyPeering(t.Context(), spec); err != nil {
				t.Error(err)
			}
			if now := kinds(sandbox.AWS.Census()); !maps.Equal(now, before) {
				t.Errorf("left %v, before there was %v", now, before)
			}
			noRoutes(t, b, spec)
		})
	}
}

// TestPeeringFailsInTheCloud asserts that a connection that ends while it is made
// is an error with the cloud's message, and no obstacle to the next apply.
func TestPeeringFailsInTheCloud(t *testing.T) {
	t.Parallel()
	sandbox, b, cluster := clustered(t)
	seen, err := b.ObserveCluster(t.Context(), cluster)
	if err != nil {
		t.Fatal(err)
	}
	c, err := b.client(t.Context(), testRegion)
	if err != nil {
		t.Fatal(err)
	}
	// The check would see it; the cloud is the last to say.
	vpc, _ := peerVPC(t, b, here, "10.40.0.0/16")
	o := peeringOwner(serving.Peering{Cluster: cluster.ID(), Peer: serving.Peer{VPC: vpc}})
	for range 2 {
		s := &stack.Stack{Name: o.stack, Poll: c.poll}
		root := stack.Add(s, objectConnection, peeringConnections{c, o, &endedPeerings{}}, func() peeringConnectionSpec {
			return peeringConnectionSpec{VPC: seen.VPC, PeerVPC: vpc, PeerOwner: peerAccount, PeerRegion: testRegion}
		})
		stack.Root(s, root)
		err = s.Ensure(reads.WithLive(t.Context()), stack.Create)
		if err == nil || !strings.Contains(err.Error(), "wait for connection: pcx-") || !strings.Contains(err.Error(), "overlapping CIDR range") {
			t.Errorf("%v", err)
		}
	}
	if left := kinds(sandbox.AWS.Census())["ec2.vpc_peering_connection"]; left != 0 {
		t.Errorf("%d connections are left", left)
	}
}
