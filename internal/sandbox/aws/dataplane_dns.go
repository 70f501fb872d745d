package aws

import (
	"cmp"
	"fmt"
	"net/netip"
	"slices"
	"strings"

	route53types "github.com/aws/aws-sdk-go-v2/service/route53/types"
)

// chainLimit is how many aliases and CNAME records a resolver follows.
const chainLimit = 8

// resolve looks a name up as a host at its place would: the sandbox's DNS. Names of load balancers and of clusters' endpoints
// are known everywhere, all others are those of hosted zones. Nothing is cached.
func (c *Cloud) resolve(from *host, name string, port int) (destination, error) {
	asked := name
	for range chainLimit {
		if to, known, err := c.known(name, port); known {
			return to, err
		}
		zone, state, err := c.zoneOf(from, name)
		if err != nil {
			return destination{}, err
		}
		set, err := state.lookup(zone, name)
		switch {
		case err != nil:
			return destination{}, err
		case set.AliasTarget != nil:
			name = strings.TrimSuffix(*set.AliasTarget.DNSName, ".")
		case set.Type == route53types.RRTypeCname:
			name = strings.ToLower(strings.TrimSuffix(recordValues(*set)[0], "."))
		default:
			return c.addressed(from, name, recordValues(*set), port)
		}
	}
	return destination{}, unknownHost("the records of %q lead to more than %d others", asked, chainLimit)
}

func unknownHost(format string, args ...any) error {
	return &PathError{Kind: UnknownHost, Hop: "DNS", Reason: fmt.Sprintf(format, args...)}
}

// known looks a name up among those that the cloud itself gives out.
func (c *Cloud) known(name string, port int) (to destination, known bool, err error) {
	for _, key := range sortedKeys(c.state.Regions) {
		account, region := splitRegionKey(key)
		at := c.in(account, region)
		for _, lb := range at.elb().LoadBalancers {
			if strings.ToLower(text(lb.DNSName)) == strings.TrimPrefix(name, "dualstack.") {
				to, err = at.elbDestination(lb, port)
				return to, true, err
			}
		}
		for _, cluster := range at.eks().Clusters {
			if cluster.Endpoint != nil && strings.ToLower(strings.TrimPrefix(*cluster.Endpoint, "https://")) == name {
				to, err = at.eksDestination(cluster, port)
				return to, true, err
			}
		}
	}
	return destination{}, false, nil
}

// zoneOf is the hosted zone that answers a caller about a name: the longest private one of the caller's VPC if there is any,
// whatever is in it, else the public one that delegations lead to.
func (c *Cloud) zoneOf(from *host, name string) (*route53Zone, *route53State, error) {
	var public []servedZone
	best := servedZone{}
	for _, account := range sortedKeys(c.state.Accounts) {
		s := &c.state.Accounts[account].Route53
		for _, id := range sortedKeys(s.Zones) {
			zone := s.Zones[id]
			// A zone answers from when its SOA record is known to the name servers.
			if !inside(name+".", *zone.Name) || s.served(zone.key(*zone.Name, route53types.RRTypeSoa)) == nil {
				continue
			}
			switch {
			case !zone.private():
				public = append(public, servedZone{zone, s})
			case s.answers(zone, from) && (best.zone == nil || len(*zone.Name) > len(*best.zone.Name)):
				best = servedZone{zone, s}
			}
		}
	}
	if best.zone != nil {
		return best.zone, best.state, nil
	}
	return delegated(public, name)
}

// servedZone is a zone with the state that it is in.
type servedZone struct {
	zone  *route53Zone
	state *route53State
}

// answers reports whether a private zone is there for a host: its VPC is associated and has both of its DNS attributes on.
func (s *route53State) answers(zone *route53Zone, from *host) bool {
	if from.at == nil || zone.at(from.vpc) < 0 || s.Joining[zone.id()+"/"+from.vpc] != "" {
		return false
	}
	vpc := from.at.region().VPCs[from.vpc]
	return vpc != nil && vpc.EnableDNSSupport && vpc.EnableDNSHostnames
}

