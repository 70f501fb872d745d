package kube

import (
	"errors"
	"math/rand/v2"
	"net"
	"net/netip"
)

// holdPort is held on every alias by whom it belongs to, so that two sandboxes of
// a machine never use the same one.
const holdPort = "61997"

// An aliasLease is a loopback address of its own. Linux has all of 127.0.0.0/8.
type aliasLease struct {
	addr netip.Addr
	hold net.Listener
}

func leaseAlias() (aliasLease, error) {
	var err error
	for range 100 {
		addr := netip.AddrFrom4([4]byte{127, byte(64 + rand.IntN(190)), byte(rand.IntN(256)), byte(1 + rand.IntN(254))})
		hold, failure := net.Listen("tcp", net.JoinHostPort(addr.String(), holdPort))
		if failure == nil {
			return aliasLease{addr, hold}, nil
		}
		err = failure
	}
	return aliasLease{}, errors.Join(errors.New("there is no free loopback address (a sandbox's data plane needs Linux)"), err)
}

func (a aliasLease) release() {
	if a.hold != nil {
		a.hold.Close()
	}
}
