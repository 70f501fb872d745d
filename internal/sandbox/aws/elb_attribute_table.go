package aws

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// elbAttribute is an attribute's default and what its value must be; a rule answers why a value is wrong, or "".
type elbAttribute struct {
	def  string
	rule func(value string) string
}

func elbOneOf(values ...string) func(string) string {
	return func(v string) string {
		if slices.Contains(values, v) {
			return ""
		}
		return fmt.Sprintf("must be one of '%s'", strings.Join(values, "', '"))
	}
}

func elbBetween(low, high int, words ...string) func(string) string {
	return func(v string) string {
		if n, err := strconv.Atoi(v); slices.Contains(words, v) || err == nil && n >= low && n <= high && strconv.Itoa(n) == v {
			return ""
		}
		return fmt.Sprintf("must be a number between %d and %d", low, high)
	}
}

func elbText(high int) func(string) string {
	return func(v string) string {
		if len(v) <= high && !strings.ContainsAny(v, "\r\n\x00") {
			return ""
		}
		return fmt.Sprintf("must be at most %d characters without line breaks", high)
	}
}

var (
	elbBool   = elbOneOf("true", "false")
	elbHeader = func(v string) string {
		if len(v) <= 256 && !strings.ContainsAny(v, " :;,\r\n\t") {
			return ""
		}
		return "must be an HTTP header name"
	}
)

// elbLoadBalancerAttributes are those of Application Load Balancers.
var elbLoadBalancerAttributes = map[string]elbAttribute{
	"access_logs.s3.bucket":                                    {"", elbText(63)},
	"access_logs.s3.enabled":                                   {"false", elbBool},
	"access_logs.s3.prefix":                                    {"", elbText(256)},
	"client_keep_alive.seconds":                                {"3600", elbBetween(60, 604800)},
	"connection_logs.s3.bucket":                                {"", elbText(63)},
	"connection_logs.s3.enabled":                               {"false", elbBool},
	"connection_logs.s3.prefix":                                {"", elbText(256)},
	"deletion_protection.enabled":                              {"false", elbBool},
	"health_check_logs.s3.bucket":                              {"", elbText(63)},
	"health_check_logs.s3.enabled":                             {"false", elbBool},
	"health_check_logs.s3.prefix":                              {"", elbText(256)},
	"idle_timeout.timeout_seconds":                             {"60", elbBetween(1, 4000)},
	"ipv6.deny_all_igw_traffic":                                {"false", elbBool},
	"load_balancing.cross_zone.enabled":                        {"true", elbOneOf("true")},
	"routing.http.desync_mitigation_mode":                      {"defensive", elbOneOf("monitor", "defensive", "strictest")},
	"routing.http.drop_invalid_header_fields.enabled":          {"false", elbBool},
	"routing.http.preserve_host_header.enabled":                {"false", elbBool},
	"routing.http.x_amzn_tls_version_and_cipher_suite.enabled": {"false", elbBool},
	"routing.http.xff_client_port.enabled":                     {"false", elbBool},
	"routing.http.xff_header_processing.mode":                  {"append", elbOneOf("append", "preserve", "remove")},
	"routing.http2.enabled":                                    {"true", elbBool},
	"waf.fail_open.enabled":                                    {"false", elbBool},
	"zonal_shift.config.enabled":                               {"false", elbBool},
}

