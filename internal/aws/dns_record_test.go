package aws

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/route53"
	r53types "github.com/aws/aws-sdk-go-v2/service/route53/types"

	sandboxaws "github.com/modelserving/terraform-provider-serving/internal/sandbox/aws"
	"github.com/modelserving/terraform-provider-serving/internal/serving"
	"github.com/modelserving/terraform-provider-serving/internal/stack"
)

const testDomain = "models.example.com"

// A record comes with the cluster, moves with its domain and zone, goes when it
// is no longer wanted, and is gone before what it leads to.
func TestRecordLife(t *testing.T) {
	t.Parallel()
	sandbox, b := prepared(t)
	first, second := zoneOf(t, b, "example.com"), zoneOf(t, b, testDomain)
	spec := inZones(withRecord(testCluster(serving.Private), first))
	seen, err := b.CreateCluster(t.Context(), spec)
	if err != nil {
		t.Fatal(err)
	}
	if got := leads(t, b, first, testDomain); got != seen.Hostname || seen.Objects[objectRecord+first+"/"+testDomain] != first+"/"+testDomain {
		t.Errorf("the record leads to %q, want %s; objects %v", got, seen.Hostname, seen.Objects)
	}
	spec.LastSeen = seen.Objects
	sandbox.AWS.ResetCalls()
	if clean, err := shows(t, testBackend(sandbox.URL), spec); err != nil || !clean {
		t.Errorf("a new record shows, error %v", err)
	}
	// A record is one call more, and a cluster without one asks Route 53 nothing.
	if got := callsTo(sandbox.AWS.Calls(), "route53"); got != 1 {
		t.Errorf("a refresh calls Route 53 %d times, want once", got)
	}
	imported, err := testBackend(sandbox.URL).ReadCluster(t.Context(), spec.ID())
	if err != nil || imported.Spec.Endpoint.DNS == nil || imported.Spec.Endpoint.DNS.ZoneID != first || len(imported.Drift) > 0 {
		t.Errorf("an import reads %+v, drift %v, error %v", imported.Spec.Endpoint, imported.Drift, err)
	}

	update := func(what string, next serving.Cluster) {
		t.Helper()
		next.LastSeen = spec.LastSeen
		updated, err := testBackend(sandbox.URL).UpdateCluster(t.Context(), next)
		if err != nil || len(updated.Drift) > 0 {
			t.Fatalf("%s: drift %v, error %v", what, updated.Drift, err)
		}
		spec = next
		spec.LastSeen = updated.Objects
		if clean, err := shows(t, testBackend(sandbox.URL), spec); err != nil || !clean {
			t.Errorf("%s: it shows afterwards, error %v", what, err)
		}
	}
	update("another zone", withRecord(spec, second))
	if got := leads(t, b, second, testDomain); got != seen.Hostname || len(recordsAt(t, b, first, testDomain)) > 0 {
		t.Errorf("in the new zone it leads to %q; in the old one there is %v", got, recordsAt(t, b, first, testDomain))
	}
	other := withRecord(spec, first)
	other.Endpoint.Domain = "other.example.com"
	update("another domain", other)
	if got := leads(t, b, first, "other.example.com"); got != seen.Hostname || len(recordsAt(t, b, second, testDomain)) > 0 {
		t.Errorf("the new name leads to %q; of the old one there is %v", got, recordsAt(t, b, second, testDomain))
	}
	without := spec
	without.Endpoint.DNS = nil
	update("none", without)
	if left := recordsAt(t, b, first, "other.example.com"); len(left) > 0 {
		t.Errorf("what is not wanted any more is still there: %v", left)
	}
	sandbox.AWS.ResetCalls()
	if clean, err := shows(t, testBackend(sandbox.URL), spec); err != nil || !clean || callsTo(sandbox.AWS.Calls(), "route53") != 0 {
		t.Errorf("a refresh without a record calls Route 53 %d times, error %v", callsTo(sandbox.AWS.Calls(), "route53"), err)
	}
	update("again", other)

	sandbox.AWS.ResetCalls()
	if err := testBackend(sandbox.URL).DestroyCluster(t.Context(), spec); err != nil {
		t.Fatal(err)
	}
	order := mutations(sandbox.AWS.Calls())
	if record, lb := slices.Index(order, "ChangeResourceRecordSets"), slices.Index(order, "DeleteLoadBalancer"); record < 0 || lb < record {
		t.Errorf("a destroy calls %v, want the record before the load balancer", order)
	}
	if left := recordsAt(t, b, first, "other.example.com"); len(left) > 0 {
		t.Errorf("after the destroy there is %v", left)
	}
}

