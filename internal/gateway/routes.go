package gateway

import (
	"net/http"
	"regexp"
	"time"

	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	matcherv3 "github.com/envoyproxy/go-control-plane/envoy/type/matcher/v3"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/anypb"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/structpb"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/modelserving/terraform-provider-serving/internal/serving"
)

const routesName = "gateway"

// VersionPath answers 200 and the header x-serving-version when a pod serves the
// whole of a version: routes and clusters.
const VersionPath = serving.HealthPath + "/version"

// routes is the whole decision, in order: the health check, then for each server
// the routes that admit, each by evidence of its own, and then the one that
// refuses; last the answer for paths without a server.
func (c Config) routes() *routev3.RouteConfiguration {
	all := []*routev3.Route{c.health(), c.versionRoute()}
	for _, s := range c.sorted() {
		all = append(all, s.routes()...)
	}
	all = append(all, &routev3.Route{
		Match:    &routev3.RouteMatch{PathSpecifier: &routev3.RouteMatch_Prefix{Prefix: "/"}},
		Action:   answer(http.StatusNotFound),
		Metadata: note("", deny, "unknown_server"),
	})
	return &routev3.RouteConfiguration{
		Name: routesName,
		VirtualHosts: []*routev3.VirtualHost{{
			Name: routesName, Domains: []string{"*"}, Routes: all,
			// Only what the model cannot have seen is sent again.
			RetryPolicy: &routev3.RetryPolicy{RetryOn: "connect-failure,refused-stream,reset-before-request", NumRetries: wrapperspb.UInt32(2)},
		}},
	}
}

func (c Config) health() *routev3.Route {
	return &routev3.Route{
		Match:                &routev3.RouteMatch{PathSpecifier: &routev3.RouteMatch_Path{Path: serving.HealthPath}},
		Action:               answer(http.StatusOK),
		ResponseHeadersToAdd: []*corev3.HeaderValueOption{set("x-serving-version", c.Version)},
	}
}

// versionRoute answers with the version once the clusters of this version are
// there, too: Envoy reads the files in no order, and a route whose cluster is
// still missing answers 503. It asks the gateway itself, through a cluster that
// is the last in its file.
func (c Config) versionRoute() *routev3.Route {
	return &routev3.Route{
		Match: &routev3.RouteMatch{PathSpecifier: &routev3.RouteMatch_Path{Path: VersionPath}},
		Action: &routev3.Route_Route{Route: &routev3.RouteAction{
			ClusterSpecifier: &routev3.RouteAction_Cluster{Cluster: c.versionCluster()}, PrefixRewrite: serving.HealthPath,
		}},
	}
}

func (s Server) routes() []*routev3.Route {
	switch s.Auth.Mode {
	case serving.AuthNone:
		return []*routev3.Route{s.admit("open")}
	case serving.AuthHeader:
		return s.headerRoutes()
	case serving.AuthBody:
		return s.bodyRoutes()
	case serving.AuthJWT:
		return s.jwtRoutes()
	}
	return []*routev3.Route{s.refuse("unknown_mode")} // check lets none through.
}

// admit is a route to the model. Who calls it adds the evidence that it asks for.
func (s Server) admit(reason string) *routev3.Route {
	r := &routev3.Route{
		Match: s.match(),
		Action: &routev3.Route_Route{Route: &routev3.RouteAction{
			ClusterSpecifier: &routev3.RouteAction_Cluster{Cluster: s.Name},
			// The model sees paths without the prefix, as it would on its own.
			RegexRewrite: &matcherv3.RegexMatchAndSubstitute{
				Pattern: &matcherv3.RegexMatcher{Regex: "^" + regexp.QuoteMeta(s.PathOrDefault()) + "/?"}, Substitution: "/",
			},
			// A long answer is fine as long as something comes.
			Timeout:     durationpb.New(0),
			IdleTimeout: durationpb.New(s.timeout()),
		}},
		Metadata: note(s.Name, allow, reason),
	}
	if s.maxBodyBytes() != serving.DefaultMaxBodyBytes {
		r.TypedPerFilterConfig = perRoute(bodyLimitChain, bodyLimitHere(s.maxBodyBytes()))
	}
	return r
}

// admitClient is a route for one named token.
func (s Server) admitClient(name string) *routev3.Route {
	r := s.admit("token")
	r.RequestHeadersToAdd = []*corev3.HeaderValueOption{set(clientHeader, name)}
	return r
}

// refuse answers 401. An empty reason leaves it to the filters to say why.
func (s Server) refuse(reason string) *routev3.Route {
	return &routev3.Route{Match: s.match(), Action: answer(http.StatusUnauthorized), Metadata: note(s.Name, deny, reason)}
}

// match is the server's prefix by whole segments: /fraud is not /fraudulent.
func (s Server) match() *routev3.RouteMatch {
	return &routev3.RouteMatch{PathSpecifier: &routev3.RouteMatch_PathSeparatedPrefix{PathSeparatedPrefix: s.PathOrDefault()}}
}

func (s Server) timeout() time.Duration {
	if s.TimeoutSeconds == 0 {
		return serving.DefaultTimeoutSeconds * time.Second
	}
	return time.Duration(s.TimeoutSeconds) * time.Second
}

func present(header string) *routev3.HeaderMatcher {
	return &routev3.HeaderMatcher{Name: header, HeaderMatchSpecifier: &routev3.HeaderMatcher_PresentMatch{PresentMatch: true}}
}

func answer(status uint32) *routev3.Route_DirectResponse {
	return &routev3.Route_DirectResponse{DirectResponse: &routev3.DirectResponseAction{Status: status}}
}

// note is what the access log says of a route.
func note(server, decision, reason string) *corev3.Metadata {
	fields := map[string]*structpb.Value{decisionAt: stringValue(decision)}
	if server != "" {
		fields[serverAt] = stringValue(server)
	}
	if reason != "" {
		fields[reasonAt] = stringValue(reason)
	}
	return &corev3.Metadata{FilterMetadata: map[string]*structpb.Struct{routeNamespace: {Fields: fields}}}
}

// set replaces a header. The value is a format string to Envoy: what check lets
// through has no percent sign.
func set(name, value string) *corev3.HeaderValueOption {
	return &corev3.HeaderValueOption{
		Header:       &corev3.HeaderValue{Key: name, Value: value},
		AppendAction: corev3.HeaderValueOption_OVERWRITE_IF_EXISTS_OR_ADD,
	}
}

func perRoute(filter string, settings proto.Message) map[string]*anypb.Any {
	return map[string]*anypb.Any{filter: packed(settings)}
}
