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
