package gcp

import (
	"fmt"
	"slices"
	"strconv"

	"cloud.google.com/go/compute/apiv1/computepb"
)

var routers = newCollection(&collection[*computepb.Router]{
	plural: "routers", title: "router", scope: inRegion, quota: "compute.routers", metric: "ROUTERS",
	objects:   func(s *computeState) map[string]*Held[*computepb.Router] { return s.Routers },
	immutable: []string{"network", "encryptedInterconnectRouter"},
})

func init() {
	const service = "google.cloud.compute.v1.Routers"
	handleChange(service+".Insert", (*call).insertRouter)
	handleChange(service+".Patch", func(c *call, in *computepb.PatchRouterRequest) (*computepb.Operation, error) {
		return c.changeRouter(in.GetRouter(), nil, "routers.patch")
	})
	handleChange(service+".Update", func(c *call, in *computepb.UpdateRouterRequest) (*computepb.Operation, error) {
		return c.changeRouter(in.GetRouter(), in.GetRouterResource(), "routers.update")
	})
	serveGet(service, routers, (*computepb.GetRouterRequest).GetRouter)
	serveDelete(service, routers, (*computepb.DeleteRouterRequest).GetRouter)
	serveList[*computepb.Router, *computepb.ListRoutersRequest](service, routers, func(items []*computepb.Router, next, id *string) *computepb.RouterList {
		return &computepb.RouterList{Items: items, NextPageToken: next, Id: id}
	})
	serveAggregatedList[*computepb.Router, *computepb.RoutersScopedList, *computepb.AggregatedListRoutersRequest](service, routers, regionScopes,
		func(items []*computepb.Router, none *computepb.Warning) *computepb.RoutersScopedList {
			return &computepb.RoutersScopedList{Routers: items, Warning: none}
		}, func(items map[string]*computepb.RoutersScopedList, next, id *string) *computepb.RouterAggregatedList {
			return &computepb.RouterAggregatedList{Items: items, NextPageToken: next, Id: id}
		})
	handle(service+".GetRouterStatus", (*call).getRouterStatus)
}

func (c *call) insertRouter(in *computepb.InsertRouterRequest) (*computepb.Operation, error) {
	r := in.GetRouterResource()
	if err := c.completeRouter(r); err != nil {
		return nil, err
	}
	count := 0
	for _, h := range routers.in(c, c.Location) {
		if h.Body.GetNetwork() == r.GetNetwork() {
			count++
		}
	}
	if limit := c.quota("compute.routers_per_network_and_region"); count >= limit {
		return nil, quotaExceeded("ROUTERS_PER_NETWORK_REGION", limit, "in region "+c.Location+".")
	}
	return routers.insert(c, r)
}

func (c *call) changeRouter(name string, whole *computepb.Router, delay string) (*computepb.Operation, error) {
	h, err := routers.ready(c, name)
	if err != nil {
		return nil, err
	}
	next := whole
	if next == nil {
		if next, err = mergePatch(h.Body, c.body); err != nil {
			return nil, err
		}
	}
	if next.Name == nil {
		next.Name = h.Body.Name
	}
	if err := c.completeRouter(next); err != nil {
		return nil, err
	}
	return routers.replace(c, h, next, delay)
}

// completeRouter checks a router with its gateways and adds what Compute Engine fills in.
func (c *call) completeRouter(r *computepb.Router) error {
	_, link, err := networks.refer(c, "resource.network", r.GetNetwork())
	if err != nil {
		return err
	}
	r.Network, r.Params = new(link), nil
	switch {
	case len(r.Interfaces) > 0, len(r.BgpPeers) > 0, r.Bgp != nil, len(r.Md5AuthenticationKeys) > 0, r.NccGateway != nil:
		return unsupported("resource.bgp")
	case r.GetEncryptedInterconnectRouter():
		return unsupported("resource.encryptedInterconnectRouter")
	case len(r.Nats) > c.quota("compute.nats_per_router"):
		return quotaExceeded("NATS_PER_ROUTER", c.quota("compute.nats_per_router"), "in region "+c.Location+".")
	}
	names := map[string]bool{}
	for i, nat := range r.Nats {
		field := fmt.Sprintf("resource.nats[%d]", i)
		if !pattern(namePattern).MatchString(nat.GetName()) || names[nat.GetName()] {
			return invalid(field+".name", nat.GetName(), "It must be unique and a match of regex '%s'", namePattern)
		}
		names[nat.GetName()] = true
		if err := c.completeNat(field, r, nat); err != nil {
			return err
		}
	}
	return nil
}

