package gateway

import (
	"maps"
	"slices"

	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	matcherv3 "github.com/envoyproxy/go-control-plane/envoy/type/matcher/v3"
	"google.golang.org/protobuf/types/known/wrapperspb"
)

// bodyRoutes admits by what the search of the body found. A request first meets
// the route that refuses, for nothing was found yet; that one switches the search
// on, and when the search is done routes are looked up anew.
func (s Server) bodyRoutes() []*routev3.Route {
	var all []*routev3.Route
	for _, name := range slices.Sorted(maps.Keys(s.Auth.Tokens)) {
		r := s.admitClient(name)
		r.Match.DynamicMetadata = []*matcherv3.MetadataMatcher{metadata(bodyNamespace, s.Auth.Tokens[name].Value, bodyTokenAt)}
		all = append(all, r)
	}
	refuse := s.refuse("")
	refuse.TypedPerFilterConfig = perRoute(bodyTokenFilter, bodyToken(s.Auth.BodyKeyOrDefault()))
	refuse.TypedPerFilterConfig[bodyLimitChain] = packed(bodyLimitHere(s.maxBodyBytes()))
	all = append(all, refuse)
	for _, r := range all {
		r.RequestBodyBufferLimit = wrapperspb.UInt64(s.maxBodyBytes())
	}
	return all
}

// metadata holds when the text at a path of a filter's dynamic metadata is value.
func metadata(filter, value string, at ...string) *matcherv3.MetadataMatcher {
	m := &matcherv3.MetadataMatcher{
		Filter: filter,
		Value:  &matcherv3.ValueMatcher{MatchPattern: &matcherv3.ValueMatcher_StringMatch{StringMatch: exact(value)}},
	}
	for _, key := range at {
		m.Path = append(m.Path, &matcherv3.MetadataMatcher_PathSegment{Segment: &matcherv3.MetadataMatcher_PathSegment_Key{Key: key}})
	}
	return m
}
