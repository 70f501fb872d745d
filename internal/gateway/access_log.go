package gateway

import (
	"fmt"
	"net/http"

	accesslogv3 "github.com/envoyproxy/go-control-plane/envoy/config/accesslog/v3"
	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	streamv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/access_loggers/stream/v3"
	hcmv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/network/http_connection_manager/v3"
	matcherv3 "github.com/envoyproxy/go-control-plane/envoy/type/matcher/v3"
	"google.golang.org/protobuf/types/known/structpb"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/modelserving/terraform-provider-serving/internal/serving"
)

// The metadata of a route, for the access log.
const (
	routeNamespace = "serving"
	decisionAt     = "decision"
	allow          = "allow"
	deny           = "deny"
)

// why names what decided: what the route says of itself, else what the search of
// the body or a look at Authorization found, else Envoy's own word.
var why = fmt.Sprintf(`%%COALESCE({"operators":[{"command":"METADATA","param":"ROUTE:%s:%s"},{"command":"DYNAMIC_METADATA","param":"%s:%s"},{"command":"DYNAMIC_METADATA","param":"%s:%s"},"RESPONSE_CODE_DETAILS"]})%%`,
	routeNamespace, reasonAt, bodyNamespace, reasonAt, credentialNamespace, reasonAt)

// challenged is the status of a route that refuses and says how to ask again: the
// caller is answered 401 with a challenge, which is written here once and not in
// each route.
const challenged = http.StatusProxyAuthRequired

// accessLog writes one line of JSON per request. No header is in it that could
// be a credential, and no query, for callers put tokens there by mistake.
func accessLog() []*accesslogv3.AccessLog {
	fields := map[string]string{
		"time":        "%START_TIME%",
		"server":      "%ROUTE_NAME%",
		"client":      "%REQ(" + clientHeader + ")%",
		"decision":    fmt.Sprintf("%%METADATA(ROUTE:%s:%s)%%", routeNamespace, decisionAt),
		"reason":      why,
		"details":     "%RESPONSE_CODE_DETAILS%",
		"flags":       "%RESPONSE_FLAGS%",
		"status":      "%RESPONSE_CODE%",
		"grpc_status": "%GRPC_STATUS%",
		"method":      "%REQ(:METHOD)%",
		"path":        "%PATH(NQ:PATH)%",
		"protocol":    "%PROTOCOL%",
		"bytes_in":    "%BYTES_RECEIVED%",
		"bytes_out":   "%BYTES_SENT%",
		"duration_ms": "%DURATION%",
		"request_id":  "%REQ(X-REQUEST-ID)%",
		"remote":      "%DOWNSTREAM_REMOTE_ADDRESS_WITHOUT_PORT%",
		"upstream":    "%UPSTREAM_HOST%",
	}
	return []*accesslogv3.AccessLog{{
		Name: "envoy.access_loggers.stdout",
		Filter: &accesslogv3.AccessLogFilter{FilterSpecifier: &accesslogv3.AccessLogFilter_HeaderFilter{HeaderFilter: &accesslogv3.HeaderFilter{
			// Load balancers ask every few seconds, from every node.
			Header: &routev3.HeaderMatcher{
				Name:                 ":path",
				HeaderMatchSpecifier: &routev3.HeaderMatcher_StringMatch{StringMatch: exact(serving.HealthPath)},
				InvertMatch:          true,
			},
		}}},
		ConfigType: &accesslogv3.AccessLog_TypedConfig{TypedConfig: packed(&streamv3.StdoutAccessLog{
			AccessLogFormat: &streamv3.StdoutAccessLog_LogFormat{LogFormat: jsonFormat(fields)},
		})},
	}}
}

// refusals gives every answer of the gateway itself one shape. Those of a route
// that refuses say why; the others, as 413 and 503, what Envoy calls it.
func refusals() *hcmv3.LocalReplyConfig {
	shape := func(reason string) *corev3.SubstitutionFormatString {
		return jsonFormat(map[string]string{"error": reason, "status": "%RESPONSE_CODE%", "request_id": "%REQ(X-REQUEST-ID)%"})
	}
	mapper := func(status uint32) *hcmv3.ResponseMapper {
		return &hcmv3.ResponseMapper{
			Filter: &accesslogv3.AccessLogFilter{FilterSpecifier: &accesslogv3.AccessLogFilter_StatusCodeFilter{StatusCodeFilter: &accesslogv3.StatusCodeFilter{
				Comparison: &accesslogv3.ComparisonFilter{
					Op: accesslogv3.ComparisonFilter_EQ, Value: &corev3.RuntimeUInt32{DefaultValue: status, RuntimeKey: "serving.none"},
				},
			}}},
			BodyFormatOverride: shape(why),
		}
	}
	challenge := mapper(challenged)
	challenge.StatusCode = wrapperspb.UInt32(http.StatusUnauthorized)
	challenge.HeadersToAdd = []*corev3.HeaderValueOption{set("www-authenticate", `Basic realm="%ROUTE_NAME%", charset="UTF-8", Bearer realm="%ROUTE_NAME%"`)}
	return &hcmv3.LocalReplyConfig{
		BodyFormat: shape("%RESPONSE_CODE_DETAILS%"),
		Mappers:    []*hcmv3.ResponseMapper{challenge, mapper(http.StatusUnauthorized), mapper(http.StatusNotFound)},
	}
}

func jsonFormat(fields map[string]string) *corev3.SubstitutionFormatString {
	values := map[string]*structpb.Value{}
	for name, format := range fields {
		values[name] = stringValue(format)
	}
	return &corev3.SubstitutionFormatString{
		Format: &corev3.SubstitutionFormatString_JsonFormat{JsonFormat: &structpb.Struct{Fields: values}},
	}
}

func stringValue(text string) *structpb.Value { return structpb.NewStringValue(text) }

func exact(text string) *matcherv3.StringMatcher {
	return &matcherv3.StringMatcher{MatchPattern: &matcherv3.StringMatcher_Exact{Exact: text}}
}
