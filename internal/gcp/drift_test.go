package gcp

import (
	"context"
	"encoding/json"
	"fmt"
	"reflect"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/modelserving/terraform-provider-serving/internal/sandbox/control"
	"github.com/modelserving/terraform-provider-serving/internal/serving"
	"github.com/modelserving/terraform-provider-serving/internal/stack"
)

// Why a field of an object need not show as drift.
const (
	computed  = "the cloud computes it, and no call sets it"
	immutable = "no call changes it on a living object"
	elsewhere = "it is kept with another object, where it is tested"
	noEffect  = "it has no effect while what it belongs to is off"
	others    = "it belongs to somebody else, or is Google's choice"
)

// unowned lists the fields of the sandbox's objects that are exempt, by kind and
// JSON path, each with the reason. A field that is not here must be seen and
// repaired.
var unowned = map[string]map[string]string{
	"":                               {`/(creationTimestamp|id|name|status|createTime)`: computed},
	"certificatemanager.certificate": {`.*`: elsewhere},
	"compute.address":                {`/(address|addressType|ipVersion|networkTier|description)`: immutable},
	"compute.backend_service": {
		`/loadBalancingScheme`: immutable,
		// The old form of portName, and what regional services do not have.
		`/(port|enableCDN)`: computed,
	},
	"compute.firewall": {`/(network|direction)`: immutable},
	"compute.forwarding_rule": {
		`/(IPAddress|IPProtocol|ipVersion|loadBalancingScheme|network|networkTier|portRange|description)`: immutable,
	},
	"compute.instance_group": {`/(description|network|subnetwork)`: others},
	"compute.network": {
		`/(autoCreateSubnetworks|mtu|description)`:                  immutable,
		`/(routingConfig/.*|networkFirewallPolicyEnforcementOrder)`: others,
	},
	"compute.router": {`/network`: immutable},
	"compute.security_policy": {
		`/type`: immutable,
		// The last rule is always there and the last.
		`/rules/1/(priority|match/config/srcIpRanges/0)`: immutable,
	},
	"compute.ssl_policy": {`/description`: immutable},
	"compute.subnetwork": {
		`/(ipCidrRange|network|purpose|stackType|description)`: immutable,
		// The cluster uses them.
		`/secondaryIpRanges/.*`: immutable,
	},
	"compute.target_http_proxy":  {`/description`: immutable},
	"compute.target_https_proxy": {`/description`: immutable, `/quicOverride`: noEffect},
	"container.cluster": {
		`/(clusterIpv4Cidr|servicesIpv4Cidr|currentNodeVersion|endpoint|initialClusterVersion|masterAuth/.*|network|subnetwork|currentNodeCount)`: computed,
		`/controlPlaneEndpointsConfig/(dnsEndpointConfig/endpoint|ipEndpointsConfig/(privateEndpoint|publicEndpoint|privateEndpointSubnetwork))`:  computed,
		`/(defaultMaxPodsConstraint/.*|ipAllocationPolicy/.*|networkConfig/(datapathProvider|network|subnetwork))`:                                immutable,
		`/databaseEncryption/state`: others,
		// The seal is the stack's own state.
		`/resourceLabels/serving-sealed`: elsewhere,
	},
	"container.node_pool": {
		`/(initialNodeCount|networkConfig/pod.*|config/effectiveCgroupMode|config/resourceLabels/goog-.*)`:          computed,
		`/(maxPodsConstraint/.*|config/(metadata/.*|oauthScopes/.*|serviceAccount|spot|shieldedInstanceConfig/.*))`: immutable,
		`/(config/bootDisk/.*|config/diskType)`: others,
		// GKE keeps pods without GPUs away by itself.
		`/config/taints/1/.*`: others,
	},
}

// alternatives are what an enumeration may be instead.
var alternatives = map[string]string{
	"REGULAR": "STABLE", "BALANCED": "ANY", "ANY": "BALANCED", "GKE_METADATA": "GCE_METADATA", "NO_SCHEDULE": "NO_EXECUTE", "SURGE": "BLUE_GREEN",
	"DEFAULT": "LATEST", "COS_CONTAINERD": "UBUNTU_CONTAINERD", "n2-standard-4": "n2-standard-8", "g2-standard-8": "g2-standard-4", "nvidia-l4": "nvidia-tesla-t4",
}

