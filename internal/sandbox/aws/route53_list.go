package aws

import (
	"cmp"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/route53"
	route53types "github.com/aws/aws-sdk-go-v2/service/route53/types"
)

// route53Limit is the size of a page; asking for more than the most gets the most.
func route53Limit(asked *int32, most int32) (int, error) {
	if asked == nil {
		return int(most), nil
	}
	if *asked < 1 {
		return 0, apiError("InvalidInput", "The value of MaxItems, %d, is not at least 1.", *asked)
	}
	return int(min(*asked, most)), nil
}

// cut takes a page off a sorted list and answers what the next one begins with.
func cut[T any](items []T, limit int) (page []T, next *T) {
	if len(items) > limit {
		return items[:limit], &items[limit]
	}
	return items, nil
}

// sortedZones lists the account's zones in an order.
func (s *route53State) sortedZones(compare func(a, b *route53Zone) int) []*route53Zone {
	var zones []*route53Zone
	for _, id := range sortedKeys(s.Zones) {
		zones = append(zones, s.Zones[id])
	}
	slices.SortStableFunc(zones, compare)
	return zones
}

func (c *call) route53ListHostedZones(in *route53.ListHostedZonesInput) (*route53.ListHostedZonesOutput, error) {
	limit, err := route53Limit(in.MaxItems, 100)
	if err != nil {
		return nil, err
	}
	if in.DelegationSetId != nil {
		return nil, apiError("NoSuchDelegationSet", "A reusable delegation set with the ID %s does not exist.", *in.DelegationSetId)
	}
	zones := c.route53().sortedZones(func(a, b *route53Zone) int { return a.Created.Compare(b.Created) })
	if in.HostedZoneType != "" {
		zones = slices.DeleteFunc(zones, func(z *route53Zone) bool { return !z.private() })
	}
	if in.Marker != nil {
		i := slices.IndexFunc(zones, func(z *route53Zone) bool { return z.id() == *in.Marker })
		if i < 0 {
			return nil, apiError("InvalidInput", "The marker %s is not a hosted zone of the list.", *in.Marker)
		}
		zones = zones[i:]
	}
	page, next := cut(zones, limit)
	out := &route53.ListHostedZonesOutput{Marker: in.Marker, MaxItems: new(int32(limit)), IsTruncated: next != nil, HostedZones: c.route53Answers(page)}
	if next != nil {
		out.NextMarker = new((*next).id())
	}
	return out, nil
}

func (c *call) route53Answers(zones []*route53Zone) []route53types.HostedZone {
	out := []route53types.HostedZone{}
	for _, zone := range zones {
		out = append(out, *c.route53Answer(zone))
	}
	return out
}

func (c *call) route53ListHostedZonesByName(in *route53.ListHostedZonesByNameInput) (*route53.ListHostedZonesByNameOutput, error) {
	limit, err := route53Limit(in.MaxItems, 100)
	if err != nil {
		return nil, err
	}
	if in.HostedZoneId != nil && in.DNSName == nil {
		return nil, apiError("InvalidInput", "A HostedZoneId to begin with needs a DNSName.")
	}
	order := func(a, b *route53Zone) int {
		return cmp.Or(strings.Compare(reversed(*a.Name), reversed(*b.Name)), strings.Compare(a.id(), b.id()))
	}
	zones := c.route53().sortedZones(order)
	if in.DNSName != nil {
		name, problem := route53Name(*in.DNSName)
		if problem != "" {
			return nil, apiError("InvalidDomainName", "%s", problem)
		}
		from := &route53Zone{HostedZone: route53types.HostedZone{Name: &name, Id: new(text(in.HostedZoneId))}}
		zones = slices.DeleteFunc(zones, func(z *route53Zone) bool { return order(z, from) < 0 })
	}
	page, next := cut(zones, limit)
	out := &route53.ListHostedZonesByNameOutput{
		DNSName: in.DNSName, HostedZoneId: in.HostedZoneId, MaxItems: new(int32(limit)), IsTruncated: next != nil, HostedZones: c.route53Answers(page),
	}
	if next != nil {
		out.NextDNSName, out.NextHostedZoneId = (*next).Name, new((*next).id())
	}
	return out, nil
}

func (c *call) route53ListRecords(in *route53.ListResourceRecordSetsInput) (*route53.ListResourceRecordSetsOutput, error) {
	zone, err := c.route53Zone(in.HostedZoneId)
	if err != nil {
		return nil, err
	}
	limit, err := route53Limit(in.MaxItems, 300)
	if err != nil {
		return nil, err
	}
	if in.StartRecordType != "" && in.StartRecordName == nil {
		return nil, apiError("InvalidInput", "The input is not valid. A record type to begin with needs a record name.")
	}
	if in.StartRecordIdentifier != nil && in.StartRecordType == "" {
		return nil, apiError("InvalidInput", "The input is not valid. A record identifier to begin with needs a record name and type.")
	}
	records := c.route53().records(zone)
	if in.StartRecordName != nil {
		name, problem := route53Name(*in.StartRecordName)
		if problem != "" {
			return nil, apiError("InvalidInput", "%s", problem)
		}
		records = slices.DeleteFunc(records, func(r *route53Record) bool { return compareRecords(*r.Name, r.Type, name, in.StartRecordType) < 0 })
	}
	page, next := cut(records, limit)
	out := &route53.ListResourceRecordSetsOutput{MaxItems: new(int32(limit)), IsTruncated: next != nil}
	for _, r := range page {
		out.ResourceRecordSets = append(out.ResourceRecordSets, r.ResourceRecordSet)
	}
	if next != nil {
		out.NextRecordName, out.NextRecordType = (*next).Name, (*next).Type
	}
	return out, nil
}
