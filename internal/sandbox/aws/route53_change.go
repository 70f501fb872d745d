package aws

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/route53"
	route53types "github.com/aws/aws-sdk-go-v2/service/route53/types"
)

// Limits of one request ("Quotas on ChangeResourceRecordSets requests", Developer Guide).
const (
	route53MaxElements   = 1000
	route53MaxCharacters = 32000
)

// route53Batch is a change batch on its way: all of it is made, or none.
type route53Batch struct {
	c    *call
	zone *route53Zone
	// records are the zone's as they will be, by key; changed are the keys in the order of the batch.
	records map[string]*route53Record
	changed []string
	// problems are the messages of InvalidChangeBatch.
	problems []string
}

func (b *route53Batch) problem(format string, args ...any) {
	if text := fmt.Sprintf(format, args...); !slices.Contains(b.problems, text) {
		b.problems = append(b.problems, text)
	}
}

func (c *call) route53ChangeRecords(in *route53.ChangeResourceRecordSetsInput) (*route53.ChangeResourceRecordSetsOutput, error) {
	zone, err := c.route53Zone(in.HostedZoneId)
	if err != nil {
		return nil, err
	}
	b := &route53Batch{c: c, zone: zone, records: map[string]*route53Record{}}
	for _, r := range c.route53().records(zone) {
		b.records[zone.key(*r.Name, r.Type)] = r
	}
	if err := route53BatchSize(in.ChangeBatch.Changes); err != nil {
		return nil, err
	}
	for _, change := range in.ChangeBatch.Changes {
		if err := b.check(change); err != nil {
			return nil, err
		}
		b.apply(change.Action, *change.ResourceRecordSet)
	}
	b.neighbours()
	if most := c.quota("route53.records_per_hosted_zone"); len(b.records) > most {
		b.problem("Number of records limit of %d exceeded.", most)
	}
	if len(b.problems) > 0 {
		return nil, apiError("InvalidChangeBatch", "[%s]", strings.Join(b.problems, ", "))
	}
	id, info := c.route53Submit(in.ChangeBatch.Comment)
	for _, key := range slices.Compact(slices.Sorted(slices.Values(b.changed))) {
		c.route53().put(key, b.records[key], id)
	}
	return &route53.ChangeResourceRecordSetsOutput{ChangeInfo: info}, nil
}

// route53BatchSize counts a batch as the service does: an UPSERT counts twice.
func route53BatchSize(changes []route53types.Change) error {
	elements, characters := 0, 0
	for _, change := range changes {
		weight := 1
		if change.Action == route53types.ChangeActionUpsert {
			weight = 2
		}
		elements += weight * max(1, len(change.ResourceRecordSet.ResourceRecords))
		for _, r := range change.ResourceRecordSet.ResourceRecords {
			characters += weight * len(text(r.Value))
		}
	}
	if elements > route53MaxElements {
		return apiError("InvalidChangeBatch", "[Number of records limit of %d exceeded.]", route53MaxElements)
	}
	if characters > route53MaxCharacters {
		return apiError("InvalidChangeBatch", "[RDATA character limit of %d exceeded.]", route53MaxCharacters)
	}
	return nil
}

// check refuses a change that is not well-formed.
func (b *route53Batch) check(change route53types.Change) error {
	set := change.ResourceRecordSet
	where := fmt.Sprintf("in Change with [Action=%s, Name=%s, Type=%s, SetIdentifier=%s]", change.Action, text(set.Name), set.Type, orNull(set.SetIdentifier))
	records, alias, policy := set.ResourceRecords != nil || set.TTL != nil, set.AliasTarget != nil, set.TrafficPolicyInstanceId != nil
	const expected = "Invalid request: Expected exactly one of [AliasTarget, all of [TTL, and ResourceRecords], or TrafficPolicyInstanceId], but found "
	switch {
	case records && alias, records && policy, alias && policy:
		return apiError("InvalidInput", expected+"more than one %s", where)
	case !records && !alias && !policy:
		return apiError("InvalidInput", expected+"none %s", where)
	case records && set.TTL == nil:
		return apiError("InvalidInput", "Invalid request: Missing field 'TTL' %s", where)
	case records && len(set.ResourceRecords) == 0:
		return apiError("InvalidInput", "Invalid request: Missing field 'ResourceRecords' %s", where)
	case set.HealthCheckId != nil:
		return apiError("NoSuchHealthCheck", "A health check with id %s does not exist.", *set.HealthCheckId)
	case policy, set.SetIdentifier != nil, set.Weight != nil, set.Region != "", set.Failover != "", set.GeoLocation != nil,
		set.MultiValueAnswer != nil, set.CidrRoutingConfig != nil, set.GeoProximityLocation != nil:
		return apiError("InvalidInput", "The sandbox has records with simple routing only %s", where)
	}
	return nil
}

