package gateway

import (
	"cmp"
	"maps"
	"net"
	"slices"
	"strconv"
	"time"

	clusterv3 "github.com/envoyproxy/go-control-plane/envoy/config/cluster/v3"
	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	endpointv3 "github.com/envoyproxy/go-control-plane/envoy/config/endpoint/v3"
	tlsv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/transport_sockets/tls/v3"
	httpv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/upstreams/http/v3"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/anypb"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/modelserving/terraform-provider-serving/internal/serving"
)

const (
	connectTimeout = 5 * time.Second
	// Many model servers close an idle connection after 5 s (uvicorn's
	// timeout_keep_alive, Node's keepAliveTimeout), and a request that meets the
	// closing one is lost.
	modelIdle = 4 * time.Second
	// The gateway does not ration: the autoscaler and the model itself do.
	noLimit = 1 << 20
)

// clusters are the servers' Services and the issuers that keys are fetched from.
func (c Config) clusters() []proto.Message {
	var all []proto.Message
	issuers := map[string]string{}
	for _, s := range c.sorted() {
		all = append(all, s.cluster())
		if s.Auth.Mode == serving.AuthJWT {
			issuers[keysCluster(s.Auth.JWT.JWKSURL)] = s.Auth.JWT.JWKSURL
		}
	}
	for _, name := range slices.Sorted(maps.Keys(issuers)) {
		all = append(all, c.issuer(name, issuers[name]))
	}
	return append(all, c.self())
}

// versionName is that of the cluster and of the JWT requirement that stand for a
// version. No server's name has a colon.
func (c Config) versionName() string { return "version:" + c.Version }

// self is the gateway's own listener.
func (c Config) self() *clusterv3.Cluster {
	host := c.address()
	if ip := net.ParseIP(host); ip != nil && ip.IsUnspecified() {
		host = "127.0.0.1"
	}
	cluster := byName(c.versionName(), host, strconv.FormatUint(uint64(c.Port), 10))
	cluster.ClusterDiscoveryType = &clusterv3.Cluster_Type{Type: clusterv3.Cluster_STATIC}
	return cluster
}

func (s Server) cluster() *clusterv3.Cluster {
	host, port, _ := net.SplitHostPort(s.Upstream)
	cluster := byName(s.Name, host, port)
	cluster.LbPolicy = clusterv3.Cluster_LEAST_REQUEST
	cluster.CircuitBreakers = &clusterv3.CircuitBreakers{Thresholds: []*clusterv3.CircuitBreakers_Thresholds{{
		MaxConnections: wrapperspb.UInt32(noLimit), MaxPendingRequests: wrapperspb.UInt32(noLimit),
		MaxRequests: wrapperspb.UInt32(noLimit), MaxRetries: wrapperspb.UInt32(noLimit),
	}}}
	cluster.TypedExtensionProtocolOptions = map[string]*anypb.Any{
		"envoy.extensions.upstreams.http.v3.HttpProtocolOptions": packed(s.upstreamProtocol()),
	}
	return cluster
}

func (s Server) upstreamProtocol() *httpv3.HttpProtocolOptions {
	options := &httpv3.HttpProtocolOptions{CommonHttpProtocolOptions: &corev3.HttpProtocolOptions{IdleTimeout: durationpb.New(modelIdle)}}
	switch s.Protocol {
	case serving.ProtocolHTTP1:
		options.UpstreamProtocolOptions = explicit(&httpv3.HttpProtocolOptions_ExplicitHttpConfig{
			ProtocolConfig: &httpv3.HttpProtocolOptions_ExplicitHttpConfig_HttpProtocolOptions{HttpProtocolOptions: &corev3.Http1ProtocolOptions{}},
		})
	case serving.ProtocolHTTP2:
		options.UpstreamProtocolOptions = explicit(&httpv3.HttpProtocolOptions_ExplicitHttpConfig{
			ProtocolConfig: &httpv3.HttpProtocolOptions_ExplicitHttpConfig_Http2ProtocolOptions{Http2ProtocolOptions: &corev3.Http2ProtocolOptions{}},
		})
	case serving.ProtocolSame:
		options.UpstreamProtocolOptions = &httpv3.HttpProtocolOptions_UseDownstreamProtocolConfig{
			UseDownstreamProtocolConfig: &httpv3.HttpProtocolOptions_UseDownstreamHttpConfig{Http2ProtocolOptions: &corev3.Http2ProtocolOptions{}},
		}
	}
	return options
}

func explicit(config *httpv3.HttpProtocolOptions_ExplicitHttpConfig) *httpv3.HttpProtocolOptions_ExplicitHttpConfig_ {
	return &httpv3.HttpProtocolOptions_ExplicitHttpConfig_{ExplicitHttpConfig: config}
}

// issuer is verified by its certificate: whoever could answer in its place could
// sign tokens.
func (c Config) issuer(name, jwks string) *clusterv3.Cluster {
	host, port := issuerAddress(jwks)
	kind := tlsv3.SubjectAltNameMatcher_DNS
	context := &tlsv3.UpstreamTlsContext{Sni: host}
	if net.ParseIP(host) != nil {
		kind, context.Sni = tlsv3.SubjectAltNameMatcher_IP_ADDRESS, ""
	}
	context.CommonTlsContext = &tlsv3.CommonTlsContext{ValidationContextType: &tlsv3.CommonTlsContext_ValidationContext{
		ValidationContext: &tlsv3.CertificateValidationContext{
			TrustedCa:                 &corev3.DataSource{Specifier: &corev3.DataSource_Filename{Filename: cmp.Or(c.CABundle, defaultCABundle)}},
			MatchTypedSubjectAltNames: []*tlsv3.SubjectAltNameMatcher{{SanType: kind, Matcher: exact(host)}},
		},
	}}
	cluster := byName(name, host, port)
	cluster.TransportSocket = &corev3.TransportSocket{
		Name: "envoy.transport_sockets.tls", ConfigType: &corev3.TransportSocket_TypedConfig{TypedConfig: packed(context)},
	}
	return cluster
}

// byName is a cluster of all addresses that a name resolves to.
func byName(name, host, port string) *clusterv3.Cluster {
	number, _ := strconv.ParseUint(port, 10, 16) // check has read it.
	return &clusterv3.Cluster{
		Name:                 name,
		ClusterDiscoveryType: &clusterv3.Cluster_Type{Type: clusterv3.Cluster_STRICT_DNS},
		ConnectTimeout:       durationpb.New(connectTimeout),
		LoadAssignment: &endpointv3.ClusterLoadAssignment{
			ClusterName: name,
			Endpoints: []*endpointv3.LocalityLbEndpoints{{LbEndpoints: []*endpointv3.LbEndpoint{{
				HostIdentifier: &endpointv3.LbEndpoint_Endpoint{Endpoint: &endpointv3.Endpoint{Address: socket(host, uint32(number))}},
			}}}},
		},
	}
}
