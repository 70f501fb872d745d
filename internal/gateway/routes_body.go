package gateway

import (
	"maps"
	"net/http"
	"slices"

	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	matcherv3 "github.com/envoyproxy/go-control-plane/envoy/type/matcher/v3"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/anypb"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/modelserving/terraform-provider-serving/internal/serving"
)

// nobody is a cluster that does not exist. No server's name has a colon.
const nobody = "nobody:"

// bodyRoutes admits by what the search of the body found. A request meets these
// routes twice: first, with nothing found yet, the one that switches the search
// on; then, once the search is done, one that admits or the last. Were nothing
// found at all, the one that searches leads nowhere.
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
	search := s.admit("")
	found := metadata(bodyNamespace, anything(), reasonAt)
	found.Invert = true
	search.Match.DynamicMetadata = []*matcherv3.MetadataMatcher{found}
	upgrade := present("upgrade") // A WebSocket has no body to search.
	upgrade.InvertMatch = true
	search.Match.Headers = []*routev3.HeaderMatcher{upgrade}
	search.GetRoute().ClusterSpecifier = &routev3.RouteAction_Cluster{Cluster: nobody}
	search.Metadata = note(deny, "not_searched")
	search.GetRoute().IdleTimeout = nil // Until there is a token, that of the listener.
	perRoute(search, bodyTokenFilter, s.search())

	all = append(all, search, s.refuse(http.StatusUnauthorized, ""))
	for _, r := range all {
		r.RequestBodyBufferLimit = wrapperspb.UInt64(max(s.maxBodyBytes(), connectionBuffer))
	}
	return all
}

// search switches the filter on: as it is, or for another key.
func (s Server) search() proto.Message {
	if key := s.Auth.BodyKeyOrDefault(); key != serving.DefaultBodyKey {
		return bodyToken(key)
	}
	return &routev3.FilterConfig{Config: &anypb.Any{}}
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
