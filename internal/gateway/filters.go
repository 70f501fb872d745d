package gateway

import (
	"slices"

	mutationv3 "github.com/envoyproxy/go-control-plane/envoy/config/common/mutation_rules/v3"
	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	bodyv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/http/body_size_limit/v3"
	chainv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/http/filter_chain/v3"
	headerv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/http/header_mutation/v3"
	jsonv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/http/json_to_metadata/v3"
	routerv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/http/router/v3"
	hcmv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/network/http_connection_manager/v3"
	matcherv3 "github.com/envoyproxy/go-control-plane/envoy/type/matcher/v3"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/modelserving/terraform-provider-serving/internal/serving"
)

const (
	bodyLimitChain  = "envoy.filters.http.filter_chain"
	bodyTokenFilter = "envoy.filters.http.json_to_metadata"
	jwtFilterName   = "envoy.filters.http.jwt_authn"
)

// filters is the chain of an ordinary request. None of them admits: they only
// gather evidence, and a route is taken when its evidence is there. So a filter
// that is missing, broken or not loaded yet shuts the door.
func (c Config) filters() []*hcmv3.HttpFilter {
	search := filter(bodyTokenFilter, bodyToken(serving.DefaultBodyKey))
	search.Disabled = true // But for the servers whose routes ask for it.
	trailers := filter("envoy.filters.http.header_mutation", &headerv3.HeaderMutation{Mutations: &headerv3.Mutations{
		// The early removal sees headers only, and some servers read trailers as if
		// they were headers.
		RequestTrailersMutations: []*mutationv3.HeaderMutation{{Action: &mutationv3.HeaderMutation_Remove{Remove: clientHeader}}},
	}})
	return slices.Concat(credentials(), []*hcmv3.HttpFilter{
		trailers,
		filter(bodyLimitChain, &chainv3.FilterChainConfig{DefaultFilterChain: bodyLimit(serving.DefaultMaxBodyBytes)}),
		search,
		c.jwtDiscovery(),
		router(),
	})
}

// upgradeFilters is the chain of a WebSocket: what follows its request is not a
// body, so it is neither counted nor searched. Mode body refuses it at once.
func (c Config) upgradeFilters() []*hcmv3.HttpFilter {
	return append(credentials(), c.jwtDiscovery(), router())
}

// jwtDiscovery loads the JWT filter's settings from a file of their own, for
// they change with the servers and the listener must not.
func (c Config) jwtDiscovery() *hcmv3.HttpFilter {
	return &hcmv3.HttpFilter{Name: jwtFilterName, ConfigType: &hcmv3.HttpFilter_ConfigDiscovery{
		ConfigDiscovery: &corev3.ExtensionConfigSource{
			ConfigSource: c.file(FileJWT),
			TypeUrls:     []string{"type.googleapis.com/envoy.extensions.filters.http.jwt_authn.v3.JwtAuthentication"},
		},
	}}
}

// router adds no x-envoy-* header: not to the model, not to the caller.
func router() *hcmv3.HttpFilter {
	return filter("envoy.filters.http.router", &routerv3.Router{SuppressEnvoyHeaders: true})
}

func filter(name string, settings proto.Message) *hcmv3.HttpFilter {
	return &hcmv3.HttpFilter{Name: name, ConfigType: &hcmv3.HttpFilter_TypedConfig{TypedConfig: packed(settings)}}
}

// bodyLimit answers 413 once a body is longer, and lets it stream until then. The
// filter has no settings per route of its own (Envoy 1.40: "doesn't support
// virtual host or route specific configurations"), so it comes in a chain, which
// has.
func bodyLimit(limit uint64) *chainv3.FilterChain {
	return &chainv3.FilterChain{Filters: []*corev3.TypedExtensionConfig{{
		Name:        "envoy.filters.http.body_size_limit",
		TypedConfig: packed(&bodyv3.BodySizeLimit{MaxRequestBytes: wrapperspb.UInt64(limit)}),
	}}}
}

// bodyLimitHere is the limit of one route.
func bodyLimitHere(limit uint64) *chainv3.FilterChainConfigPerRoute {
	return &chainv3.FilterChainConfigPerRoute{FilterChain: bodyLimit(limit)}
}

// The dynamic metadata of mode body.
const (
	bodyNamespace = "serving.body"
	bodyTokenAt   = "token"
	reasonAt      = "reason"
)

// jsonTypes are the content types whose bodies are searched; a body of another
// type is refused without being read.
const jsonTypes = `(?i:application/([a-z0-9.+-]+\+)?json)[ \t]*(;.*)?`

// bodyToken looks for a token in a top-level key. The value keeps its JSON type,
// so that a number never equals a token of digits.
func bodyToken(key string) *jsonv3.JsonToMetadata {
	reason := func(text string) *jsonv3.JsonToMetadata_KeyValuePair {
		return &jsonv3.JsonToMetadata_KeyValuePair{
			MetadataNamespace: bodyNamespace, Key: reasonAt,
			ValueType: &jsonv3.JsonToMetadata_KeyValuePair_Value{Value: stringValue(text)},
		}
	}
	at := []*jsonv3.JsonToMetadata_Selector{{Selector: &jsonv3.JsonToMetadata_Selector_Key{Key: key}}}
	return &jsonv3.JsonToMetadata{RequestRules: &jsonv3.JsonToMetadata_MatchRules{
		AllowContentTypesRegex: &matcherv3.RegexMatcher{Regex: jsonTypes},
		Rules: []*jsonv3.JsonToMetadata_Rule{
			// A route that admits says so itself. Where this is read the token is
			// wrong, unless the rule that follows knows better.
			{Selectors: at, OnPresent: reason("wrong_token")},
			{
				Selectors: at,
				OnPresent: &jsonv3.JsonToMetadata_KeyValuePair{
					MetadataNamespace: bodyNamespace, Key: bodyTokenAt, Type: jsonv3.JsonToMetadata_PROTOBUF_VALUE,
				},
				OnMissing: reason("missing_token"),
				OnError:   reason("not_json"), // By its content type or its text.
			},
		},
	}}
}
