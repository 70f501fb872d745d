package gcp

import (
	"slices"

	"cloud.google.com/go/compute/apiv1/computepb"
)

func init() {
	handleChange("google.cloud.compute.v1.Networks.AddPeering", (*call).addPeering)
	handleChange("google.cloud.compute.v1.Networks.UpdatePeering", (*call).updatePeering)
	handleChange("google.cloud.compute.v1.Networks.RemovePeering", (*call).removePeering)
	handle("google.cloud.compute.v1.Networks.ListPeeringRoutes", (*call).listPeeringRoutes)
}

func (c *call) addPeering(in *computepb.AddPeeringNetworkRequest) (*computepb.Operation, error) {
	body := in.GetNetworksAddPeeringRequestResource()
	p := body.GetNetworkPeering()
	switch {
	case body.Name != nil && body.GetName() != p.GetName() || body.PeerNetwork != nil || body.AutoCreateRoutes != nil:
		return nil, invalid("resource.name", body.GetName(), "Deprecated fields cannot be used: networkPeering says it all.")
	case p == nil:
		return nil, required("resource.networkPeering")
	case p.GetName() == "":
		return nil, required("resource.networkPeering.name")
	case !pattern(namePattern).MatchString(p.GetName()):
		return nil, invalid("resource.networkPeering.name", p.GetName(), "Must be a match of regex '%s'", namePattern)
	case !p.GetExchangeSubnetRoutes():
		return nil, invalid("resource.networkPeering.exchangeSubnetRoutes", "false", "Exchanging subnet routes must be enabled.")
	case p.GetUpdateStrategy() == "CONSENSUS":
		return nil, unsupported("resource.networkPeering.updateStrategy")
	case p.GetStackType() == "IPV4_IPV6":
		return nil, unsupported("resource.networkPeering.stackType")
	}
	h, err := c.peeringNetwork(in.GetNetwork())
	if err != nil {
		return nil, err
	}
	peer, err := c.peerOf(h, p)
	if err != nil {
		return nil, err
	}
	if len(h.Body.Peerings) >= c.quota("compute.peerings_per_network") {
		return nil, quotaExceeded("PEERINGS_PER_NETWORK", c.quota("compute.peerings_per_network"), "globally.")
	}
	p.Network, p.AutoCreateRoutes = new(peer.link()), new(true)
	for _, unset := range []**bool{&p.ExportCustomRoutes, &p.ImportCustomRoutes, &p.ImportSubnetRoutesWithPublicIp} {
		if *unset == nil {
			*unset = new(false)
		}
	}
	if p.ExportSubnetRoutesWithPublicIp == nil {
		p.ExportSubnetRoutesWithPublicIp = new(true)
	}
	if p.StackType == nil {
		p.StackType = new("IPV4_ONLY")
	}
	if p.UpdateStrategy == nil {
		p.UpdateStrategy = new("INDEPENDENT")
	}
	if err := c.checkPeeringRanges(in.GetNetwork(), peer); err != nil {
		return nil, err
	}
	next := cloned(h.Body)
	next.Peerings = append(next.Peerings, p)
	return c.replacePeerings(h, next, "networks.addPeering")
}

// peerOf checks the network at the other end. One of another project may not exist: whether it does is nobody's business here.
func (c *call) peerOf(h *Held[*computepb.Network], p *computepb.NetworkPeering) (target, error) {
	peer, ok := c.parseTarget(p.GetNetwork())
	own := target{c.Project, global, networks.plural, h.Body.GetName()}
	switch {
	case p.GetNetwork() == "":
		return peer, required("resource.networkPeering.network")
	case !ok || peer.plural != networks.plural || peer.location != global:
		return peer, invalid("resource.networkPeering.network", p.GetNetwork(), "The URL is malformed.")
	case peer == own:
		return peer, invalid("resource.networkPeering.network", p.GetNetwork(), "A network cannot be peered with itself.")
	}
	other := c.in(peer.project, global)
	exists := other.networkHeld(peer) != nil
	if !exists && peer.project == c.Project {
		return peer, notFound(peer.path())
	}
	for _, have := range h.Body.Peerings {
		switch {
		case have.GetName() == p.GetName():
			return peer, alreadyExists(own.path() + "/peerings/" + p.GetName())
		case have.GetNetwork() == peer.link():
			return peer, invalid("resource.networkPeering.network", p.GetNetwork(), "There is already a peering between the two networks: '%s'.", have.GetName())
		}
	}
	if exists {
		return peer, other.peeringFree(peer.name)
	}
	return peer, nil
}

