package gcp

import (
	"cmp"
	"net/netip"
	"strings"

	"cloud.google.com/go/compute/apiv1/computepb"
	"cloud.google.com/go/container/apiv1/containerpb"

	"github.com/modelserving/terraform-provider-serving/internal/sandbox/control"
)

// gkeManagedServices is the range of Services of a cluster that names none. It is the same in every cluster, since nothing outside
// of a cluster sends packets to it.
const gkeManagedServices = "34.118.224.0/20"

func init() {
	users = append(users, (*call).clusterOn)
	rangeUsers = append(rangeUsers, (*call).clusterOnRange)
}

// checkClusterNetwork finds the network, the subnetwork and the ranges of a cluster and fills in what they are.
func (c *call) checkClusterNetwork(body *containerpb.Cluster) error {
	network, _, err := c.gkeNetwork(body.Network)
	if err != nil {
		return err
	}
	project, name, err := c.gkeResource(cmp.Or(body.Subnetwork, network), "subnetworks")
	if err != nil {
		return gkeInvalid("Invalid value for field \"cluster.subnetwork\": %q.", body.Subnetwork)
	}
	subnet := subnetworks.in(c.in(project, c.gkeRegion()), c.gkeRegion())[name]
	if subnet == nil || subnet.Verb == "insert" || subnet.Verb == "delete" {
		return &Error{Status: 404, Message: "Not found: project " + c.Project + " does not have a subnetwork named \"" + name + "\" in region \"" + c.gkeRegion() + "\"."}
	}
	link := networks.link(c, global, network)
	if subnet.Body.GetNetwork() != link {
		return gkeInvalid("Subnetwork %q is not in network %q.", name, network)
	}
	if p := subnet.Body.GetPurpose(); p != "" && p != "PRIVATE" {
		return gkeInvalid("Subnetwork %q has the purpose %s: nodes need one of purpose PRIVATE.", name, p)
	}
	body.Network, body.Subnetwork = network, name
	body.NetworkConfig.Network = strings.TrimPrefix(link, computeURL)
	body.NetworkConfig.Subnetwork = target{c.Project, c.gkeRegion(), "subnetworks", name}.path()
	return c.checkRanges(body, subnet.Body)
}

// gkeNetwork finds a network of the call's project that is ready for use.
func (c *call) gkeNetwork(text string) (string, *computepb.Network, error) {
	project, name, err := c.gkeResource(cmp.Or(text, "default"), "networks")
	if err != nil {
		return "", nil, gkeInvalid("Invalid value for field \"cluster.network\": %q.", text)
	}
	if id, ok := c.cloud.projectID(project); !ok || id != c.Project {
		return "", nil, gkeInvalid("The sandbox does not implement clusters in a network of another project (Shared VPC).")
	}
	held := networks.in(c, global)[name]
	if held == nil || held.Verb == "insert" || held.Verb == "delete" {
		return "", nil, gkeInvalid("Project %q has no network named %q.", c.Project, name)
	}
	return name, held.Body, nil
}

// checkRanges finds the secondary ranges for pods and Services.
func (c *call) checkRanges(body *containerpb.Cluster, subnet *computepb.Subnetwork) error {
	policy := body.IpAllocationPolicy
	if policy == nil {
		return gkeInvalid("The sandbox does not implement routes-based clusters: set cluster.ip_allocation_policy.use_ip_aliases.")
	}
	switch {
	case policy.UseRoutes || !policy.UseIpAliases:
		return gkeInvalid("The sandbox does not implement routes-based clusters: set cluster.ip_allocation_policy.use_ip_aliases.")
	case policy.CreateSubnetwork:
		return gkeInvalid("The sandbox does not implement 'cluster.ip_allocation_policy.create_subnetwork'.")
	case policy.StackType == containerpb.StackType_IPV4_IPV6:
		return gkeInvalid("The sandbox does not implement dual-stack clusters.")
	case policy.ClusterSecondaryRangeName == "":
		return gkeInvalid("The sandbox does not make secondary ranges: name one for pods in cluster.ip_allocation_policy.cluster_secondary_range_name.")
	case policy.ClusterIpv4CidrBlock != "" || policy.ClusterIpv4Cidr != "":
		return gkeInvalid("Cluster CIDR block and cluster secondary range name cannot be used together.")
	case policy.ServicesSecondaryRangeName != "" && (policy.ServicesIpv4CidrBlock != "" || policy.ServicesIpv4Cidr != ""):
		return gkeInvalid("Services CIDR block and services secondary range name cannot be used together.")
	case policy.ClusterSecondaryRangeName == policy.ServicesSecondaryRangeName:
		return gkeInvalid("Pod secondary range name (%s) should not be the same as service secondary range name.", policy.ClusterSecondaryRangeName)
	}
	link := networks.link(c, global, body.Network)
	pods := secondaryRange(subnet, policy.ClusterSecondaryRangeName)
	if pods == "" {
		return gkeInvalid("Pod secondary range %q not found in network %q, subnetwork %q.", policy.ClusterSecondaryRangeName, link, body.Subnetwork)
	}
	services := cmp.Or(policy.ServicesIpv4CidrBlock, policy.ServicesIpv4Cidr, gkeManagedServices)
	if name := policy.ServicesSecondaryRangeName; name != "" {
		if services = secondaryRange(subnet, name); services == "" {
			return gkeInvalid("Services secondary range %q not found in network %q, subnetwork %q.", name, link, body.Subnetwork)
		}
		for _, other := range c.clustersOn(body.Subnetwork) {
			if other.IpAllocationPolicy.GetServicesSecondaryRangeName() == name {
				return gkeInvalid("Services range %q in network %q, subnetwork %q is already used by another cluster.", name, body.Network, body.Subnetwork)
			}
		}
	} else if services != gkeManagedServices {
		return gkeInvalid("The sandbox does not make secondary ranges: name one for Services in cluster.ip_allocation_policy.services_secondary_range_name, or none.")
	}
	if p, err := netip.ParsePrefix(services); err != nil || p.Bits() > 27 {
		return gkeInvalid("Services range %q is too small: it must be a /27 or larger.", services)
	}
	policy.ClusterIpv4CidrBlock, policy.ClusterIpv4Cidr = pods, pods
	policy.ServicesIpv4CidrBlock, policy.ServicesIpv4Cidr = services, services
	policy.StackType = containerpb.StackType_IPV4
	body.ClusterIpv4Cidr, body.ServicesIpv4Cidr = pods, services
	return nil
}

