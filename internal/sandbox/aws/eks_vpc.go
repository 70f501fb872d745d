package aws

import (
	"net/netip"
	"slices"
	"strings"

	sdkaws "github.com/aws/aws-sdk-go-v2/aws"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
	ekstypes "github.com/aws/aws-sdk-go-v2/service/eks/types"

	"github.com/modelserving/terraform-provider-serving/internal/sandbox/control"
)

// eksNoControlPlane are the zones where EKS cannot place control planes ("VPC and subnet requirements").
var eksNoControlPlane = []string{"use1-az3", "usw1-az2", "cac1-az3"}

// eksPlanVPC checks the VPC settings of a create request.
func (c *call) eksPlanVPC(name string, in *ekstypes.VpcConfigRequest) (*ekstypes.VpcConfigResponse, error) {
	vpc, err := c.eksCheckSubnets(name, in.SubnetIds)
	if err != nil {
		return nil, err
	}
	if err := c.eksCheckGroups(name, vpc, in.SecurityGroupIds); err != nil {
		return nil, err
	}
	out := &ekstypes.VpcConfigResponse{
		VpcId: new(vpc), SubnetIds: slices.Clone(in.SubnetIds), SecurityGroupIds: append([]string{}, in.SecurityGroupIds...),
		EndpointPublicAccess: in.EndpointPublicAccess == nil || *in.EndpointPublicAccess, EndpointPrivateAccess: sdkaws.ToBool(in.EndpointPrivateAccess),
		PublicAccessCidrs: in.PublicAccessCidrs, ControlPlaneEgressMode: in.ControlPlaneEgressMode,
	}
	return out, c.eksCheckEndpoint(name, out)
}

// eksCheckSubnets answers the VPC of the subnets.
func (c *call) eksCheckSubnets(name string, ids []string) (string, error) {
	bad := func(format string, args ...any) (string, error) {
		return "", eksError("InvalidParameterException", name, "", format, args...)
	}
	if len(ids) == 0 {
		return bad("subnets can not be empty")
	}
	vpc := ""
	seen, ok := map[string]bool{}, map[string]bool{}
	for i, id := range ids {
		subnet := c.region().Subnets[id]
		if subnet == nil {
			return bad("The subnet ID '%s' does not exist (Service: AmazonEC2; Status Code: 400; Error Code: InvalidSubnetID.NotFound)", id)
		}
		if slices.Contains(ids[:i], id) {
			return bad("Subnet %s is specified more than once", id)
		}
		if vpc != "" && vpc != *subnet.VpcId {
			return bad("Subnets specified must belong to the same VPC: %s is not in %s", id, vpc)
		}
		vpc = *subnet.VpcId
		seen[*subnet.AvailabilityZone] = true
		if slices.Contains(eksNoControlPlane, sdkaws.ToString(subnet.AvailabilityZoneId)) {
			return "", c.eksZoneError(name, *subnet.AvailabilityZone)
		}
		ok[*subnet.AvailabilityZone] = true
		if free := subnet.AvailableIpAddressCount; free != nil && *free < 6 {
			return bad("Subnet %s does not have the at least six free IP addresses that EKS needs", id)
		}
	}
	if len(seen) < 2 {
		return bad("Subnets specified must be in at least two different AZs")
	}
	return vpc, nil
}

func (c *call) eksZoneError(name, zone string) error {
	var valid []string
	for _, z := range zones(c.Region) {
		if !slices.Contains(eksNoControlPlane, z.id) {
			valid = append(valid, z.name)
		}
	}
	err := asError(eksError("UnsupportedAvailabilityZoneException", name, "",
		"Cannot create cluster '%s' because %s, the targeted availability zone, does not currently have sufficient capacity to support the cluster. Retry and choose from these availability zones: %s",
		name, zone, strings.Join(valid, ", ")))
	err.Fields["validZones"] = valid
	return err
}

