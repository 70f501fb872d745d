package aws_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	elbtypes "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"
	"github.com/aws/aws-sdk-go-v2/service/route53"
	route53types "github.com/aws/aws-sdk-go-v2/service/route53/types"
	"github.com/aws/smithy-go"

	"github.com/modelserving/terraform-provider-serving/internal/sandbox/aws"
	"github.com/modelserving/terraform-provider-serving/internal/sandbox/sandboxtest"
)

const (
	typeA     = route53types.RRTypeA
	typeAAAA  = route53types.RRTypeAaaa
	typeCNAME = route53types.RRTypeCname
	typeTXT   = route53types.RRTypeTxt
	typeMX    = route53types.RRTypeMx
	typeNS    = route53types.RRTypeNs
	typeSOA   = route53types.RRTypeSoa
)

func TestChangeRecords(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	zone := w.zone("example.com")
	do(w, w.dns.ChangeResourceRecordSets, batch(zone,
		create(plain("WWW.Example.com", typeA, "192.0.2.1", "192.0.2.2")),
		create(plain("www.example.com.", typeAAAA, "2001:db8::1")),
		create(plain("*.example.com", typeCNAME, "www.example.com")),
		create(plain("b.a.example.com", typeTXT, `"one" "two"`)),
		create(plain("example.com", typeMX, "10 mail.example.com")),
	))
	all := []string{
		"example.com. MX", "example.com. NS", "example.com. SOA", `\052.example.com. CNAME`, "b.a.example.com. TXT", "www.example.com. A", "www.example.com. AAAA",
	}
	w.wantRecords(zone, all...)
	for size := int32(1); size < 8; size++ {
		if got := w.records(zone, size); !slices.Equal(got, all) {
			t.Errorf("in pages of %d: %q", size, got)
		}
	}
	from := do(w, w.dns.ListResourceRecordSets, &route53.ListResourceRecordSetsInput{HostedZoneId: &zone, StartRecordName: new("Www.example.com"), StartRecordType: typeAAAA}).ResourceRecordSets
	if len(from) != 1 || from[0].Type != typeAAAA {
		t.Errorf("from www AAAA: %+v", from)
	}
	if n := *do(w, w.dns.GetHostedZone, &route53.GetHostedZoneInput{Id: &zone}).HostedZone.ResourceRecordSetCount; n != 7 {
		t.Errorf("the zone counts %d records", n)
	}
	info := do(w, w.dns.ChangeResourceRecordSets, &route53.ChangeResourceRecordSetsInput{HostedZoneId: &zone, ChangeBatch: &route53types.ChangeBatch{
		Comment: new("moved"),
		Changes: []route53types.Change{
			// The values of a DELETE are a set, and its name may be written in any way.
			remove(plain(`www.EXAMPLE.com`, typeA, "192.0.2.2", "192.0.2.1")),
			create(plain("www.example.com", typeA, "192.0.2.3")),
			upsert(plain("www.example.com", typeAAAA, "2001:db8::2")),
			remove(plain(`\052.example.com`, typeCNAME, "www.example.com")),
		},
	}}).ChangeInfo
	if *info.Comment != "moved" {
		t.Errorf("change: %+v", info)
	}
	w.wantRecords(zone, slices.DeleteFunc(all, func(s string) bool { return strings.HasPrefix(s, `\052`) })...)
	got := do(w, w.dns.ListResourceRecordSets, &route53.ListResourceRecordSetsInput{HostedZoneId: &zone, StartRecordName: new("www.example.com")}).ResourceRecordSets
	if *got[0].ResourceRecords[0].Value != "192.0.2.3" || *got[0].TTL != 300 || *got[1].ResourceRecords[0].Value != "2001:db8::2" {
		t.Errorf("changed: %+v", got)
	}
	// A zone's own records can change, and stay its own.
	do(w, w.dns.ChangeResourceRecordSets, batch(zone, upsert(plain("example.com", typeNS, "ns.example.net"))))
	refused(w, w.dns.ChangeResourceRecordSets, batch(zone, remove(plain("example.com", typeNS, "ns.example.net"))), "InvalidChangeBatch", "at least one NS record")
	refused(w, w.dns.ListResourceRecordSets, &route53.ListResourceRecordSetsInput{HostedZoneId: &zone, StartRecordType: typeA}, "InvalidInput", "needs a record name")
}

