package aws_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/route53"
	route53types "github.com/aws/aws-sdk-go-v2/service/route53/types"

	"github.com/modelserving/terraform-provider-serving/internal/sandbox/aws"
	"github.com/modelserving/terraform-provider-serving/internal/sandbox/sandboxtest"
)

func TestHostedZoneLifecycle(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	out := do(w, w.dns.CreateHostedZone, &route53.CreateHostedZoneInput{
		Name: new("Models.Example.COM"), CallerReference: new("a"), HostedZoneConfig: &route53types.HostedZoneConfig{Comment: new("ours")},
	})
	id := strings.TrimPrefix(*out.HostedZone.Id, "/hostedzone/")
	if *out.HostedZone.Name != "models.example.com." || out.HostedZone.Config.PrivateZone || *out.HostedZone.ResourceRecordSetCount != 2 ||
		len(out.DelegationSet.NameServers) != 4 || !strings.HasSuffix(*out.Location, "/2013-04-01/hostedzone/"+id) || out.ChangeInfo.Status != route53types.ChangeStatusPending {
		t.Errorf("created: %+v %+v %+v %s", out.HostedZone, out.DelegationSet, out.ChangeInfo, *out.Location)
	}
	if done := do(w, w.dns.GetChange, &route53.GetChangeInput{Id: out.ChangeInfo.Id}).ChangeInfo; done.Status != route53types.ChangeStatusInsync {
		t.Errorf("change without a delay: %+v", done)
	}
	got := do(w, w.dns.GetHostedZone, &route53.GetHostedZoneInput{Id: &id})
	if *got.HostedZone.Config.Comment != "ours" || !slices.Equal(got.DelegationSet.NameServers, out.DelegationSet.NameServers) {
		t.Errorf("read: %+v", got)
	}
	w.wantRecords(id, "models.example.com. NS", "models.example.com. SOA")
	if status := do(w, w.dns.GetDNSSEC, &route53.GetDNSSECInput{HostedZoneId: &id}).Status; *status.ServeSignature != "NOT_SIGNING" {
		t.Errorf("signing: %+v", status)
	}
	do(w, w.dns.UpdateHostedZoneComment, &route53.UpdateHostedZoneCommentInput{Id: &id, Comment: new("theirs")})
	do(w, w.dns.ChangeTagsForResource, &route53.ChangeTagsForResourceInput{
		ResourceType: route53types.TagResourceTypeHostedzone, ResourceId: &id, AddTags: []route53types.Tag{{Key: new("a"), Value: new("1")}, {Key: new("b"), Value: new("2")}},
	})
	do(w, w.dns.ChangeTagsForResource, &route53.ChangeTagsForResourceInput{ResourceType: route53types.TagResourceTypeHostedzone, ResourceId: &id, RemoveTagKeys: []string{"a"}})
	tags := do(w, w.dns.ListTagsForResource, &route53.ListTagsForResourceInput{ResourceType: route53types.TagResourceTypeHostedzone, ResourceId: &id}).ResourceTagSet.Tags
	if len(tags) != 1 || *tags[0].Key != "b" {
		t.Errorf("tags: %+v", tags)
	}
	if census := w.sandbox.AWS.Census(); census.Total != 1 || census.Objects[0] != (aws.Object{Cloud: "aws", Account: homeAccount, Kind: "route53.hosted_zone", ID: id}) {
		t.Errorf("census with a zone: %+v", census)
	}
	do(w, w.dns.ChangeResourceRecordSets, batch(id, create(plain("a.models.example.com", route53types.RRTypeA, "192.0.2.1"))))
	refused(w, w.dns.DeleteHostedZone, &route53.DeleteHostedZoneInput{Id: &id}, "HostedZoneNotEmpty", "non-required resource record sets")
	if census := w.sandbox.AWS.Census(); census.Total != 2 || census.Objects[1].Kind != "route53.record_set" || census.Objects[1].ID != id+"/a.models.example.com./A" {
		t.Errorf("census with a record: %+v", census)
	}
	do(w, w.dns.ChangeResourceRecordSets, batch(id, remove(plain("a.models.example.com", route53types.RRTypeA, "192.0.2.1"))))
	do(w, w.dns.DeleteHostedZone, &route53.DeleteHostedZoneInput{Id: &id})
	refused(w, w.dns.GetHostedZone, &route53.GetHostedZoneInput{Id: &id}, "NoSuchHostedZone", "No hosted zone found with ID: "+id)
	if census := w.sandbox.AWS.Census(); census.Total != 0 {
		t.Errorf("census at the end: %+v", census)
	}
}

