package gcp

import (
	"fmt"
	"time"

	"github.com/modelserving/terraform-provider-serving/internal/sandbox/control"
)

// Configure applies settings.
func (c *Cloud) Configure(s control.Settings) error {
	delays := map[string]time.Duration{}
	for name, d := range s.Delays {
		delays[name] = time.Duration(d)
	}
	if err := checkSettings(s, delays); err != nil {
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.config.Apply(s)
	return nil
}

// Settings returns what is in force, every delay and quota included.
func (c *Cloud) Settings() control.Settings {
	c.mu.Lock()
	defer c.mu.Unlock()
	s := c.config.Settings(defaultQuotas)
	for name := range defaultDelays {
		s.Delays[name] = control.Duration(c.delay(name))
	}
	return s
}

func checkSettings(s control.Settings, delays map[string]time.Duration) error {
	for name := range delays {
		if !knownDelay(name) {
			return fmt.Errorf("no delay named %q", name)
		}
	}
	for name := range s.Quotas {
		if _, ok := defaultQuotas[name]; !ok {
			return fmt.Errorf("no quota named %q", name)
		}
	}
	return nil
}

// KnowsDelay and KnowsQuota tell whose a name is, since clouds share the settings.
func KnowsDelay(name string) bool {
	return checkSettings(control.Settings{}, map[string]time.Duration{name: 0}) == nil
}

// KnowsQuota reports whether this cloud has a quota of that name.
func KnowsQuota(name string) bool {
	return checkSettings(control.Settings{Quotas: map[string]int{name: 0}}, nil) == nil
}

// defaultQuotas are those of a new project.
var defaultQuotas = map[string]int{
	"compute.networks":                        5,
	"compute.subnetworks":                     100,
	"compute.firewalls":                       100,
	"compute.routes":                          200,
	"compute.routers":                         20,
	"compute.routers_per_network_and_region":  5,
	"compute.nats_per_router":                 50,
	"compute.static_addresses":                8,
	"compute.health_checks":                   75,
	"compute.backend_services":                50,
	"compute.url_maps":                        50,
	"compute.ssl_policies":                    10,
	"compute.target_http_proxies":             50,
	"compute.target_https_proxies":            50,
	"compute.forwarding_rules":                45,
	"compute.security_policies":               10,
	"compute.security_policy_rules":           200,
	"compute.peerings_per_network":            25,
	"compute.secondary_ranges_per_subnetwork": 170,
	"compute.backends_per_backend_service":    50,
	"container.clusters_per_region":           50,
	"container.node_pools_per_cluster":        100,
	"container.concurrent_operations":         5,
	"certificatemanager.certificates":         100,
}

// HasService reports whether a service, as logs and fault rules name it, is one of this cloud's.
func HasService(name string) bool { return apiTitles[name] != "" }
