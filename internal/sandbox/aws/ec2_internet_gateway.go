package aws

import (
	"slices"

	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
)

func (c *call) ec2CreateInternetGateway(in *ec2.CreateInternetGatewayInput) (*ec2.CreateInternetGatewayOutput, error) {
	tags, err := newTags(in.TagSpecifications, ec2types.ResourceTypeInternetGateway)
	if err != nil {
		return nil, err
	}
	r := c.region()
	if len(r.InternetGateways) >= c.quota("ec2.internet_gateways") {
		return nil, apiError("InternetGatewayLimitExceeded", "The maximum number of internet gateways has been reached.")
	}
	id := c.newID("igw")
	g := &ec2types.InternetGateway{InternetGatewayId: new(id), OwnerId: new(c.Account), Tags: tags, Attachments: []ec2types.InternetGatewayAttachment{}}
	r.InternetGateways[id] = g
	c.remember(id)
	return &ec2.CreateInternetGatewayOutput{InternetGateway: g}, nil
}

// attachedTo reports whether the gateway serves the VPC.
func attachedTo(g *ec2types.InternetGateway, vpc string) bool {
	return slices.ContainsFunc(g.Attachments, func(a ec2types.InternetGatewayAttachment) bool { return equal(a.VpcId, vpc) })
}

func (c *call) hasInternetGateway(vpc string) bool {
	return anyOf(c.region().InternetGateways, func(g *ec2types.InternetGateway) bool { return attachedTo(g, vpc) })
}

func (c *call) gatewayAndVPC(gateway, vpc *string) (*ec2types.InternetGateway, *VPC, error) {
	r := c.region()
	g, err := find(r.InternetGateways, gateway, "InternetGatewayId", igwIDs)
	if err != nil {
		return nil, nil, err
	}
	v, err := find(r.VPCs, vpc, "VpcId", vpcIDs)
	return g, v, err
}

func (c *call) ec2AttachInternetGateway(in *ec2.AttachInternetGatewayInput) (*ec2.AttachInternetGatewayOutput, error) {
	g, v, err := c.gatewayAndVPC(in.InternetGatewayId, in.VpcId)
	if err != nil {
		return nil, err
	}
	if len(g.Attachments) > 0 {
		return nil, apiError("Resource.AlreadyAssociated", "resource %s is already attached to network %s", *g.InternetGatewayId, *g.Attachments[0].VpcId)
	}
	if c.hasInternetGateway(*v.VpcId) {
		return nil, apiError("InvalidParameterValue", "Network %s already has an internet gateway attached", *v.VpcId)
	}
	g.Attachments = []ec2types.InternetGatewayAttachment{{VpcId: v.VpcId, State: "available"}}
	return &ec2.AttachInternetGatewayOutput{}, nil
}

func (c *call) ec2DetachInternetGateway(in *ec2.DetachInternetGatewayInput) (*ec2.DetachInternetGatewayOutput, error) {
	g, v, err := c.gatewayAndVPC(in.InternetGatewayId, in.VpcId)
	if err != nil {
		return nil, err
	}
	if !attachedTo(g, *v.VpcId) {
		return nil, apiError("Gateway.NotAttached", "resource %s is not attached to network %s", *g.InternetGatewayId, *v.VpcId)
	}
	if anyOf(c.region().NetworkInterfaces, func(n *ec2types.NetworkInterface) bool { return *n.VpcId == *v.VpcId && n.Association != nil }) {
		return nil, apiError("DependencyViolation",
			"Network %s has some mapped public address(es). Please unmap those public address(es) before detaching the gateway.", *v.VpcId)
	}
	g.Attachments = []ec2types.InternetGatewayAttachment{}
	return &ec2.DetachInternetGatewayOutput{}, nil
}

func (c *call) ec2DescribeInternetGateways(in *ec2.DescribeInternetGatewaysInput) (*ec2.DescribeInternetGatewaysOutput, error) {
	found, next, err := describe(c, c.region().InternetGateways, described[ec2types.InternetGateway]{
		kind: igwIDs,
		tags: func(g *ec2types.InternetGateway) []ec2types.Tag { return g.Tags },
		values: func(g *ec2types.InternetGateway, filter string) ([]string, bool) {
			switch filter {
			case "internet-gateway-id":
				return []string{text(g.InternetGatewayId)}, true
			case "owner-id":
				return []string{text(g.OwnerId)}, true
			case "attachment.vpc-id":
				var ids []string
				for _, a := range g.Attachments {
					ids = append(ids, text(a.VpcId))
				}
				return ids, true
			case "attachment.state":
				var states []string
				for _, a := range g.Attachments {
					states = append(states, string(a.State))
				}
				return states, true
			}
			return nil, false
		},
	}, selection{ids: in.InternetGatewayIds, filters: in.Filters, max: in.MaxResults, token: in.NextToken})
	return &ec2.DescribeInternetGatewaysOutput{InternetGateways: values(found), NextToken: next}, err
}

func (c *call) ec2DeleteInternetGateway(in *ec2.DeleteInternetGatewayInput) (*ec2.DeleteInternetGatewayOutput, error) {
	r := c.region()
	g, err := find(r.InternetGateways, in.InternetGatewayId, "InternetGatewayId", igwIDs)
	if err != nil {
		return nil, err
	}
	if len(g.Attachments) > 0 {
		return nil, apiError("DependencyViolation", "The internetGateway '%s' has dependencies and cannot be deleted.", *g.InternetGatewayId)
	}
	delete(r.InternetGateways, *g.InternetGatewayId)
	return &ec2.DeleteInternetGatewayOutput{}, nil
}
