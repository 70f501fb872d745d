package aws

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"github.com/modelserving/terraform-provider-serving/internal/stack"
)

// routeTables hold their routes and the subnets they serve: neither has a life
// of its own. Routes through a peering connection belong to the peering, those
// of gateway endpoints to the endpoint.
type routeTables struct {
	*client
	owner owner
}

type routeTableSpec struct {
	VPC string
	// Routes maps a destination range to a gateway ("igw-...") or NAT gateway.
	Routes  map[string]string
	Subnets []string
}

var _ stack.Kind[routeTableSpec, ec2types.RouteTable] = routeTables{}

func (k routeTables) Find(ctx context.Context, name string) ([]*ec2types.RouteTable, error) {
	return marked(ctx, k.owner, name, k.reader.routeTables, func(t ec2types.RouteTable) []ec2types.Tag { return t.Tags })
}

func (k routeTables) ID(live *ec2types.RouteTable) string { return aws.ToString(live.RouteTableId) }

func (k routeTables) State(*ec2types.RouteTable) stack.State { return stack.State{} }

func (k routeTables) Diff(name string, want routeTableSpec, live *ec2types.RouteTable) []stack.Difference {
	diffs := fixed("vpc", aws.ToString(live.VpcId), want.VPC)
	got := ownRoutes(live)
	for _, dest := range slices.Sorted(maps.Keys(want.Routes)) {
		if got[dest] != want.Routes[dest] {
			diffs = append(diffs, stack.Difference{Field: "route " + dest, Got: got[dest], Want: want.Routes[dest]})
		}
	}
	for _, dest := range slices.Sorted(maps.Keys(got)) {
		if want.Routes[dest] == "" {
			diffs = append(diffs, stack.Difference{Field: "route " + dest, Got: got[dest]})
		}
	}
	diffs = append(diffs, sameSet("subnet", slices.Collect(maps.Keys(associations(live))), want.Subnets)...)
	for _, v := range live.PropagatingVgws {
		diffs = append(diffs, stack.Difference{Field: "propagation", Got: aws.ToString(v.GatewayId)})
	}
	return append(diffs, k.owner.differ(name, fromEC2(live.Tags))...)
}

// ownRoutes are the routes that are the table's own business.
func ownRoutes(t *ec2types.RouteTable) map[string]string {
	out := map[string]string{}
	for _, r := range t.Routes {
		target := ""
		for _, id := range []*string{r.GatewayId, r.NatGatewayId, r.TransitGatewayId, r.NetworkInterfaceId, r.InstanceId, r.EgressOnlyInternetGatewayId, r.LocalGatewayId, r.CarrierGatewayId, r.CoreNetworkArn} {
			if target == "" {
				target = aws.ToString(id)
			}
		}
		dest := aws.ToString(r.DestinationCidrBlock) + aws.ToString(r.DestinationIpv6CidrBlock)
		if dest == "" || target == "local" || r.VpcPeeringConnectionId != nil || strings.HasPrefix(target, "vpce-") || r.Origin == ec2types.RouteOriginEnableVgwRoutePropagation {
			continue
		}
		if r.State == ec2types.RouteStateBlackhole {
			target += " (blackhole)"
		}
		out[dest] = target
	}
	return out
}

// associations maps subnets to the ids of their associations.
func associations(t *ec2types.RouteTable) map[string]string {
	out := map[string]string{}
	for _, a := range t.Associations {
		gone := a.AssociationState != nil && (a.AssociationState.State == ec2types.RouteTableAssociationStateCodeDisassociating || a.AssociationState.State == ec2types.RouteTableAssociationStateCodeDisassociated)
		if a.SubnetId != nil && !gone {
			out[*a.SubnetId] = aws.ToString(a.RouteTableAssociationId)
		}
	}
	return out
}

func (k routeTables) Create(ctx context.Context, name string, want routeTableSpec, _ string) error {
	// Without a client token: a table is found by its mark, and a token would
	// answer the re-creation of a removed table with the removed one.
	_, err := k.ec2.CreateRouteTable(ctx, &ec2.CreateRouteTableInput{
		VpcId:             &want.VPC,
		TagSpecifications: k.owner.onCreate(ec2types.ResourceTypeRouteTable, name),
	})
	return err
}

