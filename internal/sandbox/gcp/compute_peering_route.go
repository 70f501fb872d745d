package gcp

import (
	"net/netip"
	"slices"

	"cloud.google.com/go/compute/apiv1/computepb"
)

// specialUse are the ranges whose subnet routes every peering exchanges; a subnetwork with any other uses public addresses privately
// ("Valid IPv4 ranges" in the VPC documentation).
var specialUse = []netip.Prefix{
	netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("172.16.0.0/12"), netip.MustParsePrefix("192.168.0.0/16"), netip.MustParsePrefix("100.64.0.0/10"),
	netip.MustParsePrefix("192.0.0.0/24"), netip.MustParsePrefix("192.0.2.0/24"), netip.MustParsePrefix("192.88.99.0/24"), netip.MustParsePrefix("198.18.0.0/15"),
	netip.MustParsePrefix("198.51.100.0/24"), netip.MustParsePrefix("203.0.113.0/24"), netip.MustParsePrefix("240.0.0.0/4"),
}

// exchanged reports whether the route of a subnet range leaves the network that has one half of a peering, and whether the network
// with the other half takes it ("exportSubnetRoutesWithPublicIp" and "importSubnetRoutesWithPublicIp").
func exchanged(r netip.Prefix, from, to *computepb.NetworkPeering) (exported, imported bool) {
	if slices.ContainsFunc(specialUse, func(p netip.Prefix) bool { return p.Bits() <= r.Bits() && p.Contains(r.Addr()) }) {
		return true, true
	}
	exported = from.GetExportSubnetRoutesWithPublicIp()
	return exported, exported && to.GetImportSubnetRoutesWithPublicIp()
}

// routeThrough reports whether a peering leads to an address: in the peer, or, for the peer, in the network itself.
func (p activePeering) routeThrough(c *call, address netip.Addr, own string, incoming bool) bool {
	network, from, to := own, p.NetworkPeering, p.back
	if incoming {
		network, from, to = p.peer.link(), p.back, p.NetworkPeering
	}
	t, _ := c.parseTarget(network)
	return slices.ContainsFunc(c.in(t.project, global).rangesOf(network), func(r ownedRange) bool {
		_, imported := exchanged(r.prefix, from, to)
		return imported && r.prefix.Contains(address)
	})
}

// listPeeringRoutes shows what goes through an active peering, in the direction that is asked for.
func (c *call) listPeeringRoutes(in *computepb.ListPeeringRoutesNetworksRequest) (*computepb.ExchangedPeeringRoutesList, error) {
	if _, err := networks.get(c, in.GetNetwork()); err != nil {
		return nil, err
	}
	if in.GetDirection() != "INCOMING" && in.GetDirection() != "OUTGOING" {
		return nil, invalid("direction", in.GetDirection(), "The value must be one of [INCOMING OUTGOING].")
	}
	if !regionExists(in.GetRegion()) {
		return nil, invalid("region", in.GetRegion(), "Unknown region.")
	}
	link := networks.link(c, global, in.GetNetwork())
	list := &computepb.ExchangedPeeringRoutesList{Id: c.listID("networks/" + in.GetNetwork() + "/listPeeringRoutes")}
	for _, p := range c.activePeers(link) {
		if p.GetName() != in.GetPeeringName() {
			continue
		}
		from, at, sender, taker := link, c, p.NetworkPeering, p.back
		if in.GetDirection() == "INCOMING" {
			from, at, sender, taker = p.peer.link(), c.in(p.peer.project, global), p.back, p.NetworkPeering
		}
		for _, s := range at.subnetsOf(from) {
			for _, r := range subnetRanges(s.Body) {
				exported, imported := exchanged(r, sender, taker)
				if !exported {
					continue
				}
				list.Items = append(list.Items, &computepb.ExchangedPeeringRoute{
					DestRange: new(r.String()), Imported: new(imported), NextHopRegion: new(s.region), Priority: new(uint32(0)), Type: new("SUBNET_PEERING_ROUTE"),
				})
			}
		}
	}
	return list, nil
}
