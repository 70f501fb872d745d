package aws

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/arn"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"github.com/modelserving/terraform-provider-serving/internal/kube"
	"github.com/modelserving/terraform-provider-serving/internal/reads"
	"github.com/modelserving/terraform-provider-serving/internal/serving"
	"github.com/modelserving/terraform-provider-serving/internal/stack"
)

// CreateCluster makes a cluster or resumes a create that was interrupted.
func (b *Backend) CreateCluster(ctx context.Context, spec serving.Cluster) (serving.ObservedCluster, error) {
	return b.ensureCluster(ctx, spec, stack.Create)
}

// UpdateCluster converges an existing cluster.
func (b *Backend) UpdateCluster(ctx context.Context, spec serving.Cluster) (serving.ObservedCluster, error) {
	return b.ensureCluster(ctx, spec, stack.Update)
}

func (b *Backend) ensureCluster(ctx context.Context, spec serving.Cluster, mode stack.Mode) (serving.ObservedCluster, error) {
	c, err := b.client(ctx, spec.Region)
	if err != nil {
		return serving.ObservedCluster{}, err
	}
	ctx = kube.LiveReads(reads.WithLive(ctx))
	if spec, err = c.withZones(ctx, spec); err != nil {
		return serving.ObservedCluster{}, explain(err)
	}
	left, err := c.clusterRemains(ctx, spec)
	if err != nil {
		return serving.ObservedCluster{}, explain(err)
	}
	if mode == stack.Update {
		if err := b.askServers(ctx, spec); err != nil {
			return serving.ObservedCluster{}, explain(err)
		}
	}
	s := c.wholeCluster(spec, left)
	if err := s.Ensure(ctx, mode); err != nil {
		return serving.ObservedCluster{}, explain(err)
	}
	// What converged was read on the way. Another read could only fail, and leave
	// a sealed cluster that is in nobody's state.
	return s.observed(s.Report()), nil
}

// ObserveCluster reads everything that the spec owns and says what differs.
func (b *Backend) ObserveCluster(ctx context.Context, spec serving.Cluster) (serving.ObservedCluster, error) {
	c, err := b.client(ctx, spec.Region)
	if err != nil {
		return serving.ObservedCluster{}, err
	}
	return c.observeCluster(ctx, spec)
}

func (c *client) observeCluster(ctx context.Context, spec serving.Cluster) (serving.ObservedCluster, error) {
	s := c.wholeCluster(spec, remembered(spec))
	report, err := s.Observe(ctx)
	var unreachable *kube.UnreachableError
	if errors.As(err, &unreachable) {
		// Whoever has no path to the Kubernetes API can still plan what the cloud
		// knows, and destroy. What was read a moment ago is not asked for again.
		s = c.clusterStack(spec, remembered(spec))
		c.cutOver(s, remembered(spec))
		report, err = s.Observe(ctx)
	}
	if err != nil {
		return serving.ObservedCluster{}, explain(err)
	}
	out := s.observed(report)
	if unreachable != nil {
		out.Unseen = "The gateway was not looked at: " + unreachable.Error() + "."
	}
	return out, nil
}

// remembered is what was last seen under names that the spec does not know any
// more: what a failed update could not remove stays visible.
func remembered(spec serving.Cluster) remains {
	var left remains
	for object := range spec.LastSeen {
		for _, kind := range []string{objectPrivateSubnet, objectPublicSubnet, objectAddress, objectNAT, objectPrivateTable} {
			if zone, ok := strings.CutPrefix(object, kind); ok {
				left.Zones = append(left.Zones, zone)
			}
		}
		if pool, ok := strings.CutPrefix(object, objectNodePool); ok {
			left.Pools = append(left.Pools, pool)
		}
		if principal, ok := strings.CutPrefix(object, objectAccessEntry); ok {
			left.Admins = append(left.Admins, principal)
		}
		if record, ok := strings.CutPrefix(object, objectRecord); ok {
			left.Records = append(left.Records, record)
		}
	}
	return left
}

