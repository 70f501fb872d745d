package gcp

import (
	"maps"
	"slices"

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
	// way is all that a request passes between the load balancer and the nodes, and
	// redirect what answers at port 80, if there may be such.
	way      []stack.Node
	redirect stack.Node
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
		s.network = c.existingNetwork(s)
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
		plain = all[:min(1, len(all))]
	}
	return startable(plain)
}

// startable gives one pool a node to begin with when none has any: GKE's own pods
// must run somewhere, rather where no taint keeps them away. The autoscaler takes
// the node back when it can.
func startable(pools []*containerpb.NodePool) []*containerpb.NodePool {
	if len(pools) == 0 || slices.ContainsFunc(pools, func(p *containerpb.NodePool) bool { return p.GetInitialNodeCount() > 0 }) {
		return pools
	}
	first := slices.IndexFunc(pools, func(p *containerpb.NodePool) bool { return len(p.GetConfig().GetTaints()) == 0 })
	pools[max(first, 0)].InitialNodeCount = 1
	return pools
}

// nodePools adds the node pools.
func (c *client) nodePools(s *clusterStack, o owner, left remains) {
	spec := s.spec
	kind := nodePools{c, o, s.cluster, spec.Name}
	for _, name := range slices.Sorted(maps.Keys(spec.NodePools)) {
		want := nodePool(name, spec.NodePools[name], spec, o)
		s.pools[name] = stack.Add(s.Stack, objectNodePool+name, kind, func() nodePoolSpec {
			return nodePoolSpec{Pool: name, Least: spec.KubernetesVersion, Version: s.cluster.Live().GetCurrentMasterVersion(), NodePool: want}
		}, s.cluster)
	}
	for _, name := range without(left.Pools, slices.Collect(maps.Keys(spec.NodePools))) {
		s.unwanted = append(s.unwanted, stack.Absent(s.Stack, objectNodePool+name, kind, s.cluster))
	}
}
