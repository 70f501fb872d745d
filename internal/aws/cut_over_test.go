package aws

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"github.com/modelserving/terraform-provider-serving/internal/reads"
	sandboxaws "github.com/modelserving/terraform-provider-serving/internal/sandbox/aws"
	"github.com/modelserving/terraform-provider-serving/internal/sandbox/sandboxtest"
	"github.com/modelserving/terraform-provider-serving/internal/serving"
	"github.com/modelserving/terraform-provider-serving/internal/stack"
)

// flips are the changes of visibility, with and without a record that moves.
var flips = []struct {
	from, to serving.Visibility
	record   bool
}{
	{serving.Private, serving.Public, true},
	{serving.Public, serving.Private, true},
	{serving.Private, serving.Public, false},
	{serving.Public, serving.Private, false},
}

// flipped is a cluster before a change of visibility, what it is to be, and the
// zone of its record.
func flipped(t *testing.T, from, to serving.Visibility, record bool) (sandbox *sandboxtest.Sandbox, next serving.Cluster, zone string, before serving.ObservedCluster) {
	t.Helper()
	sandbox, b := prepared(t)
	zone = zoneOf(t, b, "example.com")
	spec, next := inZones(testCluster(from)), inZones(testCluster(to))
	if record {
		spec, next = withRecord(spec, zone), withRecord(next, zone)
	}
	before, err := b.CreateCluster(t.Context(), spec)
	if err != nil {
		t.Fatal(err)
	}
	next.LastSeen = before.Objects
	return sandbox, next, zone, before
}

// TestCutOverOrder asserts that everything new is there before the record moves,
// that the old load balancer outlives it for as long as callers may use it, and
// that nodes let go of it before it is deleted.
func TestCutOverOrder(t *testing.T) {
	t.Parallel()
	for _, f := range flips {
		t.Run(fmt.Sprintf("%s to %s, record %v", f.from, f.to, f.record), func(t *testing.T) {
			t.Parallel()
			sandbox, next, zone, before := flipped(t, f.from, f.to, f.record)
			sandbox.AWS.ResetCalls()
			b := testBackend(sandbox.URL)
			b.cfg.Linger = 700 * time.Millisecond
			after, err := b.UpdateCluster(t.Context(), next)
			if err != nil || len(after.Drift) > 0 || after.Hostname == before.Hostname {
				t.Fatalf("the change: drift %v, error %v, host name %s and then %s", after.Drift, err, before.Hostname, after.Hostname)
			}
			calls := slices.DeleteFunc(sandbox.AWS.Calls(), func(c sandboxaws.LoggedCall) bool { return !c.Mutating || c.Code != "" })
			when := map[string]time.Time{}
			for _, c := range calls {
				when[c.Action] = c.Time // The last of each.
			}
			// The redirect is a listener too and waits for no rule, so the last
			// CreateListener and the last CreateRule come in either order.
			order := []string{"CreateLoadBalancer", "CreateListener", "DetachTrafficSources", "DeleteLoadBalancer", "DeleteTargetGroup"}
			if f.record {
				order = slices.Insert(order, 2, "ChangeResourceRecordSets")
				if got := leads(t, b, zone, testDomain); got != after.Hostname {
					t.Errorf("the record leads to %s, want %s", got, after.Hostname)
				}
				if gap := when["DetachTrafficSources"].Sub(when["ChangeResourceRecordSets"]); gap < b.cfg.Linger {
					t.Errorf("nodes let go of the old load balancer %s after the record moved, want %s at least", gap, b.cfg.Linger)
				}
			}
			for i, action := range order[1:] {
				if !when[order[i]].Before(when[action]) {
					t.Errorf("%s was not before %s: %v", order[i], action, mutations(calls))
				}
			}
			for _, complete := range []string{"CreateRule", "AttachTrafficSources"} {
				if when[complete].IsZero() || !when[complete].Before(when[order[2]]) {
					t.Errorf("%s was not before %s: %v", complete, order[2], mutations(calls))
				}
			}
			if when["DeleteListener"].After(when["DeleteLoadBalancer"]) || !when["DeleteListener"].IsZero() && when["DeleteListener"].Before(when["DetachTrafficSources"]) {
				t.Errorf("the old redirect goes before its callers: %v", mutations(calls))
			}
		})
	}
}

