package aws

import "time"

// defaultDelays are what the services take in reality, at time scale 1. Sources: the waiters' poll settings in the SDKs and
// what the field reports; they decide nothing but how long a simulated day lasts.
var defaultDelays = map[string]time.Duration{
	"ec2.nat_gateway.create":              2 * time.Minute,
	"ec2.nat_gateway.fail":                20 * time.Second,
	"ec2.nat_gateway.delete":              50 * time.Second,
	"ec2.vpc.create":                      time.Second,
	"ec2.subnet.create":                   time.Second,
	"ec2.vpc_cidr_block.associate":        5 * time.Second,
	"ec2.vpc_cidr_block.disassociate":     5 * time.Second,
	"ec2.vpc_peering.create":              2 * time.Second,
	"ec2.vpc_peering.propagate":           3 * time.Second,
	"ec2.vpc_peering.accept":              2 * time.Second,
	"ec2.vpc_peering.delete":              2 * time.Second,
	"eks.cluster.create":                  9 * time.Minute,
	"eks.cluster.update":                  2 * time.Minute,
	"eks.cluster.version":                 9 * time.Minute,
	"eks.cluster.delete":                  3 * time.Minute,
	"eks.nodegroup.create":                2 * time.Minute,
	"eks.nodegroup.update":                30 * time.Second,
	"eks.nodegroup.version":               8 * time.Minute,
	"eks.nodegroup.delete":                4 * time.Minute,
	"eks.addon.create":                    40 * time.Second,
	"eks.addon.update":                    30 * time.Second,
	"eks.addon.delete":                    10 * time.Second,
	"eks.eni.linger":                      20 * time.Second,
	"elb.load_balancer.create":            150 * time.Second,
	"elb.eni.linger":                      30 * time.Second,
	"elb.target.register":                 20 * time.Second,
	"elb.target.deregister":               5 * time.Minute,
	"acm.certificate.describe":            4 * time.Second,
	"acm.certificate.issue":               2 * time.Minute,
	"acm.import.propagate":                3 * time.Second,
	"route53.change.sync":                 30 * time.Second,
	"autoscaling.traffic_source.attach":   15 * time.Second,
	"autoscaling.traffic_source.detach":   5 * time.Second,
	"autoscaling.instance.launch":         40 * time.Second,
	"autoscaling.instance.terminate":      40 * time.Second,
	"autoscaling.auto_scaling_group.gone": 40 * time.Second,
}

// lingering is how long what is deleted stays in sight, and requests stay open. Time scale does not shorten it: clients must
// cope with the sight.
var lingering = map[string]time.Duration{
	"ec2.nat_gateway.forget": time.Hour,
	// "VPC peering connection lifecycle" in the VPC Peering Guide.
	"ec2.vpc_peering.expire":      7 * 24 * time.Hour,
	"ec2.vpc_peering.forget":      2 * time.Hour,
	"ec2.vpc_peering.forget_late": 2 * 24 * time.Hour,
}

// delay is how long the named change takes in this cloud.
func (c *Cloud) delay(name string) time.Duration {
	if d, ok := c.config.Delays[name]; ok {
		return d
	}
	if d, ok := lingering[name]; ok {
		return d
	}
	d, ok := defaultDelays[name]
	if !ok {
		panic("sandbox: no delay named " + name)
	}
	return time.Duration(float64(d) * c.config.TimeScale)
}