// exempt gives the reason why a field need not be seen, empty when it must.
func exempt(f control.Field) string {
	for _, kind := range []string{f.Kind, ""} {
		for pattern, reason := range unowned[kind] {
			if regexp.MustCompile(`^` + pattern + `$`).MatchString(f.Path) {
				return reason
			}
		}
	}
	return ""
}

// spoil gives a change of a field that somebody could make.
func spoil(t *testing.T, f control.Field) control.Field {
	t.Helper()
	if f.Kind == "compute.instance_group" && f.Path == "/namedPorts/0/port" {
		// The name was changed before, and what has another name stays.
		f.Path = "/namedPorts/1/port"
	}
	switch v := f.Value.(type) {
	case bool:
		f.Value = !v
	case json.Number:
		n, err := v.Int64()
		if err != nil {
			x, err := v.Float64()
			if err != nil {
				t.Fatal(err)
			}
			f.Value = x / 2
			return f
		}
		f.Value = n + 1
	case string:
		other, listed := alternatives[v]
		switch {
		case strings.HasSuffix(f.Path, "/autoscalingProfile"):
			f.Value = "OPTIMIZE_UTILIZATION"
		case listed:
			f.Value = other
		case strings.HasSuffix(strings.ToLower(f.Path), "version"):
			f.Value = "1.32.4-gke.1000000"
		case strings.HasSuffix(f.Path, "/acceleratorCount"):
			f.Value = "2" // The API's JSON has whole numbers of 64 bits as text.
		case strings.HasPrefix(f.Path, "/locations/"):
			f.Value = "us-central1-f"
		case strings.HasPrefix(v, "serving:stack="):
			f.Value = v + "x"
		case strings.Contains(f.Path, "anges/") || strings.Contains(f.Path, "cidrBlock"):
			f.Value = "198.51.100.0/24"
		case v == "tcp":
			f.Value = "udp"
		default:
			f.Value = v + "x"
		}
	}
	return f
}

// TestDriftOfEveryField changes each field of each object behind the provider's
// back and asserts that it is seen and repaired.
func TestDriftOfEveryField(t *testing.T) {
	t.Parallel()
	sandbox, b := prepared(t)
	spec := testCluster(serving.Public)
	seen, err := b.CreateCluster(t.Context(), spec)
	if err != nil {
		t.Fatal(err)
	}
	spec.Network.Zones, spec.LastSeen = seen.Spec.Network.Zones, seen.Objects
	before, err := sandbox.Fields()
	if err != nil {
		t.Fatal(err)
	}
	reasons, tested := map[string]int{}, 0
	for _, f := range before {
		if reason := exempt(f); reason != "" {
			reasons[reason]++
			continue
		}
		tested++
		if problem := driftOf(t, sandbox, &spec, f); problem != "" {
			t.Errorf("%s %s %s = %.60v: %s", f.Kind, f.ID, f.Path, f.Value, problem)
			// Whatever went wrong must not spoil the other fields.
			_ = sandbox.Mutate(f)
		}
	}
	t.Logf("%d fields: %d tested, exempt: %v", len(before), tested, reasons)
	if tested < 150 {
		t.Errorf("only %d fields were tested", tested)
	}
}

