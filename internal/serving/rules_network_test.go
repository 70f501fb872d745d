package serving

var networkCases = []clusterCase{
	{"existing VPC", existing, nil},
	{"existing VPC, public", all(existing, public), nil},
	{"private needs no public subnets", func(c *Cluster) { existing(c); c.Network.PublicSubnets = nil }, nil},
	{"no network", func(c *Cluster) { c.Network = Network{} },
		[]want{{"network", "Network is missing", "Neither cidr nor vpc is given"}}},
	{"cidr and vpc", func(c *Cluster) { existing(c); c.Network.CIDR = "10.40.0.0/16" },
		[]want{{"network.vpc", "Network is both new and existing", "cidr (10.40.0.0/16) makes a new VPC and vpc (vpc-0123456789abcdef0)"}}},
	{"vpc without subnets", func(c *Cluster) { existing(c); c.Network.Subnets = nil },
		[]want{{"network.subnets", "Subnets are missing", "The VPC vpc-0123456789abcdef0 is given without subnets"}}},
	{"subnets without vpc", func(c *Cluster) {
		c.Network.Subnets = []string{"subnet-0123456789abcdef0", "subnet-0123456789abcdef1"}
		c.Network.PublicSubnets = []string{"subnet-0a1b2c3d", "subnet-1a1b2c3d"}
	}, []want{
		{"network.subnets", "Subnets without their VPC", "makes a VPC of its own from 10.40.0.0/16"},
		{"network.public_subnets", "Subnets without their VPC", "replace cidr by vpc"},
	}},
	{"public without public subnets", func(c *Cluster) { existing(c); public(c); c.Network.PublicSubnets = nil },
		[]want{{"network.public_subnets", "Public subnets are missing", "subnets with a route to an Internet gateway"}}},
	{"one subnet of each", func(c *Cluster) {
		existing(c)
		c.Network.Subnets, c.Network.PublicSubnets = c.Network.Subnets[:1], c.Network.PublicSubnets[:1]
	}, []want{
		{"network.subnets", "Too few subnets", "EKS places its network interfaces in two zones"},
		{"network.public_subnets", "Too few subnets", "a load balancer stands in two zones"},
	}},
	{"subnet twice", func(c *Cluster) { existing(c); c.Network.Subnets[1] = c.Network.Subnets[0] },
		[]want{{"network.subnets.1", "Subnet is listed twice", "subnet-0123456789abcdef0 is already at index 0"}}},
	{"subnet public and private", func(c *Cluster) { existing(c); c.Network.PublicSubnets[1] = c.Network.Subnets[0] },
		[]want{{"network.public_subnets.1", "Subnet is both public and private", "subnet-0123456789abcdef0 is in subnets too"}}},
	{"bad ids", func(c *Cluster) { existing(c); c.Network.VPC = "my-vpc"; c.Network.Subnets[1] = "subnet-XYZ" }, []want{
		{"network.vpc", "Invalid VPC id", `"my-vpc" is not the id of a VPC`},
		{"network.subnets.1", "Invalid subnet id", `"subnet-XYZ" is not the id of a subnet`},
	}},

	{"smallest own network", func(c *Cluster) { c.Network.CIDR = "192.168.8.0/21" }, nil},
	{"network too large", func(c *Cluster) { c.Network.CIDR = "10.0.0.0/15" },
		[]want{{"network.cidr", "Network has the wrong size", "is a /15. A cluster's own VPC is /16"}}},
	{"network too small", func(c *Cluster) { c.Network.CIDR = "10.0.0.0/22" },
		[]want{{"network.cidr", "Network has the wrong size", "is a /22"}}},
	{"network on loopback", func(c *Cluster) { c.Network.CIDR = "127.0.0.0/16" },
		[]want{{"network.cidr", "Network range cannot be used", "127.0.0.0/16 is reserved"}}},
	{"network of someone else", func(c *Cluster) { c.Network.CIDR = "8.8.0.0/16" },
		[]want{{"network.cidr", "warning: Network range belongs to the Internet", "8.8.0.0/16 is not a private range"}}},
	{"shared address space", func(c *Cluster) { c.Network.CIDR = "100.64.0.0/16" }, nil},
	{"benchmark space", func(c *Cluster) { c.Network.CIDR = "198.19.0.0/16" }, nil},
	{"host bits", func(c *Cluster) { c.Network.CIDR = "10.40.1.0/16" },
		[]want{{"network.cidr", "Address range has host bits", "Write 10.40.0.0/16"}}},
	{"IPv6 network", func(c *Cluster) { c.Network.CIDR = "fd00::/56" },
		[]want{{"network.cidr", "IPv6 is not supported yet", "fd00::/56 is an IPv6 range"}}},
	{"not a range", func(c *Cluster) { c.Network.CIDR = "10.40/16" },
		[]want{{"network.cidr", "Invalid address range", `"10.40/16" is not a range in CIDR notation`}}},
	{"an address", func(c *Cluster) { c.Network.CIDR = "10.40.0.0" },
		[]want{{"network.cidr", "Invalid address range", `For this one address write "10.40.0.0/32"`}}},

	{"service range left out", func(c *Cluster) { c.Network.ServiceCIDR = "" }, nil},
	{"largest service range", func(c *Cluster) { c.Network.ServiceCIDR = "172.16.0.0/12" }, nil},
	{"smallest service range", func(c *Cluster) { c.Network.ServiceCIDR = "172.16.0.0/24" }, nil},
	{"service range too large", func(c *Cluster) { c.Network.ServiceCIDR = "10.0.0.0/11"; c.Network.CIDR = "192.168.0.0/16" },
		[]want{{"network.service_cidr", "Service range has the wrong size", "is a /11. EKS takes a /12 to a /24"}}},
	{"service range too small", func(c *Cluster) { c.Network.ServiceCIDR = "10.0.0.0/25" },
		[]want{{"network.service_cidr", "Service range has the wrong size", "is a /25"}}},
	{"service range shared", func(c *Cluster) { c.Network.ServiceCIDR = "100.64.0.0/16" },
		[]want{{"network.service_cidr", "Service range is not private", "100.64.0.0/16 is not inside 10.0.0.0/8"}}},
	{"service range overlaps", func(c *Cluster) { c.Network.ServiceCIDR = "10.40.128.0/20" },
		[]want{{"network.service_cidr", "Service range overlaps the network", "(10.40.128.0/20) and network.cidr (10.40.0.0/16) share 10.40.128.0/20"}}},
	{"service range is no range", func(c *Cluster) { c.Network.ServiceCIDR = "services" },
		[]want{{"network.service_cidr", "Invalid address range", `"services"`}}},
	{"pod range", func(c *Cluster) { c.Network.PodCIDR = "10.60.0.0/16" },
		[]want{{"network.pod_cidr", "Pods have no range of their own on AWS", "Remove pod_cidr"}}},

	{"no NAT on public", func(c *Cluster) { public(c); c.Network.NAT = NATNone }, nil},
	{"one NAT", func(c *Cluster) { c.Network.NAT = NATSingle }, nil},
	{"NAT", func(c *Cluster) { c.Network.NAT = "two" },
		[]want{{"network.nat", "Invalid NAT mode", `The NAT mode is "two"`}}},

	{"provider chooses zones", func(c *Cluster) { c.Network.Zones = nil }, nil},
	{"one zone", func(c *Cluster) { c.Network.Zones = []string{"us-west-2c"} },
		[]want{{"network.zones", "Wrong number of zones", "The number of zones is 1. It is 2 to 6"}}},
	{"seven zones", func(c *Cluster) {
		c.Network.Zones = numbered(7, func(i int) string { return "us-west-2" + string(rune('a'+i)) })
	}, []want{
		{"network.zones", "Wrong number of zones", "The number of zones is 7"},
		{"network.zones.6", "Zone does not fit the subnet layout", `"us-west-2g" ends in another letter than a to f`},
	}},
	{"zone twice", func(c *Cluster) { c.Network.Zones[1] = "us-west-2a" },
		[]want{{"network.zones.1", "Zone is listed twice", "us-west-2a is already at index 0"}}},
	{"zone of another region", func(c *Cluster) { c.Network.Zones[1] = "us-east-1a" },
		[]want{{"network.zones.1", "Zone is not in the region", `"us-east-1a" is not an availability zone of us-west-2`}}},
	{"local zone", func(c *Cluster) { c.Network.Zones[0] = "us-west-2-lax-1a" },
		[]want{{"network.zones.0", "Zone is not in the region", "Local and wavelength zones"}}},
	{"zone id", func(c *Cluster) { c.Network.Zones[0] = "usw2-az1" },
		[]want{{"network.zones.0", "Zone is not in the region", `as "us-west-2a" would be`}}},
}
