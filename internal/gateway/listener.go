package gateway

import (
	"time"

	mutationv3 "github.com/envoyproxy/go-control-plane/envoy/config/common/mutation_rules/v3"
	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	listenerv3 "github.com/envoyproxy/go-control-plane/envoy/config/listener/v3"
	hcmv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/network/http_connection_manager/v3"
	earlyv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/http/early_header_mutation/header_mutation/v3"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/wrapperspb"
)

// clientHeader tells the model who calls: the name of the token, or the subject
// of the JWT. Only the gateway sets it.
const clientHeader = "x-serving-client"

const (
	// A caller that sends its headers more slowly than this is not one.
	headersTimeout = 10 * time.Second
	// The load balancer must be the first to close an idle connection, or it
	// sends a request into one that is closing. An ALB keeps one for 4,000 s at
	// most (elasticloadbalancing, idle_timeout.timeout_seconds).
	callerIdle = 4200 * time.Second
	// The silence of a request that has no server yet: one that is refused, or
	// whose body is still being searched for a token.
	unadmittedIdle = 60 * time.Second

	maxHeaderCount = 100
	maxHeaderKiB   = 60
	// What is held of a stream whose receiver is slow.
	connectionBuffer = 128 << 10
	streamWindow     = 256 << 10
	connectionWindow = 1 << 20
	maxStreams       = 1024
)

func (c Config) listener() *listenerv3.Listener {
	return &listenerv3.Listener{
		Name:                          "gateway",
		Address:                       socket(c.address(), c.Port),
		PerConnectionBufferLimitBytes: wrapperspb.UInt32(connectionBuffer),
		FilterChains: []*listenerv3.FilterChain{{Filters: []*listenerv3.Filter{{
			Name:       "envoy.filters.network.http_connection_manager",
			ConfigType: &listenerv3.Filter_TypedConfig{TypedConfig: packed(c.connectionManager())},
		}}}},
	}
}

func (c Config) connectionManager() *hcmv3.HttpConnectionManager {
	return &hcmv3.HttpConnectionManager{
		StatPrefix: "gateway",
		RouteSpecifier: &hcmv3.HttpConnectionManager_Rds{Rds: &hcmv3.Rds{
			RouteConfigName: routesName, ConfigSource: c.file(FileRoutes),
		}},
		HttpFilters: c.filters(),
		UpgradeConfigs: []*hcmv3.HttpConnectionManager_UpgradeConfig{
			{UpgradeType: "websocket", Filters: c.upgradeFilters()},
		},
		EarlyHeaderMutationExtensions: []*corev3.TypedExtensionConfig{{
			Name: "envoy.http.early_header_mutation.header_mutation",
			TypedConfig: packed(&earlyv3.HeaderMutation{Mutations: []*mutationv3.HeaderMutation{
				{Action: &mutationv3.HeaderMutation_Remove{Remove: clientHeader}},
				{Action: &mutationv3.HeaderMutation_Append{Append: pathCopy()}},
			}}),
		}},

		// One spelling of a path, or none: what decides over a request and what
		// forwards it is the same route, and no spelling leads to another one.
		NormalizePath:                wrapperspb.Bool(true),
		MergeSlashes:                 true,
		PathWithEscapedSlashesAction: hcmv3.HttpConnectionManager_REJECT_REQUEST,

		// A caller is a stranger, whatever its address: its x-envoy-* headers, by
		// which it could set timeouts and retries, are removed. Envoy takes an empty
		// list for all private addresses, so it names one that nobody has.
		UseRemoteAddress:  wrapperspb.Bool(true),
		XffNumTrustedHops: c.TrustedHops,
		InternalAddressConfig: &hcmv3.HttpConnectionManager_InternalAddressConfig{
			CidrRanges: []*corev3.CidrRange{{AddressPrefix: "255.255.255.255", PrefixLen: wrapperspb.UInt32(32)}},
		},

		CommonHttpProtocolOptions: &corev3.HttpProtocolOptions{
			IdleTimeout:           durationpb.New(callerIdle),
			MaxConnectionDuration: durationpb.New(DrainSeconds * time.Second),
			MaxHeadersCount:       wrapperspb.UInt32(maxHeaderCount),
			// A server that maps - to _ would take X_Serving_Client for ours.
			HeadersWithUnderscoresAction: corev3.HttpProtocolOptions_DROP_HEADER,
		},
		MaxRequestHeadersKb: wrapperspb.UInt32(maxHeaderKiB),
		Http2ProtocolOptions: &corev3.Http2ProtocolOptions{
			MaxConcurrentStreams:        wrapperspb.UInt32(maxStreams),
			InitialStreamWindowSize:     wrapperspb.UInt32(streamWindow),
			InitialConnectionWindowSize: wrapperspb.UInt32(connectionWindow),
		},
		// The answer says that the connection closes, and nothing is cut.
		Http1SafeMaxConnectionDuration: true,

		RequestHeadersTimeout: durationpb.New(headersTimeout),
		StreamIdleTimeout:     durationpb.New(unadmittedIdle),

		PreserveExternalRequestId:  true,
		ServerHeaderTransformation: hcmv3.HttpConnectionManager_PASS_THROUGH,
		AccessLog:                  accessLog(),
		LocalReplyConfig:           refusals(),
	}
}

func socket(address string, port uint32) *corev3.Address {
	return &corev3.Address{Address: &corev3.Address_SocketAddress{SocketAddress: &corev3.SocketAddress{
		Address: address, PortSpecifier: &corev3.SocketAddress_PortValue{PortValue: port},
	}}}
}
