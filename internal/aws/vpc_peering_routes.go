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

// peeringRoutes are the routes of one side through a peering connection, in
// tables that somebody else made. Routes carry no tags: ours are those to a
// connection that is or was ours.
type peeringRoutes struct {
	*client
	side *peeringSide
	// connections are the ids that the connection has or had.
	connections func(context.Context) ([]string, error)
	// seen are the routes of the last observation. One of them that leads elsewhere
	// now is repaired; without it, it is a stranger's. A removal has none.
	seen []peeringRoute
}

type peeringRoutesSpec struct {
	Connection           string
	Tables, Destinations []string
}

// peeringRoute is a route of ours; the connection is the one it was made for.
type peeringRoute struct{ Table, Destination, Connection string }

// peeringRoutesLive are all routes of a side's tables by table and destination,
// and those that are ours.
type peeringRoutesLive struct {
	Tables map[string]map[string]string
	Ours   []peeringRoute
}

var _ stack.Kind[peeringRoutesSpec, peeringRoutesLive] = peeringRoutes{}

func (k peeringRoutes) Find(ctx context.Context, _ string) ([]*peeringRoutesLive, error) {
	tables, err := k.side.tables(ctx)
	if err != nil {
		return nil, err
	}
	ids, err := k.connections(ctx)
	if err != nil {
		return nil, err
	}
	live := routesOf(tables, ids, k.seen)
	if len(live.Ours) == 0 {
		return nil, nil
	}
	return []*peeringRoutesLive{live}, nil
}

// routesOf finds the routes to one of the connections, and those that were seen
// as such.
func routesOf(tables []ec2types.RouteTable, connections []string, seen []peeringRoute) *peeringRoutesLive {
	live := &peeringRoutesLive{Tables: routesByTable(tables)}
	for _, table := range slices.Sorted(maps.Keys(live.Tables)) {
		for _, dest := range slices.Sorted(maps.Keys(live.Tables[table])) {
			if target := live.Tables[table][dest]; slices.Contains(connections, target) {
				live.Ours = append(live.Ours, peeringRoute{table, dest, target})
			}
		}
	}
	for _, r := range seen {
		if target := live.Tables[r.Table][r.Destination]; target != "" && !slices.Contains(connections, target) {
			live.Ours = append(live.Ours, r)
		}
	}
	return live
}

// routesByTable are the targets of all IPv4 routes.
func routesByTable(tables []ec2types.RouteTable) map[string]map[string]string {
	out := map[string]map[string]string{}
	for _, t := range tables {
		routes := map[string]string{}
		for _, r := range t.Routes {
			if dest := aws.ToString(r.DestinationCidrBlock); dest != "" {
				routes[dest] = routeTarget(r)
			}
		}
		out[aws.ToString(t.RouteTableId)] = routes
	}
	return out
}

// routeTarget is where a route leads.
func routeTarget(r ec2types.Route) string {
	for _, id := range []*string{r.VpcPeeringConnectionId, r.GatewayId, r.NatGatewayId, r.TransitGatewayId, r.NetworkInterfaceId, r.InstanceId, r.EgressOnlyInternetGatewayId, r.LocalGatewayId, r.CarrierGatewayId, r.CoreNetworkArn} {
		if aws.ToString(id) != "" {
			return *id
		}
	}
	return "an unknown target"
}

// ID lists the routes, because they are what tells ours from a stranger's when
// the connection is gone.
func (k peeringRoutes) ID(live *peeringRoutesLive) string {
	var out []string
	for _, r := range live.Ours {
		out = append(out, r.Table+" "+r.Destination+" "+r.Connection)
	}
	return strings.Join(sorted(out), ", ")
}

// routesSeen reads what ID has written.
func routesSeen(id string) []peeringRoute {
	var out []peeringRoute
	for text := range strings.SplitSeq(id, ", ") {
		if parts := strings.Fields(text); len(parts) == 3 {
			out = append(out, peeringRoute{parts[0], parts[1], parts[2]})
		}
	}
	return out
}

func (k peeringRoutes) State(*peeringRoutesLive) stack.State { return stack.State{} }

