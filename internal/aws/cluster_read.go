package aws

import (
	"context"
	"encoding/base64"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	ekstypes "github.com/aws/aws-sdk-go-v2/service/eks/types"
	elbtypes "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"
	r53types "github.com/aws/aws-sdk-go-v2/service/route53/types"

	"github.com/modelserving/terraform-provider-serving/internal/serving"
	"github.com/modelserving/terraform-provider-serving/internal/stack"
)

// ReadCluster reads a cluster of which only the id is known. The spec is read
// back from the objects; what they do not tell, as the way an accelerator was
// written, is absent.
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
	spec := serving.Cluster{Cloud: serving.AWS, Region: id.Region, Name: id.Name, NodePools: map[string]serving.NodePool{}}
	o := clusterOwner(spec)
	cluster, err := c.reader.clusters.Get(ctx, id.Name)
	if err != nil || cluster == nil {
		return spec, false, err
	}
	if err := o.claim(cluster.Tags, objectCluster, "", "EKS cluster "+id.Name); err != nil {
		return spec, false, err
	}
	left, err := c.clusterRemains(ctx, spec)
	if err != nil {
		return spec, false, err
	}
	spec.Tags = userTags(o, cluster.Tags)
	spec.DeletionProtection = aws.ToBool(cluster.DeletionProtection)
	spec.KubernetesAPI.Admins = left.Admins
	for i, key := range encryptionKeys(cluster) {
		if i == 0 {
			spec.AWS.KMSKeyARN = key
		}
	}
	names := roleNames(spec)
	spec.AWS.ClusterRoleARN = foreignRole(aws.ToString(cluster.RoleArn), names[objectClusterRole])
	if err := c.recallPools(ctx, &spec, names[objectNodeRole]); err != nil {
		return spec, false, err
	}
	if err := c.recallNetwork(ctx, &spec, cluster); err != nil {
		return spec, false, err
	}
	if err := c.recallEndpoint(ctx, &spec); err != nil {
		return spec, false, err
	}
	return spec, true, nil
}

// userTags are the tags that are neither ours nor the cloud's.
func userTags(o owner, live map[string]string) map[string]string {
	ours := owner{stack: o.stack}.mark(live[tagObject])
	out := map[string]string{}
	for key, value := range live {
		if got, ok := ours[key]; (!ok || got != value) && !theirs(key) {
			out[key] = value
		}
	}
	return out
}

// foreignRole is a role's ARN unless the role is the one that the cluster makes.
func foreignRole(arn, own string) string {
	if strings.HasSuffix(arn, ":role/"+own) {
		return ""
	}
	return arn
}

func (c *client) recallPools(ctx context.Context, spec *serving.Cluster, ownRole string) error {
	groups, err := c.reader.nodeGroups.Get(ctx, spec.Name)
	if err != nil {
		return err
	}
	o := clusterOwner(*spec)
	for _, g := range groups {
		pool, ok := strings.CutPrefix(o.nameOf(g.Tags, aws.ToString(g.NodegroupArn)), objectNodePool)
		if !ok || g.Status == ekstypes.NodegroupStatusDeleting {
			continue
		}
		read := serving.NodePool{MachineType: strings.Join(g.InstanceTypes, ","), DiskGB: int64(aws.ToInt32(g.DiskSize)), Spot: g.CapacityType == ekstypes.CapacityTypesSpot}
		if n := serving.AcceleratorsOf(read.MachineType); n > 0 {
			read.Accelerator = &serving.Accelerator{Count: n}
		}
		spec.NodePools[pool] = poolOf(g, read)
		spec.AWS.NodeRoleARN = foreignRole(aws.ToString(g.NodeRole), ownRole)
	}
	return nil
}

