package gcp

import (
	"fmt"
	"net/netip"
	"slices"

	"google.golang.org/protobuf/proto"

	"cloud.google.com/go/compute/apiv1/computepb"

	"github.com/modelserving/terraform-provider-serving/internal/sandbox/control"
)

// networks is made known in init, because what shows one asks for networks.
var networks = &collection[*computepb.Network]{
	plural: "networks", title: "network", scope: inProject, quota: "compute.networks", metric: "NETWORKS",
	objects: func(s *computeState) map[string]*Held[*computepb.Network] { return s.Networks },
	// "Only routingConfig can be modified."
	mutable: []string{"routingConfig"},
	missing: "The referenced network resource cannot be found.",
}

func init() {
	networks.show, networks.settled = showNetwork, networkSettled
	newCollection(networks)
	const service = fullName("google.cloud.compute.v1.Networks")
	handleChange(service+".Insert", (*call).insertNetwork)
	handleChange(service+".Patch", (*call).patchNetwork)
	handleChange(service+".Delete", (*call).deleteNetwork)
	serveGet(service, networks, (*computepb.GetNetworkRequest).GetNetwork)
	serveList[*computepb.Network, *computepb.ListNetworksRequest](service, networks, func(items []*computepb.Network, next, id *string) *computepb.NetworkList {
		return &computepb.NetworkList{Items: items, NextPageToken: next, Id: id}
	})
}

func (c *call) insertNetwork(in *computepb.InsertNetworkRequest) (*computepb.Operation, error) {
	n := in.GetNetworkResource()
	switch {
	case n.IPv4Range != nil || n.AutoCreateSubnetworks == nil:
		return nil, invalid("resource.autoCreateSubnetworks", "", "Legacy networks can no longer be created: autoCreateSubnetworks must be set.")
	case n.GetAutoCreateSubnetworks():
		return nil, unsupported("resource.autoCreateSubnetworks")
	case n.GetEnableUlaInternalIpv6() || n.InternalIpv6Range != nil:
		return nil, unsupported("resource.enableUlaInternalIpv6")
	case n.NetworkProfile != nil:
		return nil, unsupported("resource.networkProfile")
	}
	n.Params = nil
	if n.RoutingConfig == nil {
		n.RoutingConfig = &computepb.NetworkRoutingConfig{}
	}
	if n.RoutingConfig.RoutingMode == nil {
		n.RoutingConfig.RoutingMode = new("REGIONAL")
	}
	if n.RoutingConfig.BgpBestPathSelectionMode == nil {
		n.RoutingConfig.BgpBestPathSelectionMode = new("LEGACY")
	}
	if n.NetworkFirewallPolicyEnforcementOrder == nil {
		n.NetworkFirewallPolicyEnforcementOrder = new("AFTER_CLASSIC_FIREWALL")
	}
	if n.Mtu == nil {
		n.Mtu = new(int32(1460))
	}
	if err := checkNetwork(n); err != nil {
		return nil, err
	}
	return networks.insert(c, n)
}

func checkNetwork(n *computepb.Network) error {
	if mtu := n.GetMtu(); mtu < 1300 || mtu > 8896 {
		return invalid("resource.mtu", fmt.Sprint(mtu), "Must be between 1300 and 8896.")
	}
	return nil
}

func (c *call) patchNetwork(in *computepb.PatchNetworkRequest) (*computepb.Operation, error) {
	h, err := networks.ready(c, in.GetNetwork())
	if err != nil {
		return nil, err
	}
	next, err := mergePatch(h.Body, c.body)
	if err != nil {
		return nil, err
	}
	if err := checkNetwork(next); err != nil {
		return nil, err
	}
	return networks.replace(c, h, next, "networks.patch")
}

func (c *call) deleteNetwork(in *computepb.DeleteNetworkRequest) (*computepb.Operation, error) {
	h, err := networks.ready(c, in.GetNetwork())
	if err != nil {
		return nil, err
	}
	if len(h.Body.Peerings) > 0 {
		path := networks.path(c, global, in.GetNetwork())
		return nil, inUse("network", path, path+"/peerings/"+h.Body.Peerings[0].GetName())
	}
	return networks.remove(c, in.GetNetwork())
}

// networkSettled gives a new network its way to the Internet, and takes the routes of one that is gone away.
func networkSettled(c *call, n *computepb.Network, verb string) {
	link := networks.link(c, global, n.GetName())
	switch verb {
	case "insert":
		name := "default-route-" + c.newHex(16)
		routes.in(c, global)[name] = &Held[*computepb.Route]{Body: &computepb.Route{
			Id: new(c.newID()), Name: new(name), Network: new(link), DestRange: new("0.0.0.0/0"), Priority: new(uint32(1000)),
			Description:    new("Default route to the Internet."),
			NextHopGateway: new(internetGateway(c)), CreationTimestamp: new(c.timestamp()),
		}}
	case "delete":
		for name, h := range routes.in(c, global) {
			if h.Body.GetNetwork() == link && madeByNetwork(h.Body) {
				delete(routes.in(c, global), name)
			}
		}
	}
}

// showNetwork adds subnetworks, and the states of peerings, which depend on the other end.
func showNetwork(c *call, n *computepb.Network) {
	link := networks.link(c, global, n.GetName())
	n.SelfLinkWithId = new(computeURL + "projects/" + c.Project + "/global/networks/" + fmt.Sprint(n.GetId()))
	for _, s := range c.subnetsOf(link) {
		n.Subnetworks = append(n.Subnetworks, s.link)
	}
	for _, p := range n.Peerings {
		showPeering(c, p, link)
	}
}

// ownedRange is a range of addresses with the subnetwork that has it.
type ownedRange struct {
	prefix netip.Prefix
	owner  string
}

// placedSubnet is a subnetwork with its URL and region.
type placedSubnet struct {
	*Held[*computepb.Subnetwork]
	link, region string
}

// subnetsOf are the subnetworks of a network of the call's project, in every region, those under way included.
func (c *call) subnetsOf(network string) []placedSubnet {
	var all []placedSubnet
	for _, region := range regionNames() {
		if c.cloud.state.Regions[c.Project+"/"+region] == nil {
			continue
		}
		objects := subnetworks.in(c, region)
		for _, name := range control.SortedKeys(objects) {
			if objects[name].Body.GetNetwork() == network {
				all = append(all, placedSubnet{objects[name], subnetworks.link(c, region, name), region})
			}
		}
	}
	return all
}

// rangesOf are the ranges of a network's subnetworks, secondary ones included.
func (c *call) rangesOf(network string) []ownedRange {
	var all []ownedRange
	for _, s := range c.subnetsOf(network) {
		for _, m := range []*computepb.Subnetwork{s.Body, s.Next} {
			for _, p := range subnetRanges(m) {
				if one := (ownedRange{p, s.link}); !slices.Contains(all, one) {
					all = append(all, one)
				}
			}
		}
	}
	return all
}

func cloned[M proto.Message](m M) M {
	out, ok := proto.Clone(m).(M)
	if !ok {
		panic(fmt.Sprintf("sandbox: a clone of %T has another type", m))
	}
	return out
}
