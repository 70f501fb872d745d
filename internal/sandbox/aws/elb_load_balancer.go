package aws

import (
	"cmp"
	"fmt"
	"hash/fnv"
	"maps"
	"slices"
	"strings"

	sdkaws "github.com/aws/aws-sdk-go-v2/aws"
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	elbtypes "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"
)

func init() {
	handle("elasticloadbalancing", "CreateLoadBalancer", (*call).elbCreateLoadBalancer)
	handle("elasticloadbalancing", "DescribeLoadBalancers", (*call).elbDescribeLoadBalancers)
	handle("elasticloadbalancing", "DeleteLoadBalancer", (*call).elbDeleteLoadBalancer)
	handle("elasticloadbalancing", "SetSecurityGroups", (*call).elbSetSecurityGroups)
	handle("elasticloadbalancing", "SetSubnets", (*call).elbSetSubnets)
	handle("elasticloadbalancing", "SetIpAddressType", (*call).elbSetIPAddressType)
	handle("elasticloadbalancing", "DescribeCapacityReservation", (*call).elbDescribeCapacityReservation)
	onSettle("elb.load_balancer", func(c *call, id, to string) {
		if lb := c.elb().LoadBalancers[id]; lb != nil {
			lb.State = &elbtypes.LoadBalancerState{Code: elbtypes.LoadBalancerStateEnum(to)}
		}
	})
}

func (c *call) elbCreateLoadBalancer(in *elb.CreateLoadBalancerInput) (*elb.CreateLoadBalancerOutput, error) {
	name := sdkaws.ToString(in.Name)
	if err := elbName("Load balancer", name); err != nil {
		return nil, err
	}
	if strings.HasPrefix(name, "internal-") {
		return nil, apiError("ValidationError", "Load balancer name '%s' cannot begin with 'internal-'", name)
	}
	if in.Type != "" && in.Type != elbtypes.LoadBalancerTypeEnumApplication {
		return nil, apiError("ValidationError", "The sandbox has load balancers of type 'application' only, not '%s'", in.Type)
	}
	if in.CustomerOwnedIpv4Pool != nil || in.IpamPools != nil || in.EnablePrefixForIpv6SourceNat != "" {
		return nil, apiError("ValidationError", "Address pools and source NAT prefixes are not supported here")
	}
	tags, err := elbTagMap(in.Tags)
	if err != nil {
		return nil, err
	}
	lb := &elbLoadBalancer{Tags: tags, Interfaces: map[string]string{}}
	lb.LoadBalancerName = new(name)
	lb.Type = elbtypes.LoadBalancerTypeEnumApplication
	lb.Scheme = cmp.Or(in.Scheme, elbtypes.LoadBalancerSchemeEnumInternetFacing)
	lb.IpAddressType = cmp.Or(in.IpAddressType, elbtypes.IpAddressTypeIpv4)
	zones, vpc, err := c.elbZones(in.Subnets, in.SubnetMappings, lb.Scheme, lb.IpAddressType)
	if err != nil {
		return nil, err
	}
	lb.AvailabilityZones, lb.VpcId = zones, new(vpc)
	if lb.SecurityGroups, err = c.elbSecurityGroups(in.SecurityGroups, vpc); err != nil {
		return nil, err
	}
	for _, other := range c.elb().LoadBalancers {
		if *other.LoadBalancerName != name {
			continue
		}
		if !elbSameLoadBalancer(lb, other) {
			return nil, apiError("DuplicateLoadBalancerName", "A load balancer with the same name '%s' exists, but with different settings", name)
		}
		return &elb.CreateLoadBalancerOutput{LoadBalancers: []elbtypes.LoadBalancer{other.LoadBalancer}}, nil
	}
	if len(c.elb().LoadBalancers) >= c.quota("elb.application_load_balancers") {
		return nil, apiError("TooManyLoadBalancers", "The maximum number of load balancers has been reached")
	}
	tail := "app/" + name + "/" + c.newHex(16)
	arn := c.arn("elasticloadbalancing", "loadbalancer/"+tail)
	lb.LoadBalancerArn = new(arn)
	lb.DNSName = new(c.elbDNSName(name, tail, lb.Scheme))
	lb.CanonicalHostedZoneId = new(elbHostedZone(c.Region))
	lb.CreatedTime = new(c.now())
	lb.State = &elbtypes.LoadBalancerState{Code: elbtypes.LoadBalancerStateEnumProvisioning}
	lb.Attributes = elbDefaults(elbLoadBalancerAttributes)
	if lb.Scheme == elbtypes.LoadBalancerSchemeEnumInternal {
		lb.Attributes["ipv6.deny_all_igw_traffic"] = "true"
	}
	for _, z := range zones {
		if err := c.elbAttachSubnet(lb, *z.SubnetId); err != nil {
			return nil, err
		}
	}
	c.elb().LoadBalancers[arn] = lb
	c.after("elb.load_balancer.create", transition{Kind: "elb.load_balancer", ID: arn, To: "active"})
	return &elb.CreateLoadBalancerOutput{LoadBalancers: []elbtypes.LoadBalancer{lb.LoadBalancer}}, nil
}