// poolOf puts what a living node group can change into a pool.
func poolOf(g ekstypes.Nodegroup, pool serving.NodePool) serving.NodePool {
	if s := g.ScalingConfig; s != nil {
		pool.MinSize, pool.MaxSize = int64(aws.ToInt32(s.MinSize)), int64(aws.ToInt32(s.MaxSize))
	}
	pool.Labels, pool.Taints = userLabels(g.Labels), nil
	for _, t := range g.Taints {
		taint := serving.Taint{Key: aws.ToString(t.Key), Value: aws.ToString(t.Value)}
		for effect, word := range effects {
			if word == t.Effect {
				taint.Effect = effect
			}
		}
		pool.Taints = append(pool.Taints, taint)
	}
	slices.SortFunc(pool.Taints, func(a, b serving.Taint) int {
		return strings.Compare(a.Key+"="+a.Value+":"+a.Effect, b.Key+"="+b.Value+":"+b.Effect)
	})
	return pool
}

func (c *client) recallNetwork(ctx context.Context, spec *serving.Cluster, cluster *ekstypes.Cluster) error {
	o := clusterOwner(*spec)
	own, err := vpcs{c, o}.Find(ctx, objectVPC)
	if err != nil {
		return err
	}
	if k := cluster.KubernetesNetworkConfig; k != nil {
		spec.Network.ServiceCIDR = aws.ToString(k.ServiceIpv4Cidr)
	}
	if len(own) == 0 {
		if v := cluster.ResourcesVpcConfig; v != nil {
			spec.Network.VPC, spec.Network.Subnets = aws.ToString(v.VpcId), sorted(v.SubnetIds)
		}
		return nil
	}
	spec.Network.CIDR = aws.ToString(own[0].CidrBlock)
	found, err := c.reader.subnets.Get(ctx, o.stack)
	if err != nil {
		return err
	}
	for _, s := range found {
		if zone, ok := strings.CutPrefix(objectOf(s.Tags), objectPrivateSubnet); ok {
			spec.Network.Zones = append(spec.Network.Zones, zone)
		}
	}
	spec.Network.Zones = sorted(spec.Network.Zones)
	gateways := 0
	for _, zone := range spec.Network.Zones {
		nat, err := natGateways{c, o}.Find(ctx, objectNAT+zone)
		if err != nil {
			return err
		}
		gateways += len(nat)
	}
	switch {
	case gateways == 0:
		spec.Network.NAT = serving.NATNone
	case gateways < len(spec.Network.Zones):
		spec.Network.NAT = serving.NATSingle
	default:
		spec.Network.NAT = serving.NATPerZone
	}
	return nil
}

func (c *client) recallEndpoint(ctx context.Context, spec *serving.Cluster) error {
	o := clusterOwner(*spec)
	spec.Visibility, spec.Endpoint.MinTLSVersion, spec.Endpoint.IdleTimeoutSeconds = serving.Private, "1.2", defaultIdleTimeout
	found, err := loadBalancers{c, o, bothSchemes(spec.Name)}.Find(ctx, objectLoadBalancer)
	if err != nil || len(found) == 0 {
		return err
	}
	lb := found[0]
	if lb.Scheme == elbtypes.LoadBalancerSchemeEnumInternetFacing {
		spec.Visibility = serving.Public
		if !spec.Network.Own() {
			spec.Network.PublicSubnets = sorted(lb.subnets())
		}
	}
	spec.Endpoint.IdleTimeoutSeconds = number(lb.Attributes["idle_timeout.timeout_seconds"])
	if err := c.recallListeners(ctx, spec, aws.ToString(lb.LoadBalancerArn)); err != nil {
		return err
	}
	if err := c.recallRecord(ctx, spec, lb.Tags[tagRecord], found); err != nil {
		return err
	}
	groups, err := securityGroups{c, o}.Find(ctx, objectSecurityGroup)
	if err != nil || len(groups) == 0 {
		return err
	}
	var ranges []string
	if spec.Network.Own() {
		ranges = []string{spec.Network.CIDR}
	} else if network, _, err := c.readNetwork(ctx, spec.Network); err == nil && network != nil {
		ranges = network.ranges()
	}
	open := spell(ingress(*spec, ranges))
	rules := withoutPeerings(o, groups[0].IpPermissions, nil)
	got := lines(rules)
	if slices.Equal(sorted(open), sorted(got)) {
		return nil
	}
	for _, p := range rules {
		if aws.ToInt32(p.FromPort) != 443 {
			continue
		}
		for _, r := range p.IpRanges {
			spec.Endpoint.AllowedCIDRs = append(spec.Endpoint.AllowedCIDRs, aws.ToString(r.CidrIp))
		}
	}
	spec.Endpoint.AllowedCIDRs = sorted(spec.Endpoint.AllowedCIDRs)
	return nil
}

