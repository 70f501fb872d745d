package aws

import (
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
	elbtypes "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"

	"github.com/modelserving/terraform-provider-serving/internal/serving"
)

// exposure reads who has a path from what is live. It makes no call: all of it was
// read for the stack.
func (s *clusterStack) exposure() serving.Exposure {
	var e serving.Exposure
	for _, lb := range s.loadBalancer.All() {
		e.Endpoint = e.Endpoint.Wider(s.frontExposure(lb))
	}
	e.Endpoint.Sources, e.Endpoint.Inside = s.sources()
	if cluster := s.cluster.Live(); cluster != nil && cluster.ResourcesVpcConfig != nil {
		v := cluster.ResourcesVpcConfig
		e.KubernetesAPI.PublicAccess, e.KubernetesAPI.PrivateAccess = v.EndpointPublicAccess, v.EndpointPrivateAccess
		if v.EndpointPublicAccess {
			e.KubernetesAPI.Sources = sorted(v.PublicAccessCidrs)
		}
	}
	for _, subnet := range s.network.live() {
		e.Nodes.PublicAddresses = e.Nodes.PublicAddresses || aws.ToBool(subnet.MapPublicIpOnLaunch)
	}
	return e
}

// sources are what the cluster's security groups let in, and those of them that
// are the network's own or were let in for a peering.
func (s *clusterStack) sources() (all, inside []string) {
	for _, group := range s.securityGroup.All() {
		for _, p := range group.IpPermissions {
			for _, one := range singles(p) {
				all = append(all, one.source)
			}
			for _, r := range p.IpRanges {
				if ofPeering(p, r, peeringMark(s.spec.Name)) {
					inside = append(inside, aws.ToString(r.CidrIp))
				}
			}
		}
	}
	if s.network.live() != nil {
		inside = append(inside, s.network.ranges()...)
	}
	return sorted(all), sorted(inside)
}

// frontExposure is who has a path to one load balancer, by the reasoning of
// serving.Reach.
func (s *clusterStack) frontExposure(lb *loadBalancerLive) serving.EndpointExposure {
	t := serving.Topology{
		LoadBalancer: serving.LoadBalancerTopology{
			Name: "load balancer " + aws.ToString(lb.LoadBalancerName), Internal: lb.Scheme == elbtypes.LoadBalancerSchemeEnumInternal,
			Subnets: sorted(lb.subnets()), Groups: sorted(lb.SecurityGroups), Port: servicePort,
		},
		Cluster: serving.VPCTopology{VPC: aws.ToString(lb.VpcId)},
	}
	out := serving.EndpointExposure{Scheme: string(lb.Scheme), Addresses: lb.addresses(), SecurityGroups: t.LoadBalancer.Groups, Subnets: map[string]serving.SubnetExposure{}}
	t.LoadBalancer.Rules = s.rulesOf(t.LoadBalancer.Groups)
	tables := s.network.tables()
	for _, id := range t.LoadBalancer.Subnets {
		subnet, way := subnetExposure(id, tables)
		t.Cluster.Subnets, out.Subnets[id] = append(t.Cluster.Subnets, subnet), way
	}
	out.InternetReachable, out.Hops = t.FromInternet()
	if open := serving.OpenToIPv6(sourcesOf(s.groups(t.LoadBalancer.Groups))); len(open) > 0 && !t.LoadBalancer.Internal && lb.IpAddressType != "" && lb.IpAddressType != elbtypes.IpAddressTypeIpv4 {
		out.InternetReachable = true
		out.Hops = append(out.Hops, serving.Hop{Name: serving.HopSecurityGroup, Verdict: serving.VerdictUnknown, Reason: t.LoadBalancer.Name + " has IPv6 addresses, whose way is not judged, and answers to " + open[0]})
	}
	return out
}

// subnetExposure is how a subnet leads out. One that somebody gave another table is
// a difference of the table that it should have; where it leads to now was not read.
func subnetExposure(id string, tables []ec2types.RouteTable) (serving.SubnetTopology, serving.SubnetExposure) {
	subnet := subnetTopology(ec2types.Subnet{SubnetId: &id}, tables, nil)
	way := serving.SubnetExposure{RouteTable: subnet.Table}
	for _, r := range subnet.Routes {
		if r.Kind == serving.RouteInternet && !r.Dead {
			way.InternetGateway = r.ID
		}
	}
	return subnet, way
}

// adviceOn says what is wrong with the routes of a given network, in which a
// cluster is planned.
func adviceOn(spec serving.Cluster, tables []ec2types.RouteTable) []serving.Problem {
	e := serving.Exposure{Endpoint: serving.EndpointExposure{Subnets: map[string]serving.SubnetExposure{}}}
	for _, id := range spec.Network.Subnets {
		_, e.Endpoint.Subnets[id] = subnetExposure(id, tables)
	}
	var out []serving.Problem
	for _, text := range e.Advice(spec) {
		out = append(out, serving.Problem{Path: "network.subnets", Severity: serving.SeverityWarning, Summary: "Subnet of a private cluster leads to the Internet", Detail: text})
	}
	return out
}

// groups are those of the cluster's own security groups that guard a load balancer.
func (s *clusterStack) groups(ids []string) []ec2types.SecurityGroup {
	var out []ec2types.SecurityGroup
	for _, g := range s.securityGroup.All() {
		if slices.Contains(ids, aws.ToString(g.GroupId)) {
			out = append(out, *g)
		}
	}
	return out
}

// rulesOf are what security groups let in. One that somebody attached was not read
// and may let anybody in.
func (s *clusterStack) rulesOf(ids []string) []serving.GroupRule {
	own := s.groups(ids)
	rules := groupTopology(own)
	for _, id := range ids {
		if !slices.ContainsFunc(own, func(g ec2types.SecurityGroup) bool { return aws.ToString(g.GroupId) == id }) {
			rules = append(rules, serving.GroupRule{High: 65535, List: id})
		}
	}
	return rules
}

func sourcesOf(groups []ec2types.SecurityGroup) []string {
	var out []string
	for _, g := range groups {
		for _, p := range g.IpPermissions {
			for _, one := range singles(p) {
				out = append(out, one.source)
			}
		}
	}
	return out
}

// addresses are those that the cloud tells: of an Application Load Balancer only
// such as were given to it.
func (l *loadBalancerLive) addresses() []string {
	var out []string
	for _, z := range l.AvailabilityZones {
		for _, a := range z.LoadBalancerAddresses {
			for _, address := range []*string{a.IpAddress, a.PrivateIPv4Address, a.IPv6Address} {
				if address != nil {
					out = append(out, *address)
				}
			}
		}
	}
	return sorted(out)
}
