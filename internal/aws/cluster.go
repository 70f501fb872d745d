package aws

import (
	"context"
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
	ekstypes "github.com/aws/aws-sdk-go-v2/service/eks/types"
	elbtypes "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"

	"github.com/modelserving/terraform-provider-serving/internal/kube"
	"github.com/modelserving/terraform-provider-serving/internal/serving"
	"github.com/modelserving/terraform-provider-serving/internal/stack"
)

// Names of objects in a stack. Those of a zone, pool or principal end in its
// name.
const (
	objectCluster        = "cluster"
	objectCertificate    = "certificate"
	objectVPC            = "vpc"
	objectPrivateSubnet  = "subnet/private/"
	objectPublicSubnet   = "subnet/public/"
	objectNAT            = "nat_gateway/"
	objectAddress        = "elastic_ip/"
	objectPrivateTable   = "route_table/private/"
	objectNodePool       = "node_pool/"
	objectAccessEntry    = "access_entry/"
	objectTrafficSources = "traffic_sources/"
	objectLoadBalancer   = "load_balancer"
	objectSecurityGroup  = "security_group/load_balancer"
	objectClusterRole    = "role/cluster"
	objectNodeRole       = "role/nodes"
	objectRecord         = "dns_record/"
)

const (
	// nodePort is where the gateway listens on every node.
	nodePort = 30080
	// healthPath is the gateway's own health check.
	healthPath = "/healthz"
)

// remains are what may be left of an earlier spec, under names that the present
// one does not know.
type remains struct {
	Zones, Pools, Admins []string
	// Records are recordKeys.
	Records []string
}

// clusterStack is a cluster as a graph, with the objects that others ask about.
type clusterStack struct {
	*stack.Stack
	spec    serving.Cluster
	network *network

	cluster       *stack.Object[clusterSpec, ekstypes.Cluster]
	securityGroup *stack.Object[securityGroupSpec, ec2types.SecurityGroup]
	targetGroup   *stack.Object[targetGroupSpec, targetGroupLive]
	loadBalancer  *stack.Object[loadBalancerSpec, loadBalancerLive]
	https         *stack.Object[listenerSpec, listenerLive]
	// way is all that a request passes between the load balancer and the nodes.
	way   []stack.Node
	pools map[string]*stack.Object[nodeGroupSpec, ekstypes.Nodegroup]
	// gateway is nil in a stack that is removed: it goes with the cluster.
	gateway *kube.Gateway
}

// clusterOwner is the mark of a cluster's objects.
func clusterOwner(spec serving.Cluster) owner {
	return owner{stack: "cluster/" + spec.Name, tags: spec.Tags, lastSeen: spec.LastSeen}
}

// namePrefix starts the names of load balancers and target groups.
const namePrefix = "serving-"

// schemeName is the name of what exists once for each load balancer scheme.
func schemeName(maximum int, cluster string, v serving.Visibility) string {
	return serving.Fit(maximum, "serving", cluster, string(v))
}

// bothSchemes are the names that a load balancer or target group can have, now
// or from before.
func bothSchemes(cluster string) []string {
	return []string{schemeName(elbName, cluster, serving.Public), schemeName(elbName, cluster, serving.Private)}
}

// elbName is the longest name of a load balancer or target group (ELBv2 API
// reference, CreateLoadBalancer).
const elbName = 32

// clusterStack draws the graph of a cluster.
func (c *client) clusterStack(spec serving.Cluster, left remains) *clusterStack {
	o := clusterOwner(spec)
	s := &clusterStack{Stack: &stack.Stack{Name: o.stack, Log: c.log, Poll: c.poll}, spec: spec, pools: map[string]*stack.Object[nodeGroupSpec, ekstypes.Nodegroup]{}}
	if spec.Network.Own() {
		s.network = c.ownNetwork(s.Stack, o, spec, left)
	} else {
		s.network = c.existingNetwork(s.Stack, spec)
	}
	c.controlPlane(s, o)
	c.nodePools(s, o, left)
	c.endpoint(s, o)
	return s
}

