package gcp

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"testing"

	"github.com/modelserving/terraform-provider-serving/internal/reads"
)

// TestCrashOfCutOver lets the provider die at every mutating call of a change of
// visibility, and go on. On the way nobody gets in who did not before and does not
// afterwards.
func TestCrashOfCutOver(t *testing.T) {
	t.Parallel()
	for _, f := range flips {
		for _, lost := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s to %s/lost=%v", f.from, f.to, lost), func(t *testing.T) {
				t.Parallel()
				var clean map[string]int
				allowed := map[string][]string{}
				for n := 0; ; n++ {
					sandbox, next, before := flipped(t, f.from, f.to)
					c, err := testBackend(sandbox.URL).client(t.Context(), testRegion)
					if err != nil {
						t.Fatal(err)
					}
					addRule(t, c, lastOf(before.Objects[objectSecurityPolicy]), firstPeeringRule, owner{stack: peeringMark(next.Name) + "projects/p/global/networks/n"}.describe(objectIngress), "10.77.0.0/16")
					if n == 0 {
						maps.Copy(allowed, admitted(t, sandbox))
					} else {
						die(sandbox, n, lost)
					}
					_, err = mortal(sandbox.URL).UpdateCluster(t.Context(), next)
					sandbox.ClearFaults()
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
					if n > 0 {
						for name, sources := range admitted(t, sandbox) {
							if extra := without(sources, allowed[name]); len(extra) > 0 || len(sources) == 0 {
								t.Errorf("after call %d the load balancer %s answers %v, want %v at most", n, name, sources, allowed[name])
							}
						}
						if _, err := testBackend(sandbox.URL).UpdateCluster(t.Context(), next); err != nil {
							t.Errorf("resume after call %d: %v", n, err)
						}
					}
					seen, err := testBackend(sandbox.URL).ObserveCluster(t.Context(), next)
					if err != nil || len(seen.Drift) != 0 || !sameSpec(seen.Spec, next) || seen.Address == before.Address {
						t.Errorf("after call %d: drift %v, error %v", n, seen.Drift, err)
					}
					now := kinds(sandbox.Census())
					if clean == nil {
						clean = now
						maps.Copy(allowed, admitted(t, sandbox))
					}
					if final := admitted(t, sandbox)[namesOf(next).chain]; !slices.Contains(final, "10.77.0.0/16") {
						t.Errorf("after call %d the peer does not get through: %v", n, final)
					}
					if !maps.Equal(now, clean) {
						t.Errorf("after call %d there is %v, without a crash %v", n, now, clean)
					}
					sandbox.close()
				}
			})
		}
	}
}

// admitted is whom each load balancer with a forwarding rule answers.
func admitted(t *testing.T, sandbox *simulated) map[string][]string {
	t.Helper()
	ctx := reads.WithLive(t.Context())
	c, err := testBackend(sandbox.URL).client(ctx, testRegion)
	if err != nil {
		t.Fatal(err)
	}
	rules, noRules := c.reader.forwardingRules.Get(ctx, everything)
	services, noServices := c.reader.backendServices.Get(ctx, everything)
	policies, noPolicies := c.reader.securityPolicies.Get(ctx, everything)
	if err := errors.Join(noRules, noServices, noPolicies); err != nil {
		t.Fatal(err)
	}
	out := map[string][]string{}
	for _, rule := range rules {
		if service := find(services, rule.GetName()); service != nil {
			out[rule.GetName()] = sorted(sourcesOf(find(policies, lastOf(service.GetSecurityPolicy()))))
		}
	}
	return out
}
