package aws

import (
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"strings"
	"sync"
	"testing"

	"golang.org/x/sync/errgroup"

	"github.com/modelserving/terraform-provider-serving/internal/reads"
	sandboxaws "github.com/modelserving/terraform-provider-serving/internal/sandbox/aws"
	"github.com/modelserving/terraform-provider-serving/internal/sandbox/sandboxtest"
	"github.com/modelserving/terraform-provider-serving/internal/serving"
)

var (
	reachSeed  = flag.Uint64("reach.seed", 1, "seed of the first world of TestReachAgreesWithPackets")
	reachCases = flag.Int("reach.cases", 250, "number of worlds of TestReachAgreesWithPackets")
)

// tally counts what was compared.
type tally struct {
	mu                              sync.Mutex
	asked, passed, blocked, unknown int
}

// TestReachAgreesWithPackets builds random networks in the sandbox and holds what
// serving.Reach says of them, as this package reads them, against what becomes of
// real connections.
func TestReachAgreesWithPackets(t *testing.T) {
	t.Parallel()
	var sum tally
	// Reading waits most of the time, so that worlds are read while others are built.
	var reading errgroup.Group
	reading.SetLimit(16)
	var b *Backend
	var sandbox *sandboxtest.Sandbox
	certificate := ""
	for n := range *reachCases {
		// A sandbox gets slower the more it holds.
		if n%20 == 0 {
			sandbox = sandboxtest.Start(t, sandboxtest.WithAWS(func(c *sandboxaws.Config) {
				c.Quotas = map[string]int{"ec2.vpcs": 1000, "ec2.internet_gateways": 1000, "ec2.addresses": 1000, "ec2.nat_gateways_per_zone": 1000, "ec2.vpc_peering_requests": 1000}
			}))
			b = testBackend(sandbox.URL)
			certificate = certificateFor(t, b)
		}
		seed := *reachSeed + uint64(n)
		w := &randomWorld{t: t, r: rand.New(rand.NewPCG(seed, 0)), sandbox: sandbox, b: b, id: serving.ID{Cloud: serving.AWS, Region: testRegion, Name: fmt.Sprint("w", seed)}}
		w.build(certificate)
		reading.Go(func() error {
			w.compare(seed, &sum)
			return nil
		})
	}
	_ = reading.Wait()
	t.Logf("%d worlds, %d questions: %d pass, %d block, %d unknown", *reachCases, sum.asked, sum.passed, sum.blocked, sum.unknown)
	if sum.unknown*10 > sum.asked {
		t.Errorf("%d of %d answers are unknown, which should be rare", sum.unknown, sum.asked)
	}
	if *reachCases > 100 && (sum.passed*10 < sum.asked || sum.blocked*10 < sum.asked) {
		t.Errorf("the worlds prove little: %d of %d questions pass, %d are blocked", sum.passed, sum.asked, sum.blocked)
	}
}

// compare asks for every sort of caller.
func (w *randomWorld) compare(seed uint64, sum *tally) {
	ctx := reads.WithLive(w.t.Context())
	to := serving.Target{Cluster: w.id}
	ask := func(from serving.Source, addresses ...string) {
		topology, err := w.b.topology(ctx, to, from)
		if err != nil {
			w.t.Errorf("-reach.seed=%d -reach.cases=1: from %+v: %v", seed, from, err)
			return
		}
		// Nobody is behind these load balancers.
		topology.Gateway = nil
		w.hold(seed, sum, topology, from, addresses)
	}
	public := []string{"203.0.113.10", "203.0.113.77", "198.51.100.7", "8.8.8.8"}
	for _, v := range w.vpcs {
		if v.natAddress != "" {
			public = append(public, v.natAddress)
		}
	}
	ask(serving.Source{}, public...)
	for _, v := range w.vpcs {
		var all []string
		for _, block := range v.blocks {
			for _, last := range []byte{77, 130, 200} {
				a := block.Addr().As4()
				a[3] = last
				all = append(all, netip.AddrFrom4(a).String())
			}
		}
		from := serving.Source{VPC: v.id, AccountID: v.account, Region: v.where.region, AssumeRoleARN: v.where.role}
		ask(from, all...)
	}
}

// hold compares the answer about each address, and that about all of them.
func (w *randomWorld) hold(seed uint64, sum *tally, topology serving.Topology, from serving.Source, addresses []string) {
	whole := serving.Reach(topology, from, serving.Target{Cluster: w.id})
	for _, text := range addresses {
		address := netip.MustParseAddr(text)
		one := from
		one.CIDR = netip.PrefixFrom(address, 32)
		got := serving.Reach(topology, one, serving.Target{Cluster: w.id})
		why, passes := w.connects(from.VPC, address)
		sum.mu.Lock()
		sum.asked++
		switch {
		case got.Reachable == serving.VerdictUnknown:
			sum.unknown++
		case (got.Reachable == serving.VerdictPass) != passes:
			w.t.Errorf("-reach.seed=%d -reach.cases=1: %s in %q: Reach says %s, packets %t %s\n%s", seed, address, from.VPC, got.Reachable, passes, why, describe(got))
		case passes:
			sum.passed++
		default:
			sum.blocked++
		}
		sum.mu.Unlock()
		wrong := whole.Reachable == serving.VerdictPass && !passes || whole.Reachable == serving.VerdictBlock && !whole.Partly && passes
		if wrong {
			w.t.Errorf("-reach.seed=%d -reach.cases=1: all of %q: Reach says %s, partly %t, but the packets of %s: %t %s\n%s", seed, from.VPC, whole.Reachable, whole.Partly, address, passes, why, describe(whole))
		}
	}
}

// connects opens a real connection.
func (w *randomWorld) connects(vpc string, address netip.Addr) (why string, passes bool) {
	conn, err := w.sandbox.AWS.Connect(w.t.Context(), sandboxaws.Place{VPC: vpc, Address: address}, w.host, servicePort)
	if err == nil {
		_ = conn.Close()
		return "", true
	}
	var path *sandboxaws.PathError
	if !errors.As(err, &path) || path.Kind == sandboxaws.UnknownPlace || path.Kind == sandboxaws.UnknownHost {
		w.t.Errorf("connect from %s in %q: %v", address, vpc, err)
	}
	return err.Error(), false
}

// describe writes an answer for people.
func describe(r serving.Reachability) string {
	var out strings.Builder
	for _, h := range r.Hops {
		_, _ = fmt.Fprintf(&out, "  %-15s %-8s %s\n", h.Name, h.Verdict, h.Reason)
	}
	return out.String()
}
