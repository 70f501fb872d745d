package gcp

import (
	"regexp"
	"strings"
	"testing"

	"cloud.google.com/go/compute/apiv1/computepb"
	"google.golang.org/protobuf/proto"

	"github.com/modelserving/terraform-provider-serving/internal/sandbox/control"
	"github.com/modelserving/terraform-provider-serving/internal/serving"
)

// unownedByPeering lists the fields of a peering's halves and rules that are exempt
// from being seen, as unowned does for the cluster's.
var unownedByPeering = map[string]string{
	`/peerings/\d+/(name|network|exchangeSubnetRoutes|updateStrategy)`: immutable,
	`/peerings/\d+/(state|stateDetails|peerMtu|autoCreateRoutes)`:      computed,
	`/rules/\d+/(kind|priority)`:                                       immutable,
}

// peeringFields are the fields of what a peering owns, which lives in objects of
// others.
func peeringFields(t *testing.T, sandbox *simulated, spec serving.Peering) []control.Field {
	t.Helper()
	everything, err := sandbox.Fields()
	if err != nil {
		t.Fatal(err)
	}
	ours := map[string]bool{}
	within := regexp.MustCompile(`^/(peerings|rules)/\d+`)
	key := func(f control.Field) string { return f.ID + " " + within.FindString(f.Path) }
	for _, f := range everything {
		text, _ := f.Value.(string)
		ours[key(f)] = ours[key(f)] || strings.HasSuffix(f.Path, "/name") && strings.HasPrefix(text, "serving-prod-apps-") || strings.HasPrefix(text, wordStack+peeringOwner(spec).stack)
	}
	var out []control.Field
	for _, f := range everything {
		if within.MatchString(f.Path) && ours[key(f)] {
			out = append(out, f)
		}
	}
	return out
}

// TestPeeringDriftOfEveryField changes each field behind the provider's back and
// asserts that it is seen and repaired.
func TestPeeringDriftOfEveryField(t *testing.T) {
	t.Parallel()
	sandbox, b := clustered(t)
	spec := testPeering(t, b, peerProject)
	made, err := b.CreatePeering(t.Context(), spec)
	if err != nil {
		t.Fatal(err)
	}
	spec.LastSeen = made.Objects
	tested, exempt := 0, 0
	fields := peeringFields(t, sandbox, spec)
	for _, f := range fields {
		reason := ""
		for pattern, why := range unownedByPeering {
			if regexp.MustCompile(`^` + pattern + `$`).MatchString(f.Path) {
				reason = why
			}
		}
		if reason != "" {
			exempt++
			continue
		}
		tested++
		spoilt := spoil(t, f)
		if err := sandbox.Mutate(spoilt); err != nil {
			t.Errorf("%s %s: %v", f.ID, f.Path, err)
			continue
		}
		if problem := repairsPeering(t, sandbox, &spec); problem != "" {
			t.Errorf("%s %s = %v: %s", f.ID, f.Path, spoilt.Value, problem)
			_ = sandbox.Mutate(f)
		}
	}
	t.Logf("%d fields: %d tested, %d exempt", len(fields), tested, exempt)
	if tested < 12 {
		t.Errorf("only %d fields were tested", tested)
	}
}

// repairsPeering refreshes and applies as Terraform does, and says what was wrong.
func repairsPeering(t *testing.T, sandbox *simulated, spec *serving.Peering) string {
	t.Helper()
	seen, err := testBackend(sandbox.URL).ObservePeering(t.Context(), *spec)
	switch {
	case err != nil:
		return "observe: " + err.Error()
	case len(seen.Drift) == 0:
		return "is not seen"
	}
	spec.LastSeen = seen.Objects
	repaired, err := testBackend(sandbox.URL).UpdatePeering(t.Context(), *spec)
	if err != nil {
		return "repair: " + err.Error()
	}
	spec.LastSeen = repaired.Objects
	if again, err := testBackend(sandbox.URL).ObservePeering(t.Context(), *spec); err != nil || len(again.Drift) > 0 {
		return "after the repair it still shows"
	}
	return ""
}

// TestPeeringDriftOfEveryObject removes or adds what somebody could.
func TestPeeringDriftOfEveryObject(t *testing.T) {
	t.Parallel()
	sandbox, b := clustered(t)
	spec := testPeering(t, b, peerProject)
	made, err := b.CreatePeering(t.Context(), spec)
	if err != nil {
		t.Fatal(err)
	}
	spec.LastSeen = made.Objects
	ours, err := b.client(t.Context(), testRegion)
	if err != nil {
		t.Fatal(err)
	}
	theirs := theirClient(t, b, spec)
	drop := func(c *client, network string) error {
		op, err := c.compute.networks.RemovePeering(t.Context(), &computepb.RemovePeeringNetworkRequest{Project: c.project, Network: network,
			NetworksRemovePeeringRequestResource: &computepb.NetworksRemovePeeringRequest{Name: proto.String(peeringName(ours.project, spec))}})
		return c.done(t.Context(), op, err)
	}
	for _, change := range []struct {
		name string
		do   func() error
	}{
		{"the cluster's half", func() error { return drop(ours, lastOf(made.ConnectionID)) }},
		{"the peer's half", func() error { return drop(theirs, spec.Peer.VPC) }},
		{"a further range of the peer", func() error { addSubnetwork(t, theirs, spec.Peer.VPC, "more", "10.61.0.0/16"); return nil }},
		{"the rule of the load balancer", func() error {
			kind := peeringIngress{client: ours, owner: peeringOwner(spec), cluster: spec.Cluster, goes: true}
			return removeAll(t, kind, objectIngress)
		}},
	} {
		if err := change.do(); err != nil {
			t.Errorf("%s: %v", change.name, err)
			continue
		}
		if problem := repairsPeering(t, sandbox, &spec); problem != "" {
			t.Errorf("%s: %s", change.name, problem)
		}
	}
}
