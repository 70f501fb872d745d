package gcp

import (
	"slices"

	"cloud.google.com/go/compute/apiv1/computepb"
)

func (c *call) updatePeering(in *computepb.UpdatePeeringNetworkRequest) (*computepb.Operation, error) {
	p := in.GetNetworksUpdatePeeringRequestResource().GetNetworkPeering()
	if p.GetName() == "" {
		return nil, required("resource.networkPeering.name")
	}
	h, err := c.peeringNetwork(in.GetNetwork())
	if err != nil {
		return nil, err
	}
	next := cloned(h.Body)
	for _, have := range next.Peerings {
		if have.GetName() != p.GetName() {
			continue
		}
		if wanted, ok := c.parseTarget(p.GetNetwork()); p.Network != nil && (!ok || wanted.link() != have.GetNetwork()) {
			return nil, invalid("resource.networkPeering.network", p.GetNetwork(), "The field cannot be changed; it is '%s'.", have.GetNetwork())
		}
		if p.ExchangeSubnetRoutes != nil && !p.GetExchangeSubnetRoutes() {
			return nil, invalid("resource.networkPeering.exchangeSubnetRoutes", "false", "Exchanging subnet routes must be enabled.")
		}
		if p.GetUpdateStrategy() == "CONSENSUS" || p.GetStackType() == "IPV4_IPV6" {
			return nil, unsupported("resource.networkPeering.updateStrategy")
		}
		for to, from := range map[**bool]*bool{
			&have.ExportCustomRoutes: p.ExportCustomRoutes, &have.ImportCustomRoutes: p.ImportCustomRoutes,
			&have.ExportSubnetRoutesWithPublicIp: p.ExportSubnetRoutesWithPublicIp, &have.ImportSubnetRoutesWithPublicIp: p.ImportSubnetRoutesWithPublicIp,
		} {
			if from != nil {
				*to = from
			}
		}
		if p.StackType != nil {
			have.StackType = p.StackType
		}
		return c.replacePeerings(h, next, "networks.updatePeering")
	}
	return nil, noPeering(c, in.GetNetwork(), p.GetName())
}

func (c *call) removePeering(in *computepb.RemovePeeringNetworkRequest) (*computepb.Operation, error) {
	name := in.GetNetworksRemovePeeringRequestResource().GetName()
	if name == "" {
		return nil, required("resource.name")
	}
	h, err := c.peeringNetwork(in.GetNetwork())
	if err != nil {
		return nil, err
	}
	next := cloned(h.Body)
	next.Peerings = slices.DeleteFunc(next.Peerings, func(p *computepb.NetworkPeering) bool { return p.GetName() == name })
	if len(next.Peerings) == len(h.Body.Peerings) {
		return nil, noPeering(c, in.GetNetwork(), name)
	}
	return c.replacePeerings(h, next, "networks.removePeering")
}

func noPeering(c *call, network, name string) error {
	return badRequest("There is no peering named '%s' in the network '%s'.", name, networks.path(c, global, network))
}

// replacePeerings is replace for the one field that no patch of a network reaches.
func (c *call) replacePeerings(h *Held[*computepb.Network], next *computepb.Network, delay string) (*computepb.Operation, error) {
	h.Next = next
	return startOperation(c, networks, h, "update", delay), nil
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
		from, at := link, c
		if in.GetDirection() == "INCOMING" {
			from, at = p.peer.link(), c.in(p.peer.project, global)
		}
		for _, s := range at.subnetsOf(from) {
			for _, r := range subnetRanges(s.Body) {
				list.Items = append(list.Items, &computepb.ExchangedPeeringRoute{
					DestRange: new(r.String()), Imported: new(true), NextHopRegion: new(s.region), Priority: new(uint32(0)), Type: new("SUBNET_PEERING_ROUTE"),
				})
			}
		}
	}
	return list, nil
}
