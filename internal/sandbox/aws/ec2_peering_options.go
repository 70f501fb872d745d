package aws

import (
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
)

func (c *call) ec2ModifyVpcPeeringConnectionOptions(
	in *ec2.ModifyVpcPeeringConnectionOptionsInput,
) (*ec2.ModifyVpcPeeringConnectionOptionsOutput, error) {
	p, err := c.findPeering(in.VpcPeeringConnectionId)
	if err != nil {
		return nil, err
	}
	requester, accepter := in.RequesterPeeringConnectionOptions, in.AccepterPeeringConnectionOptions
	if requester == nil && accepter == nil {
		return nil, missingParameter("AccepterPeeringConnectionOptions or RequesterPeeringConnectionOptions")
	}
	if !p.is(peeringActive) {
		return nil, apiError("OperationNotPermitted", "Peering %s is not active. Peering options can be added only to active peerings.", p.id())
	}
	// Both sides are checked before one is changed, and permissions before values.
	for _, err := range []error{
		c.mayModifyPeering(requesterSide, p.RequesterVpcInfo, requester), c.mayModifyPeering(accepterSide, p.AccepterVpcInfo, accepter),
		c.checkPeeringOptions(p, requester), c.checkPeeringOptions(p, accepter),
	} {
		if err != nil {
			return nil, err
		}
	}
	return &ec2.ModifyVpcPeeringConnectionOptionsOutput{
		RequesterPeeringConnectionOptions: setPeeringOptions(p.RequesterVpcInfo, requester),
		AccepterPeeringConnectionOptions:  setPeeringOptions(p.AccepterVpcInfo, accepter),
	}, nil
}

// mayModifyPeering lets a side's options be set by its owner in its region only.
func (c *call) mayModifyPeering(name string, side *ec2types.VpcPeeringConnectionVpcInfo, o *ec2types.PeeringConnectionOptionsRequest) error {
	switch {
	case o == nil:
		return nil
	case text(side.OwnerId) != c.Account:
		return apiError("OperationNotPermitted", "User %s does not have permission to modify the %s side peering options", c.Account, name)
	case text(side.Region) != c.Region:
		return apiError("OperationNotPermitted", "%s's VPC Peering connection options cannot be modified for a different region", strings.ToUpper(name[:1])+name[1:])
	}
	return nil
}

// checkPeeringOptions lets names of one VPC be resolved for the other only where both VPCs resolve names.
func (c *call) checkPeeringOptions(p *VPCPeeringConnection, o *ec2types.PeeringConnectionOptionsRequest) error {
	switch {
	case o == nil:
		return nil
	case o.AllowEgressFromLocalClassicLinkToRemoteVpc != nil, o.AllowEgressFromLocalVpcToRemoteClassicLink != nil:
		return apiError("UnsupportedOperation", "ClassicLink is retired, and its options cannot be set.")
	case o.AllowDnsResolutionFromRemoteVpc == nil:
		return missingParameter("AllowDnsResolutionFromRemoteVpc")
	case !*o.AllowDnsResolutionFromRemoteVpc:
		return nil
	}
	for _, side := range []*ec2types.VpcPeeringConnectionVpcInfo{p.RequesterVpcInfo, p.AccepterVpcInfo} {
		if v := c.cloud.state.peerVPC(side); v == nil || !v.EnableDNSSupport || !v.EnableDNSHostnames {
			return apiError("InvalidVpcPeeringConnectionState.DnsHostnamesDisabled",
				"To enable DNS hostname resolution for the VPC peering connection, DNS support and DNS hostnames must be enabled for the VPC %s.", text(side.VpcId))
		}
	}
	return nil
}

func setPeeringOptions(side *ec2types.VpcPeeringConnectionVpcInfo, o *ec2types.PeeringConnectionOptionsRequest) *ec2types.PeeringConnectionOptions {
	if o == nil {
		return nil
	}
	side.PeeringOptions = &ec2types.VpcPeeringConnectionOptionsDescription{AllowDnsResolutionFromRemoteVpc: o.AllowDnsResolutionFromRemoteVpc}
	return &ec2types.PeeringConnectionOptions{AllowDnsResolutionFromRemoteVpc: o.AllowDnsResolutionFromRemoteVpc}
}
