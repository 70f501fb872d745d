package gcp

import (
	"net/netip"
	"slices"

	"cloud.google.com/go/compute/apiv1/computepb"

	"github.com/modelserving/terraform-provider-serving/internal/sandbox/control"
)

// somewhere stands for an address on the Internet that no narrower route or rule is about.
var somewhere = netip.MustParseAddr("198.51.100.1")

// path is the address that a host shows to a destination, or where its packets are lost. This is the one place that knows which
// networks lead to each other.
func (h *host) path(to destination, port int) (netip.Addr, error) {
	source := h.address
	var err error
	switch {
	case to.closed != "":
		return source, control.Lost(to.name, "%s", to.closed)
	case to.network == "" && to.google && h.at != nil:
		err = h.leave(to.address, port, to.name)
	case to.network == "":
		source, err = h.onInternet(to, port)
	case h.at == nil:
		return source, control.Lost(to.name, "%s is a private address of %s, which no packet from the Internet reaches", to.address, pathOf(to.network))
	default:
		err = h.inside(to, port)
	}
	if err != nil {
		return source, err
	}
	if to.callers != nil && !slices.ContainsFunc(to.callers, func(p netip.Prefix) bool { return p.Contains(source) }) {
		return source, control.Lost(to.name, "%s is not in its authorized networks %v", source, to.callers)
	}
	return source, nil
}

// inside judges a connection to a private address: of the caller's own network, or of a peer of it. What a peering of a peer leads
// to does not count.
func (h *host) inside(to destination, port int) error {
	if h.network != to.network {
		switch {
		case !h.peered(to.network):
			return control.Lost(pathOf(h.network), "there is no active peering with %s, where %s is", pathOf(to.network), to.name)
		case !to.peers:
			return control.Lost(to.name, "it is reached from its own network only, not through a peering")
		case !h.peering(to.network).routeThrough(h.at, to.address, h.network, true):
			return control.Lost(pathOf(h.network), "the peering brings no route to %s: public addresses that are used privately are not exported or not imported", to.address)
		case !h.peering(to.network).routeThrough(h.at, h.address, h.network, false):
			return control.Lost(pathOf(to.network), "the peering brings no route back to %s: public addresses that are used privately are not exported or not imported", h.address)
		}
	}
	if h.at.Location != to.at.gkeRegion() && !to.anyRegion {
		return control.Lost(to.name, "it is in %s without global access, and the caller is in %s", to.at.gkeRegion(), h.at.Location)
	}
	return h.leave(to.address, port, to.name)
}

// leave judges what the caller's own network lets out.
func (h *host) leave(to netip.Addr, port int, name string) error {
	if rule := h.at.firewall(h.network, egress, h.tags(), nil, to, port); rule != "" {
		return control.Lost("firewall "+rule, "it denies egress of %s to %s at port %d", h.address, name, port)
	}
	return nil
}

// onInternet is the public address that a host's packets come from when they leave its network.
func (h *host) onInternet(to destination, port int) (netip.Addr, error) {
	if h.at == nil {
		return h.address, nil
	}
	if err := h.leave(to.address, port, to.name); err != nil {
		return netip.Addr{}, err
	}
	if !h.at.leadsToInternet(h.network, h.tags(), to.address) {
		return netip.Addr{}, control.Lost(pathOf(h.network), "it has no route to the Internet for %s", h.address)
	}
	if external := h.external(); external != "" {
		return netip.ParseAddr(external)
	}
	address, ok := h.natAddress()
	if !ok {
		return netip.Addr{}, control.Lost(pathOf(h.subnet), "%s has no external address, and no Cloud NAT translates its subnetwork", h.address)
	}
	return address, nil
}

// leadsToInternet reports whether a network's narrowest route to a public address is the gateway; of routes that are as narrow the
// lowest priority counts, and what shares its traffic with another next hop is no way to rely on. Routes with tags are for instances
// with one of them.
func (c *call) leadsToInternet(network string, tags []string, to netip.Addr) bool {
	var best *computepb.Route
	bits := -1
	for _, held := range routes.in(c.in(c.Project, global), global) {
		r := held.Body
		p, err := netip.ParsePrefix(r.GetDestRange())
		if err != nil || r.GetNetwork() != network || !p.Contains(to) || held.Verb == "insert" {
			continue
		}
		if len(r.Tags) > 0 && !slices.ContainsFunc(r.Tags, func(tag string) bool { return slices.Contains(tags, tag) }) {
			continue
		}
		shared := p.Bits() == bits && r.GetPriority() == best.GetPriority() && r.GetNextHopGateway() == ""
		if p.Bits() > bits || p.Bits() == bits && r.GetPriority() < best.GetPriority() || shared {
			best, bits = r, p.Bits()
		}
	}
	return best.GetNextHopGateway() != ""
}

// natAddress is the public address that Cloud NAT gives to the host.
func (h *host) natAddress() (netip.Addr, bool) {
	c := h.at
	for _, name := range control.SortedKeys(routers.in(c, c.Location)) {
		held := routers.in(c, c.Location)[name]
		if held.Body.GetNetwork() != h.network || held.Verb == "insert" {
			continue
		}
		for _, nat := range held.Body.Nats {
			if !h.coveredBy(nat) {
				continue
			}
			for _, link := range nat.NatIps {
				if t, ok := c.parseTarget(link); ok {
					if a := addresses.in(c.in(t.project, t.location), t.location)[t.name]; a != nil {
						ip, err := netip.ParseAddr(a.Body.GetAddress())
						return ip, err == nil
					}
				}
			}
			// Addresses that are allocated by need are nobody's objects; the block for documentation stands for them.
			return automaticNAT, nat.GetNatIpAllocateOption() == "AUTO_ONLY"
		}
	}
	return netip.Addr{}, false
}

var automaticNAT = netip.MustParseAddr("203.0.113.200")

// coveredBy reports whether a NAT gateway translates the range that the host's address is in.
func (h *host) coveredBy(nat *computepb.RouterNat) bool {
	switch nat.GetSourceSubnetworkIpRangesToNat() {
	case "ALL_SUBNETWORKS_ALL_IP_RANGES":
		return true
	case "ALL_SUBNETWORKS_ALL_PRIMARY_IP_RANGES":
		return h.secondary == ""
	}
	return slices.ContainsFunc(nat.Subnetworks, func(s *computepb.RouterNatSubnetworkToNat) bool {
		return s.GetName() == h.subnet && slices.ContainsFunc(s.SourceIpRangesToNat, func(what string) bool {
			return what == "ALL_IP_RANGES" || what == "PRIMARY_IP_RANGE" && h.secondary == "" ||
				what == "LIST_OF_SECONDARY_IP_RANGES" && h.secondary != "" && slices.Contains(s.SecondaryIpRangeNames, h.secondary)
		})
	})
}