func (k peeringRoutes) Diff(_ string, want peeringRoutesSpec, live *peeringRoutesLive) []stack.Difference {
	var diffs []stack.Difference
	wanted := want.routes()
	for _, r := range wanted {
		if got := live.Tables[r.Table][r.Destination]; got != r.Connection {
			diffs = append(diffs, stack.Difference{Field: r.field(), Got: got, Want: r.Connection})
		}
	}
	for _, r := range live.Ours {
		asked := slices.ContainsFunc(wanted, func(w peeringRoute) bool { return w.Table == r.Table && w.Destination == r.Destination })
		if !asked && live.Tables[r.Table][r.Destination] == r.Connection {
			diffs = append(diffs, stack.Difference{Field: r.field(), Got: r.Connection})
		}
	}
	return diffs
}

func (r peeringRoute) field() string { return "route " + r.Table + " " + r.Destination }

// routes are the wanted ones, in the order in which they are made.
func (w peeringRoutesSpec) routes() []peeringRoute {
	var out []peeringRoute
	for _, table := range sorted(w.Tables) {
		for _, dest := range sorted(w.Destinations) {
			out = append(out, peeringRoute{table, dest, w.Connection})
		}
	}
	return out
}

// conflicts are the strangers' routes where ours should be.
func (w peeringRoutesSpec) conflicts(live *peeringRoutesLive) []string {
	var out []string
	for _, r := range w.routes() {
		got := live.Tables[r.Table][r.Destination]
		mine := slices.ContainsFunc(live.Ours, func(o peeringRoute) bool { return o.Table == r.Table && o.Destination == r.Destination })
		if got != "" && got != r.Connection && !mine {
			out = append(out, fmt.Sprintf("route table %s sends %s to %s already", r.Table, r.Destination, got))
		}
	}
	return out
}

// Create makes the first routes; there are none of ours yet.
func (k peeringRoutes) Create(ctx context.Context, name string, want peeringRoutesSpec, _ string) error {
	tables, err := k.side.tables(ctx)
	if err != nil {
		return err
	}
	live := &peeringRoutesLive{Tables: routesByTable(tables)}
	return k.Update(ctx, name, want, live, k.Diff(name, want, live))
}

// Update makes nothing where a stranger's route is in the way: half of the
// routes would let callers in and no answer out.
func (k peeringRoutes) Update(ctx context.Context, _ string, want peeringRoutesSpec, live *peeringRoutesLive, diffs []stack.Difference) error {
	if conflicts := want.conflicts(live); len(conflicts) > 0 {
		return fmt.Errorf("%s, and should send it to %s; a route that was not made here is never overwritten: remove it, or leave the table or the range out", strings.Join(conflicts, "; "), want.Connection)
	}
	for _, d := range diffs {
		parts := strings.Fields(d.Field)
		table, dest := parts[1], parts[2]
		var err error
		switch {
		case d.Want == "":
			_, err = k.ec2.DeleteRoute(ctx, &ec2.DeleteRouteInput{RouteTableId: &table, DestinationCidrBlock: &dest})
			err = absent(err, "InvalidRoute.NotFound", "InvalidRouteTableID.NotFound")
		case d.Got == "":
			_, err = k.ec2.CreateRoute(ctx, &ec2.CreateRouteInput{RouteTableId: &table, DestinationCidrBlock: &dest, VpcPeeringConnectionId: &want.Connection})
			if isCode(err, "RouteLimitExceeded") {
				err = &advised{err, fmt.Sprintf("Route table %s has no room for a route to %s: remove routes that are not needed, name other tables, or raise the quota \"Routes per route table\", and apply again.", table, dest)}
			}
		default:
			_, err = k.ec2.ReplaceRoute(ctx, &ec2.ReplaceRouteInput{RouteTableId: &table, DestinationCidrBlock: &dest, VpcPeeringConnectionId: &want.Connection})
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// Delete leaves a route that leads elsewhere by now.
func (k peeringRoutes) Delete(ctx context.Context, live *peeringRoutesLive) error {
	for _, r := range live.Ours {
		if live.Tables[r.Table][r.Destination] != r.Connection {
			continue
		}
		_, err := k.ec2.DeleteRoute(ctx, &ec2.DeleteRouteInput{RouteTableId: &r.Table, DestinationCidrBlock: &r.Destination})
		if absent(err, "InvalidRoute.NotFound", "InvalidRouteTableID.NotFound") != nil {
			return err
		}
	}
	return nil
}