// controlPlane adds the roles, the EKS cluster and who may administer it.
func (c *client) controlPlane(s *clusterStack, o owner) {
	spec := s.spec
	names := roleNames(spec)
	roleKind := roles{c, o, names}
	clusterRole, clusterRoleNode := c.role(s.Stack, roleKind, objectClusterRole, spec.AWS.ClusterRoleARN, roleSpec{
		Name: names[objectClusterRole], Service: "eks.amazonaws.com", Policies: []string{c.policy("AmazonEKSClusterPolicy")}})

	kind := clusters{c, o, spec.Name}
	s.cluster = stack.Add(s.Stack, objectCluster, kind, func() clusterSpec {
		return clusterSpec{
			Name: spec.Name, Version: spec.KubernetesVersion, Role: clusterRole(), Subnets: s.network.private(),
			PublicCIDRs: sorted(spec.KubernetesAPI.AllowedCIDRs), ServiceCIDR: spec.Network.ServiceCIDR,
			KMSKey: spec.AWS.KMSKeyARN, DeletionProtection: spec.DeletionProtection,
		}
	}, append(s.network.privateNodes, clusterRoleNode)...)
	stack.Root(s.Stack, s.cluster)
}

// role adds a role of the cluster's own, or uses a given one and removes what
// there may be of an own one.
func (c *client) role(s *stack.Stack, kind roles, object, given string, want roleSpec) (arn func() string, node stack.Node) {
	if given != "" {
		return func() string { return given }, stack.Absent(s, object, kind)
	}
	r := stack.Add(s, object, kind, func() roleSpec { return want })
	return r.ID, r
}

// roleNames are the names of a cluster's roles. IAM is global and allows 64
// characters.
func roleNames(spec serving.Cluster) map[string]string {
	return map[string]string{
		objectClusterRole: serving.Fit(64, "serving", spec.Name, spec.Region, "cluster"),
		objectNodeRole:    serving.Fit(64, "serving", spec.Name, spec.Region, "nodes"),
	}
}

// nodePools adds the node role and a node group for each pool.
func (c *client) nodePools(s *clusterStack, o owner, left remains) {
	spec := s.spec
	names := roleNames(spec)
	nodeRole, nodeRoleNode := c.role(s.Stack, roles{c, o, names}, objectNodeRole, spec.AWS.NodeRoleARN, roleSpec{
		Name: names[objectNodeRole], Service: "ec2.amazonaws.com",
		Policies: []string{c.policy("AmazonEKSWorkerNodePolicy"), c.policy("AmazonEKS_CNI_Policy"), c.policy("AmazonEC2ContainerRegistryPullOnly")}})

	kind := nodeGroups{c, o, s.cluster}
	// Nodes must reach the Internet, or the private endpoints, to join.
	after := append([]stack.Node{s.cluster, nodeRoleNode}, s.network.privateNodes...)
	after = append(after, s.network.wayOut...)
	for _, pool := range slices.Sorted(maps.Keys(spec.NodePools)) {
		want := nodeGroup(pool, spec.NodePools[pool])
		s.pools[pool] = stack.Add(s.Stack, objectNodePool+pool, kind, func() nodeGroupSpec {
			want.Cluster, want.Version = spec.Name, aws.ToString(s.cluster.Live().Version)
			want.Role, want.Subnets = nodeRole(), s.network.private()
			return want
		}, after...)
	}
	for _, pool := range without(left.Pools, slices.Collect(maps.Keys(spec.NodePools))) {
		stack.Absent(s.Stack, objectNodePool+pool, kind, after...)
	}

	entry := func(principal string) accessEntries { return accessEntries{c, o, s.cluster, principal} }
	for _, principal := range sorted(spec.KubernetesAPI.Admins) {
		stack.Add(s.Stack, objectAccessEntry+principal, entry(principal), func() accessEntrySpec {
			return accessEntrySpec{Cluster: spec.Name, Principal: principal}
		}, s.cluster)
	}
	for _, principal := range without(left.Admins, spec.KubernetesAPI.Admins) {
		stack.Absent(s.Stack, objectAccessEntry+principal, entry(principal), s.cluster)
	}
}

