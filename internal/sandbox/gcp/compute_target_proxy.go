package gcp

import (
	"regexp"
	"strconv"

	"cloud.google.com/go/compute/apiv1/computepb"
)

var httpProxies = newCollection(&collection[*computepb.TargetHttpProxy]{
	plural: "targetHttpProxies", title: "target HTTP proxy", scope: inRegion, quota: "compute.target_http_proxies", metric: "TARGET_HTTP_PROXIES",
	objects: func(s *computeState) map[string]*Held[*computepb.TargetHttpProxy] { return s.HTTPProxies },
})

var httpsProxies = newCollection(&collection[*computepb.TargetHttpsProxy]{
	plural: "targetHttpsProxies", title: "target HTTPS proxy", scope: inRegion, quota: "compute.target_https_proxies", metric: "TARGET_HTTPS_PROXIES",
	objects:   func(s *computeState) map[string]*Held[*computepb.TargetHttpsProxy] { return s.HTTPSProxies },
	immutable: []string{"description", "proxyBind"},
})

func init() {
	const http, https = fullName("google.cloud.compute.v1.RegionTargetHttpProxies"), fullName("google.cloud.compute.v1.RegionTargetHttpsProxies")
	handleChange(http+".Insert", (*call).insertHTTPProxy)
	handleChange(http+".SetUrlMap", (*call).setHTTPURLMap)
	serveGet(http, httpProxies, (*computepb.GetRegionTargetHttpProxyRequest).GetTargetHttpProxy)
	serveDelete(http, httpProxies, (*computepb.DeleteRegionTargetHttpProxyRequest).GetTargetHttpProxy)
	serveList[*computepb.TargetHttpProxy, *computepb.ListRegionTargetHttpProxiesRequest](http, httpProxies,
		func(items []*computepb.TargetHttpProxy, next, id *string) *computepb.TargetHttpProxyList {
			return &computepb.TargetHttpProxyList{Items: items, NextPageToken: next, Id: id}
		})
	serveAggregatedList[*computepb.TargetHttpProxy, *computepb.TargetHttpProxiesScopedList, *computepb.AggregatedListTargetHttpProxiesRequest]("google.cloud.compute.v1.TargetHttpProxies", httpProxies, everyScope,
		func(items []*computepb.TargetHttpProxy, none *computepb.Warning) *computepb.TargetHttpProxiesScopedList {
			return &computepb.TargetHttpProxiesScopedList{TargetHttpProxies: items, Warning: none}
		}, func(items map[string]*computepb.TargetHttpProxiesScopedList, next, id *string) *computepb.TargetHttpProxyAggregatedList {
			return &computepb.TargetHttpProxyAggregatedList{Items: items, NextPageToken: next, Id: id}
		})
	handleChange(https+".Insert", (*call).insertHTTPSProxy)
	handleChange(https+".Patch", (*call).patchHTTPSProxy)
	handleChange(https+".SetUrlMap", (*call).setHTTPSURLMap)
	handleChange(https+".SetSslCertificates", (*call).setCertificates)
	serveGet(https, httpsProxies, (*computepb.GetRegionTargetHttpsProxyRequest).GetTargetHttpsProxy)
	serveDelete(https, httpsProxies, (*computepb.DeleteRegionTargetHttpsProxyRequest).GetTargetHttpsProxy)
	serveList[*computepb.TargetHttpsProxy, *computepb.ListRegionTargetHttpsProxiesRequest](https, httpsProxies,
		func(items []*computepb.TargetHttpsProxy, next, id *string) *computepb.TargetHttpsProxyList {
			return &computepb.TargetHttpsProxyList{Items: items, NextPageToken: next, Id: id}
		})
	serveAggregatedList[*computepb.TargetHttpsProxy, *computepb.TargetHttpsProxiesScopedList, *computepb.AggregatedListTargetHttpsProxiesRequest]("google.cloud.compute.v1.TargetHttpsProxies", httpsProxies, everyScope,
		func(items []*computepb.TargetHttpsProxy, none *computepb.Warning) *computepb.TargetHttpsProxiesScopedList {
			return &computepb.TargetHttpsProxiesScopedList{TargetHttpsProxies: items, Warning: none}
		}, func(items map[string]*computepb.TargetHttpsProxiesScopedList, next, id *string) *computepb.TargetHttpsProxyAggregatedList {
			return &computepb.TargetHttpsProxyAggregatedList{Items: items, NextPageToken: next, Id: id}
		})
}

func (c *call) insertHTTPProxy(in *computepb.InsertRegionTargetHttpProxyRequest) (*computepb.Operation, error) {
	p := in.GetTargetHttpProxyResource()
	if p.HttpKeepAliveTimeoutSec != nil || p.GetProxyBind() {
		return nil, invalid("resource.httpKeepAliveTimeoutSec", strconv.Itoa(int(p.GetHttpKeepAliveTimeoutSec())), "It is not supported for regional proxies.")
	}
	_, link, err := urlMaps.refer(c, "resource.urlMap", p.GetUrlMap())
	if err != nil {
		return nil, err
	}
	p.UrlMap = new(link)
	return httpProxies.insert(c, p)
}

func (c *call) setHTTPURLMap(in *computepb.SetUrlMapRegionTargetHttpProxyRequest) (*computepb.Operation, error) {
	h, err := httpProxies.ready(c, in.GetTargetHttpProxy())
	if err != nil {
		return nil, err
	}
	_, link, err := urlMaps.refer(c, "resource.urlMap", in.GetUrlMapReferenceResource().GetUrlMap())
	if err != nil {
		return nil, err
	}
	if err := c.checkProxyScheme(httpProxies.link(c, c.Location, in.GetTargetHttpProxy()), link); err != nil {
		return nil, err
	}
	next := cloned(h.Body)
	next.UrlMap = new(link)
	return httpProxies.replace(c, h, next, "targetHttpProxies.setUrlMap")
}

