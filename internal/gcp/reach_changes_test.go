package gcp

import (
	"fmt"
	"math"
	"net/http"

	"cloud.google.com/go/compute/apiv1/computepb"
	"google.golang.org/protobuf/proto"

	"github.com/modelserving/terraform-provider-serving/internal/sandbox/control"
	"github.com/modelserving/terraform-provider-serving/internal/serving"
)

// peer joins two networks, at times by half or not at all, and at times as the provider
// does.
func (w *randomWorld) peer(a, b *randomNetwork) error {
	if w.chance(0.1) {
		return nil
	}
	if a == w.networks[0] && w.chance(0.5) {
		peering := serving.Peering{
			Cluster: w.cluster.ID(), Accept: serving.AcceptAuto, DNS: true, Peer: serving.Peer{VPC: b.name, Project: b.projectArgument, ImpersonateServiceAccount: b.account},
		}
		_, err := w.b.CreatePeering(w.t.Context(), peering)
		if err != nil || w.chance(0.6) {
			return err
		}
		name := peeringName(a.project, peering)
		return w.changeHalf(pick(w, a, b), name)
	}
	for _, side := range [][2]*randomNetwork{{a, b}, {b, a}} {
		if w.chance(0.05) {
			continue
		}
		half := w.half(fmt.Sprintf("to-%s", side[1].name))
		half.Network, half.ExchangeSubnetRoutes = proto.String(computeLink(side[1].global("networks", side[1].name))), proto.Bool(true)
		op, err := side[0].compute.networks.AddPeering(w.t.Context(), &computepb.AddPeeringNetworkRequest{
			Project: side[0].project, Network: side[0].name, NetworksAddPeeringRequestResource: &computepb.NetworksAddPeeringRequest{NetworkPeering: half},
		})
		if err := side[0].done(w.t.Context(), op, err); err != nil {
			return err
		}
	}
	return nil
}

// half is one with random exchange of routes; what is not said is the API's own choice.
func (w *randomWorld) half(name string) *computepb.NetworkPeering {
	maybe := func() *bool { return pick(w, nil, proto.Bool(true), proto.Bool(false)) }
	return &computepb.NetworkPeering{
		Name: &name, ExportCustomRoutes: maybe(), ImportCustomRoutes: maybe(), ExportSubnetRoutesWithPublicIp: maybe(), ImportSubnetRoutesWithPublicIp: maybe(),
	}
}

// changeHalf spoils or removes one side of the provider's peering.
func (w *randomWorld) changeHalf(n *randomNetwork, name string) error {
	if w.chance(0.3) {
		op, err := n.compute.networks.RemovePeering(w.t.Context(), &computepb.RemovePeeringNetworkRequest{
			Project: n.project, Network: n.name, NetworksRemovePeeringRequestResource: &computepb.NetworksRemovePeeringRequest{Name: &name},
		})
		return n.done(w.t.Context(), op, err)
	}
	op, err := n.compute.networks.UpdatePeering(w.t.Context(), &computepb.UpdatePeeringNetworkRequest{
		Project: n.project, Network: n.name, NetworksUpdatePeeringRequestResource: &computepb.NetworksUpdatePeeringRequest{NetworkPeering: w.half(name)},
	})
	return n.done(w.t.Context(), op, err)
}

// policyRules adds rules to the security policy, changes its last one, or takes it away.
func (w *randomWorld) policyRules() error {
	c, name, ctx := w.networks[0].client, namesOf(w.cluster).chain, w.t.Context()
	sources := []string{
		"*", "0.0.0.0/0", "10.0.0.0/8", "10.40.0.0/16", "10.50.0.0/20", "10.60.0.0/20", "10.61.3.64/26", "10.62.0.0/16", "10.60.0.0/14", "44.0.0.0/8", "100.64.0.0/10",
		"203.0.113.0/24", "203.0.113.10", "198.51.100.7", "203.0.113.0/25", "203.0.113.200/32", "128.0.0.0/1",
	}
	rule := func(priority int32, action string, ranges ...string) error {
		r := sourceRule(priority, action, ranges)
		r.Preview = proto.Bool(w.chance(0.1))
		op, err := c.compute.securityPolicies.AddRule(ctx, &computepb.AddRuleRegionSecurityPolicyRequest{Project: c.project, Region: c.region, SecurityPolicy: name, SecurityPolicyRuleResource: r})
		return c.done(ctx, op, err)
	}
	if w.chance(0.6) {
		if err := rule(5000, actionAllow, "10.0.0.0/8", "44.0.0.0/8", "45.0.0.0/8", "100.64.0.0/10"); err != nil {
			return err
		}
	}
	for i := range w.r.IntN(4) {
		ranges := []string{pick(w, sources...)}
		if w.chance(0.3) {
			ranges = append(ranges, pick(w, sources...))
		}
		if err := rule(int32(w.r.IntN(6)*1000+i+10), pick(w, actionAllow, actionDeny, "deny(404)"), ranges...); err != nil {
			return err
		}
	}
	if w.chance(0.1) {
		op, err := c.compute.securityPolicies.PatchRule(ctx, &computepb.PatchRuleRegionSecurityPolicyRequest{
			Project: c.project, Region: c.region, SecurityPolicy: name, Priority: proto.Int32(math.MaxInt32), SecurityPolicyRuleResource: sourceRule(math.MaxInt32, actionAllow, []string{"*"}),
		})
		if err := c.done(ctx, op, err); err != nil {
			return err
		}
	}
	if w.chance(0.06) {
		op, err := c.compute.backendServices.SetSecurityPolicy(ctx, &computepb.SetSecurityPolicyRegionBackendServiceRequest{
			Project: c.project, Region: c.region, BackendService: name, SecurityPolicyReferenceResource: &computepb.SecurityPolicyReference{},
		})
		return c.done(ctx, op, err)
	}
	return nil
}