func TestHostedZoneRefusals(t *testing.T) {
	t.Parallel()
	p := newPeers(t, func(cfg *aws.Config) {
		cfg.Quotas["route53.hosted_zones"], cfg.Quotas["route53.vpcs_per_hosted_zone"] = 3, 2
	})
	w := p.world
	vpc, other, theirs := p.makeVPC(p.ec2, "10.1.0.0/16"), p.makeVPC(p.ec2, "10.2.0.0/16"), p.makeVPC(p.other, "10.3.0.0/16")
	near := func(id string) *route53types.VPC {
		return &route53types.VPC{VPCId: &id, VPCRegion: route53types.VPCRegionEuWest1}
	}
	public, private := w.zone("example.com"), w.zone("example.com", vpc)
	creates := func(code, message string, change func(in *route53.CreateHostedZoneInput)) {
		t.Helper()
		in := &route53.CreateHostedZoneInput{Name: new("example.com"), CallerReference: new(code + message)}
		change(in)
		refused(w, w.dns.CreateHostedZone, in, code, message)
	}
	creates("HostedZoneAlreadyExists", "caller reference", func(in *route53.CreateHostedZoneInput) {
		in.CallerReference = do(w, w.dns.GetHostedZone, &route53.GetHostedZoneInput{Id: &public}).HostedZone.CallerReference
	})
	creates("InvalidDomainName", "DomainLabelEmpty", func(in *route53.CreateHostedZoneInput) { in.Name = new("a..example.com") })
	creates("InvalidDomainName", "DomainLabelTooLong", func(in *route53.CreateHostedZoneInput) { in.Name = new(strings.Repeat("a", 64) + ".example.com") })
	creates("InvalidInput", "you must also specify values for VPCId", func(in *route53.CreateHostedZoneInput) {
		in.HostedZoneConfig = &route53types.HostedZoneConfig{PrivateZone: true}
	})
	creates("NoSuchDelegationSet", "N0", func(in *route53.CreateHostedZoneInput) { in.DelegationSetId = new("N0") })
	creates("ConflictingDomainExists", vpc+" in region eu-west-1", func(in *route53.CreateHostedZoneInput) { in.VPC = near(vpc) })
	creates("InvalidVPCId", "vpc-0123456789abcdef0", func(in *route53.CreateHostedZoneInput) { in.VPC = near("vpc-0123456789abcdef0") })
	creates("InvalidVPCId", "us-east-1", func(in *route53.CreateHostedZoneInput) {
		in.VPC = &route53types.VPC{VPCId: &vpc, VPCRegion: route53types.VPCRegionUsEast1}
	})
	creates("NotAuthorizedException", theirs, func(in *route53.CreateHostedZoneInput) { in.VPC = near(theirs) })
	w.zone("sub.example.com")
	creates("TooManyHostedZones", "MAX_HOSTED_ZONES", func(*route53.CreateHostedZoneInput) {})

	associate := func(zone string, v *route53types.VPC) *route53.AssociateVPCWithHostedZoneInput {
		return &route53.AssociateVPCWithHostedZoneInput{HostedZoneId: &zone, VPC: v}
	}
	leave := func(zone string, v *route53types.VPC) *route53.DisassociateVPCFromHostedZoneInput {
		return &route53.DisassociateVPCFromHostedZoneInput{HostedZoneId: &zone, VPC: v}
	}
	refused(w, w.dns.GetDNSSEC, &route53.GetDNSSECInput{HostedZoneId: &private}, "InvalidArgument", "unsupported for private hosted zones")
	refused(w, w.dns.AssociateVPCWithHostedZone, associate(public, near(vpc)), "PublicZoneVPCAssociation", "public hosted zone")
	refused(w, w.dns.AssociateVPCWithHostedZone, associate(private, near(vpc)), "ConflictingDomainExists", private)
	refused(w, w.dns.AssociateVPCWithHostedZone, associate("Z0", near(vpc)), "NoSuchHostedZone", "Z0")
	refused(w, w.dns.DisassociateVPCFromHostedZone, leave(private, near(other)), "VPCAssociationNotFound", other)
	refused(w, w.dns.DisassociateVPCFromHostedZone, leave(private, near(vpc)), "LastVPCAssociation", "last VPC")
	do(w, w.dns.AssociateVPCWithHostedZone, associate(private, near(other)))
	refused(w, w.dns.AssociateVPCWithHostedZone, associate(private, near(p.makeVPC(p.ec2, "10.4.0.0/16"))), "LimitsExceeded", private)
	do(w, w.dns.DisassociateVPCFromHostedZone, leave(private, near(vpc)))
	if vpcs := do(w, w.dns.GetHostedZone, &route53.GetHostedZoneInput{Id: &private}).VPCs; len(vpcs) != 1 || *vpcs[0].VPCId != other {
		t.Errorf("VPCs of the private zone: %+v", vpcs)
	}
	refused(w, w.dns.GetChange, &route53.GetChangeInput{Id: new("C0")}, "NoSuchChange", "C0")
	refused(w, w.dns.ListTagsForResource, &route53.ListTagsForResourceInput{ResourceType: route53types.TagResourceTypeHealthcheck, ResourceId: new("h")}, "NoSuchHealthCheck", "h")
	// Another account is told that a zone is not its own.
	stranger := route53.New(w.dns.Options(), func(o *route53.Options) { o.Credentials = p.other.Options().Credentials })
	refused(w, stranger.GetHostedZone, &route53.GetHostedZoneInput{Id: &public}, "AccessDenied", "not authorized")
	if zones := do(w, stranger.ListHostedZones, &route53.ListHostedZonesInput{}).HostedZones; len(zones) != 0 {
		t.Errorf("another account lists %+v", zones)
	}
}

