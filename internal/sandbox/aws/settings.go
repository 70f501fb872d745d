package aws

import "fmt"

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
	c.config.Apply(s)
	return nil
}

// Settings returns what is in force, every delay and quota included.
func (c *Cloud) Settings() Settings {
	c.mu.Lock()
	defer c.mu.Unlock()
	s := c.config.Settings(defaultQuotas)
	for name := range defaultDelays {
		s.Delays[name] = Duration(c.delay(name))
	}
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
