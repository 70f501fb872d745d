package gcp

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"cloud.google.com/go/compute/apiv1/computepb"
	"google.golang.org/genproto/googleapis/api/error_reason"
)

// quota is a limit that a call has met, as far as the cloud tells. All of it may be
// empty.
type quota struct {
	// limit is the name of the limit, as in "CertificatesPerProject", and metric what
	// it counts, as in "certificatemanager.googleapis.com/certificates".
	limit, metric string
	// value is what it allows, and place where: a region, or "global".
	value, place string
	// unit is "1/min/{project}" for a rate and "1/{project}" for a number of objects.
	unit string
}

// reasonConcurrent is Compute Engine's word for too many operations at one time
// ("Concurrent operation quotas" in its guide).
const reasonConcurrent = "CONCURRENT_OPERATIONS_QUOTA_EXCEEDED"

// The reasons of Google's API infrastructure (google/api/error_reason.proto).
var (
	reasonRate    = error_reason.ErrorReason_RATE_LIMIT_EXCEEDED.String()
	reasonObjects = error_reason.ErrorReason_RESOURCE_QUOTA_EXCEEDED.String()
)

// quota reads the details of a refusal: google.rpc.ErrorInfo has it in its metadata,
// in one of two spellings, and google.rpc.QuotaFailure in fields.
func (r refusal) quota() quota {
	var q quota
	for _, d := range r.Error.Details {
		info := d.Metadata
		q.add(quota{
			limit: cmp.Or(info["quota_limit"], info["quotaLimit"]), metric: cmp.Or(info["quota_metric"], info["quotaMetric"]),
			value: info["quota_limit_value"], place: cmp.Or(info["quota_location"], info["location"]), unit: info["quota_unit"],
		})
		for _, v := range d.Violations {
			q.add(quota{limit: v.QuotaID, metric: v.QuotaMetric, value: v.QuotaValue.String(), place: v.QuotaDimensions["region"]})
		}
	}
	return q
}

// add takes over what is not known yet.
func (q *quota) add(other quota) {
	q.limit, q.metric = cmp.Or(q.limit, other.limit), cmp.Or(q.metric, other.metric)
	q.value, q.place, q.unit = cmp.Or(q.value, other.value), cmp.Or(q.place, other.place), cmp.Or(q.unit, other.unit)
}

// shortly finds a period in the name of a limit that one can wait for, as in
// "ReadRequestsPerMinutePerProject".
var shortly = regexp.MustCompile(`(?i)per[ _-]?(minute|second|\d+ ?seconds)`)

// passes reports whether what is used up comes back by itself within a minute or so.
// What does not say is taken to.
func (q quota) passes() bool {
	switch {
	case q.value == "0":
		return false
	case q.unit != "":
		period := strings.Split(q.unit, "/")
		return len(period) > 1 && slices.Contains([]string{"s", "min"}, period[1])
	case q.limit != "":
		return shortly.MatchString(q.limit)
	}
	return true
}

// lasting reports whether a quota is met that no waiting changes: of objects, or of
// calls in a long time. The reason says so where it can be believed: services have
// answered that a rate is exceeded for quotas of objects, and the unit tells.
func (r refusal) lasting() bool {
	switch r.reason() {
	case reasonObjects, "quotaExceeded", "QUOTA_EXCEEDED", "limitExceeded", "dailyLimitExceeded":
		return true
	case reasonConcurrent:
		return false
	case reasonRate:
		q := r.quota()
		return !q.passes() && (q.unit != "" || q.value == "0" || strings.Contains(strings.ToLower(q.limit), "perday"))
	}
	return !r.quota().passes()
}

// rate reports whether calls came too fast, or too many at one time.
func (r refusal) rate() bool {
	return slices.Contains([]string{"rateLimitExceeded", "userRateLimitExceeded", reasonRate, reasonConcurrent}, r.reason())
}

// crowded reports whether a GKE cluster has as many operations under way as it may. It
// comes as 429 without a reason that a program could go by.
func (r refusal) crowded() bool {
	return strings.Contains(r.Error.Message, "concurrent operations quota")
}

// operationQuota is the quota that an operation of Compute Engine has failed of.
func operationQuota(failed *computepb.Errors) quota {
	var q quota
	for _, d := range failed.GetErrorDetails() {
		if info := d.GetQuotaInfo(); info != nil {
			q.add(quota{limit: info.GetLimitName(), metric: info.GetMetricName(), place: info.GetDimensions()["region"]})
			if info.Limit != nil {
				q.add(quota{value: fmt.Sprint(info.GetLimit())})
			}
		}
	}
	return q
}

// advice is what to do about a quota that is used up.
func (q quota) advice() string {
	what := ""
	if name := cmp.Or(q.limit, q.metric); name != "" {
		what = ": " + name
		if q.metric != "" && q.metric != name {
			what += " of " + q.metric
		}
		if q.value != "" {
			what += " allows " + q.value
		}
		if q.place != "" {
			what += " in " + q.place
		}
	}
	return "A quota of the project is reached" + what + `. Ask for more on the page "Quotas" of the Google Cloud console, or remove what is no longer needed, and apply again.`
}