// delegated walks down the public zones over a name. The topmost is taken for registered, of several of one name the oldest;
// any other answers only where the zone above it has NS records with its name servers.
func delegated(zones []servedZone, name string) (*route53Zone, *route53State, error) {
	if len(zones) == 0 {
		return nil, nil, unknownHost("%q is neither the DNS name of a load balancer nor the endpoint of a cluster in this sandbox, and no hosted zone that answers here has it; "+
			"without a record, connect to the load balancer's DNS name and send the domain as host (curl --connect-to)", name)
	}
	slices.SortStableFunc(zones, func(a, b servedZone) int {
		return cmp.Or(len(*a.zone.Name)-len(*b.zone.Name), a.zone.Created.Compare(b.zone.Created))
	})
	at := zones[0]
	for {
		cut, servers := at.state.cut(at.zone, name)
		if cut == "" {
			return at.zone, at.state, nil
		}
		i := slices.IndexFunc(zones, func(z servedZone) bool {
			return *z.zone.Name == cut && slices.ContainsFunc(z.zone.NameServers, func(s string) bool { return slices.Contains(servers, s) })
		})
		if i < 0 {
			return nil, nil, unknownHost("zone %s (%s) delegates %s to %v, which serve no hosted zone of that name here", at.zone.id(), *at.zone.Name, cut, servers)
		}
		at = zones[i]
	}
}

// cut is the first name below a zone's own, on the way down to a name, that the zone delegates, and to whom.
func (s *route53State) cut(zone *route53Zone, name string) (cut string, servers []string) {
	for at := name + "."; inside(at, *zone.Name) && at != *zone.Name; at = above(at) {
		if set := s.served(zone.key(at, route53types.RRTypeNs)); set != nil && set.AliasTarget == nil {
			cut, servers = at, nil
			for _, value := range recordValues(*set) {
				servers = append(servers, strings.TrimSuffix(value, "."))
			}
		}
	}
	return cut, servers
}

// lookup is the record of a zone that answers a question for IPv4 addresses.
func (s *route53State) lookup(zone *route53Zone, name string) (*route53types.ResourceRecordSet, error) {
	exact, _ := route53Name(name)
	for at := exact; inside(at, *zone.Name); at = above(at) {
		owner := at
		if at != exact {
			// A wildcard answers for names below it that are not there, whatever their depth (RFC 4592).
			owner = `\052.` + at
		}
		for _, kind := range []route53types.RRType{route53types.RRTypeCname, route53types.RRTypeA} {
			if set := s.served(zone.key(owner, kind)); set != nil {
				return set, nil
			}
		}
		if s.exists(zone, owner) {
			return nil, unknownHost("%s in zone %s (%s) has records, but none of the type A", owner, zone.id(), *zone.Name)
		}
		if at != exact && s.exists(zone, at) {
			break
		}
	}
	return nil, unknownHost("zone %s (%s), which answers here, has no record %q", zone.id(), *zone.Name, name)
}

// exists reports whether a zone has anything at a name or below it.
func (s *route53State) exists(zone *route53Zone, name string) bool {
	there := func(key string) bool {
		parts := strings.Split(key, "/")
		return parts[0] == zone.id() && inside(parts[1], name) && s.served(key) != nil
	}
	for key := range s.Records {
		if there(key) {
			return true
		}
	}
	for key := range s.Served {
		if there(key) {
			return true
		}
	}
	return false
}

// addressed is what a caller finds at the addresses of a record: a load balancer with private ones, in its own VPC or else in
// one that is peered with it. Public addresses are not handed out here.
func (c *Cloud) addressed(from *host, name string, values []string, port int) (destination, error) {
	for _, key := range sortedKeys(c.state.Regions) {
		account, region := splitRegionKey(key)
		at := c.in(account, region)
		for _, arn := range sortedKeys(at.elb().LoadBalancers) {
			lb := at.elb().LoadBalancers[arn]
			// The ranges of peered networks do not overlap, so there is one with these addresses at most.
			if !at.hasAddresses(lb, values) || from.at != nil && from.vpc != *lb.VpcId && c.state.peered(from.vpc, *lb.VpcId) == nil {
				continue
			}
			to, err := at.elbDestination(lb, port)
			// One that faces the Internet has private addresses as well.
			to.private, to.public = true, false
			return to, err
		}
	}
	return destination{}, unknownHost("%q resolves to %v, which are not the private addresses of one load balancer that the caller's network leads to; "+
		"no other addresses exist in this sandbox", name, values)
}

// hasAddresses reports whether addresses are all of one load balancer.
func (c *call) hasAddresses(lb *elbLoadBalancer, values []string) bool {
	var own []netip.Addr
	for _, id := range lb.Interfaces {
		if eni := c.region().NetworkInterfaces[id]; eni != nil {
			if ip, err := netip.ParseAddr(text(eni.PrivateIpAddress)); err == nil {
				own = append(own, ip)
			}
		}
	}
	return !slices.ContainsFunc(values, func(value string) bool {
		ip, err := netip.ParseAddr(value)
		return err != nil || !slices.Contains(own, ip)
	})
}
