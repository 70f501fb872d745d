package serving

import (
	"fmt"
	"net/netip"
)

// A network of the cluster's own on GCP is between /13, an eighth of which is the
// largest range of services that GKE takes (/16), and /21, of which the smallest
// part is the smallest subnetwork for proxies (/26).
const (
	ownNetworkMinBits = 13
	ownNetworkMaxBits = 21
)

// Ranges are the parts of a network on GCP, where pods, services and the load
// balancer's proxies have addresses of their own.
type Ranges struct {
	Nodes, Proxies, Services, Pods netip.Prefix
}

// Ranges lays out a network of the cluster's own on GCP.
//
// The network is split into eight equal blocks. Blocks 0 and 1 are the nodes',
// the first quarter of block 2 is the proxies', block 3 is the services', and the
// second half is the pods', of which a node takes a /24. Services and pods that
// have a range in the spec leave theirs free.
func (n Network) Ranges() (Ranges, error) {
	own, err := netip.ParsePrefix(n.CIDR)
	switch {
	case err != nil:
		return Ranges{}, fmt.Errorf("laying out the network %q: %w", n.CIDR, err)
	case !own.Addr().Is4() || own.Masked() != own:
		return Ranges{}, fmt.Errorf("laying out the network %s: not an IPv4 network address", own)
	case own.Bits() < ownNetworkMinBits || own.Bits() > ownNetworkMaxBits:
		return Ranges{}, fmt.Errorf("laying out the network %s: it must be /%d to /%d", own, ownNetworkMinBits, ownNetworkMaxBits)
	}
	r := Ranges{
		Nodes:    netip.PrefixFrom(own.Addr(), own.Bits()+2),
		Proxies:  netip.PrefixFrom(eighth(own, 2).Addr(), own.Bits()+5),
		Services: eighth(own, 3),
		Pods:     netip.PrefixFrom(eighth(own, 4).Addr(), own.Bits()+1),
	}
	for _, given := range []struct {
		text string
		to   *netip.Prefix
	}{{n.ServiceCIDR, &r.Services}, {n.PodCIDR, &r.Pods}} {
		if given.text == "" {
			continue
		}
		if *given.to, err = netip.ParsePrefix(given.text); err != nil {
			return Ranges{}, fmt.Errorf("laying out the network %s: %w", own, err)
		}
	}
	return r, nil
}

// PodsPerNode is how many pods a node takes, GKE's default, for which it gives each
// node a /24 of the range of pods (GKE, "Configure maximum Pods per node").
const (
	PodsPerNode  = 110
	nodePodsBits = 24
)
