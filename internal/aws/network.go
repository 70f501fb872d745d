package aws

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"github.com/modelserving/terraform-provider-serving/internal/serving"
	"github.com/modelserving/terraform-provider-serving/internal/stack"
)

// network is where a cluster lives, whoever made it. The functions may be
// called when the nodes that go with them are live.
type network struct {
	vpc             func() string
	ranges          func() []string
	private, public func() []string
	// live gives the nodes' subnets as far as they are there.
	live func() []ec2types.Subnet

	vpcNode                   stack.Node
	privateNodes, publicNodes []stack.Node
	// wayOut is what nodes need to reach the Internet.
	wayOut []stack.Node
}

// zoneObjects are the objects of one zone.
type zoneObjects struct {
	private, public *stack.Object[subnetSpec, ec2types.Subnet]
	nat             *stack.Object[natGatewaySpec, ec2types.NatGateway]
}

// ownNetwork adds a VPC with a private and a public subnet in each zone, and
// NAT gateways for the way out.
func (c *client) ownNetwork(s *stack.Stack, o owner, spec serving.Cluster, left remains) *network {
	cidr, zones := spec.Network.CIDR, sorted(spec.Network.Zones)
	nat := spec.Network.NAT
	if nat == "" {
		nat = serving.NATPerZone
	}
	// Without NAT a private cluster has nothing that faces the Internet.
	facing := nat != serving.NATNone || spec.Visibility == serving.Public

	vpc := stack.Add(s, objectVPC, vpcs{c, o}, func() vpcSpec { return vpcSpec{CIDR: cidr} })
	gateway := addIf(facing, s, "internet_gateway", internetGateways{c, o}, func() internetGatewaySpec { return internetGatewaySpec{VPC: vpc.ID()} }, vpc)

	made := map[string]zoneObjects{}
	for _, zone := range append(slices.Clone(zones), without(left.Zones, zones)...) {
		wanted := slices.Contains(zones, zone)
		private, public := zoneSubnets(cidr, zone)
		z := zoneObjects{
			private: addIf(wanted, s, objectPrivateSubnet+zone, subnets{c, o}, func() subnetSpec { return subnetSpec{vpc.ID(), zone, private} }, vpc),
			public:  addIf(wanted && facing, s, objectPublicSubnet+zone, subnets{c, o}, func() subnetSpec { return subnetSpec{vpc.ID(), zone, public} }, vpc),
		}
		made[zone] = z
	}
	publicSubnets := collect(made, zones, func(z zoneObjects) *stack.Object[subnetSpec, ec2types.Subnet] { return z.public })
	privateSubnets := collect(made, zones, func(z zoneObjects) *stack.Object[subnetSpec, ec2types.Subnet] { return z.private })
	publicTable := addIf(facing, s, "route_table/public", routeTables{c, o}, func() routeTableSpec {
		return routeTableSpec{VPC: vpc.ID(), Routes: map[string]string{anywhere: gateway.ID()}, Subnets: ids(publicSubnets)}
	}, append([]stack.Node{vpc, gateway}, nodesOf(publicSubnets)...)...)

	var wayOut []stack.Node
	for _, zone := range append(slices.Clone(zones), without(left.Zones, zones)...) {
		wanted := slices.Contains(zones, zone) && (nat == serving.NATPerZone || nat == serving.NATSingle && zone == zones[0])
		z := made[zone]
		address := addIf(wanted, s, objectAddress+zone, addresses{c, o}, func() addressSpec { return addressSpec{} }, gateway)
		z.nat = addIf(wanted, s, objectNAT+zone, natGateways{c, o}, func() natGatewaySpec { return natGatewaySpec{Subnet: z.public.ID(), Address: address.ID()} }, z.public, address, gateway, publicTable)
		made[zone] = z
	}
	for _, zone := range append(slices.Clone(zones), without(left.Zones, zones)...) {
		z, carrier := made[zone], made[zone].nat
		if nat == serving.NATSingle {
			carrier = made[zones[0]].nat
		}
		wayOut = append(wayOut, addIf(slices.Contains(zones, zone), s, objectPrivateTable+zone, routeTables{c, o}, func() routeTableSpec {
			t := routeTableSpec{VPC: vpc.ID(), Subnets: []string{z.private.ID()}}
			if nat != serving.NATNone {
				t.Routes = map[string]string{anywhere: carrier.ID()}
			}
			return t
		}, vpc, z.private, carrier))
	}

	// Objects of zones that go come in the same order as those that stay.
	var allPrivate, allPublic []stack.Node
	for _, zone := range sorted(append(slices.Clone(zones), left.Zones...)) {
		allPrivate = append(allPrivate, made[zone].private)
		allPublic = append(allPublic, made[zone].public)
	}
	return &network{
		vpc: vpc.ID, ranges: func() []string { return []string{cidr} },
		private: func() []string { return ids(privateSubnets) }, public: func() []string { return ids(publicSubnets) },
		live: func() []ec2types.Subnet {
			var out []ec2types.Subnet
			for _, subnet := range privateSubnets {
				if l := subnet.Live(); l != nil {
					out = append(out, *l)
				}
			}
			return out
		},
		vpcNode: vpc, privateNodes: allPrivate, publicNodes: append(allPublic, gateway, publicTable), wayOut: wayOut,
	}
}

// addIf adds a wanted object or its tombstone.
func addIf[W, L any](wanted bool, s *stack.Stack, name string, kind stack.Kind[W, L], want func() W, after ...stack.Node) *stack.Object[W, L] {
	if wanted {
		return stack.Add(s, name, kind, want, after...)
	}
	return stack.Absent(s, name, kind, after...)
}

