package gcp

import (
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"cloud.google.com/go/compute/apiv1/computepb"
	"google.golang.org/protobuf/proto"
)

// verdict is what a load balancer does with one request: a copy out of the state, which may change meanwhile.
type verdict struct {
	secure bool
	// address is the forwarding rule's.
	address string
	// status and reason are an answer of the load balancer itself; zero is none.
	status int
	reason string
	// redirect is set, or service.
	redirect *computepb.HttpRedirectAction
	service  *serviceView
}

// serve answers a request at a forwarding rule.
func (b *balancer) serve(w http.ResponseWriter, r *http.Request) {
	route := b.route(r)
	switch {
	case route == nil:
		// The rule went away under an open connection.
		panic(http.ErrAbortHandler)
	case route.status != 0:
		answer(w, route.status, route.reason)
	case route.redirect != nil:
		redirect(w, r, route)
	default:
		b.forward(route, w, r)
	}
}

// route decides about a request.
func (b *balancer) route(r *http.Request) *verdict {
	cloud := b.plane.cloud
	cloud.mu.Lock()
	defer cloud.mu.Unlock()
	cloud.settle()
	at := cloud.view(b.rule.project, b.rule.location)
	rule := forwardingRules.in(at, at.Location)[b.rule.name]
	proxy, _ := at.proxyOf(b.rule.name).(interface{ GetUrlMap() string })
	if rule == nil || proxy == nil {
		return nil
	}
	out := &verdict{secure: b.secure, address: rule.Body.GetIPAddress()}
	if at.activeProxySubnet(at.Location, rule.Body.GetNetwork()) == nil {
		out.status, out.reason = http.StatusServiceUnavailable, "the network has no active proxy-only subnetwork in "+at.Location
		return out
	}
	t, _ := at.parseTarget(proxy.GetUrlMap())
	urlMap := urlMaps.in(at, at.Location)[t.name]
	if urlMap == nil {
		out.status, out.reason = http.StatusNotFound, "the URL map does not exist"
		return out
	}
	service, redirect, known := urlTarget(urlMap.Body, r)
	if redirect != nil {
		out.redirect = proto.CloneOf(redirect)
		return out
	}
	if out.service = at.serviceView(service, rule.Body); out.service == nil {
		out.status, out.reason = http.StatusServiceUnavailable, "the backend service does not exist"
		return out
	}
	out.status, out.reason = at.armour(out.service.body, r)
	if status := abortOf(urlMap.Body); out.status == 0 && !known && status != 0 {
		out.status, out.reason = status, "fault filter abort: no host rule of the URL map is for "+r.Host
	}
	return out
}

// proxyOf is the target proxy of a forwarding rule, or nil.
func (c *call) proxyOf(rule string) proto.Message {
	held := forwardingRules.in(c, c.Location)[rule]
	if held == nil {
		return nil
	}
	t, _ := c.parseTarget(held.Body.GetTarget())
	if p := httpsProxies.in(c, c.Location)[t.name]; p != nil && t.plural == httpsProxies.plural {
		return p.Body
	}
	if p := httpProxies.in(c, c.Location)[t.name]; p != nil && t.plural == httpProxies.plural {
		return p.Body
	}
	return nil
}

// urlTarget is where a URL map sends a request: to a service or to another URL. Known says that a host rule is for it.
func urlTarget(m *computepb.UrlMap, r *http.Request) (service string, redirect *computepb.HttpRedirectAction, known bool) {
	host := strings.ToLower(r.Host)
	if name, _, ok := strings.Cut(host, ":"); ok {
		host = name
	}
	best, length := "", -1
	for _, rule := range m.HostRules {
		for _, pattern := range rule.Hosts {
			// The longest pattern that fits wins, and "*" is the shortest.
			if hostFits(strings.ToLower(pattern), host) && len(pattern) > length {
				best, length = rule.GetPathMatcher(), len(pattern)
			}
		}
	}
	i := slices.IndexFunc(m.PathMatchers, func(p *computepb.PathMatcher) bool { return p.GetName() == best })
	if length < 0 || i < 0 {
		return m.GetDefaultService(), m.DefaultUrlRedirect, false
	}
	matcher := m.PathMatchers[i]
	service, redirect, length = matcher.GetDefaultService(), matcher.DefaultUrlRedirect, -1
	for _, rule := range matcher.PathRules {
		for _, pattern := range rule.Paths {
			prefix, wild := strings.CutSuffix(pattern, "*")
			if fits := pattern == r.URL.Path || wild && strings.HasPrefix(r.URL.Path+"/", prefix); fits && len(pattern) > length {
				service, redirect, length = rule.GetService(), rule.UrlRedirect, len(pattern)
			}
		}
	}
	return service, redirect, true
}

