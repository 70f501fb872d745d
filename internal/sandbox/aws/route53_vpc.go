package aws

import (
	"slices"

	"github.com/aws/aws-sdk-go-v2/service/route53"
	route53types "github.com/aws/aws-sdk-go-v2/service/route53/types"
)

// route53CheckVPC refuses a VPC that a zone of a name cannot be private to.
func (c *call) route53CheckVPC(vpc *route53types.VPC, name string) error {
	id, region := text(vpc.VPCId), string(vpc.VPCRegion)
	if id == "" || region == "" {
		return apiError("InvalidInput", "A VPC needs both VPCId and VPCRegion.")
	}
	r := c.cloud.state.Regions[c.Account+"/"+region]
	if r == nil || r.VPCs[id] == nil {
		for key, other := range c.cloud.state.Regions {
			if account, where := splitRegionKey(key); where == region && account != c.Account && other.VPCs[id] != nil {
				return apiError("NotAuthorizedException", "The VPC %s belongs to another account, which has not been authorized. The sandbox has no authorizations for that.", id)
			}
		}
		return apiError("InvalidVPCId", "The VPC %s in region %s that you provided is not authorized to make the association.", id, region)
	}
	for _, other := range c.route53().Zones {
		if *other.Name == name && other.at(id) >= 0 {
			return apiError("ConflictingDomainExists", "The VPC %s in region %s has already been associated with the hosted zone %s with the same domain name.", id, region, other.id())
		}
	}
	return nil
}

// at is the place of a VPC among those of a zone, or -1.
func (z *route53Zone) at(vpc string) int {
	return slices.IndexFunc(z.VPCs, func(v route53types.VPC) bool { return text(v.VPCId) == vpc })
}

func (c *call) route53AssociateVPC(in *route53.AssociateVPCWithHostedZoneInput) (*route53.AssociateVPCWithHostedZoneOutput, error) {
	zone, err := c.route53Zone(in.HostedZoneId)
	if err != nil {
		return nil, err
	}
	if !zone.private() {
		return nil, apiError("PublicZoneVPCAssociation", "You're trying to associate a VPC with a public hosted zone. Amazon Route 53 doesn't support associating a VPC with a public hosted zone.")
	}
	if err := c.route53CheckVPC(in.VPC, *zone.Name); err != nil {
		return nil, err
	}
	if len(zone.VPCs) >= c.quota("route53.vpcs_per_hosted_zone") {
		return nil, apiError("LimitsExceeded", "The number of VPCs that can be associated with the hosted zone %s has been reached.", zone.id())
	}
	zone.VPCs = append(zone.VPCs, *in.VPC)
	change, info := c.route53Submit(in.Comment)
	c.route53().Joining[zone.id()+"/"+*in.VPC.VPCId] = change
	return &route53.AssociateVPCWithHostedZoneOutput{ChangeInfo: info}, nil
}

func (c *call) route53DisassociateVPC(in *route53.DisassociateVPCFromHostedZoneInput) (*route53.DisassociateVPCFromHostedZoneOutput, error) {
	zone, err := c.route53Zone(in.HostedZoneId)
	if err != nil {
		return nil, err
	}
	i := zone.at(text(in.VPC.VPCId))
	if i < 0 || zone.VPCs[i].VPCRegion != in.VPC.VPCRegion {
		return nil, apiError("VPCAssociationNotFound", "The VPC %s in region %s that you provided is not associated with the hosted zone.", text(in.VPC.VPCId), in.VPC.VPCRegion)
	}
	if len(zone.VPCs) == 1 {
		return nil, apiError("LastVPCAssociation", "The VPC that you are trying to disassociate from the private hosted zone is the last VPC that is associated with the private hosted zone. Amazon Route 53 doesn't support disassociating the last VPC from a private hosted zone.")
	}
	zone.VPCs = slices.Delete(zone.VPCs, i, i+1)
	delete(c.route53().Joining, zone.id()+"/"+*in.VPC.VPCId)
	_, info := c.route53Submit(in.Comment)
	return &route53.DisassociateVPCFromHostedZoneOutput{ChangeInfo: info}, nil
}
