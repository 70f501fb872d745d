package gcp

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"cloud.google.com/go/compute/apiv1/computepb"

	"github.com/modelserving/terraform-provider-serving/internal/serving"
	"github.com/modelserving/terraform-provider-serving/internal/stack"
)

// endpoint adds the way of a request from the load balancer to the nodes.
func (c *client) endpoint(s *clusterStack, o owner, left remains) {
	spec, n := s.spec, namesOf(s.spec)
	s.address = stack.Add(s.Stack, objectAddress, c.addresses(o, n.both), func() *computepb.Address {
		return address(n.chain, spec.Visibility, s.network.subnetwork())
	}, s.network.subnetworkNode)
	healthCheck := stack.Add(s.Stack, objectHealthCheck, c.healthChecks(o, n.one), func() *computepb.HealthCheck {
		return healthCheck(n.one, nodePort, healthPath)
	})
	known := []stack.Node{s.network.vpcNode, s.network.subnetworkNode}
	if !spec.Network.Own() && spec.Network.PodCIDR == "" {
		// Where the pods are the cluster alone can tell.
		known = append(known, s.cluster)
	}
	s.securityPolicy = stack.Add(s.Stack, objectSecurityPolicy, c.securityPolicies(o, n.both), func() *computepb.SecurityPolicy {
		return securityPolicy(n.chain, allowedSources(spec, s.network))
	}, known...)
	s.backendService = stack.Add(s.Stack, objectBackendService, c.backendServices(o, n.both), func() *computepb.BackendService {
		return backendService(n.chain, spec.Visibility, idleTimeout(spec), healthCheck.ID(), s.securityPolicy.ID())
		// A pool goes after the backend service of an earlier visibility, which may still
		// have its groups. What is not wanted is not waited for on the way there.
	}, append([]stack.Node{healthCheck, s.securityPolicy}, s.unwanted...)...)
	urlMap := stack.Add(s.Stack, objectURLMap, c.urlMaps(o, n.both), func() *computepb.UrlMap {
		return forwarding(n.chain, spec.Endpoint.Domain, s.backendService.ID())
	}, s.backendService)
	s.sslPolicy = stack.Add(s.Stack, objectSSLPolicy, c.sslPolicies(o, n.one), func() *computepb.SslPolicy {
		return sslPolicy(n.one, spec.Endpoint.MinTLSVersion)
	})
	s.httpsProxy = stack.Add(s.Stack, objectHTTPSProxy, c.httpsProxies(o, n.both), func() *computepb.TargetHttpsProxy {
		return httpsProxy(n.chain, urlMap.ID(), s.sslPolicy.ID(), c.certificateName(spec.Endpoint.CertificateID))
	}, urlMap, s.sslPolicy)
	s.forwardingRule = stack.Add(s.Stack, objectForwardingRule, c.forwardingRules(o, n.both), func() forwardingRuleSpec {
		return forwardingRule(n.chain, spec.Visibility, "443", s.address.Live(), s.httpsProxy.ID(), s.network)
	}, s.httpsProxy, s.address, s.network.proxiesNode, s.network.subnetworkNode, c.turnedPrivate(s))
	c.redirect(s, o, left)

	s.way = append(s.way, stack.Add(s.Stack, objectFirewall, c.firewalls(o, n.firewall), func() *computepb.Firewall {
		return allow(n.firewall, s.network.vpc(), networkTag(spec.Name), nodePort, append([]string{s.network.proxies()}, probes...))
	}, s.network.vpcNode, s.network.proxiesNode))
	c.nodesBehind(s)
}

// redirect adds what answers at port 80 of a public cluster: a redirect to HTTPS.
func (c *client) redirect(s *clusterStack, o owner, left remains) {
	n, public := namesOf(s.spec), s.spec.Visibility == serving.Public
	if !public && !left.Redirect {
		return
	}
	redirect := addIf(public, s.Stack, objectRedirect, c.urlMaps(o, []string{n.redirect}), func() *computepb.UrlMap { return redirecting(n.redirect) })
	proxy := addIf(public, s.Stack, objectHTTPProxy, c.httpProxies(o, n.redirect), func() *computepb.TargetHttpProxy { return httpProxy(n.redirect, redirect.ID()) }, redirect)
	s.redirect = addIf(public, s.Stack, objectRedirectRule, c.forwardingRules(o, []string{n.redirect}), func() forwardingRuleSpec {
		return forwardingRule(n.redirect, serving.Public, "80", s.address.Live(), proxy.ID(), s.network)
	}, proxy, s.address, s.network.proxiesNode)
}

// nodesBehind puts the pools' instance groups behind the load balancer.
func (c *client) nodesBehind(s *clusterStack) {
	after := []stack.Node{s.backendService}
	for _, name := range slices.Sorted(maps.Keys(s.pools)) {
		pool := s.pools[name]
		after = append(after, stack.Add(s.Stack, objectNamedPorts+name, namedPorts{c, pool}, func() namedPortsSpec {
			return namedPortsSpec{Groups: groupsOf(pool.Live()), Port: nodePort}
		}, pool))
	}
	for _, pool := range s.pools {
		after = append(after, pool)
	}
	s.way = append(s.way, stack.Add(s.Stack, objectBackends, backends{c, s.backendService}, func() backendsSpec {
		want := backendsSpec{Service: s.backendService.ID()}
		for _, pool := range s.pools {
			want.Groups = append(want.Groups, groupsOf(pool.Live())...)
		}
		return want
	}, after...))
}

func idleTimeout(spec serving.Cluster) int64 {
	if spec.Endpoint.IdleTimeoutSeconds == 0 {
		return defaultIdleTimeout
	}
	return spec.Endpoint.IdleTimeoutSeconds
}

// allowedSources is who may call the load balancer: on a public cluster everyone or
// the allowed ranges, on a private one its network or the allowed ranges.
func allowedSources(spec serving.Cluster, n *network) []string {
	switch {
	case len(spec.Endpoint.AllowedCIDRs) > 0:
		return sorted(spec.Endpoint.AllowedCIDRs)
	case spec.Visibility == serving.Public:
		return []string{anywhere}
	}
	return sorted(n.ranges())
}

// certificateName is the name of a certificate in Certificate Manager. That of a
// serving_certificate is made of its id, so that nobody need be asked.
func (c *client) certificateName(id string) string {
	if parsed, ok := serving.ParseID(id); ok {
		return fmt.Sprintf("%s/certificates/%s", c.location(), serving.Fit(maxName, "serving", parsed.Name))
	}
	return id
}

// certificateID is the id of the serving_certificate with a name, or the name of
// one that somebody else has made. The name alone does not tell for certain, so it
// is held against the id that is wanted, where there is one.
func (c *client) certificateID(_ context.Context, link, wanted string) string {
	name := relative(link)
	if wanted != "" && c.certificateName(wanted) == name {
		return wanted
	}
	if own, ok := strings.CutPrefix(name, c.location()+"/certificates/serving-"); ok {
		id := serving.ID{Cloud: serving.GCP, Region: c.region, Name: own}.String()
		if c.certificateName(id) == name {
			return id
		}
	}
	return name
}
