package serving

import "cmp"

// Words are what a cloud calls the parts of its networks in the reasons of hops. The
// names of hops are the same everywhere.
type Words struct {
	// Network and Subnet are as in "VPC" and "subnet".
	Network, Subnet string
	// Guard is what stands before a load balancer, Guards several of it, and Listener
	// what is on its ports.
	Guard, Guards, Listener string
	// Facing is a load balancer that the Internet reaches, and Private what the name or
	// address of another one leads to: "its name resolves to private addresses".
	Facing, Private string
	// Internet is where routes to the Internet lead, and NAT what is in place of it.
	Internet, NAT string
	// Back is how answers get to the Internet, and NoBack why those of an internal load
	// balancer do not; where it is empty routes tell.
	Back, NoBack string
}

// awsWords are those of a topology that has none.
var awsWords = Words{
	Network: "VPC", Subnet: "subnet", Guard: "security group", Guards: "security groups", Listener: "listener",
	Facing: "internet-facing", Private: "its name resolves to private addresses", Internet: "an internet gateway", NAT: "NAT gateway",
	Back: "its subnets have routes to the Internet",
}

// words are the topology's own.
func (t Topology) words() Words {
	if t.Words == (Words{}) {
		return awsWords
	}
	return t.Words
}

// routesIn says where the routes of a subnet are.
func (s SubnetTopology) routesIn() string {
	return cmp.Or(s.RoutesIn, "route table "+s.Table+" of "+s.ID)
}