// hostFits matches "example.com", "*.example.com" and "*".
func hostFits(pattern, host string) bool {
	tail, wild := strings.CutPrefix(pattern, "*")
	return pattern == host || pattern == "*" || wild && strings.HasSuffix(host, tail) && len(host) > len(tail)
}

// armour is what the security policy of a backend service answers instead of the service; zero is nothing.
func (c *call) armour(service *computepb.BackendService, r *http.Request) (int, string) {
	if service.SecurityPolicy == nil {
		return 0, ""
	}
	t, _ := c.parseTarget(service.GetSecurityPolicy())
	held := securityPolicies.in(c, c.Location)[t.name]
	if held == nil {
		return 0, ""
	}
	from, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return http.StatusForbidden, "the caller has no address"
	}
	rules := slices.Clone(held.Body.Rules)
	slices.SortStableFunc(rules, func(a, b *computepb.SecurityPolicyRule) int { return int(a.GetPriority()) - int(b.GetPriority()) })
	for _, rule := range rules {
		fits := slices.ContainsFunc(rule.GetMatch().GetConfig().GetSrcIpRanges(), func(text string) bool {
			p, err := netip.ParsePrefix(text)
			return text == "*" || text == from.Addr().Unmap().String() || err == nil && p.Contains(from.Addr().Unmap())
		})
		if !fits || rule.GetPreview() {
			continue
		}
		code, denies := strings.CutPrefix(rule.GetAction(), "deny(")
		if !denies {
			return 0, ""
		}
		status, err := strconv.Atoi(strings.TrimSuffix(code, ")"))
		if err != nil {
			status = http.StatusForbidden
		}
		return status, "rule " + strconv.Itoa(int(rule.GetPriority())) + " of security policy " + t.name + " denies " + from.Addr().String()
	}
	return 0, ""
}

// reasonHeader tells people what a real load balancer or network keeps to itself.
const reasonHeader = "X-Sandbox-Reason"

// answer is a load balancer's own answer.
func answer(w http.ResponseWriter, status int, reason string) {
	body := strings.ToLower(http.StatusText(status))
	if status == http.StatusServiceUnavailable {
		body = "no healthy upstream"
	}
	w.Header().Set(reasonHeader, strings.Join(strings.Fields(reason), " "))
	w.Header().Set("Content-Type", "text/plain")
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	w.Header().Set("Via", "1.1 google")
	w.WriteHeader(status)
	_, _ = w.Write([]byte(body))
}

// redirectCodes are the statuses of HttpRedirectAction.
var redirectCodes = map[string]int{
	"MOVED_PERMANENTLY_DEFAULT": 301, "FOUND": 302, "SEE_OTHER": 303, "TEMPORARY_REDIRECT": 307, "PERMANENT_REDIRECT": 308,
}

// redirect sends a client elsewhere.
func redirect(w http.ResponseWriter, r *http.Request, route *verdict) {
	to := route.redirect
	host, _, _ := strings.Cut(r.Host, ":")
	u := url.URL{Scheme: "http", Host: host, Path: r.URL.Path, RawPath: r.URL.RawPath, RawQuery: r.URL.RawQuery}
	if route.secure || to.GetHttpsRedirect() {
		u.Scheme = "https"
	}
	if h := to.GetHostRedirect(); h != "" {
		u.Host = h
	}
	if p := to.GetPathRedirect(); p != "" {
		u.Path, u.RawPath = p, ""
	} else if p := to.GetPrefixRedirect(); p != "" {
		u.Path, u.RawPath = p+strings.TrimPrefix(r.URL.Path, "/"), ""
	}
	if to.GetStripQuery() {
		u.RawQuery = ""
	}
	status := redirectCodes[to.GetRedirectResponseCode()]
	if status == 0 {
		status = http.StatusMovedPermanently
	}
	w.Header().Set("Location", u.String())
	w.Header().Set("Via", "1.1 google")
	w.WriteHeader(status)
}
