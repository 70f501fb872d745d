package aws

import (
	"net/netip"
	"slices"

	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
)

// routeTarget is where a route leads: exactly one of them.
type routeTarget struct {
	gateway, nat, networkInterface, peering *string
	// other are targets that the sandbox has nothing of.
	other []*string
}

// routeDestination reads the only kind of destination that the sandbox has.
func routeDestination(v4, v6, list *string) (netip.Prefix, error) {
	switch {
	case v6 != nil:
		return netip.Prefix{}, unsupported("DestinationIpv6CidrBlock")
	case list != nil:
		return netip.Prefix{}, apiError("InvalidPrefixListID.NotFound", "The prefix list ID '%s' does not exist", *list)
	case v4 == nil:
		return netip.Prefix{}, missingParameter("destinationCidrBlock")
	}
	return parseCIDR(*v4, "destinationCidrBlock")
}

// route checks a target and makes a route of it.
func (c *call) route(t *ec2types.RouteTable, destination netip.Prefix, to routeTarget) (ec2types.Route, error) {
	out := ec2types.Route{DestinationCidrBlock: new(destination.String()), Origin: ec2types.RouteOriginCreateRoute}
	given := 0
	for _, p := range append(to.other, to.gateway, to.nat, to.networkInterface, to.peering) {
		if p != nil {
			given++
		}
	}
	if given != 1 {
		return out, apiError("InvalidParameterCombination", "The request must have exactly one target, not %d.", given)
	}
	r := c.region()
	foreign := func(kind, id string) error {
		return apiError("InvalidParameterValue", "route table %s and %s %s belong to different networks", *t.RouteTableId, kind, id)
	}
	switch {
	case to.gateway != nil:
		g := r.InternetGateways[*to.gateway]
		if g == nil {
			return out, apiError("InvalidGatewayID.NotFound", "The gateway ID '%s' does not exist", *to.gateway)
		}
		if !attachedTo(g, *t.VpcId) {
			return out, foreign("network gateway", *to.gateway)
		}
		out.GatewayId = g.InternetGatewayId
	case to.nat != nil:
		n := r.NatGateways[*to.nat]
		if n == nil {
			return out, apiError("InvalidNatGatewayID.NotFound", "The natGateway ID '%s' does not exist", *to.nat)
		}
		if n.State != ec2types.NatGatewayStateAvailable {
			return out, apiError("InvalidNatGatewayID.NotFound", "The natGateway ID '%s' does not exist: it is %s, not available", *to.nat, n.State)
		}
		if *n.VpcId != *t.VpcId {
			return out, foreign("NAT gateway", *to.nat)
		}
		out.NatGatewayId = n.NatGatewayId
	case to.networkInterface != nil:
		n, err := find(r.NetworkInterfaces, to.networkInterface, "NetworkInterfaceId", interfaceIDs)
		if err != nil {
			return out, err
		}
		if *n.VpcId != *t.VpcId {
			return out, foreign("interface", *to.networkInterface)
		}
		out.NetworkInterfaceId = n.NetworkInterfaceId
	case to.peering != nil:
		id, err := c.peeringTarget(t, to.peering)
		if err != nil {
			return out, err
		}
		out.VpcPeeringConnectionId = id
	default:
		return out, unsupported("targets but GatewayId, NatGatewayId, NetworkInterfaceId, VpcPeeringConnectionId")
	}
	v := r.VPCs[*t.VpcId]
	for _, p := range v.prefixes() {
		if within(destination, p) && (out.GatewayId != nil || out.VpcPeeringConnectionId != nil) {
			return out, apiError("InvalidParameterValue", "The destination CIDR block %s is equal to or more specific than one of this VPC's CIDR blocks. This route can target only an interface or an instance.", destination)
		}
	}
	return out, nil
}

// routeState says whether a route leads anywhere.
func (c *call) routeState(t *ec2types.RouteTable, route *ec2types.Route) ec2types.RouteState {
	r := c.region()
	alive := true
	switch {
	case equal(route.GatewayId, "local"):
	case route.GatewayId != nil:
		g := r.InternetGateways[*route.GatewayId]
		alive = g != nil && attachedTo(g, *t.VpcId)
	case route.NatGatewayId != nil:
		n := r.NatGateways[*route.NatGatewayId]
		alive = n != nil && n.State == ec2types.NatGatewayStateAvailable
	case route.NetworkInterfaceId != nil:
		alive = r.NetworkInterfaces[*route.NetworkInterfaceId] != nil
	case route.VpcPeeringConnectionId != nil:
		alive = c.peeringCarries(*route.VpcPeeringConnectionId, t.VpcId)
	default:
		alive = false
	}
	if alive {
		return ec2types.RouteStateActive
	}
	return ec2types.RouteStateBlackhole
}