// TestCutOverAdmitsPeers asserts that who was let in for a peering has a way to
// the new load balancer before the record leads there, and nobody else has.
func TestCutOverAdmitsPeers(t *testing.T) {
	t.Parallel()
	sandbox, next, _, before := flipped(t, serving.Private, serving.Public, true)
	next.Endpoint.AllowedCIDRs = []string{"203.0.113.0/24"}
	b := testBackend(sandbox.URL)
	c, err := b.client(t.Context(), testRegion)
	if err != nil {
		t.Fatal(err)
	}
	open := func(cidr, description string) ec2types.IpRange {
		return ec2types.IpRange{CidrIp: &cidr, Description: &description}
	}
	peer := open("10.77.0.0/16", peeringMark(next.Name)+"vpc-0123456789abcdef0")
	_, err = c.ec2.AuthorizeSecurityGroupIngress(t.Context(), &ec2.AuthorizeSecurityGroupIngressInput{
		GroupId: aws.String(before.Objects[objectSecurityGroup]), IpPermissions: []ec2types.IpPermission{{
			IpProtocol: aws.String("tcp"), FromPort: aws.Int32(443), ToPort: aws.Int32(443),
			IpRanges: []ec2types.IpRange{peer, open("10.78.0.0/16", "somebody"), open("0.0.0.0/0", peeringMark(next.Name)+"vpc-0123456789abcdef0")},
		}},
	})
	if err != nil {
		t.Fatal(err)
	}
	sandbox.AWS.ResetCalls()
	after, err := b.UpdateCluster(t.Context(), next)
	if err != nil {
		t.Fatal(err)
	}
	seen, err := testBackend(sandbox.URL).ObserveCluster(t.Context(), next)
	if !slices.Equal(seen.Exposure.Endpoint.Sources, after.Exposure.Endpoint.Sources) {
		t.Errorf("the change ends with the sources %v, and a plan sees %v", after.Exposure.Endpoint.Sources, seen.Exposure.Endpoint.Sources)
	}
	if err != nil || len(seen.Drift) > 0 || len(seen.Advice) > 0 {
		t.Errorf("the peer is held against allowed_cidrs: drift %v, advice %q, error %v", seen.Drift, seen.Advice, err)
	}
	groups, err := securityGroups{c, clusterOwner(next)}.Find(reads.WithLive(t.Context()), objectSecurityGroup)
	if err != nil || len(groups) != 1 || aws.ToString(groups[0].GroupId) != after.Objects[objectSecurityGroup] {
		t.Fatalf("there are the groups %v, error %v", groups, err)
	}
	want := []string{"tcp 443 10.77.0.0/16", "tcp 443 203.0.113.0/24", "tcp 80 203.0.113.0/24"}
	if got := sorted(lines(groups[0].IpPermissions)); !slices.Equal(got, want) {
		t.Errorf("the new group lets in %v, want %v", got, want)
	}
	if got := descriptionOf(groups[0].IpPermissions[slices.IndexFunc(groups[0].IpPermissions, func(p ec2types.IpPermission) bool { return aws.ToInt32(p.FromPort) == 443 })], "10.77.0.0/16"); got != *peer.Description {
		t.Errorf("the peer's rule is marked %q, want %q", got, *peer.Description)
	}
	order := mutations(sandbox.AWS.Calls())
	record, last := slices.Index(order, "ChangeResourceRecordSets"), 0
	for i, action := range order {
		if action == "AuthorizeSecurityGroupIngress" {
			last = i
		}
	}
	if record < last {
		t.Errorf("the record moved before the peer was let in: %v", order)
	}
}