// elbSameLoadBalancer reports whether a second create asks for what is already there.
func elbSameLoadBalancer(want, have *elbLoadBalancer) bool {
	return want.Scheme == have.Scheme && want.IpAddressType == have.IpAddressType &&
		sameSet(want.SecurityGroups, have.SecurityGroups) && sameSet(elbSubnets(want), elbSubnets(have)) &&
		maps.Equal(want.Tags, have.Tags)
}

func sameSet(a, b []string) bool {
	a, b = slices.Sorted(slices.Values(a)), slices.Sorted(slices.Values(b))
	return slices.Equal(a, b)
}

func elbSubnets(lb *elbLoadBalancer) []string {
	var ids []string
	for _, z := range lb.AvailabilityZones {
		ids = append(ids, *z.SubnetId)
	}
	return ids
}

// elbDNSName has a number that no other load balancer of that name ever had.
func (c *call) elbDNSName(name, tail string, scheme elbtypes.LoadBalancerSchemeEnum) string {
	sum := fnv.New32a()
	sum.Write([]byte(tail))
	host := fmt.Sprintf("%s-%d.%s.elb.amazonaws.com", name, sum.Sum32(), c.Region)
	if scheme == elbtypes.LoadBalancerSchemeEnumInternal {
		return "internal-" + host
	}
	return host
}

func (c *call) elbDescribeLoadBalancers(in *elb.DescribeLoadBalancersInput) (*elb.DescribeLoadBalancersOutput, error) {
	if len(in.LoadBalancerArns) > 0 && len(in.Names) > 0 {
		return nil, apiError("ValidationError", "Load balancer names and load balancer ARNs cannot be specified at the same time")
	}
	if len(in.LoadBalancerArns) > 20 || len(in.Names) > 20 {
		return nil, apiError("ValidationError", "No more than '20' load balancers can be described in one call")
	}
	all := slices.SortedFunc(maps.Values(c.elb().LoadBalancers), func(a, b *elbLoadBalancer) int {
		return cmp.Or(a.CreatedTime.Compare(*b.CreatedTime), cmp.Compare(*a.LoadBalancerArn, *b.LoadBalancerArn))
	})
	var found []elbtypes.LoadBalancer
	for _, arn := range in.LoadBalancerArns {
		if _, err := c.elbLoadBalancer(new(arn)); err != nil {
			return nil, apiError("LoadBalancerNotFound", "One or more load balancers not found")
		}
	}
	for _, name := range in.Names {
		if !slices.ContainsFunc(all, func(lb *elbLoadBalancer) bool { return *lb.LoadBalancerName == name }) {
			return nil, apiError("LoadBalancerNotFound", "Load balancers '[%s]' not found", name)
		}
	}
	for _, lb := range all {
		if len(in.LoadBalancerArns) > 0 && !slices.Contains(in.LoadBalancerArns, *lb.LoadBalancerArn) ||
			len(in.Names) > 0 && !slices.Contains(in.Names, *lb.LoadBalancerName) {
			continue
		}
		found = append(found, lb.LoadBalancer)
	}
	page, next, err := elbPage(found, in.Marker, in.PageSize)
	if err != nil {
		return nil, err
	}
	return &elb.DescribeLoadBalancersOutput{LoadBalancers: page, NextMarker: next}, nil
}

