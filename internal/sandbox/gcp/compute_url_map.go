package gcp

import (
	"strconv"
	"strings"

	"cloud.google.com/go/compute/apiv1/computepb"
	"google.golang.org/protobuf/proto"
)

var urlMaps = newCollection(&collection[*computepb.UrlMap]{
	plural: "urlMaps", title: "URL map", scope: inRegion, quota: "compute.url_maps", metric: "URL_MAPS",
	objects: func(s *computeState) map[string]*Held[*computepb.UrlMap] { return s.UrlMaps },
})

func init() {
	const service = "google.cloud.compute.v1.RegionUrlMaps"
	handleChange(service+".Insert", func(c *call, in *computepb.InsertRegionUrlMapRequest) (*computepb.Operation, error) {
		if err := c.completeURLMap(in.GetUrlMapResource()); err != nil {
			return nil, err
		}
		return urlMaps.insert(c, in.GetUrlMapResource())
	})
	handleChange(service+".Patch", func(c *call, in *computepb.PatchRegionUrlMapRequest) (*computepb.Operation, error) {
		return c.changeURLMap(in.GetUrlMap(), in.GetUrlMapResource(), false, "urlMaps.patch")
	})
	handleChange(service+".Update", func(c *call, in *computepb.UpdateRegionUrlMapRequest) (*computepb.Operation, error) {
		return c.changeURLMap(in.GetUrlMap(), in.GetUrlMapResource(), true, "urlMaps.update")
	})
	serveGet(service, urlMaps, (*computepb.GetRegionUrlMapRequest).GetUrlMap)
	serveDelete(service, urlMaps, (*computepb.DeleteRegionUrlMapRequest).GetUrlMap)
	serveList[*computepb.UrlMap, *computepb.ListRegionUrlMapsRequest](service, urlMaps, func(items []*computepb.UrlMap, next, id *string) *computepb.UrlMapList {
		return &computepb.UrlMapList{Items: items, NextPageToken: next, Id: id}
	})
	serveAggregatedList[*computepb.UrlMap, *computepb.UrlMapsScopedList, *computepb.AggregatedListUrlMapsRequest]("google.cloud.compute.v1.UrlMaps", urlMaps, everyScope,
		func(items []*computepb.UrlMap, none *computepb.Warning) *computepb.UrlMapsScopedList {
			return &computepb.UrlMapsScopedList{UrlMaps: items, Warning: none}
		}, func(items map[string]*computepb.UrlMapsScopedList, next, id *string) *computepb.UrlMapsAggregatedList {
			return &computepb.UrlMapsAggregatedList{Items: items, NextPageToken: next, Id: id}
		})
}

func (c *call) changeURLMap(name string, given *computepb.UrlMap, whole bool, delay string) (*computepb.Operation, error) {
	h, err := urlMaps.ready(c, name)
	if err != nil {
		return nil, err
	}
	if given.GetFingerprint() != fingerprint(h.Body) {
		return nil, staleFingerprint()
	}
	next := given
	if !whole {
		delete(c.body, "fingerprint")
		if next, err = mergePatch(h.Body, c.body); err != nil {
			return nil, err
		}
	}
	if next.Name == nil {
		next.Name = h.Body.Name
	}
	if err := c.completeURLMap(next); err != nil {
		return nil, err
	}
	return urlMaps.replace(c, h, next, delay)
}

// completeURLMap checks a URL map with what it refers to.
func (c *call) completeURLMap(u *computepb.UrlMap) error {
	switch {
	case u.HeaderAction != nil, u.DefaultCustomErrorResponsePolicy != nil:
		return unsupported("resource.headerAction")
	case len(u.Tests) > 0:
		return unsupported("resource.tests")
	}
	if err := checkDefaultAction(u); err != nil {
		return err
	}
	service, err := c.completeTarget("resource.default", u.DefaultService, u.DefaultUrlRedirect)
	if err != nil {
		return err
	}
	u.DefaultService = service
	matchers := map[string]bool{}
	for i, m := range u.PathMatchers {
		if !pattern(namePattern).MatchString(m.GetName()) || matchers[m.GetName()] {
			return invalid("resource.pathMatchers["+strconv.Itoa(i)+"].name", m.GetName(), "It must be unique and a match of regex '%s'", namePattern)
		}
		matchers[m.GetName()] = true
		if err := c.completePathMatcher("resource.pathMatchers["+strconv.Itoa(i)+"]", m); err != nil {
			return err
		}
	}
	if err := checkHostRules(u, matchers); err != nil {
		return err
	}
	return c.checkMapScheme(u)
}

// checkDefaultAction checks what a URL map does to requests that no host rule is for: of actions the sandbox knows the one that
// answers in the place of a service (HttpFaultAbort: "The value must be from 200 to 599 inclusive", of 0 to 100 percent).
func checkDefaultAction(u *computepb.UrlMap) error {
	a := u.DefaultRouteAction
	if a == nil {
		return nil
	}
	abort := a.GetFaultInjectionPolicy().GetAbort()
	if !proto.Equal(a, &computepb.HttpRouteAction{FaultInjectionPolicy: &computepb.HttpFaultInjection{Abort: abort}}) || abort == nil {
		return unsupported("resource.defaultRouteAction")
	}
	if s := abort.GetHttpStatus(); s < 200 || s > 599 {
		return invalid("resource.defaultRouteAction.faultInjectionPolicy.abort.httpStatus", strconv.Itoa(int(s)), "It must be from 200 to 599.")
	}
	if p := abort.GetPercentage(); p < 0 || p > 100 {
		return invalid("resource.defaultRouteAction.faultInjectionPolicy.abort.percentage", strconv.FormatFloat(p, 'f', -1, 64), "It must be from 0.0 to 100.0.")
	}
	if u.DefaultService == nil {
		return required("resource.defaultService")
	}
	return nil
}

