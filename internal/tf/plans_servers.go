package tf

import (
	"cmp"
	"slices"

	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/modelserving/terraform-provider-serving/internal/serving"
)

// PlannedCluster is what a model server that is planned after its cluster has
// to know of it.
type PlannedCluster struct {
	// Spec is the cluster as planned; what is not known yet is in its Unknown.
	Spec serving.Cluster
	// Create says that the cluster is made, for the first time or in the place of
	// one that is destroyed: there is nothing in it yet that could be read.
	Create bool
	// URL is its endpoint's, and Moves says that it is not what the state has.
	URL   types.String
	Moves bool
	// NewLoadBalancer says that the load balancer is replaced, and its security
	// group with it.
	NewLoadBalancer bool
}

// NoteCluster notes that a cluster is planned.
func (p *Plans) NoteCluster(cluster PlannedCluster) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.clusters[cluster.Spec.ID()] = cluster
}

// Cluster gives what is planned for a cluster; planned is false when nothing
// is, so that the cloud has to be asked.
func (p *Plans) Cluster(id serving.ID) (cluster PlannedCluster, planned bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	cluster, planned = p.clusters[id]
	return cluster, planned
}

// NoteModelServer notes that a server is planned, and gives the others of its
// cluster that were planned so far, by name. Of two that are planned at once,
// the later call sees the earlier. Secrets are not kept.
func (p *Plans) NoteModelServer(spec serving.ModelServer) []serving.ModelServer {
	id := spec.ID()
	spec.Auth.Tokens, spec.Workload = nil, nil
	p.mu.Lock()
	defer p.mu.Unlock()
	p.servers[id] = &spec
	var others []serving.ModelServer
	for at, other := range p.servers {
		if other != nil && at.Cluster == id.Cluster && at != id {
			others = append(others, *other)
		}
	}
	slices.SortFunc(others, func(a, b serving.ModelServer) int { return cmp.Compare(a.Name, b.Name) })
	return others
}

// LeaveModelServer notes that a server is destroyed or replaced by one of
// another id. One that is planned under this id stays.
func (p *Plans) LeaveModelServer(id serving.ModelServerID) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if _, noted := p.servers[id]; !noted {
		p.servers[id] = nil
	}
}

// KnowsModelServer reports whether a server was planned so far, to stay or to
// leave: what it will be is in the plan, whatever the cluster has of it.
func (p *Plans) KnowsModelServer(id serving.ModelServerID) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	_, noted := p.servers[id]
	return noted
}