func (c *call) elbDeleteLoadBalancer(in *elb.DeleteLoadBalancerInput) (*elb.DeleteLoadBalancerOutput, error) {
	if err := c.elbArn(in.LoadBalancerArn, "loadbalancer/"); err != nil {
		return nil, err
	}
	arn := *in.LoadBalancerArn
	lb := c.elb().LoadBalancers[arn]
	if lb == nil {
		return &elb.DeleteLoadBalancerOutput{}, nil
	}
	if lb.Attributes["deletion_protection.enabled"] == "true" {
		return nil, apiError("OperationNotPermitted", "Load balancer '%s' cannot be deleted because deletion protection is enabled", arn)
	}
	for id, l := range c.elb().Listeners {
		if *l.LoadBalancerArn == arn {
			c.elbRemoveListener(id)
		}
	}
	for _, eni := range lb.Interfaces {
		c.deleteENIAfter("elb.eni.linger", eni)
	}
	delete(c.elb().LoadBalancers, arn)
	return &elb.DeleteLoadBalancerOutput{}, nil
}

func (c *call) elbSetSecurityGroups(in *elb.SetSecurityGroupsInput) (*elb.SetSecurityGroupsOutput, error) {
	lb, err := c.elbLoadBalancer(in.LoadBalancerArn)
	if err != nil {
		return nil, err
	}
	if in.EnforceSecurityGroupInboundRulesOnPrivateLinkTraffic != "" {
		return nil, apiError("InvalidConfigurationRequest", "PrivateLink traffic rules are for Network Load Balancers")
	}
	if len(in.SecurityGroups) == 0 {
		return nil, apiError("ValidationError", "At least one security group must be specified")
	}
	groups, err := c.elbSecurityGroups(in.SecurityGroups, *lb.VpcId)
	if err != nil {
		return nil, err
	}
	lb.SecurityGroups = groups
	for _, eni := range lb.Interfaces {
		c.elbSetInterfaceGroups(eni, groups)
	}
	return &elb.SetSecurityGroupsOutput{SecurityGroupIds: groups}, nil
}

func (c *call) elbSetSubnets(in *elb.SetSubnetsInput) (*elb.SetSubnetsOutput, error) {
	lb, err := c.elbLoadBalancer(in.LoadBalancerArn)
	if err != nil {
		return nil, err
	}
	if in.EnablePrefixForIpv6SourceNat != "" {
		return nil, apiError("InvalidConfigurationRequest", "Source NAT prefixes are for Network Load Balancers")
	}
	family := cmp.Or(in.IpAddressType, lb.IpAddressType)
	zones, vpc, err := c.elbZones(in.Subnets, in.SubnetMappings, lb.Scheme, family)
	if err != nil {
		return nil, err
	}
	if vpc != *lb.VpcId {
		return nil, apiError("InvalidSubnet", "The subnets do not belong to the VPC '%s' of the load balancer", *lb.VpcId)
	}
	lb.AvailabilityZones, lb.IpAddressType = zones, family
	keep := elbSubnets(lb)
	for _, id := range keep {
		if lb.Interfaces[id] == "" {
			if err := c.elbAttachSubnet(lb, id); err != nil {
				return nil, err
			}
		}
	}
	for id, eni := range lb.Interfaces {
		if !slices.Contains(keep, id) {
			c.deleteENIAfter("elb.eni.linger", eni)
			delete(lb.Interfaces, id)
		}
	}
	return &elb.SetSubnetsOutput{AvailabilityZones: zones, IpAddressType: family}, nil
}

func (c *call) elbSetIPAddressType(in *elb.SetIpAddressTypeInput) (*elb.SetIpAddressTypeOutput, error) {
	lb, err := c.elbLoadBalancer(in.LoadBalancerArn)
	if err != nil {
		return nil, err
	}
	if _, _, err := c.elbZones(elbSubnets(lb), nil, lb.Scheme, in.IpAddressType); err != nil {
		return nil, err
	}
	lb.IpAddressType = in.IpAddressType
	return &elb.SetIpAddressTypeOutput{IpAddressType: in.IpAddressType}, nil
}

// elbDescribeCapacityReservation knows no reservations: nothing here can make one.
func (c *call) elbDescribeCapacityReservation(in *elb.DescribeCapacityReservationInput) (*elb.DescribeCapacityReservationOutput, error) {
	if _, err := c.elbLoadBalancer(in.LoadBalancerArn); err != nil {
		return nil, err
	}
	return &elb.DescribeCapacityReservationOutput{DecreaseRequestsRemaining: new(int32(2))}, nil
}
