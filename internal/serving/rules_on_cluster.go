package serving

import (
	"slices"
	"strings"
)

var (
	ruleServerOpen      = mustNot("server_open", "Server would be open to the Internet")
	ruleServerNoGateway = mustNot("server_no_gateway", "Cluster has no gateway")
	ruleServerNoPool    = mustNot("server_node_pool_missing", "Node pool does not exist")
	ruleServerNoGPU     = mustNot("server_gpus_missing", "Node pool has too few GPUs")
	ruleOpenServers     = mustNot("open_servers", "Servers would be open to the Internet")
)

// OnCluster judges the server against the cluster that it is for, as that is or
// as it is planned. What the cluster's Unknown names is not judged: who has not
// read the node pools writes Unknown{"node_pools": true}.
func (s ModelServer) OnCluster(c Cluster) []Problem {
	f := &findings{unknown: s.Unknown}
	if c.Known("gateway.enabled") && c.Gateway.Disabled {
		f.add(ruleServerNoGateway.at("cluster_id", "The gateway of %s is off (gateway = { enabled = false }), and model servers are reached through it alone. Turn it on, or name another cluster.", s.Cluster))
	}
	if c.Known("visibility") && c.Visibility == Public && f.known("auth.mode", "allow_unauthenticated") && s.open() {
		f.add(ruleServerOpen.at("auth.mode", "The mode is \"none\" and %s is public, so that everyone on the Internet could call the server. "+
			"Write mode = \"header\" with a token, make the cluster private, or say that it is meant with allow_unauthenticated = true.", s.Cluster))
	}
	if s.Workload != nil && !c.Unknown["node_pools"] {
		f.placed(*s.Workload, c)
	}
	return f.problems
}

// open reports whether nobody is asked for anything, and nobody said that this
// is meant.
func (s ModelServer) open() bool { return s.Auth.Mode == AuthNone && !s.AllowUnauthenticated }

// placed judges whether a node can take the pods.
func (f *findings) placed(w Workload, c Cluster) {
	if !f.known("node_pool") {
		return
	}
	pools := sortedKeys(c.NodePools)
	if w.NodePool != "" {
		if !slices.Contains(pools, w.NodePool) {
			f.add(ruleServerNoPool.at("node_pool", "The pool is %q, and the cluster has %s. Name one of those, or add it to node_pools of the cluster.", w.NodePool, strings.Join(pools, ", ")))
			return
		}
		pools = []string{w.NodePool}
	}
	if !f.known("resources.gpus") || w.Resources.GPUs < 1 {
		return
	}
	most := int64(0)
	for _, name := range pools {
		at := sub("node_pools", name)
		if c.Unknown[at] || c.Unknown[sub(at, "accelerator")] || c.Unknown[sub(at, "accelerator", "count")] {
			return
		}
		if a := c.NodePools[name].Accelerator; a != nil {
			most = max(most, a.Count)
		}
	}
	if w.Resources.GPUs > most {
		f.add(ruleServerNoGPU.at("resources.gpus", "Each pod wants %d GPUs, and a node of %s has %d at most, so that no pod would ever start. "+
			"Ask for fewer, or name a node pool with an accelerator of that count.", w.Resources.GPUs, strings.Join(pools, ", "), most))
	}
}

// OpenServers judges the servers of a cluster that is about to be public: who
// would be open to everyone without anybody having said so. The problem is the
// cluster's.
func OpenServers(servers []ModelServer) []Problem {
	var names []string
	for _, s := range servers {
		if s.Known("auth.mode", "allow_unauthenticated") && s.open() {
			names = append(names, s.Name)
		}
	}
	if len(names) == 0 {
		return nil
	}
	slices.Sort(names)
	return []Problem{ruleOpenServers.at("visibility", "These model servers ask nobody for a credential, and everyone on the Internet could call them once the cluster is public: %s. "+
		"Before, apply another auth.mode to each, or allow_unauthenticated = true where it is meant.", strings.Join(names, ", "))}
}