func (k routeTables) Update(ctx context.Context, name string, _ routeTableSpec, live *ec2types.RouteTable, diffs []stack.Difference) error {
	got, linked := ownRoutes(live), associations(live)
	for _, d := range diffs {
		dest, isRoute := strings.CutPrefix(d.Field, "route ")
		var err error
		switch {
		case isRoute && d.Want == "":
			err = k.dropRoute(ctx, live, dest)
		case isRoute:
			err = k.putRoute(ctx, live, dest, d.Want, got[dest] != "")
		case d.Field == "subnet" && d.Want != "":
			_, err = k.ec2.AssociateRouteTable(ctx, &ec2.AssociateRouteTableInput{RouteTableId: live.RouteTableId, SubnetId: aws.String(d.Want)})
			if isCode(err, "Resource.AlreadyAssociated") {
				err = k.takeSubnet(ctx, live, d.Want)
			}
		case d.Field == "subnet":
			_, err = k.ec2.DisassociateRouteTable(ctx, &ec2.DisassociateRouteTableInput{AssociationId: aws.String(linked[d.Got])})
			err = absent(err, "InvalidAssociationID.NotFound")
		case d.Field == "propagation":
			_, err = k.ec2.DisableVgwRoutePropagation(ctx, &ec2.DisableVgwRoutePropagationInput{RouteTableId: live.RouteTableId, GatewayId: aws.String(d.Got)})
		}
		if err != nil {
			return err
		}
	}
	return k.retag(ctx, k.owner, name, aws.ToString(live.RouteTableId), live.Tags)
}

func (k routeTables) putRoute(ctx context.Context, live *ec2types.RouteTable, dest, target string, replace bool) error {
	var gateway, nat *string
	if strings.HasPrefix(target, "nat-") {
		nat = &target
	} else {
		gateway = &target
	}
	if replace {
		_, err := k.ec2.ReplaceRoute(ctx, &ec2.ReplaceRouteInput{RouteTableId: live.RouteTableId, DestinationCidrBlock: &dest, GatewayId: gateway, NatGatewayId: nat})
		return err
	}
	_, err := k.ec2.CreateRoute(ctx, &ec2.CreateRouteInput{RouteTableId: live.RouteTableId, DestinationCidrBlock: &dest, GatewayId: gateway, NatGatewayId: nat})
	return err
}

func (k routeTables) dropRoute(ctx context.Context, live *ec2types.RouteTable, dest string) error {
	in := &ec2.DeleteRouteInput{RouteTableId: live.RouteTableId, DestinationCidrBlock: &dest}
	if strings.Contains(dest, ":") {
		in.DestinationCidrBlock, in.DestinationIpv6CidrBlock = nil, &dest
	}
	_, err := k.ec2.DeleteRoute(ctx, in)
	return absent(err, "InvalidRoute.NotFound")
}

// takeSubnet moves a subnet of ours from the table that somebody gave it.
func (k routeTables) takeSubnet(ctx context.Context, live *ec2types.RouteTable, subnet string) error {
	out, err := k.ec2.DescribeRouteTables(ctx, &ec2.DescribeRouteTablesInput{Filters: []ec2types.Filter{{Name: aws.String("association.subnet-id"), Values: []string{subnet}}}})
	if err != nil {
		return err
	}
	for _, t := range out.RouteTables {
		if id := associations(&t)[subnet]; id != "" {
			_, err := k.ec2.ReplaceRouteTableAssociation(ctx, &ec2.ReplaceRouteTableAssociationInput{AssociationId: &id, RouteTableId: live.RouteTableId})
			return err
		}
	}
	return fmt.Errorf("subnet %s is associated with a route table that cannot be found", subnet)
}

func (k routeTables) Delete(ctx context.Context, live *ec2types.RouteTable) error {
	for _, id := range associations(live) {
		_, err := k.ec2.DisassociateRouteTable(ctx, &ec2.DisassociateRouteTableInput{AssociationId: &id})
		if absent(err, "InvalidAssociationID.NotFound") != nil {
			return err
		}
	}
	_, err := k.ec2.DeleteRouteTable(ctx, &ec2.DeleteRouteTableInput{RouteTableId: live.RouteTableId})
	return k.blocked(ctx, absent(err, "InvalidRouteTableID.NotFound"), "", "")
}