// endpoint adds the way of a request from the load balancer to the nodes.
func (c *client) endpoint(s *clusterStack, o owner) {
	spec := s.spec
	name := schemeName(elbName, spec.Name, spec.Visibility)
	s.securityGroup = stack.Add(s.Stack, objectSecurityGroup, securityGroups{c, o}, func() securityGroupSpec {
		return securityGroupSpec{
			Name:        schemeName(255, spec.Name, spec.Visibility),
			Description: "Load balancer of the serving cluster " + spec.Name,
			VPC:         s.network.vpc(),
			Ingress:     ingress(spec, s.network.ranges()),
			Egress:      toNodes(s.network.ranges()),
		}
	}, s.network.vpcNode)

	s.targetGroup = stack.Add(s.Stack, "target_group", targetGroups{c, o, bothSchemes(spec.Name)}, func() targetGroupSpec {
		return targetGroupSpec{Name: name, VPC: s.network.vpc(), Port: nodePort, HealthPath: healthPath, Attributes: map[string]string{
			// A GPU server is busy with one long request at a time: the fewest
			// outstanding requests beat taking turns.
			"load_balancing.algorithm.type":        "least_outstanding_requests",
			"deregistration_delay.timeout_seconds": fmt.Sprint(int(deregistrationDelay.Seconds())),
		}}
	}, s.network.vpcNode)

	subnets, subnetNodes := s.network.private, s.network.privateNodes
	if spec.Visibility == serving.Public {
		subnets, subnetNodes = s.network.public, s.network.publicNodes
	}
	// After the target group, so that on the way back the load balancer lets go of
	// it first.
	s.loadBalancer = stack.Add(s.Stack, objectLoadBalancer, loadBalancers{c, o.with(tagRecord, recordOf(spec.Endpoint)), bothSchemes(spec.Name)}, func() loadBalancerSpec {
		return loadBalancerSpec{Name: name, Scheme: scheme(spec.Visibility), Subnets: subnets(), SecurityGroups: []string{s.securityGroup.ID()}, Attributes: loadBalancerAttributes(spec)}
	}, append([]stack.Node{s.securityGroup, s.targetGroup, c.turnedPrivate(s)}, subnetNodes...)...)

	redirect := c.listenersOf(s)

	// The rule comes after the group it names, which is replaced with the scheme.
	toNodes := stack.Add(s.Stack, "security_group_rule/nodes", securityGroupRules{c, o}, func() securityGroupRuleSpec {
		return securityGroupRuleSpec{Group: aws.ToString(s.cluster.Live().ResourcesVpcConfig.ClusterSecurityGroupId), Source: s.securityGroup.ID(), Port: nodePort}
	}, s.cluster, s.securityGroup)

	// The group of EKS's making lets only nodes at the private endpoint; whoever
	// runs Terraform inside the network is not one.
	stack.Add(s.Stack, "security_group_rule/kubernetes_api", securityGroupRules{c, o}, func() securityGroupRuleSpec {
		return securityGroupRuleSpec{Group: aws.ToString(s.cluster.Live().ResourcesVpcConfig.ClusterSecurityGroupId), Source: s.network.ranges()[0], Port: 443}
	}, s.cluster, s.network.vpcNode)

	// On the way back nodes let go of an old load balancer first, and what they
	// still answer passes all that stands between.
	answered := c.drainTargets(s, s.loadBalancer, s.targetGroup, redirect, toNodes)
	s.way = append(s.way, toNodes)
	for pool, group := range s.pools {
		s.way = append(s.way, stack.Add(s.Stack, objectTrafficSources+pool, trafficSources{c, group, bothSchemes(spec.Name)}, func() trafficSourcesSpec {
			return trafficSourcesSpec{TargetGroup: s.targetGroup.ID()}
		}, group, s.targetGroup, answered))
	}
}

// listenersOf adds the listeners and their rules, and gives the one that sends
// callers to HTTPS.
func (c *client) listenersOf(s *clusterStack) (redirect stack.Node) {
	spec := s.spec
	certificate := stack.Look(s.Stack, "certificate_in_use", func(ctx context.Context) (*string, error) {
		return c.resolveCertificate(ctx, spec.Endpoint.CertificateID, s.https)
	})
	s.https = stack.Add(s.Stack, "listener/https", listeners{c, s.loadBalancer, 443}, func() listenerSpec {
		return listenerSpec{LoadBalancer: s.loadBalancer.ID(), Policy: tlsPolicies[spec.Endpoint.MinTLSVersion], Certificate: *certificate.Live()}
	}, s.loadBalancer, certificate)
	s.way = append(s.way, stack.Add(s.Stack, "listener_rules/https", listenerRules{c, s.https}, func() listenerRulesSpec {
		return listenerRulesSpec{Listener: s.https.ID(), Rules: []ruleSpec{{Priority: 1, Host: spec.Endpoint.Domain, TargetGroup: s.targetGroup.ID()}}}
	}, s.https, s.targetGroup))

	// A listener that somebody adds is a way past the rules of the first.
	stack.Absent(s.Stack, "listener/other", listeners{c, s.loadBalancer, anyOther}, s.loadBalancer)
	http := listeners{c, s.loadBalancer, 80}
	redirect = addIf(spec.Visibility == serving.Public, s.Stack, "listener/http", http, func() listenerSpec {
		return listenerSpec{LoadBalancer: s.loadBalancer.ID(), Redirect: true}
	}, s.loadBalancer)
	s.way = append(s.way, redirect)
	return redirect
}

