package aws

import (
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
)

// seenPeerings are the connections that exist for a call, as it sees them.
func (c *call) seenPeerings() map[string]*ec2types.VpcPeeringConnection {
	out := map[string]*ec2types.VpcPeeringConnection{}
	for p := range c.cloud.state.peerings() {
		if c.sees(p) {
			out[p.id()] = new(c.shownPeering(p))
		}
	}
	return out
}

func (c *call) ec2DescribeVpcPeeringConnections(in *ec2.DescribeVpcPeeringConnectionsInput) (*ec2.DescribeVpcPeeringConnectionsOutput, error) {
	found, next, err := describe(c, c.seenPeerings(), described[ec2types.VpcPeeringConnection]{
		kind:   peeringIDs,
		tags:   func(p *ec2types.VpcPeeringConnection) []ec2types.Tag { return p.Tags },
		values: peeringFilter,
	}, selection{ids: in.VpcPeeringConnectionIds, filters: in.Filters, max: in.MaxResults, token: in.NextToken})
	return &ec2.DescribeVpcPeeringConnectionsOutput{VpcPeeringConnections: values(found), NextToken: next}, err
}

// peeringFilter answers with what is shown: blocks that are not shown yet match nothing.
func peeringFilter(p *ec2types.VpcPeeringConnection, filter string) ([]string, bool) {
	requester, accepter, status := p.RequesterVpcInfo, p.AccepterVpcInfo, p.Status
	if requester == nil || accepter == nil || status == nil {
		requester, accepter, status = &ec2types.VpcPeeringConnectionVpcInfo{}, &ec2types.VpcPeeringConnectionVpcInfo{}, &ec2types.VpcPeeringConnectionStateReason{}
	}
	blocks := func(side *ec2types.VpcPeeringConnectionVpcInfo) []string {
		var out []string
		for _, b := range side.CidrBlockSet {
			out = append(out, text(b.CidrBlock))
		}
		return out
	}
	switch filter {
	case "vpc-peering-connection-id":
		return []string{text(p.VpcPeeringConnectionId)}, true
	case "requester-vpc-info.vpc-id":
		return []string{text(requester.VpcId)}, true
	case "requester-vpc-info.owner-id":
		return []string{text(requester.OwnerId)}, true
	case "requester-vpc-info.cidr-block":
		return blocks(requester), true
	case "accepter-vpc-info.vpc-id":
		return []string{text(accepter.VpcId)}, true
	case "accepter-vpc-info.owner-id":
		return []string{text(accepter.OwnerId)}, true
	case "accepter-vpc-info.cidr-block":
		return blocks(accepter), true
	case "status-code":
		return []string{string(status.Code)}, true
	case "status-message":
		return []string{text(status.Message)}, true
	case "expiration-time":
		if p.ExpirationTime == nil {
			return nil, true
		}
		return []string{p.ExpirationTime.UTC().Format("2006-01-02T15:04:05.999Z")}, true
	}
	return nil, false
}
