package aws

import (
	"cmp"
	"slices"

	sdkaws "github.com/aws/aws-sdk-go-v2/aws"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
	elbtypes "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"
)

// elbZones checks the subnets of an Application Load Balancer and answers them in the order of their zones, with their VPC.
func (c *call) elbZones(ids []string, mappings []elbtypes.SubnetMapping, scheme elbtypes.LoadBalancerSchemeEnum, family elbtypes.IpAddressType) ([]elbtypes.AvailabilityZone, string, error) {
	if len(ids) > 0 && len(mappings) > 0 {
		return nil, "", apiError("ValidationError", "Subnets and subnet mappings cannot be specified at the same time")
	}
	for _, m := range mappings {
		if m.AllocationId != nil || m.PrivateIPv4Address != nil || m.IPv6Address != nil || m.SourceNatIpv6Prefix != nil {
			return nil, "", apiError("InvalidConfigurationRequest", "Addresses cannot be specified for subnets of an application load balancer")
		}
		ids = append(ids, sdkaws.ToString(m.SubnetId))
	}
	var zones []elbtypes.AvailabilityZone
	vpc := ""
	seen := map[string]bool{}
	for _, id := range ids {
		subnet := c.region().Subnets[id]
		if subnet == nil {
			return nil, "", apiError("SubnetNotFound", "The subnet ID '%s' does not exist", id)
		}
		if vpc != "" && vpc != *subnet.VpcId {
			return nil, "", apiError("InvalidConfigurationRequest", "All subnets must belong to the same VPC: '%s'", vpc)
		}
		vpc = *subnet.VpcId
		if seen[*subnet.AvailabilityZone] {
			return nil, "", apiError("InvalidConfigurationRequest", "A load balancer cannot be attached to multiple subnets in the same Availability Zone")
		}
		seen[*subnet.AvailabilityZone] = true
		if free := subnet.AvailableIpAddressCount; free != nil && *free < 8 {
			return nil, "", apiError("InvalidSubnet", "Not enough IP space available in %s. ELB requires at least 8 free IP addresses in each subnet", id)
		}
		if family != elbtypes.IpAddressTypeIpv4 && len(subnet.Ipv6CidrBlockAssociationSet) == 0 {
			return nil, "", apiError("InvalidSubnet", "The subnet '%s' does not have an associated IPv6 CIDR block", id)
		}
		zones = append(zones, elbtypes.AvailabilityZone{SubnetId: new(id), ZoneName: new(*subnet.AvailabilityZone), LoadBalancerAddresses: []elbtypes.LoadBalancerAddress{}})
	}
	if len(seen) < 2 {
		return nil, "", apiError("ValidationError", "At least two subnets in two different Availability Zones must be specified")
	}
	if scheme == elbtypes.LoadBalancerSchemeEnumInternetFacing && !c.elbHasInternetGateway(vpc) {
		return nil, "", apiError("InvalidSubnet", "VPC %s has no internet gateway", vpc)
	}
	if family == elbtypes.IpAddressTypeDualstackWithoutPublicIpv4 && scheme != elbtypes.LoadBalancerSchemeEnumInternetFacing {
		return nil, "", apiError("InvalidConfigurationRequest", "The IP address type '%s' is for internet-facing load balancers", family)
	}
	slices.SortFunc(zones, func(a, b elbtypes.AvailabilityZone) int { return cmp.Compare(*a.ZoneName, *b.ZoneName) })
	return zones, vpc, nil
}

func (c *call) elbHasInternetGateway(vpc string) bool {
	for _, gw := range c.region().InternetGateways {
		if slices.ContainsFunc(gw.Attachments, func(a ec2types.InternetGatewayAttachment) bool { return sdkaws.ToString(a.VpcId) == vpc }) {
			return true
		}
	}
	return false
}

// elbSecurityGroups checks groups against the VPC; none means the VPC's default group.
func (c *call) elbSecurityGroups(ids []string, vpc string) ([]string, error) {
	if len(ids) == 0 {
		for id, g := range c.region().SecurityGroups {
			if sdkaws.ToString(g.VpcId) == vpc && sdkaws.ToString(g.GroupName) == "default" {
				return []string{id}, nil
			}
		}
		return nil, apiError("InvalidSecurityGroup", "VPC '%s' has no default security group", vpc)
	}
	if len(ids) > 5 {
		return nil, apiError("InvalidConfigurationRequest", "The maximum number of security groups per load balancer is '5'")
	}
	for i, id := range ids {
		g := c.region().SecurityGroups[id]
		if g == nil {
			return nil, apiError("InvalidSecurityGroup", "The security group '%s' does not exist", id)
		}
		if sdkaws.ToString(g.VpcId) != vpc {
			return nil, apiError("InvalidConfigurationRequest", "One or more security groups are invalid: '%s' does not belong to VPC '%s'", id, vpc)
		}
		if slices.Contains(ids[:i], id) {
			return nil, apiError("ValidationError", "Security group '%s' is specified more than once", id)
		}
	}
	return slices.Clone(ids), nil
}

// elbAttachSubnet gives the load balancer its network interface in a subnet.
func (c *call) elbAttachSubnet(lb *elbLoadBalancer, subnet string) error {
	eni, err := c.createENI(subnet, "ELB "+elbArnTail(*lb.LoadBalancerArn), "amazon-elb", lb.SecurityGroups, "interface")
	if err != nil {
		return err
	}
	lb.Interfaces[subnet] = *eni.NetworkInterfaceId
	return nil
}

func (c *call) elbSetInterfaceGroups(id string, groups []string) {
	eni := c.region().NetworkInterfaces[id]
	if eni == nil {
		return
	}
	eni.Groups = nil
	for _, g := range groups {
		identifier := ec2types.GroupIdentifier{GroupId: new(g)}
		if group := c.region().SecurityGroups[g]; group != nil {
			identifier.GroupName = group.GroupName
		}
		eni.Groups = append(eni.Groups, identifier)
	}
}

// elbHostedZone is the Route 53 zone that owns the DNS names of a region's Application Load Balancers (AWS General
// Reference, "Elastic Load Balancing endpoints and quotas").
func elbHostedZone(region string) string {
	if zone, ok := elbHostedZones[region]; ok {
		return zone
	}
	return "Z35SXDOTRQ7X7K"
}

var elbHostedZones = map[string]string{
	"ap-northeast-1": "Z14GRHDCWA56QT",
	"ap-northeast-2": "ZWKZPGTI48KDX",
	"ap-south-1":     "ZP97RAFLXTNZK",
	"ap-southeast-1": "Z1LMS91P8CMLE5",
	"ap-southeast-2": "Z1GM3OXH4ZPM65",
	"ca-central-1":   "ZQSVJUPU6J1EY",
	"eu-central-1":   "Z215JYRZR1TBD5",
	"eu-north-1":     "Z23TAZ6LKFMNIO",
	"eu-west-1":      "Z32O12XQLNTSW2",
	"eu-west-2":      "ZHURV8PSTC4K8",
	"eu-west-3":      "Z3Q77PNBQS71R4",
	"sa-east-1":      "Z2P70J7HTTTPLU",
	"us-east-1":      "Z35SXDOTRQ7X7K",
	"us-east-2":      "Z3AADJGX6KTTL2",
	"us-west-1":      "Z368ELLRRE2KJ0",
	"us-west-2":      "Z1H1FL5HABSF5",
}
