package gcp

import (
	"net/netip"

	"cloud.google.com/go/compute/apiv1/computepb"

	"github.com/modelserving/terraform-provider-serving/internal/serving"
)

// exposure reads who has a path from what is live. It makes no call: all of it was
// read for the stack.
func (s *clusterStack) exposure() serving.Exposure {
	var e serving.Exposure
	// While a load balancer is being replaced both serve, and the wider counts.
	for _, rule := range s.forwardingRule.All() {
		e.Endpoint = e.Endpoint.Wider(s.frontExposure(rule))
	}
	e.Endpoint.Sources, e.Endpoint.Inside = s.sources()
	if cluster := s.cluster.Live(); cluster != nil {
		endpoints := cluster.GetControlPlaneEndpointsConfig().GetIpEndpointsConfig()
		e.KubernetesAPI.PublicAccess, e.KubernetesAPI.PrivateAccess = endpoints.GetEnablePublicEndpoint(), endpoints.GetEnabled()
		e.KubernetesAPI.Sources = apiSources(cluster)
	}
	for _, pool := range s.pools {
		if live := pool.Live(); live != nil && !live.GetNetworkConfig().GetEnablePrivateNodes() {
			e.Nodes.PublicAddresses = true
		}
	}
	return e
}

// sources are what the load balancers of the cluster let in, and those of them that
// are the network's own or were let in for a peering.
func (s *clusterStack) sources() (all, inside []string) {
	cluster := clusterOwner(s.spec)
	for _, policy := range s.securityPolicy.All() {
		all = append(all, sourcesOf(policy)...)
		for _, rule := range policy.GetRules() {
			if rule.GetAction() == actionAllow && !rule.GetPreview() && peeringOf(cluster, rule) != "" {
				inside = append(inside, rule.GetMatch().GetConfig().GetSrcIpRanges()...)
			}
		}
	}
	for _, service := range s.backendService.All() {
		if service.GetSecurityPolicy() == "" && find(s.forwardingRule.All(), service.GetName()) != nil {
			// Without a policy everyone gets through who has a path.
			all = append(all, anywhere)
		}
	}
	return sorted(all), sorted(append(inside, s.network.ranges()...))
}

// frontExposure is who has a path to one load balancer, by the reasoning of
// serving.Reach. The subnetwork of an internal one has no way in from the Internet,
// and an external one is in none.
func (s *clusterStack) frontExposure(rule *computepb.ForwardingRule) serving.EndpointExposure {
	f := front{ForwardingRule: rule, service: find(s.backendService.All(), rule.GetName())}
	if link := f.service.GetSecurityPolicy(); link != "" {
		f.policy = find(s.securityPolicy.All(), lastOf(link))
	}
	t := serving.Topology{
		LoadBalancer: serving.LoadBalancerTopology{Name: "load balancer " + rule.GetName(), Internal: f.internal(), Port: servicePort},
		Cluster:      serving.VPCTopology{VPC: lastOf(rule.GetNetwork())}, WithoutACLs: true, Words: words,
	}
	t.LoadBalancer.Groups, t.LoadBalancer.Rules = f.guards()
	out := serving.EndpointExposure{Scheme: rule.GetLoadBalancingScheme(), Addresses: []string{rule.GetIPAddress()}, Subnets: map[string]serving.SubnetExposure{}}
	if subnetwork := rule.GetSubnetwork(); subnetwork != "" {
		out.Subnets[lastOf(subnetwork)] = serving.SubnetExposure{}
	}
	if f.policy != nil {
		out.SecurityGroups = []string{f.policy.GetName()}
	}
	out.InternetReachable, out.Hops = t.FromInternet()
	return out
}

// guards are what a load balancer's security policy lets in; one that has none, or
// one that was not read, lets in everybody.
func (f front) guards() ([]string, []serving.GroupRule) {
	if f.policy == nil {
		return nil, []serving.GroupRule{{Low: servicePort, High: servicePort, CIDR: netip.MustParsePrefix(anywhere)}}
	}
	return []string{f.policy.GetName()}, policyTopology(f.policy)
}

// sourcesOf are the ranges that a policy lets in.
func sourcesOf(policy *computepb.SecurityPolicy) []string {
	var out []string
	for _, rule := range policy.GetRules() {
		if rule.GetAction() != actionAllow || rule.GetPreview() {
			continue
		}
		ranges := rule.GetMatch().GetConfig().GetSrcIpRanges()
		if len(ranges) == 0 {
			// An expression is not judged here, and may let in everyone.
			ranges = []string{"*"}
		}
		for _, source := range ranges {
			if source == "*" {
				source = anywhere
			}
			out = append(out, source)
		}
	}
	return out
}