func collect[W, L any](made map[string]zoneObjects, zones []string, pick func(zoneObjects) *stack.Object[W, L]) []*stack.Object[W, L] {
	var out []*stack.Object[W, L]
	for _, z := range zones {
		out = append(out, pick(made[z]))
	}
	return out
}

func ids[W, L any](objects []*stack.Object[W, L]) []string {
	var out []string
	for _, o := range objects {
		if id := o.ID(); id != "" {
			out = append(out, id)
		}
	}
	return out
}

func nodesOf[W, L any](objects []*stack.Object[W, L]) []stack.Node {
	var out []stack.Node
	for _, o := range objects {
		out = append(out, o)
	}
	return out
}

// existing is a network that somebody else made.
type existing struct {
	vpc     ec2types.Vpc
	subnets map[string]ec2types.Subnet
}

// ranges are the VPC's own and the further ones that are in use.
func (e *existing) ranges() []string {
	out := []string{aws.ToString(e.vpc.CidrBlock)}
	for _, a := range e.vpc.CidrBlockAssociationSet {
		if a.CidrBlockState == nil || a.CidrBlockState.State == ec2types.VpcCidrBlockStateCodeAssociated {
			out = append(out, aws.ToString(a.CidrBlock))
		}
	}
	return sorted(out)
}

// existingNetwork looks a given network up.
func (c *client) existingNetwork(s *stack.Stack, spec serving.Cluster) *network {
	n := spec.Network
	look := stack.Look(s, "network", func(ctx context.Context) (*existing, error) {
		found, problems, err := c.readNetwork(ctx, n)
		if err == nil && len(problems) > 0 {
			err = &stack.MissingError{Err: fmt.Errorf("%s: %s", problems[0].Path, problems[0].Detail)}
		}
		return found, err
	})
	return &network{
		vpc: func() string { return n.VPC },
		ranges: func() []string {
			return look.Live().ranges()
		},
		private: func() []string { return sorted(n.Subnets) }, public: func() []string { return sorted(n.PublicSubnets) },
		live: func() []ec2types.Subnet {
			var out []ec2types.Subnet
			if look.Live() == nil {
				return nil
			}
			for _, id := range n.Subnets {
				out = append(out, look.Live().subnets[id])
			}
			return out
		},
		vpcNode: look, privateNodes: []stack.Node{look}, publicNodes: []stack.Node{look},
	}
}

// readNetwork reads a given network and says what is wrong with it.
func (c *client) readNetwork(ctx context.Context, n serving.Network) (*existing, []serving.Problem, error) {
	out, err := c.ec2.DescribeVpcs(ctx, &ec2.DescribeVpcsInput{VpcIds: []string{n.VPC}})
	if isCode(err, "InvalidVpcID.NotFound", "InvalidVpcID.Malformed") || err == nil && len(out.Vpcs) == 0 {
		return nil, []serving.Problem{{Path: "network.vpc", Summary: "VPC does not exist", Detail: fmt.Sprintf("There is no VPC %s in %s. Check the id, the region and the account of the credentials.", n.VPC, c.region)}}, nil
	}
	if err != nil {
		return nil, nil, err
	}
	found := &existing{vpc: out.Vpcs[0], subnets: map[string]ec2types.Subnet{}}
	all := append(slices.Clone(n.Subnets), n.PublicSubnets...)
	subnets, err := c.ec2.DescribeSubnets(ctx, &ec2.DescribeSubnetsInput{Filters: []ec2types.Filter{{Name: aws.String("subnet-id"), Values: sorted(all)}}})
	if err != nil {
		return nil, nil, err
	}
	for _, s := range subnets.Subnets {
		found.subnets[aws.ToString(s.SubnetId)] = s
	}
	problems := append(found.check("network.subnets", n.VPC, n.Subnets), found.check("network.public_subnets", n.VPC, n.PublicSubnets)...)
	return found, problems, nil
}

// check judges the subnets of one attribute.
func (e *existing) check(path, vpc string, ids []string) []serving.Problem {
	var problems []serving.Problem
	var zones []string
	for _, id := range sorted(ids) {
		s, ok := e.subnets[id]
		switch {
		case !ok:
			problems = append(problems, serving.Problem{Path: path, Summary: "Subnet does not exist", Detail: fmt.Sprintf("There is no subnet %s in this account and region.", id)})
			continue
		case aws.ToString(s.VpcId) != vpc:
			problems = append(problems, serving.Problem{Path: path, Summary: "Subnet of another VPC", Detail: fmt.Sprintf("Subnet %s belongs to %s and not to %s.", id, aws.ToString(s.VpcId), vpc)})
		case strings.HasPrefix(path, "network.subnets") && aws.ToBool(s.MapPublicIpOnLaunch):
			problems = append(problems, serving.Problem{Path: path, Summary: "Nodes would get public addresses", Detail: fmt.Sprintf("Subnet %s gives public addresses to what starts in it, and nodes are always private. Turn that off on the subnet, or choose another.", id)})
		}
		zones = append(zones, aws.ToString(s.AvailabilityZone))
	}
	if len(ids) > 0 && len(problems) == 0 && len(sorted(zones)) < 2 {
		problems = append(problems, serving.Problem{Path: path, Summary: "Subnets of one zone", Detail: fmt.Sprintf("All subnets are in %s; EKS and the load balancer need subnets in at least two zones.", strings.Join(sorted(zones), ", "))})
	}
	return problems
}
