package gateway

import (
	"maps"
	"slices"

	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	matcherv3 "github.com/envoyproxy/go-control-plane/envoy/type/matcher/v3"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/modelserving/terraform-provider-serving/internal/serving"
)

// nobody is a cluster that does not exist. No server's name has a colon.
const nobody = "nobody:"

// bodyRoutes admits by what the search of the body found. A request meets these
// routes twice: first, with nothing found yet, the last one, which switches the
// search on; then, once the search is done, the one that its findings ask for.
// Were nothing found at all, the last one again would lead nowhere.
//
// The first meeting has to be with a route to a cluster: Envoy holds no more of a
// body than of a connection where the first route answers by itself.
func (s Server) bodyRoutes() []*routev3.Route {
	var all []*routev3.Route
	for _, name := range slices.Sorted(maps.Keys(s.Auth.Tokens)) {
		r := s.admitClient(name)
		r.Match.DynamicMetadata = []*matcherv3.MetadataMatcher{metadata(bodyNamespace, exactly(s.Auth.Tokens[name].Value), bodyTokenAt)}
		all = append(all, r)
	}
	refuse := s.refuse("")
	refuse.Match.DynamicMetadata = []*matcherv3.MetadataMatcher{metadata(bodyNamespace, anything(), reasonAt)}
	upgrade := s.refuse("no_body") // A WebSocket has no body to search.
	upgrade.Match.Headers = []*routev3.HeaderMatcher{present("upgrade")}

	search := s.admit("")
	search.GetRoute().ClusterSpecifier = &routev3.RouteAction_Cluster{Cluster: nobody}
	search.Metadata = note(s.Name, deny, "")
	search.TypedPerFilterConfig = perRoute(bodyTokenFilter, bodyToken(s.Auth.BodyKeyOrDefault()))
	if s.maxBodyBytes() != serving.DefaultMaxBodyBytes {
		search.TypedPerFilterConfig[bodyLimitChain] = packed(bodyLimitHere(s.maxBodyBytes()))
	}

	all = append(all, refuse, upgrade, search)
	for _, r := range all {
		r.RequestBodyBufferLimit = wrapperspb.UInt64(max(s.maxBodyBytes(), connectionBuffer))
	}
	return all
}

// metadata holds when the value at a path of a filter's dynamic metadata does.
func metadata(filter string, value *matcherv3.ValueMatcher, at ...string) *matcherv3.MetadataMatcher {
	m := &matcherv3.MetadataMatcher{Filter: filter, Value: value}
	for _, key := range at {
		m.Path = append(m.Path, &matcherv3.MetadataMatcher_PathSegment{Segment: &matcherv3.MetadataMatcher_PathSegment_Key{Key: key}})
	}
	return m
}

func exactly(text string) *matcherv3.ValueMatcher {
	return &matcherv3.ValueMatcher{MatchPattern: &matcherv3.ValueMatcher_StringMatch{StringMatch: exact(text)}}
}

func anything() *matcherv3.ValueMatcher {
	return &matcherv3.ValueMatcher{MatchPattern: &matcherv3.ValueMatcher_PresentMatch{PresentMatch: true}}
}
