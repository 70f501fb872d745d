package aws

import (
	"slices"

	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
)

func isMain(t *ec2types.RouteTable) bool {
	return slices.ContainsFunc(t.Associations, func(a ec2types.RouteTableAssociation) bool { return a.Main != nil && *a.Main })
}

func localRoute(cidr string) ec2types.Route {
	return ec2types.Route{DestinationCidrBlock: new(cidr), GatewayId: new("local"), Origin: ec2types.RouteOriginCreateRouteTable}
}

func (c *call) newRouteTable(v *VPC, tags []ec2types.Tag) *ec2types.RouteTable {
	id := c.newID("rtb")
	t := &ec2types.RouteTable{
		RouteTableId: new(id), VpcId: v.VpcId, OwnerId: new(c.Account), Tags: tags,
		Associations: []ec2types.RouteTableAssociation{}, PropagatingVgws: []ec2types.PropagatingVgw{},
	}
	for _, p := range v.prefixes() {
		t.Routes = append(t.Routes, localRoute(p.String()))
	}
	c.region().RouteTables[id] = t
	c.remember(id)
	return t
}

func (c *call) makeMainRouteTable(v *VPC) {
	t := c.newRouteTable(v, nil)
	t.Associations = []ec2types.RouteTableAssociation{c.newAssociation(t, nil)}
}

// newAssociation links a table to a subnet, or to its VPC as the main table.
func (c *call) newAssociation(t *ec2types.RouteTable, subnet *string) ec2types.RouteTableAssociation {
	return ec2types.RouteTableAssociation{
		RouteTableAssociationId: new(c.newID("rtbassoc")), RouteTableId: t.RouteTableId, SubnetId: subnet, Main: new(subnet == nil),
		AssociationState: &ec2types.RouteTableAssociationState{State: ec2types.RouteTableAssociationStateCodeAssociated},
	}
}

func (c *call) ec2CreateRouteTable(in *ec2.CreateRouteTableInput) (*ec2.CreateRouteTableOutput, error) {
	r := c.region()
	token := in.ClientToken
	in.ClientToken = nil
	made, err := c.repeated("CreateRouteTable", token, in)
	if err != nil {
		return nil, err
	}
	if t := r.RouteTables[made]; t != nil {
		return &ec2.CreateRouteTableOutput{ClientToken: token, RouteTable: c.shown(t)}, nil
	}
	v, err := find(r.VPCs, in.VpcId, "VpcId", vpcIDs)
	if err != nil {
		return nil, err
	}
	tags, err := newTags(in.TagSpecifications, ec2types.ResourceTypeRouteTable)
	if err != nil {
		return nil, err
	}
	count := 0
	for _, t := range r.RouteTables {
		if *t.VpcId == *v.VpcId {
			count++
		}
	}
	if count >= c.quota("ec2.route_tables_per_vpc") {
		return nil, apiError("RouteTableLimitExceeded", "The maximum number of route tables has been reached.")
	}
	t := c.newRouteTable(v, tags)
	c.keepToken("CreateRouteTable", token, in, *t.RouteTableId)
	return &ec2.CreateRouteTableOutput{ClientToken: token, RouteTable: c.shown(t)}, nil
}

// shown is a table with the states of its routes, which depend on what they lead to.
func (c *call) shown(t *ec2types.RouteTable) *ec2types.RouteTable {
	out := *t
	out.Routes = slices.Clone(t.Routes)
	for i := range out.Routes {
		out.Routes[i].State = c.routeState(t, &out.Routes[i])
	}
	return &out
}

func (c *call) ec2DescribeRouteTables(in *ec2.DescribeRouteTablesInput) (*ec2.DescribeRouteTablesOutput, error) {
	found, next, err := describe(c, c.region().RouteTables, described[ec2types.RouteTable]{
		kind:   routeTableIDs,
		tags:   func(t *ec2types.RouteTable) []ec2types.Tag { return t.Tags },
		values: c.routeTableFilter,
	}, selection{ids: in.RouteTableIds, filters: in.Filters, max: in.MaxResults, token: in.NextToken, most: 100})
	out := &ec2.DescribeRouteTablesOutput{RouteTables: []ec2types.RouteTable{}, NextToken: next}
	for _, t := range found {
		out.RouteTables = append(out.RouteTables, *c.shown(t))
	}
	return out, err
}

