package gcp

import (
	"slices"

	"google.golang.org/protobuf/proto"

	"cloud.google.com/go/compute/apiv1/computepb"

	"github.com/modelserving/terraform-provider-serving/internal/sandbox/control"
)

// A forwarding rule, the services behind its URL map and whatever is in between are one load balancer and have one scheme: whoever
// changes a link of that chain is held against both of its ends. An object counts as it is and as it will be.

// versions are an object as it is and, while a change is under way, as it will be.
func versions[M proto.Message](h *Held[M]) []M {
	all := []M{h.Body}
	if h.Next.ProtoReflect().IsValid() {
		all = append(all, h.Next)
	}
	return all
}

// schemesBehind are the load balancing schemes of the services that URL maps refer to; a map that only redirects has none.
func (c *call) schemesBehind(maps ...*computepb.UrlMap) []string {
	var all []string
	for _, u := range maps {
		for _, b := range c.servicesOf(u) {
			all = append(all, b.GetLoadBalancingScheme())
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// mapsAt are the versions of the URL map that a link leads to.
func (c *call) mapsAt(link string) []*computepb.UrlMap {
	t, ok := c.parseTarget(link)
	if h := urlMaps.in(c, c.Location)[t.name]; ok && h != nil {
		return versions(h)
	}
	return nil
}

// proxiesOf are the links of the proxies that lead to a URL map.
func (c *call) proxiesOf(urlMap string) []string {
	var all []string
	add := func(plural, name string, m interface{ GetUrlMap() string }) {
		if m.GetUrlMap() == urlMap {
			all = append(all, target{c.Project, c.Location, plural, name}.link())
		}
	}
	for name, h := range httpProxies.in(c, c.Location) {
		for _, p := range versions(h) {
			add(httpProxies.plural, name, p)
		}
	}
	for name, h := range httpsProxies.in(c, c.Location) {
		for _, p := range versions(h) {
			add(httpsProxies.plural, name, p)
		}
	}
	return all
}

// checkSchemeOf refuses a change after which a forwarding rule would lead to services of another scheme than its own: proxies are
// the links of those that lead to the changed map or to another one, and behind is what is there then.
func (c *call) checkSchemeOf(field, reference string, proxies, behind []string) error {
	for _, name := range control.SortedKeys(forwardingRules.in(c, c.Location)) {
		for _, rule := range versions(forwardingRules.in(c, c.Location)[name]) {
			scheme := rule.GetLoadBalancingScheme()
			if i := slices.IndexFunc(behind, func(s string) bool { return s != scheme }); i >= 0 && slices.Contains(proxies, rule.GetTarget()) {
				return invalid(field, reference, "The load balancing scheme %s of its backend services does not match that of forwarding rule '%s', %s.",
					behind[i], forwardingRules.path(c, c.Location, name), scheme)
			}
		}
	}
	return nil
}

// checkMapScheme refuses a URL map with services of two schemes, or of another one than that of the rules that lead to it.
func (c *call) checkMapScheme(u *computepb.UrlMap) error {
	behind := c.schemesBehind(u)
	if len(behind) > 1 {
		return invalid("resource.defaultService", u.GetDefaultService(), "The backend services of a URL map must have the same load balancing scheme; there are %v.", behind)
	}
	return c.checkSchemeOf("resource.defaultService", u.GetDefaultService(), c.proxiesOf(urlMaps.link(c, c.Location, u.GetName())), behind)
}

// checkProxyScheme refuses a URL map of another scheme for a proxy that a rule leads to.
func (c *call) checkProxyScheme(proxy, urlMap string) error {
	return c.checkSchemeOf("resource.urlMap", urlMap, []string{proxy}, c.schemesBehind(c.mapsAt(urlMap)...))
}