func secondaryRange(subnet *computepb.Subnetwork, name string) string {
	for _, r := range subnet.SecondaryIpRanges {
		if r.GetRangeName() == name {
			return r.GetIpCidrRange()
		}
	}
	return ""
}

// clustersOn are the clusters on a subnetwork of the call's region.
func (c *call) clustersOn(subnet string) []*containerpb.Cluster {
	var out []*containerpb.Cluster
	c.eachCluster(func(at *call, held *Held[*containerpb.Cluster]) {
		if at.gkeRegion() == c.gkeRegion() && held.Body.Subnetwork == subnet {
			out = append(out, held.Body)
		}
	})
	return out
}

// eachCluster visits the clusters of the call's project.
func (c *call) eachCluster(visit func(at *call, held *Held[*containerpb.Cluster])) {
	for _, key := range control.SortedKeys(c.cloud.state.Regions) {
		project, location, _ := strings.Cut(key, "/")
		if project != c.Project {
			continue
		}
		at := c.in(project, location)
		for _, name := range control.SortedKeys(at.gke().Clusters) {
			visit(at, at.gke().Clusters[name])
		}
	}
}

// clusterOn returns the name of a cluster that uses a network or subnetwork, or nothing.
func (c *call) clusterOn(t target) string {
	found := ""
	c.in(t.project, t.location).eachCluster(func(at *call, held *Held[*containerpb.Cluster]) {
		uses := t.plural == "networks" && held.Body.Network == t.name ||
			t.plural == "subnetworks" && held.Body.Subnetwork == t.name && at.gkeRegion() == t.location
		if uses && found == "" {
			found = at.gkePath("clusters", held.Body.Name)
		}
	})
	return found
}

// clusterOnRange returns the name of a cluster that uses a secondary range, or nothing.
func (c *call) clusterOnRange(subnet target, name string) string {
	found := ""
	c.in(subnet.project, subnet.location).eachCluster(func(at *call, held *Held[*containerpb.Cluster]) {
		if held.Body.Subnetwork != subnet.name || at.gkeRegion() != subnet.location {
			return
		}
		uses := held.Body.IpAllocationPolicy.ClusterSecondaryRangeName == name || held.Body.IpAllocationPolicy.ServicesSecondaryRangeName == name
		for _, pool := range at.pools(held.Body.Name) {
			uses = uses || pool.Body.NetworkConfig.GetPodRange() == name
		}
		if uses && found == "" {
			found = at.gkePath("clusters", held.Body.Name)
		}
	})
	return found
}

// podBits is the size of the range that a node takes for its pods: twice as many addresses as pods.
func podBits(maxPods int64) int {
	bits := 32
	for size := int64(1); size < 2*maxPods; size *= 2 {
		bits--
	}
	return bits
}

// checkPodSpace refuses more nodes than the ranges for pods have room for.
func (c *call) checkPodSpace(body *containerpb.Cluster, pools []*containerpb.NodePool) error {
	taken := map[string]int{}
	for _, pool := range pools {
		name, bits := pool.NetworkConfig.GetPodRange(), podBits(pool.MaxPodsConstraint.GetMaxPodsPerNode())
		want := 0
		for _, n := range poolSizes(pool) {
			want += n
		}
		room := (c.podRoom(body, name) - taken[name]) >> (32 - bits)
		if want > room {
			return gkeInvalid("The pod secondary range %q is exhausted: it has room for %d more nodes with a /%d each, and node pool %q requests %d.", name, max(0, room), bits, pool.Name, want)
		}
		taken[name] += want << (32 - bits)
	}
	return nil
}

// podRoom is how many addresses are free in a range for pods of a cluster's subnetwork.
func (c *call) podRoom(body *containerpb.Cluster, name string) int {
	subnet := subnetworks.in(c, c.gkeRegion())[body.Subnetwork]
	if subnet == nil {
		return 0
	}
	block, err := netip.ParsePrefix(secondaryRange(subnet.Body, name))
	if err != nil {
		return 0
	}
	room := 1 << (32 - block.Bits())
	for _, used := range c.podRanges(body.Subnetwork) {
		if block.Overlaps(used) {
			room -= 1 << (32 - used.Bits())
		}
	}
	return room
}