// driftOf changes one field, and says what was wrong with what followed.
func driftOf(t *testing.T, sandbox *simulated, spec *serving.Cluster, f control.Field) string {
	t.Helper()
	spoilt := spoil(t, f)
	if err := sandbox.Mutate(spoilt); err != nil {
		return "mutate: " + err.Error()
	}
	b := testBackend(sandbox.URL)
	clean, err := shows(t, b, *spec)
	if err != nil {
		return "observe: " + err.Error()
	}
	if clean {
		return fmt.Sprintf("a change to %v is not seen", spoilt.Value)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	repaired, err := b.UpdateCluster(ctx, *spec)
	if err != nil {
		return "repair: " + err.Error()
	}
	spec.LastSeen = repaired.Objects
	if clean, err = shows(t, b, *spec); err != nil || !clean {
		return fmt.Sprintf("after the repair it still shows, error %v", err)
	}
	return ""
}

// shows reports whether a plan of the cluster would be empty.
func shows(t *testing.T, b *Backend, spec serving.Cluster) (clean bool, err error) {
	t.Helper()
	seen, err := b.ObserveCluster(t.Context(), spec)
	if err != nil {
		return false, err
	}
	if len(seen.Drift) > 0 || !sameSpec(seen.Spec, spec) {
		t.Logf("drift %v, spec %+v", seen.Drift, seen.Spec)
	}
	return len(seen.Drift) == 0 && !seen.Gone && sameSpec(seen.Spec, spec), nil
}

// sameSpec compares what a configuration says, defaults of the cloud left out.
func sameSpec(a, b serving.Cluster) bool {
	a.LastSeen, b.LastSeen = nil, nil
	a.Network.ServiceCIDR, b.Network.ServiceCIDR = "", ""
	return reflect.DeepEqual(a, b)
}

// TestDriftOfEveryObject removes objects behind the provider's back, with the
// calls that somebody would use.
func TestDriftOfEveryObject(t *testing.T) {
	t.Parallel()
	sandbox, b := prepared(t)
	spec := testCluster(serving.Public)
	seen, err := b.CreateCluster(t.Context(), spec)
	if err != nil {
		t.Fatal(err)
	}
	spec.Network.Zones, spec.LastSeen = seen.Spec.Network.Zones, seen.Objects
	c, err := b.client(t.Context(), testRegion)
	if err != nil {
		t.Fatal(err)
	}
	o, n := clusterOwner(spec), namesOf(spec)
	for object, remove := range map[string]func(s *clusterStack) error{
		objectRouter:   func(*clusterStack) error { return removeAll(t, c.routers(o, n.router), objectRouter) },
		objectFirewall: func(*clusterStack) error { return removeAll(t, c.firewalls(o, n.firewall), objectFirewall) },
		objectBackends: func(s *clusterStack) error { return removeAll(t, backends{c, s.backendService}, objectBackends) },
		objectRedirectRule: func(*clusterStack) error {
			return removeAll(t, c.forwardingRules(o, []string{n.redirect}), objectRedirectRule)
		},
		objectForwardingRule: func(*clusterStack) error {
			return removeAll(t, c.forwardingRules(o, n.both), objectForwardingRule)
		},
		objectNamedPorts + "cpu": func(s *clusterStack) error {
			return removeAll(t, namedPorts{c, s.pools["cpu"]}, objectNamedPorts+"cpu")
		},
		objectHTTPSProxy: func(*clusterStack) error {
			if err := removeAll(t, c.forwardingRules(o, n.both), objectForwardingRule); err != nil {
				return err
			}
			return removeAll(t, c.httpsProxies(o, n.both), objectHTTPSProxy)
		},
		objectNodePool + "gpu": func(s *clusterStack) error {
			if err := removeAll(t, backends{c, s.backendService}, objectBackends); err != nil {
				return err
			}
			return removeAll(t, nodePools{c, o, s.cluster, spec.Name}, objectNodePool+"gpu")
		},
	} {
		s := c.clusterStack(spec, remains{Redirect: true})
		if _, err := s.Observe(t.Context()); err != nil {
			t.Fatal(err)
		}
		if err := remove(s); err != nil {
			t.Errorf("remove %s: %v", object, err)
			continue
		}
		b := testBackend(sandbox.URL)
		now, err := b.ObserveCluster(t.Context(), spec)
		if err != nil || len(now.Drift[object]) == 0 {
			t.Errorf("the removal of %s is not seen: drift %v, error %v", object, now.Drift, err)
		}
		repaired, err := b.UpdateCluster(t.Context(), spec)
		if err != nil {
			t.Errorf("repair of a removed %s: %v", object, err)
		}
		if len(repaired.Drift) != 0 {
			t.Errorf("after the repair of a removed %s: %v", object, repaired.Drift)
		}
		spec.LastSeen = repaired.Objects
	}
}

// removeAll deletes what a kind finds under a name.
func removeAll[W, L any](t *testing.T, kind stack.Kind[W, L], name string) error {
	t.Helper()
	found, err := kind.Find(t.Context(), name)
	if err != nil || len(found) == 0 {
		return fmt.Errorf("nothing to remove, error %w", err)
	}
	for _, l := range found {
		if err := kind.Delete(t.Context(), l); err != nil {
			return err
		}
	}
	return nil
}
