package control

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
)

// Place is where in the simulated world somebody is. The zero value is a host on the Internet.
type Place struct {
	// Address is the host's own address: a public one on the Internet, or one of the network; invalid picks one.
	Address netip.Addr
	// VPC or Subnet put the host there in AWS, in whatever account and region it is.
	VPC, Subnet string
	// Network ("project.name") or Subnetwork ("project.region.name") put the host there in Google Cloud: names are unique in a
	// project only.
	Network, Subnetwork string
}

// InternetHost is who calls when nothing else is said: an address of the block for documentation.
var InternetHost = netip.MustParseAddr("203.0.113.10")

// NotPublic are ranges that cannot be the source of a packet on the Internet.
var NotPublic = []netip.Prefix{
	netip.MustParsePrefix("0.0.0.0/8"), netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("100.64.0.0/10"), netip.MustParsePrefix("127.0.0.0/8"),
	netip.MustParsePrefix("169.254.0.0/16"), netip.MustParsePrefix("172.16.0.0/12"), netip.MustParsePrefix("192.168.0.0/16"),
	netip.MustParsePrefix("224.0.0.0/4"), netip.MustParsePrefix("240.0.0.0/4"),
}

// ParsePlace reads "" or "internet", a public address, "vpc-..." or "subnet-..." of AWS, "network-PROJECT.NAME" or
// "subnetwork-PROJECT.REGION.NAME" of Google Cloud, the last four optionally with "/address".
func ParsePlace(place string) (Place, error) {
	if place == "" || place == "internet" {
		return Place{}, nil
	}
	bad := func(format string, args ...any) (Place, error) {
		return Place{}, &PathError{Kind: UnknownPlace, Hop: "place " + place, Reason: fmt.Sprintf(format, args...)}
	}
	id, address, chosen := strings.Cut(place, "/")
	network, isNetwork := strings.CutPrefix(id, "network-")
	subnetwork, isSubnetwork := strings.CutPrefix(id, "subnetwork-")
	var p Place
	switch {
	case strings.HasPrefix(id, "vpc-"):
		p.VPC = id
	case strings.HasPrefix(id, "subnet-"):
		p.Subnet = id
	case isNetwork && strings.Count(network, ".") == 1:
		p.Network = network
	case isSubnetwork && strings.Count(subnetwork, ".") == 2:
		p.Subnetwork = subnetwork
	default:
		ip, err := netip.ParseAddr(place)
		if err != nil || !ip.Is4() {
			return bad(`a place is "internet", an IPv4 address on the Internet, vpc-..., subnet-..., network-PROJECT.NAME or ` +
				`subnetwork-PROJECT.REGION.NAME, the last four optionally with /address`)
		}
		if slices.ContainsFunc(NotPublic, func(r netip.Prefix) bool { return r.Contains(ip) }) {
			return bad("this address does not exist on the Internet; for a host in a network use vpc-.../%s", ip)
		}
		return Place{Address: ip}, nil
	}
	if chosen {
		ip, err := netip.ParseAddr(address)
		if err != nil || !ip.Is4() {
			return bad("%q is not an IPv4 address", address)
		}
		p.Address = ip
	}
	return p, nil
}

// OnInternet reports whether the place is in no network.
func (p Place) OnInternet() bool { return p.network() == "" }

// network is the part of the text that says which network.
func (p Place) network() string {
	switch {
	case p.Network != "":
		return "network-" + p.Network
	case p.Subnetwork != "":
		return "subnetwork-" + p.Subnetwork
	}
	return p.VPC + p.Subnet
}

// String is the text that ParsePlace reads.
func (p Place) String() string {
	id := p.network()
	switch {
	case id == "" && !p.Address.IsValid():
		return "internet"
	case id == "":
		return p.Address.String()
	case p.Address.IsValid():
		return id + "/" + p.Address.String()
	}
	return id
}
