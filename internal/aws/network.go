package aws

import (
	"slices"

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
	// tables gives the route tables as far as they were read.
	tables func() []ec2types.RouteTable

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
	tables := []*stack.Object[routeTableSpec, ec2types.RouteTable]{publicTable}
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
		table := addIf(slices.Contains(zones, zone), s, objectPrivateTable+zone, routeTables{c, o}, func() routeTableSpec {
			t := routeTableSpec{VPC: vpc.ID(), Subnets: []string{z.private.ID()}}
			if nat != serving.NATNone {
				t.Routes = map[string]string{anywhere: carrier.ID()}
			}
			return t
		}, vpc, z.private, carrier)
		wayOut, tables = append(wayOut, table), append(tables, table)
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
		tables: func() []ec2types.RouteTable {
			var out []ec2types.RouteTable
			for _, table := range tables {
				for _, l := range table.All() {
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