func callsTo(calls []sandboxaws.LoggedCall, service string) int {
	n := 0
	for _, c := range calls {
		if c.Service == service {
			n++
		}
	}
	return n
}

// mutations are the actions that changed something, in their order.
func mutations(calls []sandboxaws.LoggedCall) []string {
	var out []string
	for _, c := range calls {
		if c.Mutating && c.Code == "" {
			out = append(out, c.Action)
		}
	}
	return out
}

// What is wrong with a zone or a name is said by the plan, and by the apply,
// which changes nothing of anybody's.
func TestRecordMistakes(t *testing.T) {
	t.Parallel()
	sandbox, b := prepared(t)
	zone, outside := zoneOf(t, b, "example.com"), zoneOf(t, b, "example.org")
	taken := func(r r53types.ResourceRecordSet) func() {
		return func() { put(t, b, zone, r) }
	}
	for name, c := range map[string]struct {
		zone string
		put  func()
		// at and says are the plan's problem, apply what an apply says.
		at, says, apply string
	}{
		"no such zone":        {"Z0000000000000000000", nil, "endpoint.dns.zone_id", "Route 53 has no hosted zone Z0000000000000000000", "NoSuchHostedZone"},
		"outside the zone":    {outside, nil, "endpoint.dns.zone_id", "is the zone of example.org", "InvalidChangeBatch"},
		"somebody's address":  {zone, taken(plainRecord(testDomain, r53types.RRTypeA, "203.0.113.7")), "endpoint.domain", "the A record of " + testDomain, "exists and is not managed here"},
		"somebody's address6": {zone, taken(plainRecord(testDomain, r53types.RRTypeAaaa, "2001:db8::7")), "endpoint.domain", "the AAAA record", "exists and is not managed here"},
		"somebody's name":     {zone, taken(plainRecord(testDomain, r53types.RRTypeCname, "www.example.com")), "endpoint.domain", "the CNAME record", "exists and is not managed here"},
	} {
		t.Run(name, func(t *testing.T) { // One after the other: they share a name.
			if c.put != nil {
				c.put()
			}
			before := recordsAt(t, b, zone, testDomain)
			spec := inZones(withRecord(testCluster(serving.Private), c.zone))
			problems, err := testBackend(sandbox.URL).PreflightCluster(t.Context(), spec)
			if err != nil || len(problems) != 1 || problems[0].Path != c.at || !strings.Contains(problems[0].Detail, c.says) || problems[0].Severity != serving.SeverityError {
				t.Errorf("the plan says %v, error %v; want one at %s: %s", problems, err, c.at, c.says)
			}
			if _, err := testBackend(sandbox.URL).CreateCluster(t.Context(), spec); err == nil || !strings.Contains(err.Error(), c.apply) {
				t.Errorf("the apply says %v, want %s", err, c.apply)
			}
			if now := recordsAt(t, b, zone, testDomain); fmt.Sprint(written(t, now)) != fmt.Sprint(written(t, before)) {
				t.Errorf("there was %v and is %v", written(t, before), written(t, now))
			}
			if err := testBackend(sandbox.URL).DestroyCluster(t.Context(), spec); err != nil {
				t.Errorf("destroy: %v", err)
			}
			if now := recordsAt(t, b, zone, testDomain); len(now) != len(before) {
				t.Errorf("after the destroy there is %v", written(t, now))
			}
			for _, r := range before {
				changeRecord(t, b, zone, r53types.ChangeActionDelete, r)
			}
		})
	}
}