// DestroyCluster removes everything the cluster owns.
func (b *Backend) DestroyCluster(ctx context.Context, spec serving.Cluster) error {
	c, err := b.client(ctx, spec.Region)
	if err != nil {
		return err
	}
	ctx = reads.WithLive(ctx)
	if live, err := c.reader.clusters.Get(ctx, spec.Name); err != nil || live != nil && aws.ToBool(live.DeletionProtection) && clusterOwner(spec).owns(live.Tags, objectCluster, aws.ToString(live.Arn)) {
		if err == nil {
			err = fmt.Errorf("EKS cluster %s has deletion protection: set deletion_protection = false and apply first", spec.Name)
		}
		return explain(err)
	}
	left, err := c.clusterRemains(ctx, spec)
	if err != nil {
		return explain(err)
	}
	// A record that leads elsewhere by now is not ours to remove.
	left.Records, spec.Endpoint.DNS = append(left.Records, recordOf(spec.Endpoint)), nil
	s := c.clusterStack(spec, left)
	c.cutOver(s, left)
	return explain(s.Destroy(ctx))
}

// clusterRemains finds what carries the cluster's mark under names that only
// the cloud may still know.
func (c *client) clusterRemains(ctx context.Context, spec serving.Cluster) (remains, error) {
	o := clusterOwner(spec)
	left := remains{Records: remembered(spec).Records}
	subnets, err := c.reader.subnets.Get(ctx, o.stack)
	if err != nil {
		return left, err
	}
	addresses, err := c.reader.addresses.Get(ctx, o.stack)
	if err != nil {
		return left, err
	}
	var names []string
	for _, s := range subnets {
		names = append(names, o.nameOf(fromEC2(s.Tags), aws.ToString(s.SubnetId)))
	}
	for _, a := range addresses {
		names = append(names, o.nameOf(fromEC2(a.Tags), aws.ToString(a.AllocationId)))
	}
	for _, name := range names {
		for _, kind := range []string{objectPrivateSubnet, objectPublicSubnet, objectAddress} {
			if zone, ok := strings.CutPrefix(name, kind); ok {
				left.Zones = append(left.Zones, zone)
			}
		}
	}
	cluster, err := c.reader.clusters.Get(ctx, spec.Name)
	if err != nil || cluster == nil || !o.owns(cluster.Tags, objectCluster, aws.ToString(cluster.Arn)) {
		return left, err
	}
	groups, err := c.reader.nodeGroups.Get(ctx, spec.Name)
	if err != nil {
		return left, err
	}
	for _, g := range groups {
		if pool, ok := strings.CutPrefix(o.nameOf(g.Tags, aws.ToString(g.NodegroupArn)), objectNodePool); ok {
			left.Pools = append(left.Pools, pool)
		}
	}
	left.Admins, err = accessEntries{c, o, nil, ""}.admins(ctx, spec.Name)
	return left, err
}

// withZones fills in the zones: those that the cluster has, else the region's
// first two by name.
func (c *client) withZones(ctx context.Context, spec serving.Cluster) (serving.Cluster, error) {
	if len(spec.Network.Zones) > 0 || !spec.Network.Own() {
		return spec, nil
	}
	zones, err := c.zones(ctx)
	if err != nil {
		return spec, err
	}
	if len(zones) < 2 {
		return spec, fmt.Errorf("region %s has fewer than two availability zones that can be used; set network.zones", c.region)
	}
	spec.Network.Zones = zones[:2]
	return spec, nil
}

// eksLacks are the ids of zones in which EKS has no control plane (EKS user
// guide, network requirements). Names are different in each account, ids are not.
var eksLacks = []string{"use1-az3", "usw1-az2", "cac1-az3"}

// zones lists the availability zones that can be used, sorted.
func (c *client) zones(ctx context.Context) ([]string, error) {
	out, err := c.ec2.DescribeAvailabilityZones(ctx, &ec2.DescribeAvailabilityZonesInput{Filters: []ec2types.Filter{
		{Name: aws.String("zone-type"), Values: []string{"availability-zone"}},
		{Name: aws.String("state"), Values: []string{"available"}},
	}})
	if err != nil {
		return nil, err
	}
	var zones []string
	for _, z := range out.AvailabilityZones {
		if !slices.Contains(eksLacks, aws.ToString(z.ZoneId)) {
			zones = append(zones, aws.ToString(z.ZoneName))
		}
	}
	return sorted(zones), nil
}

