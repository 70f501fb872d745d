package gateway

import (
	xdscorev3 "github.com/cncf/xds/go/xds/core/v3"
	xdsmatcherv3 "github.com/cncf/xds/go/xds/type/matcher/v3"
	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	matcherv3 "github.com/envoyproxy/go-control-plane/envoy/type/matcher/v3"
	"google.golang.org/protobuf/proto"

	"github.com/modelserving/terraform-provider-serving/internal/serving"
)

// pathHeader is the normalised path of a request with a slash behind, so that a
// server's path with a slash behind begins it or is another one's. The gateway
// sets it before routes are looked for, and the model does not get to see it.
const pathHeader = "x-serving-path"

// pathCopy sets pathHeader, whatever the caller sent.
func pathCopy() *corev3.HeaderValueOption { return set(pathHeader, "%PATH(NQ:PATH)%/") }

// tree finds the routes of a path's server. In one long list Envoy would ask each
// route in front for its token first and for its path then, for a millisecond
// where there are 1,000 servers.
func (c Config) tree() *xdsmatcherv3.Matcher {
	branches := map[string]*xdsmatcherv3.Matcher_OnMatch{serving.HealthPath + "/": routeList(c.health(), c.versionRoute(), unknown())}
	for _, s := range c.sorted() {
		branches[s.PathOrDefault()+"/"] = routeList(s.routes()...)
	}
	return &xdsmatcherv3.Matcher{
		MatcherType: &xdsmatcherv3.Matcher_MatcherTree_{MatcherTree: &xdsmatcherv3.Matcher_MatcherTree{
			Input: extension(&matcherv3.HttpRequestHeaderMatchInput{HeaderName: pathHeader}),
			TreeType: &xdsmatcherv3.Matcher_MatcherTree_PrefixMatchMap{PrefixMatchMap: &xdsmatcherv3.Matcher_MatcherTree_MatchMap{
				Map: branches,
			}},
		}},
		OnNoMatch: routeList(unknown()),
	}
}

func routeList(routes ...*routev3.Route) *xdsmatcherv3.Matcher_OnMatch {
	return &xdsmatcherv3.Matcher_OnMatch{OnMatch: &xdsmatcherv3.Matcher_OnMatch_Action{Action: extension(&routev3.RouteList{Routes: routes})}}
}

// extension needs a name that nobody reads.
func extension(m proto.Message) *xdscorev3.TypedExtensionConfig {
	return &xdscorev3.TypedExtensionConfig{Name: "_", TypedConfig: packed(m)}
}