// firewalls spoils the cluster's rule at times, and adds others beside it: proxies and
// health checks come from ranges of their own.
func (w *randomWorld) firewalls() error {
	c, ctx := w.networks[0].client, w.t.Context()
	layout, _ := w.cluster.Network.Ranges()
	proxies := layout.Proxies.String()
	if w.chance(0.25) {
		change := pick(w,
			&computepb.Firewall{Disabled: proto.Bool(true)}, &computepb.Firewall{SourceRanges: probes}, &computepb.Firewall{SourceRanges: []string{proxies}},
			&computepb.Firewall{SourceRanges: append([]string{"10.0.0.0/8"}, probes...)}, &computepb.Firewall{TargetTags: []string{"other"}},
			&computepb.Firewall{Allowed: []*computepb.Allowed{{IPProtocol: proto.String("tcp"), Ports: []string{"30000-32767"}}}},
		)
		change.Name = proto.String(namesOf(w.cluster).firewall)
		op, err := c.compute.firewalls.Patch(ctx, &computepb.PatchFirewallRequest{Project: c.project, Firewall: change.GetName(), FirewallResource: change})
		if err := c.done(ctx, op, err); err != nil {
			return err
		}
	}
	for i := range max(0, w.r.IntN(5)-2) {
		network := computeLink(c.global("networks", w.networks[0].name))
		name, ports := fmt.Sprint("rule-", i), pick(w, nil, []string{"30080"}, []string{"443", "8080"}, []string{"30000-30079"})
		rule := &computepb.Firewall{
			Name: &name, Network: &network, Direction: proto.String("INGRESS"), Priority: proto.Int32(pick[int32](w, 900, 1000, 1100)),
			SourceRanges: []string{pick(w, proxies, "0.0.0.0/0", "35.191.0.0/16", "130.211.0.0/22", "10.40.0.0/16", "192.0.2.0/24")},
		}
		if w.chance(0.5) {
			rule.TargetTags = []string{pick(w, "other", networkTag(w.cluster.Name))}
		}
		if w.chance(0.5) {
			rule.Allowed = []*computepb.Allowed{{IPProtocol: proto.String("tcp"), Ports: ports}}
		} else {
			rule.Denied = []*computepb.Denied{{IPProtocol: proto.String(pick(w, "tcp", "tcp", "udp")), Ports: ports}}
		}
		op, err := c.compute.firewalls.Insert(ctx, &computepb.InsertFirewallRequest{Project: c.project, FirewallResource: rule})
		if err := c.done(ctx, op, err); err != nil {
			return err
		}
	}
	return nil
}

