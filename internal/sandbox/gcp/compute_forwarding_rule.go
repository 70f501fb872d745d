package gcp

import (
	"strconv"
	"strings"

	"cloud.google.com/go/compute/apiv1/computepb"
)

var forwardingRules = newCollection(&collection[*computepb.ForwardingRule]{
	plural: "forwardingRules", title: "forwarding rule", scope: inRegion, quota: "compute.forwarding_rules", metric: "FORWARDING_RULES",
	objects: func(s *computeState) map[string]*Held[*computepb.ForwardingRule] { return s.ForwardingRules },
	// "Currently, you can only patch the network_tier field"; allowGlobalAccess "cannot be changed" for the schemes that are here.
	mutable: []string{"networkTier"},
})

func init() {
	const service = "google.cloud.compute.v1.ForwardingRules"
	handleChange(service+".Insert", (*call).insertForwardingRule)
	handleChange(service+".Patch", (*call).patchForwardingRule)
	handleChange(service+".SetTarget", (*call).setTarget)
	handleChange(service+".SetLabels", func(c *call, in *computepb.SetLabelsForwardingRuleRequest) (*computepb.Operation, error) {
		body := in.GetRegionSetLabelsRequestResource()
		return setLabels(c, forwardingRules, in.GetResource(), body.GetLabelFingerprint(), body.GetLabels(),
			func(next *computepb.ForwardingRule) { next.Labels = body.GetLabels() })
	})
	serveGet(service, forwardingRules, (*computepb.GetForwardingRuleRequest).GetForwardingRule)
	serveDelete(service, forwardingRules, (*computepb.DeleteForwardingRuleRequest).GetForwardingRule)
	serveList[*computepb.ForwardingRule, *computepb.ListForwardingRulesRequest](service, forwardingRules,
		func(items []*computepb.ForwardingRule, next, id *string) *computepb.ForwardingRuleList {
			return &computepb.ForwardingRuleList{Items: items, NextPageToken: next, Id: id}
		})
	serveAggregatedList[*computepb.ForwardingRule, *computepb.ForwardingRulesScopedList, *computepb.AggregatedListForwardingRulesRequest](
		service, forwardingRules, regionScopes,
		func(items []*computepb.ForwardingRule, none *computepb.Warning) *computepb.ForwardingRulesScopedList {
			return &computepb.ForwardingRulesScopedList{ForwardingRules: items, Warning: none}
		}, func(items map[string]*computepb.ForwardingRulesScopedList, next, id *string) *computepb.ForwardingRuleAggregatedList {
			return &computepb.ForwardingRuleAggregatedList{Items: items, NextPageToken: next, Id: id}
		})
}

func (c *call) insertForwardingRule(in *computepb.InsertForwardingRuleRequest) (*computepb.Operation, error) {
	f := in.GetForwardingRuleResource()
	if f.IPProtocol == nil {
		f.IPProtocol = new("TCP")
	}
	if f.IpVersion == nil {
		f.IpVersion = new("IPV4")
	}
	if err := checkForwardingRuleKind(f); err != nil {
		return nil, err
	}
	if err := checkLabels("resource.labels", f.Labels); err != nil {
		return nil, err
	}
	port, err := strconv.Atoi(strings.SplitN(f.GetPortRange(), "-", 2)[0])
	if same := strconv.Itoa(port); err != nil || port < 1 || port > 65535 || f.GetPortRange() != same && f.GetPortRange() != same+"-"+same {
		return nil, invalid("resource.portRange", f.GetPortRange(), "It must be a single port.")
	}
	f.PortRange = new(strconv.Itoa(port) + "-" + strconv.Itoa(port))
	if err := c.completeForwardingNetwork(f); err != nil {
		return nil, err
	}
	link, err := c.referProxy(f.GetTarget(), f.GetLoadBalancingScheme())
	if err != nil {
		return nil, err
	}
	f.Target = new(link)
	if err := forwardingRules.vacant(c, f.GetName()); err != nil {
		return nil, err
	}
	if err := c.completeForwardingAddress(f); err != nil {
		return nil, err
	}
	return forwardingRules.insert(c, f)
}

// checkForwardingRuleKind refuses the rules of what is no regional Application Load Balancer.
func checkForwardingRuleKind(f *computepb.ForwardingRule) error {
	switch scheme := f.GetLoadBalancingScheme(); {
	case scheme != "EXTERNAL_MANAGED" && scheme != "INTERNAL_MANAGED":
		return unsupported("resource.loadBalancingScheme")
	case f.BackendService != nil || f.GetAllPorts() || len(f.Ports) > 0:
		return invalid("resource.backendService", f.GetBackendService(), "A rule of the load balancing scheme %s has a target and a portRange.", scheme)
	case f.GetIPProtocol() != "TCP":
		return invalid("resource.IPProtocol", f.GetIPProtocol(), "It must be TCP for the load balancing scheme %s.", scheme)
	case f.GetIpVersion() != "IPV4", len(f.SourceIpRanges) > 0, f.ServiceLabel != nil, len(f.ServiceDirectoryRegistrations) > 0, f.IpCollection != nil:
		return unsupported("resource.ipVersion")
	case f.AllowGlobalAccess != nil && scheme != "INTERNAL_MANAGED":
		return invalid("resource.allowGlobalAccess", strconv.FormatBool(f.GetAllowGlobalAccess()), "It is only for internal load balancers.")
	case f.PortRange == nil:
		return required("resource.portRange")
	}
	return nil
}