func TestChangeRecordsRefusals(t *testing.T) {
	t.Parallel()
	w := newWorld(t, sandboxtest.WithAWS(func(cfg *aws.Config) { cfg.Quotas = map[string]int{"route53.records_per_hosted_zone": 6} }))
	w.network()
	zone := w.zone("example.com")
	lb := do(w, w.elb.CreateLoadBalancer, &elb.CreateLoadBalancerInput{Name: new("Lb"), Subnets: w.public, Scheme: elbtypes.LoadBalancerSchemeEnumInternetFacing}).LoadBalancers[0]
	regional, host := *lb.CanonicalHostedZoneId, *lb.DNSName
	do(w, w.dns.ChangeResourceRecordSets, batch(zone,
		create(plain("a.example.com", typeA, "192.0.2.1")), create(plain("c.example.com", typeCNAME, "a.example.com")), create(alias("l.example.com", typeA, regional, host)),
	))
	before := w.records(zone, 100)
	soa := do(w, w.dns.ListResourceRecordSets, &route53.ListResourceRecordSetsInput{HostedZoneId: &zone, StartRecordName: new("example.com"), StartRecordType: typeSOA}).ResourceRecordSets[0]
	both := alias("x.example.com", typeA, regional, host)
	both.TTL = new(int64(60))
	timeless := plain("x.example.com", typeA, "192.0.2.1")
	timeless.TTL = nil
	short := plain("a.example.com", typeA, "192.0.2.1")
	short.TTL = new(int64(60))
	healthy := alias("l.example.com", typeA, regional, host)
	healthy.AliasTarget.EvaluateTargetHealth = true
	weighted := plain("x.example.com", typeA, "192.0.2.1")
	weighted.SetIdentifier, weighted.Weight = new("w"), new(int64(1))
	checked := plain("x.example.com", typeA, "192.0.2.1")
	checked.HealthCheckId = new("h")
	for name, tc := range map[string]struct {
		change        route53types.Change
		code, message string
	}{
		"create what exists":        {create(plain("A.example.com", typeA, "192.0.2.9")), "", "[Tried to create resource record set [name='a.example.com.', type='A'] but it already exists]"},
		"delete what is not there":  {remove(plain("b.example.com", typeA, "192.0.2.1")), "", "[Tried to delete resource record set [name='b.example.com.', type='A'] but it was not found]"},
		"delete with another value": {remove(plain("a.example.com", typeA, "192.0.2.2")), "", "but the values provided do not match the current values"},
		"delete with another TTL":   {remove(short), "", "but the values provided do not match the current values"},
		"delete as another sort":    {remove(plain("l.example.com", typeA, "192.0.2.2")), "", "but the values provided do not match the current values"},
		"delete with other health":  {remove(healthy), "", "but the values provided do not match the current values"},
		"delete SOA":                {remove(&soa), "", "exactly one SOA record"},
		"outside":                   {create(plain("a.example.net", typeA, "192.0.2.1")), "", "[RRSet with DNS name a.example.net. is not permitted in zone example.com.]"},
		"a name that ends alike":    {create(plain("notexample.com", typeA, "192.0.2.1")), "", "not permitted in zone"},
		"SOA below the apex":        {create(plain("a.example.com", typeSOA, *soa.ResourceRecords[0].Value)), "", "type SOA with DNS name a.example.com. is not permitted"},
		"CNAME at the apex":         {create(plain("example.com", typeCNAME, "a.example.com")), "", "not permitted at apex in zone example.com."},
		"CNAME beside others":       {create(plain("a.example.com", typeCNAME, "b.example.com")), "", "RRSet of type CNAME with DNS name a.example.com. is not permitted as it conflicts with other records"},
		"others beside a CNAME":     {upsert(plain("c.example.com", typeA, "192.0.2.1")), "", "RRSet of type A with DNS name c.example.com. is not permitted because a conflicting RRSet of type CNAME"},
		"two CNAME values":          {create(plain("x.example.com", typeCNAME, "a.example.com", "b.example.com")), "", "one value only"},
		"no IPv4 address":           {create(plain("x.example.com", typeA, "192.0.2.300")), "", "ARRDATAIllegalIPv4Address (Value is not a valid IPv4 address) encountered with '192.0.2.300'"},
		"no IPv6 address":           {create(plain("x.example.com", typeAAAA, "192.0.2.3")), "", "AAAARRDATAIllegalIPv6Address"},
		"text without quotes":       {create(plain("x.example.com", typeTXT, "x")), "", "enclosed in quotation marks"},
		"text that is too long":     {create(plain("x.example.com", typeTXT, `"`+strings.Repeat("x", 256)+`"`)), "", "InvalidCharacterString"},
		"mail without priority":     {create(plain("x.example.com", typeMX, "mail.example.com")), "", "doesn't have 2 fields"},
		"mail of no priority":       {create(plain("x.example.com", typeMX, "70000 mail.example.com")), "", "InvalidPriority"},
		"no name":                   {create(plain("x.example.com", typeCNAME, "a..b")), "", "UnparseableDomainName"},
		"same value twice":          {create(plain("x.example.com", typeA, "192.0.2.1", "192.0.2.1")), "", "Duplicate Resource Record: '192.0.2.1'"},
		"empty label":               {create(plain("x..example.com", typeA, "192.0.2.1")), "", "DomainLabelEmpty"},
		"escape that is none":       {create(plain(`\9.example.com`, typeA, "192.0.2.1")), "", "InvalidEscapeSequence"},
		"alias in another's zone":   {create(alias("x.example.com", typeA, "Z35SXDOTRQ7X7K", host)), "", "in zone Z35SXDOTRQ7X7K, but the alias target name does not lie within the target zone"},
		"alias in its own zone":     {create(alias("x.example.com", typeA, zone, host)), "", "does not lie within the target zone"},
		"alias to nothing":          {create(alias("x.example.com", typeA, regional, "gone-1.eu-west-1.elb.amazonaws.com")), "", "type A in zone " + regional + ", but that target was not found"},
		"alias to itself":           {create(alias("x.example.com", typeA, zone, "x.example.com")), "", "but that target was not found"},
		"alias of another type":     {create(alias("x.example.com", typeAAAA, zone, "a.example.com")), "", "but that target was not found"},
		"AAAA alias without IPv6":   {create(alias("x.example.com", typeAAAA, regional, host)), "", "but that target was not found"},
		"alias with a TTL":          {create(both), "InvalidInput", "but found more than one in Change with [Action=CREATE, Name=x.example.com, Type=A, SetIdentifier=null]"},
		"no TTL":                    {create(timeless), "InvalidInput", "Missing field 'TTL' in Change"},
		"nothing":                   {create(&route53types.ResourceRecordSet{Name: new("x.example.com"), Type: typeA}), "InvalidInput", "but found none"},
		"no values":                 {create(plain("x.example.com", typeA)), "InvalidInput", "Missing field 'ResourceRecords'"},
		"routing policy":            {create(weighted), "InvalidInput", "simple routing only"},
		"health check":              {create(checked), "NoSuchHealthCheck", "health check with id h"},
	} {
		t.Run(name, func(t *testing.T) {
			code := tc.code
			if code == "" {
				code = "InvalidChangeBatch"
			}
			// What is right in the batch must not be made either.
			_, err := w.dns.ChangeResourceRecordSets(t.Context(), batch(zone, create(plain("right.example.com", typeA, "192.0.2.1")), tc.change))
			var api smithy.APIError
			if !errors.As(err, &api) || api.ErrorCode() != code || !strings.Contains(api.ErrorMessage(), tc.message) {
				t.Errorf("got %v, want %s: %s", err, code, tc.message)
			}
			if got := w.records(zone, 100); !slices.Equal(got, before) {
				t.Errorf("records after it: %q", got)
			}
		})
	}
	var many []route53types.Change
	for i := range 501 {
		many = append(many, upsert(plain(fmt.Sprintf("r%d.example.com", i), typeA, "192.0.2.1")))
	}
	refused(w, w.dns.ChangeResourceRecordSets, batch(zone, many...), "InvalidChangeBatch", "Number of records limit of 1000 exceeded.")
	refused(w, w.dns.ChangeResourceRecordSets, batch(zone, many[0], many[1]), "InvalidChangeBatch", "limit of 6 exceeded")
	refused(w, w.dns.ChangeResourceRecordSets, batch(zone, many[0], many[0]), "InvalidChangeBatch", "The request contains an invalid set of changes for a resource record set 'A r0.example.com.'")
	refused(w, w.dns.ChangeResourceRecordSets, batch("Z0", many[0]), "NoSuchHostedZone", "Z0")
	w.wantRecords(zone, before...)
}