// TestCrashOfCutOver lets the provider die at every mutating call of a change of
// visibility, and go on.
func TestCrashOfCutOver(t *testing.T) {
	t.Parallel()
	for _, f := range flips {
		for _, lost := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s to %s, record %v/lost=%v", f.from, f.to, f.record, lost), func(t *testing.T) {
				t.Parallel()
				var clean map[string]int
				for n := 0; ; n++ {
					sandbox, next, zone, before := flipped(t, f.from, f.to, f.record)
					if n > 0 {
						die(sandbox.AWS, n, lost)
					}
					_, err := mortal(sandbox.URL).UpdateCluster(t.Context(), next)
					sandbox.AWS.ClearFaults()
					if n == 0 && err != nil {
						t.Fatal(err)
					}
					if n > 0 && err == nil {
						if n < 15 {
							t.Errorf("only %d calls were reached", n)
						}
						t.Logf("%d mutating calls", n-1)
						return
					}
					b := testBackend(sandbox.URL)
					if n > 0 {
						if f.record && leads(t, b, zone, testDomain) == "" {
							t.Errorf("after call %d the name leads nowhere", n)
						}
						if _, err := b.UpdateCluster(t.Context(), next); err != nil {
							t.Errorf("resume after call %d: %v", n, err)
						}
					}
					seen, err := testBackend(sandbox.URL).ObserveCluster(t.Context(), next)
					if err != nil || len(seen.Drift) != 0 || !sameSpec(seen.Spec, next) || seen.Hostname == before.Hostname {
						t.Errorf("after call %d: drift %v, error %v", n, seen.Drift, err)
					}
					if f.record && leads(t, b, zone, testDomain) != seen.Hostname {
						t.Errorf("after call %d the name leads to %s, want %s", n, leads(t, b, zone, testDomain), seen.Hostname)
					}
					now := kinds(sandbox.AWS.Census())
					if clean == nil {
						clean = now
					}
					if !maps.Equal(now, clean) {
						t.Errorf("after call %d there is %v, without a crash %v", n, now, clean)
					}
					if err := sandbox.Close(); err != nil {
						t.Fatal(err)
					}
				}
			})
		}
	}
}

// TestCutOverGoesOn kills the provider while it waits for callers: both load
// balancers are there, the record leads to the new one, a plan says so, and the
// next apply waits again and goes on.
func TestCutOverGoesOn(t *testing.T) {
	t.Parallel()
	sandbox, next, zone, before := flipped(t, serving.Public, serving.Private, true)
	b := testBackend(sandbox.URL)
	b.cfg.Linger = time.Hour
	ctx, kill := context.WithCancel(t.Context())
	ended := make(chan error)
	go func() {
		_, err := b.UpdateCluster(ctx, next)
		ended <- err
	}()
	moved := func() bool {
		to := leads(t, b, zone, testDomain)
		return to != "" && to != before.Hostname
	}
	for start := time.Now(); !moved(); time.Sleep(10 * time.Millisecond) {
		if time.Since(start) > time.Minute {
			t.Fatal("the record has not moved")
		}
	}
	time.Sleep(300 * time.Millisecond)
	kill()
	var failed *stack.Error
	if err := <-ended; !errors.As(err, &failed) || !strings.Contains(err.Error(), "wait for drain/callers") {
		t.Errorf("killed while it waits: %v", err)
	}
	if got := kinds(sandbox.AWS.Census())["elb.load_balancer"]; got != 2 {
		t.Errorf("there are %d load balancers, want both", got)
	}
	seen, err := testBackend(sandbox.URL).ObserveCluster(t.Context(), next)
	if err != nil || len(seen.Drift[objectLoadBalancer]) == 0 || !seen.Exposure.Endpoint.InternetReachable {
		t.Errorf("the old load balancer does not show: %v, exposure %+v, error %v", seen.Drift, seen.Exposure.Endpoint, err)
	}
	if got := faces(t, sandbox, next); got != serving.Public {
		t.Errorf("with both there it faces %s: model servers without authentication would be admitted", got)
	}
	again := testBackend(sandbox.URL)
	again.cfg.Linger = 600 * time.Millisecond
	start := time.Now()
	after, err := again.UpdateCluster(t.Context(), next)
	if err != nil || len(after.Drift) > 0 || time.Since(start) < again.cfg.Linger {
		t.Errorf("going on took %s: drift %v, error %v", time.Since(start), after.Drift, err)
	}
	if got := kinds(sandbox.AWS.Census())["elb.load_balancer"]; got != 1 {
		t.Errorf("there are %d load balancers, want one", got)
	}
	if got := faces(t, sandbox, next); got != serving.Private {
		t.Errorf("at the end it faces %s", got)
	}
}

