package gcp

import (
	"context"
	"net/netip"
	"slices"

	"cloud.google.com/go/container/apiv1/containerpb"

	"github.com/modelserving/terraform-provider-serving/internal/serving"
)

// ReadCluster reads a cluster of which only the id is known. The spec is read
// back from the objects; what they do not tell is absent.
func (b *Backend) ReadCluster(ctx context.Context, id serving.ID) (serving.ObservedCluster, error) {
	c, err := b.client(ctx, id.Region)
	if err != nil {
		return serving.ObservedCluster{}, err
	}
	spec, found, err := c.recall(ctx, id)
	if err != nil {
		return serving.ObservedCluster{}, explain(err)
	}
	if !found {
		return serving.ObservedCluster{Observation: serving.Observation{Gone: true}}, nil
	}
	if api, err := b.Connect(ctx, id); err == nil {
		// Without an answer the defaults stand, and the observation says so.
		if read, err := api.ReadGateway(ctx); err == nil {
			spec.Gateway = read
		}
	}
	return c.observeCluster(ctx, spec)
}

// recall makes the spec that the live objects of a cluster correspond to.
func (c *client) recall(ctx context.Context, id serving.ID) (serving.Cluster, bool, error) {
	spec := serving.Cluster{Cloud: serving.GCP, Region: id.Region, Name: id.Name, NodePools: map[string]serving.NodePool{}}
	o := clusterOwner(spec)
	all, err := c.reader.clusters.Get(ctx, everything)
	if err != nil {
		return spec, false, err
	}
	cluster := find(all, id.Name)
	if cluster == nil {
		return spec, false, nil
	}
	if err := o.claim(cluster.GetResourceLabels(), objectCluster, "", "GKE cluster "+id.Name); err != nil {
		return spec, false, err
	}
	spec.Tags = userTags(cluster.GetResourceLabels())
	clusterOf(cluster, &spec)
	for _, live := range cluster.GetNodePools() {
		name, ok := o.nameOf(live.GetConfig().GetResourceLabels(), objectNodePool, c.poolID(id.Name, live.GetName()))
		if !ok || live.GetStatus() == containerpb.NodePool_STOPPING {
			continue
		}
		spec.NodePools[name] = recalledPool(live)
		if account := live.GetConfig().GetServiceAccount(); account != "default" {
			spec.GCP.NodeServiceAccount = account
		}
	}
	if err := c.recallNetwork(ctx, &spec, cluster); err != nil {
		return spec, false, err
	}
	return spec, true, c.recallEndpoint(ctx, &spec)
}

func recalledPool(live *containerpb.NodePool) serving.NodePool {
	pool := serving.NodePool{Spot: live.GetConfig().GetSpot()}
	for _, a := range live.GetConfig().GetAccelerators() {
		pool.Accelerator = &serving.Accelerator{Type: a.GetAcceleratorType(), Count: a.GetAcceleratorCount()}
		if implied, ok := serving.ImpliedAccelerator(live.GetConfig().GetMachineType()); ok && implied.Type == pool.Accelerator.Type {
			pool.Accelerator.Type = ""
		}
	}
	return poolOf(live, pool)
}

func (c *client) recallNetwork(ctx context.Context, spec *serving.Cluster, cluster *containerpb.Cluster) error {
	o, n := clusterOwner(*spec), namesOf(*spec)
	subnetworks, err := c.subnetworks(o, n.nodes).Find(ctx, objectSubnetwork)
	if err != nil {
		return err
	}
	config := cluster.GetNetworkConfig()
	if len(subnetworks) == 0 || relative(subnetworks[0].GetSelfLink()) != relative(config.GetSubnetwork()) {
		spec.Network.VPC, spec.Network.Subnets = lastOf(config.GetNetwork()), []string{lastOf(config.GetSubnetwork())}
		spec.Network.PodCIDR = cluster.GetIpAllocationPolicy().GetClusterIpv4CidrBlock()
		return nil
	}
	ranges := map[string]string{}
	for _, r := range subnetworks[0].GetSecondaryIpRanges() {
		ranges[r.GetRangeName()] = r.GetIpCidrRange()
	}
	spec.Network = layoutOf(spec.Network, subnetworks[0].GetIpCidrRange(), ranges[podsRange])
	routers, err := c.routers(o, n.router).Find(ctx, objectRouter)
	if spec.Network.NAT = serving.NATNone; len(routers) > 0 {
		spec.Network.NAT = serving.NATPerZone
	}
	return err
}