// waysOut changes how a network leads to the Internet.
func (w *randomWorld) waysOut(n *randomNetwork) error {
	ctx := w.t.Context()
	link := computeLink(n.global("networks", n.name))
	if w.chance(0.1) {
		for routes := n.compute.routes.List(ctx, &computepb.ListRoutesRequest{Project: n.project}); ; {
			r, err := routes.Next()
			if err != nil {
				break
			}
			if lastOf(r.GetNetwork()) == n.name && r.GetDestRange() == anywhere {
				op, err := n.compute.routes.Delete(ctx, &computepb.DeleteRouteRequest{Project: n.project, Route: r.GetName()})
				if err := n.done(ctx, op, err); err != nil {
					return err
				}
			}
		}
	}
	hosts, err := n.hosts(ctx)
	if err != nil {
		return err
	}
	for i := range max(0, w.r.IntN(5)-2) {
		name := fmt.Sprintf("%s-%d", n.name, i)
		route := &computepb.Route{
			Name: &name, Network: &link, DestRange: proto.String(pick(w, anywhere, anywhere, "0.0.0.0/1", "128.0.0.0/1", "192.168.0.0/16")), Priority: proto.Uint32(pick[uint32](w, 100, 1000, 2000)),
		}
		if w.chance(0.5) {
			route.NextHopIp = &hosts[0]
		} else {
			route.NextHopGateway = proto.String(computeLink(n.global("gateways", "default-internet-gateway")))
		}
		if w.chance(0.2) {
			route.Tags = []string{"some"}
		}
		op, err := n.compute.routes.Insert(ctx, &computepb.InsertRouteRequest{Project: n.project, RouteResource: route})
		if err := n.done(ctx, op, err); err != nil {
			return err
		}
	}
	if n == w.networks[0] || w.chance(0.3) {
		return nil
	}
	nat := &computepb.RouterNat{
		Name: proto.String("nat"), NatIpAllocateOption: proto.String("AUTO_ONLY"), SourceSubnetworkIpRangesToNat: proto.String(pick(w, "ALL_SUBNETWORKS_ALL_IP_RANGES", "ALL_SUBNETWORKS_ALL_IP_RANGES", "ALL_SUBNETWORKS_ALL_PRIMARY_IP_RANGES", "LIST_OF_SUBNETWORKS")),
	}
	if nat.GetSourceSubnetworkIpRangesToNat() == "LIST_OF_SUBNETWORKS" {
		nat.Subnetworks = []*computepb.RouterNatSubnetworkToNat{{Name: proto.String(computeLink(n.regional("subnetworks", n.name))), SourceIpRangesToNat: []string{"PRIMARY_IP_RANGE"}}}
	}
	op, err := n.compute.routers.Insert(ctx, &computepb.InsertRouterRequest{Project: n.project, Region: n.region, RouterResource: &computepb.Router{
		Name: proto.String(n.name), Network: &link, Nats: []*computepb.RouterNat{nat},
	}})
	return n.done(ctx, op, err)
}

// front changes the load balancer itself: what no operation changes, too, since it may
// have been made so.
func (w *randomWorld) front() error {
	c, ctx, name := w.networks[0].client, w.t.Context(), namesOf(w.cluster).chain
	rule := control.Object{Account: c.project, Region: c.region, Kind: "compute.forwarding_rule", ID: name}
	if w.cluster.Visibility == serving.Private && w.chance(0.3) {
		if err := w.sandbox.Mutate(control.Field{Object: rule, Path: "/allowGlobalAccess", Value: false}); err != nil {
			return err
		}
	}
	if w.chance(0.06) {
		if err := w.otherProxies(); err != nil {
			return err
		}
	}
	if w.chance(0.04) {
		all, err := c.reader.instanceGroups.Get(ctx, everything)
		if err != nil {
			return err
		}
		for _, group := range all {
			op, err := c.compute.instanceGroups.SetNamedPorts(ctx, &computepb.SetNamedPortsInstanceGroupRequest{
				Project: c.project, Zone: lastOf(group.GetZone()), InstanceGroup: group.GetName(), InstanceGroupsSetNamedPortsRequestResource: &computepb.InstanceGroupsSetNamedPortsRequest{
					Fingerprint: group.Fingerprint, NamedPorts: []*computepb.NamedPort{{Name: proto.String(portName), Port: proto.Int32(8080)}},
				},
			})
			if err := c.done(ctx, op, err); err != nil && !isCode(err, http.StatusPreconditionFailed) {
				return err
			}
		}
	}
	if w.chance(0.04) {
		w.gone = true
		op, err := c.compute.forwardingRules.Delete(ctx, &computepb.DeleteForwardingRuleRequest{Project: c.project, Region: c.region, ForwardingRule: name})
		return c.done(ctx, op, err)
	}
	return nil
}

// otherProxies moves the proxies to another subnetwork, which the firewall may not know.
func (w *randomWorld) otherProxies() error {
	c, ctx, name := w.networks[0].client, w.t.Context(), "other-proxies"
	op, err := c.compute.subnetworks.Insert(ctx, &computepb.InsertSubnetworkRequest{Project: c.project, Region: c.region, SubnetworkResource: &computepb.Subnetwork{
		Name: &name, Network: proto.String(computeLink(c.global("networks", w.networks[0].name))), IpCidrRange: proto.String("10.52.0.0/23"), Purpose: proto.String(purposeProxies), Role: proto.String("BACKUP"),
	}})
	if err := c.done(ctx, op, err); err != nil {
		return err
	}
	live, err := c.compute.subnetworks.Get(ctx, &computepb.GetSubnetworkRequest{Project: c.project, Region: c.region, Subnetwork: name})
	if err != nil {
		return err
	}
	op, err = c.compute.subnetworks.Patch(ctx, &computepb.PatchSubnetworkRequest{Project: c.project, Region: c.region, Subnetwork: name, SubnetworkResource: &computepb.Subnetwork{
		Fingerprint: live.Fingerprint, Role: proto.String("ACTIVE"),
	}})
	return c.done(ctx, op, err)
}