// completeForwardingNetwork finds the network of a rule, which has to have a subnetwork for proxies.
func (c *call) completeForwardingNetwork(f *computepb.ForwardingRule) error {
	if f.GetLoadBalancingScheme() == "INTERNAL_MANAGED" {
		s, link, err := subnetworks.refer(c, "resource.subnetwork", f.GetSubnetwork())
		if err != nil {
			return err
		}
		if s.Body.GetPurpose() != "PRIVATE" {
			return invalid("resource.subnetwork", f.GetSubnetwork(), "A subnetwork of purpose %s has no addresses for this.", s.Body.GetPurpose())
		}
		if f.Network != nil {
			if t, ok := c.parseTarget(f.GetNetwork()); !ok || t.link() != s.Body.GetNetwork() {
				return invalid("resource.network", f.GetNetwork(), "The subnetwork is in another network.")
			}
		}
		f.Subnetwork, f.Network = new(link), s.Body.Network
		if f.AllowGlobalAccess == nil {
			f.AllowGlobalAccess = new(false)
		}
	} else {
		if f.Subnetwork != nil {
			return invalid("resource.subnetwork", f.GetSubnetwork(), "It is only for internal load balancers.")
		}
		_, link, err := networks.refer(c, "resource.network", f.GetNetwork())
		if err != nil {
			return err
		}
		f.Network = new(link)
	}
	if c.activeProxySubnet(c.Location, f.GetNetwork()) == nil {
		return invalid("resource.network", f.GetNetwork(), "An active proxy-only subnetwork is required in the same region and VPC as the forwarding rule.")
	}
	return nil
}

// referProxy finds the proxy that a rule forwards to, and checks that the services behind it are of the rule's scheme.
func (c *call) referProxy(reference, scheme string) (string, error) {
	t, ok := c.parseTarget(reference)
	if reference == "" {
		return "", required("resource.target")
	}
	if !ok {
		return "", invalid("resource.target", reference, "The URL is malformed.")
	}
	var behind []*computepb.UrlMap
	link := ""
	switch t.plural {
	case httpProxies.plural:
		h, to, err := httpProxies.refer(c, "resource.target", reference)
		if err != nil {
			return "", err
		}
		link = to
		for _, p := range versions(h) {
			behind = append(behind, c.mapsAt(p.GetUrlMap())...)
		}
	case httpsProxies.plural:
		h, to, err := httpsProxies.refer(c, "resource.target", reference)
		if err != nil {
			return "", err
		}
		link = to
		for _, p := range versions(h) {
			behind = append(behind, c.mapsAt(p.GetUrlMap())...)
		}
	default:
		return "", invalid("resource.target", reference, "Unexpected resource collection; it must be a regional target HTTP or HTTPS proxy.")
	}
	for _, other := range c.schemesBehind(behind...) {
		if other != scheme {
			return "", invalid("resource.target", reference, "The load balancing scheme %s of its backend services does not match the forwarding rule's.", other)
		}
	}
	return link, nil
}

// servicesOf are the backend services that a URL map refers to.
func (c *call) servicesOf(u *computepb.UrlMap) []*computepb.BackendService {
	var all []*computepb.BackendService
	eachText(u.ProtoReflect(), func(text string) {
		if t, ok := c.parseTarget(text); ok && t.plural == backendServices.plural {
			if h := backendServices.in(c, t.location)[t.name]; h != nil {
				all = append(all, h.Body)
			}
		}
	})
	return all
}

func (c *call) patchForwardingRule(in *computepb.PatchForwardingRuleRequest) (*computepb.Operation, error) {
	h, err := forwardingRules.ready(c, in.GetForwardingRule())
	if err != nil {
		return nil, err
	}
	if given := in.GetForwardingRuleResource().GetFingerprint(); given != fingerprint(h.Body) {
		return nil, staleFingerprint()
	}
	delete(c.body, "fingerprint")
	delete(c.body, "labelFingerprint")
	next, err := mergePatch(h.Body, c.body)
	if err != nil {
		return nil, err
	}
	if err := c.checkTier(next); err != nil {
		return nil, err
	}
	return forwardingRules.replace(c, h, next, "forwardingRules.patch")
}

func (c *call) setTarget(in *computepb.SetTargetForwardingRuleRequest) (*computepb.Operation, error) {
	h, err := forwardingRules.ready(c, in.GetForwardingRule())
	if err != nil {
		return nil, err
	}
	link, err := c.referProxy(in.GetTargetReferenceResource().GetTarget(), h.Body.GetLoadBalancingScheme())
	if err != nil {
		return nil, err
	}
	next := cloned(h.Body)
	next.Target, h.Next = new(link), next
	return startOperation(c, forwardingRules, h, "update", "forwardingRules.setTarget"), nil
}
