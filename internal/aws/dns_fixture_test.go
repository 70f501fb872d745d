package aws

import (
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/route53"
	r53types "github.com/aws/aws-sdk-go-v2/service/route53/types"

	"github.com/modelserving/terraform-provider-serving/internal/serving"
)

// zoneOf makes a public hosted zone.
func zoneOf(t testing.TB, b *Backend, name string) string {
	t.Helper()
	return makeZone(t, b, &route53.CreateHostedZoneInput{Name: &name, CallerReference: aws.String(name + t.Name())})
}

// privateZoneOf makes a zone that answers in one VPC only.
func privateZoneOf(t testing.TB, b *Backend, name, vpc string) string {
	t.Helper()
	return makeZone(t, b, &route53.CreateHostedZoneInput{
		Name: &name, CallerReference: aws.String("private " + name + t.Name()), VPC: &r53types.VPC{VPCId: &vpc, VPCRegion: r53types.VPCRegion(testRegion)},
	})
}

func makeZone(t testing.TB, b *Backend, in *route53.CreateHostedZoneInput) string {
	t.Helper()
	out, err := route53Of(t, b).CreateHostedZone(t.Context(), in)
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimPrefix(aws.ToString(out.HostedZone.Id), "/hostedzone/")
}

func route53Of(t testing.TB, b *Backend) *route53.Client {
	t.Helper()
	return route53.NewFromConfig(somebody(t, b, neighbours["same account"]))
}

// withRecord gives a cluster's endpoint its record in a zone.
func withRecord(spec serving.Cluster, zone string) serving.Cluster {
	spec.Endpoint.DNS = &serving.DNS{ZoneID: zone}
	return spec
}

// put writes a record as somebody else would.
func put(t testing.TB, b *Backend, zone string, record r53types.ResourceRecordSet) {
	t.Helper()
	changeRecord(t, b, zone, r53types.ChangeActionUpsert, record)
}

func changeRecord(t testing.TB, b *Backend, zone string, action r53types.ChangeAction, record r53types.ResourceRecordSet) {
	t.Helper()
	_, err := route53Of(t, b).ChangeResourceRecordSets(t.Context(), &route53.ChangeResourceRecordSetsInput{HostedZoneId: &zone, ChangeBatch: &r53types.ChangeBatch{
		Changes: []r53types.Change{{Action: action, ResourceRecordSet: &record}}}})
	if err != nil {
		t.Fatal(err)
	}
}

// plainRecord has a value of its own.
func plainRecord(name string, kind r53types.RRType, value string) r53types.ResourceRecordSet {
	return r53types.ResourceRecordSet{Name: &name, Type: kind, TTL: aws.Int64(300), ResourceRecords: []r53types.ResourceRecord{{Value: &value}}}
}

// recordsAt are the records of a name, beside what every zone has.
func recordsAt(t testing.TB, b *Backend, zone, name string) []r53types.ResourceRecordSet {
	t.Helper()
	out, err := route53Of(t, b).ListResourceRecordSets(t.Context(), &route53.ListResourceRecordSetsInput{HostedZoneId: &zone})
	if err != nil {
		t.Fatal(err)
	}
	var found []r53types.ResourceRecordSet
	for _, r := range out.ResourceRecordSets {
		if plainName(r.Name) == name && r.Type != r53types.RRTypeNs && r.Type != r53types.RRTypeSoa {
			found = append(found, r)
		}
	}
	return found
}

// leads says where a name leads: the target of its only record, an alias.
func leads(t testing.TB, b *Backend, zone, name string) string {
	t.Helper()
	found := recordsAt(t, b, zone, name)
	if len(found) != 1 || found[0].Type != r53types.RRTypeA {
		return ""
	}
	return aliasTarget(found[0])
}
