package gcp

import (
	"net/netip"

	"github.com/modelserving/terraform-provider-serving/internal/serving"
)

// layoutOf finds the range of a network from the parts that are there: the nodes'
// is a quarter of it and begins where it does. A pod range that is not where the
// layout has it was given.
func layoutOf(n serving.Network, nodes, proxies, pods string) serving.Network {
	p, err := netip.ParsePrefix(nodes)
	if err != nil || p.Bits() < 2 {
		return n
	}
	services := n.ServiceCIDR
	n.CIDR, n.PodCIDR, n.ServiceCIDR = netip.PrefixFrom(p.Addr(), p.Bits()-2).Masked().String(), "", ""
	layout, err := n.Ranges()
	n.ServiceCIDR = services
	if err == nil && layout.Pods.String() != pods {
		n.PodCIDR = pods
	}
	_ = proxies // It is where the layout has it, or drift.
	return n
}