func (c *call) insertHTTPSProxy(in *computepb.InsertRegionTargetHttpsProxyRequest) (*computepb.Operation, error) {
	p := in.GetTargetHttpsProxyResource()
	if err := c.completeHTTPSProxy(p); err != nil {
		return nil, err
	}
	return httpsProxies.insert(c, p)
}

func (c *call) patchHTTPSProxy(in *computepb.PatchRegionTargetHttpsProxyRequest) (*computepb.Operation, error) {
	h, err := httpsProxies.ready(c, in.GetTargetHttpsProxy())
	if err != nil {
		return nil, err
	}
	if in.GetTargetHttpsProxyResource().GetFingerprint() != fingerprint(h.Body) {
		return nil, staleFingerprint()
	}
	delete(c.body, "fingerprint")
	next, err := mergePatch(h.Body, c.body)
	if err != nil {
		return nil, err
	}
	if err := c.completeHTTPSProxy(next); err != nil {
		return nil, err
	}
	return httpsProxies.replace(c, h, next, "targetHttpsProxies.patch")
}

func (c *call) setHTTPSURLMap(in *computepb.SetUrlMapRegionTargetHttpsProxyRequest) (*computepb.Operation, error) {
	h, err := httpsProxies.ready(c, in.GetTargetHttpsProxy())
	if err != nil {
		return nil, err
	}
	next := cloned(h.Body)
	next.UrlMap = new(in.GetUrlMapReferenceResource().GetUrlMap())
	if err := c.completeHTTPSProxy(next); err != nil {
		return nil, err
	}
	return httpsProxies.replace(c, h, next, "targetHttpsProxies.setUrlMap")
}

func (c *call) setCertificates(in *computepb.SetSslCertificatesRegionTargetHttpsProxyRequest) (*computepb.Operation, error) {
	h, err := httpsProxies.ready(c, in.GetTargetHttpsProxy())
	if err != nil {
		return nil, err
	}
	next := cloned(h.Body)
	next.SslCertificates = in.GetRegionTargetHttpsProxiesSetSslCertificatesRequestResource().GetSslCertificates()
	if err := c.completeHTTPSProxy(next); err != nil {
		return nil, err
	}
	return httpsProxies.replace(c, h, next, "targetHttpsProxies.setSslCertificates")
}

// completeHTTPSProxy checks a proxy with what it refers to.
func (c *call) completeHTTPSProxy(p *computepb.TargetHttpsProxy) error {
	switch {
	case p.HttpKeepAliveTimeoutSec != nil || p.GetProxyBind():
		return invalid("resource.httpKeepAliveTimeoutSec", strconv.Itoa(int(p.GetHttpKeepAliveTimeoutSec())), "It is not supported for regional proxies.")
	case p.CertificateMap != nil:
		return invalid("resource.certificateMap", p.GetCertificateMap(), "It is not supported for regional proxies.")
	case p.ServerTlsPolicy != nil || p.AuthorizationPolicy != nil || p.TlsEarlyData != nil:
		return unsupported("resource.serverTlsPolicy")
	}
	_, link, err := urlMaps.refer(c, "resource.urlMap", p.GetUrlMap())
	if err != nil {
		return err
	}
	p.UrlMap = new(link)
	if err := c.checkProxyScheme(httpsProxies.link(c, c.Location, p.GetName()), link); err != nil {
		return err
	}
	if p.QuicOverride == nil {
		p.QuicOverride = new("NONE")
	}
	if p.SslPolicy != nil {
		if _, link, err = sslPolicies.refer(c, "resource.sslPolicy", p.GetSslPolicy()); err != nil {
			return err
		}
		p.SslPolicy = new(link)
	}
	if n := len(p.SslCertificates); n == 0 || n > 100 {
		return invalid("resource.sslCertificates", strconv.Itoa(n), "Between 1 and 100 certificates must be specified.")
	}
	for i, reference := range p.SslCertificates {
		if p.SslCertificates[i], err = c.referCertificate("resource.sslCertificates["+strconv.Itoa(i)+"]", reference); err != nil {
			return err
		}
	}
	return nil
}

// certificateURL is how a proxy refers to a certificate of Certificate Manager. As in computePrefix an endpoint on loopback is fine.
var certificateURL = regexp.MustCompile(`^(?:(?:https:)?//certificatemanager\.googleapis\.com/(?:v1/)?|https?://(?:127\.0\.0\.1|localhost)(?::\d+)?/v1/)` +
	`projects/([^/]+)/locations/([^/]+)/certificates/([^/]+)$`)

// referCertificate finds a certificate of Certificate Manager. Those of Compute Engine itself do not exist here.
func (c *call) referCertificate(field, reference string) (string, error) {
	parts := certificateURL.FindStringSubmatch(reference)
	if parts == nil {
		if t, ok := c.parseTarget(reference); ok && t.plural == "sslCertificates" {
			return "", unsupported(field)
		}
		return "", invalid(field, reference, "The URL is malformed.")
	}
	project, known := c.cloud.projectID(parts[1])
	switch {
	case !known || project != c.Project:
		return "", invalid(field, reference, "Cross project referencing is not allowed for this resource.")
	case parts[2] != c.Location:
		return "", invalid(field, reference, "The certificate must be in the region of the proxy, %s.", c.Location)
	}
	if err := c.fitCertificate(parts[2], parts[3]); err != nil {
		return "", err
	}
	return "//certificatemanager.googleapis.com/projects/" + project + "/locations/" + parts[2] + "/certificates/" + parts[3], nil
}
