package gcp

import (
	"context"
	"fmt"

	"cloud.google.com/go/compute/apiv1/computepb"
	"cloud.google.com/go/container/apiv1/containerpb"
	"google.golang.org/protobuf/proto"

	"github.com/modelserving/terraform-provider-serving/internal/serving"
	"github.com/modelserving/terraform-provider-serving/internal/stack"
)

// network is where a cluster lives, whoever made it. The functions may be called
// when the nodes that go with them are live.
type network struct {
	// vpc and subnetwork are names from the project on, proxies the range that the
	// load balancer's proxies have their addresses in.
	vpc, subnetwork, proxies func() string
	// ranges are those of nodes and pods.
	ranges func() []string
	// allocation is how the cluster takes pods' and services' addresses.
	allocation func() *containerpb.IPAllocationPolicy

	vpcNode, subnetworkNode, proxiesNode stack.Node
	// wayOut is what nodes need to reach the Internet.
	wayOut []stack.Node
}

// The names of secondary ranges, of a subnetwork of our own and of one that says
// no other way which is which.
const (
	podsRange     = "pods"
	servicesRange = "services"
)

// purposeProxies is that of the subnetworks which the regional load balancers of a
// network have their proxies in.
const purposeProxies = "REGIONAL_MANAGED_PROXY"

// ownNetwork adds a VPC with a subnetwork for nodes, pods and services, one for
// proxies, and a NAT gateway for the way out.
func (c *client) ownNetwork(s *stack.Stack, o owner, spec serving.Cluster) *network {
	names := namesOf(spec)
	// The rules have made sure that there is such a layout.
	layout, _ := spec.Network.Ranges()
	nodes, pods, services, proxies := layout.Nodes.String(), layout.Pods.String(), layout.Services.String(), layout.Proxies.String()

	vpc := stack.Add(s, objectNetwork, c.vpcs(o, names.vpc, names.nodes), func() *computepb.Network {
		return &computepb.Network{
			Name: &names.vpc, AutoCreateSubnetworks: proto.Bool(false), Mtu: proto.Int32(1460),
			RoutingConfig:                         &computepb.NetworkRoutingConfig{RoutingMode: proto.String("REGIONAL")},
			NetworkFirewallPolicyEnforcementOrder: proto.String("AFTER_CLASSIC_FIREWALL"),
		}
	})
	subnetwork := stack.Add(s, objectSubnetwork, c.subnetworks(o, names.nodes), func() *computepb.Subnetwork {
		return &computepb.Subnetwork{
			Name: &names.nodes, Network: proto.String(computeLink(vpc.ID())), IpCidrRange: &nodes,
			Purpose: proto.String("PRIVATE"), StackType: proto.String("IPV4_ONLY"),
			// Nodes have no public addresses, and reach Google's registries without NAT.
			PrivateIpGoogleAccess: proto.Bool(true),
			SecondaryIpRanges: []*computepb.SubnetworkSecondaryRange{
				{RangeName: proto.String(podsRange), IpCidrRange: &pods}, {RangeName: proto.String(servicesRange), IpCidrRange: &services},
			},
		}
	}, vpc)
	proxyOnly := stack.Add(s, objectProxies, c.subnetworks(o, names.proxies), func() *computepb.Subnetwork {
		return &computepb.Subnetwork{
			Name: &names.proxies, Network: proto.String(computeLink(vpc.ID())), IpCidrRange: &proxies, Purpose: proto.String(purposeProxies), Role: proto.String("ACTIVE"),
		}
	}, vpc)
	// Cloud NAT is in all zones of a region, so there is one or none.
	router := addIf(spec.Network.NAT != serving.NATNone, s, objectRouter, c.routers(o, names.router), func() *computepb.Router {
		return natRouter(names.router, vpc.ID())
	}, vpc, subnetwork)

	return &network{
		vpc: vpc.ID, subnetwork: subnetwork.ID, proxies: func() string { return proxies },
		ranges: func() []string { return []string{nodes, pods} },
		allocation: func() *containerpb.IPAllocationPolicy {
			return &containerpb.IPAllocationPolicy{UseIpAliases: true, ClusterSecondaryRangeName: podsRange, ServicesSecondaryRangeName: servicesRange}
		},
		vpcNode: vpc, subnetworkNode: subnetwork, proxiesNode: proxyOnly, wayOut: []stack.Node{router},
	}
}

// addIf adds a wanted object or its tombstone.
func addIf[W, L any](wanted bool, s *stack.Stack, name string, kind stack.Kind[W, L], want func() W, after ...stack.Node) *stack.Object[W, L] {
	if wanted {
		return stack.Add(s, name, kind, want, after...)
	}
	return stack.Absent(s, name, kind, after...)
}

// existing is a network that somebody else made.
type existing struct {
	vpc        *computepb.Network
	subnetwork *computepb.Subnetwork
	// proxies is the subnetwork of the load balancers' proxies.
	proxies *computepb.Subnetwork
}

