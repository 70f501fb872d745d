package aws

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"

	elbtypes "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"
)

// reasonHeader tells people what a real load balancer or network keeps to itself.
const reasonHeader = "X-Sandbox-Reason"

// statusLines are the words of load balancers where they are not Go's.
var statusLines = map[int]string{
	http.StatusRequestURITooLong:  "Request-URI Too Large",
	http.StatusServiceUnavailable: "Service Temporarily Unavailable",
	http.StatusGatewayTimeout:     "Gateway Time-out",
}

// answerPage is a load balancer's own answer.
func answerPage(w http.ResponseWriter, status int, reason string) {
	words := statusLines[status]
	if words == "" {
		words = http.StatusText(status)
	}
	line := strconv.Itoa(status) + " " + words
	body := "<html>\r\n<head><title>" + line + "</title></head>\r\n<body>\r\n<center><h1>" + line + "</h1></center>\r\n</body>\r\n</html>\r\n"
	if reason != "" {
		w.Header().Set(reasonHeader, strings.Join(strings.Fields(reason), " "))
	}
	w.Header().Set("Content-Type", "text/html")
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(status)
	_, _ = w.Write([]byte(body))
}

// answerFixed is the action fixed-response.
func answerFixed(w http.ResponseWriter, f *elbtypes.FixedResponseActionConfig) {
	status, err := strconv.Atoi(text(f.StatusCode))
	if err != nil {
		status = http.StatusInternalServerError
	}
	body := text(f.MessageBody)
	kind := text(f.ContentType)
	if kind == "" {
		kind = "text/plain"
	}
	w.Header().Set("Content-Type", kind+"; charset=utf-8")
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(status)
	_, _ = w.Write([]byte(body))
}

// answerRedirect is the action redirect. The port is always written out, as load balancers do.
func answerRedirect(w http.ResponseWriter, r *http.Request, route *route) {
	to := route.action.RedirectConfig
	fill := strings.NewReplacer(
		"#{protocol}", strings.ToLower(route.protocol), "#{host}", hostName(r.Host), "#{port}", strconv.Itoa(route.port),
		"#{path}", strings.TrimPrefix(requestPath(r), "/"), "#{query}", r.URL.RawQuery,
	)
	location := fmt.Sprintf("%s://%s:%s%s", strings.ToLower(fill.Replace(text(to.Protocol))), fill.Replace(text(to.Host)), fill.Replace(text(to.Port)), fill.Replace(text(to.Path)))
	if query := fill.Replace(text(to.Query)); query != "" {
		location += "?" + query
	}
	w.Header().Set("Location", location)
	status := http.StatusMovedPermanently
	if to.StatusCode == elbtypes.RedirectActionStatusCodeEnumHttp302 {
		status = http.StatusFound
	}
	answerPage(w, status, "")
}

// listenerHeaders are the response headers that a listener's attributes set.
var listenerHeaders = map[string]string{
	"access_control_allow_credentials": "Access-Control-Allow-Credentials",
	"access_control_allow_headers":     "Access-Control-Allow-Headers",
	"access_control_allow_methods":     "Access-Control-Allow-Methods",
	"access_control_allow_origin":      "Access-Control-Allow-Origin",
	"access_control_expose_headers":    "Access-Control-Expose-Headers",
	"access_control_max_age":           "Access-Control-Max-Age",
	"content_security_policy":          "Content-Security-Policy",
	"strict_transport_security":        "Strict-Transport-Security",
	"x_content_type_options":           "X-Content-Type-Options",
	"x_frame_options":                  "X-Frame-Options",
}

// dressing edits the header of every response as the listener's attributes say.
func (route *route) dressing(header http.Header) {
	if route.listener["routing.http.response.server.enabled"] == "false" {
		header.Del("Server")
	}
	for attribute, name := range listenerHeaders {
		if value := route.listener["routing.http.response."+attribute+".header_value"]; value != "" {
			header.Set(name, value)
		}
	}
}