func orNull(s *string) string {
	if s == nil {
		return "null"
	}
	return *s
}

// apply makes one change to the working copy, or notes what is wrong with it.
func (b *route53Batch) apply(action route53types.ChangeAction, set route53types.ResourceRecordSet) {
	name, problem := route53Name(*set.Name)
	if problem != "" {
		b.problem("%s", problem)
		return
	}
	set.Name = &name
	if !inside(name, *b.zone.Name) {
		b.problem("RRSet with DNS name %s is not permitted in zone %s", name, *b.zone.Name)
		return
	}
	key := b.zone.key(name, set.Type)
	have := b.records[key]
	if slices.Contains(b.changed, key) && (action != route53types.ChangeActionCreate || have != nil) {
		b.problem("The request contains an invalid set of changes for a resource record set '%s %s'", set.Type, name)
		return
	}
	if action != route53types.ChangeActionDelete && !b.values(&set) {
		return
	}
	known := fmt.Sprintf("resource record set [name='%s', type='%s']", name, set.Type)
	switch action {
	case route53types.ChangeActionCreate:
		if have != nil {
			b.problem("Tried to create %s but it already exists", known)
			return
		}
		b.records[key] = &route53Record{ResourceRecordSet: set}
	case route53types.ChangeActionUpsert:
		b.records[key] = &route53Record{ResourceRecordSet: set, Own: have != nil && have.Own}
	case route53types.ChangeActionDelete:
		switch {
		case have == nil:
			b.problem("Tried to delete %s but it was not found", known)
			return
		case !sameRecord(have.ResourceRecordSet, set):
			b.problem("Tried to delete %s but the values provided do not match the current values", known)
			return
		case have.Own && set.Type == route53types.RRTypeSoa:
			b.problem("A HostedZone must contain exactly one SOA record.")
			return
		case have.Own:
			b.problem("A HostedZone must contain at least one NS record for the zone itself.")
			return
		}
		delete(b.records, key)
	}
	b.changed = append(b.changed, key)
}

// neighbours holds what will be at the changed names against each other: where a CNAME is, nothing else can be.
func (b *route53Batch) neighbours() {
	for _, key := range b.changed {
		r := b.records[key]
		if r == nil {
			continue
		}
		cname := b.records[b.zone.key(*r.Name, route53types.RRTypeCname)]
		switch {
		case cname == nil:
		case r != cname && slices.Contains(b.changed, b.zone.key(*r.Name, route53types.RRTypeCname)):
			// The CNAME of the same batch is refused, once.
		case r != cname:
			b.problem("RRSet of type %s with DNS name %s is not permitted because a conflicting RRSet of type CNAME with the same DNS name already exists in zone %s", r.Type, *r.Name, *b.zone.Name)
		case *r.Name == *b.zone.Name:
			b.problem("RRSet of type CNAME with DNS name %s is not permitted at apex in zone %s", *r.Name, *b.zone.Name)
		default:
			for other := range maps.Values(b.records) {
				if other != r && *other.Name == *r.Name {
					b.problem("RRSet of type CNAME with DNS name %s is not permitted as it conflicts with other records with the same DNS name in zone %s", *r.Name, *b.zone.Name)
				}
			}
		}
	}
	for _, key := range b.changed {
		if r := b.records[key]; r != nil && r.AliasTarget != nil {
			b.aliasTarget(r)
		}
	}
}

// sameRecord reports whether a record is the one that a DELETE names: the same target, or the same TTL and values.
func sameRecord(have, named route53types.ResourceRecordSet) bool {
	if have.AliasTarget != nil || named.AliasTarget != nil {
		if have.AliasTarget == nil || named.AliasTarget == nil {
			return false
		}
		target, problem := route53Name(text(named.AliasTarget.DNSName))
		return problem == "" && target == *have.AliasTarget.DNSName && text(named.AliasTarget.HostedZoneId) == *have.AliasTarget.HostedZoneId &&
			named.AliasTarget.EvaluateTargetHealth == have.AliasTarget.EvaluateTargetHealth
	}
	return *have.TTL == *named.TTL && sameSet(recordValues(have), recordValues(named))
}

func recordValues(set route53types.ResourceRecordSet) []string {
	var out []string
	for _, r := range set.ResourceRecords {
		out = append(out, text(r.Value))
	}
	return out
}