func TestAliasRecords(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.network()
	zone := w.zone("example.com")
	lb := do(w, w.elb.CreateLoadBalancer, &elb.CreateLoadBalancerInput{Name: new("Lb"), Subnets: w.public, Scheme: elbtypes.LoadBalancerSchemeEnumInternetFacing}).LoadBalancers[0]
	do(w, w.dns.ChangeResourceRecordSets, batch(zone,
		create(alias("example.com", typeA, *lb.CanonicalHostedZoneId, *lb.DNSName)),
		create(alias("m.example.com", typeA, *lb.CanonicalHostedZoneId, "dualstack."+*lb.DNSName)),
		create(alias("n.example.com", typeA, zone, "m.example.com")),
	))
	got := do(w, w.dns.ListResourceRecordSets, &route53.ListResourceRecordSetsInput{HostedZoneId: &zone, MaxItems: new(int32(1))}).ResourceRecordSets[0]
	if *got.AliasTarget.DNSName != strings.ToLower(*lb.DNSName)+"." || got.TTL != nil || len(got.ResourceRecords) != 0 {
		t.Errorf("alias as read: %+v of %+v", got.AliasTarget, got)
	}
	// Read, changed out of band, and read again.
	object := aws.Object{Account: homeAccount, Kind: "route53.record_set", ID: zone + "/m.example.com./A"}
	if err := w.sandbox.AWS.Mutate(aws.Field{Object: object, Path: "/AliasTarget/EvaluateTargetHealth", Value: true}); err != nil {
		t.Fatal(err)
	}
	m := do(w, w.dns.ListResourceRecordSets, &route53.ListResourceRecordSetsInput{HostedZoneId: &zone, StartRecordName: new("m.example.com")}).ResourceRecordSets
	if !m[0].AliasTarget.EvaluateTargetHealth || *m[0].AliasTarget.DNSName != "dualstack."+strings.ToLower(*lb.DNSName)+"." {
		t.Errorf("alias after the change behind its back: %+v", m[0].AliasTarget)
	}
	do(w, w.dns.ChangeResourceRecordSets, batch(zone, remove(&m[0]), remove(&m[1])))
	if err := w.sandbox.AWS.Delete(aws.Object{Account: homeAccount, Kind: "route53.record_set", ID: zone + "/example.com./A"}); err != nil {
		t.Fatal(err)
	}
	w.wantRecords(zone, "example.com. NS", "example.com. SOA")
	for _, c := range w.sandbox.AWS.Calls() {
		if c.Action == "ChangeResourceRecordSets" && (c.Service != "route53" || !c.Mutating) || c.Action == "ListResourceRecordSets" && c.Mutating {
			t.Errorf("logged as %+v", c)
		}
	}
}
