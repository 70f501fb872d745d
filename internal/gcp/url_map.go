package gcp

import (
	"context"
	"net/http"

	compute "cloud.google.com/go/compute/apiv1"
	"cloud.google.com/go/compute/apiv1/computepb"
	"google.golang.org/protobuf/proto"

	"github.com/modelserving/terraform-provider-serving/internal/stack"
)

// urlMaps say where requests go: those for the domain to the gateway, those at
// port 80 to port 443.
type urlMaps struct {
	named[computepb.UrlMap, *computepb.UrlMap]
}

var (
	_ stack.Kind[*computepb.UrlMap, computepb.UrlMap] = urlMaps{}
	_ stack.Replacer                                  = urlMaps{}
)

// Replaceable is true because a map goes with one load balancer, and the
// visibility of that is part of the name.
func (k urlMaps) Replaceable() {}

func (c *client) urlMaps(o owner, names []string) urlMaps {
	return urlMaps{named[computepb.UrlMap, *computepb.UrlMap]{
		client: c, owner: o, what: "URL map", names: names, all: c.reader.urlMaps,
		how: fields{
			fixed: []string{"name"},
			empty: []string{"headerAction", "tests", "defaultCustomErrorResponsePolicy"},
			whole: []string{"hostRules", "pathMatchers"},
		},
	}}
}

// forwarding is the map of requests for a domain; all go to the service where
// there is no domain. A map must name a service for any other host, so that an
// aborted request is how such a host gets the same 404 as from the gateway.
func forwarding(name, domain, service string) *computepb.UrlMap {
	m := &computepb.UrlMap{Name: &name, DefaultService: proto.String(computeLink(service))}
	if domain == "" {
		return m
	}
	m.DefaultRouteAction = &computepb.HttpRouteAction{FaultInjectionPolicy: &computepb.HttpFaultInjection{
		Abort: &computepb.HttpFaultAbort{HttpStatus: proto.Uint32(http.StatusNotFound), Percentage: proto.Float64(100)},
	}}
	m.HostRules = []*computepb.HostRule{{Hosts: []string{domain}, PathMatcher: proto.String(pathMatcher)}}
	m.PathMatchers = []*computepb.PathMatcher{{Name: proto.String(pathMatcher), DefaultService: proto.String(computeLink(service))}}
	return m
}

// pathMatcher is the name of the only one of a map.
const pathMatcher = "models"

// redirecting is the map that sends everybody to HTTPS.
func redirecting(name string) *computepb.UrlMap {
	return &computepb.UrlMap{Name: &name, DefaultUrlRedirect: &computepb.HttpRedirectAction{
		HttpsRedirect: proto.Bool(true), RedirectResponseCode: proto.String("MOVED_PERMANENTLY_DEFAULT"), StripQuery: proto.Bool(false),
	}}
}

// Diff also shows what the other form of the map would have.
func (k urlMaps) Diff(object string, want *computepb.UrlMap, live *computepb.UrlMap) []stack.Difference {
	other := k.named
	other.how.empty = append([]string{}, other.how.empty...)
	for field, set := range map[string]bool{
		"defaultService": want.DefaultService != nil, "defaultUrlRedirect": want.DefaultUrlRedirect != nil, "defaultRouteAction": want.DefaultRouteAction != nil,
		"hostRules": len(want.HostRules) > 0, "pathMatchers": len(want.PathMatchers) > 0,
	} {
		if !set {
			other.how.empty = append(other.how.empty, field)
		}
	}
	return other.Diff(object, want, live)
}

func (k urlMaps) Create(ctx context.Context, object string, want *computepb.UrlMap, token string) error {
	return k.insert(ctx, want.GetName(), token, func(id *string) (*compute.Operation, error) {
		return k.compute.urlMaps.Insert(ctx, &computepb.InsertRegionUrlMapRequest{Project: k.project, Region: k.region, RequestId: id, UrlMapResource: k.marked(object, want)})
	})
}

// Update writes the whole map, so that what somebody has added goes.
func (k urlMaps) Update(ctx context.Context, object string, want *computepb.UrlMap, live *computepb.UrlMap, _ []stack.Difference) error {
	whole := k.marked(object, want)
	whole.Fingerprint = live.Fingerprint
	op, err := k.compute.urlMaps.Update(ctx, &computepb.UpdateRegionUrlMapRequest{Project: k.project, Region: k.region, UrlMap: live.GetName(), UrlMapResource: whole})
	return outdated(k.done(ctx, op, err))
}

func (k urlMaps) Delete(ctx context.Context, live *computepb.UrlMap) error {
	op, err := k.compute.urlMaps.Delete(ctx, &computepb.DeleteRegionUrlMapRequest{Project: k.project, Region: k.region, UrlMap: live.GetName()})
	return blocked(absent(k.done(ctx, op, err)))
}