func TestListHostedZones(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.network()
	made := map[string]string{}
	for _, name := range []string{"z.example.com", "example.com", "a.example.com", "example.net"} {
		made[w.zone(name)] = name + "."
	}
	private := w.zone("example.org", w.vpc)
	seen := map[string]bool{}
	in := &route53.ListHostedZonesInput{MaxItems: new(int32(2))}
	for pages := 1; ; pages++ {
		page := do(w, w.dns.ListHostedZones, in)
		for _, z := range page.HostedZones {
			seen[strings.TrimPrefix(*z.Id, "/hostedzone/")] = true
		}
		if in.Marker = page.NextMarker; !page.IsTruncated {
			if pages != 3 || in.Marker != nil {
				t.Errorf("%d pages, then %v", pages, in.Marker)
			}
			break
		}
	}
	if len(seen) != 5 || !seen[private] {
		t.Errorf("listed %v, made %v and %s", seen, made, private)
	}
	if only := do(w, w.dns.ListHostedZones, &route53.ListHostedZonesInput{HostedZoneType: route53types.HostedZoneTypePrivateHostedZone}).HostedZones; len(only) != 1 || *only[0].Name != "example.org." {
		t.Errorf("private zones: %+v", only)
	}
	var names []string
	byName := &route53.ListHostedZonesByNameInput{DNSName: new("example.com"), MaxItems: new(int32(1))}
	for {
		page := do(w, w.dns.ListHostedZonesByName, byName)
		names = append(names, *page.HostedZones[0].Name)
		if byName.DNSName, byName.HostedZoneId = page.NextDNSName, page.NextHostedZoneId; !page.IsTruncated {
			break
		}
	}
	if want := []string{"example.com.", "a.example.com.", "z.example.com.", "example.net.", "example.org."}; !slices.Equal(names, want) {
		t.Errorf("by name: %q, want %q", names, want)
	}
	refused(w, w.dns.ListHostedZones, &route53.ListHostedZonesInput{MaxItems: new(int32(0))}, "InvalidInput", "MaxItems")
	refused(w, w.dns.ListHostedZones, &route53.ListHostedZonesInput{Marker: new("Z0")}, "InvalidInput", "Z0")
	refused(w, w.dns.ListHostedZonesByName, &route53.ListHostedZonesByNameInput{HostedZoneId: new("Z0")}, "InvalidInput", "DNSName")
}

// TestHostedZoneSurvives holds what a restarted sandbox knows, a change that is under way included.
func TestHostedZoneSurvives(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	clock := &clock{now: time.Now()}
	config := sandboxtest.WithAWS(func(cfg *aws.Config) { slowly(cfg); cfg.Clock = clock.Now })
	before := newWorld(t, sandboxtest.WithStateDir(dir), config)
	zone := before.zone("example.com")
	info := do(before, before.dns.ChangeResourceRecordSets, batch(zone, create(plain("a.example.com", route53types.RRTypeTxt, `"x"`)))).ChangeInfo
	if err := before.sandbox.Close(); err != nil {
		t.Fatal(err)
	}
	after := newWorld(t, sandboxtest.WithStateDir(dir), config)
	after.wantRecords(zone, "example.com. NS", "example.com. SOA", "a.example.com. TXT")
	status := func() route53types.ChangeStatus {
		return do(after, after.dns.GetChange, &route53.GetChangeInput{Id: info.Id}).ChangeInfo.Status
	}
	if got := status(); got != route53types.ChangeStatusPending {
		t.Errorf("change after the restart: %s", got)
	}
	clock.advance(31 * time.Second)
	if got := status(); got != route53types.ChangeStatusInsync {
		t.Errorf("change after its delay: %s", got)
	}
	if err := after.sandbox.AWS.Delete(aws.Object{Cloud: "aws", Account: homeAccount, Kind: "route53.hosted_zone", ID: zone}); err != nil {
		t.Fatal(err)
	}
	if census := after.sandbox.AWS.Census(); census.Total != 0 {
		t.Errorf("the records of a zone that was removed: %+v", census)
	}
}