func written(t *testing.T, records []r53types.ResourceRecordSet) []string {
	t.Helper()
	var out []string
	for _, r := range records {
		text, err := json.Marshal(r)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, string(text))
	}
	return out
}

// Another account's zone looks like a permission that is missing: the plan names
// both causes, and the attribute.
func TestRecordInForeignZone(t *testing.T) {
	t.Parallel()
	_, b := prepared(t)
	theirs := route53.NewFromConfig(somebody(t, b, here))
	zone := must(t, theirs.CreateHostedZone, &route53.CreateHostedZoneInput{Name: aws.String("example.com"), CallerReference: aws.String("theirs")}).HostedZone
	spec := inZones(withRecord(testCluster(serving.Private), strings.TrimPrefix(*zone.Id, "/hostedzone/")))
	_, err := b.PreflightCluster(t.Context(), spec)
	for _, text := range []string{"is of another account", "endpoint.dns.zone_id", "route53:GetHostedZone"} {
		if err == nil || !strings.Contains(err.Error(), text) {
			t.Errorf("the plan says %v, want %q", err, text)
		}
	}
}

// A private zone is no place for the name of a public cluster.
func TestRecordInPrivateZone(t *testing.T) {
	t.Parallel()
	_, b := prepared(t)
	seen, err := b.CreateCluster(t.Context(), testCluster(serving.Private))
	if err != nil {
		t.Fatal(err)
	}
	zone := privateZoneOf(t, b, "example.com", seen.VPC)
	problems, err := b.PreflightCluster(t.Context(), inZones(withRecord(testCluster(serving.Public), zone)))
	problems = slices.DeleteFunc(problems, func(p serving.Problem) bool { return p.Path != "endpoint.dns.zone_id" })
	if err != nil || len(problems) != 1 || problems[0].Severity != serving.SeverityWarning || problems[0].Summary != "Private hosted zone of a public cluster" {
		t.Errorf("a public cluster: %v, error %v", problems, err)
	}
	if problems, err = b.PreflightCluster(t.Context(), inZones(withRecord(testCluster(serving.Private), zone))); err != nil || len(problems) > 0 {
		t.Errorf("a private cluster: %v, error %v", problems, err)
	}
}

