package aws

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"net/http"
	"regexp"
	"strings"

	elbtypes "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"
)

const (
	// maxLine bounds the request line and every header, maxHeaders all of them ("Quotas for your Application Load Balancers").
	maxLine    = 16 << 10
	maxHeaders = 64 << 10
	// maxForwarders is how many addresses X-Forwarded-For may have; beyond that, load balancers answer with a status of their own.
	maxForwarders    = 30
	statusForwarders = 463
)

// route is what a load balancer does with one request: a copy out of the state, which may change meanwhile.
type route struct {
	protocol string
	port     int
	// balancer and listener are attributes.
	balancer, listener map[string]string
	action             elbtypes.Action
	// unsupported says why the sandbox cannot do it.
	unsupported string
	// group is where a forward action leads.
	group *targetView
}

// serve answers a request at a listener.
func (b *balancer) serve(listener string, w http.ResponseWriter, r *http.Request) {
	if status := tooLarge(r); status != 0 {
		w.Header().Set("Server", "awselb/2.0")
		answerPage(w, status, "")
		return
	}
	route := b.route(listener, r)
	if route == nil {
		// The listener went away under an open connection.
		panic(http.ErrAbortHandler)
	}
	if route.action.Type == elbtypes.ActionTypeEnumForward && route.unsupported == "" {
		b.forward(route, w, r)
		return
	}
	w.Header().Set("Server", "awselb/2.0")
	route.dressing(w.Header())
	switch {
	case route.unsupported != "":
		http.Error(w, "The sandbox's load balancer cannot do this: "+route.unsupported, http.StatusNotImplemented)
	case route.action.Type == elbtypes.ActionTypeEnumRedirect:
		answerRedirect(w, r, route)
	default:
		answerFixed(w, route.action.FixedResponseConfig)
	}
}

// tooLarge is the status for a request beyond the limits, or 0.
func tooLarge(r *http.Request) int {
	if len(r.Method)+len(r.RequestURI)+len(" HTTP/1.1 ") > maxLine {
		return http.StatusRequestURITooLong
	}
	if strings.Count(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",") >= maxForwarders {
		return statusForwarders
	}
	total := len(r.RequestURI)
	for name, values := range r.Header {
		for _, value := range values {
			if len(name)+len(value)+2 > maxLine {
				return http.StatusBadRequest
			}
			total += len(name) + len(value) + 4
		}
	}
	if total > maxHeaders {
		return http.StatusBadRequest
	}
	return 0
}

// headerName is what names of header fields look like to load balancers; with drop_invalid_header_fields the others go.
var headerName = regexp.MustCompile(`^[-A-Za-z0-9]+$`)

// route decides about a request. It also drops header fields, because a dropped one meets no condition.
func (b *balancer) route(listener string, r *http.Request) *route {
	cloud := b.plane.cloud
	cloud.mu.Lock()
	defer cloud.mu.Unlock()
	cloud.settle()
	at := cloud.in(b.account, b.region)
	l, lb := at.elb().Listeners[listener], at.elb().LoadBalancers[b.arn]
	if l == nil || lb == nil {
		return nil
	}
	out := &route{protocol: string(l.Protocol), port: int(*l.Port), balancer: maps.Clone(lb.Attributes), listener: maps.Clone(l.Attributes)}
	if out.balancer["routing.http.drop_invalid_header_fields.enabled"] == "true" {
		maps.DeleteFunc(r.Header, func(name string, _ []string) bool { return !headerName.MatchString(name) })
	}
	rule := at.elbMatch(listener, r)
	if rule == nil {
		return nil
	}
	actions := at.elbShowRule(rule).Actions
	if len(actions) == 0 {
		return nil
	}
	out.action = actions[len(actions)-1]
	switch {
	case len(actions) > 1:
		out.unsupported = fmt.Sprintf("the rule has an action of type %s", actions[0].Type)
	case len(rule.Transforms) > 0:
		out.unsupported = "the rule has transforms"
	case out.action.Type == elbtypes.ActionTypeEnumForward:
		arn := weighted(out.action.ForwardConfig)
		out.group = &targetView{arn: arn}
		if tg := at.elb().TargetGroups[arn]; tg != nil {
			out.group = at.targetView(tg)
		}
	}
	return out
}

// weighted picks one of the target groups of a forward action. With no weight at all, nothing is picked.
func weighted(f *elbtypes.ForwardActionConfig) string {
	if f == nil {
		return ""
	}
	total := int32(0)
	for _, t := range f.TargetGroups {
		total += weight(t)
	}
	if len(f.TargetGroups) == 1 {
		return text(f.TargetGroups[0].TargetGroupArn)
	}
	if total == 0 {
		return ""
	}
	at := rand.Int32N(total)
	for _, t := range f.TargetGroups {
		if at -= weight(t); at < 0 {
			return text(t.TargetGroupArn)
		}
	}
	return ""
}

func weight(t elbtypes.TargetGroupTuple) int32 {
	if t.Weight == nil {
		return 1
	}
	return *t.Weight
}

// forwardedHost is the host header that targets see: without the port if that is the protocol's own, with it otherwise, and
// untouched if the load balancer preserves it.
func (route *route) forwardedHost(r *http.Request) string {
	switch {
	case route.balancer["routing.http.preserve_host_header.enabled"] == "true":
		return r.Host
	case route.port == 80 || route.port == 443:
		return hostName(r.Host)
	case strings.Contains(r.Host, ":"):
		return r.Host
	}
	return fmt.Sprintf("%s:%d", r.Host, route.port)
}
