package gcp

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"cloud.google.com/go/compute/apiv1/computepb"
	"cloud.google.com/go/container/apiv1/containerpb"

	"github.com/modelserving/terraform-provider-serving/internal/kube"
	"github.com/modelserving/terraform-provider-serving/internal/serving"
	"github.com/modelserving/terraform-provider-serving/internal/stack"
)

// Names of objects in a stack. Those of a pool end in its name.
const (
	objectCluster        = "cluster"
	objectNetwork        = "network"
	objectSubnetwork     = "subnetwork/nodes"
	objectProxies        = "subnetwork/proxies"
	objectRouter         = "router"
	objectNodePool       = "node_pool/"
	objectNamedPorts     = "named_ports/"
	objectFirewall       = "firewall/gateway"
	objectAddress        = "address"
	objectHealthCheck    = "health_check"
	objectSecurityPolicy = "security_policy"
	objectBackendService = "backend_service"
	objectBackends       = "backends"
	objectURLMap         = "url_map/https"
	objectSSLPolicy      = "ssl_policy"
	objectHTTPSProxy     = "target_proxy/https"
	objectForwardingRule = "forwarding_rule/https"
	objectRedirect       = "url_map/http"
	objectHTTPProxy      = "target_proxy/http"
	objectRedirectRule   = "forwarding_rule/http"
)

const (
	// nodePort is where the gateway listens on every node.
	nodePort = 30080
	// healthPath is the gateway's own health check.
	healthPath = "/healthz"
	// defaultIdleTimeout leaves room for slow inference; the backend service's own
	// default is 30 seconds.
	defaultIdleTimeout = 300
	// anywhere is every IPv4 address.
	anywhere = "0.0.0.0/0"
)

// remains are what may be left of an earlier spec, under names that the present
// one does not know.
type remains struct {
	Pools []string
	// Redirect says that there may be a redirect at port 80.
	Redirect bool
}

// clusterStack is a cluster as a graph, with the objects that others ask about.
type clusterStack struct {
	*stack.Stack
	spec    serving.Cluster
	project string
	network *network

	cluster        *stack.Object[clusterSpec, containerpb.Cluster]
	address        *stack.Object[*computepb.Address, computepb.Address]
	securityPolicy *stack.Object[*computepb.SecurityPolicy, computepb.SecurityPolicy]
	sslPolicy      *stack.Object[*computepb.SslPolicy, computepb.SslPolicy]
	backendService *stack.Object[*computepb.BackendService, computepb.BackendService]
	httpsProxy     *stack.Object[*computepb.TargetHttpsProxy, computepb.TargetHttpsProxy]
	forwardingRule *stack.Object[forwardingRuleSpec, computepb.ForwardingRule]
	pools          map[string]*stack.Object[nodePoolSpec, containerpb.NodePool]
	// unwanted are pools that go.
	unwanted []stack.Node
	// gateway is nil in a stack that is removed: it goes with the cluster.
	gateway *kube.Gateway
}

// clusterOwner is the mark of a cluster's objects.
func clusterOwner(spec serving.Cluster) owner {
	return owner{stack: "cluster/" + spec.Name, tags: spec.Tags, lastSeen: spec.LastSeen}
}

// maxName is the longest name in Compute Engine (API reference: "1-63 characters
// long, and comply with RFC1035").
const maxName = 63

// names are those of a cluster's objects. What is global has the region in its
// name, as each region may have a cluster of the same one.
type names struct {
	vpc, nodes, proxies, router, firewall string
	// one is for what exists once, chain for what a load balancer of the wanted
	// visibility has, and both for what either has.
	one, chain, redirect string
	both                 []string
}

func namesOf(spec serving.Cluster) names {
	fit := func(parts ...string) string {
		return serving.Fit(maxName, append([]string{"serving", spec.Name}, parts...)...)
	}
	return names{
		vpc: fit(spec.Region), nodes: fit("nodes"), proxies: fit("proxies"), router: fit(), firewall: fit(spec.Region, "gateway"),
		one: fit(), chain: fit(string(spec.Visibility)), redirect: fit(string(serving.Public), "redirect"),
		both: []string{fit(string(serving.Public)), fit(string(serving.Private))},
	}
}

// networkTag is on the nodes of a cluster, for firewall rules.
func networkTag(cluster string) string { return serving.Fit(maxName, "serving", cluster) }