// existingNetwork looks a given network up.
func (c *client) existingNetwork(s *clusterStack) *network {
	n := s.spec.Network
	look := stack.Look(s.Stack, objectNetwork, func(ctx context.Context) (*existing, error) {
		found, problems, err := c.readNetwork(ctx, n)
		if err == nil && len(problems) > 0 {
			err = &stack.MissingError{Err: fmt.Errorf("%s: %s", problems[0].Path, problems[0].Detail)}
		}
		return found, err
	})
	return &network{
		vpc:        func() string { return c.global("networks", n.VPC) },
		subnetwork: func() string { return c.regional("subnetworks", n.Subnets[0]) },
		proxies:    func() string { return look.Live().proxies.GetIpCidrRange() },
		ranges:     func() []string { return look.Live().ranges(s.podRange()) },
		allocation: func() *containerpb.IPAllocationPolicy { return look.Live().allocation(n) },
		vpcNode:    look, subnetworkNode: look, proxiesNode: look,
	}
}

// ranges are those of the subnetwork's nodes and of the cluster's pods. Others of the
// subnetwork are somebody else's, or for services: nobody calls from one.
func (e *existing) ranges(pods string) []string {
	if e == nil {
		return nil
	}
	out := []string{e.subnetwork.GetIpCidrRange()}
	if pods != "" {
		out = append(out, pods)
	}
	return sorted(out)
}

// podRange is where the pods of a cluster in a given network have their addresses:
// as the spec says, or as the cluster does, which knows of a range that GKE made.
func (s *clusterStack) podRange() string {
	if s.spec.Network.PodCIDR != "" {
		return s.spec.Network.PodCIDR
	}
	return s.cluster.Live().GetIpAllocationPolicy().GetClusterIpv4CidrBlock()
}

// allocation takes the secondary ranges that the spec gives, or that are named for
// it; for what the subnetwork lacks GKE makes some.
func (e *existing) allocation(n serving.Network) *containerpb.IPAllocationPolicy {
	policy := &containerpb.IPAllocationPolicy{UseIpAliases: true}
	policy.ClusterSecondaryRangeName, policy.ClusterIpv4CidrBlock = e.secondary(n.PodCIDR, podsRange)
	policy.ServicesSecondaryRangeName, policy.ServicesIpv4CidrBlock = e.secondary(n.ServiceCIDR, servicesRange)
	return policy
}

// secondary is the name of the range with the addresses, or without any, of the
// one with the usual name; else the addresses of a range to be made.
func (e *existing) secondary(cidr, usual string) (name, block string) {
	for _, r := range e.subnetwork.GetSecondaryIpRanges() {
		if cidr != "" && r.GetIpCidrRange() == cidr || cidr == "" && r.GetRangeName() == usual {
			return r.GetRangeName(), ""
		}
	}
	return "", cidr
}

// readNetwork reads a given network and says what is wrong with it.
func (c *client) readNetwork(ctx context.Context, n serving.Network) (*existing, []serving.Problem, error) {
	networks, err := c.reader.networks.Get(ctx, everything)
	if err != nil {
		return nil, nil, err
	}
	found := &existing{vpc: find(networks, n.VPC)}
	if found.vpc == nil {
		return nil, []serving.Problem{{Path: "network.vpc", Summary: "Network does not exist", Detail: fmt.Sprintf("There is no network %s in the project %s. Check the name and the project.", n.VPC, c.project)}}, nil
	}
	subnetworks, err := c.reader.subnetworks.Get(ctx, everything)
	if err != nil {
		return nil, nil, err
	}
	for _, s := range subnetworks {
		if relative(s.GetNetwork()) == relative(found.vpc.GetSelfLink()) && s.GetPurpose() == purposeProxies && s.GetRole() != "BACKUP" {
			found.proxies = s
		}
	}
	var problems []serving.Problem
	say := func(path, summary, format string, args ...any) {
		problems = append(problems, serving.Problem{Path: path, Summary: summary, Detail: fmt.Sprintf(format, args...)})
	}
	if len(n.Subnets) > 0 {
		found.subnetwork = find(subnetworks, n.Subnets[0])
		switch s := found.subnetwork; {
		case s == nil:
			say("network.subnets", "Subnetwork does not exist", "There is no subnetwork %s in %s of the project %s.", n.Subnets[0], c.region, c.project)
		case relative(s.GetNetwork()) != relative(found.vpc.GetSelfLink()):
			say("network.subnets", "Subnetwork of another network", "Subnetwork %s belongs to %s and not to %s.", n.Subnets[0], lastOf(s.GetNetwork()), n.VPC)
		case s.GetPurpose() != "PRIVATE" && s.GetPurpose() != "":
			say("network.subnets", "Subnetwork is not for nodes", "Subnetwork %s has the purpose %s, and nodes need one with the purpose PRIVATE.", n.Subnets[0], s.GetPurpose())
		}
	}
	if found.proxies == nil {
		say("network.vpc", "Network has no subnetwork for proxies", "The load balancers of %s have their proxies in a subnetwork of their own, and %s has none. Create one, as with "+
			"gcloud compute networks subnets create proxies --network=%s --region=%s --purpose=%s --role=ACTIVE --range=<a free /23>.", c.region, n.VPC, n.VPC, c.region, purposeProxies)
	}
	return found, problems, nil
}