// networkHeld finds a network of any project.
func (c *call) networkHeld(t target) *Held[*computepb.Network] {
	if r := c.cloud.state.Regions[t.project+"/"+global]; r != nil {
		return r.Compute.Networks[t.name]
	}
	return nil
}

// peeringNetwork finds a network to change the peerings of.
func (c *call) peeringNetwork(name string) (*Held[*computepb.Network], error) {
	h, err := networks.get(c, name)
	if err != nil {
		return nil, err
	}
	return h, c.peeringFree(name)
}

// peeringFree checks that nothing is under way in a network that a peering would cross.
func (c *call) peeringFree(name string) error {
	if h := networks.in(c, global)[name]; h != nil && h.Operation != "" {
		return badRequest("There is a peering operation in progress on the local or peer network. Try again later.")
	}
	for _, s := range c.subnetsOf(networks.link(c, global, name)) {
		if s.Operation != "" {
			return badRequest("There is a route operation in progress on the local or peer network. Try again later.")
		}
	}
	return nil
}

// checkPeeringRanges refuses a peering that would become active although ranges overlap: with the peer's, or those of a network
// that is a peer already.
func (c *call) checkPeeringRanges(name string, peer target) error {
	link := networks.link(c, global, name)
	other := c.networkHeld(peer)
	if other == nil || !slices.ContainsFunc(other.Body.Peerings, func(p *computepb.NetworkPeering) bool { return p.GetNetwork() == link }) {
		return nil
	}
	theirs, ours := c.in(peer.project, global).rangesOf(peer.link()), c.rangesOf(link)
	for _, their := range theirs {
		for _, our := range ours {
			if their.prefix.Overlaps(our.prefix) {
				return badRequest("An IP range in the peer network (%s) overlaps with an IP range in the local network (%s) allocated by resource (%s).",
					their.prefix, our.prefix, pathOf(our.owner))
			}
		}
		if err := c.checkPeerRange(link, peer.link(), their); err != nil {
			return err
		}
	}
	for _, our := range ours {
		if err := c.in(peer.project, global).checkPeerRange(peer.link(), link, our); err != nil {
			return err
		}
	}
	return nil
}

// checkPeerRange refuses a range that an active peer of a network has, other than the one it comes from.
func (c *call) checkPeerRange(network, from string, r ownedRange) error {
	for _, p := range c.activePeers(network) {
		if p.peer.link() == from {
			continue
		}
		for _, theirs := range c.in(p.peer.project, global).rangesOf(p.peer.link()) {
			if theirs.prefix.Overlaps(r.prefix) {
				return badRequest("An IP range in the local network (%s) overlaps with an IP range (%s) in an active peer (%s) of the local network.",
					r.prefix, theirs.prefix, p.GetName())
			}
		}
	}
	return nil
}

// activePeering is one that both networks have.
type activePeering struct {
	*computepb.NetworkPeering
	peer target
	// back is the peering in the other network.
	back *computepb.NetworkPeering
}

// activePeers are the active peerings of a network of any project.
func (c *call) activePeers(network string) []activePeering {
	var active []activePeering
	own, ok := c.parseTarget(network)
	h := c.networkHeld(own)
	if !ok || h == nil {
		return nil
	}
	for _, p := range h.Body.Peerings {
		peer, ok := c.parseTarget(p.GetNetwork())
		other := c.networkHeld(peer)
		if !ok || other == nil {
			continue
		}
		for _, back := range other.Body.Peerings {
			if back.GetNetwork() == network {
				active = append(active, activePeering{p, peer, back})
			}
		}
	}
	return active
}

// showPeering adds what follows from the other end.
func showPeering(c *call, p *computepb.NetworkPeering, network string) {
	p.State, p.StateDetails = new("INACTIVE"), new("Waiting for peer network to connect.")
	for _, active := range c.activePeers(network) {
		if active.GetName() == p.GetName() {
			p.State, p.StateDetails = new("ACTIVE"), new("Connected.")
			if h := c.networkHeld(active.peer); h != nil {
				p.PeerMtu = h.Body.Mtu
			}
		}
	}
}
