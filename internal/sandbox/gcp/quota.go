package gcp

import (
	"fmt"
	"strconv"

	"google.golang.org/genproto/googleapis/api/error_reason"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/protobuf/proto"
)

// limit is what a quota is known by.
type limit struct {
	// service and metric are as in "certificatemanager.googleapis.com/certificates".
	service, metric string
	// name is as in "CertificatesPerProject", and unit as in "1/{project}": what it counts in, per minute if it is a rate.
	name, unit string
	value      int
	// place is a region, or "global".
	place string
}

func (l limit) host() string { return l.service + ".googleapis.com" }

// info is how Google's APIs tell of a quota, by google/api/error_reason.proto.
func (l limit) info(reason error_reason.ErrorReason, number string) *errdetails.ErrorInfo {
	return &errdetails.ErrorInfo{Reason: reason.String(), Domain: "googleapis.com", Metadata: map[string]string{
		"consumer": "projects/" + number, "service": l.host(), "quota_metric": l.host() + "/" + l.metric, "quota_limit": l.name,
		"quota_limit_value": strconv.Itoa(l.value), "quota_location": l.place, "quota_unit": l.unit,
	}}
}

// moreQuota is the link that comes with every quota.
func moreQuota() *errdetails.Help {
	return &errdetails.Help{Links: []*errdetails.Help_Link{{
		Description: "Request a higher quota limit.", Url: "https://cloud.google.com/docs/quotas/help/request_increase",
	}}}
}

// usedUp refuses one object too many. Compute Engine has words of its own: see quotaExceeded.
func (c *call) usedUp(status int, l limit) error {
	number := c.cloud.projects()[c.Project]
	message := fmt.Sprintf("Quota limit '%s' has been exceeded. Limit: %d in %s.", l.name, l.value, l.place)
	violation := &errdetails.QuotaFailure_Violation{
		Subject: "project:" + c.Project, Description: message, ApiService: l.host(), QuotaMetric: l.host() + "/" + l.metric, QuotaId: l.name, QuotaValue: int64(l.value),
	}
	if l.place != global {
		violation.QuotaDimensions = map[string]string{"region": l.place}
	}
	return &Error{Status: status, Code: "RESOURCE_EXHAUSTED", Message: message, Details: []proto.Message{
		l.info(error_reason.ErrorReason_RESOURCE_QUOTA_EXCEEDED, number),
		&errdetails.QuotaFailure{Violations: []*errdetails.QuotaFailure_Violation{violation}}, moreQuota(),
	}}
}

// throttled is how a service says that it was called too often: Compute Engine by another status and reason.
func throttled(service, number string) error {
	l := limit{service: service, metric: "requests", name: "RequestsPerMinutePerProject", unit: "1/min/{project}", value: 300, place: global}
	message := fmt.Sprintf("Quota exceeded for quota metric 'Requests' and limit 'Requests per minute' of service '%s' for consumer 'project_number:%s'.", l.host(), number)
	e := &Error{Status: 429, Message: message, Details: []proto.Message{l.info(error_reason.ErrorReason_RATE_LIMIT_EXCEEDED, number), moreQuota()}}
	if service == "compute" {
		e.Status, e.Code, e.Reason, e.Domain = 403, "RESOURCE_EXHAUSTED", "rateLimitExceeded", "usageLimits"
	}
	return e
}

// quotaExceeded is how Compute Engine says that there is one object too many.
func quotaExceeded(metric string, limit int, where string) error {
	return &Error{Status: 403, Reason: "quotaExceeded", Domain: "usageLimits", Message: fmt.Sprintf("Quota '%s' exceeded.  Limit: %d.0 %s.", metric, limit, where)}
}