// layoutOf finds the range of a network from the parts that are there: the nodes'
// is a quarter of it and begins where it does. A pod range that is not where the
// layout has it was given.
func layoutOf(n serving.Network, nodes, pods string) serving.Network {
	p, err := netip.ParsePrefix(nodes)
	if err != nil || p.Bits() < 2 {
		return n
	}
	services := n.ServiceCIDR
	n.CIDR, n.PodCIDR, n.ServiceCIDR = netip.PrefixFrom(p.Addr(), p.Bits()-2).Masked().String(), "", ""
	layout, err := n.Ranges()
	n.ServiceCIDR = services
	if err == nil && layout.Pods.String() != pods {
		n.PodCIDR = pods
	}
	return n
}

func (c *client) recallEndpoint(ctx context.Context, spec *serving.Cluster) error {
	o, n := clusterOwner(*spec), namesOf(*spec)
	spec.Visibility, spec.Endpoint.MinTLSVersion, spec.Endpoint.IdleTimeoutSeconds = serving.Private, "1.2", defaultIdleTimeout
	rules, err := c.forwardingRules(o, n.both).Find(ctx, objectForwardingRule)
	if err != nil {
		return err
	}
	if len(rules) > 0 && rules[0].GetLoadBalancingScheme() == schemeExternal {
		spec.Visibility = serving.Public
	}
	chain := []string{namesOf(*spec).chain}
	services, err := c.backendServices(o, chain).Find(ctx, objectBackendService)
	if err != nil {
		return err
	}
	for _, service := range services {
		spec.Endpoint.IdleTimeoutSeconds = int64(service.GetTimeoutSec())
	}
	policies, err := c.sslPolicies(o, n.one).Find(ctx, objectSSLPolicy)
	if err != nil {
		return err
	}
	for _, policy := range policies {
		spec.Endpoint.MinTLSVersion = tlsVersion(policy, spec.Endpoint.MinTLSVersion)
	}
	proxies, err := c.httpsProxies(o, chain).Find(ctx, objectHTTPSProxy)
	if err != nil {
		return err
	}
	for _, proxy := range proxies {
		for _, link := range proxy.GetSslCertificates() {
			spec.Endpoint.CertificateID = c.certificateID(ctx, link, "")
		}
	}
	maps, err := c.urlMaps(o, chain).Find(ctx, objectURLMap)
	if err != nil {
		return err
	}
	for _, m := range maps {
		for _, rule := range m.GetHostRules() {
			if len(rule.GetHosts()) == 1 {
				spec.Endpoint.Domain = rule.GetHosts()[0]
			}
		}
	}
	return c.recallSources(ctx, spec, chain)
}

// recallSources tells the allowed ranges, which are absent while they are those
// that nobody wrote.
func (c *client) recallSources(ctx context.Context, spec *serving.Cluster, chain []string) error {
	policies, err := c.securityPolicies(clusterOwner(*spec), chain).Find(ctx, objectSecurityPolicy)
	if err != nil || len(policies) == 0 {
		return err
	}
	usual := []string{anywhere}
	if spec.Visibility == serving.Private {
		usual = nil
		if spec.Network.Own() {
			if layout, err := spec.Network.Ranges(); err == nil {
				usual = sorted([]string{layout.Nodes.String(), layout.Pods.String()})
			}
		} else if found, problems, err := c.readNetwork(ctx, spec.Network); err == nil && len(problems) == 0 {
			usual = found.ranges(spec.Network.PodCIDR)
		}
	}
	var got []string
	for _, rule := range ownRules(clusterOwner(*spec), policies[0].GetRules()) {
		if rule.GetAction() == actionAllow {
			got = append(got, rule.GetMatch().GetConfig().GetSrcIpRanges()...)
		}
	}
	if got = sorted(got); !slices.Equal(got, usual) {
		spec.Endpoint.AllowedCIDRs = got
	}
	return nil
}