// recallRecord finds the DNS record that a load balancer's tag names. One that is
// not there, or leads elsewhere, is not the cluster's.
func (c *client) recallRecord(ctx context.Context, spec *serving.Cluster, key string, found []*loadBalancerLive) error {
	zone, domain, ok := strings.Cut(key, "/")
	if !ok || domain != spec.Endpoint.Domain {
		return nil
	}
	records, err := c.reader.records.Get(ctx, key)
	if err != nil {
		return err
	}
	for _, lb := range found {
		if slices.ContainsFunc(records, func(r r53types.ResourceRecordSet) bool { return leadsTo(r, lb) }) {
			spec.Endpoint.DNS = &serving.DNS{ZoneID: zone}
		}
	}
	return nil
}

func (c *client) recallListeners(ctx context.Context, spec *serving.Cluster, lb string) error {
	all, err := c.reader.listeners.Get(ctx, lb)
	if err != nil {
		return err
	}
	for _, l := range all {
		if aws.ToInt32(l.Port) != 443 {
			continue
		}
		if aws.ToString(l.SslPolicy) == tlsPolicies["1.3"] {
			spec.Endpoint.MinTLSVersion = "1.3"
		}
		arn := firstCertificate(&l)
		tags, err := c.reader.certificateTags.Get(ctx, arn)
		if err != nil {
			return err
		}
		spec.Endpoint.CertificateID = arn
		if name, ok := strings.CutPrefix(tags[tagStack], "certificate/"); ok {
			spec.Endpoint.CertificateID = serving.ID{Cloud: serving.AWS, Region: c.region, Name: name}.String()
		}
		rules, err := c.reader.rules.Get(ctx, aws.ToString(l.ListenerArn))
		if err != nil {
			return err
		}
		for _, r := range rules {
			for _, condition := range r.Conditions {
				if h := condition.HostHeaderConfig; h != nil && len(h.Values) == 1 && aws.ToString(r.Priority) == "1" {
					spec.Endpoint.Domain = h.Values[0]
				}
			}
		}
	}
	return nil
}

// resolveCertificate gives the ARN behind a certificate id. The listener's
// present certificate is looked at first, which saves the search.
func (c *client) resolveCertificate(ctx context.Context, id string, listener *stack.Object[listenerSpec, listenerLive]) (*string, error) {
	if certificateARN(id) {
		return &id, nil
	}
	parsed, ok := serving.ParseID(id)
	if !ok {
		return nil, fmt.Errorf("%q is not the id of a serving_certificate", id)
	}
	stackName := "certificate/" + parsed.Name
	if live, err := listener.Found(ctx); err == nil && live != nil {
		arn := firstCertificate(&live.Listener)
		tags, err := c.reader.certificateTags.Get(ctx, arn)
		if err != nil {
			return nil, err
		}
		if tags[tagStack] == stackName {
			return &arn, nil
		}
	}
	arns, err := c.certificateARNs(ctx, stackName)
	if err != nil {
		return nil, err
	}
	if len(arns) == 0 {
		return nil, &stack.MissingError{Err: fmt.Errorf("there is no certificate %s in %s; create it with serving_certificate, or give the ARN of one in ACM", id, c.region)}
	}
	return &arns[0], nil
}

// number reads an attribute that AWS writes as text.
func number(text string) int64 {
	n, _ := strconv.ParseInt(text, 10, 64)
	return n
}

// decoded reads base64, and gives what cannot be read back as it is.
func decoded(text string) string {
	raw, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		return text
	}
	return string(raw)
}
