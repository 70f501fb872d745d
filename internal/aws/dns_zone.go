package aws

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/route53"
	r53types "github.com/aws/aws-sdk-go-v2/service/route53/types"

	"github.com/modelserving/terraform-provider-serving/internal/serving"
	"github.com/modelserving/terraform-provider-serving/internal/stack"
)

// recordKey is the key of the reader's records, and the id of a cluster's record:
// the zone and the name, which Route 53 knows a record by.
func recordKey(zone, domain string) string { return zone + "/" + domain }

// recordPage is the most records of one answer (Route 53 API reference,
// ListResourceRecordSets: MaxItems). One name has few.
const (
	recordPage = 300
	fewRecords = 20
)

// readRecords reads all records of the given names, zone by zone. A zone may have
// thousands: each call begins at a name that is asked for and answers as many
// others as lie in the same page, so that there is never a call more than names,
// and one for all of a zone that has little else.
func (c *client) readRecords(ctx context.Context, keys []string) (map[string][]r53types.ResourceRecordSet, error) {
	zones := map[string][]string{}
	for _, key := range keys {
		zone, domain, _ := strings.Cut(key, "/")
		zones[zone] = append(zones[zone], domain)
	}
	out := map[string][]r53types.ResourceRecordSet{}
	for zone, domains := range zones {
		slices.SortFunc(domains, func(a, b string) int { return strings.Compare(backwards(a), backwards(b)) })
		for len(domains) > 0 {
			found, err := c.recordsFrom(ctx, zone, domains)
			if err != nil {
				return nil, err
			}
			// What the call began with is answered, be it absent; of the others only what
			// was seen.
			for domain, records := range found {
				out[recordKey(zone, domain)] = records
			}
			first := domains[0]
			domains = slices.DeleteFunc(domains, func(d string) bool { return d == first || found[d] != nil })
		}
	}
	return out, nil
}

// recordsFrom reads the records of the first name, and of those of the others
// that the same page has in full.
func (c *client) recordsFrom(ctx context.Context, zone string, domains []string) (map[string][]r53types.ResourceRecordSet, error) {
	in := &route53.ListResourceRecordSetsInput{HostedZoneId: &zone, StartRecordName: &domains[0], MaxItems: aws.Int32(fewRecords)}
	if len(domains) > 1 {
		in.MaxItems = aws.Int32(recordPage)
	}
	out := map[string][]r53types.ResourceRecordSet{}
	for {
		page, err := c.route53.ListResourceRecordSets(ctx, in)
		if isCode(err, "NoSuchHostedZone") {
			return nil, nil
		}
		if err != nil {
			return nil, err
		}
		for _, r := range page.ResourceRecordSets {
			if name := plainName(r.Name); slices.Contains(domains, name) {
				out[name] = append(out[name], r)
			}
		}
		next := plainName(page.NextRecordName)
		if !page.IsTruncated || next != domains[0] {
			if page.IsTruncated {
				// The page may end in the middle of a name.
				delete(out, next)
			}
			return out, nil
		}
		in.StartRecordName, in.StartRecordType, in.StartRecordIdentifier = page.NextRecordName, page.NextRecordType, page.NextRecordIdentifier
	}
}

// checkRecord judges the hosted zone, and what is at the name already. A public
// zone may well lead to a private load balancer: whoever has no path to it learns
// addresses that are of no use.
func (c *client) checkRecord(ctx context.Context, spec serving.Cluster) ([]serving.Problem, error) {
	const path = "endpoint.dns.zone_id"
	if spec.Endpoint.DNS == nil || spec.Endpoint.Domain == "" || !spec.Known(path, "endpoint.domain", "visibility", "name") {
		return nil, nil
	}
	zone, domain := spec.Endpoint.DNS.ZoneID, spec.Endpoint.Domain
	out, err := c.route53.GetHostedZone(ctx, &route53.GetHostedZoneInput{Id: &zone})
	if isCode(err, "NoSuchHostedZone", "InvalidInput") {
		return []serving.Problem{{Path: path, Summary: "Hosted zone does not exist", Detail: fmt.Sprintf("Route 53 has no hosted zone %s in this account. Copy its id from \"aws route53 list-hosted-zones\", or create the zone first.", zone)}}, nil
	}
	if isCode(err, "AccessDenied") {
		// Route 53 says the same of another account's zone as of a policy that lacks it.
		err = &advised{err, fmt.Sprintf("If the hosted zone %s is of another account, give %s a zone of the cluster's own. Else the credentials lack permission for route53:GetHostedZone: "+
			"allow it in their policy. The provider's guide lists every action it needs.", zone, path)}
	}
	if err != nil {
		return nil, err
	}
	if name := plainName(out.HostedZone.Name); !inZone(domain, name) {
		return []serving.Problem{{Path: path, Summary: "Domain is outside the hosted zone", Detail: fmt.Sprintf("The domain is %s, and %s is the zone of %s. Give the zone that the domain lies in.", domain, zone, name)}}, nil
	}
	var problems []serving.Problem
	if config := out.HostedZone.Config; config != nil && config.PrivateZone && spec.Visibility == serving.Public {
		problems = append(problems, serving.Problem{Path: path, Severity: serving.SeverityWarning, Summary: "Private hosted zone of a public cluster",
			Detail: fmt.Sprintf("%s answers only in the VPCs that it is associated with, and the cluster is public: callers on the Internet do not find %s. Give the public zone of the domain.", zone, domain)})
	}
	foreign, err := c.checkForeignRecord(ctx, spec, zone, domain)
	return append(problems, foreign...), err
}

// checkForeignRecord says at plan what the apply would refuse: that the name is
// taken.
func (c *client) checkForeignRecord(ctx context.Context, spec serving.Cluster, zone, domain string) ([]serving.Problem, error) {
	key := recordKey(zone, domain)
	records, err := c.reader.records.Get(ctx, key)
	if err != nil || len(records) == 0 {
		return nil, err
	}
	balancers, err := loadBalancers{c, clusterOwner(spec), bothSchemes(spec.Name)}.Find(ctx, objectLoadBalancer)
	var other *stack.ForeignError
	if err != nil && !errors.As(err, &other) {
		return nil, err
	}
	k := dnsRecords{zone: zone, domain: domain, wanted: true, seen: spec.LastSeen[objectRecord+key] == key, all: func() []*loadBalancerLive { return balancers }}
	if live, others := k.sort(records); live == nil && len(others) > 0 {
		return []serving.Problem{{Path: "endpoint.domain", Summary: "DNS record belongs to somebody else", Detail: k.foreign(others).Error() + "."}}, nil
	}
	return nil, nil
}

// backwards is a name with its labels reversed, which is the order that Route 53
// lists records in. The final dot counts (API reference, ListResourceRecordSets).
func backwards(domain string) string {
	labels := strings.Split(domain, ".")
	slices.Reverse(labels)
	return strings.Join(labels, ".") + "."
}

// plainName is a name as people write it. Route 53 ends each with a dot.
func plainName(name *string) string {
	return strings.ToLower(strings.TrimSuffix(aws.ToString(name), "."))
}

// inZone reports whether a domain is the zone's own name or below it.
func inZone(domain, zone string) bool {
	return domain == zone || strings.HasSuffix(domain, "."+zone)
}

// told gives a batch of changes that was refused its message, which Route 53
// tells in a list of its own.
func told(err error) error {
	var batch *r53types.InvalidChangeBatch
	if errors.As(err, &batch) && aws.ToString(batch.Message) == "" {
		batch.Message = aws.String(strings.Join(batch.Messages, "; "))
	}
	return err
}