// observed makes the view of a cluster from the live objects of its stack.
func (s *clusterStack) observed(report *stack.Report) serving.ObservedCluster {
	out := serving.ObservedCluster{Observation: observation(report), Spec: s.spec}
	if cluster := s.cluster.Live(); cluster != nil {
		if id, err := arn.Parse(aws.ToString(cluster.Arn)); err == nil {
			out.Account = id.AccountID
		}
		out.KubernetesURL = aws.ToString(cluster.Endpoint)
		if ca := cluster.CertificateAuthority; ca != nil {
			out.CACertificatePEM = decoded(aws.ToString(ca.Data))
		}
	}
	if s.spec.Network.Own() || s.network.vpcNode != nil && s.present(s.network.vpcNode, report) {
		out.VPC = s.network.vpc()
		out.PrivateSubnets, out.PublicSubnets = s.network.private(), s.network.public()
	}
	if lb := s.loadBalancer.Live(); lb != nil {
		out.Hostname, out.ZoneID = aws.ToString(lb.DNSName), aws.ToString(lb.CanonicalHostedZoneId)
		out.URL = s.url()
	}
	s.readBack(&out.Spec)
	out.Exposure = s.exposure()
	out.Judge(s.spec, len(report.Drift) > 0)
	return out
}

// url is where callers reach the cluster; empty while there is no load balancer.
func (s *clusterStack) url() string {
	switch lb := s.loadBalancer.Live(); {
	case s.spec.Endpoint.Domain != "":
		return "https://" + s.spec.Endpoint.Domain
	case lb != nil:
		return "https://" + aws.ToString(lb.DNSName)
	}
	return ""
}

// present reports whether a lookup has found what it looked for.
func (s *clusterStack) present(n stack.Node, report *stack.Report) bool {
	return report.Drift[n.Name()] == nil
}

// observation keeps the differences that no attribute models. While anything
// is left, the resource is not gone: a destroy that was interrupted after the
// root must still know what to remove.
func observation(report *stack.Report) serving.Observation {
	out := serving.Observation{Gone: report.Gone && len(report.Objects) == 0, Objects: report.Objects, Drift: map[string][]string{}}
	for object, diffs := range report.Drift {
		for _, d := range diffs {
			if d.Attribute == "" {
				out.Drift[object] = append(out.Drift[object], d.String())
			}
		}
	}
	return out
}

// readBack replaces what attributes model by what is live.
func (s *clusterStack) readBack(spec *serving.Cluster) {
	if cluster := s.cluster.Live(); cluster != nil {
		spec.KubernetesVersion = aws.ToString(cluster.Version)
		spec.DeletionProtection = aws.ToBool(cluster.DeletionProtection)
		if k := cluster.KubernetesNetworkConfig; k != nil {
			spec.Network.ServiceCIDR = aws.ToString(k.ServiceIpv4Cidr)
		}
		if v := cluster.ResourcesVpcConfig; v != nil {
			public := v.EndpointPublicAccess
			switch {
			case !public:
				spec.KubernetesAPI.AllowedCIDRs = nil
			default:
				spec.KubernetesAPI.AllowedCIDRs = sorted(v.PublicAccessCidrs)
			}
		}
	}
	pools := map[string]serving.NodePool{}
	for name, pool := range spec.NodePools {
		if group := s.pools[name].Live(); group != nil {
			pool = poolOf(*group, pool)
		}
		pools[name] = pool
	}
	spec.NodePools = pools
	if lb := s.loadBalancer.Live(); lb != nil {
		spec.Endpoint.IdleTimeoutSeconds = number(lb.Attributes["idle_timeout.timeout_seconds"])
	}
	if s.gateway != nil {
		s.gateway.ReadBack(&spec.Gateway)
	}
}