// scheme is the load balancer scheme of a visibility.
func scheme(v serving.Visibility) elbtypes.LoadBalancerSchemeEnum {
	if v == serving.Public {
		return elbtypes.LoadBalancerSchemeEnumInternetFacing
	}
	return elbtypes.LoadBalancerSchemeEnumInternal
}

// tlsPolicies are the modern policies of each lowest version; without a policy
// the API would choose one from 2016 (ELB user guide, describe-ssl-policies).
var tlsPolicies = map[string]string{
	"":    "ELBSecurityPolicy-TLS13-1-2-Res-PQ-2025-09",
	"1.2": "ELBSecurityPolicy-TLS13-1-2-Res-PQ-2025-09",
	"1.3": "ELBSecurityPolicy-TLS13-1-3-PQ-2025-09",
}

// defaultIdleTimeout leaves room for slow inference; the load balancer's own
// default is 60 seconds.
const defaultIdleTimeout = 300

func loadBalancerAttributes(spec serving.Cluster) map[string]string {
	idle := spec.Endpoint.IdleTimeoutSeconds
	if idle == 0 {
		idle = defaultIdleTimeout
	}
	return map[string]string{
		"idle_timeout.timeout_seconds":                    fmt.Sprint(idle),
		"deletion_protection.enabled":                     fmt.Sprint(spec.DeletionProtection),
		"routing.http.drop_invalid_header_fields.enabled": "true",
		"routing.http.desync_mitigation_mode":             "defensive",
		"routing.http.preserve_host_header.enabled":       "true",
		"routing.http.xff_header_processing.mode":         "append",
		"routing.http2.enabled":                           "true",
		"client_keep_alive.seconds":                       fmt.Sprint(int(keepAlive.Seconds())),
		"waf.fail_open.enabled":                           "false",
	}
}

// ingress is who may reach the load balancer: on a public cluster everyone or
// the allowed ranges, at both ports; on a private one the VPC or the allowed
// ranges, at 443 only.
func ingress(spec serving.Cluster, vpcRanges []string) []portRule {
	allowed := spec.Endpoint.AllowedCIDRs
	ports := []int32{443}
	if spec.Visibility == serving.Public {
		ports = []int32{443, 80}
	}
	if len(allowed) == 0 {
		allowed = []string{anywhere}
		if spec.Visibility == serving.Private {
			allowed = vpcRanges
		}
	}
	var out []portRule
	for _, port := range ports {
		for _, cidr := range sorted(allowed) {
			out = append(out, portRule{port, cidr})
		}
	}
	return out
}

// toNodes is where the load balancer may connect to.
func toNodes(vpcRanges []string) []portRule {
	var out []portRule
	for _, cidr := range sorted(vpcRanges) {
		out = append(out, portRule{nodePort, cidr})
	}
	return out
}

// without gives the elements of a that are not in b.
func without(a, b []string) []string {
	return slices.DeleteFunc(sorted(a), func(s string) bool { return slices.Contains(b, s) })
}

// zoneSubnets gives the ranges of a zone's subnets. The rules have made sure
// that there are such ranges.
func zoneSubnets(cidr, zone string) (private, public string) {
	prefix, err := netip.ParsePrefix(cidr)
	if err != nil {
		return "", ""
	}
	p, q, err := serving.SubnetLayout(prefix, zone)
	if err != nil {
		return "", ""
	}
	return p.String(), q.String()
}

// certificateARN reports whether a certificate id is an ARN already.
func certificateARN(id string) bool { return strings.HasPrefix(id, "arn:") }
