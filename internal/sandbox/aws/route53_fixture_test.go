package aws_test

import (
	"fmt"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/route53"
	route53types "github.com/aws/aws-sdk-go-v2/service/route53/types"
)

// zone makes a public zone, or a private one of VPCs in eu-west-1, and answers its id.
func (w *world) zone(name string, vpcs ...string) string {
	w.t.Helper()
	in := &route53.CreateHostedZoneInput{Name: &name, CallerReference: new(fmt.Sprint(name, vpcs, w.t.Name()))}
	if len(vpcs) > 0 {
		in.VPC = &route53types.VPC{VPCId: &vpcs[0], VPCRegion: route53types.VPCRegionEuWest1}
	}
	out := do(w, w.dns.CreateHostedZone, in)
	for i := 1; i < len(vpcs); i++ {
		do(w, w.dns.AssociateVPCWithHostedZone, &route53.AssociateVPCWithHostedZoneInput{
			HostedZoneId: out.HostedZone.Id, VPC: &route53types.VPC{VPCId: &vpcs[i], VPCRegion: route53types.VPCRegionEuWest1},
		})
	}
	return strings.TrimPrefix(*out.HostedZone.Id, "/hostedzone/")
}

// plain is a record with values; alias is one that leads to another name.
func plain(name string, kind route53types.RRType, values ...string) *route53types.ResourceRecordSet {
	set := &route53types.ResourceRecordSet{Name: &name, Type: kind, TTL: new(int64(300))}
	for _, v := range values {
		set.ResourceRecords = append(set.ResourceRecords, route53types.ResourceRecord{Value: &v})
	}
	return set
}

func alias(name string, kind route53types.RRType, zone, target string) *route53types.ResourceRecordSet {
	return &route53types.ResourceRecordSet{Name: &name, Type: kind, AliasTarget: &route53types.AliasTarget{HostedZoneId: &zone, DNSName: &target}}
}

func change(action route53types.ChangeAction, set *route53types.ResourceRecordSet) route53types.Change {
	return route53types.Change{Action: action, ResourceRecordSet: set}
}

func create(set *route53types.ResourceRecordSet) route53types.Change {
	return change(route53types.ChangeActionCreate, set)
}

func upsert(set *route53types.ResourceRecordSet) route53types.Change {
	return change(route53types.ChangeActionUpsert, set)
}

func remove(set *route53types.ResourceRecordSet) route53types.Change {
	return change(route53types.ChangeActionDelete, set)
}

func batch(zone string, changes ...route53types.Change) *route53.ChangeResourceRecordSetsInput {
	return &route53.ChangeResourceRecordSetsInput{HostedZoneId: &zone, ChangeBatch: &route53types.ChangeBatch{Changes: changes}}
}

// records lists a zone as "name type" in the order of the answer, page by page.
func (w *world) records(zone string, pageSize int32) []string {
	w.t.Helper()
	var out []string
	in := &route53.ListResourceRecordSetsInput{HostedZoneId: &zone, MaxItems: &pageSize}
	for {
		page := do(w, w.dns.ListResourceRecordSets, in)
		if len(page.ResourceRecordSets) > int(pageSize) || *page.MaxItems != pageSize {
			w.t.Errorf("a page of %d with %d records, %d at most", pageSize, len(page.ResourceRecordSets), *page.MaxItems)
		}
		for _, r := range page.ResourceRecordSets {
			out = append(out, *r.Name+" "+string(r.Type))
		}
		if !page.IsTruncated {
			return out
		}
		in.StartRecordName, in.StartRecordType = page.NextRecordName, page.NextRecordType
	}
}

func (w *world) wantRecords(zone string, want ...string) {
	w.t.Helper()
	if got := w.records(zone, 100); !slices.Equal(got, want) {
		w.t.Errorf("records = %q, want %q", got, want)
	}
}
