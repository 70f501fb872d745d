package aws

import (
	"encoding/json"
	"fmt"
	"maps"
	"time"
)

// Duration is a time.Duration that JSON shows as "1m30s".
type Duration time.Duration

// MarshalJSON implements json.Marshaler.
func (d Duration) MarshalJSON() ([]byte, error) { return json.Marshal(time.Duration(d).String()) }

// UnmarshalJSON implements json.Unmarshaler.
func (d *Duration) UnmarshalJSON(raw []byte) error {
	var text string
	if err := json.Unmarshal(raw, &text); err != nil {
		return fmt.Errorf("a duration is a string such as \"1m30s\": %w", err)
	}
	parsed, err := time.ParseDuration(text)
	*d = Duration(parsed)
	return err
}

// Settings changes how a running cloud behaves. What is nil stays; maps are merged key by key.
type Settings struct {
	TimeScale   *float64            `json:"time_scale,omitempty"`
	Delays      map[string]Duration `json:"delays,omitempty"`
	Consistency *Duration           `json:"consistency,omitempty"`
	Latency     *Duration           `json:"latency,omitempty"`
	// Throttle is calls per second by "service.Action", "service.*" or "*"; zero lifts it.
	Throttle map[string]float64 `json:"throttle,omitempty"`
	Quotas   map[string]int     `json:"quotas,omitempty"`
}

// Configure applies settings.
func (c *Cloud) Configure(s Settings) error {
	for name := range s.Delays {
		if err := checkDelayName(name); err != nil {
			return err
		}
	}
	for name := range s.Quotas {
		if err := checkQuotaName(name); err != nil {
			return err
		}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	// Copies, because the maps may be the caller's.
	delays, throttle, quotas := map[string]time.Duration{}, map[string]float64{}, map[string]int{}
	maps.Copy(delays, c.config.Delays)
	maps.Copy(throttle, c.config.Throttle)
	maps.Copy(quotas, c.config.Quotas)
	for name, d := range s.Delays {
		delays[name] = time.Duration(d)
	}
	maps.Copy(throttle, s.Throttle)
	maps.Copy(quotas, s.Quotas)
	c.config.Delays, c.config.Throttle, c.config.Quotas = delays, throttle, quotas
	if s.TimeScale != nil {
		c.config.TimeScale = *s.TimeScale
	}
	if s.Consistency != nil {
		c.config.Consistency = time.Duration(*s.Consistency)
	}
	if s.Latency != nil {
		c.config.Latency = time.Duration(*s.Latency)
	}
	return nil
}

// Settings returns what is in force, every delay and quota included.
func (c *Cloud) Settings() Settings {
	c.mu.Lock()
	defer c.mu.Unlock()
	scale, consistency, latency := c.config.TimeScale, Duration(c.config.Consistency), Duration(c.config.Latency)
	s := Settings{
		TimeScale: &scale, Consistency: &consistency, Latency: &latency,
		Delays: map[string]Duration{}, Throttle: maps.Clone(c.config.Throttle), Quotas: maps.Clone(defaultQuotas),
	}
	for name := range defaultDelays {
		s.Delays[name] = Duration(c.delay(name))
	}
	maps.Copy(s.Quotas, c.config.Quotas)
	return s
}

// defaultQuotas are those of a new AWS account.
var defaultQuotas = map[string]int{
	"ec2.vpcs":                          5,
	"ec2.internet_gateways":             5,
	"ec2.addresses":                     5,
	"ec2.nat_gateways_per_zone":         5,
	"ec2.subnets_per_vpc":               200,
	"ec2.route_tables_per_vpc":          200,
	"ec2.routes_per_route_table":        500,
	"ec2.security_groups":               2500,
	"ec2.security_groups_per_interface": 5,
	"ec2.rules_per_security_group":      60,
	"ec2.cidr_blocks_per_vpc":           5,
	"ec2.vpc_peerings_per_vpc":          50,
	"ec2.vpc_peering_requests":          25,
	"iam.roles":                         1000,
	"iam.attached_policies_per_role":    10,
	"eks.clusters":                      100,
	"eks.nodegroups_per_cluster":        30,
	"elb.application_load_balancers":    50,
	"elb.target_groups":                 3000,
	"elb.listeners_per_load_balancer":   50,
	"elb.rules_per_load_balancer":       100,
	"elb.certificates_per_listener":     25,
	"acm.certificates":                  2500,
	"acm.domains_per_certificate":       10,
	"route53.hosted_zones":              500,
	"route53.records_per_hosted_zone":   10000,
	"route53.vpcs_per_hosted_zone":      300,
}

func checkQuotaName(name string) error {
	if _, ok := defaultQuotas[name]; !ok {
		return fmt.Errorf("no quota named %q", name)
	}
	return nil
}

// quota is the limit of that name in force.
func (c *call) quota(name string) int {
	if n, ok := c.cloud.config.Quotas[name]; ok {
		return n
	}
	n, ok := defaultQuotas[name]
	if !ok {
		panic("sandbox: no quota named " + name)
	}
	return n
}