// faces is what model servers are told of who may call them.
func faces(t *testing.T, sandbox *sandboxtest.Sandbox, spec serving.Cluster) serving.Visibility {
	t.Helper()
	c, err := testBackend(sandbox.URL).client(t.Context(), testRegion)
	if err != nil {
		t.Fatal(err)
	}
	s := c.clusterStack(spec, remains{})
	if _, err := s.Observe(t.Context()); err != nil {
		t.Fatal(err)
	}
	return s.faces()
}

// TestLinger asserts what a provider that says nothing waits for.
func TestLinger(t *testing.T) {
	t.Parallel()
	for given, want := range map[time.Duration]time.Duration{0: 3 * time.Minute, time.Second: time.Second} {
		c, err := New(Config{Region: testRegion, Sandbox: "http://127.0.0.1:1", Linger: given}).client(t.Context(), testRegion)
		if err != nil || c.linger != want {
			t.Errorf("with %s it is %s, error %v; want %s", given, c.linger, err, want)
		}
	}
}

func TestLacks(t *testing.T) {
	t.Parallel()
	const checking = "initial (Elb.RegistrationInProgress)"
	nodes := []string{"i-1", "i-2"}
	for name, c := range map[string]struct {
		now, before map[string]string
		one         bool
		want        string
	}{
		"all healthy":                    {map[string]string{"i-1": "healthy", "i-2": "healthy"}, map[string]string{"i-1": "healthy", "i-2": "healthy"}, true, ""},
		"one is checked":                 {map[string]string{"i-1": "healthy", "i-2": checking}, map[string]string{"i-1": "healthy", "i-2": "healthy"}, true, "i-2 is " + checking},
		"one is not registered":          {map[string]string{"i-1": "healthy"}, map[string]string{"i-1": "healthy", "i-2": "healthy"}, true, "i-2 is not registered"},
		"one was ill before":             {map[string]string{"i-1": "healthy", "i-2": "unhealthy (Target.Timeout)"}, map[string]string{"i-1": "healthy", "i-2": "unhealthy (Target.Timeout)"}, true, ""},
		"a node that goes":               {map[string]string{"i-1": "healthy"}, map[string]string{"i-1": "healthy", "i-9": "healthy"}, true, ""},
		"nobody, with a gateway":         {map[string]string{"i-1": checking}, map[string]string{"i-1": "unhealthy (Target.Timeout)"}, true, "no node answers"},
		"nobody, without one":            {map[string]string{"i-1": checking}, map[string]string{"i-1": "unhealthy (Target.Timeout)"}, false, ""},
		"one healthy before, without":    {map[string]string{"i-1": checking}, map[string]string{"i-1": "healthy"}, false, "i-1 is " + checking},
		"the old one was let go already": {map[string]string{"i-1": "healthy", "i-2": "healthy"}, nil, true, ""},
	} {
		if got := lacks(c.now, c.before, nodes, c.one); (got == "") != (c.want == "") || !strings.Contains(got, c.want) {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}
