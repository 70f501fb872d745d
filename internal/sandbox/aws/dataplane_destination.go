package aws

import (
	"net/netip"
	"strings"

	ekstypes "github.com/aws/aws-sdk-go-v2/service/eks/types"
	elbtypes "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"
)

// elbDestination is a load balancer as something to connect to.
func (c *call) elbDestination(lb *elbLoadBalancer, port int) (destination, error) {
	to := destination{
		at: c, name: "load balancer " + *lb.LoadBalancerName, port: port, balancer: *lb.LoadBalancerArn,
		private: lb.Scheme == elbtypes.LoadBalancerSchemeEnumInternal, public: lb.Scheme != elbtypes.LoadBalancerSchemeEnumInternal,
	}
	var err error
	if to.endpoint, err = c.interfacesEndpoint(*lb.VpcId, lb.Interfaces, lb.SecurityGroups); err != nil {
		return to, noPath(to.name, "%s", err.Error())
	}
	if lb.State == nil || lb.State.Code == elbtypes.LoadBalancerStateEnumProvisioning || lb.State.Code == elbtypes.LoadBalancerStateEnumFailed {
		return to, noPath(to.name, "it is not active yet")
	}
	for arn, l := range c.elb().Listeners {
		if *l.LoadBalancerArn == to.balancer && int(*l.Port) == port {
			to.listener = arn
		}
	}
	return to, nil
}

// eksDestination is the API endpoint of a cluster as something to connect to. With private access its name resolves to private
// addresses in the cluster's VPC, even where the public ones would be open to the caller.
func (c *call) eksDestination(cluster *eksCluster, port int) (destination, error) {
	vpc := cluster.ResourcesVpcConfig
	to := destination{
		at: c, name: "endpoint of cluster " + *cluster.Name, port: port, private: vpc.EndpointPrivateAccess, public: vpc.EndpointPublicAccess,
		callers: []netip.Prefix{}, cluster: c.clusterRef(cluster),
	}
	if cluster.Status == ekstypes.ClusterStatusDeleting {
		return to, noPath(to.name, "the cluster is being deleted")
	}
	for _, cidr := range vpc.PublicAccessCidrs {
		if p, err := netip.ParsePrefix(cidr); err == nil {
			to.callers = append(to.callers, p)
		}
	}
	var err error
	groups := append([]string{cluster.SecurityGroup}, vpc.SecurityGroupIds...)
	if to.endpoint, err = c.interfacesEndpoint(*vpc.VpcId, cluster.Interfaces, groups); err != nil && to.private {
		return to, noPath(to.name, "%s", err.Error())
	}
	return to, nil
}

// clusterRef names a cluster for good: a cluster that is made anew under the same name is another one.
type clusterRef struct{ account, region, name, id string }

func (c *call) clusterRef(cluster *eksCluster) *clusterRef {
	return &clusterRef{account: c.Account, region: c.Region, name: *cluster.Name, id: cluster.Final.id()}
}

// id is the unique part of the endpoint.
func (f eksFinal) id() string {
	id, _, _ := strings.Cut(strings.TrimPrefix(f.Endpoint, "https://"), ".")
	return strings.ToLower(id)
}

// findCluster is the cluster behind a reference, or nil. The cloud's lock is held.
func (c *Cloud) findCluster(ref clusterRef) *eksCluster {
	r := c.state.Regions[ref.account+"/"+ref.region]
	if r == nil {
		return nil
	}
	if cluster := r.EKS.Clusters[ref.name]; cluster != nil && cluster.Final.id() == ref.id {
		return cluster
	}
	return nil
}

func (c *Cloud) clusterExists(ref clusterRef) bool { return c.findCluster(ref) != nil }
