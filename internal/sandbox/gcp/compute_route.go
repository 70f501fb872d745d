package gcp

import (
	"crypto/sha256"
	"encoding/hex"
	"net/netip"
	"strings"

	"cloud.google.com/go/compute/apiv1/computepb"
)

var routes = &collection[*computepb.Route]{
	plural: "routes", title: "route", scope: inProject, quota: "compute.routes", metric: "ROUTES",
	objects: func(s *computeState) map[string]*Held[*computepb.Route] { return s.Routes },
}

func init() {
	newCollection(routes, live(func(_ *Region, h *Held[*computepb.Route]) bool { return !madeByNetwork(h.Body) }))
	handleChange("google.cloud.compute.v1.Routes.Insert", (*call).insertRoute)
	handleChange("google.cloud.compute.v1.Routes.Delete", func(c *call, in *computepb.DeleteRouteRequest) (*computepb.Operation, error) {
		for _, p := range c.derivedRoutes() {
			if p.item.GetName() == in.GetRoute() {
				return nil, badRequest("The route '%s' was made by the system and cannot be deleted.", routes.path(c, global, in.GetRoute()))
			}
		}
		return routes.remove(c, in.GetRoute())
	})
	handle("google.cloud.compute.v1.Routes.Get", (*call).getRoute)
	handle("google.cloud.compute.v1.Routes.List", func(c *call, in *computepb.ListRoutesRequest) (*computepb.RouteList, error) {
		list, next, err := items(paged(append(routes.everyIn(c, global), c.derivedRoutes()...), in))
		return &computepb.RouteList{Items: list, NextPageToken: next, Id: c.listID("routes")}, err
	})
}

// internetGateway is the next hop of the way to the Internet.
func internetGateway(c *call) string {
	return computeURL + "projects/" + c.Project + "/global/gateways/default-internet-gateway"
}

// madeByNetwork reports whether a route came with its network.
func madeByNetwork(r *computepb.Route) bool { return strings.HasPrefix(r.GetName(), "default-route-") }

func (c *call) insertRoute(in *computepb.InsertRouteRequest) (*computepb.Operation, error) {
	r := in.GetRouteResource()
	// These are told from others by their names.
	for _, own := range []string{"default-route-", "peering-route-"} {
		if strings.HasPrefix(r.GetName(), own) {
			return nil, invalid("resource.name", r.GetName(), "The sandbox keeps names that begin with '%s' for the routes that the system makes.", own)
		}
	}
	_, link, err := networks.refer(c, "resource.network", r.GetNetwork())
	if err != nil {
		return nil, err
	}
	r.Network, r.Params = new(link), nil
	if prefix, err := netip.ParsePrefix(r.GetDestRange()); err != nil || !prefix.Addr().Is4() || prefix != prefix.Masked() {
		return nil, invalid("resource.destRange", r.GetDestRange(), "Must be a valid IPv4 CIDR range.")
	}
	if r.Priority == nil {
		r.Priority = new(uint32(1000))
	}
	if r.GetPriority() > 65535 {
		return nil, invalid("resource.priority", "", "Must be less than or equal to 65535")
	}
	switch {
	case r.NextHopInstance != nil, r.NextHopIlb != nil, r.NextHopVpnTunnel != nil, r.NextHopNetwork != nil, r.NextHopPeering != nil:
		return nil, unsupported("resource.nextHopInstance")
	case (r.NextHopGateway == nil) == (r.NextHopIp == nil):
		return nil, invalid("resource.nextHopGateway", r.GetNextHopGateway(), "Exactly one next hop must be specified.")
	case r.NextHopGateway != nil:
		if !strings.HasSuffix(r.GetNextHopGateway(), "global/gateways/default-internet-gateway") {
			return nil, invalid("resource.nextHopGateway", r.GetNextHopGateway(), "The only gateway is default-internet-gateway.")
		}
		r.NextHopGateway = new(internetGateway(c))
	default:
		if ip, err := netip.ParseAddr(r.GetNextHopIp()); err != nil || !ip.Is4() || !c.inNetwork(ip, link) {
			return nil, invalid("resource.nextHopIp", r.GetNextHopIp(), "The address must be in a subnetwork of the network.")
		}
	}
	return routes.insert(c, r)
}

func (c *call) inNetwork(ip netip.Addr, network string) bool {
	for _, r := range c.rangesOf(network) {
		if r.prefix.Contains(ip) {
			return true
		}
	}
	return false
}

func (c *call) getRoute(in *computepb.GetRouteRequest) (*computepb.Route, error) {
	for _, p := range c.derivedRoutes() {
		if p.item.GetName() == in.GetRoute() {
			return p.item, nil
		}
	}
	return routes.answer(c, in.GetRoute())
}

// derivedRoutes are those that subnetworks and active peerings bring about. They are not stored, so they cannot be wrong.
func (c *call) derivedRoutes() []placed[*computepb.Route] {
	var all []placed[*computepb.Route]
	add := func(prefix, destination string, r *computepb.Route) {
		sum := sha256.Sum256([]byte(r.GetNetwork() + r.GetNextHopPeering() + destination))
		r.Name, r.DestRange, r.Priority = new(prefix+hex.EncodeToString(sum[:8])), new(destination), new(uint32(0))
		all = append(all, placed[*computepb.Route]{global, routes.shown(c, global, r)})
	}
	for _, h := range networks.in(c, global) {
		link := networks.link(c, global, h.Body.GetName())
		for _, s := range c.subnetsOf(link) {
			for _, p := range subnetRanges(s.Body) {
				add("default-route-r-", p.String(), &computepb.Route{
					Network: new(link), NextHopNetwork: new(link), RouteType: new("SUBNET"),
					Description: new("Default local route to the subnetwork " + p.String() + "."),
				})
			}
		}
		for _, peering := range c.activePeers(link) {
			other := c.in(peering.peer.project, global)
			for _, r := range other.rangesOf(peering.peer.link()) {
				if _, imported := exchanged(r.prefix, peering.back, peering.NetworkPeering); !imported {
					continue
				}
				add("peering-route-", r.prefix.String(), &computepb.Route{
					Network: new(link), NextHopPeering: new(peering.GetName()), Description: new("Auto generated route via peering [" + peering.GetName() + "]."),
				})
			}
		}
	}
	return all
}