// TestDriftOfRecord changes each field of the record, takes it away, and puts
// others beside it.
func TestDriftOfRecord(t *testing.T) {
	t.Parallel()
	sandbox, b := prepared(t)
	zone := zoneOf(t, b, "example.com")
	spec := inZones(withRecord(testCluster(serving.Private), zone))
	seen, err := b.CreateCluster(t.Context(), spec)
	if err != nil {
		t.Fatal(err)
	}
	spec.LastSeen = seen.Objects
	fields, err := sandbox.AWS.Fields()
	if err != nil {
		t.Fatal(err)
	}
	tested := 0
	for _, f := range fields {
		// Another name or type is another record.
		if f.Kind != "route53.record_set" || f.Path == "/Name" || f.Path == "/Type" {
			continue
		}
		tested++
		if problem := driftOf(t, sandbox, &spec, serving.Certificate{}, f); problem != "" {
			t.Errorf("%s = %v: %s", f.Path, f.Value, problem)
		}
	}
	if tested < 3 {
		t.Errorf("only %d fields were tested", tested)
	}
	name := objectRecord + recordKey(zone, testDomain)
	for what, spoil := range map[string]func(){
		"an address of its own": func() { put(t, b, zone, plainRecord(testDomain, r53types.RRTypeA, "203.0.113.7")) },
		"no record":             func() { changeRecord(t, b, zone, r53types.ChangeActionDelete, recordsAt(t, b, zone, testDomain)[0]) },
	} {
		spoil()
		now, err := testBackend(sandbox.URL).ObserveCluster(t.Context(), spec)
		if err != nil || len(now.Drift[name]) == 0 {
			t.Errorf("%s is not seen: %v, error %v", what, now.Drift, err)
		}
		if repaired, err := testBackend(sandbox.URL).UpdateCluster(t.Context(), spec); err != nil || len(repaired.Drift) > 0 || leads(t, b, zone, testDomain) != seen.Hostname {
			t.Errorf("%s is not repaired: %v, error %v", what, repaired.Drift, err)
		}
	}

	// A second way beside it is seen, and is not ours to close.
	second := plainRecord(testDomain, r53types.RRTypeAaaa, "2001:db8::7")
	put(t, b, zone, second)
	now, err := testBackend(sandbox.URL).ObserveCluster(t.Context(), spec)
	if err != nil || len(now.Drift[name]) != 1 {
		t.Errorf("a second record: %v, error %v", now.Drift, err)
	}
	var foreign *stack.ForeignError
	if _, err := testBackend(sandbox.URL).UpdateCluster(t.Context(), spec); !errors.As(err, &foreign) {
		t.Errorf("an apply beside a second record: %v", err)
	}
	changeRecord(t, b, zone, r53types.ChangeActionDelete, second)

	// Whoever takes the name over keeps it when the cluster lets go.
	theirs := plainRecord(testDomain, r53types.RRTypeA, "203.0.113.7")
	put(t, b, zone, theirs)
	without := spec
	without.Endpoint.DNS = nil
	if updated, err := testBackend(sandbox.URL).UpdateCluster(t.Context(), without); err != nil || len(updated.Drift) > 0 {
		t.Errorf("letting go: drift %v, error %v", updated.Drift, err)
	}
	if left := recordsAt(t, b, zone, testDomain); len(left) != 1 || left[0].AliasTarget != nil {
		t.Errorf("of somebody's record there is %v", written(t, left))
	}
}

// TestRecordsAreReadTogether counts calls: one for all records of a zone.
func TestRecordsAreReadTogether(t *testing.T) {
	t.Parallel()
	sandbox := newSandbox(t)
	b := testBackend(sandbox.URL)
	zone, other := zoneOf(t, b, "example.com"), zoneOf(t, b, "example.org")
	var keys []string
	for i := range 40 {
		name := fmt.Sprintf("m%02d.example.com", i)
		if i%2 == 0 {
			name = fmt.Sprintf("m.t%02d.example.com", i)
		}
		put(t, b, zone, plainRecord(name, r53types.RRTypeA, fmt.Sprintf("203.0.113.%d", i+1)))
		keys = append(keys, recordKey(zone, name))
	}
	keys = append(keys, recordKey(other, "none.example.org"), recordKey("Z0000000000000000000", "none.example.net"))
	c, err := testBackend(sandbox.URL).client(t.Context(), testRegion)
	if err != nil {
		t.Fatal(err)
	}
	sandbox.AWS.ResetCalls()
	found, err := c.readRecords(t.Context(), keys)
	if err != nil {
		t.Fatal(err)
	}
	for i, key := range keys[:40] {
		if len(found[key]) != 1 || aws.ToString(found[key][0].ResourceRecords[0].Value) != fmt.Sprintf("203.0.113.%d", i+1) {
			t.Errorf("%s: %v", key, found[key])
		}
	}
	if calls := sandbox.AWS.Calls(); len(calls) != 3 || len(found) != 40 {
		t.Errorf("%d calls for three zones gave %d names, want one each and 40", len(calls), len(found))
	}
	// A name that is not there costs a call, and hides no other.
	sandbox.AWS.ResetCalls()
	found, err = c.readRecords(t.Context(), []string{recordKey(zone, "a.example.com"), keys[7], recordKey(zone, "z.example.com"), keys[11]})
	if calls := sandbox.AWS.Calls(); err != nil || len(found) != 2 || len(calls) > 4 {
		t.Errorf("%d names in %d calls, error %v", len(found), len(calls), err)
	}
}