func (c *call) eksCheckGroups(name, vpc string, ids []string) error {
	// The cluster security group takes one of the five places of an interface.
	if len(ids) > 4 {
		return eksError("InvalidParameterException", name, "", "The number of security groups must not exceed 4")
	}
	for i, id := range ids {
		group := c.region().SecurityGroups[id]
		if group == nil {
			return eksError("InvalidParameterException", name, "", "The security group '%s' does not exist (Service: AmazonEC2; Status Code: 400; Error Code: InvalidGroup.NotFound)", id)
		}
		if sdkaws.ToString(group.VpcId) != vpc {
			return eksError("InvalidParameterException", name, "", "Security group(s) [%s] are not in the same VPC as the subnets. Please specify a security group that is associated with the VPC: %s.", id, vpc)
		}
		if slices.Contains(ids[:i], id) {
			return eksError("InvalidParameterException", name, "", "Security group %s is specified more than once", id)
		}
	}
	return nil
}

// eksCheckEndpoint checks the endpoint settings as a whole and fills in the default of who may call the public one.
func (c *call) eksCheckEndpoint(name string, v *ekstypes.VpcConfigResponse) error {
	bad := func(format string, args ...any) error {
		return eksError("InvalidParameterException", name, "", format, args...)
	}
	if !v.EndpointPublicAccess && !v.EndpointPrivateAccess {
		return bad("Private and public endpoint access cannot both be disabled")
	}
	if len(v.PublicAccessCidrs) > 40 {
		return bad("The maximum number of CIDRs allowed in publicAccessCidrs is 40")
	}
	if len(v.PublicAccessCidrs) == 0 {
		v.PublicAccessCidrs = []string{"0.0.0.0/0"}
	}
	for i, cidr := range v.PublicAccessCidrs {
		p, err := netip.ParsePrefix(cidr)
		reserved := err == nil && p.Bits() > 0 && slices.ContainsFunc(control.NotPublic, func(r netip.Prefix) bool { return r.Bits() <= p.Bits() && r.Contains(p.Addr()) })
		if err != nil || !p.Addr().Is4() || p.Masked() != p || reserved {
			return bad("The following CIDRs are invalid in publicAccessCidrs: [%s]", cidr)
		}
		if slices.Contains(v.PublicAccessCidrs[:i], cidr) {
			return bad("The following CIDRs are duplicate in publicAccessCidrs: [%s]", cidr)
		}
	}
	vpc := c.region().VPCs[*v.VpcId]
	if v.EndpointPrivateAccess && (vpc == nil || !vpc.EnableDNSSupport || !vpc.EnableDNSHostnames) {
		return bad("Private endpoint access is not supported for VPCs that have DNS hostnames or DNS support disabled")
	}
	return nil
}

// eksSubnetRoute says how instances of a subnet reach the cluster and the image registry: "nat", "internet" or "".
func (c *call) eksSubnetRoute(subnet string) string {
	s := c.region().Subnets[subnet]
	if s == nil {
		return ""
	}
	var own, main *ec2types.RouteTable
	for _, t := range c.region().RouteTables {
		for _, a := range t.Associations {
			if sdkaws.ToString(a.SubnetId) == subnet {
				own = t
			}
			if sdkaws.ToBool(a.Main) && sdkaws.ToString(t.VpcId) == *s.VpcId {
				main = t
			}
		}
	}
	if own == nil {
		own = main
	}
	if own == nil {
		return ""
	}
	for i, r := range own.Routes {
		if sdkaws.ToString(r.DestinationCidrBlock) != "0.0.0.0/0" || c.routeState(own, &own.Routes[i]) == ec2types.RouteStateBlackhole {
			continue
		}
		switch {
		case strings.HasPrefix(sdkaws.ToString(r.GatewayId), "igw-"):
			return "internet"
		case r.NatGatewayId != nil, r.TransitGatewayId != nil, r.NetworkInterfaceId != nil:
			return "nat"
		}
	}
	return ""
}