func (c *call) routeTableFilter(t *ec2types.RouteTable, filter string) ([]string, bool) {
	associations := func(value func(a ec2types.RouteTableAssociation) string) ([]string, bool) {
		var out []string
		for _, a := range t.Associations {
			out = append(out, value(a))
		}
		return out, true
	}
	routes := func(value func(r ec2types.Route) string) ([]string, bool) {
		var out []string
		for _, r := range t.Routes {
			out = append(out, value(r))
		}
		return out, true
	}
	switch filter {
	case "route-table-id":
		return []string{text(t.RouteTableId)}, true
	case "vpc-id":
		return []string{text(t.VpcId)}, true
	case "owner-id":
		return []string{text(t.OwnerId)}, true
	case "association.main":
		return associations(func(a ec2types.RouteTableAssociation) string { return boolText(a.Main) })
	case "association.subnet-id":
		return associations(func(a ec2types.RouteTableAssociation) string { return text(a.SubnetId) })
	case "association.route-table-id":
		return associations(func(a ec2types.RouteTableAssociation) string { return text(a.RouteTableId) })
	case "association.route-table-association-id":
		return associations(func(a ec2types.RouteTableAssociation) string { return text(a.RouteTableAssociationId) })
	case "association.gateway-id":
		return nil, true
	case "route.destination-cidr-block":
		return routes(func(r ec2types.Route) string { return text(r.DestinationCidrBlock) })
	case "route.gateway-id":
		return routes(func(r ec2types.Route) string { return text(r.GatewayId) })
	case "route.nat-gateway-id":
		return routes(func(r ec2types.Route) string { return text(r.NatGatewayId) })
	case "route.vpc-peering-connection-id":
		return routes(func(r ec2types.Route) string { return text(r.VpcPeeringConnectionId) })
	case "route.origin":
		return routes(func(r ec2types.Route) string { return string(r.Origin) })
	case "route.state":
		return routes(func(r ec2types.Route) string { return string(c.routeState(t, &r)) })
	}
	return nil, false
}

func (c *call) ec2AssociateRouteTable(in *ec2.AssociateRouteTableInput) (*ec2.AssociateRouteTableOutput, error) {
	r := c.region()
	t, err := find(r.RouteTables, in.RouteTableId, "RouteTableId", routeTableIDs)
	if err != nil {
		return nil, err
	}
	if in.GatewayId != nil || in.PublicIpv4Pool != nil {
		return nil, unsupported("GatewayId")
	}
	s, err := find(r.Subnets, in.SubnetId, "SubnetId", subnetIDs)
	if err != nil {
		return nil, err
	}
	if *s.VpcId != *t.VpcId {
		return nil, apiError("InvalidParameterValue", "route table %s and subnet %s belong to different networks", *t.RouteTableId, *s.SubnetId)
	}
	for _, other := range r.RouteTables {
		for _, a := range other.Associations {
			if equal(a.SubnetId, *s.SubnetId) {
				return nil, apiError("Resource.AlreadyAssociated", "the specified association for route table %s conflicts with an existing association", *t.RouteTableId)
			}
		}
	}
	a := c.newAssociation(t, s.SubnetId)
	t.Associations = append(t.Associations, a)
	return &ec2.AssociateRouteTableOutput{AssociationId: a.RouteTableAssociationId, AssociationState: a.AssociationState}, nil
}

func (c *call) findAssociation(id *string) (*ec2types.RouteTable, int, error) {
	if id == nil {
		return nil, 0, missingParameter("AssociationId")
	}
	if err := associationIDs.check(*id); err != nil {
		return nil, 0, err
	}
	for _, t := range c.region().RouteTables {
		for i, a := range t.Associations {
			if *a.RouteTableAssociationId == *id {
				return t, i, nil
			}
		}
	}
	return nil, 0, associationIDs.absent(*id)
}

func (c *call) ec2DisassociateRouteTable(in *ec2.DisassociateRouteTableInput) (*ec2.DisassociateRouteTableOutput, error) {
	t, i, err := c.findAssociation(in.AssociationId)
	if err != nil {
		return nil, err
	}
	if *t.Associations[i].Main {
		return nil, apiError("InvalidParameterValue", "cannot disassociate the main route table association %s", *in.AssociationId)
	}
	t.Associations = slices.Delete(t.Associations, i, i+1)
	return &ec2.DisassociateRouteTableOutput{}, nil
}

func (c *call) ec2ReplaceRouteTableAssociation(in *ec2.ReplaceRouteTableAssociationInput) (*ec2.ReplaceRouteTableAssociationOutput, error) {
	from, i, err := c.findAssociation(in.AssociationId)
	if err != nil {
		return nil, err
	}
	to, err := find(c.region().RouteTables, in.RouteTableId, "RouteTableId", routeTableIDs)
	if err != nil {
		return nil, err
	}
	if *from.VpcId != *to.VpcId {
		return nil, apiError("InvalidParameterValue", "route tables %s and %s belong to different networks", *from.RouteTableId, *to.RouteTableId)
	}
	a := c.newAssociation(to, from.Associations[i].SubnetId)
	from.Associations = slices.Delete(from.Associations, i, i+1)
	to.Associations = append(to.Associations, a)
	return &ec2.ReplaceRouteTableAssociationOutput{NewAssociationId: a.RouteTableAssociationId, AssociationState: a.AssociationState}, nil
}

func (c *call) ec2DeleteRouteTable(in *ec2.DeleteRouteTableInput) (*ec2.DeleteRouteTableOutput, error) {
	r := c.region()
	t, err := find(r.RouteTables, in.RouteTableId, "RouteTableId", routeTableIDs)
	if err != nil {
		return nil, err
	}
	if len(t.Associations) > 0 {
		return nil, apiError("DependencyViolation", "The routeTable '%s' has dependencies and cannot be deleted.", *t.RouteTableId)
	}
	delete(r.RouteTables, *t.RouteTableId)
	return &ec2.DeleteRouteTableOutput{}, nil
}