// abortOf is the status by which a URL map answers requests that no host rule is for, and zero when it hands them over.
func abortOf(u *computepb.UrlMap) int {
	abort := u.GetDefaultRouteAction().GetFaultInjectionPolicy().GetAbort()
	if abort.GetPercentage() < 100 {
		return 0
	}
	return int(abort.GetHttpStatus())
}

func checkHostRules(u *computepb.UrlMap, matchers map[string]bool) error {
	hosts, used := map[string]bool{}, map[string]bool{}
	for i, rule := range u.HostRules {
		field := "resource.hostRules[" + strconv.Itoa(i) + "]"
		if len(rule.Hosts) == 0 {
			return required(field + ".hosts")
		}
		if !matchers[rule.GetPathMatcher()] {
			return invalid(field+".pathMatcher", rule.GetPathMatcher(), "There is no path matcher of that name.")
		}
		used[rule.GetPathMatcher()] = true
		for _, host := range rule.Hosts {
			// A host is a name, perhaps with a port, or has a star in place of its first label.
			if !pattern(`\*|(?:\*[-.])?[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?(?::[0-9]+)?`).MatchString(host) {
				return invalid(field+".hosts", host, "It must be a host name, or one with * in front.")
			}
			if hosts[host] {
				return invalid(field+".hosts", host, "The host is in more than one rule.")
			}
			hosts[host] = true
		}
	}
	for name := range matchers {
		if !used[name] {
			return invalid("resource.pathMatchers", name, "The path matcher is used by no host rule.")
		}
	}
	return nil
}

func (c *call) completePathMatcher(field string, m *computepb.PathMatcher) error {
	if m.DefaultRouteAction != nil || m.HeaderAction != nil || m.DefaultCustomErrorResponsePolicy != nil || len(m.RouteRules) > 0 {
		return unsupported(field + ".routeRules")
	}
	service, err := c.completeTarget(field+".default", m.DefaultService, m.DefaultUrlRedirect)
	if err != nil {
		return err
	}
	m.DefaultService = service
	paths := map[string]bool{}
	for i, rule := range m.PathRules {
		at := field + ".pathRules[" + strconv.Itoa(i) + "]"
		if rule.RouteAction != nil || rule.CustomErrorResponsePolicy != nil {
			return unsupported(at + ".routeAction")
		}
		if rule.Service, err = c.completeTarget(at+".", rule.Service, rule.UrlRedirect); err != nil {
			return err
		}
		if len(rule.Paths) == 0 {
			return required(at + ".paths")
		}
		for _, path := range rule.Paths {
			star := strings.Index(path, "*")
			if !strings.HasPrefix(path, "/") || star >= 0 && (star != len(path)-1 || path[star-1] != '/') || strings.ContainsAny(path, "?#") {
				return invalid(at+".paths", path, "It must begin with / and may have * only at the end, after a /.")
			}
			if paths[path] {
				return invalid(at+".paths", path, "The path is in more than one rule.")
			}
			paths[path] = true
		}
	}
	return nil
}

// completeTarget checks that requests have somewhere to go: to a service or to another URL, and not to both.
func (c *call) completeTarget(field string, service *string, redirect *computepb.HttpRedirectAction) (*string, error) {
	serviceField, redirectField := field+"Service", field+"UrlRedirect"
	if strings.HasSuffix(field, ".") {
		serviceField, redirectField = field+"service", field+"urlRedirect"
	}
	switch {
	case service == nil && redirect == nil:
		return nil, required(serviceField)
	case service != nil && redirect != nil:
		return nil, invalid(redirectField, "", "A service and a redirect exclude each other.")
	case service != nil:
		_, link, err := backendServices.refer(c, serviceField, *service)
		return new(link), err
	}
	if redirect.PathRedirect != nil && redirect.PrefixRedirect != nil {
		return nil, invalid(redirectField+".pathRedirect", redirect.GetPathRedirect(), "pathRedirect and prefixRedirect exclude each other.")
	}
	if len(redirect.GetHostRedirect()) > 255 || len(redirect.GetPathRedirect()) > 1024 || len(redirect.GetPrefixRedirect()) > 1024 {
		return nil, invalid(redirectField, "", "The host may have 255 characters and the path 1024.")
	}
	if redirect.RedirectResponseCode == nil {
		redirect.RedirectResponseCode = new("MOVED_PERMANENTLY_DEFAULT")
	}
	if redirect.StripQuery == nil {
		redirect.StripQuery = new(false)
	}
	if redirect.HttpsRedirect == nil {
		redirect.HttpsRedirect = new(false)
	}
	return nil, nil
}
