package gcp

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"cloud.google.com/go/compute/apiv1/computepb"
	"cloud.google.com/go/container/apiv1/containerpb"

	"github.com/modelserving/terraform-provider-serving/internal/sandbox/control"
)

// host is a place that was found: somebody who can open connections.
type host struct {
	// at is the project and region of its subnetwork; nil is the Internet.
	at *call
	// network and subnet are URLs, and secondary names the range of the subnetwork that the address is in unless it is the primary.
	network, subnet, secondary string
	// address is its own one.
	address netip.Addr
	// instance is set if the address is an instance's; its tags are what firewall rules go by.
	instance *computepb.Instance
}

// locate finds a place: "project.network" in its first subnetwork that has nodes, "project.region.subnetwork", or the Internet. The
// cloud's lock is held.
func (c *Cloud) locate(p control.Place) (*host, error) {
	unknown := func(format string, args ...any) error {
		return &control.PathError{Kind: control.UnknownPlace, Hop: "place " + p.String(), Reason: fmt.Sprintf(format, args...)}
	}
	if p.VPC != "" || p.Subnet != "" {
		return nil, unknown("it is in another cloud, from where no private path leads here")
	}
	if p.Network == "" && p.Subnetwork == "" {
		if !p.Address.IsValid() {
			p.Address = control.InternetHost
		}
		return &host{address: p.Address}, nil
	}
	project, rest, _ := strings.Cut(p.Network+p.Subnetwork, ".")
	id, ok := c.projectID(project)
	if !ok {
		return nil, unknown("this sandbox has no project %q", project)
	}
	at := c.view(id, global)
	h := &host{address: p.Address}
	var best *placedSubnet
	for _, s := range at.placesFor(p, rest) {
		secondary, ok := c.view(id, s.region).rangeWith(s.Body, p.Address)
		if !ok {
			continue
		}
		best, h.secondary = &s, secondary
		break
	}
	if best == nil {
		return nil, unknown("there is no subnetwork with that address")
	}
	h.at, h.network, h.subnet = c.view(id, best.region), best.Body.GetNetwork(), best.link
	if !h.address.IsValid() {
		free, err := h.at.freeAddress(best.Body)
		if err != nil {
			return nil, unknown("%s", asError(err).Message)
		}
		h.address = netip.MustParseAddr(free)
	}
	// An address that is taken, such as a node's, comes with the tags of its instance.
	for _, zone := range zonesOf(best.region) {
		for _, i := range h.at.region(zone).Compute.Instances {
			for _, nic := range i.Body.GetNetworkInterfaces() {
				if nic.GetSubnetwork() == h.subnet && nic.GetNetworkIP() == h.address.String() {
					h.instance = i.Body
				}
			}
		}
	}
	return h, nil
}

// placesFor are the subnetworks that a place may mean.
func (c *call) placesFor(p control.Place, name string) []placedSubnet {
	var out []placedSubnet
	if p.Network != "" {
		for _, s := range c.subnetsOf(networks.link(c, global, name)) {
			if s.Body.GetPurpose() != proxyPurpose {
				out = append(out, s)
			}
		}
		return out
	}
	region, subnet, _ := strings.Cut(name, ".")
	if held := subnetworks.in(c.in(c.Project, region), region)[subnet]; held != nil {
		out = append(out, placedSubnet{held, subnetworks.link(c, region, subnet), region})
	}
	return out
}

// rangeWith names the range of a subnetwork of the call's region that an address is in; the primary one has no name, and an invalid
// address is in it. Nobody has the addresses of a cluster's Services.
func (c *call) rangeWith(s *computepb.Subnetwork, address netip.Addr) (secondary string, ok bool) {
	block, err := netip.ParsePrefix(s.GetIpCidrRange())
	if err == nil && (!address.IsValid() || block.Contains(address)) {
		return "", true
	}
	for _, r := range s.SecondaryIpRanges {
		services := slices.ContainsFunc(c.clustersOn(s.GetName()), func(k *containerpb.Cluster) bool {
			return k.IpAllocationPolicy.GetServicesSecondaryRangeName() == r.GetRangeName()
		})
		if block, err := netip.ParsePrefix(r.GetIpCidrRange()); err == nil && block.Contains(address) && !services {
			return r.GetRangeName(), true
		}
	}
	return "", false
}

// tags are the network tags of a host.
func (h *host) tags() []string { return h.instance.GetTags().GetItems() }

// external is the public address of an instance, or nothing.
func (h *host) external() string {
	for _, nic := range h.instance.GetNetworkInterfaces() {
		for _, a := range nic.GetAccessConfigs() {
			if a.GetNatIP() != "" {
				return a.GetNatIP()
			}
		}
	}
	return ""
}

// peered reports whether a network is a peer of the host's own.
func (h *host) peered(network string) bool { return h.peering(network) != nil }

// peering is the active one with a network, or nil.
func (h *host) peering(network string) *activePeering {
	for _, p := range h.at.in(h.at.Project, global).activePeers(h.network) {
		if p.peer.link() == network {
			return &p
		}
	}
	return nil
}