// clusterStack draws the graph of a cluster.
func (c *client) clusterStack(spec serving.Cluster, left remains) *clusterStack {
	o := clusterOwner(spec)
	s := &clusterStack{
		Stack: &stack.Stack{Name: o.stack, Log: c.log, Poll: c.poll}, spec: spec, project: c.project,
		pools: map[string]*stack.Object[nodePoolSpec, containerpb.NodePool]{},
	}
	if spec.Network.Own() {
		s.network = c.ownNetwork(s.Stack, o, spec)
	} else {
		s.network = c.existingNetwork(s.Stack, spec)
	}
	c.controlPlane(s, o)
	c.nodePools(s, o, left)
	c.endpoint(s, o, left)
	return s
}

// controlPlane adds the GKE cluster, with the pools that come in the same call.
func (c *client) controlPlane(s *clusterStack, o owner) {
	spec := s.spec
	s.cluster = stack.Add(s.Stack, objectCluster, clusters{c, o, spec.Name}, func() clusterSpec {
		return clusterSpec{
			Version: spec.KubernetesVersion, Cluster: gkeCluster(spec, c.project, s.network),
			Pools: firstPools(spec, o), DeletionProtection: spec.DeletionProtection,
		}
		// Nodes must reach the Internet, or the private endpoints, to start.
	}, append([]stack.Node{s.network.vpcNode, s.network.subnetworkNode}, s.network.wayOut...)...)
	stack.Root(s.Stack, s.cluster)
}

// firstPools are those without accelerators: what may be sold out must not keep a
// cluster from being made. A cluster has one pool at least.
func firstPools(spec serving.Cluster, o owner) []*containerpb.NodePool {
	var plain, all []*containerpb.NodePool
	for _, name := range slices.Sorted(maps.Keys(spec.NodePools)) {
		pool := nodePool(name, spec.NodePools[name], spec, o)
		all = append(all, pool)
		if spec.NodePools[name].Accelerator == nil {
			plain = append(plain, pool)
		}
	}
	if len(plain) == 0 {
		return all[:min(1, len(all))]
	}
	return plain
}

// nodePools adds the node pools.
func (c *client) nodePools(s *clusterStack, o owner, left remains) {
	spec := s.spec
	kind := nodePools{c, o, s.cluster}
	for _, name := range slices.Sorted(maps.Keys(spec.NodePools)) {
		want := nodePool(name, spec.NodePools[name], spec, o)
		s.pools[name] = stack.Add(s.Stack, objectNodePool+name, kind, func() nodePoolSpec {
			return nodePoolSpec{Pool: name, Version: s.cluster.Live().GetCurrentMasterVersion(), NodePool: want}
		}, s.cluster)
	}
	for _, name := range without(left.Pools, slices.Collect(maps.Keys(spec.NodePools))) {
		s.unwanted = append(s.unwanted, stack.Absent(s.Stack, objectNodePool+name, kind, s.cluster))
	}
}

// endpoint adds the way of a request from the load balancer to the nodes.
func (c *client) endpoint(s *clusterStack, o owner, left remains) {
	spec, n := s.spec, namesOf(s.spec)
	s.address = stack.Add(s.Stack, objectAddress, c.addresses(o, n.both), func() *computepb.Address {
		return address(n.chain, spec.Visibility, s.network.subnetwork())
	}, s.network.subnetworkNode)
	healthCheck := stack.Add(s.Stack, objectHealthCheck, c.healthChecks(o, n.one), func() *computepb.HealthCheck {
		return healthCheck(n.one, nodePort, healthPath)
	})
	s.securityPolicy = stack.Add(s.Stack, objectSecurityPolicy, c.securityPolicies(o, n.both), func() *computepb.SecurityPolicy {
		return securityPolicy(n.chain, allowedSources(spec, s.network))
	}, s.network.vpcNode, s.network.subnetworkNode)
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
	}, s.httpsProxy, s.address, s.network.proxiesNode, s.network.subnetworkNode)
	c.redirect(s, o, left)

	stack.Add(s.Stack, objectFirewall, c.firewalls(o, n.firewall), func() *computepb.Firewall {
		return allow(n.firewall, s.network.vpc(), networkTag(spec.Name), nodePort, append([]string{s.network.proxies()}, probes...))
	}, s.network.vpcNode, s.network.proxiesNode)
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
	addIf(public, s.Stack, objectRedirectRule, c.forwardingRules(o, []string{n.redirect}), func() forwardingRuleSpec {
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
	stack.Add(s.Stack, objectBackends, backends{c, s.backendService}, func() backendsSpec {
		want := backendsSpec{Service: s.backendService.ID()}
		for _, pool := range s.pools {
			want.Groups = append(want.Groups, groupsOf(pool.Live())...)
		}
		return want
	}, after...)
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