// findRoute is the index of the route to a destination, or -1.
func findRoute(t *ec2types.RouteTable, destination netip.Prefix) int {
	return slices.IndexFunc(t.Routes, func(r ec2types.Route) bool { return equal(r.DestinationCidrBlock, destination.String()) })
}

func (c *call) ec2CreateRoute(in *ec2.CreateRouteInput) (*ec2.CreateRouteOutput, error) {
	t, err := find(c.region().RouteTables, in.RouteTableId, "RouteTableId", routeTableIDs)
	if err != nil {
		return nil, err
	}
	destination, err := routeDestination(in.DestinationCidrBlock, in.DestinationIpv6CidrBlock, in.DestinationPrefixListId)
	if err != nil {
		return nil, err
	}
	if findRoute(t, destination) >= 0 {
		return nil, apiError("RouteAlreadyExists", "The route identified by %s already exists.", destination)
	}
	route, err := c.route(t, destination, routeTarget{
		gateway: in.GatewayId, nat: in.NatGatewayId, networkInterface: in.NetworkInterfaceId, peering: in.VpcPeeringConnectionId,
		other: []*string{
			in.CarrierGatewayId, in.CoreNetworkArn, in.EgressOnlyInternetGatewayId, in.InstanceId, in.LocalGatewayId, in.TransitGatewayId, in.VpcEndpointId,
		},
	})
	if err != nil {
		return nil, err
	}
	if len(t.Routes) >= c.quota("ec2.routes_per_route_table") {
		return nil, apiError("RouteLimitExceeded", "The maximum number of routes has been reached.")
	}
	t.Routes = append(t.Routes, route)
	return &ec2.CreateRouteOutput{Return: new(true)}, nil
}

func (c *call) ec2ReplaceRoute(in *ec2.ReplaceRouteInput) (*ec2.ReplaceRouteOutput, error) {
	t, err := find(c.region().RouteTables, in.RouteTableId, "RouteTableId", routeTableIDs)
	if err != nil {
		return nil, err
	}
	destination, err := routeDestination(in.DestinationCidrBlock, in.DestinationIpv6CidrBlock, in.DestinationPrefixListId)
	if err != nil {
		return nil, err
	}
	i := findRoute(t, destination)
	if i < 0 {
		return nil, apiError("InvalidParameterValue", "There is no route defined for '%s' in the route table. Use CreateRoute instead.", destination)
	}
	if equal(t.Routes[i].GatewayId, "local") || in.LocalTarget != nil {
		return nil, unsupported("LocalTarget")
	}
	route, err := c.route(t, destination, routeTarget{
		gateway: in.GatewayId, nat: in.NatGatewayId, networkInterface: in.NetworkInterfaceId, peering: in.VpcPeeringConnectionId,
		other: []*string{in.CarrierGatewayId, in.CoreNetworkArn, in.EgressOnlyInternetGatewayId, in.InstanceId, in.LocalGatewayId, in.TransitGatewayId, in.VpcEndpointId},
	})
	if err != nil {
		return nil, err
	}
	t.Routes[i] = route
	return &ec2.ReplaceRouteOutput{}, nil
}

func (c *call) ec2DeleteRoute(in *ec2.DeleteRouteInput) (*ec2.DeleteRouteOutput, error) {
	t, err := find(c.region().RouteTables, in.RouteTableId, "RouteTableId", routeTableIDs)
	if err != nil {
		return nil, err
	}
	destination, err := routeDestination(in.DestinationCidrBlock, in.DestinationIpv6CidrBlock, in.DestinationPrefixListId)
	if err != nil {
		return nil, err
	}
	i := findRoute(t, destination)
	if i < 0 {
		return nil, apiError("InvalidRoute.NotFound", "no route with destination-cidr-block %s in route table %s", destination, *t.RouteTableId)
	}
	if equal(t.Routes[i].GatewayId, "local") {
		return nil, apiError("InvalidParameterValue", "cannot remove local route %s in route table %s", destination, *t.RouteTableId)
	}
	t.Routes = slices.Delete(t.Routes, i, i+1)
	return &ec2.DeleteRouteOutput{}, nil
}