func (c *call) completeNat(field string, r *computepb.Router, nat *computepb.RouterNat) error {
	switch {
	case nat.GetType() == "PRIVATE", len(nat.Rules) > 0, nat.SourceSubnetworkIpRangesToNat64 != nil, len(nat.DrainNatIps) > 0:
		return unsupported(field + ".type")
	case nat.SourceSubnetworkIpRangesToNat == nil:
		return required(field + ".sourceSubnetworkIpRangesToNat")
	case nat.NatIpAllocateOption == nil:
		return required(field + ".natIpAllocateOption")
	case nat.GetNatIpAllocateOption() == "AUTO_ONLY" && len(nat.NatIps) > 0:
		return invalid(field+".natIps", nat.NatIps[0], "Addresses cannot be given when they are allocated automatically.")
	case nat.GetNatIpAllocateOption() == "MANUAL_ONLY" && len(nat.NatIps) == 0:
		return required(field + ".natIps")
	case nat.GetEnableDynamicPortAllocation() && nat.GetEnableEndpointIndependentMapping():
		return invalid(field+".enableDynamicPortAllocation", "true", "It cannot be combined with endpoint-independent mapping.")
	}
	for name, value := range map[string]*int32{"minPortsPerVm": nat.MinPortsPerVm, "maxPortsPerVm": nat.MaxPortsPerVm} {
		if value != nil && (*value < 2 || *value > 65536) {
			return invalid(field+"."+name, strconv.Itoa(int(*value)), "Must be between 2 and 65536.")
		}
	}
	if nat.Type == nil {
		nat.Type = new("PUBLIC")
	}
	if nat.EnableEndpointIndependentMapping == nil {
		nat.EnableEndpointIndependentMapping = new(false)
	}
	if len(nat.EndpointTypes) == 0 {
		nat.EndpointTypes = []string{"ENDPOINT_TYPE_VM"}
	}
	for i, ip := range nat.NatIps {
		h, link, err := addresses.refer(c, fmt.Sprintf("%s.natIps[%d]", field, i), ip)
		if err != nil {
			return err
		}
		if h.Body.GetAddressType() != "EXTERNAL" {
			return invalid(field+".natIps", ip, "The address must be external.")
		}
		nat.NatIps[i] = link
	}
	return c.completeNatSubnets(field, r, nat)
}

func (c *call) completeNatSubnets(field string, r *computepb.Router, nat *computepb.RouterNat) error {
	if listed := nat.GetSourceSubnetworkIpRangesToNat() == "LIST_OF_SUBNETWORKS"; listed != (len(nat.Subnetworks) > 0) {
		return invalid(field+".subnetworks", "", "Subnetworks must be listed if, and only if, sourceSubnetworkIpRangesToNat is LIST_OF_SUBNETWORKS.")
	}
	for _, other := range c.natsBeside(r, nat) {
		if excludesNats(nat, other) || excludesNats(other, nat) {
			return invalid(field+".sourceSubnetworkIpRangesToNat", nat.GetSourceSubnetworkIpRangesToNat(),
				"Gateway '%s' is in the same network and region: beside one that translates all IP ranges there can be no other, and all primary ranges can have one only.", other.GetName())
		}
	}
	for i, s := range nat.Subnetworks {
		h, link, err := subnetworks.refer(c, fmt.Sprintf("%s.subnetworks[%d].name", field, i), s.GetName())
		if err != nil {
			return err
		}
		if h.Body.GetNetwork() != r.GetNetwork() {
			return invalid(field+".subnetworks", s.GetName(), "The subnetwork must be in the router's network.")
		}
		s.Name = new(link)
		if len(s.SourceIpRangesToNat) == 0 {
			return required(field + ".subnetworks.sourceIpRangesToNat")
		}
		for _, name := range s.SecondaryIpRangeNames {
			if !slices.ContainsFunc(h.Body.SecondaryIpRanges, func(r *computepb.SubnetworkSecondaryRange) bool { return r.GetRangeName() == name }) {
				return invalid(field+".subnetworks.secondaryIpRangeNames", name, "The subnetwork has no such range.")
			}
		}
	}
	return nil
}

// natsBeside are the other gateways of a router's network and region: its own, and those of other routers.
func (c *call) natsBeside(r *computepb.Router, nat *computepb.RouterNat) []*computepb.RouterNat {
	beside := slices.DeleteFunc(slices.Clone(r.Nats), func(own *computepb.RouterNat) bool { return own == nat })
	for name, h := range routers.in(c, c.Location) {
		if name == r.GetName() || h.Body.GetNetwork() != r.GetNetwork() {
			continue
		}
		for _, other := range versions(h) {
			beside = append(beside, other.Nats...)
		}
	}
	return beside
}

// excludesNats reports whether a gateway leaves another one nothing: "if this field contains ALL_SUBNETWORKS_ALL_IP_RANGES then there
// should not be any other Router.Nat section in any Router for this network in this region".
func excludesNats(nat, other *computepb.RouterNat) bool {
	all := nat.GetSourceSubnetworkIpRangesToNat()
	return all == "ALL_SUBNETWORKS_ALL_IP_RANGES" || all != "LIST_OF_SUBNETWORKS" && all == other.GetSourceSubnetworkIpRangesToNat()
}

// getRouterStatus shows the addresses that gateways translate to.
func (c *call) getRouterStatus(in *computepb.GetRouterStatusRouterRequest) (*computepb.RouterStatusResponse, error) {
	h, err := routers.get(c, in.GetRouter())
	if err != nil {
		return nil, err
	}
	status := &computepb.RouterStatus{Network: h.Body.Network}
	for _, nat := range h.Body.Nats {
		one := &computepb.RouterStatusNatStatus{Name: nat.Name, UserAllocatedNatIpResources: nat.NatIps}
		for _, link := range nat.NatIps {
			if t, ok := c.parseTarget(link); ok && addresses.in(c, t.location)[t.name] != nil {
				one.UserAllocatedNatIps = append(one.UserAllocatedNatIps, addresses.in(c, t.location)[t.name].Body.GetAddress())
			}
		}
		status.NatStatus = append(status.NatStatus, one)
	}
	return &computepb.RouterStatusResponse{Result: status}, nil
}
