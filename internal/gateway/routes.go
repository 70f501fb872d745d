package gateway

import (
	"net/http"
	"strings"
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

// routes is the whole decision: the path says which server, and of its routes the
// first admits whose evidence is there; the last one refuses.
func (c Config) routes() *routev3.RouteConfiguration {
	return &routev3.RouteConfiguration{
		Name: routesName,
		VirtualHosts: []*routev3.VirtualHost{{
			Name: routesName, Domains: []string{"*"}, Matcher: c.tree(),
			RequestHeadersToRemove: []string{pathHeader},
			// Only what the model cannot have seen is sent again.
			RetryPolicy: &routev3.RetryPolicy{RetryOn: "connect-failure,refused-stream,reset-before-request", NumRetries: wrapperspb.UInt32(2)},
		}},
	}
}

// unknown answers for paths without a server.
func unknown() *routev3.Route {
	return &routev3.Route{
		Match:    every(),
		Action:   answer(http.StatusNotFound),
		Metadata: note(deny, "unknown_server"),
	}
}

func (c Config) health() *routev3.Route {
	return &routev3.Route{
		Match:                &routev3.RouteMatch{PathSpecifier: &routev3.RouteMatch_Path{Path: serving.HealthPath}},
		Action:               answer(http.StatusOK),
		ResponseHeadersToAdd: []*corev3.HeaderValueOption{set(VersionHeader, c.Version)},
	}
}

// versionRoute answers with the version once the clusters and the JWT settings of
// this version are there, too: the files come from several Secrets, and Envoy reads
// them in no order. It asks the gateway itself, through a cluster that is the last
// in its file and a requirement that any request meets; without the one it is
// answered 503, without the other 403.
func (c Config) versionRoute() *routev3.Route {
	r := &routev3.Route{
		Match: &routev3.RouteMatch{PathSpecifier: &routev3.RouteMatch_Path{Path: VersionPath}},
		Action: &routev3.Route_Route{Route: &routev3.RouteAction{
			ClusterSpecifier: &routev3.RouteAction_Cluster{Cluster: c.versionName()}, PrefixRewrite: serving.HealthPath,
		}},
		Metadata: note(allow, "version"),
	}
	perRoute(r, jwtFilterName, requirement(c.versionName()))
	return r
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
	return []*routev3.Route{s.refuse(http.StatusUnauthorized, "unknown_mode")} // check lets none through.
}

// admit is a route to the model. Who calls it adds the evidence that it asks for.
func (s Server) admit(reason string) *routev3.Route {
	r := &routev3.Route{
		Name:  s.Name,
		Match: every(),
		Action: &routev3.Route_Route{Route: &routev3.RouteAction{
			ClusterSpecifier: &routev3.RouteAction_Cluster{Cluster: s.Name},
			// The model sees paths without the prefix, as it would on its own.
			RegexRewrite: &matcherv3.RegexMatchAndSubstitute{
				Pattern: &matcherv3.RegexMatcher{Regex: s.prefix()}, Substitution: "/",
			},
			// A long answer is fine as long as something comes.
			Timeout:     durationpb.New(0),
			IdleTimeout: durationpb.New(s.timeout()),
		}},
		Metadata: note(allow, reason),
	}
	return s.limited(r)
}

// limited gives a route the server's limit on bodies. Every route that a request
// can meet first needs it: Envoy asks it and no later one.
func (s Server) limited(r *routev3.Route) *routev3.Route {
	if s.maxBodyBytes() != serving.DefaultMaxBodyBytes {
		perRoute(r, bodyLimitChain, bodyLimitHere(s.maxBodyBytes()))
	}
	return r
}

// admitClient is a route for one named token.
func (s Server) admitClient(name string) *routev3.Route {
	r := s.admit("token")
	r.RequestHeadersToAdd = []*corev3.HeaderValueOption{set(clientHeader, name)}
	return r
}

// refuse answers 401, or another status that stands for it. An empty reason
// leaves it to the filters to say why.
func (s Server) refuse(status uint32, reason string) *routev3.Route {
	return s.limited(&routev3.Route{Name: s.Name, Match: every(), Action: answer(status), Metadata: note(deny, reason)})
}

// every matches each path: the tree has looked at it.
func every() *routev3.RouteMatch {
	return &routev3.RouteMatch{PathSpecifier: &routev3.RouteMatch_Prefix{Prefix: "/"}}
}

// prefix matches the segments of the server's path, whatever they are: the tree
// has matched them already, and a pattern without the name is shorter.
func (s Server) prefix() string {
	return "^" + strings.Repeat("/[^/]+", strings.Count(s.PathOrDefault(), "/")) + "/?"
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

// note is what the access log says of a route, besides its name, which is the
// server's.
func note(decision, reason string) *corev3.Metadata {
	fields := map[string]*structpb.Value{decisionAt: stringValue(decision)}
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

// perRoute adds a filter's settings to those of a route.
func perRoute(r *routev3.Route, filter string, settings proto.Message) {
	if r.TypedPerFilterConfig == nil {
		r.TypedPerFilterConfig = map[string]*anypb.Any{}
	}
	r.TypedPerFilterConfig[filter] = packed(settings)
}