// elbTargetGroupAttributes are those of instance and ip groups behind an Application Load Balancer.
var elbTargetGroupAttributes = map[string]elbAttribute{
	"deregistration_delay.timeout_seconds":                                           {"300", elbBetween(0, 3600)},
	"load_balancing.algorithm.anomaly_mitigation":                                    {"off", elbOneOf("on", "off")},
	"load_balancing.algorithm.type":                                                  {"round_robin", elbOneOf("round_robin", "least_outstanding_requests", "weighted_random")},
	"load_balancing.cross_zone.enabled":                                              {"use_load_balancer_configuration", elbOneOf("true", "false", "use_load_balancer_configuration")},
	"slow_start.duration_seconds":                                                    {"0", elbBetween(30, 900, "0")},
	"stickiness.app_cookie.cookie_name":                                              {"", elbCookieName},
	"stickiness.app_cookie.duration_seconds":                                         {"86400", elbBetween(1, 604800)},
	"stickiness.enabled":                                                             {"false", elbBool},
	"stickiness.lb_cookie.duration_seconds":                                          {"86400", elbBetween(1, 604800)},
	"stickiness.type":                                                                {"lb_cookie", elbOneOf("lb_cookie", "app_cookie")},
	"target_group_health.dns_failover.minimum_healthy_targets.count":                 {"1", elbBetween(1, 1000, "off")},
	"target_group_health.dns_failover.minimum_healthy_targets.percentage":            {"off", elbBetween(1, 100, "off")},
	"target_group_health.unhealthy_state_routing.minimum_healthy_targets.count":      {"1", elbBetween(1, 1000)},
	"target_group_health.unhealthy_state_routing.minimum_healthy_targets.percentage": {"off", elbBetween(1, 100, "off")},
}

// elbListenerAttributes are those every listener of an Application Load Balancer has.
var elbListenerAttributes = map[string]elbAttribute{
	"routing.http.response.access_control_allow_credentials.header_value": {"", elbOneOf("", "true")},
	"routing.http.response.access_control_allow_headers.header_value":     {"", elbText(1024)},
	"routing.http.response.access_control_allow_methods.header_value":     {"", elbText(1024)},
	"routing.http.response.access_control_allow_origin.header_value":      {"", elbText(1024)},
	"routing.http.response.access_control_expose_headers.header_value":    {"", elbText(1024)},
	"routing.http.response.access_control_max_age.header_value":           {"", elbBetween(0, 86400, "")},
	"routing.http.response.content_security_policy.header_value":          {"", elbText(1024)},
	"routing.http.response.server.enabled":                                {"true", elbBool},
	"routing.http.response.strict_transport_security.header_value":        {"", elbText(1024)},
	"routing.http.response.x_content_type_options.header_value":           {"", elbOneOf("", "nosniff")},
	"routing.http.response.x_frame_options.header_value":                  {"", elbOneOf("", "DENY", "SAMEORIGIN")},
}

// elbSecureListenerAttributes come on top for HTTPS.
var elbSecureListenerAttributes = map[string]elbAttribute{
	"routing.http.request.x_amzn_mtls_clientcert.header_name":               {"X-Amzn-Mtls-Clientcert", elbHeader},
	"routing.http.request.x_amzn_mtls_clientcert_issuer.header_name":        {"X-Amzn-Mtls-Clientcert-Issuer", elbHeader},
	"routing.http.request.x_amzn_mtls_clientcert_leaf.header_name":          {"X-Amzn-Mtls-Clientcert-Leaf", elbHeader},
	"routing.http.request.x_amzn_mtls_clientcert_serial_number.header_name": {"X-Amzn-Mtls-Clientcert-Serial-Number", elbHeader},
	"routing.http.request.x_amzn_mtls_clientcert_subject.header_name":       {"X-Amzn-Mtls-Clientcert-Subject", elbHeader},
	"routing.http.request.x_amzn_mtls_clientcert_validity.header_name":      {"X-Amzn-Mtls-Clientcert-Validity", elbHeader},
	"routing.http.request.x_amzn_tls_cipher_suite.header_name":              {"X-Amzn-Tls-Cipher-Suite", elbHeader},
	"routing.http.request.x_amzn_tls_version.header_name":                   {"X-Amzn-Tls-Version", elbHeader},
}

func elbCookieName(v string) string {
	for _, reserved := range []string{"AWSALB", "AWSALBAPP", "AWSALBTG"} {
		if strings.HasPrefix(v, reserved) {
			return "must not start with " + reserved
		}
	}
	return elbText(256)(v)
}

func elbDefaults(specs ...map[string]elbAttribute) map[string]string {
	out := map[string]string{}
	for _, spec := range specs {
		for k, a := range spec {
			out[k] = a.def
		}
	}
	return out
}
